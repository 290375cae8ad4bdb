// res_ccss - completion of calls to busy subscribers and on no reply (CCBS, CCNR): who reached nobody is called back when the
// other one is free.
#include "core/sdk.hpp"
#include "modules/res_ccss/call_watch.hpp"
#include "modules/res_ccss/completions.hpp"
#include "modules/res_ccss/recall.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;
using namespace jackfield::ccss;

namespace {

constexpr ApplicationInfo request_info{
    .name = "CallCompletionRequest",
    .syntax = "CallCompletionRequest()",
    .synopsis = "Ask to be called back when whom this device called is free",
    .text = "For the last call of the channel's device that found its destination busy or was not answered, in the same call or a later "
            "one, for as long as it is offered (cc_offer_timer). The caller needs cc_agent_policy=generic, the called device "
            "cc_monitor_policy=generic or always (ccss.conf, CALLCOMPLETION). Sets CC_REQUEST_RESULT to SUCCESS or FAIL, and "
            "CC_REQUEST_REASON then to NO_CORE_INSTANCE (nothing is offered), NOT_GENERIC, TOO_MANY_REQUESTS or UNSPECIFIED."};
constexpr ApplicationInfo cancel_info{
    .name = "CallCompletionCancel",
    .syntax = "CallCompletionCancel()",
    .synopsis = "Give up being called back",
    .text = "The newest request or offer of the channel's device ends. Sets CC_CANCEL_RESULT to SUCCESS or FAIL, and CC_CANCEL_REASON "
            "then to NO_CORE_INSTANCE (there is none), NOT_GENERIC or UNSPECIFIED."};
constexpr FunctionInfo function_info{
    .name = "CALLCOMPLETION",
    .syntax = "CALLCOMPLETION(option)",
    .synopsis = "The options of call completion of a channel",
    .text = "To read and set, before the call: cc_agent_policy (never, generic) and what belongs to callers: cc_offer_timer, cc_recall_timer, "
            "cc_max_agents, cc_callback_sub, cc_agent_dialstring; on a called channel (Dial's option b): cc_monitor_policy (never, generic, "
            "always), ccbs_available_timer, ccnr_available_timer, cc_max_monitors. What is not set is the device's in ccss.conf."};

constexpr std::string_view word_of(Completions::Refusal refusal) {
    using R = Completions::Refusal;
    switch (refusal) {
        case R::no_core_instance: return "NO_CORE_INSTANCE";
        case R::not_generic: return "NOT_GENERIC";
        case R::too_many_requests: return "TOO_MANY_REQUESTS";
        case R::none: break;
    }
    return "";
}

void set_result(Channel& channel, std::string_view kind, Completions::Refusal refusal) {
    const bool good = refusal == Completions::Refusal::none;
    channel.set_variable(fmt::format("CC_{}_RESULT", kind), good ? "SUCCESS" : "FAIL");
    channel.set_variable(fmt::format("CC_{}_REASON", kind), std::string(word_of(refusal)));
}

void publish_event(std::string_view event, const Completion& completion, std::string_view called, std::string_view detail) {
    publish_to_manager(event, manager_class::cc, [&](ManagerService&, ManagerFields& fields) {
        fields.add("CoreID", completion.id);
        const bool about_called = event == "CCAvailable" || event == "CCMonitorFailed";
        if (!about_called) fields.add("Caller", completion.caller);
        if (!called.empty()) fields.add("Callee", called);
        if (detail.empty()) return;
        fields.add(event == "CCAvailable" ? "Service" : event == "CCFailure" ? "Reason" : "Expires", detail);
    });
}

class CallCompletion final : public Surroundings {
  public:
    explicit CallCompletion(Module& module)
        : watch_(settings, [this](std::string caller, Place place, Parameters agent, std::vector<Monitored> called) {
              completions.offer(std::move(caller), std::move(place), std::move(agent), std::move(called));
          }),
          recalls_(module, watch_, [this]() -> Completions& { return completions; }) {}

    DeviceState state_of(std::string_view device) override { return device_state(device); }
    void recall(const Completion& completion) override { recalls_.start(completion); }
    void tell(std::string_view event, const Completion& completion, std::string_view called, std::string_view detail) override {
        publish_event(event, completion, called, detail);
    }
    void state_changed(std::string_view caller) override { device_state_changed(fmt::format("ccss:{}", caller)); }

    Result<void> request(Channel& channel) {
        watch_.settle(channel.id());
        set_result(channel, "REQUEST", completions.request(device_of(channel.name()), settings.max_requests));
        return {};
    }
    Result<void> cancel(Channel& channel) {
        watch_.settle(channel.id());
        set_result(channel, "CANCEL", completions.cancel(device_of(channel.name())));
        return {};
    }
    CallWatch& watch() { return watch_; }
    DeviceState hint_state(std::string_view caller) const {
        bool any = false;
        const State state = completions.state_of(caller, any);
        return any ? settings.device_states[static_cast<std::size_t>(state)] : DeviceState::not_in_use;
    }

    Settings settings;
    Completions completions{*this};

  private:
    CallWatch watch_;
    Recalls recalls_;
    Subscription changed_{subscribe<DeviceStateChange>(
        [this](const DeviceStateChange& event) { completions.device_changed(event.device, event.state); })};
};

Result<void> report(Console& console, const Completions& completions) {
    const std::size_t count = completions.all().size();
    std::string text = fmt::format("{} Call completion transaction{}\n", count, count == 1 ? "" : "s");
    if (count) text += fmt::format("{:<16}{:<32}{}\n{}\n", "Core ID", "Caller", "Status", std::string(76, '-'));
    for (const auto& each : completions.all()) {
        text += fmt::format("{:<16}{:<32}{}\n", each->id, each->caller, describe(each->state));
        text += fmt::format("{:16}|-->{}@{}\n", "", each->place.extension, each->place.context);
        for (const Monitored& one : each->called) text += fmt::format("{:20}|-->{}({})\n", "", one.device, to_string(one.service));
    }
    return console.write(text);
}

Result<void> add_commands(Module& module, CallCompletion& all) {
    JF_TRY(module.add(CommandInfo{"cc report status", "List who waits for whom to be free",
                                  "Offers and requests of call completion: the caller, the place that it dialled, and the devices that are watched "
                                  "because they were busy (CCBS) or did not answer (CCNR)."},
                      [&all](Console& console, CommandWords) { return report(console, all.completions); }));
    JF_TRY(module.add(CommandInfo{"cc cancel core ID", "End one completion of a call", "ID is the Core ID of `cc report status`."},
                      [&all](Console& console, CommandWords words) -> Result<void> {
                          const auto id = words.size() == 1 ? parse_number<unsigned>(words[0]) : std::nullopt;
                          if (!id) return fail(ErrorCode::invalid, "Usage: cc cancel core ID");
                          if (!all.completions.cancel(*id)) return fail(ErrorCode::not_found, "There is no completion {}", *id);
                          return console.print("Completion {} was cancelled\n", *id);
                      }));
    return module.add(CommandInfo{"cc cancel all", "End all completions of calls", "Offers and requests alike."},
                      [&all](Console& console, CommandWords) {
                          std::vector<unsigned> ids;
                          for (const auto& each : all.completions.all()) ids.push_back(each->id);
                          for (const unsigned id : ids) all.completions.cancel(id);
                          return console.print("{} completions were cancelled\n", ids.size());
                      });
}

Result<void> load(Module& module) {
    auto& all = module.own<CallCompletion>(module);
    JF_TRY(module.add(ConfigFileSpec{.file = "ccss.conf",
                                     .prepare = [&all](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
                                         return [&all, fresh = read_settings(file, findings)]() mutable { all.settings = std::move(fresh); };
                                     }}));
    JF_TRY(module.add(request_info, [&all](Channel& channel, const Arguments&) { return all.request(channel); }));
    JF_TRY(module.add(cancel_info, [&all](Channel& channel, const Arguments&) { return all.cancel(channel); }));
    JF_TRY(module.add(function_info,
                      FunctionBody{[&all](Channel* channel, const Arguments& arguments) -> Result<std::string> {
                                       if (!channel) return fail(ErrorCode::invalid, "CALLCOMPLETION needs a channel");
                                       return read_parameter(all.watch().parameters(*channel), arguments[0]);
                                   },
                                   [&all](Channel* channel, const Arguments& arguments, std::string_view value) -> Result<void> {
                                       if (!channel) return fail(ErrorCode::invalid, "CALLCOMPLETION needs a channel");
                                       Parameters changed = all.watch().parameters(*channel);
                                       JF_TRY(write_parameter(changed, arguments[0], value));
                                       all.watch().own_parameters(*channel) = std::move(changed);
                                       return {};
                                   }}));
    JF_TRY(module.add(DeviceStateProvider{"ccss", [&all](std::string_view caller) { return all.hint_state(caller); }}));
    return add_commands(module, all);
}

}  // namespace

JACKFIELD_MODULE("res_ccss", "Completion of calls to busy subscribers and on no reply", load)
