// cdr_syslog - call records as lines of the system's log (cdr_syslog.conf).
#include <syslog.h>

#include <vector>

#include "modules/res_cdr/backend_slot.hpp"
#include "modules/res_cdr/record_template.hpp"

using namespace jackfield;

namespace {

const Words<int> facilities{{"user", LOG_USER},     {"daemon", LOG_DAEMON}, {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV},
                            {"cron", LOG_CRON},     {"kern", LOG_KERN},     {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
                            {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG}, {"uucp", LOG_UUCP},     {"local0", LOG_LOCAL0},
                            {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
                            {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}};
const Words<int> priorities{{"info", LOG_INFO},       {"alert", LOG_ALERT},     {"crit", LOG_CRIT}, {"debug", LOG_DEBUG},
                            {"emerg", LOG_EMERG},     {"err", LOG_ERR},         {"error", LOG_ERR}, {"notice", LOG_NOTICE},
                            {"warning", LOG_WARNING}, {"warn", LOG_WARNING}};

struct Target {
    int facility = LOG_LOCAL4, priority = LOG_WARNING;
    std::string line;
};

const Options<Target>& options() {
    static const Options<Target> table{
        {"facility", &Target::facility, LOG_LOCAL4, facilities, "Of the system's log"},
        {"priority", &Target::priority, LOG_WARNING, priorities, "Of the system's log"},
        {"template", &Target::line, "", "The line, as in cdr_custom.conf"},
    };
    return table;
}

// The system's log says nothing of what became of a line: one that was perhaps written is written again.
class SyslogSink final : public RecordSink {
  public:
    using Lines = std::vector<std::pair<int, RecordTemplate>>;
    explicit SyslogSink(Lines lines) : lines_(std::move(lines)) {}
    Result<void> write(const RecordBatch& batch) override {
        for (const Record& record : batch.records)
            for (const auto& [priority, line] : lines_) ::syslog(priority, "%s", line.fill(record).c_str());
        return {};
    }

  private:
    Lines lines_;
};

// [general] holds facility and priority for all; every other section is a line.
ConfigApply prepare(BackendSlot* slot, const ConfigFile& file, Diagnostics& findings) {
    const ConfigCategory* general = file.find("general");
    const Target common = general ? options().read(*general, findings) : options().defaults();
    auto lines = std::make_shared<SyslogSink::Lines>();
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || &category == general) continue;
        Target target = common;
        options().apply(category, target, findings);
        const ConfigEntry* entry = category.find("template");
        if (!entry) {
            findings.error(category.place(), "[{}] needs a template", category.name());
            continue;
        }
        lines->emplace_back(target.facility | target.priority, RecordTemplate(entry->value, *entry, findings));
    }
    return [slot, lines] { slot->set(lines->empty() ? nullptr : std::make_shared<SyslogSink>(std::move(*lines))); };
}

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "syslog"));
    return module.add(ConfigFileSpec{.file = "cdr_syslog.conf", .prepare = [slot](const ConfigFile& file, Diagnostics& findings) {
                                         return prepare(slot, file, findings);
                                     }});
}

}  // namespace

JACKFIELD_MODULE("cdr_syslog", "Customizable syslog CDR Backend", load, "res_cdr")
