// Configuration as a transaction.
#include "core/config/transaction.hpp"

#include <algorithm>
#include <map>
#include <optional>

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
    ConfigFile file;
    Diagnostics findings;
};

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
    std::map<std::string, Loaded> loaded;
    const auto load = [&](const std::string& name) -> Loaded& {
        const auto [place, added] = loaded.try_emplace(name);
        auto& each = place->second;
        if (added) {
            each.file = parse_config(name, *files_, options_, each.findings);
            findings_.append(each.findings);
            if (each.file.exists()) changed_.push_back(name);
        }
        return each;
    };
    for (auto& item : items_) {
        if (!force_ && item.before && unchanged(*item.before, *files_, options_)) {
            ++unchanged_;
            continue;
        }
        const auto read_at = wall_nanoseconds();
        Version version{item.user.file, {}, {}, false, read_at};
        // Files looked for in vain belong to the version: one that appears is a change.
        const auto remember = [&](const ConfigFile& file) {
            version.sources.insert(version.sources.end(), file.sources().begin(), file.sources().end());
            version.patterns.insert(version.patterns.end(), file.patterns().begin(), file.patterns().end());
            version.used_exec = version.used_exec || file.used_exec();
        };
        auto* chosen = &load(item.user.file);
        remember(chosen->file);
        for (const auto& other : item.user.alternatives) {
            if (chosen->file.exists()) break;
            auto& next = load(other);
            remember(next.file);
            if (next.file.exists()) chosen = &next;
        }
        version.path = chosen->file.path();
        if (!chosen->file.exists() && item.user.required) {
            findings_.error({&item.user.file, 0}, "the file is missing, and {} needs it: copy the sample to {}",
                            item.user.module, options_.folder);
            continue;
        }
        // With lines missing, what is built would only cause errors that nobody made.
        if (chosen->findings.has_errors()) continue;
        item.apply = item.user.prepare(chosen->file, findings_);
        item.after = std::move(version);
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
