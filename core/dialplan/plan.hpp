// The compiled dialplan: an immutable snapshot that any number of calls read while the next one is being built.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/extension.hpp"
#include "core/dialplan/extension_index.hpp"
#include "core/dialplan/time_condition.hpp"

namespace jackfield {

// Where a line of the plan stands, for messages and `dialplan show`.
struct PlanOrigin {
    Name registrar;
    Name file;
    std::uint32_t line = 0;
};

struct Include {
    std::string context;
    std::optional<TimeCondition> when;  // include => lunch,12:00-13:00,mon-fri
    std::string text;                   // as written, which also names it for removal
    PlanOrigin origin;
};

// switch => IAX2/server/context: asks a module for what the context itself does not have.
struct Switch {
    std::string name;       // of the module's switch, e.g. IAX2, Realtime, Lua
    std::string data;       // what follows the slash
    bool evaluate = false;  // eswitch: ${} in data is replaced for each call
    PlanOrigin origin;
};

struct IgnorePattern {
    Pattern pattern;
    PlanOrigin origin;
};

struct Context {
    std::string name;
    Name registrar;  // who made it
    ExtensionIndex extensions;
    std::vector<Include> includes;
    std::vector<Switch> switches;
    std::vector<IgnorePattern> ignore_patterns;
    bool autohints = false;
    std::uint64_t owner = 0;  // DialplanBuilder that may still change it
};

// [general] of extensions.conf.
struct DialplanSettings {
    bool static_plan = false;        // static: `dialplan save` may write
    bool write_protect = false;      // writeprotect: ... but for this
    bool auto_fall_through = true;   // autofallthrough: a call hangs up where its extension ends
    bool clear_globals = false;      // clearglobalvars: a reload forgets globals that the file does not set
    bool new_pattern_match = false;  // extenpatternmatchnew: accepted; matching is always by index
    std::string override_switch;     // overrideswitch: asked before any context
    std::string users_context = "default";
};

// What is looked for. Views must outlive the search.
struct PlanQuery {
    std::string_view context;
    std::string_view extension;
    int priority = 1;
    std::string_view label;      // when not empty: the priority with this label, whatever its number
    std::string_view caller_id;  // number of the caller; empty when unknown
    MatchMode mode = MatchMode::match;
    std::optional<WallTime> at;  // for includes with a time; the wall clock when empty
};

// How far a search came.
enum class PlanStatus : std::uint8_t { no_context, no_extension, no_priority, no_label, found };

struct PlanMatch {
    PlanStatus status = PlanStatus::no_context;
    // When found. All point into the plan and are valid as long as it is held.
    const Priority* priority = nullptr;
    const Extension* extension = nullptr;
    const Context* context = nullptr;   // where it stands: the asked one or an included one
    const Switch* by_switch = nullptr;  // a switch has it instead; then priority and extension are null
    explicit operator bool() const { return status == PlanStatus::found; }
};

// Asks a switch whether it has the query's extension (in query.mode). May wait.
using SwitchProbe = std::function<bool(const Context&, const Switch&, const PlanQuery&)>;

// The snapshot. Hold it by shared_ptr<const Dialplan> for as long as anything from it is used; let the last reference
// go on the pool, freeing a large plan takes time.
class Dialplan {
  public:
    // The extension for a number: the overriding switch first, then the context's own extensions from the most specific
    // pattern on (one that lacks the priority is passed over), its switches, its includes in order with theirs.
    // A context is entered once, so circles end. Waits only when `probe` does; without a probe switches are left out.
    PlanMatch find(const PlanQuery& query, const SwitchProbe& probe = {}) const;

    // Does the query's number match now (match), with more digits or now (can_match), only with more (match_more)?
    bool exists(const PlanQuery& query, const SwitchProbe& probe = {}) const { return bool(find(query, probe)); }

    // The hint of an extension, also a pattern's; null when there is none.
    const Priority* hint(std::string_view context, std::string_view extension) const;

    // ignorepat: keep giving dial tone after these digits.
    bool ignores(std::string_view context, std::string_view digits) const;

    // Null when there is none. Names are compared with letter case.
    const Context* context(std::string_view name) const;
    // Every context, sorted by name.
    std::vector<const Context*> contexts() const;
    std::size_t context_count() const;

    const DialplanSettings& settings() const { return settings_; }
    // [globals] in the order of the file, values as they were when it was read.
    const std::vector<std::pair<std::string, std::string>>& globals() const { return globals_; }

  private:
    friend class DialplanBuilder;
    class Search;
    // Contexts are spread over parts by a hash of their name, so that a changed plan copies one part and not the list.
    struct Part {
        std::unordered_map<std::string, std::shared_ptr<Context>, StringHash, std::equal_to<>> contexts;
        std::uint64_t owner = 0;
    };
    static constexpr std::size_t part_count = 64;
    static std::size_t part_of(std::string_view name) { return StringHash{}(name) / 7 % part_count; }

    std::array<std::shared_ptr<Part>, part_count> parts_;
    DialplanSettings settings_;
    std::optional<Switch> override_switch_;
    std::vector<std::pair<std::string, std::string>> globals_;
};

}  // namespace jackfield
