// Text with ${variables}, ${FUNCTIONS(arguments)} and $[expressions] in it.
#include "core/dialplan/template.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "core/dialplan/expression.hpp"

namespace jackfield {
namespace {

constexpr int deepest_template = 64;

// End of a ${ or $[ that begins at `at`: just after its closing brace, or the end of the text. As in Asterisk only
// braces of its own kind are counted, whatever quotes or other brackets they stand in.
struct Extent {
    std::size_t end;  // after the closing brace
    bool closed;
};
Extent extent_of(std::string_view text, std::size_t at) {
    const char open = text[at + 1];
    const char close = open == '{' ? '}' : ']';
    std::size_t i = at + 2;
    for (int depth = 1; i < text.size();) {
        if (text[i] == open) ++depth;
        if (text[i++] == close && --depth == 0) return {i, true};
    }
    return {i, false};
}

bool starts_replacement(std::string_view text, std::size_t at) {
    return text[at] == '$' && at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '[');
}

// Where the parts of the inside of ${...} lie; ${} and $[] nested in it are stepped over.
struct Skeleton {
    std::size_t colon = std::string_view::npos;   // first outside parentheses
    std::size_t open = std::string_view::npos;    // first (
    std::size_t close = std::string_view::npos;   // last ) before the colon
    std::size_t nested = std::string_view::npos;  // first ${ or $[
};
Skeleton skeleton_of(std::string_view text) {
    Skeleton result;
    int parentheses = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (starts_replacement(text, i)) {
            result.nested = std::min(result.nested, i);
            i = extent_of(text, i).end - 1;
        } else if (text[i] == '(') {
            result.open = std::min(result.open, i);
            ++parentheses;
        } else if (text[i] == ')') {
            result.close = i;
            --parentheses;
        } else if (text[i] == ':' && parentheses == 0) {
            result.colon = i;
            break;
        }
    }
    return result;
}

std::optional<int> read_int(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::invalid_argument) return {};
    if (error == std::errc::result_out_of_range)
        value = digits.starts_with('-') ? std::numeric_limits<int>::min() + 1 : std::numeric_limits<int>::max();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

void append_limited(std::string& out, std::string_view text, VariableSource& source, std::size_t limit) {
    if (text.size() > limit - std::min(limit, out.size())) {
        text = text.substr(0, limit - std::min(limit, out.size()));
        source.warn(fmt::format("a value longer than {} bytes was cut off", limit));
    }
    out += text;
}

// A failed function counts as empty, unless the failure ends the application.
Result<std::string> call(VariableSource& source, std::string_view name, std::string_view arguments) {
    auto value = source.call_function(name, arguments);
    if (value || ends_application(value.error().code)) return value;
    source.warn(fmt::format("{}({}): {}", name, arguments, value.error().text));
    return std::string();
}

// The value of a name that was itself put together at run time: a variable or a function, with or without a range.
Result<std::string> computed_value(std::string_view name, VariableSource& source) {
    std::string_view range;
    int parentheses = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        parentheses += name[i] == '(' ? 1 : name[i] == ')' ? -1 : 0;
        if (name[i] != ':' || parentheses != 0) continue;
        range = name.substr(i + 1);
        name = name.substr(0, i);
        break;
    }
    std::string value;
    if (const auto open = name.find('('); open != std::string_view::npos) {
        const auto close = name.rfind(')');
        const auto end = close == std::string_view::npos || close < open ? name.size() : close;
        value = JF_TRY(call(source, name.substr(0, open), name.substr(open + 1, end - open - 1)));
    } else {
        value = source.variable(name).value_or(std::string());
    }
    return std::string(substring_of(value, range));
}

}  // namespace

class Template::Compiler {
  public:
    explicit Compiler(std::vector<std::string>* problems) : problems_(problems) {}

    Template compile(std::string_view text, int depth) {
        Template result;
        std::size_t literal_from = 0;
        for (std::size_t i = 0; i < text.size();) {
            if (!starts_replacement(text, i)) {
                ++i;
                continue;
            }
            if (depth >= deepest_template) {
                complain(fmt::format("nested more than {} deep", deepest_template));
                break;
            }
            add_literal(result, text.substr(literal_from, i - literal_from));
            const Extent extent = extent_of(text, i);
            const bool variable = text[i + 1] == '{';
            if (!extent.closed)
                complain(fmt::format("`{}` is missing after `{}`", variable ? '}' : ']', text.substr(i)));
            const std::string_view inside = text.substr(i + 2, extent.end - i - 2 - (extent.closed ? 1 : 0));
            Piece piece = variable ? variable_piece(inside, depth + 1) : expression_piece(inside, depth + 1);
            piece.closed = extent.closed;
            result.pieces_.push_back(std::move(piece));
            i = literal_from = extent.end;
        }
        add_literal(result, text.substr(literal_from));
        result.pieces_.shrink_to_fit();
        return result;
    }

  private:
    void complain(std::string text) {
        if (problems_) problems_->push_back(std::move(text));
    }
    static void add_literal(Template& result, std::string_view text) {
        if (!text.empty()) result.pieces_.push_back({Kind::literal, true, std::string(text), {}, {}, {}});
    }
    std::unique_ptr<Template> nested(std::string_view text, int depth) {
        return std::make_unique<Template>(compile(text, depth));
    }
    Piece expression_piece(std::string_view inside, int depth) {
        return {Kind::expression, true, {}, nested(inside, depth), {}, {}};
    }

    Piece variable_piece(std::string_view inside, int depth) {
        const Skeleton skeleton = skeleton_of(inside);
        const std::string_view head = inside.substr(0, skeleton.colon);
        Piece piece;
        if (skeleton.open != std::string_view::npos && skeleton.nested > skeleton.open) {
            const bool closed = skeleton.close != std::string_view::npos && skeleton.close > skeleton.open;
            if (!closed) complain(fmt::format("`)` is missing in `{}`", inside));
            const std::size_t end = closed ? skeleton.close : head.size();
            piece.kind = Kind::function;
            piece.text = head.substr(0, skeleton.open);
            piece.inner = nested(head.substr(skeleton.open + 1, end - skeleton.open - 1), depth);
            piece.tail = head.substr(end);
        } else if (skeleton.nested < head.size()) {
            return {Kind::computed, true, {}, nested(inside, depth), {}, {}};
        } else {
            piece.kind = Kind::variable;
            piece.text = head;
        }
        if (skeleton.colon != std::string_view::npos)
            piece.substring = nested(inside.substr(skeleton.colon + 1), depth);
        return piece;
    }

    std::vector<std::string>* problems_;
};

Template Template::compile(std::string_view text, std::vector<std::string>* problems) {
    return Compiler(problems).compile(text, 0);
}

Result<std::string> Template::evaluate(VariableSource& source, std::size_t limit) const {
    std::string out;
    JF_TRY(append(out, source, limit));
    return out;
}

Result<void> Template::append(std::string& out, VariableSource& source, std::size_t limit) const {
    for (const Piece& piece : pieces_) {
        if (piece.kind == Kind::literal) {
            append_limited(out, piece.text, source, limit);
            continue;
        }
        const std::string value = JF_TRY(value_of(piece, source, limit));
        append_limited(out, value, source, limit);
    }
    return {};
}

Result<std::string> Template::value_of(const Piece& piece, VariableSource& source, std::size_t limit) {
    std::string inner;
    if (piece.inner) JF_TRY(piece.inner->append(inner, source, limit));
    if (piece.kind == Kind::computed) return computed_value(inner, source);
    if (piece.kind == Kind::expression) {
        auto value = evaluate_expression(inner, source);
        if (value || ends_application(value.error().code)) return value;
        source.warn(fmt::format("$[{}]: {}", inner, value.error().text));
        return std::string("0");
    }
    std::string value;
    if (piece.kind == Kind::function)
        value = JF_TRY(call(source, piece.text, inner));
    else
        value = source.variable(piece.text).value_or(std::string());
    if (!piece.substring) return value;
    const std::string range = JF_TRY(piece.substring->evaluate(source, limit));
    return std::string(substring_of(value, range));
}

std::string Template::source_text() const {
    std::string out;
    for (const Piece& piece : pieces_) {
        if (piece.kind == Kind::literal) {
            out += piece.text;
            continue;
        }
        out += piece.kind == Kind::expression ? "$[" : "${";
        out += piece.text;
        if (piece.kind == Kind::function) out += '(';
        if (piece.inner) out += piece.inner->source_text();
        out += piece.tail;
        if (piece.substring) out += ':' + piece.substring->source_text();
        if (piece.closed) out += piece.kind == Kind::expression ? ']' : '}';
    }
    return out;
}

void Template::collect_functions(std::vector<FunctionCall>& calls) const {
    for (const Piece& piece : pieces_) {
        if (piece.kind == Kind::function)
            calls.push_back({piece.text, piece.inner ? piece.inner->source_text() : std::string()});
        if (piece.inner) piece.inner->collect_functions(calls);
        if (piece.substring) piece.substring->collect_functions(calls);
    }
}

std::string_view substring_of(std::string_view value, std::string_view range) {
    const std::int64_t size = static_cast<std::int64_t>(value.size());
    std::int64_t offset = 0, length = std::numeric_limits<int>::max();
    if (const auto first = read_int(range)) {
        offset = *first;
        if (range.starts_with(':')) {
            range.remove_prefix(1);
            if (const auto second = read_int(range)) length = *second;
        }
    }
    if (offset < 0) offset = std::max<std::int64_t>(0, size + offset);
    if (offset >= size) return {};
    const std::int64_t rest = size - offset;
    if (length < 0) length = std::max<std::int64_t>(0, rest + length);
    return value.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(std::min(length, rest)));
}

Result<std::string> evaluate_text(std::string_view text, VariableSource& source, std::size_t limit) {
    return Template::compile(text).evaluate(source, limit);
}

}  // namespace jackfield
