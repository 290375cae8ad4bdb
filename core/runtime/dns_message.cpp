// The TTL of a DNS answer (RFC 1035 section 4.1).
#include "core/runtime/dns_message.hpp"

#include <algorithm>
#include <optional>

namespace jackfield {
namespace {

// Reads on from a position, never beyond the end.
class Reader {
  public:
    explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

    bool skip(std::size_t count) {
        if (rest_.size() < count) return false;
        rest_ = rest_.subspan(count);
        return true;
    }
    std::optional<std::uint32_t> number(std::size_t bytes) {
        if (rest_.size() < bytes) return {};
        std::uint32_t value = 0;
        for (const auto byte : rest_.first(bytes)) value = value << 8 | byte;
        rest_ = rest_.subspan(bytes);
        return value;
    }
    // Labels up to the empty one or to a pointer, which ends a name; it is not followed.
    bool skip_name() {
        for (;;) {
            const auto length = number(1);
            if (!length) return false;
            if (*length >= 0xC0) return skip(1);
            if (*length == 0) return true;
            if (!skip(*length)) return false;
        }
    }

  private:
    std::span<const std::uint8_t> rest_;
};

}  // namespace

std::chrono::seconds shortest_time_to_live(std::span<const std::uint8_t> message) {
    constexpr std::chrono::seconds none{0};
    Reader reader(message);
    if (!reader.skip(4)) return none;
    const auto questions = reader.number(2), answers = reader.number(2);
    if (!questions || !answers || *answers == 0 || !reader.skip(4)) return none;
    for (std::uint32_t i = 0; i < *questions; ++i)
        if (!reader.skip_name() || !reader.skip(4)) return none;
    std::uint32_t shortest = 0x7fffffff;  // RFC 2181 8: a TTL has 31 bits
    for (std::uint32_t i = 0; i < *answers; ++i) {
        if (!reader.skip_name() || !reader.skip(4)) return none;
        const auto time = reader.number(4);
        const auto length = reader.number(2);
        if (!time || !length || !reader.skip(*length)) return none;
        shortest = std::min(shortest, *time > 0x7fffffff ? 0 : *time);
    }
    return std::chrono::seconds(shortest);
}

}  // namespace jackfield
