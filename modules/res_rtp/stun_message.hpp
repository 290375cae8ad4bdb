// STUN messages (RFC 8489) with the attributes of ICE (RFC 8445 16.1) and TURN (RFC 8656 18): pure functions over bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.hpp"

namespace jackfield::rtp {

enum class StunMethod : std::uint16_t {
    binding = 0x001, allocate = 0x003, refresh = 0x004, send = 0x006, data = 0x007, create_permission = 0x008, channel_bind = 0x009,
};
enum class StunClass : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

using StunTransaction = std::array<std::uint8_t, 12>;
constexpr std::size_t stun_header_size = 20;
constexpr std::size_t largest_stun_message = 1500;

enum class StunAttribute : std::uint16_t {
    mapped_address = 0x0001, username = 0x0006, message_integrity = 0x0008, error_code = 0x0009, unknown_attributes = 0x000a,
    channel_number = 0x000c, lifetime = 0x000d, xor_peer_address = 0x0012, data = 0x0013, realm = 0x0014, nonce = 0x0015,
    xor_relayed_address = 0x0016, requested_transport = 0x0019, xor_mapped_address = 0x0020, priority = 0x0024, use_candidate = 0x0025,
    software = 0x8022, alternate_server = 0x8023, fingerprint = 0x8028, ice_controlled = 0x8029, ice_controlling = 0x802a,
};

// One message as it was read. Views point into its bytes.
struct StunMessage {
    StunMethod method = StunMethod::binding;
    StunClass kind = StunClass::request;
    StunTransaction transaction{};
    std::string_view username, realm, nonce;
    std::optional<SocketAddress> mapped, peer, relayed;  // XOR'd or, of the first, plain
    std::span<const std::uint8_t> data;
    std::optional<std::uint32_t> priority, lifetime;
    std::uint16_t channel = 0;                             // 0: none told
    std::uint8_t transport = 0;                            // REQUESTED-TRANSPORT: an IP protocol
    std::optional<std::uint64_t> controlling, controlled;  // tie breakers
    bool use_candidate = false;
    int error = 0;                                         // 300 to 699
    std::vector<std::uint16_t> unknown;                    // that must be understood, and are not; at most 8
    std::size_t integrity_at = 0;                          // offset of MESSAGE-INTEGRITY; 0: none
    bool has_fingerprint = false;                          // a right one
    std::span<const std::uint8_t> bytes;                   // all of it
};

// RFC 7983: the first byte of what shares a port with media.
constexpr bool is_stun(std::uint8_t first) { return first < 4; }
constexpr bool is_dtls(std::uint8_t first) { return first >= 20 && first < 64; }

// Nothing when it is no STUN message, its lengths do not fit, or its FINGERPRINT is wrong. Attributes behind
// MESSAGE-INTEGRITY, other than FINGERPRINT, are passed over (RFC 8489 14.5).
std::optional<StunMessage> parse_stun(std::span<const std::uint8_t> bytes);
// True when MESSAGE-INTEGRITY is there and by this key (of short-term credentials: the password, RFC 8489 9.1.1).
bool has_integrity(const StunMessage& message, std::string_view key);
// Key of long-term credentials (RFC 8489 9.2.2): MD5 of user, realm and password.
std::string long_term_key(std::string_view user, std::string_view realm, std::string_view password);

// Writes one message; attributes in the order of the calls, then finish(). What does not fit (1,500 bytes) is left out.
class StunWriter {
  public:
    StunWriter(StunMethod method, StunClass kind, const StunTransaction& transaction);
    StunWriter& text(StunAttribute name, std::string_view value);
    StunWriter& bytes(StunAttribute name, std::span<const std::uint8_t> value);
    StunWriter& number(StunAttribute name, std::uint32_t value);
    StunWriter& number_64(StunAttribute name, std::uint64_t value);
    StunWriter& flag(StunAttribute name) { return bytes(name, {}); }
    StunWriter& address(StunAttribute name, const SocketAddress& value);  // XOR'd
    StunWriter& error(int code, std::string_view reason);
    StunWriter& unknown(std::span<const std::uint16_t> names);
    // MESSAGE-INTEGRITY when the key is not empty, then FINGERPRINT unless told otherwise. Valid as long as the writer.
    std::span<const std::uint8_t> finish(std::string_view key, bool fingerprint = true);

  private:
    std::uint8_t* add(StunAttribute name, std::size_t size);  // null: no room
    void set_length(std::size_t behind_header);
    std::array<std::uint8_t, largest_stun_message> buffer_;
    std::size_t size_ = stun_header_size;
};

}  // namespace jackfield::rtp
