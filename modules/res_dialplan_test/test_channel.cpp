// The technology Test/: callers and dialled destinations that exist only in a call script.
#include "modules/res_dialplan_test/test_channel.hpp"

#include <algorithm>

#include "core/base/generation.hpp"

namespace jackfield::dialplan_test {
namespace {

using Outcome = Destination::Outcome;
constexpr std::chrono::milliseconds soon{1};  // not within the call that makes the channel
constexpr std::chrono::seconds patience{30};  // with a busy tone

}  // namespace

Result<void> TestChannel::call() {
    later(std::chrono::milliseconds::zero(), &TestChannel::ring);
    return {};
}

Result<void> TestChannel::indicate(Indication indication) {
    const bool refused = indication == Indication::busy || indication == Indication::congestion;
    if (!destination_ && refused) later(patience, &TestChannel::talked);
    return {};
}

void TestChannel::ring() {
    const Outcome outcome = destination_ ? destination_->outcome : Outcome::no_answer;
    if (outcome == Outcome::busy) return end(HangupCause::user_busy);
    if (outcome == Outcome::congestion) return end(HangupCause::normal_circuit_congestion);
    channel().remote_event({ChannelEvent::Kind::ringing});
    if (outcome == Outcome::answered) later(destination_->after, &TestChannel::answered);
}

void TestChannel::answered() {
    later(destination_->talks, &TestChannel::talked);
    channel().remote_answered();
}

void TestChannel::end(HangupCause cause) {
    next_.reset();
    channel().remote_hung_up(cause);
}

void TestChannel::later(std::chrono::milliseconds time, void (TestChannel::*what)()) {
    const auto real = std::max<std::chrono::nanoseconds>(soon, std::chrono::nanoseconds(time) / speed_);
    auto timer = std::make_unique<Timer>([this, what] { (this->*what)(); });
    timer->start(real);
    next_ = std::move(timer);
}

DriverChannelMade test_half(std::unique_ptr<TestChannel> channel, std::string_view name) {
    DriverChannelMade made;
    made.channel = std::move(channel);
    made.name = fmt::format("Test/{}-{}", name, new_channel_suffix());
    StreamInfo audio;
    audio.formats.add({.codec = linear_codec({8000})});
    made.topology.push_back(std::move(audio));
    return made;
}

Result<DriverChannelMade> TestDriver::request(const DialRequest& request, HangupCause& cause) {
    auto destination = find_ ? find_(request.destination) : std::nullopt;
    if (!destination || destination->outcome == Outcome::unavailable) {
        cause = HangupCause::subscriber_absent;
        return fail(ErrorCode::not_found, "{} is unavailable in this test", request.destination);
    }
    return test_half(std::make_unique<TestChannel>(*std::move(destination), speed_), request.destination);
}

}  // namespace jackfield::dialplan_test
