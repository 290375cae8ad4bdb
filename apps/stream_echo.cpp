// StreamEcho: every stream of a call back to who sent it.
#include "core/channel/media_guard.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "StreamEcho",
    .syntax = "StreamEcho([num[,type]])",
    .synopsis = "Send back all media of the caller",
    .text = "Audio, video and text of the call come back to the caller, each by its own stream, until `#` is pressed or the caller hangs "
            "up. More than one stream of a type (`num` above 1) is not available and is refused."};

Result<void> stream_echo(Channel& channel, const Arguments& arguments) {
    const auto number = arguments.has(0) ? parse_number<unsigned>(trim(arguments[0])) : std::optional<unsigned>(0);
    if (!number) return fail(ErrorCode::invalid, "StreamEcho: '{}' is not a number of streams", arguments[0]);
    if (*number > 1) return fail(ErrorCode::unsupported, "StreamEcho: more than one stream of a type is not available");
    const LoopBack loop(channel);
    for (;;)
        if (JF_TRY(channel.read_digit()) == '#') return {};
}

Result<void> load(Module& module) { return module.add(info, stream_echo); }

}  // namespace

JACKFIELD_MODULE("app_stream_echo", "Echo of all streams", load)
