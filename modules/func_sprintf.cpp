// func_sprintf: numbers and texts in a format.
#include <cinttypes>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "SPRINTF",
                            .syntax = "SPRINTF(format,value1[,value2...])",
                            .synopsis = "Values in a format of the C library's printf",
                            .text = "%d %i %u %o %x %X, %f %e %g %a, %c %s and %%, with flags, width (at most 1000) and precision."};

constexpr unsigned widest = 1000;

// One %... with its flags; `kind` is its last character.
struct Directive {
    std::string flags;
    char kind = 0;
};
Result<Directive> take_directive(std::string_view& format) {
    Directive directive;
    const auto end = format.find_first_not_of("-+ #0123456789.", 1);
    if (end == std::string_view::npos) return fail(ErrorCode::invalid, "SPRINTF: `{}` is not complete", format);
    directive.flags = format.substr(0, end);
    directive.kind = format[end];
    format.remove_prefix(end + 1);
    for (const std::string_view number : split(std::string_view(directive.flags).substr(1), '.')) {
        const auto digits = number.substr(std::min(number.size(), number.find_first_of("123456789")));
        if (!digits.empty() && parse_number<unsigned>(digits).value_or(widest + 1) > widest)
            return fail(ErrorCode::invalid, "SPRINTF: `{}` is too wide", directive.flags);
    }
    return directive;
}

template <class T>
std::string print(const std::string& format, T value) {
    // Flags and kind were checked above, and the value is of the kind's type.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, format.c_str(), value)) + 1, '\0');
    std::snprintf(text.data(), text.size(), format.c_str(), value);
#pragma GCC diagnostic pop
    text.pop_back();
    return text;
}

Result<std::string> print(const Directive& directive, std::string_view value) {
    const auto is = [&](std::string_view kinds) { return kinds.contains(directive.kind); };
    const std::string number(trim(value));
    if (is("di")) return print(directive.flags + PRId64, static_cast<std::int64_t>(std::strtoll(number.c_str(), nullptr, 0)));
    if (is("uoxX"))
        return print(directive.flags + "ll" + directive.kind, static_cast<unsigned long long>(std::strtoull(number.c_str(), nullptr, 0)));
    if (is("aAeEfFgG")) return print(directive.flags + directive.kind, std::strtod(number.c_str(), nullptr));
    if (is("c")) return print(directive.flags + 'c', static_cast<int>(value.empty() ? ' ' : value.front()));
    if (is("s")) return print(directive.flags + 's', std::string(value).c_str());
    return fail(ErrorCode::invalid, "SPRINTF: %{} is not supported", directive.kind);
}

Result<std::string> format(Channel*, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "SPRINTF needs a format");
    std::string result;
    std::string_view left = arguments[0];
    std::size_t next = 1;
    while (!left.empty()) {
        const auto percent = std::min(left.find('%'), left.size());
        result += left.substr(0, percent);
        left.remove_prefix(percent);
        if (left.empty()) break;
        const Directive directive = JF_TRY(take_directive(left));
        if (directive.kind == '%') {
            result += '%';
            continue;
        }
        if (next >= arguments.size()) return fail(ErrorCode::invalid, "SPRINTF: there is no value for %{}", directive.kind);
        result += JF_TRY(print(directive, arguments[next++]));
    }
    return result;
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{format}); }

}  // namespace

JACKFIELD_MODULE("func_sprintf", "Formatted texts", load)
