// Feeds arbitrary bytes to the recognition of RADIUS answers: the first byte says how many of the others are the request. No
// answer that was not made with the secret counts, and its own does whatever pads it.
#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "modules/res_cdr/radius_packet.hpp"

using namespace jackfield::radius;

namespace {

constexpr std::string_view secret = "testing123";

std::string md5(const std::string& text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
    return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const std::size_t part = bytes[0] % text.size();
    (void)is_response(text.substr(part), text.substr(0, part), secret);

    AccountingRequest request;
    request.add(44, text.substr(0, part)).add_vendor(101, text.substr(part)).add(41, static_cast<std::uint32_t>(size));
    const std::string packet = request.packet(bytes[0], secret);
    if (packet.size() > 4096) std::abort();
    if (is_response(text, packet, secret)) std::abort();  // it would be a collision of MD5
    const std::string attributes(text.substr(0, 200));
    const std::string header{5, static_cast<char>(bytes[0]), 0, static_cast<char>(20 + attributes.size())};
    const std::string good = header + md5(header + packet.substr(4, 16) + attributes + std::string(secret)) + attributes;
    if (!is_response(good + std::string(text), packet, secret)) std::abort();
    return 0;
}
