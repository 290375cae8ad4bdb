// Text messages outside of calls (SIP's MESSAGE, RFC 3428, and its like in other technologies): the message, and who sends one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/module/module.hpp"

namespace jackfield {

class Channel;

// Attached to the channel whose dialplan handles it: channel.attachment<TextMessage>(). Control thread.
struct TextMessage {
    std::string from, to;                     // URIs, or "Name" <URI>; `to` as a destination: "pjsip:6001"
    std::string body, content_type = "text/plain";
    struct Datum {
        std::string name, value;              // of a header, as MESSAGE_DATA has it
        bool outbound = false;                // goes along when the message is sent; what was received does not by itself
    };
    std::vector<Datum> data;

    const Datum* find(std::string_view name) const;          // letter case aside; null when absent
    void set(std::string_view name, std::string value);      // an outbound one; an empty value takes it out
};

// Published when one has come in, before the dialplan is asked.
struct TextMessageReceived {
    static constexpr std::string_view topic = "message.received";
    const TextMessage& message;
    const std::string& device;  // whose it is: "PJSIP/6001"
    bool& taken;                // a subscriber that has passed it on sets it: it is not refused then, when no extension is for it
};

// Sends messages to the destinations of one scheme ("pjsip"). Registered by a module.
class TextMessageSender {
  public:
    virtual ~TextMessageSender() = default;
    // `destination`: what follows the scheme and its colon. Waits until the far side has taken or refused it. Errors: invalid
    // (malformed), not_found, refused, timeout, failed, interruption.
    virtual Result<void> send(const TextMessage& message, std::string_view destination) = 0;
};
// Errors: exists.
Result<Registration> register_in(Module& module, std::string_view scheme, TextMessageSender& sender);
Registry<TextMessageSender*>& text_message_senders();

// "pjsip:6001", "sip:6001@192.0.2.7" and whatever else modules bring. Waits. Errors: unsupported (nobody has that scheme),
// invalid (no scheme), and the sender's.
Result<void> send_text_message(const TextMessage& message, std::string_view destination);

// The technology of the channels that run the dialplan for messages: they are no calls and have no records.
inline constexpr std::string_view message_technology = "Message";

}  // namespace jackfield
