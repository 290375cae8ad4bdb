// What a call does that was originated, once it has been answered.
#include "core/dialplan/originated.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/channel/channel.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

void run_originated(Custody custody, const std::string& application, const std::string& arguments) {
    Channel& channel = custody.channel();
    {
        const InterruptScope scope(custody.interrupter());
        const auto done = run_application(channel, application, arguments);
        if (!done && done.error().code != ErrorCode::redirected && !ends_application(done.error().code))
            log_warning("{}: {} ended with an error: {}", channel.name(), application, done.error().text);
    }
    if (!custody.holds() || channel.hung_up()) return;
    if (auto place = channel.take_redirection()) {
        channel.place() = *std::move(place);
        custody.renew("dialplan");
        (void)start_dialplan(std::move(custody));  // its failure hangs up
    }
}

}  // namespace

Result<void> start_application(Custody custody, std::string application, std::string arguments) {
    const std::string name = custody->name();
    const CallId call_id = custody->call_id();
    return spawn({.name = name, .call_id = call_id},
                 [custody = std::move(custody), application = std::move(application), arguments = std::move(arguments)]() mutable {
                     run_originated(std::move(custody), application, arguments);
                 });
}

}  // namespace jackfield
