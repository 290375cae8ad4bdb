// One SIP call: its session timer (RFC 4028).
#include "channels/sip/ua/call.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {

// Of an INVITE, re-INVITE or UPDATE. False: it asked for what can't be, and is answered.
bool SipCall::session_agreed(IncomingRequest& request) {
    const int status = session_.judge(request.request());
    if (status == 0) return true;
    (void)request.send(status, context_.agent.response(request, status, {}, [&](MessageWriter& writer) {
        session_.write_refusal(writer, status);
        writer.finish();
    }));
    return false;
}

// After each 2xx to one of these.
void SipCall::session_refreshed() {
    session_refresh_ = false;
    const auto expires = session_.expires_after();
    if (!expires) return session_timer_.stop();
    session_ends_ = Clock::now() + *expires;
    session_timer_.start(session_.refresh_after().value_or(*expires));
}

void SipCall::session_due() {
    if (state_ != State::up) return;
    const Instant now = Clock::now();
    if (now >= session_ends_) {
        log_notice("{}: nobody has refreshed the session within {} s: the call is ended", channel().name(), session_.interval().count());
        return channel().hang_up(HangupCause::recovery_on_timer_expire);
    }
    session_timer_.start(session_ends_ - now);
    session_refresh_ = refresh_wanted_ = true;
    send_refresh();
}

}  // namespace jackfield::sip
