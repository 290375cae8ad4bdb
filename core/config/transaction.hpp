// Configuration as a transaction: read everything, prepare everything, and only then apply, all or nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/file_source.hpp"
#include "core/config/parser.hpp"

namespace jackfield {

// Puts into force what was prepared; runs on the control thread, must not wait and must not fail.
using ConfigApply = std::move_only_function<void()>;

// Somebody who reads a configuration file.
struct ConfigUser {
    std::string module;                     // for findings and `module reload NAME`, e.g. "chan_sip"
    std::string file;                       // "pjsip.conf", relative to the configuration folder
    std::vector<std::string> alternatives;  // read instead when `file` isn't there: "sip.conf"
    bool required = false;                  // false: without the file, prepare gets an empty ConfigFile
    // Builds everything from the file and touches nothing that is in force. May run on another thread than the control
    // thread and at the same time as other users', one call at a time per user; the file lives only during the call. A
    // returned null function means that there is nothing to do. With an error in the findings nothing of the whole
    // transaction is applied.
    std::function<ConfigApply(const ConfigFile& file, Diagnostics& findings)> prepare;
};

class ConfigManager;

// Keeps a ConfigUser registered; destroying it ends that. Movable. Control thread.
class ConfigRegistration {
  public:
    ConfigRegistration() = default;
    explicit operator bool() const { return user_ != nullptr; }

  private:
    friend class ConfigManager;
    friend class ConfigTransaction;
    struct Entry;
    explicit ConfigRegistration(std::shared_ptr<Entry> user) : user_(std::move(user)) {}
    std::shared_ptr<Entry> user_;
};

// One reload on its way: ConfigManager::begin() on the control thread, prepare() anywhere, ConfigManager::commit() on
// the control thread. A transaction that is dropped has changed nothing.
class ConfigTransaction {
  public:
    ConfigTransaction(ConfigTransaction&&) noexcept;
    ConfigTransaction& operator=(ConfigTransaction&&) noexcept;
    ~ConfigTransaction();
    // Reads and prepares; blocks on the disk. The modules concerned must stay loaded meanwhile. Once.
    void prepare();
    const Diagnostics& findings() const { return findings_; }
    bool can_commit() const { return prepared_ && !findings_.has_errors(); }
    // Files that were read because they changed, and how many users were left alone because theirs had not.
    const std::vector<std::string>& changed_files() const { return changed_; }
    std::size_t unchanged_users() const { return unchanged_; }

  private:
    friend class ConfigManager;
    struct Item;
    ConfigTransaction();
    std::shared_ptr<const FileSource> files_;
    ParseOptions options_;
    bool force_ = false, prepared_ = false;
    std::vector<Item> items_;
    Diagnostics findings_;
    std::vector<std::string> changed_;
    std::size_t unchanged_ = 0;
};

// Knows who reads which file. Control thread, except where noted.
class ConfigManager {
  public:
    ConfigManager(std::shared_ptr<const FileSource> files, ParseOptions options);

    [[nodiscard]] ConfigRegistration add(ConfigUser user);
    // Changes what files are read with, e.g. `execincludes`; the next reload reads all files.
    void set_options(ParseOptions options);
    const ParseOptions& options() const { return options_; }

    // A transaction of the users whose module or file is one of `names`; all when it is empty. Unless forced, users whose
    // files (with all that they include) are what they were at the last commit are left alone.
    ConfigTransaction begin(const std::vector<std::string>& names = {}, bool force = false) const;
    // Applies what was prepared, in the order of registration, and remembers the files' state. Does nothing when the
    // transaction has errors or was not prepared. Users gone meanwhile are skipped. False: nothing was applied.
    bool commit(ConfigTransaction&& transaction);

    // All of it at once, on the calling thread: for start-up and tests. The findings say whether it was applied:
    // has_errors() means that nothing was.
    Diagnostics reload(const std::vector<std::string>& names = {}, bool force = false);
    // Reads and prepares every file and applies nothing (`core check`, --check). Blocks on the disk.
    Diagnostics check_all() const;

    // (module, file) of every user, in order of registration.
    std::vector<std::pair<std::string, std::string>> users() const;
    // Reads a file with this manager's options and folder, for modules that need a one-off look.
    ConfigFile read(const std::string& name, Diagnostics& findings) const;

  private:
    std::shared_ptr<const FileSource> files_;
    ParseOptions options_;
    std::vector<std::weak_ptr<ConfigRegistration::Entry>> users_;
};

}  // namespace jackfield
