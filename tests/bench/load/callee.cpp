// The answering side.
#include "tests/bench/load/callee.hpp"

#include <fmt/format.h>

#include "tests/bench/load/timing.hpp"

namespace bench {

Callee::Callee(Loop& loop, const Settings& settings, MediaSide& media, bool with_media)
    : loop_(loop), settings_(settings), socket_(settings.local), media_(media), with_media_(with_media) {
    loop_.add(socket_, [this] { socket_.receive([this](const Datagram& packet) { take(packet); }); });
    answer_kind_ = loop_.timer_kind([this](std::uint64_t index) { answer(index); });
    retransmit_kind_ = loop_.timer_kind([this](std::uint64_t index) { retransmit(index); });
}

void Callee::take(const Datagram& packet) {
    const auto message = parse_sip({packet.data.data(), packet.data.size()});
    if (!message || !message->request()) return;
    const auto known = by_call_id_.find(std::string(message->call_id));
    if (known == by_call_id_.end()) {
        if (message->method == "INVITE") return invite(*message, packet.from);
        if (message->method != "ACK") respond(*message, message->method == "OPTIONS" ? "200 OK" : "481 No such call", packet.from);
        return;
    }
    const std::size_t index = known->second;
    if (message->method == "ACK") return acknowledged(index, *message);
    if (message->method == "INVITE") return invite_again(index, *message, packet.from);
    if (message->method == "CANCEL") return cancel(index, *message, packet.from);
    respond(*message, "200 OK", packet.from);
    if (message->method == "BYE") bye(index, message->call_id);
}

void Callee::respond(const SipView& request, std::string_view status, const sockaddr_in& to) {
    socket_.queue(to, fmt::format("SIP/2.0 {}\r\n{}From: {}\r\nTo: {}{}\r\nCall-ID: {}\r\nCSeq: {} {}\r\nContent-Length: 0\r\n\r\n", status,
                                  request.vias, request.from, request.to, has_tag(request.to) ? "" : ";tag=load", request.call_id,
                                  request.sequence, request.method));
}

void Callee::invite(const SipView& message, const sockaddr_in& from) {
    const std::size_t index = dialogs_.size();
    Dialog& dialog = dialogs_.emplace_back();
    by_call_id_.emplace(message.call_id, index);
    ++figures_.invited;
    dialog.peer = from;
    dialog.media = audio_address(message.body);
    const std::string routes = message.routes.empty() ? "" : fmt::format("Record-Route: {}\r\n", message.routes);
    const auto head = [&](std::string_view tag) {
        return fmt::format("{}{}From: {}\r\nTo: {}{}\r\nCall-ID: {}\r\nCSeq: {} INVITE\r\n", message.vias, routes, message.from, message.to, tag,
                           message.call_id, message.sequence);
    };
    socket_.queue(from, "SIP/2.0 100 Trying\r\n" + head("") + "Content-Length: 0\r\n\r\n");
    dialog.head = head(";tag=" + tag(index)) + fmt::format("Contact: <sip:callee@{}>\r\n", address_text(settings_.local));
    dialog.last = "SIP/2.0 180 Ringing\r\n" + dialog.head + "Content-Length: 0\r\n\r\n";
    socket_.queue(from, dialog.last);
    if (settings_.ringing == std::chrono::nanoseconds(0)) return answer(index);
    loop_.at(std::chrono::steady_clock::now() + settings_.ringing, answer_kind_, index);
}

void Callee::answer(std::size_t index) {
    Dialog& dialog = dialogs_[index];
    if (dialog.state != State::ringing) return;
    const std::string body = media_.session_description(index);
    dialog.last = fmt::format("SIP/2.0 200 OK\r\n{}Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\nSupported: replaces\r\n"
                              "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{}", dialog.head, body.size(), body);
    dialog.state = State::answered;
    dialog.interval = timer_t1;
    ++figures_.answered;
    socket_.queue(dialog.peer, dialog.last);
    loop_.at(std::chrono::steady_clock::now() + dialog.interval, retransmit_kind_, index);
}

// RFC 3261 13.3.1.4: the 2xx is repeated until its ACK comes, over UDP with T1 doubled up to T2.
void Callee::retransmit(std::size_t index) {
    Dialog& dialog = dialogs_[index];
    if (dialog.state != State::answered) return;
    dialog.interval *= 2;
    if (dialog.interval > timer_b) return void(++figures_.never_acknowledged);
    ++figures_.retransmitted;
    socket_.queue(dialog.peer, dialog.last);
    loop_.at(std::chrono::steady_clock::now() + std::min(dialog.interval, timer_t2), retransmit_kind_, index);
}

void Callee::invite_again(std::size_t index, const SipView& message, const sockaddr_in& from) {
    Dialog& dialog = dialogs_[index];
    if (!has_tag(message.to)) {
        ++figures_.retransmissions_seen;
        if (!dialog.last.empty()) socket_.queue(from, dialog.last);
        return;
    }
    const std::string body = media_.session_description(index);
    socket_.queue(from, fmt::format("SIP/2.0 200 OK\r\n{}From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} INVITE\r\nContact: <sip:callee@{}>\r\n"
                                    "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{}", message.vias, message.from, message.to,
                                    message.call_id, message.sequence, address_text(settings_.local), body.size(), body));
}

void Callee::acknowledged(std::size_t index, const SipView& message) {
    Dialog& dialog = dialogs_[index];
    if (dialog.state != State::answered) return;
    dialog.state = State::up;
    dialog.head = dialog.last = {};
    ++figures_.acknowledged;
    ++up_;
    if (!dialog.media) dialog.media = audio_address(message.body);  // our 200 had the offer
    if (!with_media_ || !dialog.media) return;
    dialog.flow = media_.start(index, *dialog.media);
    dialog.flowing = true;
}

void Callee::cancel(std::size_t index, const SipView& message, const sockaddr_in& from) {
    respond(message, "200 OK", from);
    Dialog& dialog = dialogs_[index];
    if (dialog.state != State::ringing) return;
    ++figures_.cancelled;
    dialog.last = "SIP/2.0 487 Request Terminated\r\n" + dialog.head + "Content-Length: 0\r\n\r\n";
    dialog.state = State::ended;
    socket_.queue(from, dialog.last);
    remember(message.call_id);
}

void Callee::bye(std::size_t index, std::string_view call_id) {
    Dialog& dialog = dialogs_[index];
    if (dialog.state == State::ended) return void(++figures_.retransmissions_seen);
    if (dialog.state == State::up) --up_;
    dialog.state = State::ended;
    dialog.head = dialog.last = {};
    if (dialog.flowing) media_.stop(dialog.flow);
    dialog.flowing = false;
    ++figures_.ended;
    remember(call_id);
}

// Its requests may be repeated for as long as their transactions last; then it is forgotten.
void Callee::remember(std::string_view call_id) {
    const Time now = std::chrono::steady_clock::now();
    old_.emplace_back(now, call_id);
    for (; old_.front().first + timer_b < now; old_.pop_front()) by_call_id_.erase(old_.front().second);
}

}  // namespace bench
