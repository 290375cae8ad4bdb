// res_config_odbc - Realtime in the databases of res_odbc.conf.
#include "core/module/realtime.hpp"
#include "core/module/realtime_sql.hpp"
#include "core/sdk.hpp"
#include "modules/res_odbc/odbc.hpp"

using namespace jackfield;

namespace {

class Connection final : public SqlRealtimeConnection {
  public:
    explicit Connection(std::unique_ptr<OdbcSession> session)
        : SqlRealtimeConnection(SqlPlaceholders::question_marks), session_(std::move(session)) {}

  private:
    Result<std::vector<RealtimeRow>> rows(const SqlCommand& command, std::size_t most) override {
        const OdbcAnswer answer = JF_TRY(session_->run({.text = command.text, .values = command.values, .most_rows = most}));
        std::vector<RealtimeRow> rows;
        for (const auto& values : answer.rows) {
            RealtimeRow& row = rows.emplace_back();
            for (std::size_t i = 0; i < values.size(); ++i)
                if (values[i]) row.emplace_back(answer.columns[i], *values[i]);
        }
        return rows;
    }
    Result<std::uint64_t> change(const SqlCommand& command) override {
        const OdbcAnswer answer = JF_TRY(session_->run({.text = command.text, .values = command.values, .most_rows = 0}));
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
