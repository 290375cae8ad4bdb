// Configuration as a transaction.
#include "core/config/transaction.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

// What a user's files were when they were last applied.
struct Version {
    std::string path;  // of the file chosen
    std::vector<ConfigFile::Source> sources;
    std::vector<ConfigFile::Pattern> patterns;
    bool used_exec = false;
    std::chrono::nanoseconds read_at{};  // wall clock
};

std::chrono::nanoseconds wall_nanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(wall_now().time_since_epoch());
}

bool same_source(const ConfigFile::Source& source, std::chrono::nanoseconds read_at, const FileSource& files,
                 const ParseOptions& options) {
    const auto stamp = files.stamp(source.path);
    if (!stamp) return source.missing && stamp.error().code == ErrorCode::not_found;
    if (source.missing || stamp->size != source.stamp.size) return false;
    // A file written within the clock's grain of being read may have changed without a new time.
    const bool certain = read_at - source.stamp.modified > 2s;
    if (certain && stamp->modified == source.stamp.modified) return true;
    const auto content = files.read(source.path, options.file_bytes);
    return content && std::hash<std::string_view>{}(content->text) == source.hash;
}

bool unchanged(const Version& version, const FileSource& files, const ParseOptions& options) {
    if (version.used_exec) return false;  // its output can only be known by running it
    for (const auto& pattern : version.patterns)
        if (files.expand(pattern.pattern) != pattern.found) return false;
    return std::ranges::all_of(version.sources,
                               [&](const auto& source) { return same_source(source, version.read_at, files, options); });
}

// A file parsed for a transaction; several users may share it.
struct Loaded {
    std::once_flag once;
    ConfigFile file;
    Diagnostics findings;
};

// The files of a transaction: each is parsed once, by the thread that wants it first.
class LoadedFiles {
  public:
    LoadedFiles(const FileSource& files, const ParseOptions& options) : files_(files), options_(options) {}
    Loaded& get(const std::string& name) {
        Loaded* loaded;
        {
            const std::lock_guard lock(mutex_);
            loaded = &loaded_[name];
        }
        std::call_once(loaded->once, [&] { loaded->file = parse_config(name, files_, options_, loaded->findings); });
        return *loaded;
    }

  private:
    const FileSource& files_;
    const ParseOptions& options_;
    std::mutex mutex_;
    std::map<std::string, Loaded> loaded_;
};

// Calls work(0) to work(count - 1) on this thread and, when there is more than one, on further ones beside it. An exception
// comes back from here when all have ended.
void share_out(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr thrown;
    const auto serve = [&] {
        try {
            for (std::size_t index; (index = next++) < count;) work(index);
        } catch (...) {
            const std::lock_guard lock(mutex);
            thrown = std::current_exception();
        }
    };
    const std::size_t threads = std::min<std::size_t>({count, std::max(1U, std::thread::hardware_concurrency()), 4});
    {
        std::vector<std::jthread> others;
        while (others.size() + 1 < threads) others.emplace_back(serve);
        serve();
    }
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

struct ConfigRegistration::Entry {
    ConfigUser user;
    std::optional<Version> applied;
};

struct ConfigTransaction::Item {
    std::weak_ptr<ConfigRegistration::Entry> entry;
    ConfigUser user;
    std::optional<Version> before;
    std::optional<Version> after;
    ConfigApply apply;
};

ConfigTransaction::ConfigTransaction() = default;
ConfigTransaction::ConfigTransaction(ConfigTransaction&&) noexcept = default;
ConfigTransaction& ConfigTransaction::operator=(ConfigTransaction&&) noexcept = default;
ConfigTransaction::~ConfigTransaction() = default;

void ConfigTransaction::prepare() {
    if (prepared_) return;
    prepared_ = true;
    struct Outcome {
        bool unchanged = false;
        std::vector<std::pair<std::string, const Loaded*>> read;
        Diagnostics findings;
    };
    LoadedFiles loaded(*files_, options_);
    std::vector<Outcome> outcomes(items_.size());
    share_out(items_.size(), [&](std::size_t index) {
        Item& item = items_[index];
        Outcome& outcome = outcomes[index];
        outcome.unchanged = !force_ && item.before && unchanged(*item.before, *files_, options_);
        if (outcome.unchanged) return;
        Version version{item.user.file, {}, {}, false, wall_nanoseconds()};
        // Files looked for in vain belong to the version: one that appears is a change.
        const auto load = [&](const std::string& name) -> const Loaded& {
            const Loaded& one = loaded.get(name);
            outcome.read.emplace_back(name, &one);
            version.sources.insert(version.sources.end(), one.file.sources().begin(), one.file.sources().end());
            version.patterns.insert(version.patterns.end(), one.file.patterns().begin(), one.file.patterns().end());
            version.used_exec = version.used_exec || one.file.used_exec();
            return one;
        };
        const Loaded* chosen = &load(item.user.file);
        for (const auto& other : item.user.alternatives) {
            if (chosen->file.exists()) break;
            if (const Loaded& next = load(other); next.file.exists()) chosen = &next;
        }
        version.path = chosen->file.path();
        if (!chosen->file.exists() && item.user.required) {
            outcome.findings.error({&item.user.file, 0}, "the file is missing, and {} needs it: copy the sample to {}", item.user.module,
                                   options_.folder);
            return;
        }
        // With lines missing, what is built would only cause errors that nobody made.
        if (chosen->findings.has_errors()) return;
        item.apply = item.user.prepare(chosen->file, outcome.findings);
        item.after = std::move(version);
    });
    std::set<std::string_view> told;
    for (const Outcome& outcome : outcomes) {
        unchanged_ += outcome.unchanged;
        for (const auto& [name, one] : outcome.read) {
            if (!told.insert(name).second) continue;
            findings_.append(one->findings);
            if (one->file.exists()) changed_.push_back(name);
        }
        findings_.append(outcome.findings);
    }
}

ConfigManager::ConfigManager(std::shared_ptr<const FileSource> files, ParseOptions options)
    : files_(std::move(files)), options_(std::move(options)) {}

ConfigRegistration ConfigManager::add(ConfigUser user) {
    auto entry = std::make_shared<ConfigRegistration::Entry>(ConfigRegistration::Entry{std::move(user), {}});
    std::erase_if(users_, [](const auto& each) { return each.expired(); });
    users_.push_back(entry);
    return ConfigRegistration(std::move(entry));
}

void ConfigManager::set_options(ParseOptions options) {
    options_ = std::move(options);
    for (const auto& each : users_)
        if (const auto entry = each.lock()) entry->applied.reset();
}

ConfigTransaction ConfigManager::begin(const std::vector<std::string>& names, bool force) const {
    ConfigTransaction transaction;
    transaction.files_ = files_;
    transaction.options_ = options_;
    transaction.force_ = force;
    for (const auto& each : users_) {
        const auto entry = each.lock();
        if (!entry) continue;
        const auto& user = entry->user;
        const bool wanted = names.empty() || std::ranges::any_of(names, [&](const std::string& name) {
            return name == user.module || name == user.file || std::ranges::find(user.alternatives, name) != user.alternatives.end();
        });
        if (wanted) transaction.items_.push_back({entry, user, entry->applied, {}, {}});
    }
    return transaction;
}

bool ConfigManager::commit(ConfigTransaction&& transaction) {
    if (!transaction.can_commit()) return false;
    auto finished = std::move(transaction);  // what was prepared and not taken dies here, also when an apply logs or throws
    for (auto& item : finished.items_) {
        const auto entry = item.entry.lock();
        if (!entry || !item.after) continue;
        if (item.apply) item.apply();
        entry->applied = std::move(item.after);
    }
    return true;
}

Diagnostics ConfigManager::reload(const std::vector<std::string>& names, bool force) {
    auto transaction = begin(names, force);
    transaction.prepare();
    auto findings = transaction.findings();
    commit(std::move(transaction));
    return findings;
}

Diagnostics ConfigManager::check_all() const {
    auto transaction = begin({}, true);
    transaction.prepare();
    return transaction.findings();
}

std::vector<std::pair<std::string, std::string>> ConfigManager::users() const {
    std::vector<std::pair<std::string, std::string>> list;
    for (const auto& each : users_)
        if (const auto entry = each.lock()) list.emplace_back(entry->user.module, entry->user.file);
    return list;
}

ConfigFile ConfigManager::read(const std::string& name, Diagnostics& findings) const {
    return parse_config(name, *files_, options_, findings);
}

}  // namespace jackfield
