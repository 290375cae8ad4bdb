// func_hangupcause: HANGUPCAUSE, HANGUPCAUSE_KEYS and HangupCauseClear: why the channels that a call dialled have ended.
#include <unordered_map>

#include "core/channel/channel_events.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo cause_info{.name = "HANGUPCAUSE",
                                  .syntax = "HANGUPCAUSE(channel,type)",
                                  .synopsis = "Why a channel that this call dialled has ended",
                                  .text = "Type `ast`: the words of the Q.850 cause, as `User busy`. Type `tech`: what the technology said, as "
                                          "`SIP 486 Busy Here`. HANGUPCAUSE_KEYS() names the channels."};
constexpr FunctionInfo keys_info{.name = "HANGUPCAUSE_KEYS",
                                 .syntax = "HANGUPCAUSE_KEYS()",
                                 .synopsis = "The channels of which HANGUPCAUSE knows why they have ended",
                                 .text = "Names separated by commas, in the order in which they were dialled."};
constexpr ApplicationInfo clear_info{.name = "HangupCauseClear",
                                     .syntax = "HangupCauseClear()",
                                     .synopsis = "Forget what HANGUPCAUSE knows",
                                     .text = "It is never forgotten by itself, not even by another Dial, until the call ends."};

constexpr std::size_t most_causes = 256;  // of one call; the oldest go

struct EndedChannel {
    ChannelId id;
    std::string name;
    HangupCause cause = HangupCause::not_defined;
    std::string technology_text;
};

HangupCause cause_of_status(std::string_view status) {
    if (status == "BUSY") return HangupCause::user_busy;
    if (status == "CONGESTION") return HangupCause::normal_circuit_congestion;
    if (status == "NOANSWER") return HangupCause::no_answer;
    return HangupCause::not_defined;
}

// By the number of the channel that dialled.
class Causes {
  public:
    Causes()
        : dialled_(subscribe<DialEnded>([this](const DialEnded& event) {
              if (event.caller) add(event.caller->id(), event.called, event.status);
          })),
          ended_(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { channel_ended(event.channel); })) {}

    std::vector<EndedChannel>* of(Channel& channel) {
        const auto found = by_caller_.find(channel.id().number);
        return found == by_caller_.end() ? nullptr : &found->second;
    }
    void clear(Channel& channel) { by_caller_.erase(channel.id().number); }

  private:
    static std::string technology_text(Channel& channel) {
        auto text = channel.driver().property("hangupcause");
        return text ? *std::move(text) : std::string(to_string(channel.cause()));
    }
    void add(ChannelId caller, Channel& called, std::string_view status) {
        auto& causes = by_caller_[caller.number];
        if (causes.size() == most_causes) causes.erase(causes.begin());
        const bool answered = status == "ANSWER";
        HangupCause cause = called.cause();
        if (cause == HangupCause::not_defined) cause = cause_of_status(status);
        causes.push_back({called.id(), called.name(), cause, technology_text(called)});
        if (answered) callers_[called.id().number] = caller;
    }
    void channel_ended(Channel& channel) {
        if (const auto found = callers_.extract(channel.id().number)) {
            const auto causes = by_caller_.find(found.mapped().number);
            if (causes != by_caller_.end())
                for (EndedChannel& each : causes->second)
                    if (each.id == channel.id()) {
                        each.cause = channel.cause();
                        each.technology_text = technology_text(channel);
                    }
        }
        by_caller_.erase(channel.id().number);
    }

    std::unordered_map<std::uint64_t, std::vector<EndedChannel>> by_caller_;
    std::unordered_map<std::uint64_t, ChannelId> callers_;  // of answered channels, whose end is still to come
    Subscription dialled_, ended_;
};

Result<std::string> read_cause(Causes& causes, Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "HANGUPCAUSE needs a channel");
    const bool by_technology = equals_ignoring_case(arguments[1], "tech");
    if (!by_technology && !equals_ignoring_case(arguments[1], "ast"))
        return fail(ErrorCode::invalid, "HANGUPCAUSE: type '{}' is neither ast nor tech", arguments[1]);
    if (const auto* known = causes.of(*channel))
        for (const EndedChannel& each : *known)
            if (each.name == arguments[0]) return by_technology ? each.technology_text : std::string(to_string(each.cause));
    return fail(ErrorCode::not_found, "HANGUPCAUSE: this call has dialled no channel {}", arguments[0]);
}

Result<std::string> read_keys(Causes& causes, Channel* channel) {
    if (!channel) return fail(ErrorCode::invalid, "HANGUPCAUSE_KEYS needs a channel");
    std::string keys;
    if (const auto* known = causes.of(*channel))
        for (const EndedChannel& each : *known) keys += (keys.empty() ? "" : ",") + each.name;
    return keys;
}

Result<void> load(Module& module) {
    Causes& causes = module.own<Causes>();
    JF_TRY(module.add(cause_info, FunctionBody{[&causes](Channel* channel, const Arguments& arguments) {
                          return read_cause(causes, channel, arguments);
                      }}));
    JF_TRY(module.add(keys_info, FunctionBody{[&causes](Channel* channel, const Arguments&) { return read_keys(causes, channel); }}));
    return module.add(clear_info, [&causes](Channel& channel, const Arguments&) -> Result<void> {
        causes.clear(channel);
        return {};
    });
}

}  // namespace

JACKFIELD_MODULE("func_hangupcause", "Why dialled channels have ended", load)
