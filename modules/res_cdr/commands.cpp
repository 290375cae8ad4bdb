// cdr show status, cdr show active, cdr submit.
#include "core/channel/channel.hpp"
#include "core/console/command.hpp"
#include "core/runtime/fiber.hpp"
#include "modules/res_cdr/recorder.hpp"

namespace jackfield::cdr {
namespace {

constexpr CommandInfo status_info{.words = "cdr show status",
                                  .synopsis = "Display the CDR status",
                                  .text = "Settings of cdr.conf, what waits, and each backend with what it has written."};
constexpr CommandInfo active_info{.words = "cdr show active [channel]",
                                  .synopsis = "Display active CDRs for channels",
                                  .text = "One line for each channel with the last of its records; with a channel all of its records."};
constexpr CommandInfo submit_info{.words = "cdr submit",
                                  .synopsis = "Posts all pending batched CDR data",
                                  .text = "Records that a batch keeps go to the backends now."};

const char* yes_no(bool value) { return value ? "Yes" : "No"; }
const char* enabled(bool value) { return value ? "Enabled" : "Disabled"; }

Result<void> show_status(Console& console, Recorder& recorder) {
    const Settings settings = recorder.engine().settings();
    const auto& writer = recorder.writer();
    std::string text = "\nCall Detail Record (CDR) settings\n----------------------------------\n";
    text += fmt::format("  Logging:                    {}\n  Mode:                       {}\n", enabled(settings.enable),
                        settings.batch ? "Batch" : "Simple");
    if (settings.enable)
        text += fmt::format("  Log calls by default:       {}\n  Log unanswered calls:       {}\n  Log congestion:             {}\n\n"
                            "  Ignore bridging changes:    {}\n  Ignore dial state changes:  {}\n\n",
                            yes_no(settings.channel_default_enabled), yes_no(settings.unanswered), yes_no(settings.congestion),
                            yes_no(settings.ignore_state_changes), yes_no(settings.ignore_dial_changes));
    if (settings.batch)
        text += fmt::format("* Batch Mode Settings\n  -------------------\n  Safe shutdown:              Enabled\n"
                            "  Current batch size:         {} record{}\n  Maximum batch size:         {} records\n"
                            "  Maximum batch time:         {} seconds\n  Next batch processed in:    {} seconds\n\n",
                            writer.gathered(), writer.gathered() == 1 ? "" : "s", settings.size,
                            settings.time.count(), (writer.due_in().count() + 999) / 1000);
    text += "* Registered Backends\n  -------------------\n";
    const auto backends = writer.status();
    for (const auto& backend : backends)
        text += fmt::format("    {} ({} written{}{}{})\n", backend.name, backend.written,
                            backend.waiting_bytes ? fmt::format(", {} bytes wait", backend.waiting_bytes) : "",
                            backend.lost ? fmt::format(", {} lost", backend.lost) : "",
                            backend.problem.empty() ? "" : ", away: " + backend.problem);
    if (backends.empty()) text += "    (none)\n";
    return console.write(text + "\n");
}

std::string clock_time(const Record& record, std::string_view name) { return record_text(record, name, {.format = "%H:%M:%S"}); }

Result<void> show_channel(Console& console, Recorder& recorder, const std::string& name) {
    const Channel* channel = find_channel(name);
    if (!channel) return fail(ErrorCode::not_found, "Unknown channel: {}", name);
    const auto records = recorder.engine().records_of(channel->id().number);
    JF_TRY(console.print("\nCall Detail Record (CDR) Information for {}\n--------------------------------------------------\n", name));
    JF_TRY(console.print("{:<20.20} {:<25.25} {:<15.15} {:<15.15} {:<8.8} {:<8.8} {:<8.8} {:<8.8} {:<8.8}\n", "AccountCode", "CallerID",
                         "Dst. Channel", "LastApp", "Start", "Answer", "End", "Billsec", "Duration"));
    for (const Record& record : records)
        JF_TRY(console.print("{:<20.20} {:<25.25} {:<15.15} {:<15.15} {:<8.8} {:<8.8} {:<8.8} {:<8.8} {:<8.8}\n", record.get("accountcode"),
                             record.get("clid"), record.get("dstchannel"), record.get("lastapp"), clock_time(record, "start"),
                             clock_time(record, "answer"), clock_time(record, "end"), record.get("billsec"), record.get("duration")));
    return {};
}

Result<void> show_active(Console& console, Recorder& recorder, CommandWords words) {
    if (!words.empty()) return show_channel(console, recorder, words[0]);
    JF_TRY(console.write("\nChannels with Call Detail Record (CDR) Information\n--------------------------------------------------\n"));
    JF_TRY(console.print("{:<25.25} {:<25.25} {:<15.15} {:<8.8} {:<8.8} {:<8.8} {:<8.8} {:<8.8}\n", "Channel", "Dst. Channel", "LastApp",
                         "Start", "Answer", "End", "Billsec", "Duration"));
    std::size_t slice = 0;
    for (const auto number : recorder.engine().numbers()) {
        const auto records = recorder.engine().records_of(number);
        if (records.empty()) continue;
        const Record& last = records.back();
        JF_TRY(console.print("{:<25.25} {:<25.25} {:<15.15} {:<8.8} {:<8.8} {:<8.8} {:<8.8} {:<8.8}\n", last.get("channel"),
                             last.get("dstchannel"), last.get("lastapp"), clock_time(last, "start"), clock_time(last, "answer"),
                             clock_time(last, "end"), last.get("billsec"), last.get("duration")));
        if (++slice % 64 == 0) JF_TRY(yield());
    }
    return {};
}

}  // namespace

Result<void> add_commands(Module& module, Recorder& recorder) {
    JF_TRY(module.add(status_info, [&recorder](Console& console, CommandWords) { return show_status(console, recorder); }));
    JF_TRY(module.add(
        active_info, [&recorder](Console& console, CommandWords words) { return show_active(console, recorder, words); },
        [](CommandWords, std::size_t, std::string_view) {
            std::vector<std::string> names;
            for_each_channel([&](Channel& channel) { names.push_back(channel.name()); }, 0, 1000);
            return names;
        }));
    return module.add(submit_info, [&recorder](Console& console, CommandWords) {
        return console.print("Submitted {} CDRs to the backends for processing.  This may take a while.\n", recorder.writer().submit());
    });
}

}  // namespace jackfield::cdr
