// func_math: arithmetic.
#include <array>
#include <cmath>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo math_info{
    .name = "MATH",
    .syntax = "MATH(number1 op number2[,type])",
    .synopsis = "Calculate with two numbers",
    .text = "op is one of + - * / % ^ << >> AND OR XOR < > <= >= ==. type is f (float, with six decimals; the default), i (int), h "
            "(hex) or c (char). Comparisons give TRUE or FALSE."};
constexpr FunctionInfo inc_info{.name = "INC",
                                .syntax = "INC(variable)",
                                .synopsis = "Add 1 to a variable and give its new value",
                                .text = "The variable is named without ${ }."};
constexpr FunctionInfo dec_info{.name = "DEC",
                                .syntax = "DEC(variable)",
                                .synopsis = "Take 1 from a variable and give its new value",
                                .text = "The variable is named without ${ }."};
constexpr FunctionInfo abs_info{.name = "ABS",
                                .syntax = "ABS(number)",
                                .synopsis = "A number without its sign",
                                .text = "Whole numbers are printed without decimals."};
constexpr FunctionInfo min_info{.name = "MIN",
                                .syntax = "MIN(number1[,number2...])",
                                .synopsis = "The smallest of some numbers",
                                .text = "Whole numbers are printed without decimals."};
constexpr FunctionInfo max_info{.name = "MAX",
                                .syntax = "MAX(number1[,number2...])",
                                .synopsis = "The largest of some numbers",
                                .text = "Whole numbers are printed without decimals."};
constexpr FunctionInfo digit_sum_info{.name = "DIGIT_SUM",
                                      .syntax = "DIGIT_SUM(digits)",
                                      .synopsis = "The sum of the digits of a number",
                                      .text = "Anything else in it is passed over."};

enum class Operator { add, subtract, multiply, divide, modulus, power, left, right, bit_and, bit_or, bit_xor, less, greater,
                      less_equal, greater_equal, equal };
struct Spelling {
    std::string_view text;
    Operator meaning;
};
// Longer ones first where one begins with another.
constexpr Spelling spellings[]{
    {"<<", Operator::left},     {">>", Operator::right},   {"<=", Operator::less_equal}, {">=", Operator::greater_equal},
    {"==", Operator::equal},    {"AND", Operator::bit_and}, {"XOR", Operator::bit_xor},   {"OR", Operator::bit_or},
    {"+", Operator::add},       {"-", Operator::subtract},  {"*", Operator::multiply},    {"/", Operator::divide},
    {"%", Operator::modulus},   {"^", Operator::power},     {"<", Operator::less},        {">", Operator::greater}};

struct Sum {
    double left = 0, right = 0;
    Operator op = Operator::add;
};

Result<double> number(std::string_view text) {
    text = trim(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto value = parse_number<double>(text);
    if (!value) return fail(ErrorCode::invalid, "'{}' is not a number", text);
    return *value;
}

Result<Sum> parse(std::string_view text) {
    text = trim(text);
    // The first character may be a sign; an operator comes later.
    for (std::size_t i = 1; i < text.size(); ++i) {
        const char before = text[i - 1];
        const bool exponent = (before == 'e' || before == 'E') && i >= 2 && text[i - 2] >= '0' && text[i - 2] <= '9';
        for (const auto& [spelling, meaning] : spellings) {
            if (exponent || !starts_with_ignoring_case(text.substr(i), spelling)) continue;
            Sum sum;
            sum.op = meaning;
            sum.left = JF_TRY(number(text.substr(0, i)));
            sum.right = JF_TRY(number(text.substr(i + spelling.size())));
            return sum;
        }
    }
    return fail(ErrorCode::invalid, "MATH: there is no operator in '{}'", text);
}

bool is_comparison(Operator op) { return op >= Operator::less; }

bool compare(const Sum& sum) {
    switch (sum.op) {
        case Operator::less: return sum.left < sum.right;
        case Operator::greater: return sum.left > sum.right;
        case Operator::less_equal: return sum.left <= sum.right;
        case Operator::greater_equal: return sum.left >= sum.right;
        default: return sum.left == sum.right;
    }
}

std::int64_t whole(double value) {
    return std::fabs(value) < 9e18 ? static_cast<std::int64_t>(value) : value < 0 ? INT64_MIN : INT64_MAX;
}

Result<double> shift(const Sum& sum) {
    const std::int64_t bits = whole(sum.right);
    if (bits < 0 || bits > 62) return fail(ErrorCode::invalid, "MATH: a shift by {} is not possible", bits);
    const std::int64_t value = whole(sum.left);
    return static_cast<double>(sum.op == Operator::left ? static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << bits)
                                                        : value >> bits);
}

Result<double> calculate(const Sum& sum) {
    const bool divides = sum.op == Operator::divide || sum.op == Operator::modulus;
    if (divides && sum.right == 0) return fail(ErrorCode::invalid, "MATH: division by zero");
    switch (sum.op) {
        case Operator::add: return sum.left + sum.right;
        case Operator::subtract: return sum.left - sum.right;
        case Operator::multiply: return sum.left * sum.right;
        case Operator::divide: return sum.left / sum.right;
        case Operator::modulus: return std::fmod(sum.left, sum.right);
        case Operator::power: return std::pow(sum.left, sum.right);
        case Operator::bit_and: return static_cast<double>(whole(sum.left) & whole(sum.right));
        case Operator::bit_or: return static_cast<double>(whole(sum.left) | whole(sum.right));
        case Operator::bit_xor: return static_cast<double>(whole(sum.left) ^ whole(sum.right));
        default: return shift(sum);
    }
}

Result<std::string> math(Channel*, const Arguments& arguments) {
    const Sum sum = JF_TRY(parse(arguments[0]));
    if (is_comparison(sum.op)) return compare(sum) ? "TRUE" : "FALSE";
    const double value = JF_TRY(calculate(sum));
    switch (arguments.has(1) ? arguments[1].front() : 'f') {
        case 'i': return std::to_string(whole(value));
        case 'h': return fmt::format("{:x}", static_cast<std::uint32_t>(whole(value)));
        case 'c': return std::string(1, static_cast<char>(whole(value)));
        case 'f': return fmt::format("{:.6f}", value);
        default: return fail(ErrorCode::invalid, "MATH: type '{}' is none of f, i, h, c", arguments[1]);
    }
}

Result<std::string> add_to(Channel* channel, const Arguments& arguments, int amount) {
    const std::string_view name = trim(arguments.raw());
    if (name.empty()) return fail(ErrorCode::invalid, "the name of a variable is missing");
    const std::string text = JF_TRY(read_expression(channel, name));
    const auto value = parse_number<std::int64_t>(trim(text));
    if (!value || *value == (amount > 0 ? INT64_MAX : INT64_MIN))
        return fail(ErrorCode::invalid, "variable {} is no number but '{}'", name, text);
    std::string sum = std::to_string(*value + amount);
    JF_TRY(write_expression(channel, name, sum));
    return sum;
}

Result<std::string> increment(Channel* channel, const Arguments& arguments) { return add_to(channel, arguments, 1); }
Result<std::string> decrement(Channel* channel, const Arguments& arguments) { return add_to(channel, arguments, -1); }

std::string print(double value) {
    return std::trunc(value) == value && std::fabs(value) < 9e15 ? std::to_string(whole(value)) : fmt::format("{:f}", value);
}

Result<std::string> absolute(Channel*, const Arguments& arguments) {
    const double value = JF_TRY(number(arguments[0]));
    return print(std::fabs(value));
}

template <bool smallest>
Result<std::string> extreme(Channel*, const Arguments& arguments) {
    double found = JF_TRY(number(arguments[0]));
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const double value = JF_TRY(number(arguments[i]));
        found = smallest ? std::min(found, value) : std::max(found, value);
    }
    return print(found);
}

Result<std::string> digit_sum(Channel*, const Arguments& arguments) {
    if (arguments.raw().empty()) return fail(ErrorCode::invalid, "DIGIT_SUM needs digits");
    unsigned sum = 0;
    for (const char c : arguments.raw())
        if (c >= '0' && c <= '9') sum += static_cast<unsigned>(c - '0');
    return std::to_string(sum);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(math_info, FunctionBody{math}));
    JF_TRY(module.add(inc_info, FunctionBody{increment}));
    JF_TRY(module.add(dec_info, FunctionBody{decrement}));
    JF_TRY(module.add(digit_sum_info, FunctionBody{digit_sum}));
    JF_TRY(module.add(abs_info, FunctionBody{absolute}));
    JF_TRY(module.add(min_info, FunctionBody{extreme<true>}));
    return module.add(max_info, FunctionBody{extreme<false>});
}

}  // namespace

JACKFIELD_MODULE("func_math", "Arithmetic", load)
