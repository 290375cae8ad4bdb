// Text with ${variables}, ${FUNCTIONS(arguments)} and $[expressions] in it, compiled once and evaluated often.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/dialplan/variable_source.hpp"

namespace jackfield {

// An immutable compiled text. ${NAME}, ${NAME:offset:length} (both may be negative), ${FUNC(args)} with an optional
// :offset:length, names and arguments that hold further ${} and $[], and $[expression]. A `$` before anything else is
// itself; there is no escape. Values are not evaluated again, so nothing that a caller sends can become a variable.
class Template {
  public:
    Template() = default;
    Template(Template&&) noexcept = default;
    Template& operator=(Template&&) noexcept = default;

    // Never fails: what is malformed is understood as Asterisk does and told to `problems` when that is given
    // (a missing brace, nesting deeper than 64). Pure, any thread.
    static Template compile(std::string_view text, std::vector<std::string>* problems = nullptr);

    // The text with everything replaced. Waits when a function in it does; any number of fibers may evaluate one
    // template at once. Errors: only what ended a wait (hangup and its like). The value is cut at `limit` bytes.
    static constexpr std::size_t default_limit = 65536;
    Result<std::string> evaluate(VariableSource& source, std::size_t limit = default_limit) const;

    // True when there is nothing to replace; then literal() is the whole text.
    bool is_literal() const { return pieces_.empty() || (pieces_.size() == 1 && pieces_[0].kind == Kind::literal); }
    std::string_view literal() const { return is_literal() && !pieces_.empty() ? pieces_[0].text : std::string_view(); }

    // The text as it was written, e.g. for `dialplan show`.
    std::string source_text() const;

    // The calls of dialplan functions by a fixed name that stand in the text, arguments as written, for checking.
    struct FunctionCall {
        std::string name, arguments;
    };
    void collect_functions(std::vector<FunctionCall>& calls) const;

  private:
    enum class Kind : std::uint8_t { literal, variable, function, computed, expression };
    struct Piece {
        Kind kind = Kind::literal;
        bool closed = true;                   // false when its closing brace is missing
        std::string text;                     // literal text; name of the variable or function
        std::unique_ptr<Template> inner;      // arguments; the whole of a computed name; the expression
        std::unique_ptr<Template> substring;  // what follows the colon
        std::string tail;  // of a function: what stands between its `)` and the end, normally nothing
    };
    class Compiler;

    Result<void> append(std::string& out, VariableSource& source, std::size_t limit) const;
    static Result<std::string> value_of(const Piece& piece, VariableSource& source, std::size_t limit);

    std::vector<Piece> pieces_;
};

// The part of a value that ${NAME:offset:length} asks for: a negative offset counts from the end, a negative length
// leaves that many off the end. `range` is "offset", "offset:length" or anything, which gives the whole value.
std::string_view substring_of(std::string_view value, std::string_view range);

// evaluate() of a text that is used once.
Result<std::string> evaluate_text(std::string_view text, VariableSource& source,
                                  std::size_t limit = Template::default_limit);

}  // namespace jackfield
