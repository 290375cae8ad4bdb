// User-to-User (RFC 7433), and its ISDN package (RFC 7434): a few bytes of an application's that go along with a call. Pure;
// any thread.
#pragma once

#include <string>
#include <string_view>

#include "channels/sip/stack/message.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

// One value. Views point into the text that was parsed.
struct UserToUser {
    std::string_view value;                // a token, or a quoted string with its quotes
    std::string_view purpose = "isdn-uui"; // the package that says what it means (RFC 7434 5)
    std::string_view content;              // empty: the package's default
    std::string_view encoding = "hex";

    bool is_hex() const;  // of an encoding that we understand: an even number of hexadecimal digits
};
// Errors: invalid. Encodings and purposes that are not understood are no errors: they are for others (RFC 7433 4).
Result<UserToUser> parse_user_to_user(std::string_view item);

// Whether all User-to-User of a message can be read, as a `Require: uui` wants.
bool user_to_user_well_formed(const Message& message);
// The text that an ISDN user sent along: of the first value of that package with IA5 characters (protocol discriminator 4,
// ITU-T Q.931 4.5.30); empty: there is none.
std::string isdn_user_text(const Message& message);

}  // namespace jackfield::sip
