// The priorities of one extension while its statements are read.
#include "modules/pbx_ael/ael_code.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::ael {

void Code::add(std::string application, std::string arguments, std::uint32_t line, std::uint32_t file) {
    steps_.push_back({std::exchange(pending_label_, {}), std::move(application), std::move(arguments), line, file});
}

std::vector<Step> Code::finish(std::uint32_t line, std::uint32_t file) {
    if (label_waits() || std::ranges::any_of(marks_, [this](std::size_t at) { return at == steps_.size(); }))
        add("NoOp", {}, line, file);
    for (Step& step : steps_) {
        for (auto begin = step.arguments.find('\x01'); begin != std::string::npos; begin = step.arguments.find('\x01')) {
            const auto end = step.arguments.find('\x02', begin);
            if (end == std::string::npos) {
                step.arguments.erase(begin, 1);  // somebody wrote that character
                continue;
            }
            const auto mark = parse_number<std::size_t>(std::string_view(step.arguments).substr(begin + 1, end - begin - 1));
            const std::size_t place = mark && *mark < marks_.size() && marks_[*mark] != unplaced ? marks_[*mark] + 1 : 1;
            step.arguments.replace(begin, end - begin + 1, std::to_string(place));
        }
    }
    return std::move(steps_);
}

}  // namespace jackfield::ael
