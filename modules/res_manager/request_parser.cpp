// Framing of requests.
#include "modules/res_manager/request_parser.hpp"

#include "core/base/strings.hpp"

namespace jackfield::manager {

Result<std::optional<std::string_view>> RequestParser::next_line() {
    const std::size_t end = buffer_.find('\n', std::max(taken_, searched_));
    const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - taken_;
    const auto too_long = [this] { return fail(ErrorCode::limit, "a line is longer than {} bytes", limits_.line); };
    if (length > limits_.line + 1) return too_long();  // one more may be a CR
    if (end == std::string::npos) {
        buffer_.erase(0, taken_);
        taken_ = 0;
        searched_ = buffer_.size();
        return std::nullopt;
    }
    std::string_view line = std::string_view(buffer_).substr(taken_, length);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > limits_.line) return too_long();
    taken_ = end + 1;
    return line;
}

Result<std::optional<ManagerRequest>> RequestParser::next() {
    for (;;) {
        const auto line = JF_TRY(next_line());
        if (!line) return std::nullopt;
        if (line->empty()) {
            if (fields_.empty()) continue;
            return std::optional(ManagerRequest(std::exchange(fields_, {})));
        }
        if (fields_.size() >= limits_.lines)
            return fail(ErrorCode::limit, "a request has more than {} lines", limits_.lines);
        const Halves halves = split_once(*line, ':');
        fields_.emplace_back(trim(halves.first), trim(halves.second));
    }
}

}  // namespace jackfield::manager
