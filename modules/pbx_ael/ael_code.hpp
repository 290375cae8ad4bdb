// The priorities of one extension while its statements are read: jumps are to marks, whose numbers come at the end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "modules/pbx_ael/ael.hpp"

namespace jackfield::ael {

class Code {
  public:
    using Mark = std::size_t;

    Mark new_mark() {
        marks_.push_back(unplaced);
        return marks_.size() - 1;
    }
    // The next step is where the mark leads.
    void place(Mark mark) { marks_[mark] = steps_.size(); }
    void add_label(std::string label) { pending_label_ = std::move(label); }
    bool label_waits() const { return !pending_label_.empty(); }
    void add(std::string application, std::string arguments, std::uint32_t line, std::uint32_t file);
    // How a mark is written in arguments until finish().
    static std::string text_of(Mark mark) { return "\x01" + std::to_string(mark) + "\x02"; }
    void jump(Mark mark, std::uint32_t line, std::uint32_t file) { add("Goto", text_of(mark), line, file); }
    // Jumps unless the condition holds.
    void jump_unless(std::string_view condition, Mark mark, std::uint32_t line, std::uint32_t file) {
        add("GotoIf", "$[" + std::string(condition) + "]?:" + text_of(mark), line, file);
    }
    std::size_t size() const { return steps_.size(); }
    // The steps with numbers for marks. A mark or label behind the last step gets a step of its own.
    std::vector<Step> finish(std::uint32_t line, std::uint32_t file);

  private:
    static constexpr std::size_t unplaced = static_cast<std::size_t>(-1);
    std::vector<Step> steps_;
    std::vector<std::size_t> marks_;
    std::string pending_label_;
};

}  // namespace jackfield::ael
