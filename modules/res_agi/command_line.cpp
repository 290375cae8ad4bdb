// Lines and words of the AGI protocol.
#include "modules/res_agi/command_line.hpp"

namespace jackfield::agi {

std::vector<std::string> split_words(std::string_view line, std::size_t most) {
    std::vector<std::string> words;
    bool quoted = false, escaped = false, within = false;
    const auto begin_word = [&] {
        if (within) return true;
        if (words.size() == most) return false;
        words.emplace_back();
        return within = true;
    };
    for (const char c : line) {
        if (!escaped && c == '\\') {
            escaped = true;
        } else if (!escaped && c == '"') {
            quoted = !quoted;
            if (quoted && !begin_word()) break;
        } else if (!escaped && !quoted && (c == ' ' || c == '\t')) {
            within = false;
        } else {
            if (!begin_word()) break;
            words.back() += c;
            escaped = false;
        }
    }
    return words;
}

void LineCutter::feed(std::string_view bytes) { buffer_ += bytes; }

std::optional<LineCutter::Line> LineCutter::next() {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end == std::string::npos) {
        searched_ = buffer_.size();
        if (skipping_ || searched_ > limit_ + 1) {  // one more for a CR
            buffer_.clear();
            searched_ = 0;
            skipping_ = true;
        }
        return {};
    }
    Line line;
    std::size_t length = end;
    if (length > 0 && buffer_[length - 1] == '\r') --length;
    line.too_long = skipping_ || length > limit_;
    if (!line.too_long) line.text = buffer_.substr(0, length);
    buffer_.erase(0, end + 1);
    searched_ = 0;
    skipping_ = false;
    return line;
}

std::optional<LineCutter::Line> LineCutter::rest() {
    if (buffer_.empty() && !skipping_) return {};
    buffer_ += '\n';
    return next();
}

}  // namespace jackfield::agi
