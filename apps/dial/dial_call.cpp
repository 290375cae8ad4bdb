// One run of Dial: calls the destinations, waits for the first answer, passes early media and identities on.
#include "apps/dial/dial_call.hpp"

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/bridge/features.hpp"
#include "core/dialplan/executor.hpp"
#include "core/media/music.hpp"
#include "core/media/tone.hpp"

namespace jackfield::dial {
namespace {

constexpr unsigned most_forwards = 20;  // of one Dial: enough for any real chain, an end for circles

}  // namespace

bool leave_by_digit(Channel& caller, char digit) {
    std::string context = caller.variable("EXITCONTEXT");
    if (context.empty()) context = caller.place().context;
    if (!extension_exists(caller, context, std::string(1, digit))) return false;
    go_to(caller, Place{context, std::string(1, digit), 1});
    return true;
}

DialCall::~DialCall() { end_others(nullptr); }

// Channel::request has told it of the caller: seen from the called side, the connected party is the caller, and its own
// identity is what was dialled.
void DialCall::prepare(Channel& called) {
    ConnectedIdentity& connected = called.connected();
    if (options_.has('f')) {
        const std::string text = options_.argument('f');
        if (text.empty()) {
            connected.id = PartyId::of(called.caller().id.number.text);
        } else {
            connected.id = PartyId::parse(text);
        }
    }
    if (options_.has('o')) {
        const std::string text = options_.argument('o');
        connected.id = text.empty() ? PartyId::of(caller_.caller().dnid) : PartyId::parse(text);
    }
    if (options_.has('u'))
        if (const auto presentation = parse_presentation(options_.argument('u')))
            connected.id.number.presentation = connected.id.name.presentation = *presentation;
    if (options_.has('s')) connected.id.tag = options_.argument('s');
    called.place().context = caller_.place().context;
    called.place().extension = caller_.place().extension;
    called.application = "AppDial";
    called.application_arguments = "(Outgoing Line)";
    inherit_features(caller_, called);
    if (options_.has('b'))
        if (auto done = run_gosub(called, caret_to_gosub(options_.argument('b'))); !done)
            log_warning("Dial option b on {}: {}", called.name(), done.error().text);
}

Result<void> DialCall::start_leg(DialRequest request) {
    const std::string dial_string = request.technology + "/" + request.destination;
    HangupCause cause = HangupCause::not_defined;
    auto leg = DialLeg::start(std::move(request), cause, [this](Channel& called) { prepare(called); });
    if (!leg) {
        if (ends_application(leg.error().code)) return std::unexpected(std::move(leg).error());
        log_notice("Dial from {} to {}: {}", caller_.name(), dial_string, leg.error().text);
        note_failure(cause == HangupCause::not_defined ? HangupCause::subscriber_absent : cause);
        return {};
    }
    (*leg)->ignore_forward = options_.has('i');
    (*leg)->cancel_cause = options_.cancel_cause;
    legs_.push_back(std::move(*leg));
    return {};
}

Result<void> DialCall::start(std::string_view destinations) {
    auto requests = JF_TRY(parse_dial_string(destinations));
    for (DialRequest& request : requests) {
        request.requestor = &caller_;
        if (!caller_.topology().empty()) request.formats = caller_.topology().front().formats;
        request.dialled = caller_.place().extension;
        const auto* driver = channel_drivers().find(request.technology);
        const auto expanded = driver ? (*driver->value)->expand(request.destination) : std::vector{request.destination};
        for (const std::string& destination : expanded) {
            DialRequest one = &destination == &expanded.back() ? std::move(request) : request;
            one.destination = destination;
            JF_TRY(start_leg(std::move(one)));
        }
        if (expanded.empty()) note_failure(HangupCause::subscriber_absent);
    }
    if (options_.has('m')) {
        JF_TRY(caller_.start_music(options_.argument('m')));
    } else if (options_.has('r') && !legs_.empty()) {
        rang_ = true;
        const std::string tone = options_.argument('r');
        const std::string* known = tone.empty() ? nullptr : tone_zones()->find(caller_.attributes().tone_zone, tone);
        if (known) {
            auto source = JF_TRY(make_tone(*known));
            caller_.media().play(std::move(source));  // until an answer or early media takes its place
        } else {
            JF_TRY(caller_.indicate(Indication::ringing));
        }
    }
    return {};
}

void DialCall::note_failure(HangupCause cause) {
    switch (outcome_of(cause)) {
        case DialOutcome::busy: saw_busy_ = true; break;
        case DialOutcome::congestion: saw_congestion_ = true; break;
        case DialOutcome::no_answer: saw_no_answer_ = true; break;
        default: break;
    }
    cause_ = cause;
}

void DialCall::drop(std::size_t place) {
    DialLeg& leg = *legs_[place];
    if (early_ == leg.channel().id()) {
        early_ = {};
        caller_.media().disconnect();
    }
    legs_.erase(legs_.begin() + static_cast<std::ptrdiff_t>(place));
}

void DialCall::early_media(DialLeg& leg) {
    // With several destinations the first one that has something to say is heard, as long as it lasts.
    if (early_ || options_.has('m') || options_.has('r')) return;
    caller_.stop_indication();
    if (auto connected = MediaStream::connect(caller_.media(), leg.channel().media()); !connected) {
        log_warning("Early media of {}: {}", leg.channel().name(), connected.error().text);
        return;
    }
    early_ = leg.channel().id();
    if (auto indicated = caller_.indicate(Indication::progress); !indicated)
        log_debug(1, "{} takes no progress: {}", caller_.name(), indicated.error().text);
    if (!options_.progress_digits.empty())
        leg.channel().send_digits(options_.progress_digits, std::chrono::milliseconds(100), std::chrono::milliseconds(100));
}

Result<void> DialCall::forward(std::size_t place, const std::string& destination) {
    Channel& called = legs_[place]->channel();
    if (legs_[place]->ignore_forward || ++forwards_ > most_forwards) {
        log_notice("{} wants the call forwarded to {}: not followed", called.name(), destination);
        note_failure(HangupCause::call_rejected);
        drop(place);
        return {};
    }
    log_verbose(3, "{} forwards the call to {}", called.name(), destination);
    DialRequest request;
    if (const Halves parts = split_once(destination, '/'); parts.found && channel_drivers().find(parts.first)) {
        request.technology = parts.first;
        request.destination = parts.second;
    } else {
        std::string context = caller_.variable("FORWARD_CONTEXT");
        if (context.empty()) context = called.place().context;
        request.technology = "Local";
        request.destination = destination.contains('@') ? destination : destination + "@" + context;
    }
    request.requestor = &caller_;
    request.dialled = split_once(destination, '@').first;
    if (!caller_.topology().empty()) request.formats = caller_.topology().front().formats;
    caller_.set_variable("FORWARDERNAME", called.name());
    drop(place);
    return start_leg(std::move(request));
}

Result<bool> DialCall::handle_events(std::size_t place) {
    DialLeg& leg = *legs_[place];
    while (auto event = leg.next_event()) {
        switch (event->kind) {
            case ChannelEvent::Kind::ringing:
                if (!rang_ && !early_ && !options_.has('m') && !options_.has('R')) {
                    rang_ = true;
                    JF_TRY(caller_.indicate(Indication::ringing));
                }
                break;
            case ChannelEvent::Kind::progress: early_media(leg); break;
            case ChannelEvent::Kind::proceeding:
                if (!rang_) JF_TRY(caller_.indicate(Indication::proceeding));
                break;
            case ChannelEvent::Kind::connected_line:
                if (!options_.has('I') && legs_.size() == 1) {
                    const CallerIdentity& called = leg.channel().caller();
                    caller_.update_connected({called.id, called.ani, "answer"});
                }
                break;
            case ChannelEvent::Kind::redirecting:
                if (!options_.has('I') && legs_.size() == 1) caller_.update_redirecting(leg.channel().redirecting());
                break;
            case ChannelEvent::Kind::forwarded: JF_TRY(forward(place, event->text)); return false;
            case ChannelEvent::Kind::answered: return true;
            case ChannelEvent::Kind::busy: note_failure(HangupCause::user_busy); drop(place); return false;
            case ChannelEvent::Kind::congestion:
                note_failure(event->cause == HangupCause::not_defined ? HangupCause::normal_circuit_congestion : event->cause);
                drop(place);
                return false;
            case ChannelEvent::Kind::hung_up: note_failure(event->cause); drop(place); return false;
            default: break;
        }
        if (leg.state() == DialLeg::State::answered) return true;  // by substitute()
    }
    return leg.state() == DialLeg::State::answered;
}

Result<bool> DialCall::caller_digit() {
    const auto digit = caller_.digits().try_pop();
    if (!digit) return false;
    if (options_.has('H') && *digit == '*') {
        outcome_ = DialOutcome::cancel;
        return true;
    }
    if (!options_.has('d') || !leave_by_digit(caller_, *digit)) return false;
    outcome_ = DialOutcome::cancel;
    return true;
}

void DialCall::end_others(DialLeg* winner) {
    for (auto& leg : legs_) {
        if (leg.get() == winner) continue;
        if (winner || options_.has('c')) leg->cancel_cause = HangupCause::answered_elsewhere;
        if (early_ == leg->channel().id()) {
            early_ = {};
            if (caller_.custody()) caller_.media().disconnect();
        }
    }
    std::erase_if(legs_, [&](const auto& leg) { return leg.get() != winner; });
}

Result<Custody> DialCall::wait() {
    const Instant deadline = Clock::now() + options_.timeout.value_or(std::chrono::hours(24 * 365));
    while (!legs_.empty()) {
        std::vector<Waitable*> what{&caller_.digits()};
        for (auto& leg : legs_) what.push_back(&leg->events());
        const auto left = options_.timeout ? Timeout(std::max(deadline - Clock::now(), Clock::duration(0))) : Timeout();
        auto ready = select(what, left);
        if (!ready) {
            outcome_ = ready.error().code == ErrorCode::timeout ? DialOutcome::no_answer : DialOutcome::cancel;
            if (ready.error().code != ErrorCode::timeout) return std::unexpected(std::move(ready).error());
            if (cause_ == HangupCause::not_defined) cause_ = HangupCause::no_answer;
            return Custody();
        }
        if (*ready == 0) {
            if (JF_TRY(caller_digit())) return Custody();
            continue;
        }
        DialLeg* leg = legs_[*ready - 1].get();
        if (!JF_TRY(handle_events(*ready - 1))) continue;
        outcome_ = DialOutcome::answer;
        answered_ = leg->dial_string();
        end_others(leg);
        Custody winner = leg->take();
        early_ = {};
        legs_.clear();
        return winner;
    }
    outcome_ = saw_busy_ ? DialOutcome::busy : saw_congestion_ ? DialOutcome::congestion
             : saw_no_answer_ ? DialOutcome::no_answer : DialOutcome::chan_unavail;
    return Custody();
}

}  // namespace jackfield::dial
