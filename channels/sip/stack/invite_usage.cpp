// What an INVITE adds to a dialog.
#include "channels/sip/stack/invite_usage.hpp"

#include <algorithm>

#include "core/base/generation.hpp"

namespace jackfield::sip {

using namespace std::chrono_literals;

void SuccessRepeater::start(std::string response, std::uint32_t cseq, const Flow& to,
                            const TransactionSettings& settings) {
    response_ = std::move(response);
    cseq_ = cseq;
    to_ = to;
    interval_ = settings.t1;
    longest_ = settings.t2;
    timers_.start(repeat_, interval_);
    timers_.start(timeout_, settings.linger());
}

bool SuccessRepeater::acknowledge(const Message& ack) {
    if (!waiting() || ack.cseq().number != cseq_) return false;
    stop();
    return true;
}

void SuccessRepeater::stop() {
    repeat_.stop();
    timeout_.stop();
    std::string().swap(response_);  // an assignment would keep its memory for as long as the call lasts
}

void SuccessRepeater::repeat() {
    (void)sender_.send(to_, response_);
    interval_ = std::min(interval_ * 2, longest_);
    timers_.start(repeat_, interval_);
}

void SuccessRepeater::give_up() {
    stop();
    user_.on_unacknowledged();
}

ReliableProvisionals::ReliableProvisionals(User& user, ServerHandle& handle, StackTimers& timers,
                                           const TransactionSettings& settings)
    : user_(user),
      handle_(handle),
      timers_(timers),
      t1_(settings.t1),
      linger_(settings.linger()),
      number_(static_cast<std::uint32_t>(random_number(0x7fff0000))) {}

Result<void> ReliableProvisionals::send(std::uint32_t number, int status, std::string response) {
    if (!handle_.active()) return fail(ErrorCode::closed, "The INVITE has its final response");
    if (queue_.size() == 16) return fail(ErrorCode::limit, "Too many provisional responses wait for a PRACK");
    cseq_ = handle_.request().cseq().number;
    queue_.push_back({number, status, std::move(response)});
    if (queue_.size() == 1) transmit();
    return {};
}

void ReliableProvisionals::transmit() {
    interval_ = t1_;
    timers_.start(repeat_, interval_);
    timers_.start(timeout_, linger_);
    (void)handle_.send(queue_.front().status, queue_.front().text);
}

void ReliableProvisionals::repeat() {
    if (!handle_.active()) return stop();
    (void)handle_.send(queue_.front().status, queue_.front().text);
    // RFC 3262 section 3: doubles without a ceiling.
    interval_ *= 2;
    timers_.start(repeat_, interval_);
}

void ReliableProvisionals::give_up() {
    stop();
    user_.on_unacknowledged_provisional();
}

bool ReliableProvisionals::awaits(const RAck& rack) const {
    return !queue_.empty() && rack.rseq == queue_.front().number && rack.cseq.number == cseq_ && rack.cseq.method == Method::invite;
}

bool ReliableProvisionals::acknowledge(const RAck& rack) {
    if (!awaits(rack)) return false;
    queue_.pop_front();
    repeat_.stop();
    timeout_.stop();
    if (!queue_.empty() && handle_.active()) transmit();
    return true;
}

void ReliableProvisionals::stop() {
    queue_.clear();
    repeat_.stop();
    timeout_.stop();
}

ReliableReceiver::Verdict ReliableReceiver::receive(std::uint32_t rseq) {
    if (last_ && rseq <= *last_) return Verdict::repeat;
    if (last_ && rseq != *last_ + 1) return Verdict::early;
    last_ = rseq;
    return Verdict::fresh;
}

NegotiationState::Admission NegotiationState::admit(bool is_invite) const {
    if (local_offer_ || (is_invite && local_invite_)) return Admission::glare;
    if (remote_offer_ || (is_invite && remote_invite_)) return Admission::too_early;
    return Admission::yes;
}

std::chrono::milliseconds NegotiationState::retry_delay(bool made_call_id, std::uint64_t random) {
    return made_call_id ? 2100ms + 10ms * (random % 191) : 10ms * (random % 201);
}

}  // namespace jackfield::sip
