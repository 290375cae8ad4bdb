// Changes of configuration files by the daemon itself (CLI, manager interface): transactions that are validated whole, applied
// whole or not at all, and kept in the history.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/history.hpp"
#include "core/config/overlay_files.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

// A file of the configuration folder and its new text; without one it is removed.
struct ConfigEdit {
    std::string file;
    std::optional<std::string> text;
};

// Validates all files as they would be, writes those of the edits and, with `apply`, puts everything that changed into force;
// then the history has it. When anything is wrong, nothing on the disk or in force has changed. Waits; one at a time, reloads
// included. Returns the revision's number, 0 when nothing changed or no history is kept. Errors: invalid with the first
// finding (all are logged); refused for a name outside of the configuration folder; those of the disk.
Result<std::uint64_t> edit_configuration(std::vector<ConfigEdit> edits, std::string author, std::string comment,
                                         bool apply = true);

// A configuration file's text, for those with a syntax of their own (extensions.ael): within a transaction's prepare it is the one
// that is to be. Its name is relative to the configuration folder, or absolute. Any thread; blocks on the disk. Errors: not_found,
// limit, those of the disk.
Result<std::string> read_config_text(const std::string& file, std::size_t most_bytes);

// Errors: refused, unless it is a relative path that stays within the configuration folder.
Result<void> check_config_name(std::string_view file);

// Records in the history what changed on the disk. Waits. Failures are logged.
void record_configuration(std::string author, std::string comment);

// Set by core/main: the files below the ConfigManager, and the history. Null at the end.
void set_config_files(std::shared_ptr<OverlayFiles> files, std::unique_ptr<ConfigHistory> history);

namespace detail {

ConfigHistory* config_history();

// While it exists no other reload or edit runs. Outside of fibers nothing runs beside the caller anyway.
class ConfigTurn {
  public:
    static Result<ConfigTurn> take();  // Waits.
    ConfigTurn(ConfigTurn&& other) noexcept : held_(std::exchange(other.held_, false)) {}
    ConfigTurn& operator=(ConfigTurn&&) = delete;
    ~ConfigTurn();

  private:
    explicit ConfigTurn(bool held) : held_(held) {}
    bool held_;
};

}  // namespace detail

// Runs `work` with the history in the pool. Waits. Errors: unsupported (no history is kept), those of `work`.
template <class F, class Answer = typename detail::OffloadResult<std::invoke_result_t<F, ConfigHistory&>>::type>
Answer with_config_history(F&& work) {
    const auto turn = JF_TRY(detail::ConfigTurn::take());
    ConfigHistory* history = detail::config_history();
    if (!history) return fail(ErrorCode::unsupported, "no history of the configuration is kept");
    return offload([&] { return work(*history); });
}

}  // namespace jackfield
