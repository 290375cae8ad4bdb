// Channel variables: inheritance by underscores, frames of Gosub.
#include "core/channel/variables.hpp"

#include <algorithm>

namespace jackfield {

namespace {

struct Spelled {
    std::string_view name;
    unsigned char inherit;
};
Spelled spell(std::string_view name) {
    if (name.starts_with("__")) return {name.substr(2), 2};
    if (name.starts_with('_')) return {name.substr(1), 1};
    return {name, 0};
}

template <class Entries>
auto position(Entries& entries, std::string_view name) {
    return std::ranges::find_if(entries, [name](const auto& entry) { return entry.name == name; });
}

// Few at a time: a call has about ten, and doubling would keep room for seven more for as long as it lasts.
template <class Entries>
void make_room(Entries& entries) {
    if (entries.size() == entries.capacity()) entries.reserve(entries.size() + std::max<std::size_t>(4, entries.size() / 2));
}

}  // namespace

const std::string* Variables::find(std::string_view name) const {
    const auto found = position(entries_, spell(name).name);
    return found == entries_.end() ? nullptr : &found->value;
}

void Variables::set(std::string_view name, std::string value) {
    const auto spelled = spell(name);
    const auto found = position(entries_, spelled.name);
    if (found == entries_.end()) {
        make_room(entries_);
        entries_.push_back({std::string(spelled.name), std::move(value), spelled.inherit});
        return;
    }
    found->value = std::move(value);
    found->inherit = spelled.inherit;
}

void Variables::erase(std::string_view name) {
    const auto found = position(entries_, spell(name).name);
    if (found != entries_.end()) entries_.erase(found);
}

void Variables::inherit_from(const Variables& parent) {
    for (const auto& entry : parent.entries_) {
        if (entry.inherit == 0) continue;
        const unsigned char further = entry.inherit == 2 ? 2 : 0;
        const auto found = position(entries_, entry.name);
        if (found == entries_.end())
            entries_.push_back({entry.name, entry.value, further});
        else
            *found = {entry.name, entry.value, further};
    }
}

void Variables::push_frame() { ++frames_; }

void Variables::pop_frame() {
    if (frames_ == 0) return;
    while (!saved_.empty() && saved_.back().frame == frames_) {
        auto saved = std::move(saved_.back());
        saved_.pop_back();
        const auto found = position(entries_, saved.entry.name);
        if (saved.existed) {
            if (found == entries_.end())
                entries_.push_back(std::move(saved.entry));
            else
                *found = std::move(saved.entry);
        } else if (found != entries_.end()) {
            entries_.erase(found);
        }
    }
    --frames_;
}

void Variables::set_local(std::string_view name, std::string value) {
    const auto spelled = spell(name);
    const bool saved_already = std::ranges::any_of(
        saved_, [&](const Saved& saved) { return saved.frame == frames_ && saved.entry.name == spelled.name; });
    if (frames_ > 0 && !saved_already) {
        const auto found = position(entries_, spelled.name);
        const bool existed = found != entries_.end();
        saved_.push_back({frames_, existed ? *found : Entry{std::string(spelled.name), {}, 0}, existed});
    }
    set(name, std::move(value));
}

const std::string* Variables::find_outer(std::string_view name, std::size_t frames) const {
    if (frames == 0) return find(name);
    // The outermost of the frames passed that made it local has kept what was there before.
    const std::size_t passed = frames_ - std::min(frames, frames_);
    const auto found = std::ranges::find_if(saved_, [&](const Saved& saved) {
        return saved.frame > passed && saved.entry.name == spell(name).name;
    });
    if (found == saved_.end()) return find(name);
    return found->existed ? &found->entry.value : nullptr;
}

Variables& global_variables() {
    static Variables variables;
    return variables;
}

}  // namespace jackfield
