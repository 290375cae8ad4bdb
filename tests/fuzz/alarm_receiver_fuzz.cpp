// Alarm panels: any keys at any times. Input: a key a byte, and bytes above 127 for time that passes (10 ms each above it).
#include <cstdint>
#include <cstdlib>

#include "apps/alarm_receiver/receiver.hpp"

using namespace jackfield;
using namespace jackfield::alarm;
using Step = Receiver::Step;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr unsigned most = 3;
    Instant now{};
    Receiver::Limits limits;
    limits.reports = most;
    Receiver receiver(limits, now);
    for (std::size_t i = 0; i < size; ++i) {
        Step step;
        while ((step = receiver.step(now)) == Step::handshake || step == Step::accept) {
            if (step == Step::accept && !read_report(receiver.report().digits) && receiver.report().digits.find_first_of("BCDEF") == std::string::npos)
                std::abort();  // what was taken can be read again, where the digits are the keys
            receiver.sent(now);
        }
        if (step == Step::end) break;
        if (receiver.until() <= now) std::abort();  // listening must get on
        if (bytes[i] > 127) now += std::chrono::milliseconds(10 * (bytes[i] - 127));
        else receiver.digit(static_cast<char>(bytes[i]), now);
    }
    if (receiver.counts().reports > most) std::abort();
    return 0;
}
