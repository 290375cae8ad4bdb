// The service interface of res_odbc: statements at the databases of res_odbc.conf, one by one or in transactions.
//
//   const auto odbc = JF_TRY(find_service<OdbcService>());
//   const OdbcAnswer answer = JF_TRY(odbc->execute("asterisk", {.text = "SELECT phone FROM people WHERE name = ?", .values = {name}}));
//
// A module that uses it names "res_odbc" among those that it needs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

struct OdbcStatement {
    std::string text;                     // with ? for values
    std::vector<std::string> values = {};
    std::size_t most_rows = 10000;        // those beyond are left
};
struct OdbcAnswer {
    std::vector<std::string> columns;                             // empty: the statement gives no rows
    std::vector<std::vector<std::optional<std::string>>> rows;    // nothing: NULL
    std::int64_t affected = 0;                                    // rows that were changed
};

enum class OdbcKind : unsigned char { text, whole, fraction, time };
struct OdbcColumn {
    std::string name;
    OdbcKind kind = OdbcKind::text;
    std::size_t longest = 0;  // characters of a text; 0: no limit is known
};

// One connection. Belongs to one thread at a time, which every function blocks. Errors of all: closed (it is of no use any more),
// invalid (the values were refused: SQLSTATE classes 22 and 23), failed (the statement was), with the driver's words.
class OdbcSession {
  public:
    virtual ~OdbcSession() = default;  // rolls back what was not committed
    virtual Result<OdbcAnswer> run(const OdbcStatement& statement) = 0;
    // Those of a table; none: there is no such table.
    virtual Result<std::vector<OdbcColumn>> columns(const std::string& table) = 0;
    virtual std::string product() const = 0;  // what the database calls itself: "PostgreSQL", "SQLite"; empty: it does not say
    // Statements from now on are one transaction until commit or rollback, after which the next one begins.
    virtual Result<void> begin(std::string_view isolation) = 0;  // "read_committed" and the like; empty: the database's own
    virtual Result<void> commit() = 0;
    virtual Result<void> rollback() = 0;
};
using OdbcConnect = std::function<Result<std::unique_ptr<OdbcSession>>()>;  // any thread, which it blocks

// A connection of the pool, taken out of it while this exists; at the end rolled back (or committed: forcecommit) and given back.
// Control thread; functions wait, never longer than the database's time limit.
class OdbcTransaction {
  public:
    virtual ~OdbcTransaction() = default;  // does not wait
    virtual const std::string& database() const = 0;
    virtual Result<OdbcAnswer> execute(OdbcStatement statement) = 0;
    virtual Result<void> commit() = 0;
    virtual Result<void> rollback() = 0;
    virtual Result<void> set_isolation(std::string isolation) = 0;  // errors: invalid
    virtual std::string isolation() const = 0;
    virtual void set_force_commit(bool on) = 0;
    virtual bool force_commit() const = 0;
};

// Control thread. `name` is a section of res_odbc.conf. Errors of all: not_found; closed, timeout, limit (the database is away or
// its connections are all in use: the text names it); failed; interruption.
class OdbcService {
  public:
    static constexpr std::string_view service_name = "odbc";
    virtual ~OdbcService() = default;
    // Waits. A connection that turns out to be dead is replaced once.
    virtual Result<OdbcAnswer> execute(const std::string& name, OdbcStatement statement) = 0;
    // Waits for a connection.
    virtual Result<std::unique_ptr<OdbcTransaction>> begin(const std::string& name) = 0;
    // For those who have threads of their own. It connects as res_odbc.conf said when it was asked for.
    virtual Result<OdbcConnect> connector(const std::string& name) = 0;
};

}  // namespace jackfield
