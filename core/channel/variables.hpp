// Channel variables with their inheritance, and the global ones.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield {

// A name beginning with one underscore is inherited by channels made from this one, which then have it without the
// underscore; with two it is inherited by all further ones. Reading ignores the underscores. Names are case sensitive.
class Variables {
  public:
    const std::string* find(std::string_view name) const;
    void set(std::string_view name, std::string value);  // an empty value is a value
    void erase(std::string_view name);
    // A list is short on most channels, so it is a vector in order of setting.
    struct Entry {
        std::string name;                                // without underscores
        std::string value;
        unsigned char inherit;                           // 0: no, 1: once, 2: for ever
    };
    const std::vector<Entry>& all() const { return entries_; }
    void inherit_from(const Variables& parent);
    void clear() { entries_.clear(); }

    // Frames of Gosub: names made local hide outer ones until the frame is popped.
    void push_frame();
    void pop_frame();
    void set_local(std::string_view name, std::string value);
    // The value as `frames` frames further out see it; null when it is not set there.
    const std::string* find_outer(std::string_view name, std::size_t frames) const;

  private:
    struct Saved {
        std::size_t frame;
        Entry entry;
        bool existed;
    };
    std::vector<Entry> entries_;
    std::vector<Saved> saved_;
    std::size_t frames_ = 0;
};

Variables& global_variables();

}  // namespace jackfield
