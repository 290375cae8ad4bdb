// Finds feature codes among keys pressed; what belongs to no code comes out again, each key exactly once.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace jackfield {

// Pure; the owner keeps the time and calls expire() when the pause after a key has become too long.
class CodeCollector {
  public:
    struct Key {
        char key;
        std::chrono::milliseconds length;
    };
    struct Outcome {
        std::vector<Key> unmatched;           // to be passed on, in order, before the match is acted upon
        std::optional<std::size_t> matched;   // position in the codes
    };

    // Only while empty().
    void set_codes(std::vector<std::string> codes) { codes_ = std::move(codes); }
    bool empty() const { return kept_.empty(); }
    Outcome feed(char key, std::chrono::milliseconds length);
    Outcome expire();

  private:
    struct Match {
        std::optional<std::size_t> exact;
        bool longer = false;                  // a code goes on after these keys
    };
    Match match() const;

    std::vector<std::string> codes_;
    std::vector<Key> kept_;
};

}  // namespace jackfield
