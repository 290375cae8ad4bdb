#include "apps/detect/machine_detector.hpp"

#include <fmt/core.h>

namespace jackfield::amd {

bool MachineDetector::decide(const char* status, std::string cause) {
    status_ = status;
    cause_ = std::move(cause);
    return true;
}

bool MachineDetector::passed(std::chrono::milliseconds step) {
    total_ += step;
    return total_ >= settings_.total_analysis_time && decide("NOTSURE", fmt::format("TOOLONG-{}", total_.count()));
}

bool MachineDetector::hear_silence(std::chrono::milliseconds silence, std::chrono::milliseconds step) {
    if (passed(step)) return true;
    if (silence >= settings_.between_words_silence) {
        in_word_ = false;
        word_ = {};
    }
    if (initial_silence_ && silence >= settings_.initial_silence)
        return decide("MACHINE", fmt::format("INITIALSILENCE-{}-{}", silence.count(), settings_.initial_silence.count()));
    if (greeting_ && silence >= settings_.after_greeting_silence)
        return decide("HUMAN", fmt::format("HUMAN-{}-{}", silence.count(), settings_.after_greeting_silence.count()));
    return false;
}

bool MachineDetector::hear_voice(std::chrono::milliseconds step) {
    if (passed(step)) return true;
    word_ += step;
    voice_ += step;
    const bool whole_word = word_ >= settings_.min_word_length;
    if (whole_word && !in_word_) {
        ++words_;
        in_word_ = true;
    }
    if (word_ >= settings_.maximum_word_length) return decide("MACHINE", fmt::format("MAXWORDLENGTH-{}", word_.count()));
    if (words_ > settings_.maximum_number_of_words)
        return decide("MACHINE", fmt::format("MAXWORDS-{}-{}", words_, settings_.maximum_number_of_words));
    if (greeting_ && voice_ >= settings_.greeting)
        return decide("MACHINE", fmt::format("LONGGREETING-{}-{}", voice_.count(), settings_.greeting.count()));
    if (whole_word) {
        initial_silence_ = false;
        greeting_ = true;
    }
    return false;
}

}  // namespace jackfield::amd
