// Text messages outside of calls: the message, and who sends one.
#include "core/channel/text_message.hpp"

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

const TextMessage::Datum* TextMessage::find(std::string_view name) const {
    const auto found = std::ranges::find_if(data, [&](const Datum& datum) { return equals_ignoring_case(datum.name, name); });
    return found == data.end() ? nullptr : &*found;
}

void TextMessage::set(std::string_view name, std::string value) {
    std::erase_if(data, [&](const Datum& datum) { return equals_ignoring_case(datum.name, name); });
    if (!value.empty()) data.push_back({std::string(name), std::move(value), true});
}

Registry<TextMessageSender*>& text_message_senders() {
    static Registry<TextMessageSender*> senders;
    return senders;
}

Result<Registration> register_in(Module& module, std::string_view scheme, TextMessageSender& sender) {
    return text_message_senders().add(scheme, &sender, &module.gate());
}

Result<void> send_text_message(const TextMessage& message, std::string_view destination) {
    const Halves parts = split_once(trim(destination), ':');
    if (!parts.found || parts.first.empty()) return fail(ErrorCode::invalid, "'{}' is no destination of a message; write for instance pjsip:6001", destination);
    auto* const slot = text_message_senders().find(parts.first);
    if (!slot) return fail(ErrorCode::unsupported, "no module sends messages to {}:", parts.first);
    const auto pass = JF_TRY(slot->enter());
    const RunningGate in(pass.gate());
    return (*slot->value)->send(message, parts.second);
}

}  // namespace jackfield
