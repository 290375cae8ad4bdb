// Hints: states of extensions, made of the states of the devices behind them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/driver.hpp"

namespace jackfield {

// The values are those of AMI's ExtensionState and of Asterisk's API: bits that may be combined.
enum class ExtensionState : int {
    removed = -2,      // the extension has no hint any more
    deactivated = -1,
    not_in_use = 0,
    in_use = 1,
    busy = 2,
    unavailable = 4,
    ringing = 8,
    in_use_ringing = 9,
    on_hold = 16,
    in_use_on_hold = 17,
};
std::string_view to_string(ExtensionState state);  // "Idle", "InUse", "Ringing", ... as `core show hints` prints
ExtensionState extension_state_of(DeviceState state);

// Published when the state of a hint of the plan, or of a watched extension, has changed; also when a hint is gone.
struct ExtensionStateChanged {
    static constexpr std::string_view topic = "extension.state";
    std::string context, extension, hint;
    ExtensionState state;
    DeviceState device_state;  // of all its devices together
};

// Of the present plan, also by a pattern. The text with its variables replaced: "PJSIP/6001&PJSIP/6002". Evaluating a
// hint with functions in it may wait; others never do. Nothing when there is no hint.
std::optional<std::string> hint_text(std::string_view context, std::string_view extension);
std::optional<std::string> hint_name(std::string_view context, std::string_view extension);  // in its parentheses
// As the devices are now. Errors: not_found (no hint).
Result<ExtensionState> extension_state(std::string_view context, std::string_view extension);

// Watches one extension for as long as it lives, over reloads: a hint that a reload takes away is told as `removed`, and
// again when it is back; one whose text a reload changes is told as a change, whatever its state. Control thread. `changed` runs in a later turn than what caused it, and may not wait.
class HintWatch {
  public:
    using Changed = std::function<void(ExtensionState state, DeviceState device_state)>;
    HintWatch(std::string context, std::string extension, Changed changed);
    ~HintWatch();
    HintWatch(const HintWatch&) = delete;
    HintWatch& operator=(const HintWatch&) = delete;
    ExtensionState state() const;
    std::string_view text() const;  // with its variables replaced, and the name in parentheses; empty without a hint

  private:
    std::unique_ptr<struct HintWatcher> watcher_;
};

struct HintSummary {
    std::string context, extension, hint;
    ExtensionState state;
    std::size_t watchers;
};
// Of every extension of the plan with a hint and of those that a pattern covers and somebody watches, by name.
std::vector<HintSummary> list_hints();

// For initialise_dialplan().
void start_hints();
void end_hints();

}  // namespace jackfield
