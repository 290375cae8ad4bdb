// The calling side.
#include "tests/bench/load/caller.hpp"

#include <fmt/format.h>

#include <charconv>
#include <random>
#include <utility>

#include "tests/bench/load/timing.hpp"

namespace bench {

Caller::Caller(Loop& loop, const Settings& settings, MediaSide& media, bool with_media, std::function<void()> changed)
    : loop_(loop), settings_(settings), socket_(settings.local), media_(media), with_media_(with_media), changed_(std::move(changed)),
      run_(fmt::format("{:x}", std::random_device()())), host_(host_text(settings.local)), server_(address_text(settings.server)) {
    loop_.add(socket_, [this] { socket_.receive([this](const Datagram& packet) { take(packet); }); });
    retransmit_kind_ = loop_.timer_kind([this](std::uint64_t number) { retransmit(number); });
    hold_kind_ = loop_.timer_kind([this](std::uint64_t index) {
        if (calls_[index].state == State::up) end(index);
    });
    give_up_kind_ = loop_.timer_kind([this](std::uint64_t index) {
        Call& call = calls_[index];
        if (call.state != State::inviting && call.state != State::proceeding) return;
        if (call.state == State::proceeding)
            socket_.queue(settings_.server, head("CANCEL", index, called(index), "i") + "Content-Length: 0\r\n\r\n");
        fail(call, "timeout");
    });
}

std::string Caller::called(std::size_t index) const {
    std::string number = settings_.number;
    if (const auto place = number.find('#'); place != number.npos) number.replace(place, 1, fmt::format("{:05}", index));
    return fmt::format("sip:{}@{}", number, server_);
}

// Request line to CSeq. The branch is the same for INVITE, CANCEL and the ACK of a refusal (RFC 3261 9.1, 17.1.1.3).
std::string Caller::head(std::string_view method, std::size_t index, std::string_view uri, std::string_view branch) const {
    const Call& call = calls_[index];
    const std::string to = call.to.empty() ? fmt::format("<{}>", called(index)) : call.to;
    return fmt::format("{0} {1} SIP/2.0\r\nVia: SIP/2.0/UDP {2};rport;branch=z9hG4bK{3}.{4}.{5}\r\n{6}Max-Forwards: 70\r\n"
                       "From: <sip:{7}@{8}>;tag={3}.{4}\r\nTo: {9}\r\nCall-ID: {4}.{3}@{8}\r\nCSeq: {10} {0}\r\n",
                       method, uri, address_text(settings_.local), run_, index, branch, call.routes, settings_.user, host_, to,
                       method == "BYE" ? 2 : 1);
}

void Caller::place(std::size_t step, Time scheduled) {
    if (active_ >= settings_.most) {
        ++figures_.held_back;
        fail(calls_.emplace_back(Call{.scheduled = scheduled, .step = step, .state = State::abandoned}), "held back");
        return;
    }
    const std::size_t index = calls_.size();
    Call& call = calls_.emplace_back(Call{.scheduled = scheduled, .step = step});
    const std::string body = media_.session_description(index);
    call.last = head("INVITE", index, called(index), "i") +
                fmt::format("Contact: <sip:{0}@{1}>\r\nUser-Agent: jackfield_load\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n"
                            "Supported: replaces\r\nContent-Type: application/sdp\r\nContent-Length: {2}\r\n\r\n",
                            settings_.user, address_text(settings_.local), body.size()) + body;
    figures_.bytes_in_invite = call.last.size();
    ++figures_.placed;
    ++active_;
    call.interval = timer_t1;
    socket_.queue(settings_.server, call.last);
    arm(index, call);
    loop_.at(scheduled + timer_b, give_up_kind_, index);
}

void Caller::arm(std::size_t index, Call& call) {
    loop_.at(std::chrono::steady_clock::now() + call.interval, retransmit_kind_, (static_cast<std::uint64_t>(call.epoch) << 40) | index);
}

void Caller::retransmit(std::uint64_t number) {
    const std::size_t index = number & ((1ull << 40) - 1);
    Call& call = calls_[index];
    if (call.epoch != number >> 40 || (call.state != State::inviting && call.state != State::ending)) return;
    call.interval *= 2;
    if (call.interval > timer_b) return call.state == State::ending ? fail(call, "timeout of BYE") : void();
    if (call.state == State::ending) call.interval = std::min(call.interval, timer_t2);
    ++figures_.retransmitted;
    ++schedule_->step(call.step).retransmitted;
    socket_.queue(settings_.server, call.last);
    arm(index, call);
}

void Caller::take(const Datagram& packet) {
    const auto message = parse_sip({packet.data.data(), packet.data.size()});
    if (!message) return;
    message->request() ? take_request(*message) : take_response(*message);
}

Caller::Call* Caller::call_of(std::string_view call_id, std::size_t& index) {
    const auto dot = call_id.find('.');
    if (dot == call_id.npos || !call_id.substr(dot + 1).starts_with(run_)) return nullptr;
    std::from_chars(call_id.data(), call_id.data() + dot, index);
    return index < calls_.size() ? &calls_[index] : nullptr;
}

// In-dialog requests of the server: BYE ends the call, re-INVITE gets our description again, the rest is taken.
void Caller::take_request(const SipView& message) {
    if (message.method == "ACK") return;
    std::size_t index = 0;
    Call* call = call_of(message.call_id, index);
    const bool description = call && message.method == "INVITE";
    const std::string body = description ? media_.session_description(index) : std::string();
    socket_.queue(settings_.server,
                  fmt::format("SIP/2.0 {}\r\n{}From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {}\r\n{}Content-Length: {}\r\n\r\n{}",
                              call || message.method == "OPTIONS" ? "200 OK" : "481 No such call", message.vias, message.from, message.to,
                              message.call_id, message.sequence, message.method,
                              description ? fmt::format("Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n", settings_.user,
                                                        address_text(settings_.local)) : std::string(), body.size(), body));
    if (!call || message.method != "BYE") return;
    if (call->state == State::ended) ++figures_.retransmissions_seen;
    if (call->state != State::up) return;
    ++figures_.cut_off;
    close(*call, State::ended);
}

void Caller::take_response(const SipView& message) {
    std::size_t index = 0;
    Call* call = call_of(message.call_id, index);
    if (!call) return;
    if (message.method == "BYE") {
        if (message.status < 200) return;
        if (call->state != State::ending) return void(++figures_.retransmissions_seen);
        message.status < 300 ? ++figures_.finished : ++figures_.cut_off;
        return close(*call, State::ended);
    }
    if (message.method != "INVITE") return;
    if (message.status < 200) {
        if (call->state == State::inviting) call->state = State::proceeding;
        return;
    }
    message.status < 300 ? answered(index, message) : refused(index, message);
}

// RFC 3261 13.2.2.4: each 2xx gets its ACK, a retransmitted one too.
void Caller::answered(std::size_t index, const SipView& message) {
    Call& call = calls_[index];
    const bool first = call.state == State::inviting || call.state == State::proceeding, late = call.state == State::abandoned;
    if (first || late) {
        call.to = message.to;
        call.target = uri_of(message.contact);
        call.routes = reversed_routes(message.routes);
        call.last.clear();
    }
    if (!first && !late) ++figures_.retransmissions_seen;
    if (call.state == State::ended) return;  // acknowledged before; the BYE has ended the server's retransmissions
    socket_.queue(settings_.server, head("ACK", index, call.target, "k") + "Content-Length: 0\r\n\r\n");
    if (late) return end(index);
    if (!first) return;
    call.state = State::up;
    ++up_;
    ++figures_.answered;
    Step& step = schedule_->step(call.step);
    ++step.answered;
    const Time now = std::chrono::steady_clock::now();
    step.latency.add(now - call.scheduled - settings_.ringing);
    if (const auto remote = audio_address(message.body); remote && with_media_) {
        call.flow = media_.start(index, *remote);
        call.flowing = true;
    }
    if (settings_.hold >= std::chrono::nanoseconds(0)) loop_.at(now + settings_.hold, hold_kind_, index);
    changed_();
}

void Caller::refused(std::size_t index, const SipView& message) {
    Call& call = calls_[index];
    const std::string to = std::exchange(call.to, std::string(message.to));
    socket_.queue(settings_.server, head("ACK", index, called(index), "i") + "Content-Length: 0\r\n\r\n");
    call.to = to;
    if (call.state == State::inviting || call.state == State::proceeding) return fail(call, std::to_string(message.status));
    if (call.state != State::abandoned) ++figures_.retransmissions_seen;
}

void Caller::end(std::size_t index) {
    Call& call = calls_[index];
    stop_media(call);
    if (call.state == State::up) --up_;
    if (call.state == State::abandoned) ++active_;  // it goes through its BYE after all
    call.state = State::ending;
    call.last = head("BYE", index, call.target, "b") + "Content-Length: 0\r\n\r\n";
    ++call.epoch;
    call.interval = timer_t1;
    socket_.queue(settings_.server, call.last);
    arm(index, call);
}

void Caller::fail(Call& call, const std::string& reason) {
    ++figures_.failed;
    Step& step = schedule_->step(call.step);
    ++step.failed;
    ++step.failures[reason];
    close(call, State::abandoned);
}

void Caller::close(Call& call, State state) {
    stop_media(call);
    if (call.state == State::up) --up_;
    if (call.state != State::abandoned) --active_;
    call.state = state;
    ++call.epoch;
    call.last = {};
    changed_();
}

void Caller::stop_media(Call& call) {
    if (call.flowing) media_.stop(call.flow);
    call.flowing = false;
}

void Caller::end_all() {
    for (std::size_t index = 0; index < calls_.size(); ++index) {
        const State state = calls_[index].state;
        if (state == State::up) end(index);
        if (state == State::inviting || state == State::proceeding) loop_.at(std::chrono::steady_clock::now(), give_up_kind_, index);
    }
}

}  // namespace bench
