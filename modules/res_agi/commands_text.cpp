// Commands on text and pictures.
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/channel/channel.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

using std::chrono::milliseconds;

// The next text from the far side. Errors: timeout, interruption.
Result<std::string> receive(Channel& channel, std::string_view timeout) {
    const auto limit = parse_number<std::int64_t>(timeout).value_or(0);
    const Instant end = Clock::now() + milliseconds(limit);
    for (;;) {
        while (auto event = channel.events().try_pop())
            if (event->kind == ChannelEvent::Kind::text && !event->text.empty()) return std::move(event->text);
        Timeout left;
        if (limit > 0) left = std::max<Clock::duration>(end - Clock::now(), {});
        JF_TRY(select({&channel.events()}, left));
    }
}

Result<Reply> receive_char(Channel& channel, Words words) {
    auto text = receive(channel, words[2]);
    if (text) return result(static_cast<unsigned char>(text->front()));
    if (text.error().code == ErrorCode::timeout) return result(0, "(timeout)");
    if (takes_call_away(text.error())) return std::unexpected(std::move(text).error());
    return failed("(hangup)");
}

Result<Reply> receive_text(Channel& channel, Words words) {
    auto text = receive(channel, words[2]);
    if (text) return in_parentheses(*text);
    if (takes_call_away(text.error())) return std::unexpected(std::move(text).error());
    return result(-1);
}

Result<Reply> send_text(Channel& channel, Words words) {
    auto sent = channel.send_text(words[2]);
    if (sent || sent.error().code == ErrorCode::unsupported) return result(0);
    if (takes_call_away(sent.error())) return std::unexpected(std::move(sent).error());
    return failed();
}

// No technology sends pictures or has a text telephone mode, and none is the answer to be given for that.
Result<Reply> nobody_can(Channel&, Words) { return result(0); }

constexpr Command all_text_commands[]{
    {"receive char", false, "TIMEOUT", "Receive a character of text",
     "TIMEOUT in milliseconds, 0: for ever. Returns its decimal value, 0 (timeout), or -1 (hangup).", 3, 3, receive_char},
    {"receive text", false, "TIMEOUT", "Receive text",
     "TIMEOUT in milliseconds, 0: for ever. Returns 1 with the text in parentheses, or -1.", 3, 3, receive_text},
    {"send image", false, "IMAGE", "Send a picture", "Returns 0, also when the channel can't send any.", 3, 3, nobody_can},
    {"send text", false, "\"TEXT TO SEND\"", "Send text", "Returns 0, also when the channel can't send any; -1 on failure.", 3, 3, send_text},
    {"tdd mode", false, "BOOLEAN", "Switch the text telephone mode on or off", "Returns 0: the channel has none.", 3, 3, nobody_can},
};

}  // namespace

std::span<const Command> text_commands() { return all_text_commands; }

}  // namespace jackfield::agi
