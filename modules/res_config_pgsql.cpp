// res_config_pgsql - Realtime in PostgreSQL (res_pgsql.conf).
#include <libpq-fe.h>

#include <memory>

#include "core/module/realtime.hpp"
#include "core/module/realtime_sql.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

struct Settings {
    std::string host, socket, name, user, password, application;
    std::uint16_t port = 5432;
};

Option<Settings> text(std::string_view name, std::string Settings::*member, std::string_view value, std::string_view help) {
    return {name, [member](Settings& settings, std::string_view written, const ConfigEntry&) -> Result<void> {
                settings.*member = written;
                return {};
            }, value, help};
}

const Options<Settings>& options() {
    static const Options<Settings> table{
        text("dbhost", &Settings::host, "", "Host of the server; empty: the local one by its socket"),
        Option<Settings>("dbport", &Settings::port, 5432, Range{1, 65535}, "Its port"),
        text("dbsock", &Settings::socket, "", "Folder of the socket of a local server, when dbhost is empty"),
        text("dbname", &Settings::name, "", "Database; extconfig.conf may name another one"),
        text("dbuser", &Settings::user, "", "User"),
        text("dbpass", &Settings::password, "", "Password"),
        text("dbappname", &Settings::application, "", "What the server's lists of sessions show"),
        Option<Settings>::absent("requirements", "tables are not altered by the daemon; make the columns yourself"),
        Option<Settings>::ignored("order_multi_row_results_by_initial_column", "rows are always ordered by the first column asked for")};
    return table;
}

Settings& settings() {
    static Settings instance;
    return instance;
}

struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
};

class Connection final : public SqlRealtimeConnection {
  public:
    static Result<std::unique_ptr<RealtimeConnection>> open(const Settings& settings, const std::string& database) {
        const std::string port = std::to_string(settings.port);
        const std::string& host = settings.host.empty() ? settings.socket : settings.host;
        const char* const keys[] = {"host", "port", "dbname", "user", "password", "application_name", "connect_timeout", "options", nullptr};
        const char* const values[] = {host.c_str(), port.c_str(), database.c_str(), settings.user.c_str(), settings.password.c_str(),
                                      settings.application.c_str(), "4", "-c statement_timeout=30000", nullptr};
        std::unique_ptr<PGconn, Close> made(PQconnectdbParams(keys, values, 0));
        if (PQstatus(made.get()) != CONNECTION_OK)
            return fail(ErrorCode::closed, "{}", trim(PQerrorMessage(made.get())));
        return std::make_unique<Connection>(std::move(made));
    }
    explicit Connection(std::unique_ptr<PGconn, Close> connection)
        : SqlRealtimeConnection(SqlPlaceholders::numbered), connection_(std::move(connection)) {}

  private:
    using Answer = std::unique_ptr<PGresult, Close>;
    Result<Answer> run(const SqlCommand& command) {
        std::vector<const char*> values;
        for (const std::string& value : command.values) values.push_back(value.c_str());
        Answer answer(PQexecParams(connection_.get(), command.text.c_str(), static_cast<int>(values.size()), nullptr,
                                   values.data(), nullptr, nullptr, 0));
        const auto status = PQresultStatus(answer.get());
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return answer;
        const bool dead = PQstatus(connection_.get()) != CONNECTION_OK;
        return fail(dead ? ErrorCode::closed : ErrorCode::failed, "{}", trim(PQerrorMessage(connection_.get())));
    }
    Result<std::vector<RealtimeRow>> rows(const SqlCommand& command, std::size_t) override {
        const Answer answer = JF_TRY(run(command));
        std::vector<RealtimeRow> rows;
        for (int i = 0; i < PQntuples(answer.get()); ++i) {
            RealtimeRow row;
            for (int j = 0; j < PQnfields(answer.get()); ++j)
                if (!PQgetisnull(answer.get(), i, j)) row.emplace_back(PQfname(answer.get(), j), PQgetvalue(answer.get(), i, j));
            rows.push_back(std::move(row));
        }
        return rows;
    }
    Result<std::uint64_t> change(const SqlCommand& command) override {
        const Answer answer = JF_TRY(run(command));
        return parse_number<std::uint64_t>(PQcmdTuples(answer.get())).value_or(0);
    }

    std::unique_ptr<PGconn, Close> connection_;
};

class Driver final : public RealtimeDriver {
  public:
    Result<Connect> open(const std::string& database) override {
        // Asterisk's extconfig.conf names the section, always [general], or the database.
        const bool section = equals_ignoring_case(database, "general") && !settings().name.empty();
        return Connect([wanted = settings(), name = section ? settings().name : database] { return Connection::open(wanted, name); });
    }
};

Result<void> load(Module& module) {
    JF_TRY(module.add(settings_file("res_pgsql.conf", "general", options(), settings())));
    return module.add("pgsql", module.own<Driver>());
}

}  // namespace

JACKFIELD_MODULE("res_config_pgsql", "Realtime in PostgreSQL", load)
