// SipHash-2-4 with 128 bits of output: identities of transactions and dialogs that a stranger can't make collide.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace jackfield::sip {

struct Identity {
    std::uint64_t low = 0, high = 0;
    bool operator==(const Identity&) const = default;
};

// Pure; any thread. The key is random per process (random_key) or fixed in tests.
class KeyedHash {
  public:
    using Key = std::array<std::uint64_t, 2>;
    explicit KeyedHash(const Key& key) : key_(key) {}
    static Key random_key();

    Identity operator()(std::string_view bytes) const;

  private:
    Key key_;
};

}  // namespace jackfield::sip
