// Echo: send back to the caller what it says.
#include "core/channel/media_guard.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Echo",
    .syntax = "Echo()",
    .synopsis = "Send back to the caller what it says",
    .text = "Loops audio, video, text and digits back to the caller until `#` is pressed or the caller hangs up."};

Result<void> echo(Channel& channel, const Arguments&) {
    const LoopBack loop(channel);
    for (;;)
        if (JF_TRY(channel.read_digit()) == '#') return {};
}

Result<void> load(Module& module) { return module.add(info, echo); }

}  // namespace

JACKFIELD_MODULE("app_echo", "Echo application", load)
