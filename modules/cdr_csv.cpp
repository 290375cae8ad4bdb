// cdr_csv - call records as lines of Master.csv and of a file for each account (cdr.conf, section [csv]).
#include <fmt/format.h>

#include <map>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"
#include "modules/res_cdr/text_file.hpp"

using namespace jackfield;

namespace {

struct Settings {
    bool utc = false, unique_id = false, user_field = false, account_logs = true, new_columns = false;
};

const Options<Settings>& options() {
    using S = Settings;
    static const Options<S> table{
        {"usegmtime", &S::utc, false, "Times in UTC"},
        {"loguniqueid", &S::unique_id, false, "With the column uniqueid"},
        {"loguserfield", &S::user_field, false, "With the column userfield"},
        {"accountlogs", &S::account_logs, true, "A file for each account code besides Master.csv"},
        {"newcdrcolumns", &S::new_columns, false, "With the columns peeraccount, linkedid and sequence"},
    };
    return table;
}

class CsvSink final : public RecordSink {
  public:
    CsvSink(const Settings& settings, std::string folder) : settings_(settings), folder_(std::move(folder)) {
        time_.utc = settings.utc;
    }

    Result<void> write(const RecordBatch& batch) override {
        std::string master;
        std::map<std::string, std::string, std::less<>> accounts;
        for (const Record& record : batch.records) {
            const std::string text = line(record);
            master += text;
            const std::string_view account = record.get("accountcode");
            // The account becomes a file's name: what could lead elsewhere is refused.
            if (settings_.account_logs && !account.empty() && !account.contains('/') && account[0] != '.')
                accounts[std::string(account)] += text;
        }
        for (const auto& [account, text] : accounts)
            JF_TRY(append_records(folder_ + "/" + account + ".csv", text, batch));
        return append_records(folder_ + "/Master.csv", master, batch);
    }

  private:
    std::string line(const Record& record) const {
        std::string text;
        for (const char* name : {"accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start",
                                 "answer", "end"})
            text.append(csv_quoted(record_text(record, name, time_))).append(1, ',');
        text += fmt::format("{},{}", record.get("duration"), record.get("billsec"));
        auto add = [&](const char* name) { text.append(1, ',').append(csv_quoted(record.get(name))); };
        add("disposition");
        add("amaflags");
        if (settings_.unique_id) add("uniqueid");
        if (settings_.user_field) add("userfield");
        if (settings_.new_columns) {
            add("peeraccount");
            add("linkedid");
            text += fmt::format(",{}", record.get("sequence"));
        }
        return text += '\n';
    }

    Settings settings_;
    std::string folder_;
    RecordTime time_;
};

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "csv"));
    return module.add(ConfigFileSpec{
        .file = "cdr.conf", .prepare = [slot](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [slot, settings = options().read(file, "csv", findings)] {
                slot->set(std::make_shared<CsvSink>(settings, record_log_folder() + "/cdr-csv"));
            };
        }});
}

}  // namespace

JACKFIELD_MODULE("cdr_csv", "Comma Separated Values CDR Backend", load, "res_cdr")
