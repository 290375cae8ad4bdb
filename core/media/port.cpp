// Ports: the way from a driver's code into the stream above it.
#include "core/media/port.hpp"

#include "core/media/stream_node.hpp"

namespace jackfield {

Port::Port() {
    if (Gate* const gate = running_gate()) pass_ = gate->hold();
}

void Port::receive(const Frame& frame) {
    if (receiver_) [[likely]]
        receiver_->receive_frame(frame);
}
void Port::receive_digit(const Digit& digit) {
    if (receiver_) receiver_->receive_digit(digit);
}
void Port::receive_feedback(const Feedback& feedback) {
    if (receiver_) receiver_->receive_feedback(feedback);
}
void Port::report(std::uint32_t driver_event) {
    if (receiver_) receiver_->receive_report(driver_event);
}

}  // namespace jackfield
