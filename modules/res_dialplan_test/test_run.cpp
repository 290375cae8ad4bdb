// One run of a call script through the dialplan.
#include "modules/res_dialplan_test/test_run.hpp"

#include <array>

#include "core/base/strings.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/instant_prompts.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::dialplan_test {
namespace {

constexpr std::size_t most_told = 200;
constexpr std::chrono::milliseconds key_length{100};

// Where applications have times of the plan, and in which unit.
struct TimeArgument {
    std::string_view application;
    std::size_t place;
    bool milliseconds = false;
};
constexpr std::array time_arguments{
    TimeArgument{"Wait", 0},        TimeArgument{"WaitExten", 0},  TimeArgument{"WaitDigit", 0},
    TimeArgument{"Read", 5},        TimeArgument{"Dial", 1},       TimeArgument{"RetryDial", 1},
    TimeArgument{"RetryDial", 4},   TimeArgument{"Busy", 0},       TimeArgument{"Congestion", 0},
    TimeArgument{"MusicOnHold", 1}, TimeArgument{"Answer", 0, true}};

// Applications that take keys; only while one of them runs does a caller press any.
bool takes_keys(std::string_view application) {
    static constexpr std::array<std::string_view, 12> names{
        "BackGround", "WaitExten", "WaitDigit",     "Read",      "ReadExten", "Authenticate",
        "Directory",  "VoiceMail", "VoiceMailMain", "DISA",      "Dial",      "Queue"};
    return std::ranges::any_of(names, [&](std::string_view name) { return equals_ignoring_case(name, application); });
}

bool fits(const Step& step, std::string_view application, std::string_view arguments) {
    return matches_glob(to_lower(application), to_lower(step.name)) &&
           (!step.arguments || matches_glob(arguments, *step.arguments));
}

std::string divided(std::string_view text, unsigned speed, bool milliseconds) {
    const auto time = parse_number<double>(trim(text));
    if (!time || *time <= 0) return std::string(text);
    return milliseconds ? fmt::format("{}", static_cast<int>(*time / speed) + 1)
                        : fmt::format("{:.3f}", std::max(*time / speed, 0.002));
}

// TIMEOUT(digit)=3
std::string scaled_timeout(const std::string& arguments, unsigned speed) {
    const Halves halves = split_once(arguments, '=');
    if (!starts_with_ignoring_case(trim(halves.first), "TIMEOUT(")) return arguments;
    return fmt::format("{}={}", halves.first, divided(halves.second, speed, false));
}

// Every destination but Local ones is one of the script's.
std::string diverted(std::string_view destinations) {
    std::vector<std::string> parts;
    for (const std::string& part : split_raw_arguments(destinations, '&'))
        parts.push_back(part.empty() || starts_with_ignoring_case(part, "Local/") ? part : "Test/" + part);
    return join(parts, "&");
}

class StandInGuard {
  public:
    explicit StandInGuard(ApplicationStandIn& stand_in) { set_application_stand_in(&stand_in); }
    ~StandInGuard() { set_application_stand_in(nullptr); }
    StandInGuard(const StandInGuard&) = delete;
    StandInGuard& operator=(const StandInGuard&) = delete;
};

}  // namespace

std::string TestRun::run(TestDriver& driver) {
    const StandInGuard guard(*this);
    driver.set_test([this](std::string_view name) { return find_destination(name); }, script_.speed);
    const Subscription hung_up = subscribe<ChannelHungUp>([this](const ChannelHungUp& event) {
        if (event.channel.id() == caller_) ended_.set();
    });
    auto caller = Channel::create(test_half(std::make_unique<TestChannel>(script_.speed), script_.name), "dialplan test");
    if (!caller) {
        fail_with(script_.line, caller.error().text);
    } else {
        const std::shared_ptr<Channel> channel = (*caller)->share();
        caller_ = channel->id();
        linked_id_ = channel->linked_id();
        if (auto started = start(*caller); !started) {
            fail_with(script_.line, started.error().text);
            caller->release();
        } else if (!ended_.wait(script_.limit)) {
            const Shield shield;  // also when whoever ordered the test has gone: the call must end first
            fail_with(script_.line, fmt::format("the call still ran after {} s, in {}({})", script_.limit.count(),
                                                channel->application, channel->application_arguments));
            channel->hang_up(HangupCause::normal_clearing);
            (void)ended_.wait(std::chrono::seconds(5));
        }
        finish(*channel);
        hang_up_.reset();
        make_prompts_instant(*channel, {});
    }
    driver.set_test({}, 1);
    return failure_;
}

// Gives the caller its attributes and lets it into the plan.
Result<void> TestRun::start(Custody& caller) {
    Channel& channel = caller.channel();
    channel.media().set_formats(linear_codec({8000}), linear_codec({8000}), std::chrono::milliseconds(20));
    make_prompts_instant(channel, [this](std::string_view prompt) { heard(prompt); });
    channel.caller().id = PartyId::parse(script_.caller_id);
    channel.caller().dnid = script_.extension;
    for (const auto& [name, value] : script_.variables) JF_TRY(write_expression(&channel, name, value));
    channel.place() = {script_.context, script_.extension, 1};
    CallState& state = call_state(channel);
    state.plan = plan_;
    state.digit_timeout /= script_.speed;
    state.response_timeout /= script_.speed;
    if (!extension_exists(channel, script_.context, script_.extension))
        return fail(ErrorCode::not_found, "there is no extension {} in context {}", script_.extension, script_.context);
    channel.set_state(ChannelState::ring);
    return start_dialplan(std::move(caller));
}

Result<bool> TestRun::before(Channel& channel, std::string_view application, std::string& arguments) {
    if (channel.linked_id() != linked_id_) return true;
    const Place& place = channel.place();
    tell(fmt::format("[{}@{}:{}] {}({})", place.extension, place.context, place.priority, application, arguments));
    check_variables(channel);
    expect_application(channel, application, arguments);
    act(channel, application);
    if (replaced(channel, application)) return false;
    arguments = rewritten(application, scaled(application, arguments));
    return true;
}

void TestRun::heard(std::string_view prompt) {
    tell(fmt::format("    hears {}", prompt));
    const Step* step = current();
    if (step && step->kind == Step::Kind::prompt && matches_glob(prompt, step->name)) ++next_;
}

// Variables are compared when what ran before has ended: now.
void TestRun::check_variables(Channel& channel) {
    for (const Step* step = current(); step && step->kind == Step::Kind::variable; step = current()) {
        const auto value = read_expression(&channel, step->name);
        if (!value || !matches_glob(*value, *step->arguments))
            fail_at(*step, value ? fmt::format("it is `{}`", *value) : value.error().text);
        ++next_;
    }
}

void TestRun::expect_application(Channel&, std::string_view application, std::string_view arguments) {
    for (const Step& step : script_.never)
        if (fits(step, application, arguments))
            fail_with(step.line, fmt::format("{}({}) ran and must not", application, arguments));
    const Step* step = current();
    if (step && step->kind == Step::Kind::application && fits(*step, application, arguments)) ++next_;
}

// What the caller does while the application runs.
void TestRun::act(Channel& channel, std::string_view application) {
    const Step* step = current();
    if (step && step->kind == Step::Kind::press && takes_keys(application)) {
        tell(fmt::format("    presses {}", step->name));
        for (const char key : step->name) channel.remote_digit(key, key_length);
        ++next_;
        step = current();
    }
    if (!step || step->kind != Step::Kind::hang_up) return;
    ++next_;
    hang_up_ = std::make_unique<Timer>([this] {
        if (auto caller = find_channel(caller_)) {
            tell("    hangs up");
            caller->get().remote_hung_up(HangupCause::normal_clearing);
        }
    });
    hang_up_->start(std::chrono::milliseconds(100));
}

bool TestRun::replaced(Channel& channel, std::string_view application) {
    for (const Replacement& replacement : script_.replacements) {
        if (!equals_ignoring_case(replacement.application, application)) continue;
        for (const auto& [name, value] : replacement.variables) channel.set_variable(name, value);
        return true;
    }
    return false;
}

// The plan's seconds are the script's `speed` times shorter.
std::string TestRun::scaled(std::string_view application, const std::string& arguments) const {
    if (equals_ignoring_case(application, "Set")) return scaled_timeout(arguments, script_.speed);
    std::vector<std::string> parts;
    for (const TimeArgument& time : time_arguments) {
        if (!equals_ignoring_case(time.application, application)) continue;
        if (parts.empty()) parts = split_raw_arguments(arguments);
        if (time.place < parts.size()) parts[time.place] = divided(parts[time.place], script_.speed, time.milliseconds);
    }
    return parts.empty() ? arguments : join(parts, ",");
}

std::string TestRun::rewritten(std::string_view application, const std::string& arguments) const {
    const bool retry = equals_ignoring_case(application, "RetryDial");
    if (!retry && !equals_ignoring_case(application, "Dial") && !equals_ignoring_case(application, "Page"))
        return arguments;
    std::vector<std::string> parts = split_raw_arguments(arguments);
    const std::size_t place = retry ? 3 : 0;
    if (place < parts.size()) parts[place] = diverted(parts[place]);
    return join(parts, ",");
}

std::optional<Destination> TestRun::find_destination(std::string_view name) {
    for (const Destination& destination : script_.destinations)
        if (matches_glob(name, destination.pattern)) return destination;
    tell(fmt::format("    {} is in no destination line, so it is unavailable", name));
    return {};
}

// The call has ended: what is still expected can't come any more.
void TestRun::finish(Channel& channel) {
    check_variables(channel);
    const Step* step = current();
    if (!step || !failure_.empty()) return;
    if (step->kind != Step::Kind::ended) return fail_at(*step, "the call has ended");
    const bool fits = step->cause == HangupCause::not_defined || step->cause == channel.cause();
    if (!fits) return fail_at(*step, fmt::format("it ended with {} ({})", static_cast<int>(channel.cause()), to_string(channel.cause())));
    ++next_;
    check_variables(channel);
    if (current()) fail_at(*current(), "the call has ended");
}

void TestRun::fail_at(const Step& step, std::string_view happened) {
    fail_with(step.line, fmt::format("expected {}; {}", step.to_string(), happened));
}

// The first failure counts: the others follow from it as a rule.
void TestRun::fail_with(unsigned line, std::string_view text) {
    if (failure_.empty()) failure_ = fmt::format("{}:{}: {}", script_.file, line, text);
}

void TestRun::tell(std::string line) {
    if (story_.size() < most_told) story_.push_back(std::move(line));
}

}  // namespace jackfield::dialplan_test
