#include "modules/res_ccss/recall.hpp"

#include "core/base/log.hpp"
#include "core/channel/dial.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::ccss {

Recalls::Recalls(Module& module, CallWatch& watch, std::function<Completions&()> completions)
    : module_(module), watch_(watch), completions_(std::move(completions)),
      answered_(subscribe<DialEnded>([this](const DialEnded& event) {
          if (!event.caller || event.status != "ANSWER") return;
          if (const auto found = called_back_.extract(event.caller->id().number)) completions_().recalled(found.mapped());
      })),
      gone_(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) {
          if (const auto found = called_back_.extract(event.channel.id().number))
              completions_().failed(found.mapped(), "The caller was called back and reached nobody");
      })) {}

void Recalls::start(const Completion& completion) {
    Order order{completion.id, completion.agent.agent_dial_string, completion.place, completion.agent, {}};
    if (order.dial_string.empty()) order.dial_string = completion.caller;
    for (const Monitored& one : completion.called) order.devices += (order.devices.empty() ? "" : "&") + one.device;
    const unsigned id = completion.id;
    auto started = spawn({.name = "call back to " + completion.caller, .pass = module_.gate().hold()},
                         [this, order = std::move(order)] { run(order); });
    if (!started) completions_().failed(id, started.error().text);
}

void Recalls::prepare(Channel& channel, const Order& order) {
    watch_.own_parameters(channel) = order.agent;
    channel.place() = order.place;
    channel.connected().id = PartyId::of(order.place.extension);  // so that its display shows whom this is about
    channel.set_variable("CC_EXTEN", order.place.extension);
    channel.set_variable("CC_CONTEXT", order.place.context);
    channel.set_variable("CC_INTERFACES", order.devices);
    if (order.agent.callback_sub.empty()) return;
    if (auto ran = run_gosub(channel, order.agent.callback_sub); !ran)
        log_warning("cc_callback_sub {} on {}: {}", order.agent.callback_sub, channel.name(), ran.error().text);
}

void Recalls::run(const Order& order) {
    const auto failed = [&](const std::string& why) {
        log_notice("Call completion {}: {} was not reached: {}", order.id, order.dial_string, why);
        completions_().failed(order.id, "The caller did not answer");
    };
    auto requests = parse_dial_string(order.dial_string);
    if (!requests || requests->empty()) return failed(requests ? "no device" : requests.error().text);
    const auto contacts = expand_contacts(*requests);
    if (contacts.empty()) return failed("it is not registered");
    DialOutcome outcome{};
    auto custody = originate(contacts.front(), order.agent.recall_timer, outcome, [&](Channel& channel) { prepare(channel, order); });
    if (!custody) return failed(custody.error().text);
    if (!completions_().find(order.id)) return;  // cancelled meanwhile: the call ends
    Channel& channel = custody->channel();
    channel.place() = {order.place.context, order.place.extension, 1};
    called_back_[channel.id().number] = order.id;
    if (auto going = start_dialplan(std::move(*custody)); !going) log_warning("Call completion {}: {}", order.id, going.error().text);
}

}  // namespace jackfield::ccss
