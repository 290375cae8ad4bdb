// Names of levels, sets of them, and the verbose and debug settings, general and per module.
#include "core/base/log_levels.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

constexpr std::array<std::string_view, 7> built_in{"DEBUG", "VERBOSE", "NOTICE", "WARNING", "ERROR", "SECURITY", "DTMF"};
constexpr std::size_t first_added = 16, most_levels = 32;

struct ModuleLevels {
    int verbose = 0, debug = 0;
};

// What may change while other threads log: read under a shared lock, on slow paths only.
struct Settings {
    std::shared_mutex mutex;
    std::array<std::string, most_levels> added;
    std::map<std::string, ModuleLevels, std::less<>> modules;
    std::map<std::string, std::string, std::less<>> files_of;  // module's name to its file or folder
    int sink_verbose = 0, sink_debug = 0;
};
Settings& settings() {
    static auto* const settings = new Settings;  // outlives every static object that may still log
    return *settings;
}
std::atomic<int> general_verbose{0}, general_debug{0};
std::atomic<bool> have_modules{false};

void publish_highest(const Settings& now) {
    int verbose = std::max(general_verbose.load(), now.sink_verbose);
    int debug = std::max(general_debug.load(), now.sink_debug);
    for (const auto& [name, levels] : now.modules) {
        verbose = std::max(verbose, levels.verbose);
        debug = std::max(debug, levels.debug);
    }
    have_modules = !now.modules.empty();
    detail::verbose_level = verbose;
    detail::highest_debug_level = debug;
}

bool belongs(std::string_view file, std::string_view module) {
    if (file.starts_with(module)) return true;
    auto stem = file.substr(file.rfind('/') + 1);
    return stem.substr(0, stem.find('.')) == module;
}

int module_level(const Settings& now, LogLevel level, std::string_view file) {
    int highest = 0;
    for (const auto& [name, levels] : now.modules) {
        const int wanted = level == LogLevel::verbose ? levels.verbose : levels.debug;
        if (wanted <= highest) continue;
        const auto files = now.files_of.find(name);
        if (belongs(file, files == now.files_of.end() ? std::string_view(name) : files->second)) highest = wanted;
    }
    return highest;
}

void set_level(int level, std::string_view module, std::atomic<int>& general, int ModuleLevels::*own) {
    auto& now = settings();
    const std::unique_lock lock(now.mutex);
    level = std::max(level, 0);
    if (module.empty()) {
        general = level;
    } else {
        if (module.ends_with(".so")) module.remove_suffix(3);
        auto& levels = now.modules[std::string(module)];
        levels.*own = level;
        if (levels.verbose == 0 && levels.debug == 0) now.modules.erase(now.modules.find(module));
    }
    publish_highest(now);
}

int get_level(std::string_view module, const std::atomic<int>& general, int ModuleLevels::*own) {
    if (module.empty()) return general;
    if (module.ends_with(".so")) module.remove_suffix(3);
    auto& now = settings();
    const std::shared_lock lock(now.mutex);
    const auto found = now.modules.find(module);
    return found == now.modules.end() ? 0 : found->second.*own;
}

bool is_level_word(std::string_view word) {
    return !word.empty() && word.size() <= 32 && std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

}  // namespace

std::string log_level_name(LogLevel level) {
    const auto number = static_cast<std::size_t>(level);
    if (number < built_in.size()) return std::string(built_in[number]);
    if (number >= most_levels) return "LOG";
    auto& now = settings();
    const std::shared_lock lock(now.mutex);
    return now.added[number].empty() ? "LOG" : now.added[number];
}

std::optional<LogLevel> find_log_level(std::string_view name) {
    for (std::size_t i = 0; i < built_in.size(); ++i)
        if (equals_ignoring_case(name, built_in[i])) return static_cast<LogLevel>(i);
    auto& now = settings();
    const std::shared_lock lock(now.mutex);
    for (std::size_t i = first_added; i < most_levels && !name.empty(); ++i)
        if (equals_ignoring_case(name, now.added[i])) return static_cast<LogLevel>(i);
    return {};
}

Result<LogLevel> add_log_level(std::string_view name) {
    if (!is_level_word(name))
        return fail(ErrorCode::invalid, "\"{}\" is no name for a log level: use 1 to 32 letters, digits and _", name);
    if (const auto found = find_log_level(name)) return *found;
    std::size_t number = first_added;
    {
        auto& now = settings();
        const std::unique_lock lock(now.mutex);
        while (number < most_levels && !now.added[number].empty()) ++number;
        if (number == most_levels)
            return fail(ErrorCode::limit, "no room for log level \"{}\": {} levels were added already", name,
                        most_levels - first_added);
        now.added[number] = to_upper(name);
    }
    detail::log_levels_changed();
    return static_cast<LogLevel>(number);
}

Result<void> remove_log_level(std::string_view name) {
    const auto level = find_log_level(name);
    if (!level) return fail(ErrorCode::not_found, "there is no log level \"{}\"", name);
    if (static_cast<std::size_t>(*level) < first_added)
        return fail(ErrorCode::refused, "log level \"{}\" is built in", name);
    {
        auto& now = settings();
        const std::unique_lock lock(now.mutex);
        now.added[static_cast<std::size_t>(*level)].clear();
    }
    detail::log_levels_changed();
    return {};
}

std::vector<std::string> log_level_names() {
    std::vector<std::string> names(built_in.begin(), built_in.end());
    auto& now = settings();
    const std::shared_lock lock(now.mutex);
    for (const auto& name : now.added)
        if (!name.empty()) names.push_back(name);
    return names;
}

void set_verbose_level(int level, std::string_view module) {
    set_level(level, module, general_verbose, &ModuleLevels::verbose);
}
void set_debug_level(int level, std::string_view module) {
    set_level(level, module, general_debug, &ModuleLevels::debug);
}
int verbose_level(std::string_view module) { return get_level(module, general_verbose, &ModuleLevels::verbose); }
int debug_level(std::string_view module) { return get_level(module, general_debug, &ModuleLevels::debug); }

void name_log_module(std::string_view name, std::string_view main_file) {
    // A leaf's folder ("channels/sip/") is two deep; a module of one file stands in the leaf itself ("apps/echo.cpp").
    const auto last = main_file.rfind('/');
    const auto before = last == std::string_view::npos || last == 0 ? last : main_file.rfind('/', last - 1);
    const bool own_folder = last != std::string_view::npos && before != std::string_view::npos && before != last;
    auto& now = settings();
    const std::unique_lock lock(now.mutex);
    now.files_of.insert_or_assign(std::string(name), std::string(own_folder ? main_file.substr(0, last + 1) : main_file));
}

namespace detail {

std::atomic<int> verbose_level{0};
std::atomic<int> highest_debug_level{0};

bool wanted_by_setting(LogLevel level, int detail, const char* file) {
    if (level != LogLevel::verbose && level != LogLevel::debug) return true;
    if (detail <= (level == LogLevel::verbose ? general_verbose : general_debug).load(std::memory_order_relaxed))
        return true;
    if (!have_modules.load(std::memory_order_relaxed)) return false;
    auto& now = settings();
    const std::shared_lock lock(now.mutex);
    return detail <= module_level(now, level, file);
}

bool debug_wanted(int detail, const char* file) {
    if (wanted_by_setting(LogLevel::debug, detail, file)) return true;
    auto& now = settings();
    const std::shared_lock lock(now.mutex);
    return detail <= now.sink_debug;
}

void set_sink_levels(int verbose, int debug) {
    auto& now = settings();
    const std::unique_lock lock(now.mutex);
    now.sink_verbose = verbose;
    now.sink_debug = debug;
    publish_highest(now);
}

Result<LogLevelSet> LogLevelSet::parse(std::string_view words) {
    LogLevelSet set;
    words = trim(words);
    if (words.starts_with('[')) {
        const auto end = words.find(']');
        const auto word = words.substr(1, end == words.npos ? words.npos : end - 1);
        if (end != words.npos && equals_ignoring_case(word, "default")) set.format_ = LogFormat::standard;
        if (end != words.npos && equals_ignoring_case(word, "plain")) set.format_ = LogFormat::plain;
        if (end != words.npos && equals_ignoring_case(word, "json")) set.format_ = LogFormat::json;
        if (!set.format_)
            return fail(ErrorCode::invalid, "unknown log format [{}]: use [default], [plain] or [json]", word);
        words.remove_prefix(end + 1);
    }
    for (auto word : split_list(words)) {
        if (word == "*") {
            set.all_ = true;
            continue;
        }
        std::optional<int> detail;
        if (const auto open = word.find('('); open != word.npos) {
            const auto number = word.substr(open + 1, word.size() - open - 2);
            detail = parse_number<int>(trim(number));
            const auto name = trim(word.substr(0, open));
            const bool verbose = equals_ignoring_case(name, "verbose");
            if (!word.ends_with(')') || !detail || *detail < 0 || *detail > 255 ||
                !(verbose || equals_ignoring_case(name, "debug")))
                return fail(ErrorCode::invalid, "\"{}\" is no log level: a number goes with verbose(0-255) or debug(0-255)",
                            word);
            (verbose ? set.verbose_ : set.debug_) = detail;
            word = name;
        }
        if (!is_level_word(word)) return fail(ErrorCode::invalid, "\"{}\" is no log level", word);
        set.later_.emplace_back(word);
    }
    set.refresh();
    return set;
}

void LogLevelSet::refresh() {
    mask_ = all_ ? 0xffffffffU : 0;
    for (const auto& word : later_)
        if (const auto level = find_log_level(word)) mask_ |= 1U << static_cast<unsigned>(*level);
}

std::string LogLevelSet::describe() const {
    std::string text;
    const auto names = log_level_names();
    for (const auto& name : names) {
        const auto level = find_log_level(name);
        if (!level || !has(*level)) continue;
        if (!text.empty()) text += ' ';
        text += name;
        if (*level == LogLevel::verbose && verbose_) text += fmt::format("({})", *verbose_);
        if (*level == LogLevel::debug && debug_) text += fmt::format("({})", *debug_);
    }
    return text;
}

}  // namespace detail
}  // namespace jackfield
