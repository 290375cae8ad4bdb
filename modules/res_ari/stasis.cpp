// Stasis: the loop of a channel that an application controls.
#include "modules/res_ari/stasis.hpp"

#include "core/base/log.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/dial.hpp"
#include "core/dialplan/executor.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"

namespace jackfield::ari {
namespace {

// Takes the control out of the table however the loop ends, and tells the application.
class Stay {
  public:
    Stay(std::map<std::uint64_t, std::shared_ptr<Control>>& controls, Ari& ari, Channel& channel,
         std::shared_ptr<Control> control)
        : controls_(controls), ari_(ari), channel_(channel), control_(std::move(control)) {
        controls_[channel.id().number] = control_;
    }
    ~Stay() {
        leave();
        controls_.erase(channel_.id().number);
    }
    Stay(const Stay&) = delete;

    void enter(const std::vector<std::string>& arguments) {
        ari_.applications().subscribe_channel(control_->application, channel_.unique_id());
        Application* application = ari_.applications().find(control_->application);
        if (!application) return;
        JsonArray list;
        for (const std::string& argument : arguments) list.emplace_back(argument);
        JsonObject event;
        event["args"] = std::move(list);
        event["channel"] = channel_json(ari_, channel_);
        ari_.applications().send(*application, "StasisStart", std::move(event));
    }
    void leave() {
        if (Application* application = ari_.applications().find(control_->application))
            ari_.applications().send(*application, "StasisEnd", {{"channel", channel_json(ari_, channel_)}});
        // Who hears that it ended hears that it is gone, too.
        if (!channel_.hung_up()) ari_.applications().unsubscribe_channel(control_->application, channel_.unique_id());
    }

  private:
    std::map<std::uint64_t, std::shared_ptr<Control>>& controls_;
    Ari& ari_;
    Channel& channel_;
    std::shared_ptr<Control> control_;
};

// What the far side of a channel that /dial called tells, as Dial events.
void tell_dial(Control& control, Channel& channel, const ChannelEvent& event) {
    using Kind = ChannelEvent::Kind;
    if (!control.dialled) return;
    const auto found = find_channel(control.caller);
    Channel* caller = found ? &found->get() : nullptr;
    if (event.kind == Kind::ringing) publish(DialStateChanged{caller, channel, "RINGING"});
    if (event.kind == Kind::progress) publish(DialStateChanged{caller, channel, "PROGRESS"});
    if (event.kind == Kind::proceeding) publish(DialStateChanged{caller, channel, "PROCEEDING"});
    if (event.kind != Kind::answered && event.kind != Kind::busy && event.kind != Kind::congestion) return;
    control.dialled = false;
    publish(DialEnded{caller,
                      channel,
                      event.kind == Kind::answered ? "ANSWER"
                      : event.kind == Kind::busy   ? "BUSY"
                                                   : "CONGESTION",
                      {}});
}

}  // namespace

Result<void> Control::go(Step step) {
    if (!steps.push(std::move(step))) return fail(ErrorCode::limit, "too much was asked of the channel at once");
    const auto found = find_channel(channel);
    if (found && found->get().bridge()) (void)found->get().bridge()->remove(found->get());
    return {};
}

Result<void> run_command(Channel& channel, std::move_only_function<Result<void>(Channel&)> command) {
    struct Outcome {
        Latch done;
        Result<void> result = fail(ErrorCode::hangup, "Channel hung up");
    };
    auto outcome = std::make_shared<Outcome>();
    // Set also when the command is dropped because the channel has ended.
    struct Setter {
        std::shared_ptr<Outcome> outcome;
        explicit Setter(std::shared_ptr<Outcome> of) : outcome(std::move(of)) {}
        Setter(Setter&&) noexcept = default;
        ~Setter() {
            if (outcome) outcome->done.set();
        }
    };
    JF_TRY(channel.post_work([setter = Setter(outcome), command = std::move(command)](Channel& on) mutable {
        setter.outcome->result = command(on);
        setter.outcome->done.set();
    }));
    JF_TRY(outcome->done.wait());
    return std::move(outcome->result);
}

std::shared_ptr<Control> Ari::control(Channel& channel) const {
    const auto found = controls_.find(channel.id().number);
    return found == controls_.end() ? nullptr : found->second;
}

Result<std::optional<Place>> Ari::run(Channel& channel, std::string application, std::vector<std::string> arguments) {
    if (!applications_.active(application))
        return fail(ErrorCode::not_found, "no client has connected the Stasis application {}", application);
    const auto keep = channel.share();
    auto control = std::make_shared<Control>();
    control->channel = channel.id();
    control->application = std::move(application);
    Stay stay(controls_, *this, channel, control);
    stay.enter(arguments);
    for (;;) {
        if (channel.hung_up()) return fail(ErrorCode::hangup);
        JF_TRY(select({&control->steps, &channel.events()}));
        while (const auto event = channel.events().try_pop()) tell_dial(*control, channel, *event);
        auto step = control->steps.try_pop();
        if (!step) continue;
        if (step->kind == Control::Step::Kind::leave) return std::move(step->place);
        if (step->kind == Control::Step::Kind::move) {
            stay.leave();
            control->application = step->application;
            stay.enter(step->arguments);
            continue;
        }
        const auto left = step->bridge->join(channel, step->options);
        if (!left && ends_application(left.error().code)) return std::unexpected(left.error());
        if (!left)
            log_warning("{} could not join bridge {}: {}", channel.name(), step->bridge->id(), left.error().text);
    }
}

Result<void> Ari::start(Custody custody, std::string application, std::vector<std::string> arguments) {
    const std::string name = custody->name();
    const CallId call_id = custody->call_id();
    return spawn({.name = name, .call_id = call_id},
                 [this, custody = std::move(custody), application = std::move(application),
                  arguments = std::move(arguments)]() mutable {
                     Channel& channel = custody.channel();
                     std::optional<Place> place;
                     {
                         const InterruptScope scope(custody.interrupter());
                         channel.application = "Stasis";
                         channel.application_arguments = application;
                         auto left = run(channel, std::move(application), std::move(arguments));
                         if (!left && left.error().code == ErrorCode::not_found)
                             log_warning("{}: {}", channel.name(), left.error().text);
                         if (!left && left.error().code != ErrorCode::redirected) return;
                         if (left) place = *left ? *std::move(*left) : channel.place();
                     }
                     if (!custody.holds() || channel.hung_up()) return;
                     if (auto redirection = channel.take_redirection()) place = std::move(redirection);
                     if (!place) return;
                     channel.place() = *std::move(place);
                     custody.renew("dialplan");
                     (void)start_dialplan(std::move(custody));
                 });
}

}  // namespace jackfield::ari
