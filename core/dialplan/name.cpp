// Words that the dialplan repeats a lot, each kept once.
#include "core/dialplan/name.hpp"

#include <deque>
#include <mutex>
#include <unordered_map>

#include "core/base/strings.hpp"

namespace jackfield {

Name::Name() {
    static const Name empty{std::string_view()};
    entry_ = empty.entry_;
}

Name::Name(std::string_view text) {
    static std::mutex mutex;
    static std::deque<Entry> entries;
    static std::unordered_map<std::string_view, const Entry*> by_text;
    const std::lock_guard lock(mutex);
    if (const auto found = by_text.find(text); found != by_text.end()) {
        entry_ = found->second;
        return;
    }
    entry_ = &entries.emplace_back(Entry{std::string(text), static_cast<std::uint32_t>(entries.size())});
    by_text.emplace(entry_->text, entry_);
}

}  // namespace jackfield
