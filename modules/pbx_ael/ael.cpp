// AEL: statements to priorities.
#include "modules/pbx_ael/ael.hpp"

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"
#include "modules/pbx_ael/ael_code.hpp"
#include "modules/pbx_ael/ael_scanner.hpp"

namespace jackfield::ael {
namespace {

constexpr unsigned deepest_nesting = 64, deepest_include = 16;
constexpr std::size_t most_steps = 500'000;

// x|y as x,y: both separate the parts of a place and of times.
std::string with_commas(std::string text) {
    std::ranges::replace(text, '|', ',');
    return text;
}

// A pattern of `pattern 9NXX:` as a regular expression.
std::string regex_of(std::string_view pattern) {
    std::string regex = "^";
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '[') {
            const auto end = std::min(pattern.find(']', i), pattern.size() - 1);
            regex += pattern.substr(i, end - i + 1);
            i = end;
        } else if (c == 'X' || c == 'x') {
            regex += "[0-9]";
        } else if (c == 'Z' || c == 'z') {
            regex += "[1-9]";
        } else if (c == 'N' || c == 'n') {
            regex += "[2-9]";
        } else if (c == '.' || c == '!') {
            regex += c == '.' ? ".+" : ".*";
        } else if (std::string_view("*+?()^$|\\").contains(c)) {
            regex += std::string("[") + c + "]";
        } else {
            regex += c;
        }
    }
    return regex + "$";
}

class Parser {
  public:
    Parser(const Read& read, Plan& plan, Diagnostics& findings) : read_(read), plan_(plan), findings_(findings) {}

    void file(const std::string& name, unsigned depth) {
        auto text = read_(name);
        if (!text) {
            Diagnostic finding{.file = name, .line = 0, .severity = Severity::error, .text = text.error().text};
            findings_.add(std::move(finding));
            return;
        }
        plan_.files.push_back(name);
        const auto outer_file = std::exchange(file_, static_cast<std::uint32_t>(plan_.files.size() - 1));
        Scanner* const outer = scanner_;
        Scanner scanner(*text);
        scanner_ = &scanner;
        while (!scanner.at_end() && plan_steps_ < most_steps) top_level(depth);
        scanner_ = outer;
        file_ = outer_file;
    }

  private:
    // --- what stands outside of everything -----------------------------------------------------------------------------

    void top_level(unsigned depth) {
        if (scanner_->take("#include")) return include(depth);
        std::string word = scanner_->word();
        if (word == "globals") return globals();
        if (word == "macro") return macro();
        bool extend = false;
        while (word == "abstract" || word == "extend") {
            extend = extend || word == "extend";
            word = scanner_->word();
        }
        if (word == "context") return context(extend);
        if (word.empty() && scanner_->take(";")) return;
        error("context, macro, globals or #include is expected, not `{}`", word.empty() ? std::string(1, scanner_->peek()) : word);
        if (word.empty()) (void)scanner_->take(std::string(1, scanner_->peek()));
        scanner_->skip_statement();
    }

    void include(unsigned depth) {
        const char quote = scanner_->peek();
        std::string name = scanner_->text_until(" \t\n;");
        std::erase_if(name, [](char c) { return c == '"' || c == '<' || c == '>'; });
        (void)scanner_->take(";");
        if ((quote != '"' && quote != '<') || name.empty()) return error("#include needs \"FILE\"");
        if (depth == deepest_include) return error("#include is nested deeper than {}", deepest_include);
        file(name, depth + 1);
    }

    void globals() {
        if (!expect("{")) return;
        while (!scanner_->take("}")) {
            if (scanner_->at_end()) return error("`}}` of globals is missing");
            std::string name = scanner_->word();
            if (name.empty() || !scanner_->take("=")) {
                error("NAME = VALUE; is expected in globals");
                scanner_->skip_statement();
                continue;
            }
            std::string value = scanner_->text_until(";}");
            (void)scanner_->take(";");
            plan_.globals.emplace_back(std::move(name), std::move(value));
        }
        (void)scanner_->take(";");
    }

    void macro() {
        Context made{.name = scanner_->word(), .line = scanner_->line(), .file = file_};
        std::string parameters;
        if (made.name.empty() || !scanner_->parenthesised(parameters)) {
            error("macro NAME(PARAMETERS) is expected");
            return scanner_->skip_statement();
        }
        context_ = &made;
        Extension extension{.name = std::string(macro_extension), .line = made.line, .file = file_};
        Code code;
        std::size_t number = 0;
        for (const std::string_view parameter : split_list(parameters))
            if (!parameter.empty())
                code.add("Set", fmt::format("LOCAL({})=${{ARG{}}}", parameter, ++number), made.line, file_);
        if (expect("{")) {
            while (!scanner_->take("}")) {
                if (scanner_->at_end()) return error("`}}` of macro {} is missing", made.name);
                statement(code, 0);
            }
        }
        code.add("Return", {}, scanner_->line(), file_);
        finish(std::move(extension), code);
        (void)scanner_->take(";");
        plan_.contexts.push_back(std::move(made));
    }

    // --- contexts ------------------------------------------------------------------------------------------------------

    void context(bool extend) {
        Context made{.name = scanner_->word(), .extend = extend, .line = scanner_->line(), .file = file_};
        if (made.name.empty()) return error("context NAME is expected"), scanner_->skip_statement();
        context_ = &made;
        if (expect("{")) {
            while (!scanner_->take("}")) {
                if (scanner_->at_end()) {
                    error("`}}` of context {} is missing", made.name);
                    break;
                }
                element(made);
            }
        }
        (void)scanner_->take(";");
        plan_.contexts.push_back(std::move(made));
    }

    void element(Context& into) {
        if (scanner_->take(";")) return;
        const std::size_t begin = scanner_->position();
        const std::uint32_t line = scanner_->line();
        const std::string word = scanner_->word();
        if (word == "includes")
            return list([&](std::string text, std::uint32_t at) { into.includes.push_back({with_commas(std::move(text)), at, file_}); });
        if (word == "switches" || word == "eswitches")
            return list([&](std::string text, std::uint32_t) { into.switches.emplace_back(std::move(text), word == "eswitches"); });
        if (word == "ignorepat" && scanner_->take("=>")) {
            into.ignore_patterns.push_back(scanner_->text_until(";}"));
            (void)scanner_->take(";");
            return;
        }
        std::string hint;
        if (word == "hint" && !scanner_->parenthesised(hint)) return error("hint(DEVICE) is expected"), scanner_->skip_statement();
        if (word != "hint" && word != "regexten") scanner_->go_back(begin, line);
        // A caller may stand behind the name: 100/555.
        std::string name = scanner_->text_until("={;}");
        if (name.empty() || !scanner_->take("=")) {
            error("EXTENSION => STATEMENT is expected in context {}, not `{}`", into.name, name);
            return name.empty() && scanner_->take("{") ? void() : scanner_->skip_statement();
        }
        if (!scanner_->take(">")) {  // NAME = VALUE; was never more than a global variable
            error("a variable is set in an extension or in globals, not in context {}", into.name);
            return scanner_->skip_statement();
        }
        Extension extension{.name = std::move(name), .hint = std::move(hint), .line = line, .file = file_};
        Code code;
        statement(code, 0);
        finish(std::move(extension), code);
    }

    void list(const std::function<void(std::string, std::uint32_t)>& add) {
        if (!expect("{")) return;
        while (!scanner_->take("}")) {
            if (scanner_->at_end()) return error("a `}}` is missing");
            (void)scanner_->peek();  // over blanks and comments, so that the line is the text's
            const std::uint32_t line = scanner_->line();
            std::string text = scanner_->text_until(";}");
            (void)scanner_->take(";");
            if (!text.empty()) add(std::move(text), line);
        }
        (void)scanner_->take(";");
    }

    void finish(Extension extension, Code& code) {
        extension.steps = code.finish(scanner_->line(), file_);
        plan_steps_ += extension.steps.size();
        context_->extensions.push_back(std::move(extension));
    }

    // --- statements ----------------------------------------------------------------------------------------------------

    struct Loop {
        Code::Mark next, end;
        bool is_switch;
    };

    void statement(Code& code, unsigned depth) {
        if (depth >= deepest_nesting || code.size() >= most_steps) {
            error("statements are nested deeper than {}, or an extension has too many", deepest_nesting);
            return scanner_->skip_statement();
        }
        if (scanner_->take(";")) return;
        if (scanner_->take("{")) return block(code, depth);
        if (scanner_->take("&")) return macro_call(code);
        if (scanner_->peek() == '}' || scanner_->at_end()) return error("a statement is expected");
        const std::uint32_t line = scanner_->line();
        const std::string word = scanner_->word();
        if (word.empty()) {
            error("a statement is expected, not `{}`", std::string(1, scanner_->peek()));
            (void)scanner_->take(std::string(1, scanner_->peek()));
            return scanner_->skip_statement();
        }
        if (keyword(code, word, line, depth)) return;
        if (scanner_->take(":")) return add_label(code, word, line);
        simple(code, word, line);
    }

    void block(Code& code, unsigned depth) {
        while (!scanner_->take("}")) {
            if (scanner_->at_end()) return error("a `}}` is missing");
            statement(code, depth + 1);
        }
    }

    void add_label(Code& code, const std::string& word, std::uint32_t line) {
        if (code.label_waits()) code.add("NoOp", {}, line, file_);  // two labels at one place
        code.add_label(word);
    }

    bool keyword(Code& code, const std::string& word, std::uint32_t line, unsigned depth) {
        if (word == "if") return if_statement(code, line, depth, [](const std::string& text) { return "$[" + text + "]"; }), true;
        if (word == "ifTime") return if_time(code, line, depth), true;
        if (word == "random")
            return if_statement(code, line, depth, [](const std::string& text) { return "$[${RAND(0,99)} < " + text + "]"; }), true;
        if (word == "while") return while_loop(code, line, depth), true;
        if (word == "for") return for_loop(code, line, depth), true;
        if (word == "switch") return switch_statement(code, line, depth), true;
        if (word == "break" || word == "continue") return leave(code, word, line), true;
        if (word == "return") return end_statement(), code.add("Return", {}, line, file_), true;
        if (word == "goto") return go_to(code, line), true;
        if (word == "jump") return jump(code, line), true;
        if (word == "catch") return catch_statement(depth), true;
        if (word == "local") return local(code, line), true;
        return false;
    }

    template <class Condition>
    void if_statement(Code& code, std::uint32_t line, unsigned depth, Condition&& condition) {
        std::string text;
        if (!scanner_->parenthesised(text)) return error("( CONDITION ) is expected"), scanner_->skip_statement();
        const Code::Mark otherwise = code.new_mark();
        code.add("GotoIf", condition(text) + "?:" + Code::text_of(otherwise), line, file_);
        both_branches(code, otherwise, line, depth);
    }
    void if_time(Code& code, std::uint32_t line, unsigned depth) {
        std::string times;
        if (!scanner_->parenthesised(times)) return error("( TIMES ) is expected"), scanner_->skip_statement();
        const Code::Mark otherwise = code.new_mark();
        code.add("GotoIfTime", with_commas(times) + "?:" + Code::text_of(otherwise), line, file_);
        both_branches(code, otherwise, line, depth);
    }
    void both_branches(Code& code, Code::Mark otherwise, std::uint32_t line, unsigned depth) {
        statement(code, depth + 1);
        const std::size_t begin = scanner_->position();
        const std::uint32_t begin_line = scanner_->line();
        if (scanner_->word() != "else") {
            scanner_->go_back(begin, begin_line);
            return code.place(otherwise);
        }
        const Code::Mark end = code.new_mark();
        code.jump(end, line, file_);
        code.place(otherwise);
        statement(code, depth + 1);
        code.place(end);
    }

    void while_loop(Code& code, std::uint32_t line, unsigned depth) {
        std::string condition;
        if (!scanner_->parenthesised(condition)) return error("while ( CONDITION ) is expected"), scanner_->skip_statement();
        loop(code, condition, {}, line, depth);
    }
    void for_loop(Code& code, std::uint32_t line, unsigned depth) {
        std::string inside;
        if (!scanner_->parenthesised(inside)) return error("for (START; CONDITION; STEP) is expected"), scanner_->skip_statement();
        Scanner parts(inside);
        const std::string start = parts.text_until(";");
        (void)parts.take(";");
        const std::string condition = parts.text_until(";");
        (void)parts.take(";");
        if (!start.empty()) assign_text(code, start, line);
        loop(code, condition, parts.text_until(""), line, depth);
    }
    void loop(Code& code, const std::string& condition, const std::string& step, std::uint32_t line, unsigned depth) {
        const Code::Mark begin = code.new_mark(), next = code.new_mark(), end = code.new_mark();
        code.place(begin);
        if (!condition.empty()) code.jump_unless(condition, end, line, file_);
        loops_.push_back({next, end, false});
        statement(code, depth + 1);
        loops_.pop_back();
        code.place(next);
        if (!step.empty()) assign_text(code, step, line);
        code.jump(begin, line, file_);
        code.place(end);
    }
    // "x=x+1" of a for: an assignment, or an application or macro.
    void assign_text(Code& code, const std::string& text, std::uint32_t line) {
        const Halves halves = split_once(text, '=');
        if (halves.found && !trim(halves.first).contains('('))
            return code.add("Set", fmt::format("{}=$[{}]", trim(halves.first), trim(halves.second)), line, file_);
        Scanner inside(text);
        Scanner* const outer = std::exchange(scanner_, &inside);
        statement(code, deepest_nesting - 1);
        scanner_ = outer;
    }

    void leave(Code& code, const std::string& word, std::uint32_t line) {
        end_statement();
        const bool next = word == "continue";
        const auto found = std::find_if(loops_.rbegin(), loops_.rend(), [&](const Loop& each) { return !next || !each.is_switch; });
        if (found == loops_.rend()) return error("{} stands outside of a loop", word);
        code.jump(next ? found->next : found->end, line, file_);
    }

    // Each case is compared in its turn, so that EXTEN stays what it is within them.
    void switch_statement(Code& code, std::uint32_t line, unsigned depth) {
        std::string value;
        if (!scanner_->parenthesised(value) || !expect("{")) return error("switch (VALUE) {{ is expected"), scanner_->skip_statement();
        const std::string variable = fmt::format("~~sw{}~~", ++switches_);
        code.add("Set", variable + "=" + value, line, file_);
        const Code::Mark tests = code.new_mark(), end = code.new_mark();
        code.jump(tests, line, file_);
        struct Case {
            std::string condition;
            Code::Mark mark;
        };
        std::vector<Case> cases;
        std::optional<Code::Mark> otherwise;
        loops_.push_back({end, end, true});
        while (!scanner_->take("}")) {
            if (scanner_->at_end()) {
                error("`}}` of switch is missing");
                break;
            }
            const std::size_t begin = scanner_->position();
            const std::uint32_t begin_line = scanner_->line();
            const std::string word = scanner_->word();
            if (word == "case" || word == "pattern" || word == "default") {
                const Code::Mark mark = code.new_mark();
                const std::string label = word == "default" ? std::string() : scanner_->text_until(":;}");
                if (!scanner_->take(":")) {
                    error("`:` is missing after {}", word);
                    scanner_->skip_statement();
                }
                if (word == "default")
                    otherwise = mark;
                else if (word == "case")
                    cases.push_back({fmt::format("\"${{{}}}\" = \"{}\"", variable, label), mark});
                else
                    cases.push_back({fmt::format("${{REGEX(\"{}\" ${{{}}})}}", regex_of(label), variable), mark});
                code.place(mark);
                continue;
            }
            scanner_->go_back(begin, begin_line);
            statement(code, depth + 1);
        }
        loops_.pop_back();
        code.jump(end, line, file_);
        code.place(tests);
        for (const Case& each : cases)
            code.add("GotoIf", "$[" + each.condition + "]?" + Code::text_of(each.mark), line, file_);
        if (otherwise) code.jump(*otherwise, line, file_);
        code.place(end);
    }

    void go_to(Code& code, std::uint32_t line) {
        code.add("Goto", with_commas(scanner_->text_until(";}")), line, file_);
        end_statement();
    }
    // jump EXTENSION[,PRIORITY][@CONTEXT]
    void jump(Code& code, std::uint32_t line) {
        const std::string text = with_commas(scanner_->text_until(";}"));
        end_statement();
        const Halves at = split_once(text, '@');
        const Halves place = split_once(at.first, ',');
        const std::string_view priority = place.found ? trim(place.second) : "1";
        code.add("Goto", at.found ? fmt::format("{},{},{}", trim(at.second), trim(place.first), priority)
                                  : fmt::format("{},{}", trim(place.first), priority),
                 line, file_);
    }
    // catch h { ... } is an extension of its own beside the one it stands in.
    void catch_statement(unsigned depth) {
        Extension extension{.name = scanner_->word(), .line = scanner_->line(), .file = file_};
        if (extension.name.empty()) return error("catch EXTENSION is expected"), scanner_->skip_statement();
        Code code;
        const auto outer = std::exchange(loops_, {});
        statement(code, depth + 1);
        loops_ = outer;
        finish(std::move(extension), code);
    }
    void local(Code& code, std::uint32_t line) {
        const std::string name = scanner_->word();
        if (name.empty() || !scanner_->take("=")) return error("local NAME = VALUE; is expected"), scanner_->skip_statement();
        code.add("Set", fmt::format("LOCAL({})=$[{}]", name, scanner_->text_until(";}")), line, file_);
        end_statement();
    }
    void macro_call(Code& code) {
        const std::uint32_t line = scanner_->line();
        const std::string name = scanner_->word();
        std::string arguments;
        if (name.empty() || !scanner_->parenthesised(arguments))
            return error("&MACRO(ARGUMENTS) is expected"), scanner_->skip_statement();
        code.add("Gosub", fmt::format("{},{},1({})", name, macro_extension, arguments), line, file_);
        end_statement();
    }

    // An assignment, to a variable or FUNCTION(...), or an application.
    void simple(Code& code, const std::string& word, std::uint32_t line) {
        std::string arguments;
        const bool call = scanner_->peek() == '(';
        if (call && !scanner_->parenthesised(arguments)) return error("`)` of {} is missing", word), scanner_->skip_statement();
        if (scanner_->peek() == '=' && !scanner_->peek("==")) {
            (void)scanner_->take("=");
            const std::string name = call ? fmt::format("{}({})", word, arguments) : word;
            code.add("Set", fmt::format("{}=$[{}]", name, scanner_->text_until(";}")), line, file_);
        } else {
            code.add(word, arguments, line, file_);
        }
        end_statement();
    }

    // --- mistakes ------------------------------------------------------------------------------------------------------

    template <class... A>
    void error(fmt::format_string<A...> format, A&&... arguments) {
        findings_.add({.file = plan_.files[file_], .line = scanner_->line(), .severity = Severity::error,
                       .text = fmt::format(format, std::forward<A>(arguments)...)});
    }
    bool expect(std::string_view what) {
        if (scanner_->take(what)) return true;
        error("`{}` is expected", what);
        scanner_->skip_statement();
        return false;
    }
    void end_statement() {
        // The last statement of a for's head, and of a block that ends, needs none.
        if (!scanner_->take(";") && scanner_->peek() != '}' && !scanner_->at_end()) {
            error("`;` is missing");
            scanner_->skip_statement();
        }
    }

    const Read& read_;
    Plan& plan_;
    Diagnostics& findings_;
    Scanner* scanner_ = nullptr;
    Context* context_ = nullptr;
    std::uint32_t file_ = 0;
    std::vector<Loop> loops_;
    std::size_t plan_steps_ = 0;
    unsigned switches_ = 0;
};

}  // namespace

Plan parse(const std::string& name, const Read& read, Diagnostics& findings) {
    Plan plan;
    Parser(read, plan, findings).file(name, 0);
    return plan;
}

}  // namespace jackfield::ael
