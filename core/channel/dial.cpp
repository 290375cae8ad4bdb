// Dialing: legs, their events and outcomes.
#include "core/channel/dial.hpp"

#include <array>

#include "core/base/strings.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/channel_private.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

namespace {

constexpr std::array<std::string_view, 9> outcome_names{"ANSWER", "BUSY",        "NOANSWER", "CONGESTION", "CHANUNAVAIL",
                                                        "CANCEL", "INVALIDARGS", "DONTCALL", "TORTURE"};

Channel* caller_of(ChannelId id) {
    auto found = find_channel(id);
    return found ? &found->get() : nullptr;
}

DialLeg* first_leg = nullptr;

}  // namespace

std::string_view to_string(DialOutcome outcome) { return outcome_names[static_cast<std::size_t>(outcome)]; }

DialOutcome outcome_of(HangupCause cause) {
    switch (cause) {
        case HangupCause::user_busy: return DialOutcome::busy;
        case HangupCause::normal_circuit_congestion: return DialOutcome::congestion;
        case HangupCause::no_answer:
        case HangupCause::normal_clearing: return DialOutcome::no_answer;
        case HangupCause::answered_elsewhere: return DialOutcome::cancel;
        default: return DialOutcome::chan_unavail;
    }
}

Result<std::vector<DialRequest>> parse_dial_string(std::string_view text) {
    std::vector<DialRequest> requests;
    for (const auto part : split(text, '&')) {
        const auto [technology, destination, slash] = split_once(trim(part), '/');
        if (!slash || technology.empty() || destination.empty())
            return fail(ErrorCode::invalid, "'{}' in the dial string '{}' is not Technology/Resource", part, text);
        DialRequest request;
        request.technology = technology;
        request.destination = destination;
        requests.push_back(std::move(request));
    }
    return requests;
}

std::vector<DialRequest> expand_contacts(const std::vector<DialRequest>& requests) {
    std::vector<DialRequest> all;
    for (const auto& request : requests) {
        auto* slot = channel_drivers().find(request.technology);
        if (!slot) {
            all.push_back(request);
            continue;
        }
        const RunningGate in(slot->gate);
        for (auto& destination : (*slot->value)->expand(request.destination)) {
            auto contact = request;
            contact.destination = std::move(destination);
            all.push_back(std::move(contact));
        }
    }
    return all;
}

Result<std::unique_ptr<DialLeg>> DialLeg::start(DialRequest request, HangupCause& cause,
                                                const std::function<void(Channel&)>& prepare) {
    std::unique_ptr<DialLeg> leg(new DialLeg);
    leg->dial_string_ = request.technology + '/' + request.destination;
    if (request.requestor) leg->caller_ = request.requestor->id();
    leg->custody_ = JF_TRY(Channel::request(std::move(request), "dial " + leg->dial_string_, cause));
    Channel& called = leg->channel();
    if (prepare) prepare(called);
    called.set_state(ChannelState::dialing);
    publish(DialBegan{caller_of(leg->caller_), called, leg->dial_string_});
    auto calling = ChannelAccess::in_driver(called, [](DriverChannel& driver) { return driver.call(); });
    if (!calling) {
        cause = called.cause() == HangupCause::not_defined ? HangupCause::requested_chan_unavail : called.cause();
        leg->cause_ = leg->cancel_cause = cause;
        leg->finish(State::failed, to_string(outcome_of(cause)));
        return std::unexpected(std::move(calling).error());
    }
    return leg;
}

DialLeg::DialLeg() : listed_(true), next_(first_leg) {
    if (next_) next_->previous_ = this;
    first_leg = this;
}

void DialLeg::leave_list() {
    if (!std::exchange(listed_, false)) return;
    (previous_ ? previous_->next_ : first_leg) = next_;
    if (next_) next_->previous_ = previous_;
}

void for_each_dial_leg(const std::function<void(DialLeg&)>& visit) {
    for (DialLeg* leg = first_leg; leg; leg = leg->next_)
        if (leg->custody_) visit(*leg);
}

DialLeg* dial_leg_of(const Channel& channel) {
    for (DialLeg* leg = first_leg; leg; leg = leg->next_)
        if (leg->custody_ && &leg->channel() == &channel) return leg;
    return nullptr;
}

DialLeg::~DialLeg() {
    leave_list();
    if (!custody_) return;
    if (state_ != State::answered && state_ != State::failed) finish(State::failed, "CANCEL");
    custody_->hang_up(cancel_cause);
    custody_.release();
}

void DialLeg::finish(State state, std::string_view status) {
    state_ = state;
    if (std::exchange(told_end_, true)) return;
    publish(DialEnded{caller_of(caller_), channel(), std::string(status), {}});
}

std::optional<ChannelEvent> DialLeg::next_event() {
    if (!custody_) return {};
    auto event = custody_->events().try_pop();
    if (!event || state_ == State::answered || state_ == State::failed) return event;
    auto tell = [this](State state, std::string_view status) {
        if (state_ == state) return;
        state_ = state;
        publish(DialStateChanged{caller_of(caller_), channel(), std::string(status)});
    };
    switch (event->kind) {
        case ChannelEvent::Kind::proceeding:
            if (state_ == State::calling) tell(State::proceeding, "PROCEEDING");
            break;
        case ChannelEvent::Kind::ringing:
            tell(State::ringing, "RINGING");
            break;
        case ChannelEvent::Kind::progress:
            tell(State::progress, "PROGRESS");
            break;
        case ChannelEvent::Kind::answered:
            finish(State::answered, "ANSWER");
            break;
        case ChannelEvent::Kind::forwarded:
            if (!ignore_forward && !std::exchange(told_end_, true))
                publish(DialEnded{caller_of(caller_), channel(), "CANCEL", event->text});
            break;
        case ChannelEvent::Kind::busy:
        case ChannelEvent::Kind::congestion:
            cause_ = event->kind == ChannelEvent::Kind::busy ? HangupCause::user_busy
                                                             : HangupCause::normal_circuit_congestion;
            finish(State::failed, to_string(outcome_of(cause_)));
            break;
        case ChannelEvent::Kind::hung_up:
            cause_ = event->cause;
            finish(State::failed, to_string(outcome_of(cause_)));
            break;
        default:
            break;
    }
    return event;
}

Custody DialLeg::take(std::string holder) {
    custody_.renew(std::move(holder));
    leave_list();
    return std::move(custody_);
}

Result<void> DialLeg::substitute(Custody picking) {
    if (!custody_ || custody_->hung_up()) return fail(ErrorCode::closed, "the call to {} has ended", dial_string_);
    Channel& picker = picking.channel();
    if (picker.hung_up()) return fail(ErrorCode::hangup, "{} has been hung up", picker.name());
    JF_TRY(picker.answer());
    Channel& ours = channel();
    Channel::exchange(ours, picker);
    // Names follow the devices: who looks at the calls sees the phone that speaks.
    const auto device_name = picker.name();
    const auto rang_name = ours.name();
    picker.rename(device_name + "<PICKUP>");
    ours.rename(device_name);
    picker.rename(rang_name);
    std::swap(ours.caller(), picker.caller());
    ours.update_connected(ours.connected());
    picker.hang_up(HangupCause::answered_elsewhere);
    picking.release();
    ours.remote_answered();
    return {};
}

Result<Custody> originate(DialRequest request, std::chrono::milliseconds timeout, DialOutcome& outcome,
                          const std::function<void(Channel&)>& prepare) {
    HangupCause cause = HangupCause::not_defined;
    outcome = DialOutcome::chan_unavail;
    auto started = DialLeg::start(std::move(request), cause, prepare);
    if (!started) {
        outcome = outcome_of(cause);
        return std::unexpected(std::move(started).error());
    }
    auto& leg = **started;
    const auto end = Clock::now() + timeout;
    for (;;) {
        while (leg.next_event()) {
        }
        if (leg.state() == DialLeg::State::answered) {
            outcome = DialOutcome::answer;
            return leg.take("originate");
        }
        if (leg.state() == DialLeg::State::failed) {
            outcome = outcome_of(leg.cause());
            return fail(ErrorCode::failed, "{}: {}", leg.dial_string(), to_string(leg.cause()));
        }
        const auto left = std::max(Clock::duration::zero(), end - Clock::now());
        if (auto ready = select({&leg.events()}, left); !ready) {
            outcome = ready.error().code == ErrorCode::timeout ? DialOutcome::no_answer : DialOutcome::cancel;
            return std::unexpected(std::move(ready).error());
        }
    }
}

}  // namespace jackfield
