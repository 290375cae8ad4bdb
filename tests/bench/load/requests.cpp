// Registrations with digest, or OPTIONS, by a schedule.
#include "tests/bench/load/requests.hpp"

#include <fmt/format.h>

#include <charconv>
#include <random>

#include "tests/bench/load/timing.hpp"

namespace bench {

Requests::Requests(Loop& loop, const Settings& settings, std::function<void()> changed)
    : loop_(loop), settings_(settings), socket_(settings.local), changed_(std::move(changed)),
      run_(fmt::format("{:x}", std::random_device()())), host_(host_text(settings.server)) {
    loop_.add(socket_, [this] { socket_.receive([this](const Datagram& packet) { take(packet); }); });
    retransmit_kind_ = loop_.timer_kind([this](std::uint64_t number) { retransmit(number); });
}

std::string Requests::user_of(std::size_t index) const {
    std::string user = settings_.user;
    if (const auto place = user.find('#'); place != user.npos) user.replace(place, 1, fmt::format("{:06}", index % settings_.users));
    return user;
}

void Requests::begin(std::size_t step, Time scheduled) {
    requests_.push_back(Request{.scheduled = scheduled, .step = step});
    ++active_;
    ++figures_.sent;
    send(requests_.size() - 1, "");
}

void Requests::send(std::size_t index, const std::string& authorization) {
    Request& request = requests_[index];
    const bool registration = settings_.kind == Kind::registration;
    const std::string_view method = registration ? "REGISTER" : "OPTIONS";
    const std::string user = user_of(index), local = address_text(settings_.local);
    request.text = fmt::format("{0} sip:{1} SIP/2.0\r\nVia: SIP/2.0/UDP {2};rport;branch=z9hG4bK{3}.{4}.{5}\r\nMax-Forwards: 70\r\n"
                               "From: <sip:{6}@{1}>;tag={3}.{4}\r\nTo: <sip:{6}@{1}>\r\nCall-ID: {4}.{3}@{7}\r\nCSeq: {5} {0}\r\n"
                               "Contact: <sip:{6}@{2}>\r\nUser-Agent: jackfield_load\r\n",
                               method, host_, local, run_, index, request.sequence, user, host_text(settings_.local));
    if (registration) request.text += fmt::format("Expires: {}\r\n", settings_.expires);
    if (!authorization.empty()) request.text += fmt::format("Authorization: {}\r\n", authorization);
    request.text += "Content-Length: 0\r\n\r\n";
    request.interval = timer_t1;
    request.waited = {};
    socket_.queue(settings_.server, request.text);
    arm(index);
}

void Requests::arm(std::size_t index) {
    const Request& request = requests_[index];
    loop_.at(std::chrono::steady_clock::now() + request.interval, retransmit_kind_, (static_cast<std::uint64_t>(request.sequence) << 40) | index);
}

void Requests::retransmit(std::uint64_t number) {
    const std::size_t index = number & ((1ull << 40) - 1);
    Request& request = requests_[index];
    if (request.over || request.sequence != number >> 40) return;
    request.waited += request.interval;
    if (request.waited >= timer_b) return close(request, "timeout");
    request.interval = std::min(2 * request.interval, timer_t2);
    ++figures_.retransmitted;
    ++schedule_->step(request.step).retransmitted;
    socket_.queue(settings_.server, request.text);
    arm(index);
}

void Requests::take(const Datagram& packet) {
    const auto message = parse_sip({packet.data.data(), packet.data.size()});
    if (!message) return;
    if (!message->request()) return take_response(*message);
    ++figures_.asked;  // OPTIONS of a server that asks its contacts whether they are there
    if (message->method != "ACK")
        socket_.queue(packet.from, fmt::format("SIP/2.0 200 OK\r\n{}From: {}\r\nTo: {};tag=load\r\nCall-ID: {}\r\nCSeq: {} {}\r\nContent-Length: 0\r\n\r\n",
                                               message->vias, message->from, message->to, message->call_id, message->sequence, message->method));
}

void Requests::take_response(const SipView& message) {
    std::size_t index = 0;
    const auto dot = message.call_id.find('.');
    if (dot == message.call_id.npos || !message.call_id.substr(dot + 1).starts_with(run_) || message.status < 200) return;
    std::from_chars(message.call_id.data(), message.call_id.data() + dot, index);
    if (index >= requests_.size()) return;
    Request& request = requests_[index];
    if (request.over || request.sequence != message.sequence) return void(++figures_.retransmissions_seen);
    if (message.status == 401 && request.sequence == 1) {
        const std::string answer = digest_answer(message.authenticate, message.method, fmt::format("sip:{}", host_), user_of(index), settings_.password);
        ++figures_.challenged;
        ++request.sequence;
        if (!answer.empty()) return send(index, answer);
    }
    close(request, message.status < 300 ? "" : std::to_string(message.status));
}

void Requests::close(Request& request, const std::string& failure) {
    request.over = true;
    request.text = {};
    --active_;
    Step& step = schedule_->step(request.step);
    if (failure.empty()) {
        ++figures_.succeeded;
        ++step.answered;
        step.latency.add(std::chrono::steady_clock::now() - request.scheduled);
    } else {
        ++figures_.failed;
        ++step.failed;
        ++step.failures[failure];
    }
    changed_();
}

}  // namespace bench
