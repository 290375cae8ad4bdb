// Changes of configuration files by the daemon itself.
#include "core/module/config_edit.hpp"

#include <filesystem>

#include "core/base/log.hpp"
#include "core/config/writer.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t most_bytes = 64ULL << 20;

struct Files {
    std::shared_ptr<OverlayFiles> overlay;
    std::unique_ptr<ConfigHistory> history;
};
Files& files() {
    static Files instance;
    return instance;
}

// One token: who has it reloads or edits.
Queue<char>& turns() {
    static Queue<char>& queue = *[] {
        auto* made = new Queue<char>(1);  // never destroyed: fibers may still wait for it at the end
        made->push(0);
        return made;
    }();
    return queue;
}

// Shows the new contents to everybody who reads while it exists.
class Overlaid {
  public:
    Overlaid(OverlayFiles& overlay, const std::vector<ConfigEdit>& edits, const std::string& folder) : overlay_(overlay) {
        OverlayFiles::Contents contents;
        for (const ConfigEdit& edit : edits) contents.insert_or_assign(folder + '/' + edit.file, edit.text);
        overlay_.set(std::move(contents));
    }
    ~Overlaid() { overlay_.set({}); }
    Overlaid(const Overlaid&) = delete;
    Overlaid& operator=(const Overlaid&) = delete;

  private:
    OverlayFiles& overlay_;
};

Result<void> put(const std::string& path, const std::optional<std::string>& text) {
    std::error_code error;
    if (!text) {
        fs::remove(path, error);
        if (error) return fail(ErrorCode::failed, "can't remove {}: {}", path, error.message());
        return {};
    }
    fs::create_directories(fs::path(path).parent_path(), error);
    return write_config_file(path, *text);
}

// All files or none: those written already get their old text back when a later one fails.
Result<void> write_all(const std::vector<ConfigEdit>& edits, const std::string& folder) {
    std::vector<std::pair<std::string, std::optional<std::string>>> written;
    for (const ConfigEdit& edit : edits) {
        const std::string path = folder + '/' + edit.file;
        std::optional<std::string> old;
        if (auto content = DiskFiles().read(path, most_bytes)) old = std::move(content->text);
        auto done = put(path, edit.text);
        if (done) {
            written.emplace_back(path, std::move(old));
            continue;
        }
        for (const auto& [other, text] : written)
            if (auto restored = put(other, text); !restored) log_error("{}", restored.error().text);
        return done;
    }
    return {};
}

}  // namespace

namespace detail {

ConfigHistory* config_history() { return files().history.get(); }

Result<ConfigTurn> ConfigTurn::take() {
    if (!on_fiber()) return ConfigTurn(false);
    JF_TRY(turns().pop());
    return ConfigTurn(true);
}
ConfigTurn::~ConfigTurn() {
    if (held_) turns().push(0);
}

}  // namespace detail

void set_config_files(std::shared_ptr<OverlayFiles> overlay, std::unique_ptr<ConfigHistory> history) {
    files() = {std::move(overlay), std::move(history)};
}

Result<void> check_config_name(std::string_view file) {
    const fs::path path = fs::path(file).lexically_normal();
    if (file.empty() || path.is_absolute() || path.empty() || *path.begin() == ".." || file.contains('\0') || file.ends_with('/'))
        return fail(ErrorCode::refused, "'{}' is no file of the configuration folder", file);
    return {};
}

Result<std::string> read_config_text(const std::string& file, std::size_t most) {
    const ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::not_found, "there is no configuration");
    const std::string path = file.starts_with('/') ? file : manager->options().folder + '/' + file;
    const std::shared_ptr<OverlayFiles> overlay = files().overlay;
    auto content = JF_TRY(overlay ? overlay->read(path, most) : DiskFiles().read(path, most));
    return std::move(content.text);
}

Result<std::uint64_t> edit_configuration(std::vector<ConfigEdit> edits, std::string author, std::string comment,
                                         bool apply) {
    ConfigManager* manager = config_manager();
    OverlayFiles* overlay = files().overlay.get();
    if (!manager || !overlay) return fail(ErrorCode::unsupported, "there is no configuration to change");
    for (ConfigEdit& edit : edits) {
        JF_TRY(check_config_name(edit.file));
        edit.file = fs::path(edit.file).lexically_normal();
    }
    const auto turn = JF_TRY(detail::ConfigTurn::take());
    const std::string folder = manager->options().folder;
    ConfigTransaction transaction = manager->begin();
    {
        const Overlaid shown(*overlay, edits, folder);
        JF_TRY(offload([&] { transaction.prepare(); }));
        transaction.findings().log();
        JF_TRY(transaction.findings().to_result());
        JF_TRY(offload([&] { return write_all(edits, folder); }));
    }
    if (apply) manager->commit(std::move(transaction));
    ConfigHistory* history = detail::config_history();
    if (!history) return std::uint64_t{0};
    // The change is made; a history that can't be written is no reason to say that it is not.
    auto recorded = offload([&] { return history->record(std::move(author), std::move(comment)); });
    if (recorded) return recorded;
    log_error("The history of the configuration lacks a change: {}", recorded.error().text);
    return std::uint64_t{0};
}

void record_configuration(std::string author, std::string comment) {
    if (!detail::config_history()) return;
    auto recorded = with_config_history(
        [&](ConfigHistory& history) { return history.record(std::move(author), std::move(comment)); });
    if (!recorded) log_error("The history of the configuration lacks a change: {}", recorded.error().text);
}

}  // namespace jackfield
