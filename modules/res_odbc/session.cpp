// One connection by unixODBC: statements with values, rows as text, transactions.
#include "modules/res_odbc/session.hpp"

#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/strings.hpp"

namespace jackfield::odbc {
namespace {

constexpr std::size_t longest_value = 1 << 20;  // of one column; the rest is cut off

// 08: the connection; HYT: its time limits; 22 and 23: a value that does not fit.
ErrorCode kind_of_failure(std::string_view state) {
    if (state.starts_with("08") || state.starts_with("HYT")) return ErrorCode::closed;
    return state.starts_with("22") || state.starts_with("23") ? ErrorCode::invalid : ErrorCode::failed;
}

OdbcKind kind_of(SQLSMALLINT type) {
    switch (type) {
        case SQL_INTEGER: case SQL_SMALLINT: case SQL_TINYINT: case SQL_BIGINT: return OdbcKind::whole;
        case SQL_DECIMAL: case SQL_NUMERIC: case SQL_FLOAT: case SQL_REAL: case SQL_DOUBLE: return OdbcKind::fraction;
        case SQL_TYPE_TIMESTAMP: case SQL_TYPE_DATE: case SQL_TYPE_TIME: case SQL_DATETIME: return OdbcKind::time;
        default: return OdbcKind::text;
    }
}

class Handle {
  public:
    Handle() = default;
    Handle(SQLSMALLINT kind, SQLHANDLE parent) : kind_(kind) {
        if (!SQL_SUCCEEDED(SQLAllocHandle(kind, parent, &handle_))) handle_ = SQL_NULL_HANDLE;
    }
    Handle(Handle&& other) noexcept : kind_(other.kind_), handle_(std::exchange(other.handle_, SQLHANDLE{})) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(kind_, other.kind_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Handle() {
        if (handle_ != SQL_NULL_HANDLE) SQLFreeHandle(kind_, handle_);
    }
    SQLHANDLE get() const { return handle_; }
    explicit operator bool() const { return handle_ != SQL_NULL_HANDLE; }

    // What the driver says, by the classes of ISO 9075's SQLSTATE.
    std::unexpected<Error> failed() const {
        std::array<SQLCHAR, 6> state{};
        std::array<SQLCHAR, 512> text{};
        SQLINTEGER native = 0;
        SQLSMALLINT size = 0;
        if (!SQL_SUCCEEDED(SQLGetDiagRec(kind_, handle_, 1, state.data(), &native, text.data(), text.size(), &size)))
            return fail(ErrorCode::failed, "the ODBC driver gives no reason");
        const std::string_view code(reinterpret_cast<const char*>(state.data()));
        return fail(kind_of_failure(code), "{}: {}", code, reinterpret_cast<const char*>(text.data()));
    }

  private:
    SQLSMALLINT kind_ = SQL_HANDLE_ENV;
    SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

SQLCHAR* sql_text(const std::string& text) { return reinterpret_cast<SQLCHAR*>(const_cast<char*>(text.c_str())); }
SQLPOINTER sql_number(SQLULEN number) { return reinterpret_cast<SQLPOINTER>(number); }

constexpr std::array<std::pair<std::string_view, SQLULEN>, 4> isolations{{{"read_committed", SQL_TXN_READ_COMMITTED},
                                                                          {"read_uncommitted", SQL_TXN_READ_UNCOMMITTED},
                                                                          {"repeatable_read", SQL_TXN_REPEATABLE_READ},
                                                                          {"serializable", SQL_TXN_SERIALIZABLE}}};

class Session final : public OdbcSession {
  public:
    explicit Session(const SessionSettings& settings) : settings_(settings) {}
    ~Session() override {
        if (!connected_) return;
        if (in_transaction_) SQLEndTran(SQL_HANDLE_DBC, database_.get(), SQL_ROLLBACK);
        SQLDisconnect(database_.get());
    }

    Result<void> open() {
        environment_ = Handle(SQL_HANDLE_ENV, SQL_NULL_HANDLE);
        SQLSetEnvAttr(environment_.get(), SQL_ATTR_ODBC_VERSION, sql_number(SQL_OV_ODBC3), 0);
        database_ = Handle(SQL_HANDLE_DBC, environment_.get());
        if (!database_) return environment_.failed();
        const auto limit = static_cast<SQLULEN>(settings_.connect_timeout.count());
        SQLSetConnectAttr(database_.get(), SQL_ATTR_LOGIN_TIMEOUT, sql_number(limit), 0);
        SQLSetConnectAttr(database_.get(), SQL_ATTR_CONNECTION_TIMEOUT, sql_number(limit), 0);
        if (!SQL_SUCCEEDED(SQLConnect(database_.get(), sql_text(settings_.dsn), SQL_NTS, sql_text(settings_.user), SQL_NTS,
                                      sql_text(settings_.password), SQL_NTS)))
            return fail(ErrorCode::closed, "{}", database_.failed().error().text);
        connected_ = true;
        return {};
    }

    Result<OdbcAnswer> run(const OdbcStatement& wanted) override {
        const Handle statement = JF_TRY(new_statement());
        std::vector<SQLLEN> sizes(wanted.values.size());
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            const std::string& value = wanted.values[i];
            sizes[i] = static_cast<SQLLEN>(value.size());
            SQLBindParameter(statement.get(), static_cast<SQLUSMALLINT>(i + 1), SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR,
                             std::max<SQLULEN>(value.size(), 1), 0, sql_text(value), sizes[i], &sizes[i]);
        }
        const SQLRETURN done = SQLExecDirect(statement.get(), sql_text(wanted.text), SQL_NTS);
        if (!SQL_SUCCEEDED(done) && done != SQL_NO_DATA) return judged(statement.failed());
        OdbcAnswer answer;
        SQLSMALLINT columns = 0;
        SQLNumResultCols(statement.get(), &columns);
        SQLLEN affected = 0;
        if (SQL_SUCCEEDED(SQLRowCount(statement.get(), &affected)) && affected > 0) answer.affected = affected;
        for (SQLUSMALLINT i = 1; i <= columns; ++i) {
            std::array<SQLCHAR, 256> name{};
            SQLDescribeCol(statement.get(), i, name.data(), name.size(), nullptr, nullptr, nullptr, nullptr, nullptr);
            answer.columns.emplace_back(reinterpret_cast<const char*>(name.data()));
        }
        while (columns > 0 && answer.rows.size() < wanted.most_rows) {
            const SQLRETURN fetched = SQLFetch(statement.get());
            if (fetched == SQL_NO_DATA) break;
            if (!SQL_SUCCEEDED(fetched)) return judged(statement.failed());
            auto& row = answer.rows.emplace_back();
            for (SQLUSMALLINT i = 1; i <= columns; ++i) row.push_back(value_of(statement, i));
        }
        return answer;
    }

    std::string product() const override {
        std::array<char, 128> name{};
        SQLSMALLINT size = 0;
        if (!SQL_SUCCEEDED(SQLGetInfo(database_.get(), SQL_DBMS_NAME, name.data(), name.size(), &size))) return {};
        return name.data();
    }

    Result<std::vector<OdbcColumn>> columns(const std::string& table) override {
        const Handle list = JF_TRY(new_statement());
        if (!SQL_SUCCEEDED(SQLColumns(list.get(), nullptr, 0, nullptr, 0, sql_text(table), SQL_NTS, nullptr, 0))) return judged(list.failed());
        std::vector<OdbcColumn> columns;
        while (SQL_SUCCEEDED(SQLFetch(list.get()))) {
            std::array<char, 256> name{};
            SQLSMALLINT type = 0;
            SQLINTEGER size = 0;
            SQLGetData(list.get(), 4, SQL_C_CHAR, name.data(), name.size(), nullptr);
            SQLGetData(list.get(), 5, SQL_C_SHORT, &type, 0, nullptr);
            SQLGetData(list.get(), 7, SQL_C_LONG, &size, 0, nullptr);
            OdbcColumn& column = columns.emplace_back(name.data(), kind_of(type));
            // Drivers give a huge size for text without a limit.
            if (column.kind == OdbcKind::text && size > 0 && size < 65536) column.longest = static_cast<std::size_t>(size);
        }
        return columns;
    }

    Result<void> begin(std::string_view isolation) override {
        for (const auto& [name, level] : isolations)  // drivers that know one level only refuse others, which is no harm
            if (equals_ignoring_case(name, isolation)) SQLSetConnectAttr(database_.get(), SQL_ATTR_TXN_ISOLATION, sql_number(level), 0);
        if (in_transaction_) return {};
        if (!SQL_SUCCEEDED(SQLSetConnectAttr(database_.get(), SQL_ATTR_AUTOCOMMIT, sql_number(SQL_AUTOCOMMIT_OFF), 0)))
            return judged(database_.failed());
        in_transaction_ = true;
        return {};
    }
    Result<void> commit() override { return end(SQL_COMMIT); }
    Result<void> rollback() override { return end(SQL_ROLLBACK); }

  private:
    Result<Handle> new_statement() const {
        Handle statement(SQL_HANDLE_STMT, database_.get());
        if (!statement) return judged(database_.failed());
        SQLSetStmtAttr(statement.get(), SQL_ATTR_QUERY_TIMEOUT, sql_number(static_cast<SQLULEN>(settings_.query_timeout.count())), 0);
        return statement;
    }
    Result<void> end(SQLSMALLINT how) {
        if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, database_.get(), how))) return judged(database_.failed());
        return {};
    }
    // Drivers have different words for a connection that has gone; they agree on an attribute.
    std::unexpected<Error> judged(std::unexpected<Error> failure) const {
        SQLUINTEGER dead = SQL_CD_FALSE;
        if (SQL_SUCCEEDED(SQLGetConnectAttr(database_.get(), SQL_ATTR_CONNECTION_DEAD, &dead, sizeof(dead), nullptr)) && dead == SQL_CD_TRUE)
            failure.error().code = ErrorCode::closed;
        return failure;
    }
    static std::optional<std::string> value_of(const Handle& statement, SQLUSMALLINT column) {
        std::string value;
        std::array<char, 4096> part;
        for (;;) {
            SQLLEN size = 0;
            const SQLRETURN got = SQLGetData(statement.get(), column, SQL_C_CHAR, part.data(), part.size(), &size);
            if (got == SQL_NO_DATA || !SQL_SUCCEEDED(got)) return value;
            if (size == SQL_NULL_DATA) return {};
            const bool more = size == SQL_NO_TOTAL || size >= static_cast<SQLLEN>(part.size());
            value.append(part.data(), more ? part.size() - 1 : static_cast<std::size_t>(size));
            if (!more || value.size() >= longest_value) return value;
        }
    }

    SessionSettings settings_;
    Handle environment_, database_;
    bool connected_ = false, in_transaction_ = false;
};

}  // namespace

Result<std::unique_ptr<OdbcSession>> connect(const SessionSettings& settings) {
    auto session = std::make_unique<Session>(settings);
    JF_TRY(session->open());
    return std::unique_ptr<OdbcSession>(std::move(session));
}

bool is_isolation(std::string_view name) {
    return std::ranges::any_of(isolations, [&](const auto& each) { return equals_ignoring_case(each.first, name); });
}

}  // namespace jackfield::odbc
