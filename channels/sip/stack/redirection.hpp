// How calls that were redirected say so: Diversion (RFC 5806) and History-Info (RFC 7044). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

// A reason as REDIRECTING(reason) has it ("cfb") and as Diversion writes it ("user-busy"); what is not known stays as it is, an
// empty one is "unknown".
std::string diversion_reason(std::string_view reason);
std::string redirecting_reason(std::string_view diversion);

struct Redirection {
    std::string user, name;  // of whom the call was redirected from last
    std::string reason;      // as REDIRECTING(reason) has it
    int count = 1;           // how often
};
// Of a request: by its Diversion, else by its History-Info; nothing when it was not redirected.
std::optional<Redirection> find_redirection(const Message& request);

// The value of History-Info for a call that was redirected from one URI to another. Both are cleared of headers and parameters of
// their own (RFC 7044 section 10.1); `hidden`: who asked for privacy is told of under "anonymous".
std::string history_info(std::string_view from_uri, std::string_view to_uri, std::string_view reason, bool hidden);

}  // namespace jackfield::sip
