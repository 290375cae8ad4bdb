// FollowMe: call somebody at several numbers, one step after the other, and ask whether the call is wanted (followme.conf).
#include <algorithm>
#include <map>

#include "core/dialplan/arguments.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

using namespace std::chrono_literals;

constexpr ApplicationInfo info{
    .name = "FollowMe",
    .syntax = "FollowMe(followmeid[,options])",
    .synopsis = "Find somebody at one of several numbers",
    .text = "Calls the numbers of that section of followme.conf step by step. Who answers hears who calls and takes the call with one "
            "key or declines it with another. The plan goes on when nobody took it.\n"
            "  a - record the caller's name and play it to who answers\n"
            "  d - no prompt that asks the caller to hold\n"
            "  I - no updates of identities (there are none before the call is connected)\n"
            "  l - the numbers' Local channels stay in the call\n"
            "  N - do not answer before somebody has taken the call\n"
            "  n - play the sorry prompt when nobody took it\n"
            "  s - play the status prompt at the beginning"};

struct Step {
    std::vector<std::string> numbers;
    std::chrono::seconds timeout{20};
    unsigned order = 0;
};
struct Profile {
    std::string music_class = "default", context = "default", take = "1", decline = "2";
    std::chrono::milliseconds digit_timeout{5000};
    bool ask = true;
    std::string call_from = "followme/call-from", no_recording = "followme/no-recording", choice = "followme/options";
    std::string hold = "followme/pls-hold-while-try", status = "followme/status", sorry = "followme/sorry", connecting;
    std::vector<Step> steps;
};
using Profiles = std::map<std::string, Profile, CaseInsensitiveLess>;

// number => 555&556[,seconds[,order]]
Result<void> add_step(Profile& profile, std::string_view value, const ConfigEntry&) {
    const auto parts = split(value, ',');
    Step step;
    step.order = static_cast<unsigned>(profile.steps.size()) + 1;
    for (const auto number : split_list(parts[0], '&')) step.numbers.emplace_back(number);
    if (step.numbers.empty()) return fail(ErrorCode::invalid, "write the numbers first: 555&556,20");
    if (parts.size() > 1 && !trim(parts[1]).empty()) {
        const auto seconds = parse_number<unsigned>(trim(parts[1]));
        if (!seconds || *seconds == 0 || *seconds > 3600) return fail(ErrorCode::invalid, "'{}' is no number of seconds from 1 to 3600", parts[1]);
        step.timeout = std::chrono::seconds(*seconds);
    }
    if (parts.size() > 2 && !trim(parts[2]).empty()) {
        const auto order = parse_number<unsigned>(trim(parts[2]));
        if (!order) return fail(ErrorCode::invalid, "'{}' is no place in the order of steps", parts[2]);
        step.order = *order;
    }
    profile.steps.push_back(std::move(step));
    return {};
}

template <std::string Profile::*member>
Result<void> read_key(Profile& profile, std::string_view value, const ConfigEntry&) {
    if (value.size() != 1 || !std::string_view("0123456789*#").contains(value[0]))
        return fail(ErrorCode::invalid, "one key: 0 to 9, * or #, not '{}'", value);
    profile.*member = value;
    return {};
}

const Options<Profile>& options() {
    using P = Profile;
    using O = Option<P>;
    static const Options<P> table{
        {"number", add_step, "", "A step: numbers that are called at the same time, seconds, order"},
        {"musicclass", &P::music_class, "default", "What the caller hears"},
        O::alias("music", "musicclass"),
        {"context", &P::context, "default", "Where the numbers are dialled"},
        {"takecall", read_key<&P::take>, "1", "Key that takes the call"},
        {"declinecall", read_key<&P::decline>, "2", "Key that declines it"},
        {"featuredigittimeout", &P::digit_timeout, 5000ms, Range{500ms, 60000ms}, "How long the key is waited for (milliseconds)"},
        {"enable_callee_prompt", &P::ask, true, "Ask whether the call is wanted; no: who answers has it"},
        {"call_from_prompt", &P::call_from, "followme/call-from", "Before the caller's name"},
        {"norecording_prompt", &P::no_recording, "followme/no-recording", "Instead of a name that was not recorded"},
        {"options_prompt", &P::choice, "followme/options", "Says which keys there are"},
        {"hold_prompt", &P::hold, "followme/pls-hold-while-try", "Asks the caller to hold"},
        {"status_prompt", &P::status, "followme/status", "For option s"},
        {"sorry_prompt", &P::sorry, "followme/sorry", "For option n"},
        {"connecting_prompt", &P::connecting, "", "Played to both before they are connected"},
        O::alias("call-from-prompt", "call_from_prompt"), O::alias("norecording-prompt", "norecording_prompt"),
        O::alias("options-prompt", "options_prompt"), O::alias("pls_hold_prompt", "hold_prompt"), O::alias("pls-hold-prompt", "hold_prompt"),
        O::alias("status-prompt", "status_prompt"), O::alias("sorry-prompt", "sorry_prompt"),
    };
    return table;
}

// One step: all its numbers ring, the first that takes the call wins. Lives on the caller's fiber while its children run.
struct Search {
    Channel& caller;
    const Profile& profile;
    std::string name_prompt;                        // of the recording; empty: none
    bool keep_local = false;
    Custody winner;
    unsigned running = 0, asking = 0;
    std::unique_ptr<Latch> over;                    // of the step: somebody took it, or all have ended
};

Result<void> play(Channel& channel, std::string_view prompt, std::string_view keys, char& key) {
    if (prompt.empty() || key) return {};
    auto played = channel.play(prompt, keys);
    if (played) {
        key = *played;
        return {};
    }
    if (ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    log_warning("FollowMe: {}", played.error().text);
    return {};
}

// Whether who answered takes the call. Waits.
Result<bool> wants_it(Channel& called, const Search& search) {
    const Profile& profile = search.profile;
    const std::string keys = profile.take + profile.decline;
    char key = '\0';
    JF_TRY(play(called, profile.call_from, keys, key));
    JF_TRY(play(called, search.name_prompt.empty() ? profile.no_recording : search.name_prompt, keys, key));
    JF_TRY(play(called, profile.choice, keys, key));
    const Instant end = Clock::now() + profile.digit_timeout;
    while (!keys.contains(key)) {
        auto pressed = called.read_digit(std::max(end - Clock::now(), Clock::duration(0)));
        if (!pressed && pressed.error().code == ErrorCode::timeout) return false;
        key = JF_TRY(std::move(pressed));
    }
    return key == profile.take[0];
}

struct Asking {
    explicit Asking(Search& search) : search(search) { ++search.asking; }
    ~Asking() { --search.asking; }
    Asking(const Asking&) = delete;
    Search& search;
};

Result<void> call_number(Search& search, const std::string& number) {
    DialRequest request;
    request.technology = "Local";
    request.destination = fmt::format("{}@{}{}", number, search.profile.context, search.keep_local ? "/n" : "");
    request.requestor = &search.caller;
    request.dialled = number;
    HangupCause cause{};
    auto leg = JF_TRY(DialLeg::start(std::move(request), cause));
    while (leg->state() != DialLeg::State::answered) {
        while (leg->next_event()) {
        }
        if (leg->state() == DialLeg::State::failed) return fail(ErrorCode::failed, "{}", to_string(leg->cause()));
        if (leg->state() != DialLeg::State::answered) JF_TRY(select({&leg->events()}));
    }
    Custody called = leg->take("follow-me");
    const InterruptScope scope(called.interrupter());
    if (search.profile.ask) {
        const Asking asking(search);
        if (!JF_TRY(wants_it(called.channel(), search))) return fail(ErrorCode::refused, "declined");
    }
    if (search.winner) return {};
    called.renew("follow-me");
    search.winner = std::move(called);
    search.over->set();
    return {};
}

// True: the winner is known. Waits.
Result<bool> run_step(Search& search, const Step& step) {
    TaskGroup calls("follow-me of " + search.caller.name());
    search.over = std::make_unique<Latch>();
    for (const std::string& number : step.numbers) {
        ++search.running;
        auto started = calls.spawn("follow-me " + number, [&search, number] {
            if (auto called = call_number(search, number); !called)
                log_verbose(3, "FollowMe: {} did not take the call: {}", number, called.error().text);
            if (--search.running == 0) search.over->set();
        });
        if (!started && --search.running == 0) search.over->set();
    }
    auto over = search.over->wait(step.timeout);
    // Who hears the question may answer it.
    while (!over && over.error().code == ErrorCode::timeout && search.asking > 0 && !search.winner) over = search.over->wait(200ms);
    if (!over && over.error().code != ErrorCode::timeout) return std::unexpected(std::move(over).error());
    return search.winner.holds();
}

std::string record_name(Channel& caller) {
    const std::string file = fmt::format("{}/tmp/followme-{}", constant_variable("ASTSPOOLDIR").value_or("/tmp"), caller.unique_id());
    char key = '\0';
    if (!play(caller, "vm-rec-name", {}, key)) return {};
    auto recorded = run_application(caller, "Record", file + ".wav,3,5,q");
    if (!recorded) log_warning("FollowMe option a: {}", recorded.error().text);
    return recorded && prompt_exists(file, caller.attributes().language) ? file : std::string();
}

Result<void> connect(Channel& caller, Custody called, const Profile& profile) {
    char key = '\0';
    if (!profile.connecting.empty()) {
        JF_TRY(play(called.channel(), profile.connecting, {}, key));
        JF_TRY(play(caller, profile.connecting, {}, key));
    }
    JF_TRY(caller.answer());
    const auto bridge = Bridge::create(BridgeKind::two_party);
    JF_TRY(bridge->impart(std::move(called)));
    JF_TRY(bridge->join(caller));
    return fail(ErrorCode::hangup);
}

Result<void> follow(const Profile& profile, Channel& caller, const OptionLetters& letters) {
    char key = '\0';
    if (!letters.has('N')) JF_TRY(caller.answer());
    if (letters.has('s')) JF_TRY(play(caller, profile.status, {}, key));
    Search search{.caller = caller, .profile = profile};
    search.keep_local = letters.has('l');
    if (letters.has('a')) search.name_prompt = record_name(caller);
    if (!letters.has('d')) JF_TRY(play(caller, profile.hold, {}, key));
    if (auto music = caller.start_music(profile.music_class); !music) log_warning("FollowMe: {}", music.error().text);
    bool found = false;
    for (const Step& step : profile.steps)
        if ((found = JF_TRY(run_step(search, step)))) break;
    caller.stop_music();
    if (found) return connect(caller, std::move(search.winner), profile);
    if (letters.has('n')) JF_TRY(play(caller, profile.sorry, {}, key));
    return {};
}

Result<void> load(Module& module) {
    struct State {
        std::shared_ptr<const Profiles> profiles = std::make_shared<Profiles>();
    };
    auto& state = module.own<State>();
    JF_TRY(module.add(info, [&state](Channel& channel, const Arguments& arguments) -> Result<void> {
        if (!arguments.has(0)) return fail(ErrorCode::invalid, "FollowMe needs the name of a section of followme.conf");
        const OptionLetters letters = JF_TRY(OptionLetters::parse(arguments[1], "adIlNns"));
        const auto profiles = state.profiles;  // a reload changes nothing for this call
        const auto found = profiles->find(std::string(arguments[0]));
        if (found != profiles->end()) return follow(found->second, channel, letters);
        log_warning("FollowMe: followme.conf has no section {}", arguments[0]);
        return {};
    }));
    return module.add(ConfigFileSpec{
        .file = "followme.conf", .prepare = [&state](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            const Profile general = options().read(file, "general", findings);
            auto profiles = std::make_shared<Profiles>();
            for (const ConfigCategory& category : file.categories()) {
                if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
                Profile profile = general;
                options().apply(category, profile, findings);
                std::ranges::stable_sort(profile.steps, {}, &Step::order);
                profiles->insert_or_assign(std::string(category.name()), std::move(profile));
            }
            return [&state, profiles = std::move(profiles)] { state.profiles = profiles; };
        }});
}

}  // namespace

JACKFIELD_MODULE("app_followme", "Find-Me/Follow-Me Application", load)
