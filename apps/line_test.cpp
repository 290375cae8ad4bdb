// TestClient and TestServer: two ends of a line that test each other by keys and tones.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cmath>
#include <filesystem>

#include "core/dialplan/evaluator.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo client_info{
    .name = "TestClient",
    .syntax = "TestClient(testid)",
    .synopsis = "Test a line: the end that called",
    .text = "Answers, tells its `testid` (digits) to a TestServer at the other end, and goes through the steps of the test: keys both ways, the "
            "noise of the line, a tone of 1004 Hz at 0 dBm0 both ways. The results are testresults/<testid>-client.txt below the folder of the "
            "log files: a line PASS or FAIL for each step, levels in dBm0."};
constexpr ApplicationInfo server_info{.name = "TestServer",
                                      .syntax = "TestServer()",
                                      .synopsis = "Test a line: the end that was called",
                                      .text = "Answers a TestClient, which see. The results are testresults/<testid>-server.txt."};

enum class Side : unsigned char { client, server };
enum class Kind : unsigned char { key, identity, noise, tone };

// What happens in turn: `side` acts, the other one waits for it. Noise is measured by both.
struct Step {
    Side side;
    Kind kind;
    char key;
    std::string_view name;
};
constexpr std::array<Step, 11> steps{
    Step{Side::server, Kind::key, '8', "KEY 8 OF THE SERVER"},   Step{Side::client, Kind::identity, 0, "TEST ID OF THE CLIENT"},
    Step{Side::server, Kind::key, '1', "KEY 1 OF THE SERVER"},   Step{Side::client, Kind::key, '2', "KEY 2 OF THE CLIENT"},
    Step{Side::server, Kind::key, '3', "KEY 3 OF THE SERVER"},   Step{Side::client, Kind::noise, 0, "NOISE"},
    Step{Side::client, Kind::key, '4', "KEY 4 OF THE CLIENT"},   Step{Side::server, Kind::tone, 0, "TONE OF THE SERVER"},
    Step{Side::client, Kind::key, '5', "KEY 5 OF THE CLIENT"},   Step{Side::client, Kind::tone, 0, "TONE OF THE CLIENT"},
    Step{Side::server, Kind::key, '6', "KEY 6 OF THE SERVER"}};

constexpr auto patience = 15s;          // for the other end's next step
constexpr auto key_length = 120ms, key_pause = 300ms;
constexpr auto measure_time = 600ms, settle_time = 300ms;
constexpr std::size_t longest_id = 32;
// Far apart from what lines do to a tone of 0 dBm0 and to silence.
constexpr double least_tone = -30, most_noise = -35;

// The level of what a channel says while it lives.
class LevelTap final : public Tap {
  public:
    struct Sum {
        std::atomic<double> squares{0};
        std::atomic<std::uint64_t> samples{0};
    };
    explicit LevelTap(std::shared_ptr<Sum> sum) : Tap(Direction::read), sum_(std::move(sum)) {}
    const Codec* wants() const override { return codec_; }
    void hear(const Frame& frame, Direction) override {
        double squares = 0;
        for (const std::int16_t sample : frame.linear()) squares += static_cast<double>(sample) * sample;
        // One writer.
        sum_->squares.store(sum_->squares.load(std::memory_order_relaxed) + squares, std::memory_order_relaxed);
        sum_->samples.fetch_add(frame.linear().size(), std::memory_order_release);
    }

  private:
    const Codec* const codec_ = linear_codec({8000});
    std::shared_ptr<Sum> sum_;
};

// In dBm0: a sine of 0 dBm0 has an effective value 3.14 dB below that of the largest sine there is (ITU-T G.711).
Result<double> measure(Channel& channel) {
    const auto sum = std::make_shared<LevelTap::Sum>();
    const auto tap = channel.media().add(std::make_unique<LevelTap>(sum));
    JF_TRY(channel.wait(measure_time));
    const std::uint64_t samples = sum->samples.load(std::memory_order_acquire);
    if (samples == 0) return -100.0;
    const double largest = 32767.0 * 32767.0 / 2;
    return std::max(-100.0, 3.14 + 10 * std::log10(std::max(1e-10, sum->squares.load() / static_cast<double>(samples) / largest)));
}

class LineTest {
  public:
    LineTest(Channel& channel, Side side, std::string identity) : channel_(channel), side_(side), identity_(std::move(identity)) {}

    // All steps, or up to the first that fails. Errors: hangup and its like.
    Result<void> run() {
        for (const Step& step : steps) {
            passed_ = false;
            auto done = take(step);
            results_ += fmt::format("{}: {}{}\n", step.name, passed_ ? "PASS" : "FAIL", std::exchange(measured_, {}));
            JF_TRY(std::move(done));
            if (!passed_) break;
        }
        return {};
    }
    std::string report() const {
        return fmt::format("{}: {}\nTEST ID: {}\n{}RESULT: {}\n", side_ == Side::client ? "CLIENT" : "SERVER", channel_.name(), identity_, results_,
                           passed_ ? "PASS" : "FAIL");
    }
    bool passed() const { return passed_; }
    const std::string& identity() const { return identity_; }

  private:
    Result<void> take(const Step& step) {
        const bool acts = step.side == side_;
        switch (step.kind) {
            case Kind::key: return acts ? send(std::string(1, step.key)) : hear(step.key);
            case Kind::identity: return acts ? send(identity_ + '#') : hear_identity();
            case Kind::noise:
                JF_TRY(channel_.wait(settle_time));
                return note(JF_TRY(measure(channel_)), [](double level) { return level <= most_noise; });
            case Kind::tone: return acts ? play_tone() : hear_tone();
        }
        return {};
    }
    Result<void> send(const std::string& keys) {
        JF_TRY(channel_.wait(key_pause));
        channel_.send_digits(keys, key_length, key_length);
        passed_ = true;
        return {};  // the other end may hang up on the last key
    }
    Result<void> hear(char key) {
        auto pressed = channel_.read_digit(patience);
        if (!pressed && pressed.error().code != ErrorCode::timeout) return std::unexpected(std::move(pressed).error());
        passed_ = pressed && *pressed == key;
        measured_ = passed_ ? "" : pressed ? fmt::format(" ({} came)", *pressed) : std::string(" (nothing came)");
        return {};
    }
    Result<void> hear_identity() {
        for (;;) {
            auto pressed = channel_.read_digit(patience);
            if (!pressed && pressed.error().code != ErrorCode::timeout) return std::unexpected(std::move(pressed).error());
            if (!pressed || identity_.size() > longest_id) return {};
            if (*pressed == '#') break;
            if (*pressed < '0' || *pressed > '9') return {};
            identity_ += *pressed;
        }
        passed_ = !identity_.empty();
        return {};
    }
    Result<void> play_tone() {
        channel_.media().play(make_sine(1004, 0));
        auto waited = channel_.wait(2 * settle_time + measure_time);
        channel_.media().stop_playing();
        passed_ = true;
        return waited;
    }
    Result<void> hear_tone() {
        JF_TRY(channel_.wait(settle_time));
        return note(JF_TRY(measure(channel_)), [](double level) { return level >= least_tone; });
    }
    Result<void> note(double level, bool (*good)(double)) {
        passed_ = good(level);
        measured_ = fmt::format(" ({:.1f} dBm0)", level);
        return {};
    }

    Channel& channel_;
    const Side side_;
    std::string identity_, results_, measured_;
    bool passed_ = false;
};

Result<void> write_report(const std::string& name, const std::string& text) {
    const std::string folder = constant_variable("ASTLOGDIR").value_or("/tmp") + "/testresults";
    return offload([&]() -> Result<void> {
        std::error_code error;
        std::filesystem::create_directories(folder, error);
        const std::string path = folder + "/" + name;
        const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
        const bool written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        if (file >= 0) close(file);
        if (!written) return fail(ErrorCode::failed, "can't write the test's results {}", path);
        return {};
    });
}

Result<void> test(Channel& channel, Side side, std::string identity) {
    JF_TRY(channel.answer());
    channel.clear_digits();
    LineTest test(channel, side, std::move(identity));
    auto done = test.run();
    const std::string name = test.identity().empty() ? "unknown" : test.identity();
    const bool passed = done && test.passed();
    log_notice("Line test {} on {}: {}", name, channel.name(), passed ? "passed" : "failed");
    const Shield shield;  // also of a test that a hang-up has ended
    if (auto written = write_report(fmt::format("{}-{}.txt", name, side == Side::client ? "client" : "server"), test.report()); !written)
        log_error("{}", written.error().text);
    return done;
}

Result<void> test_client(Channel& channel, const Arguments& arguments) {
    const std::string_view identity = trim(arguments[0]);
    if (identity.empty() || identity.size() > longest_id || identity.find_first_not_of("0123456789") != std::string_view::npos)
        return fail(ErrorCode::invalid, "TestClient needs the id of the test: up to {} digits, not '{}'", longest_id, identity);
    return test(channel, Side::client, std::string(identity));
}
Result<void> test_server(Channel& channel, const Arguments&) { return test(channel, Side::server, {}); }

Result<void> load(Module& module) {
    JF_TRY(module.add(client_info, test_client));
    return module.add(server_info, test_server);
}

}  // namespace

JACKFIELD_MODULE("app_test", "Tests of lines from end to end", load)
