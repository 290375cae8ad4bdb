// AudioSocket: the caller's audio to another program, and that program's audio to the caller.
#include "channels/audiosocket/connection.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "AudioSocket",
    .syntax = "AudioSocket(uuid,service)",
    .synopsis = "Connect the caller with a program that speaks AudioSocket",
    .text = "Answers, connects to `service` (host:port, TCP) within 5 seconds, tells it the UUID, and passes audio (8000 Hz, linear) and "
            "digits both ways until the program ends it or the caller hangs up."};

constexpr std::chrono::seconds connect_timeout{5};

Result<void> audio_socket(Channel& channel, const Arguments& arguments) {
    const auto uuid = JF_TRY(audiosocket::parse_uuid(trim(arguments[0])));
    if (!arguments.has(1)) return fail(ErrorCode::invalid, "AudioSocket needs a service: AudioSocket(UUID,host:port)");
    JF_TRY(channel.answer());
    const Codec* const linear = linear_codec({8000});
    auto port = JF_TRY(audiosocket::connect(trim(arguments[1]), uuid, linear, connect_timeout));
    Latch ended;
    MediaStream program;
    program.on_port_event([&ended](std::uint32_t) { ended.set(); });
    program.set_port(std::move(port), &channel.media());
    program.set_formats(linear, linear, std::chrono::milliseconds(20));
    JF_TRY(MediaStream::connect(channel.media(), program));
    return ended.wait();
}

Result<void> load(Module& module) { return module.add(info, audio_socket); }

}  // namespace

JACKFIELD_MODULE("app_audiosocket", "AudioSocket application", load)
