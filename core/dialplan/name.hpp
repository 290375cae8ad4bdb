// Words that the dialplan repeats a lot (applications, files, registrars), each kept once for the life of the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield {

// A word. Copies and compares as a pointer; any thread. Only for words that an administrator or a module's author
// chose: they are never freed.
class Name {
  public:
    Name();  // the empty word
    explicit Name(std::string_view text);

    const std::string& text() const { return entry_->text; }
    bool empty() const { return entry_->text.empty(); }
    // Small number, different for every word, counted from 0: an index into tables by word.
    std::uint32_t id() const { return entry_->id; }
    bool operator==(const Name& other) const { return entry_ == other.entry_; }

  private:
    struct Entry {
        std::string text;
        std::uint32_t id;
    };
    const Entry* entry_;
};

}  // namespace jackfield
