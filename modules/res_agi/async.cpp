// AGI(agi:async).
#include "modules/res_agi/async.hpp"

#include "modules/res_agi/events.hpp"

namespace jackfield::agi {

Result<void> AsyncCalls::add(const Channel& channel, AsyncCommand command) {
    const auto found = calls_.find(channel.id().number);
    if (found == calls_.end()) return fail(ErrorCode::not_found, "Channel {} is not at Async AGI.", channel.name());
    if (!found->second->push(std::move(command)))
        return fail(ErrorCode::limit, "{} commands wait for channel {} already", most_waiting, channel.name());
    return {};
}

Result<Status> AsyncCalls::serve(Channel& channel, const std::vector<std::string>& arguments) {
    const std::string environment = environment_of(channel, "async", arguments, false);
    Queue<AsyncCommand> commands(most_waiting);
    const struct Reachable {
        std::map<std::uint64_t, Queue<AsyncCommand>*>& calls;
        std::uint64_t number;
        ~Reachable() { calls.erase(number); }
    } reachable{calls_, channel.id().number};
    calls_[channel.id().number] = &commands;
    const auto keep = channel.share();
    trace(channel, "Tx >>", environment);
    publish_async_start(channel, environment);
    auto status = converse(channel, commands);
    publish_async_end(channel);
    return status;
}

Result<Status> AsyncCalls::converse(Channel& channel, Queue<AsyncCommand>& commands) {
    while (!channel.hung_up()) {
        auto command = commands.pop();
        if (!command && takes_call_away(command.error())) return std::unexpected(std::move(command).error());
        if (!command) break;
        const Answered answered = JF_TRY(run_command(channel, command->line, false));
        publish_async_exec(channel, command->id, answered.text);
        if (answered.leave) return Status::success;
    }
    return Status::hangup;
}

}  // namespace jackfield::agi
