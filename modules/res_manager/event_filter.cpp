// Filters of events.
#include "modules/res_manager/event_filter.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace jackfield::manager {

Result<std::shared_ptr<const RE2>> compile_expression(std::string_view expression) {
    RE2::Options options(RE2::POSIX);
    options.set_log_errors(false);
    options.set_one_line(true);  // ^ and $ are those of the whole text
    options.set_dot_nl(true);
    options.set_max_mem(1 << 20);
    options.set_encoding(RE2::Options::EncodingLatin1);  // names of callers may be in any
    auto compiled = std::make_shared<const RE2>(re2::StringPiece(expression.data(), expression.size()), options);
    if (!compiled->ok()) return fail(ErrorCode::invalid, "'{}' is no regular expression: {}", expression, compiled->error());
    return compiled;
}

Result<void> EventFilter::add(std::string_view expression) {
    if (size() >= most) return fail(ErrorCode::limit, "there are {} filters already", size());
    const bool excludes = expression.starts_with('!');
    if (excludes) expression.remove_prefix(1);
    if (expression.empty()) return fail(ErrorCode::invalid, "an event filter needs a regular expression");
    (excludes ? exclude_ : include_).push_back(JF_TRY(compile_expression(expression)));
    return {};
}

bool EventFilter::passes(std::string_view event) const {
    const auto matches = [text = re2::StringPiece(event.data(), event.size())](const auto& expression) {
        return RE2::PartialMatch(text, *expression);
    };
    if (!include_.empty() && std::ranges::none_of(include_, matches)) return false;
    return std::ranges::none_of(exclude_, matches);
}

}  // namespace jackfield::manager
