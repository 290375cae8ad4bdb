// Published event state (RFC 3903 section 6): entity-tags, expiry, and which of several publications counts. Pure; one
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "channels/sip/stack/subscription.hpp"
#include "channels/sip/stack/timers.hpp"

namespace jackfield::sip {

struct PublishRequest {
    std::string_view if_match;             // SIP-If-Match; empty: none
    std::optional<std::uint32_t> expires;
    std::string_view body;                 // empty: a refresh or a removal
};
struct PublishResult {
    int status = 200;                      // 200, 400, 412, 423, 503
    std::string entity_tag;                // of a 200
    std::chrono::seconds expires{0};       // of a 200; of a 423 the least
};

// All publications, by resource. Several devices may publish for one resource: the newest publication counts, and when it
// is gone the one before it.
class PublicationTable {
  public:
    class User {
      public:
        // What counts for the resource has changed; `body` is empty when nothing is published any more.
        virtual void on_published(const std::string& resource, std::string_view body) = 0;

      protected:
        ~User() = default;
    };
    PublicationTable(User& user, StackTimers& timers, SubscriptionTimes times) : user_(user), timers_(timers), times_(times) {}
    ~PublicationTable();
    PublicationTable(const PublicationTable&) = delete;
    PublicationTable& operator=(const PublicationTable&) = delete;

    PublishResult process(const std::string& resource, const PublishRequest& request);
    void remove(const std::string& resource);  // all of it; on_published() tells
    std::string_view body(const std::string& resource) const;  // that which counts; empty: nothing
    std::size_t size() const { return size_; }
    template <class Use>  // use(resource, entity-tag, seconds left)
    void for_each(Use&& use) const {
        for (const auto& [resource, all] : resources_)
            for (const auto& each : all) use(resource, each->entity_tag, each->remaining());
    }

    static constexpr std::size_t most_per_resource = 10;

  private:
    struct Publication {
        Publication(PublicationTable& owner, std::string resource) : table(owner), resource(std::move(resource)) {}
        void start(std::chrono::seconds expires);
        void wait();
        void on_timer();
        std::chrono::seconds remaining() const;

        PublicationTable& table;
        std::string resource, entity_tag, body;
        Instant expires{};
        StackTimer timer{this, StackTimer::calls<&Publication::on_timer>};
    };
    using Publications = std::list<std::unique_ptr<Publication>>;  // newest first
    void erase(const std::string& resource, Publications::iterator which);
    void expired(Publication& publication);

    User& user_;
    StackTimers& timers_;
    SubscriptionTimes times_;
    std::unordered_map<std::string, Publications> resources_;
    std::size_t size_ = 0;
};

}  // namespace jackfield::sip
