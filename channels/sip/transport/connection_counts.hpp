// How many connections a transport has, in all and of each source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/address.hpp"

namespace jackfield::sip {

// One thread. Its memory is bounded by the connections that are counted.
class ConnectionCounts {
    struct Table {
        std::uint32_t all = 0;
        std::unordered_map<std::string, std::uint32_t> by_source;
    };

  public:
    // One connection that is counted, until it is destroyed; may outlive the counts.
    class Lease {
      public:
        Lease() = default;
        Lease(Lease&& other) noexcept : table_(std::move(other.table_)), source_(std::move(other.source_)) {}
        Lease& operator=(Lease&& other) noexcept {
            std::swap(table_, other.table_);
            std::swap(source_, other.source_);
            return *this;
        }
        ~Lease() {
            if (!table_) return;
            --table_->all;
            if (const auto found = table_->by_source.find(source_); --found->second == 0) table_->by_source.erase(found);
        }
        explicit operator bool() const { return table_ != nullptr; }

      private:
        friend class ConnectionCounts;
        std::shared_ptr<Table> table_;
        std::string source_;
    };

    // An empty one: there are as many as may be. 0: without limit.
    Lease take(const SocketAddress& source, std::uint32_t most, std::uint32_t most_per_source) {
        Lease lease;
        std::string host = source.host();
        const auto known = table_->by_source.find(host);
        const std::uint32_t of_source = known == table_->by_source.end() ? 0 : known->second;
        if ((most && table_->all >= most) || (most_per_source && of_source >= most_per_source)) return lease;
        ++table_->all;
        ++table_->by_source[host];
        lease.table_ = table_;
        lease.source_ = std::move(host);
        return lease;
    }
    std::uint32_t all() const { return table_->all; }

  private:
    std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace jackfield::sip
