// res_config_odbc - Realtime in the databases of res_odbc.conf.
#include "core/module/realtime.hpp"
#include "core/module/realtime_sql.hpp"
#include "core/sdk.hpp"
#include "modules/res_odbc/odbc.hpp"

using namespace jackfield;

namespace {

class Connection final : public RealtimeConnection {
  public:
    explicit Connection(std::unique_ptr<OdbcSession> session) : session_(std::move(session)) {}

    Result<std::vector<RealtimeRow>> select(const std::string& table, std::span<const RealtimeCondition> conditions,
                                            std::size_t most) override {
        const OdbcAnswer answer = JF_TRY(run(select_command(table, conditions, most, SqlPlaceholders::question_marks), most));
        std::vector<RealtimeRow> rows;
        for (const auto& values : answer.rows) {
            RealtimeRow& row = rows.emplace_back();
            for (std::size_t i = 0; i < values.size(); ++i)
                if (values[i]) row.emplace_back(answer.columns[i], *values[i]);
        }
        return rows;
    }
    Result<std::uint64_t> update(const std::string& table, std::span<const RealtimeCondition> conditions,
                                 const RealtimeFields& values) override {
        return change(update_command(table, conditions, values, SqlPlaceholders::question_marks));
    }
    Result<std::uint64_t> store(const std::string& table, const RealtimeFields& values) override {
        return change(store_command(table, values, SqlPlaceholders::question_marks));
    }
    Result<std::uint64_t> destroy(const std::string& table, std::span<const RealtimeCondition> conditions) override {
        return change(destroy_command(table, conditions, SqlPlaceholders::question_marks));
    }

  private:
    Result<OdbcAnswer> run(Result<SqlCommand> command, std::size_t most) {
        SqlCommand made = JF_TRY(std::move(command));
        return session_->run({.text = std::move(made.text), .values = std::move(made.values), .most_rows = most});
    }
    Result<std::uint64_t> change(Result<SqlCommand> command) {
        const OdbcAnswer answer = JF_TRY(run(std::move(command), 0));
        return static_cast<std::uint64_t>(answer.affected);
    }
    std::unique_ptr<OdbcSession> session_;
};

class Driver final : public RealtimeDriver {
  public:
    Result<Connect> open(const std::string& database) override {
        const auto odbc = JF_TRY(find_service<OdbcService>());
        auto connect = JF_TRY(odbc->connector(database));
        return Connect([connect = std::move(connect)]() -> Result<std::unique_ptr<RealtimeConnection>> {
            return std::make_unique<Connection>(JF_TRY(connect()));
        });
    }
};

Result<void> load(Module& module) { return module.add("odbc", module.own<Driver>()); }

}  // namespace

JACKFIELD_MODULE("res_config_odbc", "Realtime by ODBC", load, "res_odbc")
