// Realtime: families, databases with threads of their own, time limits and the cache.
#include "core/module/realtime.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/module/module_config.hpp"
#include "core/module/registry.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/timer.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_rows = 100'000;
constexpr std::size_t most_cached = 10'000;
constexpr std::size_t most_waiting = 256;  // jobs of one connection

// --- extconfig.conf ------------------------------------------------------------------------------------------------------

struct Mapping {
    std::string driver, database, table;
    int priority = 1;  // the lowest first; the next one when its database is away
};
struct RealtimeSettings {
    std::chrono::milliseconds timeout{5000};
    unsigned connections = 2;
    std::map<std::string, std::vector<Mapping>, CaseInsensitiveLess> families;
    std::map<std::string, std::chrono::seconds, CaseInsensitiveLess> expiry;
};

const Options<RealtimeSettings>& general_options() {
    static const Options<RealtimeSettings> options{
        {"timeout", &RealtimeSettings::timeout, 5000ms, Range{100ms, 60000ms}, "How long a look-up waits for its database"},
        {"connections", &RealtimeSettings::connections, 2, Range{1, 16}, "Connections to each database"}};
    return options;
}

void read_mapping(const ConfigEntry& entry, RealtimeSettings& settings, Diagnostics& findings) {
    auto parts = split_list(entry.value);
    // A directory's base has commas of its own, so it stands in quotes: ldap,"dc=example,dc=org",table
    const std::string_view value = entry.value;
    if (const auto open = value.find('"'), close = value.rfind('"'); open != close) {
        parts = split_list(value.substr(0, open));
        parts.push_back(value.substr(open + 1, close - open - 1));
        for (const std::string_view part : split_list(value.substr(close + 1))) parts.push_back(part);
    }
    if (parts.size() < 2 || parts[0].empty() || parts[1].empty())
        return findings.error(entry.place(), "{}: driver,database[,table[,priority]] is expected", entry.key);
    Mapping mapping{.driver = std::string(parts[0]), .database = std::string(trim(parts[1])), .table = std::string(entry.key)};
    if (parts.size() > 2 && !parts[2].empty()) mapping.table = parts[2];
    if (parts.size() > 3) {
        const auto priority = parse_number<int>(parts[3]);
        if (!priority) return findings.error(entry.place(), "{}: the priority `{}` is no number", entry.key, parts[3]);
        mapping.priority = *priority;
    }
    auto& list = settings.families[std::string(entry.key)];
    list.insert(std::ranges::upper_bound(list, mapping.priority, {}, &Mapping::priority), std::move(mapping));
}

RealtimeSettings read_settings(const ConfigFile& file, Diagnostics& findings) {
    RealtimeSettings settings = general_options().read(file, "general", findings);
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
        const bool cache = equals_ignoring_case(category.name(), "cache");
        if (!cache && !equals_ignoring_case(category.name(), "settings")) {
            unknown_section(category, {"general", "settings", "cache"}, findings);
            continue;
        }
        for (const ConfigEntry& entry : category.entries()) {
            if (!cache) {
                read_mapping(entry, settings, findings);
            } else if (const auto time = parse_duration(entry.value, 1s)) {
                settings.expiry[std::string(entry.key)] = std::chrono::duration_cast<std::chrono::seconds>(*time);
            } else {
                findings.error(entry.place(), "{}: `{}` is no time; seconds are expected", entry.key, entry.value);
            }
        }
    }
    return settings;
}

// --- databases -----------------------------------------------------------------------------------------------------------

// A thread with its connection, which only that thread touches. Lives as long as the process: a hung one can't be ended.
struct Worker {
    explicit Worker(const std::string& name) : lane("db " + name, 1, most_waiting) {}
    Lane lane;
    std::unique_ptr<RealtimeConnection> connection;
    std::atomic<int> pending{0};
};
struct Database {
    std::string driver, name;
    std::vector<std::unique_ptr<Worker>> workers;
    Worker& least_busy() {
        return **std::ranges::min_element(workers, {}, [](const auto& worker) { return worker->pending.load(); });
    }
};

struct CacheEntry {
    std::vector<RealtimeRow> rows;
    Instant expires;
};

struct Realtime {
    RealtimeSettings settings;
    std::map<std::pair<std::string, std::string>, Database> databases;
    std::map<std::string, std::map<std::string, CacheEntry>, CaseInsensitiveLess> cache;  // by family, then by question
    std::size_t cached = 0;

    // What the thread that reads configuration files needs, which may not look at anything above.
    std::mutex mutex;
    struct Source {
        std::string table;
        Worker* worker = nullptr;  // null: the driver is not there
        RealtimeDriver::Connect connect;
        Gate* gate = nullptr;
        std::string what;
    };
    std::map<std::string, Source, std::less<>> files;
    std::chrono::milliseconds file_timeout{5000};
};
Realtime& realtime() {
    static Realtime& instance = *new Realtime;  // never destroyed: threads of hung databases may still use it at the end
    return instance;
}

Registry<RealtimeDriver*>& drivers() {
    static Registry<RealtimeDriver*> registry;
    return registry;
}

Database& database_of(const Mapping& mapping) {
    auto [place, made] = realtime().databases.try_emplace({to_lower(mapping.driver), mapping.database});
    Database& database = place->second;
    if (made) {
        database.driver = mapping.driver;
        database.name = mapping.database;
    }
    while (database.workers.size() < realtime().settings.connections)
        database.workers.push_back(std::make_unique<Worker>(mapping.database));
    return database;
}

std::string name_of(const Mapping& mapping) { return fmt::format("database {} ({})", mapping.database, mapping.driver); }

bool is_away(ErrorCode code) { return code == ErrorCode::timeout || code == ErrorCode::closed || code == ErrorCode::limit; }

// On the worker's thread. A connection that turns out to be dead gets one successor; a fresh one that is dead is the answer.
template <class T>
Result<T> run_job(Worker& worker, const RealtimeDriver::Connect& connect,
                  const std::function<Result<T>(RealtimeConnection&)>& job) {
    for (;;) {
        const bool fresh = !worker.connection;
        if (fresh) worker.connection = JF_TRY(connect());
        Result<T> result = job(*worker.connection);
        if (result || result.error().code != ErrorCode::closed) return result;
        worker.connection.reset();
        if (fresh) return result;
    }
}

// One job at one database. Waits, at most for the timeout.
template <class T>
Result<T> ask(const Mapping& mapping, std::function<Result<T>(RealtimeConnection&)> job) {
    auto* slot = drivers().find(mapping.driver);
    if (!slot) return fail(ErrorCode::closed, "{}: no module brings the driver {}", name_of(mapping), mapping.driver);
    const auto pass = JF_TRY(slot->enter());
    auto connect = JF_TRY((*slot->value)->open(mapping.database));
    Worker& worker = database_of(mapping).least_busy();
    const auto timeout = realtime().settings.timeout;
    const auto given_up = std::make_shared<std::atomic<bool>>(false);

    Interrupter limit;
    Timer timer([&limit] { limit.interrupt(ErrorCode::timeout); });
    timer.start(timeout);
    const InterruptScope scope(limit);
    const RunningGate in_driver(slot->gate);  // the job holds it, also when nobody waits any more
    ++worker.pending;
    auto answer = offload_detached(
        worker.lane, [&worker, given_up, connect = std::move(connect), job = std::move(job)]() -> Result<T> {
            Result<T> result = fail(ErrorCode::timeout);
            if (!*given_up) result = run_job<T>(worker, connect, job);
            --worker.pending;
            return result;
        });
    if (answer) return answer;
    *given_up = true;
    Error error = std::move(answer).error();
    if (limit.reason())
        return fail(ErrorCode::timeout, "{} did not answer within {} ms", name_of(mapping), timeout.count());
    if (error.code == ErrorCode::limit) {
        --worker.pending;  // it was not even queued
        return fail(ErrorCode::limit, "{}: too many look-ups wait for it", name_of(mapping));
    }
    if (!ends_application(error.code)) error.text = fmt::format("{}: {}", name_of(mapping), error.text);
    return std::unexpected(std::move(error));
}

Result<std::vector<Mapping>> mappings_of(std::string_view family) {
    const auto found = realtime().settings.families.find(std::string(family));
    if (found == realtime().settings.families.end())
        return fail(ErrorCode::not_found, "extconfig.conf has no family {}", family);
    return found->second;
}

// The first database of the family that is not away.
template <class T>
Result<T> ask_family(std::string_view family,
                     const std::function<Result<T>(RealtimeConnection&, const std::string& table)>& job) {
    const std::vector<Mapping> mappings = JF_TRY(mappings_of(family));
    Result<T> answer = fail(ErrorCode::not_found);
    for (const Mapping& mapping : mappings) {
        answer = ask<T>(mapping, [job, table = mapping.table](RealtimeConnection& connection) { return job(connection, table); });
        if (answer || !is_away(answer.error().code)) return answer;
    }
    return answer;
}

// --- the cache -----------------------------------------------------------------------------------------------------------

std::string question_of(const std::vector<RealtimeCondition>& conditions, std::size_t most) {
    std::string text = std::to_string(most);
    for (const RealtimeCondition& condition : conditions) text.append(1, '\0').append(condition.field).append(1, '\0').append(condition.value);
    return text;
}

std::chrono::seconds expiry_of(std::string_view family) {
    const auto& expiry = realtime().settings.expiry;
    const auto found = expiry.find(std::string(family));
    return found == expiry.end() ? 0s : found->second;
}

Result<std::vector<RealtimeRow>> select_rows(std::string_view family, std::vector<RealtimeCondition> conditions, std::size_t most) {
    const auto expiry = expiry_of(family);
    const std::string question = expiry > 0s ? question_of(conditions, most) : std::string();
    if (expiry > 0s) {
        auto& entries = realtime().cache[std::string(family)];
        if (const auto found = entries.find(question); found != entries.end() && found->second.expires > Clock::now())
            return found->second.rows;
    }
    auto rows = JF_TRY(ask_family<std::vector<RealtimeRow>>(
        family, [conditions = std::move(conditions), most](RealtimeConnection& connection, const std::string& table) {
            return connection.select(table, conditions, most);
        }));
    if (expiry > 0s) {
        if (++realtime().cached > most_cached) realtime_flush();
        realtime().cache[std::string(family)].insert_or_assign(question, CacheEntry{rows, Clock::now() + expiry});
    }
    return rows;
}

// --- whole files ---------------------------------------------------------------------------------------------------------

// What the thread that reads files will use; after extconfig.conf was read, and when a driver comes or goes.
void renew_sources() {
    Realtime& all = realtime();
    std::map<std::string, Realtime::Source, std::less<>> files;
    for (const auto& [family, mappings] : all.settings.families) {
        if (!family.ends_with(".conf")) continue;
        const Mapping& mapping = mappings.front();
        Realtime::Source source{.table = mapping.table, .worker = nullptr, .connect = {}, .gate = nullptr, .what = name_of(mapping)};
        if (auto* slot = drivers().find(mapping.driver))
            if (auto connect = (*slot->value)->open(mapping.database)) {
                source.worker = &database_of(mapping).least_busy();
                source.connect = *std::move(connect);
                source.gate = slot->gate;
            }
        files.emplace(family, std::move(source));
    }
    const std::lock_guard lock(all.mutex);
    all.files = std::move(files);
    all.file_timeout = all.settings.timeout;
}

std::string_view field_of(const RealtimeRow& row, std::string_view name) {
    for (const auto& [field, value] : row)
        if (equals_ignoring_case(field, name)) return value;
    return {};
}

// Rows of cat_metric, var_metric, category, var_name, var_val, as Asterisk orders them.
std::string text_of(std::vector<RealtimeRow> rows) {
    const auto number = [](const RealtimeRow& row, std::string_view name) { return parse_number<int>(field_of(row, name)).value_or(0); };
    std::ranges::stable_sort(rows, [&](const RealtimeRow& a, const RealtimeRow& b) {
        const int category_a = number(a, "cat_metric"), category_b = number(b, "cat_metric");
        return category_a != category_b ? category_a > category_b : number(a, "var_metric") < number(b, "var_metric");
    });
    std::string text, category;
    for (const RealtimeRow& row : rows) {
        if (const auto commented = field_of(row, "commented"); !commented.empty() && commented != "0" && commented != "f") continue;
        std::string line = fmt::format("{} = {}\n", field_of(row, "var_name"), field_of(row, "var_val"));
        std::ranges::replace(line.begin(), line.end() - 1, '\n', ' ');
        std::string header = fmt::format("{}/{}", field_of(row, "cat_metric"), field_of(row, "category"));
        if (header != category) text += fmt::format("[{}]\n", field_of(row, "category"));
        category = std::move(header);
        text += line;
    }
    return text;
}

}  // namespace

// --- what drivers and modules call -----------------------------------------------------------------------------------------

Result<Registration> register_in(Module& module, std::string_view name, RealtimeDriver& driver) {
    auto registration = JF_TRY(drivers().add(name, &driver, &module.gate()));
    renew_sources();
    // Connections have the module's code, so they close on their threads before it goes.
    module.on_unload([name = std::string(name)]() -> Result<void> {
        for (auto& [key, database] : realtime().databases) {
            if (!equals_ignoring_case(database.driver, name)) continue;
            for (const auto& worker : database.workers) {
                Interrupter limit;
                Timer timer([&limit] { limit.interrupt(ErrorCode::timeout); });
                timer.start(2s);
                const InterruptScope scope(limit);
                if (!offload_detached(worker->lane, [worker = worker.get()] { worker->connection.reset(); }))
                    return fail(ErrorCode::busy, "a connection to database {} does not answer", database.name);
            }
        }
        return {};
    });
    return Registration([registration = std::move(registration)]() mutable {
        registration = {};
        renew_sources();
    });
}

Result<std::optional<RealtimeRow>> realtime_load(std::string_view family, std::vector<RealtimeCondition> conditions) {
    auto rows = JF_TRY(select_rows(family, std::move(conditions), 1));
    if (rows.empty()) return std::optional<RealtimeRow>();
    return std::optional<RealtimeRow>(std::move(rows.front()));
}

Result<std::vector<RealtimeRow>> realtime_load_all(std::string_view family, std::vector<RealtimeCondition> conditions) {
    return select_rows(family, std::move(conditions), most_rows);
}

Result<std::uint64_t> realtime_update(std::string_view family, std::vector<RealtimeCondition> conditions, RealtimeFields values) {
    auto count = ask_family<std::uint64_t>(family, [conditions = std::move(conditions), values = std::move(values)](
                                                       RealtimeConnection& connection, const std::string& table) {
        return connection.update(table, conditions, values);
    });
    realtime_flush(family);
    return count;
}

Result<std::uint64_t> realtime_store(std::string_view family, RealtimeFields values) {
    auto count = ask_family<std::uint64_t>(
        family, [values = std::move(values)](RealtimeConnection& connection, const std::string& table) {
            return connection.store(table, values);
        });
    realtime_flush(family);
    return count;
}

Result<std::uint64_t> realtime_destroy(std::string_view family, std::vector<RealtimeCondition> conditions) {
    auto count = ask_family<std::uint64_t>(
        family, [conditions = std::move(conditions)](RealtimeConnection& connection, const std::string& table) {
            return connection.destroy(table, conditions);
        });
    realtime_flush(family);
    return count;
}

bool realtime_has(std::string_view family) { return realtime().settings.families.contains(std::string(family)); }

void realtime_flush(std::string_view family) {
    auto& cache = realtime().cache;
    if (family.empty())
        cache.clear();
    else if (const auto found = cache.find(std::string(family)); found != cache.end())
        cache.erase(found);
    realtime().cached = 0;
    for (const auto& [name, entries] : cache) realtime().cached += entries.size();
}

std::vector<RealtimeFamilySummary> list_realtime() {
    std::vector<RealtimeFamilySummary> list;
    for (const auto& [family, mappings] : realtime().settings.families)
        for (const Mapping& mapping : mappings) {
            RealtimeFamilySummary summary{.family = family, .driver = mapping.driver, .database = mapping.database,
                                          .table = mapping.table, .expiry = expiry_of(family)};
            if (const auto found = realtime().databases.find({to_lower(mapping.driver), mapping.database});
                found != realtime().databases.end())
                for (const auto& worker : found->second.workers) summary.waiting += static_cast<std::size_t>(worker->pending);
            list.push_back(std::move(summary));
        }
    return list;
}

Result<void> declare_realtime(Module& core) {
    ConfigFileSpec spec;
    spec.file = "extconfig.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [settings = read_settings(file, findings)]() mutable {
            realtime().settings = std::move(settings);
            realtime_flush();
            renew_sources();
        };
    };
    return declare_file(core, std::move(spec));
}

bool realtime_maps_file(const std::string& name) {
    const std::lock_guard lock(realtime().mutex);
    return realtime().files.contains(name);
}

std::optional<Result<std::string>> realtime_file(const std::string& name) {
    Realtime& all = realtime();
    Realtime::Source source;
    std::chrono::milliseconds timeout{};
    {
        const std::lock_guard lock(all.mutex);
        const auto found = all.files.find(name);
        if (found == all.files.end()) return {};
        source = found->second;
        timeout = all.file_timeout;
    }
    const auto away = [&](std::string_view why) {
        return Result<std::string>(fail(ErrorCode::closed, "extconfig.conf has {} in {}, {}", name, source.what, why));
    };
    if (!source.worker) return away("whose driver is not loaded or does not know it; preload its module in modules.conf");
    auto pass = source.gate->enter();
    if (!pass) return away("whose driver is being unloaded");
    auto promise = std::make_shared<std::promise<Result<std::vector<RealtimeRow>>>>();
    auto answer = promise->get_future();
    const bool taken = source.worker->lane.submit([promise, name, source, pass = std::move(*pass)] {
        const std::vector<RealtimeCondition> conditions{{"filename", name}};
        const std::function<Result<std::vector<RealtimeRow>>(RealtimeConnection&)> job = [&](RealtimeConnection& connection) {
            return connection.select(source.table, conditions, most_rows);
        };
        promise->set_value(run_job<std::vector<RealtimeRow>>(*source.worker, source.connect, job));
    });
    if (!taken || answer.wait_for(timeout) != std::future_status::ready) return away("which does not answer");
    auto rows = answer.get();
    if (!rows) return away(rows.error().text);
    return text_of(*std::move(rows));
}

}  // namespace jackfield
