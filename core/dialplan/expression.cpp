// The expressions of $[...], evaluated while they are parsed (precedence climbing).
#include "core/dialplan/expression.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "core/dialplan/expression_regex.hpp"
#include "core/dialplan/expression_token.hpp"

namespace jackfield {
namespace {

using Number = long double;
constexpr int max_depth = 100;                 // nested parentheses, signs and function calls
constexpr std::size_t max_value_size = 65536;  // a string that ~~ may build

// Digits with or without dots, up to the first character that does not fit; nothing when out of range.
std::optional<Number> parse(const std::string& digits) {
    // Whole numbers by hand: reading a long double goes through the C library's locales.
    if (digits.size() < 18 && digits.find('.') == std::string::npos) {
        long long value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return value;
    }
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) return {};
    return error == std::errc{} ? value : 0;
}

// A value remembers whether text looks like a number, because comparisons go by that and not by context.
struct Value {
    enum class Kind { number, numeric_text, text };
    Kind kind = Kind::text;
    Number number = 0;
    std::string text;

    static Value of(Number number) { return {Kind::number, number, {}}; }
    // Text that came out of an operator: digits and dots count as a number.
    static Value of_text(std::string text) {
        bool numeric = !text.empty();
        for (const char c : text) numeric = numeric && ((c >= '0' && c <= '9') || c == '.');
        return {numeric ? Kind::numeric_text : Kind::text, 0, std::move(text)};
    }

    bool is_text() const { return kind == Kind::text; }

    // Turns text that looks like a number into one; false when it is none.
    bool make_number() {
        if (kind == Kind::number) return true;
        if (kind == Kind::text) return false;
        const auto value = parse(text);
        if (!value) return false;
        kind = Kind::number;
        number = *value;
        text.clear();
        return true;
    }
    void make_text() {
        if (kind == Kind::number) text = format_number(number);
        if (kind == Kind::number) kind = Kind::text;
    }
    // As `:`, `=~` and `~~` see it: without quotes, when it starts and ends with one.
    std::string unquoted() {
        make_text();
        if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::move(text);
        std::erase(text, '"');
        return std::move(text);
    }
    bool is_zero_or_empty() {
        if (kind == Kind::number) return number == 0;
        return text.empty() || (make_number() && number == 0);
    }
};

int compare(Value& a, Value& b) {
    if (a.is_text() || b.is_text()) {
        a.make_text();
        b.make_text();
        return a.text.compare(b.text);
    }
    a.make_number();
    b.make_number();
    return a.number < b.number ? -1 : a.number > b.number;
}

// What `!` thinks of a value: text is true when it starts with a number other than zero.
bool is_true_for_complement(const Value& value) {
    if (value.kind == Value::Kind::number) return value.number != 0;
    return std::atoi(value.text.c_str()) != 0;
}

bool is_true_for_condition(Value& value) {
    if (value.is_text()) return !value.text.empty() && value.text != "\"\"" && value.text != "0";
    return !value.make_number() || value.number != 0;
}

struct UnaryFunction {
    std::string_view name;
    Number (*call)(Number);
};
constexpr auto unary_functions = std::to_array<UnaryFunction>({
    {"COS", [](Number x) { return std::cos(x); }},
    {"SIN", [](Number x) { return std::sin(x); }},
    {"TAN", [](Number x) { return std::tan(x); }},
    {"ACOS", [](Number x) { return std::acos(x); }},
    {"ASIN", [](Number x) { return std::asin(x); }},
    {"ATAN", [](Number x) { return std::atan(x); }},
    {"SQRT", [](Number x) { return std::sqrt(x); }},
    {"FLOOR", [](Number x) { return std::floor(x); }},
    {"CEIL", [](Number x) { return std::ceil(x); }},
    {"ROUND", [](Number x) { return std::round(x); }},
    {"RINT", [](Number x) { return std::rint(x); }},
    {"TRUNC", [](Number x) { return std::trunc(x); }},
    {"EXP", [](Number x) { return std::exp(x); }},
    {"EXP2", [](Number x) { return std::exp2(x); }},
    {"EXP10", [](Number x) { return std::pow(Number{10}, x); }},
    {"LOG", [](Number x) { return std::log(x); }},
    {"LOG2", [](Number x) { return std::log2(x); }},
    {"LOG10", [](Number x) { return std::log10(x); }},
    {"ABS", [](Number x) { return std::fabs(x); }},
});

struct BinaryFunction {
    std::string_view name;
    Number (*call)(Number, Number);
};
constexpr auto binary_functions = std::to_array<BinaryFunction>({
    {"ATAN2", [](Number x, Number y) { return std::atan2(x, y); }},
    {"POW", [](Number x, Number y) { return std::pow(x, y); }},
    {"REMAINDER", [](Number x, Number y) { return std::remainder(x, y); }},
});

using Token = ExpressionToken;
using Kind = ExpressionToken::Kind;

// How tightly a binary operator binds; 0 for what is none.
int precedence(Kind kind) {
    switch (kind) {
        case Kind::condition:
            return 1;
        case Kind::logical_or:
            return 2;
        case Kind::logical_and:
            return 3;
        case Kind::equal:
        case Kind::not_equal:
        case Kind::less:
        case Kind::greater:
        case Kind::less_equal:
        case Kind::greater_equal:
            return 4;
        case Kind::plus:
        case Kind::minus:
            return 5;
        case Kind::times:
        case Kind::divide:
        case Kind::modulo:
            return 6;
        case Kind::colon:
        case Kind::match:
        case Kind::concatenate:
            return 8;
        default:
            return 0;
    }
}
constexpr int unary_precedence = 7;

class Evaluator {
  public:
    Evaluator(std::string_view text, VariableSource& source) : scanner_(text), source_(source) { advance(); }

    Result<Value> whole() {
        if (token_.kind == Kind::end) return Value{};
        Value value = JF_TRY(expression(0, 0));
        if (token_.kind != Kind::end) return unexpected("an operator or the end");
        if (const auto skipped = scanner_.skipped()) {
            warn(fmt::format("`{}` at position {} means nothing outside double quotes and was left out",
                             skipped->character, skipped->position));
        }
        return value;
    }

  private:
    void advance() { token_ = scanner_.next(); }
    std::unexpected<Error> unexpected(std::string_view wanted) const {
        if (token_.kind == Kind::end)
            return fail(ErrorCode::invalid, "position {}: the expression ends where {} is expected", token_.position,
                        wanted);
        return fail(ErrorCode::invalid, "position {}: `{}` stands where {} is expected", token_.position, token_.text,
                    wanted);
    }
    void warn(std::string text) { source_.warn(fmt::format("$[{}]: {}", scanner_.text(), text)); }
    void warn_not_a_number(const Value& value, std::string_view where) {
        warn(fmt::format("`{}` is not a number, `{}` needs one", value.text, where));
    }

    // Everything that binds tighter than `floor`.
    Result<Value> expression(int floor, int depth) {
        if (depth > max_depth)
            return fail(ErrorCode::limit, "position {}: nested more than {} deep", token_.position, max_depth);
        Value left = JF_TRY(operand(depth));
        for (int level; (level = precedence(token_.kind)) > floor;) {
            const Token sign = token_;
            advance();
            if (sign.kind == Kind::condition) {
                left = JF_TRY(condition(std::move(left), depth));
            } else {
                Value right = JF_TRY(expression(level, depth + 1));
                left = apply(sign, std::move(left), std::move(right));
            }
        }
        return left;
    }

    Result<Value> condition(Value test, int depth) {
        Value yes = JF_TRY(expression(0, depth + 1));
        if (token_.kind != Kind::otherwise) return unexpected("`::`");
        advance();
        Value no = JF_TRY(expression(precedence(Kind::condition), depth + 1));
        return is_true_for_condition(test) ? std::move(yes) : std::move(no);
    }

    Result<Value> operand(int depth) {
        const Token token = token_;
        switch (token.kind) {
            case Kind::minus: {
                advance();
                Value value = JF_TRY(expression(unary_precedence, depth + 1));
                if (value.make_number()) return Value::of(-value.number);
                warn_not_a_number(value, "-");
                return Value::of(0);
            }
            case Kind::complement: {
                advance();
                const Value value = JF_TRY(expression(unary_precedence, depth + 1));
                return Value::of(!is_true_for_complement(value));
            }
            case Kind::open: {
                advance();
                Value value = JF_TRY(expression(0, depth + 1));
                if (token_.kind != Kind::close) return unexpected("`)`");
                advance();
                return value;
            }
            case Kind::word:
            case Kind::number: {
                advance();
                if (token_.kind == Kind::open) return function(token.text, depth);
                return Value{token.kind == Kind::number ? Value::Kind::numeric_text : Value::Kind::text, 0,
                             std::string(token.text)};
            }
            default:
                return unexpected("a value");
        }
    }

    Result<Value> function(std::string_view name, int depth) {
        advance();
        std::vector<Value> arguments;
        if (token_.kind != Kind::close) {
            Value first = JF_TRY(expression(0, depth + 1));
            arguments.push_back(std::move(first));
        }
        while (token_.kind == Kind::comma) {
            advance();
            Value next;
            if (token_.kind != Kind::comma && token_.kind != Kind::close) next = JF_TRY(expression(0, depth + 1));
            arguments.push_back(std::move(next));
        }
        if (token_.kind != Kind::close) return unexpected("`,` or `)`");
        advance();
        if (name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != std::string_view::npos) {
            warn(fmt::format("`{}` is no name of a function", name));
            return Value::of(0);
        }
        for (const auto& entry : unary_functions)
            if (entry.name == name) return mathematics(name, arguments, 1, [&](auto x) { return entry.call(x[0]); });
        for (const auto& entry : binary_functions)
            if (entry.name == name)
                return mathematics(name, arguments, 2, [&](auto x) { return entry.call(x[0], x[1]); });
        return dialplan_function(name, arguments);
    }

    template <class Call>
    Value mathematics(std::string_view name, std::vector<Value>& arguments, std::size_t wanted, Call call) {
        if (arguments.size() != wanted) {
            warn(fmt::format("{} takes {} argument{}, not {}", name, wanted, wanted == 1 ? "" : "s", arguments.size()));
            return Value::of(0);
        }
        std::array<Number, 2> numbers{};
        for (std::size_t i = 0; i < wanted; ++i) {
            if (arguments[i].make_number())
                numbers[i] = arguments[i].number;
            else
                warn_not_a_number(arguments[i], name);
        }
        return Value::of(call(std::span<const Number>(numbers)));
    }

    Result<Value> dialplan_function(std::string_view name, std::vector<Value>& arguments) {
        std::string joined;
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            if (i) joined += ',';
            arguments[i].make_text();
            joined += arguments[i].text;
        }
        auto value = source_.call_function(name, joined);
        if (!value) {
            if (ends_application(value.error().code)) return std::unexpected(std::move(value).error());
            warn(fmt::format("{}({}): {}", name, joined, value.error().text));
            return Value::of(0);
        }
        if (value->find_first_not_of("-0123456789. \t") != std::string::npos) return Value::of_text(std::move(*value));
        return Value::of(std::strtold(value->c_str(), nullptr));
    }

    Value apply(const Token& sign, Value a, Value b) {
        switch (sign.kind) {
            case Kind::logical_or:
                return a.is_zero_or_empty() ? std::move(b) : std::move(a);
            case Kind::logical_and:
                return a.is_zero_or_empty() || b.is_zero_or_empty() ? Value::of(0) : std::move(a);
            case Kind::equal:
                return Value::of(compare(a, b) == 0);
            case Kind::not_equal:
                return Value::of(compare(a, b) != 0);
            case Kind::less:
                return Value::of(compare(a, b) < 0);
            case Kind::greater:
                return Value::of(compare(a, b) > 0);
            case Kind::less_equal:
                return Value::of(compare(a, b) <= 0);
            case Kind::greater_equal:
                return Value::of(compare(a, b) >= 0);
            case Kind::plus:
            case Kind::minus:
                return sum(sign, std::move(a), std::move(b));
            case Kind::times:
            case Kind::divide:
            case Kind::modulo:
                return product(sign, std::move(a), std::move(b));
            case Kind::colon:
                return match(a.unquoted(), b.unquoted(), true);
            case Kind::match:
                return match(a.unquoted(), b.unquoted(), false);
            default:
                return concatenate(a.unquoted(), b.unquoted());
        }
    }

    // A side that is no number is left out of the sum.
    Value sum(const Token& sign, Value a, Value b) {
        const bool left = a.make_number(), right = b.make_number();
        if (!left) warn_not_a_number(a, sign.text);
        if (!right) warn_not_a_number(b, sign.text);
        if (left && right) return Value::of(sign.kind == Kind::plus ? a.number + b.number : a.number - b.number);
        if (left) return a;
        if (!right) return Value::of(0);
        return Value::of(sign.kind == Kind::plus ? b.number : 0 - b.number);
    }

    Value product(const Token& sign, Value a, Value b) {
        const bool left = a.make_number(), right = b.make_number();
        if (!left || !right) {
            warn_not_a_number(left ? b : a, sign.text);
            return Value::of(left && sign.kind == Kind::divide ? std::numeric_limits<int>::max() : 0);
        }
        if (sign.kind == Kind::times) return Value::of(a.number * b.number);
        if (b.number != 0)
            return Value::of(sign.kind == Kind::divide ? a.number / b.number : std::fmod(a.number, b.number));
        warn("division by zero");
        return Value::of(sign.kind == Kind::divide ? std::numeric_limits<int>::max() : 0);
    }

    // The first group when the expression has one that took part, else the length of the match.
    Value match(const std::string& text, const std::string& pattern, bool from_start) {
        const auto found = match_posix(text, pattern, from_start);
        if (!found) {
            warn(fmt::format("regular expression `{}`: {}", pattern, found.error().text));
            return Value{};
        }
        if (found->matched)
            return found->group ? Value::of_text(std::string(*found->group)) : Value::of(Number(found->length));
        return found->groups ? Value{} : Value::of(0);
    }

    Value concatenate(std::string a, const std::string& b) {
        if (a.size() + b.size() > max_value_size) {
            warn("the joined text is too long and was cut off");
            a.append(b, 0, max_value_size > a.size() ? max_value_size - a.size() : 0);
        } else {
            a += b;
        }
        return Value::of_text(std::move(a));
    }

    ExpressionScanner scanner_;
    Token token_;
    VariableSource& source_;
};

}  // namespace

void VariableSource::warn(std::string_view) {}

std::string format_number(long double value) {
    // The common case without the long way through floating point formatting; -0 prints its sign.
    if (value == std::trunc(value) && std::fabs(value) < 1e17L && !(value == 0 && std::signbit(value)))
        return fmt::format_int(static_cast<long long>(value)).str();
    return fmt::format("{:.18g}", value);
}

Result<std::string> evaluate_expression(std::string_view text, VariableSource& source) {
    Evaluator evaluator(text, source);
    Value value = JF_TRY(evaluator.whole());
    value.make_text();
    return std::move(value.text);
}

}  // namespace jackfield
