// User-to-User (RFC 7433) and its ISDN package (RFC 7434).
#include "channels/sip/stack/user_to_user.hpp"

#include <algorithm>

namespace jackfield::sip {
namespace {

using namespace grammar;

constexpr int ia5_characters = 4;  // Q.931 table 4-26

bool is_quoted(std::string_view text) { return text.size() >= 2 && text.front() == '"' && text.back() == '"'; }

}  // namespace

bool UserToUser::is_hex() const {
    const std::string_view digits = is_quoted(value) ? value.substr(1, value.size() - 2) : value;
    return same_word(encoding, "hex") && digits.size() % 2 == 0 && std::ranges::all_of(digits, [](char c) { return hex_value(c) >= 0; });
}

Result<UserToUser> parse_user_to_user(std::string_view item) {
    const std::size_t end = std::min(find_outside_quotes(item, ';'), item.size());
    UserToUser uui;
    uui.value = strip(item.substr(0, end));
    if (!is_token(uui.value) && !is_quoted(uui.value)) return fail(ErrorCode::invalid, "User-to-User is neither a token nor a quoted string");
    const Parameters parameters(item.substr(end));
    if (!parameters.well_formed()) return fail(ErrorCode::invalid, "User-to-User has malformed parameters");
    if (const auto purpose = parameters.value("purpose"); !purpose.empty()) uui.purpose = purpose;
    if (const auto encoding = parameters.value("encoding"); !encoding.empty()) uui.encoding = encoding;
    uui.content = parameters.value("content");
    return uui;
}

bool user_to_user_well_formed(const Message& message) {
    for (Message::Values values(message, HeaderName::user_to_user); values.next();) {
        const auto uui = parse_user_to_user(values.item);
        if (!uui || (same_word(uui->encoding, "hex") && !uui->is_hex())) return false;
    }
    return true;
}

std::string isdn_user_text(const Message& message) {
    for (Message::Values values(message, HeaderName::user_to_user); values.next();) {
        const auto uui = parse_user_to_user(values.item);
        if (!uui || !same_word(uui->purpose, "isdn-uui") || !uui->is_hex()) continue;
        const std::string digits = unquote(uui->value);
        std::string text;
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2) text += static_cast<char>(hex_value(digits[i]) << 4 | hex_value(digits[i + 1]));
        if (text.empty() || text.front() != ia5_characters) continue;
        text.erase(0, 1);
        if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; })) return text;
    }
    return {};
}

}  // namespace jackfield::sip
