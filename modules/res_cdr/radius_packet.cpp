// Writing accounting packets, and knowing their answers.
#include "modules/res_cdr/radius_packet.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>

namespace jackfield::radius {
namespace {

constexpr std::size_t header_size = 20, authenticator_size = 16, longest_packet = 4096;
constexpr char accounting_request = 4, accounting_response = 5, vendor_specific = 26;

void append_u16(std::string& bytes, std::size_t number) {
    bytes += static_cast<char>(number >> 8);
    bytes += static_cast<char>(number & 255);
}
std::string u32(std::uint32_t number) {
    std::string bytes;
    append_u16(bytes, number >> 16);
    append_u16(bytes, number & 0xffff);
    return bytes;
}

std::string md5(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
    return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

bool AccountingRequest::has_room(std::size_t size) const { return header_size + attributes_.size() + size <= longest_packet; }

AccountingRequest& AccountingRequest::add(std::uint8_t type, std::string_view text) {
    text = text.substr(0, 253);
    if (text.empty() || !has_room(2 + text.size())) return *this;
    attributes_ += static_cast<char>(type);
    attributes_ += static_cast<char>(2 + text.size());
    attributes_ += text;
    return *this;
}
AccountingRequest& AccountingRequest::add(std::uint8_t type, std::uint32_t number) { return add(type, u32(number)); }

AccountingRequest& AccountingRequest::add_vendor(std::uint8_t type, std::string_view text) {
    text = text.substr(0, 247);
    if (text.empty() || !has_room(8 + text.size())) return *this;
    attributes_ += vendor_specific;
    attributes_ += static_cast<char>(8 + text.size());
    attributes_ += u32(vendor_digium);
    attributes_ += static_cast<char>(type);
    attributes_ += static_cast<char>(2 + text.size());
    attributes_ += text;
    return *this;
}
AccountingRequest& AccountingRequest::add_vendor(std::uint8_t type, std::uint32_t number) { return add_vendor(type, u32(number)); }

std::string AccountingRequest::packet(std::uint8_t identifier, std::string_view secret) const {
    std::string bytes{accounting_request, static_cast<char>(identifier)};
    append_u16(bytes, header_size + attributes_.size());
    const std::string authenticator = md5(bytes + std::string(authenticator_size, '\0') + attributes_ + std::string(secret));
    return bytes + authenticator + attributes_;
}

bool is_response(std::string_view bytes, std::string_view packet, std::string_view secret) {
    if (bytes.size() < header_size || packet.size() < header_size || bytes[0] != accounting_response || bytes[1] != packet[1]) return false;
    const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8 | static_cast<unsigned char>(bytes[3]);
    if (size < header_size || size > bytes.size()) return false;
    bytes = bytes.substr(0, size);  // RFC 2865 3: what follows is padding
    const std::string expected = md5(std::string(bytes.substr(0, 4)) + std::string(packet.substr(4, authenticator_size)) +
                                     std::string(bytes.substr(header_size)) + std::string(secret));
    return CRYPTO_memcmp(expected.data(), bytes.data() + 4, authenticator_size) == 0;
}

}  // namespace jackfield::radius
