// Text messages that come in run through the dialplan, each on a channel and a fiber of its own.
#include "core/dialplan/message_queue.hpp"

#include <fmt/format.h>

#include "core/base/generation.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/driver.hpp"
#include "core/dialplan/executor.hpp"
#include "core/media/format.hpp"

namespace jackfield {
namespace {

std::size_t in_dialplan = 0;

// Nobody is at the other end; it lives as long as the dialplan runs.
class MessageChannel final : public DriverChannel {
  public:
    MessageChannel() { ++in_dialplan; }
    ~MessageChannel() override { --in_dialplan; }
    Result<void> call() override { return {}; }
    Result<void> answer() override { return {}; }
    Result<void> indicate(Indication) override { return {}; }  // no tone is for anybody
    void hang_up(HangupCause) override {}
};

}  // namespace

std::size_t messages_in_dialplan() { return in_dialplan; }

Result<void> receive_text_message(TextMessage message, const std::string& context, const std::string& extension) {
    if (in_dialplan >= most_messages_in_dialplan)
        return fail(ErrorCode::limit, "{} messages are in the dialplan already", in_dialplan);
    DriverChannelMade made;
    made.name = fmt::format("{}/ast_msg_queue", message_technology);
    if (find_channel(made.name)) made.name += "-" + new_channel_suffix();
    StreamInfo audio;
    audio.formats.add({.codec = linear_codec({8000})});
    audio.direction = StreamInfo::Direction::inactive;
    made.topology.push_back(std::move(audio));
    made.channel = std::make_unique<MessageChannel>();
    auto custody = JF_TRY(Channel::create(std::move(made), "message"));
    Channel& channel = custody.channel();
    channel.place() = Place{context, extension, 1};
    if (!extension_exists(channel, context, extension))
        return fail(ErrorCode::not_found, "there is no extension '{}' in context '{}'", extension, context);
    channel.attachment<TextMessage>() = std::move(message);
    channel.set_state(ChannelState::up);
    return start_dialplan(std::move(custody));
}

}  // namespace jackfield
