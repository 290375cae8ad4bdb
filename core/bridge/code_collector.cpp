// Feature codes among keys pressed.
#include "core/bridge/code_collector.hpp"

#include <utility>

namespace jackfield {

CodeCollector::Match CodeCollector::match() const {
    std::string keys;
    for (const auto& key : kept_) keys += key.key;
    Match found;
    for (std::size_t i = 0; i < codes_.size(); ++i) {
        if (codes_[i] == keys)
            found.exact = found.exact ? found.exact : i;
        else if (codes_[i].starts_with(keys))
            found.longer = true;
    }
    return found;
}

CodeCollector::Outcome CodeCollector::feed(char key, std::chrono::milliseconds length) {
    Outcome outcome;
    kept_.push_back({key, length});
    while (!kept_.empty()) {
        const auto found = match();
        if (found.longer) break;
        if (found.exact) {
            outcome.matched = found.exact;
            kept_.clear();
            break;
        }
        // A code may still begin with a later key: "##1" holds "#1".
        outcome.unmatched.push_back(kept_.front());
        kept_.erase(kept_.begin());
    }
    return outcome;
}

CodeCollector::Outcome CodeCollector::expire() {
    Outcome outcome;
    if (kept_.empty()) return outcome;
    if (const auto found = match(); found.exact)
        outcome.matched = found.exact;
    else
        outcome.unmatched = kept_;
    kept_.clear();
    return outcome;
}

}  // namespace jackfield
