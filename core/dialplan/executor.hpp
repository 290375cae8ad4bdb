// The executor: runs a channel through the dialplan on a fiber of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/custody.hpp"

namespace jackfield {

// Starts a fiber that takes the channel through the dialplan from channel.place() and hangs it up at the end: special
// extensions i, t, h, o, s, e; hang-up handlers; autofallthrough. Never waits. On failure (limit of fibers) the
// channel is hung up with switch_congestion.
Result<void> start_dialplan(Custody channel);

// Runs one application by name on the calling fiber (Exec, features, AMI). Waits. Errors: not_found with the nearest
// name, and the application's.
Result<void> run_application(Channel& channel, std::string_view name, std::string_view arguments);
// Calls "context,extension,priority(args)" as Gosub would and returns at its Return. Waits.
Result<void> run_gosub(Channel& channel, std::string_view target_with_arguments, std::string* return_value = nullptr);

// ${}-substitution in the channel's scope (null: globals only). May wait.
Result<std::string> substitute(Channel* channel, std::string_view text);
// Reads or sets "NAME" or "FUNC(args)". May wait.
Result<std::string> read_expression(Channel* channel, std::string_view name);
Result<void> write_expression(Channel* channel, std::string_view name, std::string_view value);

// For Goto and its like: resolves "[[context,]extension,]priority|label" relative to the channel's place. Errors:
// not_found, saying which part, with the nearest name.
Result<Place> resolve_place(Channel& channel, std::string_view target);
// Makes the executor go on at `place` after the running application returns (Goto). Never waits.
void go_to(Channel& channel, Place place);

enum class MatchKind : unsigned char { none, partial, exact, exact_and_longer };
MatchKind match_extension(Channel& channel, std::string_view context, std::string_view extension);
bool extension_exists(Channel& channel, std::string_view context, std::string_view extension, int priority = 1);
// Whether who dials that picks up a call of his groups: it is pickupexten of features.conf, the context has no such extension, and
// the application Pickup is there.
bool is_pickup_extension(Channel& channel, std::string_view context, std::string_view extension);

}  // namespace jackfield
