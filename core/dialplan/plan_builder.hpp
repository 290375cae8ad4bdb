// Making a dialplan: a new one from nothing, or the next one from the one in use.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/dialplan/plan.hpp"

namespace jackfield {

// One priority to be added.
struct ExtensionLine {
    std::string_view context;    // made when it is not there
    std::string_view extension;  // name or pattern, without the /caller part
    std::optional<std::string_view> caller_id;
    int priority = 1;  // or hint_priority
    std::string_view label;
    std::string_view application;  // empty for a hint
    std::string_view arguments;
    PlanOrigin origin;
};

// Builds one snapshot. What it does not change is shared with the plan that it began from: adding an extension to a
// plan of 100,000 copies a few nodes. One thread at a time, any thread; the plan that it began from may be in use
// meanwhile. Everything has a registrar, the word for who added it; a reload of extensions.conf replaces what
// the file's registrar added (and with it what the console added, as in Asterisk), parking and others keep theirs.
class DialplanBuilder {
  public:
    explicit DialplanBuilder(std::shared_ptr<const Dialplan> base = nullptr);

    // The context to change, made by `registrar` when it is not there.
    Context& context(std::string_view name, Name registrar);
    bool has_context(std::string_view name) const { return plan_->context(name) != nullptr; }
    const Dialplan& plan() const { return *plan_; }  // what has been built so far

    // Errors: exists (the priority is there and replace is false; or the label is at another priority), invalid (the
    // pattern, the priority). Malformed ${} in the arguments is told to `problems` when given.
    Result<void> add(const ExtensionLine& line, bool replace = false, std::vector<std::string>* problems = nullptr);
    // Takes out one priority, or with none the whole extension (for every caller, when no caller_id is given).
    // registrar: only what it added. Errors: not_found.
    Result<void> remove(std::string_view context, std::string_view extension,
                        std::optional<std::string_view> caller_id = {}, std::optional<int> priority = {},
                        std::optional<Name> registrar = {});

    // text: "context" or "context,times,weekdays,days,months[,timezone]". Errors: exists.
    Result<void> add_include(std::string_view context, std::string_view text, const PlanOrigin& origin,
                             std::vector<std::string>* problems = nullptr);
    Result<void> remove_include(std::string_view context, std::string_view text);
    // text: "Name/data". Errors: exists.
    Result<void> add_switch(std::string_view context, std::string_view text, bool evaluate, const PlanOrigin& origin);
    Result<void> add_ignore_pattern(std::string_view context, std::string_view pattern, const PlanOrigin& origin);
    Result<void> remove_ignore_pattern(std::string_view context, std::string_view pattern);
    // The whole context, whoever added what to it. Errors: not_found.
    Result<void> remove_context(std::string_view name);
    // Everything that `registrar` added; contexts that it made and that are then empty go too.
    void remove_registrar(Name registrar);

    void set_settings(DialplanSettings settings);
    void set_globals(std::vector<std::pair<std::string, std::string>> globals) { plan_->globals_ = std::move(globals); }

    // The finished snapshot; the builder is empty afterwards.
    std::shared_ptr<const Dialplan> build();

  private:
    Result<Context*> existing(std::string_view name);
    Dialplan::Part& part(std::string_view name);

    std::shared_ptr<Dialplan> plan_;
    std::uint64_t owner_;
};

}  // namespace jackfield
