// extensions.conf: from the parsed file to the compiled plan.
#include "core/dialplan/loader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/dialplan/template.hpp"

namespace jackfield {
namespace {

const std::vector<std::string>& known_keys() {
    static const std::vector<std::string> keys{"exten",  "same",    "include", "ignorepat",
                                               "switch", "lswitch", "eswitch", "autohints"};
    return keys;
}

// Values while loading: the globals read so far, then what the running system knows.
class LoadingSource final : public VariableSource {
  public:
    explicit LoadingSource(VariableSource* outer) : outer_(outer) {}

    std::optional<std::string> variable(std::string_view name) override {
        if (const auto found = globals.find(name); found != globals.end()) return found->second;
        return outer_ ? outer_->variable(name) : std::nullopt;
    }
    Result<std::string> call_function(std::string_view name, std::string_view arguments) override {
        if (name == "GLOBAL") return variable(arguments).value_or(std::string());
        if (outer_) return outer_->call_function(name, arguments);
        return fail(ErrorCode::unsupported, "functions are not available while loading");
    }
    void warn(std::string_view text) override { warnings.emplace_back(text); }

    std::map<std::string, std::string, std::less<>> globals;
    std::vector<std::string> warnings;

  private:
    VariableSource* outer_;
};

class Loader {
  public:
    Loader(DialplanBuilder& builder, Diagnostics& findings, const PlanLoadOptions& options)
        : builder_(builder), findings_(findings), source_(options.outer), registrar_(options.registrar) {}

    void load(const ConfigFile& file) {
        for (const ConfigCategory& category : file.categories())
            if (!category.is_template() && equals_ignoring_case(category.name(), "globals")) load_globals(category);
        for (const ConfigCategory& category : file.categories()) {
            if (category.is_template() || equals_ignoring_case(category.name(), "globals")) continue;
            if (equals_ignoring_case(category.name(), "general"))
                load_general(category);
            else
                load_context(category);
        }
        builder_.set_settings(std::move(settings_));
        builder_.set_globals(std::move(globals_));
    }

  private:
    // Where the next line of a context goes on from.
    struct Position {
        std::string extension;  // as written, with /caller
        int priority = 0;       // last one given; 0: none yet
    };

    void load_globals(const ConfigCategory& category) {
        for (const ConfigEntry& entry : category.entries()) {
            std::string value = evaluate(entry);
            source_.globals.insert_or_assign(std::string(entry.key), value);
            globals_.emplace_back(entry.key, std::move(value));
        }
    }

    void load_general(const ConfigCategory& category) {
        struct Flag {
            std::string_view key;
            bool DialplanSettings::*member;
        };
        static constexpr std::array<Flag, 5> flags{{{"static", &DialplanSettings::static_plan},
                                                    {"writeprotect", &DialplanSettings::write_protect},
                                                    {"autofallthrough", &DialplanSettings::auto_fall_through},
                                                    {"clearglobalvars", &DialplanSettings::clear_globals},
                                                    {"extenpatternmatchnew", &DialplanSettings::new_pattern_match}}};
        static const std::vector<std::string> keys{"static",          "writeprotect",         "autofallthrough",
                                                   "clearglobalvars", "extenpatternmatchnew", "overrideswitch",
                                                   "userscontext"};
        for (const ConfigEntry& entry : category.entries()) {
            const auto found = std::ranges::find_if(
                flags, [&](const Flag& known) { return equals_ignoring_case(known.key, entry.key); });
            if (found != flags.end()) {
                // As in Asterisk every word that does not mean yes means no; a word that means neither is worth
                // telling.
                const auto value = parse_bool(entry.value);
                if (!value)
                    findings_.warning(entry.place(), "{}: `{}` is neither yes nor no; no is assumed", entry.key,
                                      entry.value);
                settings_.*found->member = value.value_or(false);
            } else if (equals_ignoring_case(entry.key, "overrideswitch")) {
                settings_.override_switch = entry.value;
            } else if (equals_ignoring_case(entry.key, "userscontext")) {
                settings_.users_context = entry.value;
            } else {
                unknown_key(entry, "[general]", keys);
            }
        }
    }

    void load_context(const ConfigCategory& category) {
        builder_.context(category.name(), registrar_);
        Position position;
        for (const ConfigEntry& entry : category.entries()) load_line(category.name(), entry, position);
    }

    void load_line(std::string_view context, const ConfigEntry& entry, Position& position) {
        if (equals_ignoring_case(entry.key, "exten")) {
            const auto parts = split_head(entry.value);
            position.extension = evaluate(entry, trim(parts.first));
            if (position.extension.empty())
                return findings_.error(entry.place(), "exten => needs the name of an extension");
            load_priority(context, entry, parts.second, position);
        } else if (starts_with_ignoring_case(entry.key, "same")) {
            if (position.extension.empty())
                return findings_.error(entry.place(), "same => stands before any exten => in [{}]", context);
            load_priority(context, entry, entry.value, position);
        } else {
            load_other(context, entry);
        }
    }

    void load_other(std::string_view context, const ConfigEntry& entry) {
        std::vector<std::string> problems;
        const auto is = [&](std::string_view key) { return equals_ignoring_case(entry.key, key); };
        if (is("include"))
            complain(entry, builder_.add_include(context, evaluate(entry), origin(entry), &problems));
        else if (is("ignorepat"))
            complain(entry, builder_.add_ignore_pattern(context, evaluate(entry), origin(entry)));
        else if (is("switch"))
            complain(entry, builder_.add_switch(context, evaluate(entry), false, origin(entry)));
        else if (is("lswitch") || is("eswitch"))
            complain(entry, builder_.add_switch(context, entry.value, is("eswitch"), origin(entry)));
        else if (is("autohints"))
            builder_.context(context, registrar_).autohints = parse_bool(entry.value).value_or(false);
        else
            unknown_key(entry, "a context", known_keys());
        for (const std::string& problem : problems) findings_.warning(entry.place(), "{}: {}", entry.key, problem);
    }

    // "priority[+n][(label)],application[(arguments)]" at the extension of `position`.
    void load_priority(std::string_view context, const ConfigEntry& entry, std::string_view text, Position& position) {
        const Halves halves = split_once(text, ',');
        auto step = parse_priority(halves.first, context, position);
        if (!step) return findings_.error(entry.place(), "{}: {}", entry.key, step.error().text);
        const Halves name = split_once(position.extension, '/');
        std::string caller;
        for (const char c : name.second)
            if (std::string_view("()- ").find(c) == std::string_view::npos) caller += c;

        ExtensionLine line{.context = context,
                           .extension = name.first,
                           .priority = step->number,
                           .label = step->label,
                           .origin = origin(entry)};
        if (name.found) line.caller_id = caller;
        if (line.priority == hint_priority)
            line.arguments = trim(halves.second);
        else
            split_application(entry, halves.second, line);
        if (line.extension == "_." || line.extension == "_!")
            findings_.warning(entry.place(),
                              "`{}` also matches i, t, h and the like; `_X{}` is what is meant, as a rule",
                              line.extension, line.extension.substr(1));
        if (line.priority != hint_priority) {
            position.priority = line.priority;
        }
        std::vector<std::string> problems;
        complain(entry, builder_.add(line, false, &problems));
        for (const std::string& problem : problems) findings_.warning(entry.place(), "{}", problem);
    }

    struct Step {
        int number;
        std::string_view label;
    };
    Result<Step> parse_priority(std::string_view text, std::string_view context, const Position& position) {
        text = trim(text);
        Step step{};
        if (const auto open = text.find('('); open != std::string_view::npos) {
            const auto close = text.find(')', open);
            if (close == std::string_view::npos)
                return fail(ErrorCode::invalid, "`)` is missing after the label in `{}`", text);
            step.label = text.substr(open + 1, close - open - 1);
            text = text.substr(0, open);
        }
        const Halves plus = split_once(text, '+');
        const std::string_view word = trim(plus.first);
        const bool counts = word == "n" || word == "next" || word == "s" || word == "same";
        if (word == "hint") {
            step.number = hint_priority;
            return step;
        }
        if (counts && position.priority == 0)
            return fail(ErrorCode::invalid, "`{}` has no priority before it to count from; the first one is 1", word);
        if (counts) {
            step.number = position.priority + (word.starts_with('n') ? 1 : 0);
        } else if (const auto number = parse_number<int>(word)) {
            step.number = *number;
        } else {
            step.number = JF_TRY(labelled_priority(word, context, position));
        }
        if (plus.found) {
            const auto more = parse_number<int>(trim(plus.second));
            if (!more || *more < 0 || *more > 1'000'000)
                return fail(ErrorCode::invalid, "`{}` after `+` is no number", plus.second);
            step.number += *more;
        }
        if (step.number < 1)
            return fail(ErrorCode::invalid,
                        "`{}` is no priority: a number from 1, n, same, hint or a label is expected", text);
        return step;
    }

    // exten => 100,label+101,...: a priority counted from a label that is there already.
    Result<int> labelled_priority(std::string_view word, std::string_view context, const Position& position) {
        const Halves name = split_once(position.extension, '/');
        const PlanMatch found = builder_.plan().find(
            {.context = context, .extension = name.first, .label = word, .caller_id = name.second});
        if (found) return found.priority->number;
        return fail(ErrorCode::invalid, "`{}` is no priority: a number from 1, n, same, hint or a label is expected",
                    word);
    }

    void split_application(const ConfigEntry& entry, std::string_view text, ExtensionLine& line) {
        text = trim(text);
        const auto open = text.find('(');
        line.application = trim(text.substr(0, open));
        if (line.application.empty())
            return findings_.error(entry.place(), "priority {} of {} has no application", line.priority,
                                   line.extension);
        if (line.application.find("${") != std::string_view::npos ||
            line.application.find("$[") != std::string_view::npos) {
            line.application = text;
            return;
        }
        if (open == std::string_view::npos) return;
        const auto close = text.rfind(')');
        const bool closed = close != std::string_view::npos && close > open;
        if (!closed) findings_.warning(entry.place(), "`)` is missing at the end of `{}`", text);
        line.arguments = text.substr(open + 1, closed ? close - open - 1 : std::string_view::npos);
    }

    // The name of the extension: up to the first comma that is neither in [ ] nor behind a backslash.
    static Halves split_head(std::string_view text) {
        int brackets = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '[') ++brackets;
            if (text[i] == ']' && brackets) --brackets;
            if (text[i] == '\\')
                ++i;
            else if (text[i] == ',' && !brackets)
                return {text.substr(0, i), text.substr(i + 1), true};
        }
        return {text, {}, false};
    }

    std::string evaluate(const ConfigEntry& entry) { return evaluate(entry, entry.value); }
    std::string evaluate(const ConfigEntry& entry, std::string_view text) {
        if (text.find('$') == std::string_view::npos) return std::string(text);
        auto value = evaluate_text(text, source_);
        for (const std::string& warning : source_.warnings)
            findings_.warning(entry.place(), "{}: {}", entry.key, warning);
        source_.warnings.clear();
        return value ? std::move(*value) : std::string();
    }

    PlanOrigin origin(const ConfigEntry& entry) {
        if (entry.file != last_file_) file_name_ = entry.file ? Name(*entry.file) : Name();
        last_file_ = entry.file;
        return {registrar_, file_name_, entry.line};
    }

    // What is there twice counts once, as in Asterisk; everything else is an error.
    void complain(const ConfigEntry& entry, const Result<void>& result) {
        if (result) return;
        findings_.add(result.error().code == ErrorCode::exists ? Severity::warning : Severity::error, entry.place(),
                      result.error().text);
    }
    void unknown_key(const ConfigEntry& entry, std::string_view where, std::span<const std::string> words) {
        const auto near = nearest_word(entry.key, words);
        findings_.error(
            entry.place(), "`{}` is no key of {}; {}", entry.key, where,
            near ? fmt::format("did you mean `{}`?", *near) : fmt::format("expected is {}", join(words, ", ")));
    }

    DialplanBuilder& builder_;
    Diagnostics& findings_;
    LoadingSource source_;
    DialplanSettings settings_;
    std::vector<std::pair<std::string, std::string>> globals_;
    const Name registrar_;
    const std::string* last_file_ = nullptr;
    Name file_name_;
};

}  // namespace

void load_dialplan(const ConfigFile& file, DialplanBuilder& builder, Diagnostics& findings,
                   const PlanLoadOptions& options) {
    Loader(builder, findings, options).load(file);
}

std::shared_ptr<const Dialplan> reload_dialplan(const ConfigFile& file, std::shared_ptr<const Dialplan> current,
                                                Diagnostics& findings, const PlanLoadOptions& options) {
    DialplanBuilder builder(std::move(current));
    builder.remove_registrar(Name(options.registrar));
    Diagnostics found;
    load_dialplan(file, builder, found, options);
    findings.append(found);
    return found.has_errors() ? nullptr : builder.build();
}

}  // namespace jackfield
