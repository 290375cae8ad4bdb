// Accounting packets of RADIUS (RFC 2866) with attributes of a vendor (RFC 2865 5.26).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield::radius {

inline constexpr std::uint32_t vendor_digium = 22736;  // whose attributes Asterisk's records have

// An Accounting-Request. Pure; any thread. What would make it longer than a packet may be (4096 bytes) is left out.
class AccountingRequest {
  public:
    // RFC 2865 and 2866 attributes. Text is cut to the 253 bytes that one holds; empty text is left out.
    AccountingRequest& add(std::uint8_t type, std::string_view text);
    AccountingRequest& add(std::uint8_t type, std::uint32_t number);
    // The same of the vendor: 247 bytes.
    AccountingRequest& add_vendor(std::uint8_t type, std::string_view text);
    AccountingRequest& add_vendor(std::uint8_t type, std::uint32_t number);
    // As it is sent, with its authenticator (RFC 2866 3).
    std::string packet(std::uint8_t identifier, std::string_view secret) const;

  private:
    bool has_room(std::size_t size) const;
    std::string attributes_;
};

// Whether the bytes are the Accounting-Response to that packet: identifier and authenticator (RFC 2866 4.2) tell.
bool is_response(std::string_view bytes, std::string_view packet, std::string_view secret);

}  // namespace jackfield::radius
