// The rules of call records as tables: a scenario of events in, records out.
#include "modules/res_cdr/engine.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <map>
#include <sstream>

#include "core/base/strings.hpp"
#include "tests/unit/thread_time.hpp"

using namespace jackfield;
using namespace jackfield::cdr;
using namespace std::chrono_literals;

namespace {

// Events, one a line; channels are named by letters, the earlier made is the older.
//   new a [dialed's are made by dial] · step a APP EXTEN [h|sub] · up a · dial a b · dial - b · end a b STATUS
//   enter X a · leave X a · hangup a [cause] · +SECONDS
class Scenario {
  public:
    explicit Scenario(Settings settings = {}) : engine_([this](Record record) { take(record); }) { engine_.set(settings); }

    std::string run(const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            std::vector<std::string> words;
            std::istringstream parts(line);
            for (std::string word; parts >> word;) words.push_back(word);
            if (!words.empty()) event(words);
        }
        return join(records_, "\n");
    }
    Engine& engine() { return engine_; }
    ChannelView view(const std::string& name) {
        Leg& leg = leg_of(name);
        ChannelView view;
        view.number = leg.number;
        view.name = leg.channel;
        view.unique_id = leg.channel;
        view.linked_id = leg.channel;
        view.caller_number = leg.channel;
        view.account = leg.account;
        view.amaflags = "DOCUMENTATION";
        view.application = leg.application;
        view.context = "default";
        view.extension = leg.extension;
        view.created = leg.created;
        view.up = leg.up;
        view.cause = leg.cause;
        return view;
    }
    void set_account(const std::string& name, std::string account) { leg_of(name).account = std::move(account); }
    std::vector<Record> full;

  private:
    struct Leg {
        std::uint64_t number;
        std::string channel, application, extension = "s", account;
        WallTime created;
        bool up = false;
        HangupCause cause = HangupCause::not_defined;
    };
    Leg& leg_of(const std::string& name) {
        auto found = legs_.find(name);
        if (found == legs_.end())
            found = legs_.emplace(name, Leg{.number = legs_.size() + 1, .channel = name, .created = wall_now()}).first;
        return found->second;
    }
    void event(const std::vector<std::string>& words) {
        const std::string& what = words[0];
        if (what[0] == '+') return clock_.advance(std::chrono::milliseconds(static_cast<int>(std::stod(what.substr(1)) * 1000)));
        if (what == "new") {
            engine_.channel_created(view(words[1]));
        } else if (what == "step") {
            leg_of(words[1]).application = words[2];
            leg_of(words[1]).extension = words[3];
            engine_.dialplan_step(view(words[1]), words.size() > 4 && words[4] == "h", words.size() > 4 && words[4] == "sub");
        } else if (what == "up") {
            leg_of(words[1]).up = true;
            engine_.channel_changed(view(words[1]));
        } else if (what == "dial" || what == "end") {
            const ChannelView caller = words[1] == "-" ? ChannelView() : view(words[1]);
            const ChannelView* by = words[1] == "-" ? nullptr : &caller;
            if (what == "dial")
                engine_.dial_began(by, view(words[2]));
            else
                engine_.dial_ended(by, view(words[2]), words[3]);
        } else if (what == "enter") {
            auto& members = bridges_[words[1]];
            members.push_back(leg_of(words[2]).number);
            engine_.bridge_entered(words[1], view(words[2]), members);
        } else if (what == "leave") {
            std::erase(bridges_[words[1]], leg_of(words[2]).number);
            engine_.bridge_left(words[1], view(words[2]));
        } else if (what == "hanging") {  // asked for; the h extension may follow
            leg_of(words[1]).cause = HangupCause::normal_clearing;
            engine_.channel_changed(view(words[1]));
        } else if (what == "hangup") {
            leg_of(words[1]).cause = words.size() > 2 ? static_cast<HangupCause>(std::stoi(words[2])) : HangupCause::normal_clearing;
            engine_.channel_ended(view(words[1]));
        } else {
            CPPUNIT_FAIL("no event is called " + what);
        }
    }
    // "a>b 100 Dial ANSWERED 10/8": channels, destination, application, disposition, duration and billsec
    void take(const Record& record) {
        std::string text(record.get("channel"));
        if (!record.get("dstchannel").empty()) text.append(">").append(record.get("dstchannel"));
        for (const char* field : {"dst", "lastapp", "disposition"}) text.append(" ").append(record.get(field));
        records_.push_back(fmt::format("{} {}/{}", text, record.get("duration"), record.get("billsec")));
        full.push_back(record);
    }

    ManualClock clock_;
    std::map<std::string, Leg> legs_;
    std::map<std::string, std::vector<std::uint64_t>> bridges_;
    std::vector<std::string> records_;
    Engine engine_;
};

const std::string connected = "new a\nstep a Dial 100\ndial a b\n+2\nend a b ANSWER\nup b\nup a\nenter X b\nenter X a\n";
const std::string over = "leave X a\nleave X b\nhangup b\nhangup a\n";

}  // namespace

class EngineTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EngineTest);
    CPPUNIT_TEST(an_answered_call_is_one_record);
    CPPUNIT_TEST(an_unanswered_dial_says_why);
    CPPUNIT_TEST(who_reached_nobody_is_recorded_only_on_demand);
    CPPUNIT_TEST(each_destination_dialled_at_once_has_a_record);
    CPPUNIT_TEST(dialplan_after_a_call_begins_another_record);
    CPPUNIT_TEST(the_h_extension_follows_endbeforehexten);
    CPPUNIT_TEST(a_blind_transfer_is_a_second_record_of_the_one_who_stays);
    CPPUNIT_TEST(an_attended_transfer_pairs_the_two_who_remain);
    CPPUNIT_TEST(three_in_a_bridge_are_three_pairs);
    CPPUNIT_TEST(an_originated_call_is_its_own_first_party);
    CPPUNIT_TEST(changes_of_state_and_dial_can_be_ignored);
    CPPUNIT_TEST(a_fork_makes_a_further_record);
    CPPUNIT_TEST(a_reset_sets_the_times_to_now);
    CPPUNIT_TEST(variables_and_userfield_of_both_parties_are_in_the_record);
    CPPUNIT_TEST(a_disabled_channel_has_no_record);
    CPPUNIT_TEST(the_preferred_party_comes_first);
    CPPUNIT_TEST(begun_seconds_count_when_asked_for);
    CPPUNIT_TEST(a_final_record_keeps_what_it_had);
    CPPUNIT_TEST(a_subroutine_does_not_change_the_destination);
    CPPUNIT_TEST(nothing_is_kept_of_channels_that_have_ended);
    CPPUNIT_TEST(a_call_costs_no_more_among_10000);
    CPPUNIT_TEST_SUITE_END();

    static void expect(const std::string& records, const std::string& events, Settings settings = {}) {
        CPPUNIT_ASSERT_EQUAL(records, Scenario(settings).run(events));
    }

    void an_answered_call_is_one_record() {
        expect("a>b 100 Dial ANSWERED 12/10", connected + "+10\n" + over);
        // Whoever hangs up, and in whatever order the legs come into the bridge.
        expect("a>b 100 Dial ANSWERED 12/10",
               "new a\nstep a Dial 100\ndial a b\n+2\nend a b ANSWER\nup b\nup a\nenter X a\nenter X b\n+10\nhangup a\nhangup b");
        expect("a 600 Echo ANSWERED 6/5", "new a\n+1\nup a\nstep a Echo 600\n+5\nhangup a");
    }

    void an_unanswered_dial_says_why() {
        const std::string dialled = "new a\nstep a Dial 100\ndial a b\n+3\n";
        expect("a>b 100 Dial BUSY 3/0", dialled + "end a b BUSY\nhangup b 17\nhangup a 17");
        expect("a>b 100 Dial NO ANSWER 3/0", dialled + "end a b NOANSWER\nhangup b\nhangup a");
        expect("a>b 100 Dial NO ANSWER 3/0", dialled + "end a b CANCEL\nhangup b\nhangup a");
        expect("a>b 100 Dial FAILED 3/0", dialled + "end a b CONGESTION\nhangup b\nhangup a");
        expect("a>b 100 Dial FAILED 3/0", dialled + "end a b CHANUNAVAIL\nhangup b\nhangup a");
        Settings congestion;
        congestion.congestion = true;
        expect("a>b 100 Dial CONGESTION 3/0", dialled + "end a b CONGESTION\nhangup b\nhangup a", congestion);
    }

    void who_reached_nobody_is_recorded_only_on_demand() {
        const std::string rings = "new a\nstep a Wait 100\n+4\nhangup a";
        expect("", rings);
        Settings all;
        all.unanswered = true;
        expect("a 100 Wait NO ANSWER 4/0", rings, all);
        expect("a 100 Busy BUSY 0/0", "new a\nstep a Busy 100\nhangup a 17", all);
        expect("a 100 Wait FAILED 0/0", "new a\nstep a Wait 100\nhangup a 0", all);
        expect("a 100 Wait FAILED 0/0", "new a\nstep a Wait 100\nhangup a 34", all);
    }

    void each_destination_dialled_at_once_has_a_record() {
        expect("a>b 100 Dial NO ANSWER 2/0\na>c 100 Dial ANSWERED 7/5",
               "new a\nstep a Dial 100\ndial a b\ndial a c\n+2\nend a c ANSWER\nend a b CANCEL\nhangup b\nup c\nup a\nenter X c\nenter X "
               "a\n+5\nleave X a\nleave X c\nhangup c\nhangup a");
        expect("a>b 100 Dial BUSY 1/0\na>c 100 Dial NO ANSWER 3/0",
               "new a\nstep a Dial 100\ndial a b\ndial a c\n+1\nend a b BUSY\nhangup b\n+2\nend a c NOANSWER\nhangup c\nhangup a");
    }

    void dialplan_after_a_call_begins_another_record() {
        expect("a>b 100 Dial ANSWERED 12/10\na 100 Playback ANSWERED 3/3",
               connected + "+10\nleave X b\nleave X a\nhangup b\nstep a Playback 100\n+3\nhangup a");
        // Voicemail after a busy phone.
        expect("a>b 100 Dial BUSY 1/0\na 100 VoiceMail ANSWERED 6/5",
               "new a\nstep a Dial 100\ndial a b\n+1\nend a b BUSY\nhangup b\nstep a VoiceMail 100\n+1\nup a\n+5\nhangup a");
    }

    void the_h_extension_follows_endbeforehexten() {
        const std::string events = connected + "+10\nhanging a\nleave X a\nleave X b\nhangup b\n+1\nstep a NoOp h h\n+2\nhangup a";
        expect("a>b 100 Dial ANSWERED 12/10", events);
        expect("a 600 Echo ANSWERED 5/5", "new a\nup a\nstep a Echo 600\n+5\nhanging a\n+1\nstep a NoOp h h\n+2\nhangup a");
        Settings goes_on;
        goes_on.end_before_h = false;
        expect("a>b 100 Dial ANSWERED 12/10\na h NoOp ANSWERED 2/2", events, goes_on);
    }

    void a_blind_transfer_is_a_second_record_of_the_one_who_stays() {
        // b sends a to extension 200, which dials c.
        expect("a>b 100 Dial ANSWERED 7/5\na>c 200 Dial ANSWERED 5/5",
               connected + "+5\nleave X b\nleave X a\nhangup b\nstep a Dial 200\ndial a c\n+2\nend a c ANSWER\nup c\nenter Y c\nenter Y a\n+3\n"
               "leave Y a\nleave Y c\nhangup c\nhangup a");
    }

    void an_attended_transfer_pairs_the_two_who_remain() {
        // b calls c by a second channel d, then brings c to a.
        expect("d>c 200 Dial ANSWERED 5/4\na>b 100 Dial ANSWERED 12/10\na>c 100 Dial ANSWERED 6/6",
               connected + "+5\nnew d\nstep d Dial 200\ndial d c\n+1\nend d c ANSWER\nup c\nup d\nenter Y c\nenter Y d\n+4\n"
               "leave X b\nleave Y d\nleave Y c\nenter X c\nhangup d\nhangup b\n+6\nleave X a\nleave X c\nhangup c\nhangup a");
    }

    void three_in_a_bridge_are_three_pairs() {
        // The last one's own record tells of the time before it came.
        expect("a>b 1 ConfBridge ANSWERED 7/5\na>c 1 ConfBridge ANSWERED 5/5\nb>c 1 ConfBridge ANSWERED 6/5\nc 1 ConfBridge ANSWERED 0/0",
               "new a\n+1\nnew b\n+1\nnew c\nup a\nup b\nup c\nstep a ConfBridge 1\nstep b ConfBridge 1\nstep c ConfBridge 1\n"
               "enter X a\nenter X b\nenter X c\n+5\nhangup a\nhangup b\nhangup c");
    }

    void an_originated_call_is_its_own_first_party() {
        expect("b 100 Echo ANSWERED 7/5", "dial - b\n+2\nend - b ANSWER\nup b\nstep b Echo 100\n+5\nhangup b");
        Settings all;
        all.unanswered = true;
        expect("b s  BUSY 2/0", "dial - b\n+2\nend - b BUSY\nhangup b 17", all);
    }

    void changes_of_state_and_dial_can_be_ignored() {
        Settings no_state;
        no_state.ignore_state_changes = true;
        expect("a>b 100 Dial ANSWERED 15/13", connected + "+10\nleave X b\nleave X a\n+3\nhangup a\nhangup b", no_state);
        Settings no_dial;
        no_dial.ignore_dial_changes = true;
        expect("a>c 100 Dial ANSWERED 7/5",
               "new a\nstep a Dial 100\ndial a b\ndial a c\n+2\nend a c ANSWER\nend a b CANCEL\nhangup b\nup c\nup a\nenter X c\nenter X "
               "a\n+5\nleave X a\nleave X c\nhangup c\nhangup a",
               no_dial);
    }

    void a_fork_makes_a_further_record() {
        Scenario plain;
        plain.run("new a\nup a\nstep a Echo 600\n+5");
        CPPUNIT_ASSERT(plain.engine().fork(plain.view("a"), {}).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("a 600 Echo ANSWERED 7/7\na 600 Echo ANSWERED 7/7"), plain.run("+2\nhangup a"));
        Scenario ends;
        ends.run("new a\nup a\nstep a Echo 600\n+5");
        CPPUNIT_ASSERT(ends.engine().fork(ends.view("a"), {.end_original = true, .reset = true}).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("a 600 Echo ANSWERED 5/5\na 600 Echo ANSWERED 2/2"), ends.run("+2\nhangup a"));
        Scenario answer;
        answer.run("new a\nup a\nstep a Echo 600\n+5");
        CPPUNIT_ASSERT(answer.engine().set_variable(answer.view("a"), "x", "1").has_value());
        CPPUNIT_ASSERT(answer.engine().fork(answer.view("a"), {.set_answer = true, .no_variables = true}).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("a 600 Echo ANSWERED 7/7\na 600 Echo ANSWERED 7/2"), answer.run("+2\nhangup a"));
        CPPUNIT_ASSERT(answer.full[0].get("x") == "1" && !answer.full[1].has("x"));
    }

    void a_reset_sets_the_times_to_now() {
        Scenario scenario;
        scenario.run("new a\nup a\nstep a Echo 600\n+5");
        CPPUNIT_ASSERT(scenario.engine().set_variable(scenario.view("a"), "x", "1").has_value());
        CPPUNIT_ASSERT(scenario.engine().reset(scenario.view("a"), false).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("a 600 Echo ANSWERED 2/2"), scenario.run("+2\nhangup a"));
        CPPUNIT_ASSERT(!scenario.full[0].has("x"));
    }

    void variables_and_userfield_of_both_parties_are_in_the_record() {
        Scenario scenario;
        scenario.run(connected);
        auto& engine = scenario.engine();
        scenario.set_account("a", "sales");
        scenario.set_account("b", "support");
        CPPUNIT_ASSERT(engine.set_variable(scenario.view("a"), "colour", "red").has_value());
        CPPUNIT_ASSERT(engine.set_variable(scenario.view("b"), "colour", "blue").has_value());
        CPPUNIT_ASSERT(engine.set_variable(scenario.view("b"), "size", "7").has_value());
        CPPUNIT_ASSERT(engine.set_user_field(scenario.view("a"), "mine").has_value());
        CPPUNIT_ASSERT(engine.set_user_field(scenario.view("b"), "yours").has_value());
        scenario.run("+10\n" + over);
        const Record& record = scenario.full.at(0);
        CPPUNIT_ASSERT(record.get("colour") == "red");
        CPPUNIT_ASSERT(record.get("size") == "7");
        CPPUNIT_ASSERT(record.get("userfield") == "mine;yours");
        CPPUNIT_ASSERT(record.get("accountcode") == "sales");
        CPPUNIT_ASSERT(record.get("peeraccount") == "support");
    }

    void a_disabled_channel_has_no_record() {
        Scenario scenario;
        scenario.run(connected);
        CPPUNIT_ASSERT(scenario.engine().set_disabled(scenario.view("a"), true).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string(), scenario.run(over));
        Settings off;
        off.channel_default_enabled = false;
        expect("", connected + over, off);
    }

    void the_preferred_party_comes_first() {
        Scenario scenario;
        scenario.run("new a\n+1\nnew b\nup a\nup b\nstep a Bridge 1\nstep b Bridge 2");
        CPPUNIT_ASSERT(scenario.engine().set_prefers_a(scenario.view("b"), true).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("b>a 2 Bridge ANSWERED 5/5"),
                             scenario.run("enter X a\nenter X b\n+5\nleave X a\nleave X b\nhangup b").substr(0, 25));
    }

    void begun_seconds_count_when_asked_for() {
        Settings begun;
        begun.initiated_seconds = true;
        expect("a 600 Echo ANSWERED 5/6", "new a\nup a\nstep a Echo 600\n+5.2\nhangup a", begun);
        expect("a 600 Echo ANSWERED 5/5", "new a\nup a\nstep a Echo 600\n+5\nhangup a", begun);
    }

    void a_final_record_keeps_what_it_had() {
        Scenario scenario;
        scenario.set_account("a", "before");
        scenario.run(connected + "+10\nleave X b\nleave X a\nhangup b");
        scenario.set_account("a", "after");
        scenario.run("step a Playback 100\nhangup a");
        CPPUNIT_ASSERT(scenario.full.at(0).get("accountcode") == "before");
        CPPUNIT_ASSERT(scenario.full.at(1).get("accountcode") == "after");
    }

    void a_subroutine_does_not_change_the_destination() {
        expect("a 600 Echo ANSWERED 5/5", "new a\nup a\nstep a Echo 600\nstep a Echo 1 sub\n+5\nhangup a");
    }

    void nothing_is_kept_of_channels_that_have_ended() {
        Scenario scenario;
        scenario.run(connected + over);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), scenario.engine().channels());
    }

    // Microseconds of this thread for one answered call of two channels and its record, while `others` calls are up.
    static double cost(std::uint64_t others) {
        std::size_t made = 0;
        Engine engine([&made](const Record& record) { made += record.bytes().size(); });
        auto leg = [](std::uint64_t number, bool up) {
            return ChannelView{.number = number, .name = "PJSIP/trunk-0000000a", .unique_id = "1795888176.10", .linked_id = "1795888176.10",
                               .caller_number = "6001", .caller_name = "Alice", .account = "sales", .amaflags = "DOCUMENTATION",
                               .application = "Dial", .arguments = "PJSIP/6002,20", .context = "default", .extension = "6002",
                               .created = WallTime(std::chrono::seconds(1795888176)), .up = up};
        };
        auto begin = [&](std::uint64_t a) {
            const ChannelView caller = leg(a, false), called = leg(a + 1, false), up = leg(a, true), called_up = leg(a + 1, true);
            const std::array<std::uint64_t, 2> both{a, a + 1};
            engine.channel_created(caller);
            for (int step = 0; step < 4; ++step) engine.dialplan_step(caller, false);
            engine.dial_began(&caller, called);
            engine.channel_created(called);
            engine.channel_changed(called_up);
            engine.dial_ended(&caller, called_up, "ANSWER");
            engine.channel_changed(up);
            engine.bridge_entered("bridge", called_up, std::span(both).subspan(1));
            engine.bridge_entered("bridge", up, both);
        };
        for (std::uint64_t i = 0; i < others; ++i) begin(1'000'000 + 2 * i);
        constexpr std::uint64_t calls = 5000;
        const auto time = jackfield::testing::least_thread_time([&] {
            for (std::uint64_t i = 0; i < calls; ++i) {
                begin(2 * i + 1);
                engine.bridge_left("bridge", leg(2 * i + 1, true));
                engine.bridge_left("bridge", leg(2 * i + 2, true));
                engine.channel_ended(leg(2 * i + 2, true));
                engine.channel_ended(leg(2 * i + 1, true));
            }
        }, 5);
        CPPUNIT_ASSERT(made > calls * 100);
        return std::chrono::duration<double, std::micro>(time).count() / calls;
    }
    void a_call_costs_no_more_among_10000() {
        const double few = cost(10), many = cost(10'000);
        fmt::print("\n  a call's record: {:.2f} us of CPU, among 10,000 calls {:.2f} us ", few, many);
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{:.2f} us among 10, {:.2f} us among 10,000", few, many), many < 3 * few + 2);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(EngineTest);
