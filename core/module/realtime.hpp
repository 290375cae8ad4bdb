// Realtime: configuration and state in databases (extconfig.conf). What drivers implement, and what modules call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/module/module.hpp"

namespace jackfield {

using RealtimeFields = std::vector<std::pair<std::string, std::string>>;
using RealtimeRow = RealtimeFields;  // columns in their order; those that are NULL are left out

// "name", or "name LIKE", "name >=" and the like, as Asterisk writes them.
struct RealtimeCondition {
    std::string field, value;
};

// One connection to one database. It lives on one thread of the database's own, where all its functions are called; they
// block. Values never become part of a command's text. Errors: closed (the connection is of no use any more: the next job
// gets a fresh one), failed (the database refused the command).
class RealtimeConnection {
  public:
    virtual ~RealtimeConnection() = default;
    // Rows that meet all conditions, at most `most`, ordered by the first condition's column. No row is an empty list.
    virtual Result<std::vector<RealtimeRow>> select(const std::string& table, std::span<const RealtimeCondition> conditions,
                                                    std::size_t most) = 0;
    // How many rows it changed, made or removed.
    virtual Result<std::uint64_t> update(const std::string& table, std::span<const RealtimeCondition> conditions,
                                         const RealtimeFields& values) = 0;
    virtual Result<std::uint64_t> store(const std::string& table, const RealtimeFields& values) = 0;
    virtual Result<std::uint64_t> destroy(const std::string& table, std::span<const RealtimeCondition> conditions) = 0;
};

// A kind of database, registered by a module under the name that extconfig.conf gives it: "sqlite3", "pgsql".
class RealtimeDriver {
  public:
    virtual ~RealtimeDriver() = default;
    // What connect() needs to know of `database` (extconfig's second word), taken on the control thread; it is called later
    // and again on the database's thread. Errors: not_found, naming the file that lacks it.
    using Connect = std::function<Result<std::unique_ptr<RealtimeConnection>>()>;
    virtual Result<Connect> open(const std::string& database) = 0;
};
// The connections of the driver are closed when the module unloads. Errors: exists.
Result<Registration> register_in(Module& module, std::string_view name, RealtimeDriver& driver);

// --- for modules: every function waits for the database, but never longer than its timeout (5 s, extconfig's [general]) ------
// Errors: not_found (extconfig.conf has no such family), timeout and closed and limit (the database is away: the text names
// it), failed, interruption. That there is no row is no error.
Result<std::optional<RealtimeRow>> realtime_load(std::string_view family, std::vector<RealtimeCondition> conditions);
Result<std::vector<RealtimeRow>> realtime_load_all(std::string_view family, std::vector<RealtimeCondition> conditions);
Result<std::uint64_t> realtime_update(std::string_view family, std::vector<RealtimeCondition> conditions, RealtimeFields values);
Result<std::uint64_t> realtime_store(std::string_view family, RealtimeFields values);
Result<std::uint64_t> realtime_destroy(std::string_view family, std::vector<RealtimeCondition> conditions);
// Whether extconfig.conf maps it.
bool realtime_has(std::string_view family);
// Forgets what has been cached; all families when the name is empty.
void realtime_flush(std::string_view family = {});

struct RealtimeFamilySummary {
    std::string family, driver, database, table;
    std::chrono::seconds expiry{};  // of its cache; 0: none
    std::size_t waiting = 0;        // jobs that its database has not begun
};
std::vector<RealtimeFamilySummary> list_realtime();

// extconfig.conf; core/main declares it before any module is loaded.
Result<void> declare_realtime(Module& core);
// A configuration file that extconfig.conf maps to a table, as text; empty when it maps none of that name. For the file
// source of the configuration: blocks, any thread but the control thread. Errors: as above.
std::optional<Result<std::string>> realtime_file(const std::string& name);
bool realtime_maps_file(const std::string& name);  // any thread

}  // namespace jackfield
