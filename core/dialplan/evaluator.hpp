// Values of ${} in a channel's scope: built-in, channel and global variables, and functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/channel/channel.hpp"
#include "core/config/daemon_settings.hpp"
#include "core/dialplan/name.hpp"
#include "core/dialplan/variable_source.hpp"

namespace jackfield {

// Looks up in the order of Asterisk: built-in variables, then the channel's own, then global ones. Without a channel
// there are built-in variables of the system and global ones.
class ChannelSource final : public VariableSource {
  public:
    explicit ChannelSource(Channel* channel, Name file = {}, std::uint32_t line = 0)
        : channel_(channel), file_(file), line_(line) {}

    std::optional<std::string> variable(std::string_view name) override;
    Result<std::string> call_function(std::string_view name, std::string_view arguments) override;
    void warn(std::string_view text) override;  // to the log, with file and line of the priority

  private:
    Channel* channel_;
    Name file_;
    std::uint32_t line_;
};

// ${EXTEN}, ${UNIQUEID}, ${EPOCH}, ${ASTETCDIR}, ...; nothing when there is no such built-in variable.
std::optional<std::string> builtin_variable(Channel* channel, std::string_view name);
// Those that never change while the daemon runs: ASTETCDIR, ENTITYID, ... Set once at start; then any thread reads them.
void set_constant_variable(std::string name, std::string value);
std::optional<std::string> constant_variable(std::string_view name);
// ASTETCDIR, ASTSPOOLDIR and their like, and ENTITYID.
void set_directory_variables(const DaemonSettings& settings);

// Names with the usual spelling of a function or application that nobody has registered: ", did you mean X?" or empty.
std::string suggest_application(std::string_view name);
std::string suggest_function(std::string_view name);

// Sets a global variable and publishes VariableSet.
void set_global_variable(std::string_view name, std::string value);

}  // namespace jackfield
