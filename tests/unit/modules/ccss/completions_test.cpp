#include "modules/res_ccss/completions.hpp"

#include <fmt/core.h>

#include <map>

#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::ccss;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

// What is told and done, as lines.
class Witness final : public Surroundings {
  public:
    DeviceState state_of(std::string_view device) override {
        const auto found = states.find(device);
        return found == states.end() ? DeviceState::not_in_use : found->second;
    }
    void recall(const Completion& completion) override { recalled.push_back(completion.id); }
    void tell(std::string_view event, const Completion& completion, std::string_view called, std::string_view detail) override {
        lines.push_back(fmt::format("{} {}{}{}{}{}", event, completion.id, called.empty() ? "" : " ", called, detail.empty() ? "" : " ", detail));
    }
    void state_changed(std::string_view) override {}

    std::vector<std::string> taken() { return std::exchange(lines, {}); }
    std::map<std::string, DeviceState, std::less<>> states;
    std::vector<unsigned> recalled;
    std::vector<std::string> lines;
};

Parameters willing_agent() {
    Parameters parameters;
    parameters.agent = AgentPolicy::generic;
    return parameters;
}

std::vector<Monitored> devices(std::initializer_list<std::pair<const char*, CompletionService>> names) {
    std::vector<Monitored> all;
    for (const auto& [name, service] : names) all.push_back({name, service, Parameters{}, false, nullptr});
    return all;
}

using Lines = std::vector<std::string>;
using Refusal = Completions::Refusal;

}  // namespace

class CompletionsTest : public LoopTest {
    CPPUNIT_TEST_SUITE(CompletionsTest);
    CPPUNIT_TEST(calls_back_when_the_busy_one_is_free);
    CPPUNIT_TEST(waits_for_a_use_of_one_who_did_not_answer);
    CPPUNIT_TEST(waits_for_the_caller_too);
    CPPUNIT_TEST(what_was_over_before_it_was_told_is_seen);
    CPPUNIT_TEST(an_offer_ends_with_its_timer);
    CPPUNIT_TEST(a_watch_ends_with_its_timer);
    CPPUNIT_TEST(of_several_devices_the_last_watch_ends_it);
    CPPUNIT_TEST(those_who_wait_longest_come_first_and_one_at_a_time);
    CPPUNIT_TEST(limits_hold);
    CPPUNIT_TEST(the_caller_and_the_administrator_can_give_up);
    CPPUNIT_TEST(a_new_offer_of_the_same_call_takes_the_old_one_s_place);
    CPPUNIT_TEST(offers_are_bounded);
    CPPUNIT_TEST_SUITE_END();

    struct Run {
        ManualClock clock;
        ControlLoop loop;
        Witness witness;
        Completions all{witness};
        void pass(std::chrono::nanoseconds time) {
            clock.advance(time);
            loop.run_until_idle();
        }
        unsigned offer(const char* caller, const char* called = "PJSIP/b", CompletionService service = CompletionService::busy) {
            return all.offer(caller, {"default", "200", 1}, willing_agent(), devices({{called, service}}));
        }
        void becomes(const char* device, DeviceState state) {
            witness.states[device] = state;
            all.device_changed(device, state);
        }
        bool goes_on(unsigned id) { return all.find(id) != nullptr; }
    };

  public:
    void calls_back_when_the_busy_one_is_free() {
        Run run;
        run.becomes("PJSIP/b", DeviceState::in_use);
        CPPUNIT_ASSERT_EQUAL(1u, run.offer("PJSIP/a"));
        CPPUNIT_ASSERT(Lines({"CCAvailable 1 PJSIP/b CCBS", "CCOfferTimerStart 1 20"}) == run.witness.taken());
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        CPPUNIT_ASSERT(Lines({"CCRequested 1 PJSIP/b", "CCRequestAcknowledged 1"}) == run.witness.taken());
        run.pass(1h);
        CPPUNIT_ASSERT(run.witness.taken().empty());
        run.becomes("PJSIP/b", DeviceState::ringing);
        CPPUNIT_ASSERT(run.witness.recalled.empty());
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT(Lines({"CCCallerRecalling 1"}) == run.witness.taken());
        CPPUNIT_ASSERT(std::vector{1u} == run.witness.recalled);
        bool any = false;
        CPPUNIT_ASSERT(State::recalling == run.all.state_of("pjsip/A", any));
        run.all.recalled(1);
        CPPUNIT_ASSERT(Lines({"CCRecallComplete 1"}) == run.witness.taken());
        CPPUNIT_ASSERT(run.all.all().empty());
    }

    void waits_for_a_use_of_one_who_did_not_answer() {
        Run run;
        run.offer("PJSIP/a", "PJSIP/b", CompletionService::no_reply);
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT(run.witness.recalled.empty());  // nobody has been at that phone
        run.becomes("PJSIP/b", DeviceState::in_use);
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, run.witness.recalled.size());
    }

    void waits_for_the_caller_too() {
        Run run;
        run.becomes("PJSIP/a", DeviceState::in_use);
        run.offer("PJSIP/a");
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        CPPUNIT_ASSERT_EQUAL(std::string("CCCallerStartMonitoring 1"), run.witness.taken().back());
        // While the caller speaks, the other one is in use again.
        run.becomes("PJSIP/b", DeviceState::in_use);
        run.becomes("PJSIP/a", DeviceState::not_in_use);
        CPPUNIT_ASSERT(Lines({"CCCallerStopMonitoring 1"}) == run.witness.taken());
        CPPUNIT_ASSERT(run.witness.recalled.empty());
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT(Lines({"CCCallerRecalling 1"}) == run.witness.taken());
    }

    // The device was in use for less than a turn, of which nobody hears.
    void what_was_over_before_it_was_told_is_seen() {
        Run run;
        run.witness.states["PJSIP/b"] = run.witness.states["PJSIP/a"] = DeviceState::in_use;
        run.offer("PJSIP/a");
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        run.witness.states["PJSIP/b"] = DeviceState::not_in_use;
        run.pass(101ms);
        CPPUNIT_ASSERT_EQUAL(std::string("CCCallerStartMonitoring 1"), run.witness.taken().back());
        run.witness.states["PJSIP/a"] = DeviceState::not_in_use;
        run.pass(101ms);
        CPPUNIT_ASSERT_EQUAL(std::string("CCCallerRecalling 1"), run.witness.taken().back());
    }

    void an_offer_ends_with_its_timer() {
        Run run;
        const unsigned id = run.offer("PJSIP/a");
        run.pass(19999ms);
        CPPUNIT_ASSERT(run.goes_on(id));
        run.pass(2ms);
        CPPUNIT_ASSERT(!run.goes_on(id));
        CPPUNIT_ASSERT_EQUAL(std::string("CCFailure 1 The caller did not ask for it in time"), run.witness.taken().back());
        CPPUNIT_ASSERT(Refusal::no_core_instance == run.all.request("PJSIP/a", 20));
        // Asked for, it stays.
        const unsigned kept = run.offer("PJSIP/a");
        run.becomes("PJSIP/b", DeviceState::in_use);
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        run.pass(1h);
        CPPUNIT_ASSERT(run.goes_on(kept));
    }

    void a_watch_ends_with_its_timer() {
        for (const auto& [service, time] : {std::pair{CompletionService::busy, 4800s}, {CompletionService::no_reply, 7200s}}) {
            Run run;
            run.becomes("PJSIP/b", DeviceState::in_use);
            run.offer("PJSIP/a", "PJSIP/b", service);
            CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
            run.witness.taken();
            run.pass(time - 1s);
            CPPUNIT_ASSERT(run.witness.lines.empty());
            run.pass(1001ms);
            CPPUNIT_ASSERT(Lines({"CCMonitorFailed 1 PJSIP/b", "CCFailure 1 None of the devices became free in time"}) == run.witness.taken());
            CPPUNIT_ASSERT(run.all.all().empty());
        }
    }

    void of_several_devices_the_last_watch_ends_it() {
        Run run;
        run.becomes("PJSIP/b", DeviceState::in_use);
        run.becomes("PJSIP/c", DeviceState::in_use);
        const unsigned id = run.all.offer("PJSIP/a", {"default", "200", 1}, willing_agent(),
                                          devices({{"PJSIP/b", CompletionService::busy}, {"PJSIP/c", CompletionService::no_reply}}));
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        run.pass(4801s);
        CPPUNIT_ASSERT(run.goes_on(id));
        CPPUNIT_ASSERT_EQUAL(std::string("CCMonitorFailed 1 PJSIP/b"), run.witness.taken().back());
        run.becomes("PJSIP/b", DeviceState::not_in_use);  // nobody waits for that any more
        CPPUNIT_ASSERT(run.witness.recalled.empty());
        run.becomes("PJSIP/c", DeviceState::not_in_use);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, run.witness.recalled.size());
    }

    void those_who_wait_longest_come_first_and_one_at_a_time() {
        Run run;
        run.becomes("PJSIP/b", DeviceState::in_use);
        for (const char* caller : {"PJSIP/1", "PJSIP/2", "PJSIP/3"}) {
            run.offer(caller);
            CPPUNIT_ASSERT(Refusal::none == run.all.request(caller, 20));
        }
        run.becomes("PJSIP/1", DeviceState::in_use);
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT(std::vector{2u} == run.witness.recalled);  // the first one speaks
        run.becomes("PJSIP/1", DeviceState::not_in_use);
        CPPUNIT_ASSERT(std::vector{2u} == run.witness.recalled);  // and comes when the second has ended
        run.all.failed(2, "no answer");
        CPPUNIT_ASSERT(std::vector({2u, 1u}) == run.witness.recalled);
        run.becomes("PJSIP/b", DeviceState::in_use);
        run.all.recalled(1);
        CPPUNIT_ASSERT(std::vector({2u, 1u}) == run.witness.recalled);
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT(std::vector({2u, 1u, 3u}) == run.witness.recalled);
    }

    void limits_hold() {
        Run run;
        run.becomes("PJSIP/b", DeviceState::in_use);
        for (int i = 0; i < 5; ++i) {
            run.offer(fmt::format("PJSIP/{}", i).c_str());
            CPPUNIT_ASSERT(Refusal::none == run.all.request(fmt::format("PJSIP/{}", i), 6));
        }
        run.offer("PJSIP/5");  // cc_max_monitors: five wait for b
        CPPUNIT_ASSERT(Refusal::too_many_requests == run.all.request("PJSIP/5", 6));
        CPPUNIT_ASSERT_EQUAL(std::string("CCFailure 6 Too many wait for the same devices"), run.witness.taken().back());
        run.becomes("PJSIP/c", DeviceState::in_use);
        run.offer("PJSIP/6", "PJSIP/c");
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/6", 6));
        run.offer("PJSIP/7", "PJSIP/c");  // cc_max_requests
        CPPUNIT_ASSERT(Refusal::too_many_requests == run.all.request("PJSIP/7", 6));
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/7", 7));
        for (int i = 0; i < 6; ++i) {  // cc_max_agents
            run.all.offer("PJSIP/9", {"default", std::to_string(i), 1}, willing_agent(), devices({{fmt::format("PJSIP/x{}", i).c_str(), CompletionService::no_reply}}));
            CPPUNIT_ASSERT((i < 5 ? Refusal::none : Refusal::too_many_requests) == run.all.request("PJSIP/9", 100));
        }
        run.all.offer("PJSIP/8", {}, Parameters{}, devices({{"PJSIP/d", CompletionService::busy}}));
        CPPUNIT_ASSERT(Refusal::not_generic == run.all.request("PJSIP/8", 100));
    }

    void the_caller_and_the_administrator_can_give_up() {
        Run run;
        run.becomes("PJSIP/b", DeviceState::in_use);
        CPPUNIT_ASSERT(Refusal::no_core_instance == run.all.cancel("PJSIP/a"));
        run.offer("PJSIP/a");
        CPPUNIT_ASSERT(Refusal::none == run.all.request("PJSIP/a", 20));
        CPPUNIT_ASSERT(Refusal::none == run.all.cancel("PJSIP/a"));
        CPPUNIT_ASSERT_EQUAL(std::string("CCFailure 1 The caller no longer wants it"), run.witness.taken().back());
        const unsigned id = run.offer("PJSIP/a");
        CPPUNIT_ASSERT(run.all.cancel(id));
        CPPUNIT_ASSERT(!run.all.cancel(id));
        run.becomes("PJSIP/b", DeviceState::not_in_use);
        CPPUNIT_ASSERT(run.witness.recalled.empty());
    }

    void a_new_offer_of_the_same_call_takes_the_old_one_s_place() {
        Run run;
        const unsigned first = run.offer("PJSIP/a");
        const unsigned second = run.offer("PJSIP/a");
        CPPUNIT_ASSERT(!run.goes_on(first));
        CPPUNIT_ASSERT(run.goes_on(second));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, run.all.all().size());
    }

    void offers_are_bounded() {
        Run run;
        for (std::size_t i = 0; i < Completions::most_offers; ++i) CPPUNIT_ASSERT(run.offer(fmt::format("PJSIP/{}", i).c_str()));
        CPPUNIT_ASSERT_EQUAL(0u, run.offer("PJSIP/last"));
        run.pass(21s);
        CPPUNIT_ASSERT(run.offer("PJSIP/last"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CompletionsTest);
