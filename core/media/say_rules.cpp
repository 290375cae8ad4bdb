// Reads the language files of the say engine.
#include "core/media/say_rules.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace jackfield {

// Expression = term { + - term }, term = factor { * / % factor }, factor = n, number or ( expression ).
class SayExpressionParser {
  public:
    explicit SayExpressionParser(std::string_view text) : text_(text) {}

    Result<SayExpression> parse() {
        JF_TRY(sum());
        skip_blanks();
        if (at_ < text_.size()) return wrong("unexpected \"" + std::string(text_.substr(at_)) + "\"");
        if (expression_.steps_.empty()) return wrong("it is empty");
        return std::move(expression_);
    }

  private:
    static constexpr int deepest = 16;

    std::unexpected<Error> wrong(std::string_view why) const {
        return fail(ErrorCode::invalid, "expression \"{}\": {}", text_, why);
    }
    void skip_blanks() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    char peek() {
        skip_blanks();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    void add(char operation, std::int64_t number = 0) { expression_.steps_.push_back({operation, number}); }

    Result<void> sum() {
        JF_TRY(product());
        for (char sign; (sign = peek()) == '+' || sign == '-';) {
            ++at_;
            JF_TRY(product());
            add(sign);
        }
        return {};
    }
    Result<void> product() {
        JF_TRY(factor());
        for (char sign; (sign = peek()) == '*' || sign == '/' || sign == '%';) {
            ++at_;
            JF_TRY(factor());
            add(sign);
        }
        return {};
    }
    Result<void> factor() {
        const char first = peek();
        if (first == 'n') {
            ++at_;
            add('n');
            return {};
        }
        if (first == '(') {
            if (++depth_ > deepest) return wrong("too many parentheses");
            ++at_;
            JF_TRY(sum());
            if (peek() != ')') return wrong("a closing parenthesis is missing");
            ++at_;
            --depth_;
            return {};
        }
        const std::size_t end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
        const auto number = parse_number<std::int64_t>(text_.substr(at_, end - at_));
        if (!number) return wrong("a number or n is missing");
        at_ = end;
        add('#', *number);
        return {};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
    SayExpression expression_;
};

Result<SayExpression> SayExpression::parse(std::string_view text) { return SayExpressionParser(text).parse(); }

std::int64_t SayExpression::value(std::int64_t n) const {
    std::vector<std::int64_t> stack;
    for (const Step& step : steps_) {
        if (step.operation == 'n' || step.operation == '#') {
            stack.push_back(step.operation == 'n' ? n : step.number);
            continue;
        }
        const std::int64_t right = stack.back();
        stack.pop_back();
        std::int64_t& left = stack.back();
        switch (step.operation) {
            case '+':
                left = static_cast<std::int64_t>(static_cast<std::uint64_t>(left) + static_cast<std::uint64_t>(right));
                break;
            case '-':
                left = static_cast<std::int64_t>(static_cast<std::uint64_t>(left) - static_cast<std::uint64_t>(right));
                break;
            case '*':
                left = static_cast<std::int64_t>(static_cast<std::uint64_t>(left) * static_cast<std::uint64_t>(right));
                break;
            case '/':
                left = right > 0 ? left / right : 0;
                break;
            default:
                left = right > 0 ? left % right : 0;
        }
    }
    return stack.back();
}

bool SayCondition::holds(std::int64_t n) const {
    const std::int64_t a = left.value(n), b = right.value(n);
    switch (comparison) {
        case Comparison::equal:
            return a == b;
        case Comparison::unequal:
            return a != b;
        case Comparison::less:
            return a < b;
        case Comparison::greater:
            return a > b;
        case Comparison::less_equal:
            return a <= b;
        default:
            return a >= b;
    }
}

namespace {

Result<SayCondition> parse_condition(std::string_view text) {
    using Comparison = SayCondition::Comparison;
    constexpr std::array<std::pair<std::string_view, Comparison>, 6> signs{{{"!=", Comparison::unequal},
                                                                            {"<=", Comparison::less_equal},
                                                                            {">=", Comparison::greater_equal},
                                                                            {"=", Comparison::equal},
                                                                            {"<", Comparison::less},
                                                                            {">", Comparison::greater}}};
    for (const auto& [sign, comparison] : signs) {
        const std::size_t at = text.find(sign);
        if (at == std::string_view::npos) continue;
        auto left = JF_TRY(SayExpression::parse(trim(text.substr(0, at))));
        auto right = JF_TRY(SayExpression::parse(trim(text.substr(at + sign.size()))));
        return SayCondition{std::move(left), std::move(right), comparison};
    }
    return fail(ErrorCode::invalid, "condition \"{}\" compares nothing; write something like n%10=1", text);
}

// "digits/{n/10*10}"
Result<SayWord> parse_prompt(std::string_view text) {
    SayWord word;
    for (;;) {
        const std::size_t open = text.find('{');
        word.texts.emplace_back(text.substr(0, open));
        if (open == std::string_view::npos) return word;
        const std::size_t close = text.find('}', open);
        if (close == std::string_view::npos) return fail(ErrorCode::invalid, "\"{}\": a }} is missing", text);
        word.expressions.push_back(JF_TRY(SayExpression::parse(text.substr(open + 1, close - open - 1))));
        text = text.substr(close + 1);
    }
}

Result<SayWord> parse_call(std::string_view inside, SayWord::Kind kind) {
    SayWord word;
    word.kind = kind;
    inside = trim(inside);
    // A last part of one letter or "-" is the gender; "n" alone is the number.
    if (const std::size_t blank = inside.rfind(' '); blank != std::string_view::npos && inside.size() - blank == 2) {
        const char gender = inside[blank + 1];
        if (gender == '-' || (gender >= 'a' && gender <= 'z')) {
            word.gender = gender == '-' ? std::string() : std::string(1, gender);
            inside = trim(inside.substr(0, blank));
        }
    }
    word.expressions.push_back(JF_TRY(SayExpression::parse(inside)));
    return word;
}

Result<std::vector<SayWord>> parse_words(std::string_view text) {
    std::vector<SayWord> words;
    for (text = trim(text); !text.empty(); text = trim(text)) {
        constexpr std::array<std::pair<std::string_view, SayWord::Kind>, 3> calls{
            {{"[]", SayWord::Kind::again}, {"()", SayWord::Kind::number}, {"<>", SayWord::Kind::ordinal}}};
        const auto call =
            std::find_if(calls.begin(), calls.end(), [&](const auto& one) { return one.first[0] == text[0]; });
        if (call == calls.end()) {
            std::size_t end = 0;  // at a blank outside of braces
            for (bool inside = false; end < text.size() && (inside || text[end] != ' '); ++end)
                inside = text[end] == '{' || (inside && text[end] != '}');
            words.push_back(JF_TRY(parse_prompt(text.substr(0, end))));
            text = text.substr(end);
            continue;
        }
        std::size_t close = 1;
        for (int depth = 1; close < text.size(); ++close) {
            depth += text[close] == call->first[0] ? 1 : text[close] == call->first[1] ? -1 : 0;
            if (depth == 0) break;
        }
        if (close >= text.size()) return fail(ErrorCode::invalid, "\"{}\": a {} is missing", text, call->first[1]);
        words.push_back(JF_TRY(parse_call(text.substr(1, close - 1), call->second)));
        text = text.substr(close + 1);
    }
    return words;
}

// "[when CONDITIONS :] WORDS"
Result<SayRule> parse_body(std::string_view text) {
    SayRule rule;
    text = trim(text);
    if (text.starts_with("when ")) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos) return fail(ErrorCode::invalid, "after \"when\" a \":\" is missing");
        for (const auto condition : split(text.substr(5, colon - 5), '&'))
            rule.conditions.push_back(JF_TRY(parse_condition(trim(condition))));
        text = text.substr(colon + 1);
    }
    rule.words = JF_TRY(parse_words(text));
    return rule;
}

Result<SayRule> parse_number_rule(std::string_view key, std::string_view value) {
    const auto [which, gender, gendered] = split_once(key, '/');
    SayRule rule = JF_TRY(parse_body(value));
    if (gendered) rule.gender = to_lower(trim(gender));
    for (const auto part : split_list(which)) {
        const auto [first, last, ranged] = split_once(part, '-');
        const auto low = parse_number<std::int64_t>(trim(first));
        const auto high = ranged ? parse_number<std::int64_t>(trim(last)) : low;
        if (!low || !high || *low < 0 || *high < *low)
            return fail(ErrorCode::invalid, "\"{}\" is neither a number nor a range like 21-99", part);
        rule.ranges.emplace_back(*low, *high);
    }
    if (rule.ranges.empty()) return fail(ErrorCode::invalid, "\"{}\" names no number", key);
    return rule;
}

void read_rules(const ConfigCategory& section, std::vector<SayRule>& rules, Diagnostics& findings) {
    for (const ConfigEntry& entry : section.entries()) {
        auto rule = parse_number_rule(entry.key, entry.value);
        if (rule)
            rules.push_back(std::move(*rule));
        else
            findings.error(entry.place(), "{}", rule.error().text);
    }
}

void read_time(const ConfigCategory& section, SayLanguage& language, Diagnostics& findings) {
    for (const ConfigEntry& entry : section.entries()) {
        if (entry.key.size() > 1) {
            constexpr std::array<std::string_view, 3> known{"today", "yesterday", "tomorrow"};
            if (std::find(known.begin(), known.end(), entry.key) == known.end())
                findings.error(entry.place(), "[time] knows letters, today, yesterday and tomorrow, not \"{}\"",
                               entry.key);
            else
                language.time_prompts[std::string(entry.key)] = entry.value;
            continue;
        }
        auto rule = parse_body(entry.value);
        if (rule)
            language.time[std::string(entry.key)].push_back(std::move(*rule));
        else
            findings.error(entry.place(), "{}: {}", entry.key, rule.error().text);
    }
}

void read_characters(const ConfigCategory& section, std::map<std::string, std::string, std::less<>>& characters) {
    for (const ConfigEntry& entry : section.entries()) characters[to_lower(entry.key)] = entry.value;
}

}  // namespace

SayLanguage read_say_language(const ConfigFile& file, Diagnostics& findings) {
    SayLanguage language;
    const std::vector<std::string> sections{"general", "number", "ordinal", "digits", "letters", "phonetic", "time"};
    for (const ConfigCategory& section : file.categories()) {
        const std::string name = to_lower(section.name());
        if (section.is_template()) continue;
        if (name == "general") {
            for (const ConfigEntry& entry : section.entries()) {
                if (equals_ignoring_case(entry.key, "minus"))
                    language.minus = entry.value;
                else if (equals_ignoring_case(entry.key, "gender"))
                    language.gender = to_lower(entry.value);
                else
                    findings.error(entry.place(), "[general] knows minus and gender, not \"{}\"", entry.key);
            }
        } else if (name == "number" || name == "ordinal") {
            read_rules(section, name == "number" ? language.numbers : language.ordinals, findings);
        } else if (name == "digits" || name == "letters" || name == "phonetic") {
            read_characters(section, name == "digits"    ? language.digits
                                     : name == "letters" ? language.letters
                                                         : language.phonetic);
        } else if (name == "time") {
            read_time(section, language, findings);
        } else {
            const auto nearest = nearest_word(section.name(), sections);
            findings.error(section.place(), "there is no section [{}] in a language file{}", section.name(),
                           nearest ? "; is it [" + *nearest + "]?" : std::string());
        }
    }
    return language;
}

}  // namespace jackfield
