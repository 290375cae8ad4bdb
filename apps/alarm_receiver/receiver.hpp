// What alarm panels say by DTMF and whose turn it is: Ademco Contact ID (SIA DC-05-1999.09) and Ademco's Express and High Speed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace jackfield::alarm {

// A message whose checksum is right.
struct Report {
    std::string_view protocol;  // "ADEMCO_CONTACT_ID"
    std::string digits;         // with the checksum; the keys * # A B C as the digits B to F that they stand for
};

constexpr std::size_t longest_message = 16;
// How many keys a message has that begins so; longest_message until that can be told. Pure.
std::size_t message_length(std::string_view keys);
// Pure. Errors: invalid (length or key that no protocol has), refused (checksum).
Result<Report> read_report(std::string_view keys);

// The receiver's side of a call as a state machine without a clock or a channel of its own: the caller does what step()
// says and tells it what came. Times are of Clock.
class Receiver {
  public:
    struct Limits {
        std::chrono::milliseconds first_digit{2000};  // of silence before the handshake is sent again
        std::chrono::milliseconds next_digit{200};    // of silence that ends a message
        std::optional<std::chrono::milliseconds> call;
        std::optional<unsigned> retries, reports;     // after so many failed attempts, or messages taken, it ends
    };
    enum class Step : unsigned char {
        handshake,  // play it, then sent()
        listen,     // until() at the longest, for digit()
        accept,     // keep report(), then play the kiss-off and call sent(); or not_kept()
        end,
    };
    Receiver(Limits limits, Instant now);
    Step step(Instant now);
    Instant until() const;
    void digit(char key, Instant now);
    void sent(Instant now);      // what step() said has been played to its end
    void not_kept(Instant now);  // the report is not acknowledged, so that the panel repeats it
    const Report& report() const { return report_; }

    struct Counts {
        unsigned reports = 0, wrong_checksums = 0, wrong_formats = 0, silences = 0;
        unsigned retries() const { return wrong_checksums + wrong_formats + silences; }
    };
    const Counts& counts() const { return counts_; }
    const std::string& fault() const { return fault_; }  // why the latest attempt brought no report

  private:
    enum class State : unsigned char { greeting, waiting, accepting, over };
    void judge(Instant now);
    void wait_again(Instant now);

    Limits limits_;
    std::optional<Instant> end_;
    State state_ = State::greeting;
    Instant deadline_{};  // while waiting
    std::string keys_;
    Report report_;
    Counts counts_;
    std::string fault_;
};

}  // namespace jackfield::alarm
