// AlarmReceiver: take the reports of alarm panels that call (alarmreceiver.conf).
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "apps/alarm_receiver/event_file.hpp"
#include "apps/alarm_receiver/receiver.hpp"
#include "core/dialplan/time_zone.hpp"
#include "core/module/database.hpp"
#include "core/runtime/process.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace jackfield::alarm;

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr unsigned most_reports = 1000;  // of one call: what a panel can make us keep

constexpr ApplicationInfo info{
    .name = "AlarmReceiver",
    .syntax = "AlarmReceiver()",
    .synopsis = "Take the reports of a burglar or fire alarm panel",
    .text = "Answers, sends the handshake, takes messages in DTMF and acknowledges each that is right, until the panel hangs up. Panels that "
            "send Ademco Contact ID, Express 4+1, Express 4+2 or High Speed with checksum are understood without being told which. Each "
            "report is in a file of eventspooldir and on the disk before it is acknowledged; a message that is wrong, or can't be kept, "
            "is not, so that the panel repeats it. At the end the command eventcmd of alarmreceiver.conf is started, with the reports of the "
            "call on its standard input. Variables of the channel that end the call before the panel does:\n"
            "  ALARMRECEIVER_CALL_LIMIT - after so many milliseconds\n"
            "  ALARMRECEIVER_RETRIES_LIMIT - after so many attempts that brought no report: silence or wrong messages\n"
            "  ALARMRECEIVER_EVENTS_LIMIT - after so many reports (at most 1000)"};

struct Settings {
    std::string time_format, command, folder, database_family;
    bool individual = false, no_groups = false;
    milliseconds first_digit{2000}, next_digit{200}, answer_wait{1250};
    unsigned loudness = 8192;
};

const Options<Settings>& options() {
    using S = Settings;
    static const Options<S> table{
        {"timestampformat", &S::time_format, "%a %b %d, %Y @ %H:%M:%S %Z", "Of TIMESTAMP in the files, as strftime has it"},
        {"eventcmd", &S::command, "", "Shell command that is started after a call with reports; it reads them on standard input"},
        {"eventspooldir", &S::folder, "", "Folder for files event-XXXXXX; without it reports are acknowledged and only logged"},
        {"logindividualevents", &S::individual, false, "A file for each report, at once; no: one for each call, at its end"},
        {"no_group_meta", &S::no_groups, false, "Files without the lines [metadata] and [events]; reports stand behind event="},
        {"fdtimeout", &S::first_digit, 2000ms, Range{1000ms, 10000ms}, "Silence after which the handshake is repeated (milliseconds)"},
        {"sdtimeout", &S::next_digit, 200ms, Range{110ms, 4000ms}, "Silence that ends a message (milliseconds)"},
        {"answait", &S::answer_wait, 1250ms, Range{500ms, 10000ms}, "From the answer to the handshake (milliseconds)"},
        {"loudness", &S::loudness, 8192u, Range{100u, 32767u}, "Peak of the tones that are sent, in 16 bit samples"},
        {"db-family", &S::database_family, "", "Family of the database that counts calls, reports and errors; none: not counted"},
    };
    return table;
}

// --- tones -----------------------------------------------------------------------------------------------------------

struct Burst {
    unsigned hz;  // 0: a pause
    milliseconds length;
};
// SIA DC-05: lengths may be wrong by 5 %, so the pause is played too.
constexpr std::array handshake{Burst{1400, 100ms}, Burst{0, 100ms}, Burst{2300, 100ms}};
constexpr std::array kiss_off{Burst{1400, 900ms}};

class Bursts final : public Source {
  public:
    Bursts(std::span<const Burst> bursts, unsigned peak) : bursts_(bursts), peak_(peak) {}
    const Codec* codec() const override { return codec_; }
    Frame next(unsigned samples) override {
        const auto audio = std::span(pcm_).first(std::min<std::size_t>(samples, pcm_.size()));
        if (bursts_.empty()) return {};
        for (std::int16_t& sample : audio) sample = next_sample();
        Frame frame;
        frame.codec = codec_;
        frame.samples = static_cast<std::uint16_t>(audio.size());
        frame.payload = {reinterpret_cast<const std::uint8_t*>(audio.data()), audio.size_bytes()};
        return frame;
    }

  private:
    std::int16_t next_sample() {
        if (bursts_.empty()) return 0;
        const Burst& burst = bursts_.front();
        const double angle = 2 * std::numbers::pi * burst.hz / 8000 * at_;
        if (++at_ == burst.length.count() * 8) {
            bursts_ = bursts_.subspan(1);
            at_ = 0;
        }
        return static_cast<std::int16_t>(peak_ * std::sin(angle));
    }
    const Codec* const codec_ = linear_codec({8000});
    std::span<const Burst> bursts_;  // what is left
    const double peak_;
    int at_ = 0;                     // samples into the first
    std::array<std::int16_t, 2048> pcm_;
};

// --- what is kept of a call ------------------------------------------------------------------------------------------

std::string one_line(std::string_view text) {
    if (text.empty()) return "<unknown>";
    std::string line(text);
    std::ranges::replace_if(line, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return line;
}

std::string time_text(const std::string& format) {
    const std::tm now = TimeZone::system()->local(wall_now());
    std::array<char, 256> text;
    return {text.data(), strftime(text.data(), text.size(), format.c_str(), &now)};
}

class Journal {
  public:
    Journal(const Settings& settings, Channel& channel)
        : settings_(settings), number_(one_line(channel.caller().id.number.text)), name_(one_line(channel.caller().id.name.text)) {}

    // Waits until it is on the disk. Errors: failed.
    Result<void> keep(const Report& report) {
        const bool begins = text_.empty() || settings_.individual;
        const std::string text = (begins ? metadata(report) : "") + (settings_.no_groups ? "event=" : "") + report.digits + '\n';
        if (!settings_.folder.empty()) JF_TRY(offload([&] { return write(text); }));
        text_ += text;
        return {};
    }
    // Names the call's file and starts the command. Waits.
    void close() {
        if (text_.empty()) return;
        if (file_) {
            if (auto named = offload([&] { return file_->publish(); }); !named) log_error("AlarmReceiver: {}", named.error().text);
        }
        if (settings_.command.empty()) return;
        if (auto started = start_command(); !started) log_error("AlarmReceiver: eventcmd does not start: {}", started.error().text);
    }

  private:
    std::string metadata(const Report& report) const {
        const bool groups = !settings_.no_groups;
        return fmt::format("{}PROTOCOL={}\nCALLINGFROM={}\nCALLERNAME={}\nTIMESTAMP={}\n\n{}", groups ? "[metadata]\n\n" : "", report.protocol,
                           number_, name_, time_text(settings_.time_format), groups ? "[events]\n\n" : "");
    }
    // In the pool.
    Result<void> write(std::string_view text) {
        if (settings_.individual) {
            EventFile file = JF_TRY(EventFile::create(settings_.folder));
            JF_TRY(file.append(text));
            JF_TRY(file.publish());
            return {};
        }
        if (!file_) file_.emplace(JF_TRY(EventFile::create(settings_.folder)));
        return file_->append(text);
    }
    Result<void> start_command() const {
        const int input = memfd_create("alarm reports", MFD_CLOEXEC);
        if (input < 0) return fail(ErrorCode::limit, "no more descriptors");
        const bool written = ::write(input, text_.data(), text_.size()) == static_cast<ssize_t>(text_.size()) && lseek(input, 0, SEEK_SET) == 0;
        ProcessOptions command;
        command.arguments = {"/bin/sh", "-c", settings_.command};
        command.child_descriptors = {input, -1, STDERR_FILENO};
        auto process = Process::start(std::move(command));
        ::close(input);
        if (!process) return std::unexpected(std::move(process).error());
        (*process)->let_go();
        if (!written) return fail(ErrorCode::limit, "no memory for its input");
        return {};
    }

    const Settings& settings_;
    const std::string number_, name_;
    std::string text_;  // of all reports
    std::optional<EventFile> file_;
};

void count(const std::string& family, std::string_view key, unsigned more) {
    Database* database = Database::instance();
    if (family.empty() || more == 0 || !database) return;
    const auto before = parse_number<std::uint64_t>(database->get(family, key).value_or("0")).value_or(0);
    if (auto put = database->put_later(family, key, std::to_string(before + more)); !put)
        log_warning("AlarmReceiver: {} can't be counted: {}", Database::path(family, key), put.error().text);
}

// --- the call ----------------------------------------------------------------------------------------------------------

Result<std::optional<unsigned>> limit(Channel& channel, std::string_view variable) {
    const std::string text = channel.variable(variable);
    if (text.empty()) return std::optional<unsigned>();
    const auto number = parse_number<unsigned>(text);
    if (!number || *number == 0) return fail(ErrorCode::invalid, "AlarmReceiver: {} must be a number above 0, not '{}'", variable, text);
    return number;
}

Result<Receiver::Limits> limits_of(const Settings& settings, Channel& channel) {
    Receiver::Limits limits{settings.first_digit, settings.next_digit, {}, {}, {}};
    if (const auto call = JF_TRY(limit(channel, "ALARMRECEIVER_CALL_LIMIT"))) limits.call = milliseconds(*call);
    limits.retries = JF_TRY(limit(channel, "ALARMRECEIVER_RETRIES_LIMIT"));
    limits.reports = std::min(JF_TRY(limit(channel, "ALARMRECEIVER_EVENTS_LIMIT")).value_or(most_reports), most_reports);
    return limits;
}

Result<void> send(Channel& channel, std::span<const Burst> bursts, unsigned loudness) {
    return channel.play_source(std::make_unique<Bursts>(bursts, loudness));
}

Result<void> converse(Channel& channel, Receiver& receiver, Journal& journal, unsigned loudness) {
    for (unsigned retries = 0;;) {
        const Receiver::Step step = receiver.step(Clock::now());
        if (receiver.counts().retries() != retries) log_notice("AlarmReceiver on {}: {}", channel.name(), receiver.fault());
        retries = receiver.counts().retries();
        switch (step) {
            case Receiver::Step::end: return {};
            case Receiver::Step::handshake:
                JF_TRY(send(channel, handshake, loudness));
                receiver.sent(Clock::now());
                break;
            case Receiver::Step::listen: {
                auto key = channel.read_digit(std::max(receiver.until() - Clock::now(), Clock::duration(0)));
                if (key) receiver.digit(*key, Clock::now());
                else if (key.error().code != ErrorCode::timeout) return std::unexpected(std::move(key).error());
                break;
            }
            case Receiver::Step::accept: {
                const Report& report = receiver.report();
                if (auto kept = journal.keep(report); !kept) {
                    log_error("AlarmReceiver on {}: {} is not acknowledged: {}", channel.name(), report.digits, kept.error().text);
                    receiver.not_kept(Clock::now());
                    break;
                }
                log_notice("AlarmReceiver on {}: {} {}", channel.name(), report.protocol, report.digits);
                JF_TRY(send(channel, kiss_off, loudness));
                receiver.sent(Clock::now());
                break;
            }
        }
    }
}

Result<void> receive_alarms(const Settings settings, Channel& channel) {  // a copy: a reload changes nothing for this call
    const Receiver::Limits limits = JF_TRY(limits_of(settings, channel));
    JF_TRY(channel.answer());
    JF_TRY(channel.wait(settings.answer_wait));
    channel.clear_digits();  // what was pressed before is no report
    Receiver receiver(limits, Clock::now());
    Journal journal(settings, channel);
    auto outcome = converse(channel, receiver, journal, settings.loudness);
    const Shield after_hangup;
    journal.close();
    const Receiver::Counts& counts = receiver.counts();
    count(settings.database_family, "calls-received", 1);
    count(settings.database_family, "events-received", counts.reports);
    count(settings.database_family, "checksum-errors", counts.wrong_checksums);
    count(settings.database_family, "format-errors", counts.wrong_formats);
    count(settings.database_family, "no-response", counts.silences);
    if (counts.reports == 0) log_warning("AlarmReceiver on {}: the call brought no report ({} attempts)", channel.name(), counts.retries());
    return outcome;
}

Result<void> load(Module& module) {
    Settings& settings = module.own<Settings>();
    JF_TRY(module.add(settings_file("alarmreceiver.conf", "general", options(), settings)));
    return module.add(info, [&settings](Channel& channel, const Arguments&) { return receive_alarms(settings, channel); });
}

}  // namespace

JACKFIELD_MODULE("app_alarmreceiver", "Reports of alarm panels", load)
