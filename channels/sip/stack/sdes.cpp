// Keys of encrypted media in SDP (RFC 4568, RFC 6188, RFC 7714).
#include "channels/sip/stack/sdes.hpp"

#include <fmt/core.h>

#include <array>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

// In the order of SrtpSuite.
constexpr std::array<std::string_view, srtp_suites> names{"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80",
                                                          "AES_256_CM_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"};

constexpr std::size_t most_identifier = 128;  // bytes (RFC 4568 6.1)

std::optional<SrtpSuite> suite_named(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (equals_ignoring_case(names[i], name)) return static_cast<SrtpSuite>(i);
    return {};
}

std::string_view next_word(std::string_view& text) {
    text = trim(text);
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

}  // namespace

std::optional<CryptoLine> parse_crypto(std::string_view value) {
    const auto tag = parse_number<std::uint32_t>(next_word(value));
    const auto suite = suite_named(next_word(value));
    std::string_view key = next_word(value);
    if (!tag || !suite || !trim(value).empty() || !key.starts_with("inline:") || key.contains(';')) return {};
    key.remove_prefix(std::string_view("inline:").size());
    std::string text(key.substr(0, key.find('|')));
    while (text.size() % 4 != 0) text += '=';  // RFC 7714 14.2 leaves padding out
    const auto bytes = base64_decode(text);
    if (!bytes || bytes->size() != key_size(*suite)) return {};
    CryptoLine line{*tag, *suite, {bytes->begin(), bytes->end()}, {}};
    // RFC 4568 6.1: |lifetime|MKI:length, either may be missing.
    const Halves parameters = split_once(split_once(key, '|').second, '|');
    const std::string_view last = parameters.found ? parameters.second : parameters.first;
    if (last.contains(':')) {
        const Halves identifier = split_once(last, ':');
        const auto number = parse_number<std::uint64_t>(identifier.first);
        const auto size = parse_number<std::size_t>(identifier.second);
        if (!number || !size || *size == 0 || *size > most_identifier || (*size < 8 && *number >> 8 * *size != 0)) return {};
        line.identifier.resize(*size);
        std::uint64_t rest = *number;
        for (std::size_t i = *size; i-- > 0; rest >>= 8) line.identifier[i] = static_cast<std::uint8_t>(rest);
    } else if (parameters.found) {
        return {};
    }
    return line;
}

std::string write_crypto(const CryptoLine& line) {
    const std::string_view bytes(reinterpret_cast<const char*>(line.key.data()), line.key.size());
    std::string text = fmt::format("{} {} inline:{}", line.tag, names.at(static_cast<std::size_t>(line.suite)), base64_encode(bytes));
    std::uint64_t number = 0;
    for (const std::uint8_t byte : line.identifier) number = number << 8 | byte;
    if (!line.identifier.empty()) text += fmt::format("|{}:{}", number, line.identifier.size());
    return text;
}

}  // namespace jackfield::sip
