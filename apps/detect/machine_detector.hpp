// Tells a person from an answering machine by how the greeting sounds: a person says hello and waits.
#pragma once

#include <chrono>
#include <string>

namespace jackfield::amd {

// What AMD takes for granted; amd.conf and the application's arguments change it. Names as in amd.conf.
struct Settings {
    using Time = std::chrono::milliseconds;
    Time initial_silence{2500}, greeting{1500}, after_greeting_silence{800}, total_analysis_time{5000}, min_word_length{100},
        between_words_silence{50}, maximum_word_length{5000};
    unsigned maximum_number_of_words = 2, silence_threshold = 256;
};

// Pure; fed with what is heard, piece by piece.
class MachineDetector {
  public:
    explicit MachineDetector(const Settings& settings) : settings_(settings) {}

    // `silence`: that the silence has lasted so far; `step`: since the last call. True: decided, and no more is needed.
    bool hear_silence(std::chrono::milliseconds silence, std::chrono::milliseconds step);
    bool hear_voice(std::chrono::milliseconds step);

    const std::string& status() const { return status_; }  // AMDSTATUS: MACHINE, HUMAN, NOTSURE; empty: not yet
    const std::string& cause() const { return cause_; }    // AMDCAUSE: HUMAN-800-800

  private:
    bool decide(const char* status, std::string cause);
    bool passed(std::chrono::milliseconds step);

    const Settings settings_;
    std::chrono::milliseconds total_{0}, voice_{0}, word_{0};
    unsigned words_ = 0;
    bool in_word_ = true, initial_silence_ = true, greeting_ = false;
    std::string status_, cause_;
};

}  // namespace jackfield::amd
