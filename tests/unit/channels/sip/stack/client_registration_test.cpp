// Registrations of ours: when they are renewed, tried again, and given up.
#include "channels/sip/stack/client_registration.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <array>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

using Send = ClientRegistration::Step::Send;
using RegisterState = ClientRegistration::State;

Message register_response(int status, std::string_view headers = {}) {
    ParseResult result = parse_message("SIP/2.0 " + std::to_string(status) +
                                       " x\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nTo: <sip:b@h>;tag=t\r\n"
                                       "From: <sip:b@h>;tag=f\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n" + std::string(headers) +
                                       "Content-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT(result.verdict == Verdict::accept);
    return std::move(result.message);
}

// A registration with a clock: what it sends is logged with its time in seconds.
struct Registrant {
    ClientRegistration machine;
    std::chrono::milliseconds now{0};
    std::optional<std::chrono::milliseconds> due;
    std::string log;

    explicit Registrant(RegistrationRules rules = {.max_random_initial_delay = 0s}) : machine(rules) {}
    void perform(const ClientRegistration::Step& step) {
        due.reset();
        if (step.wait) due = now + *step.wait;
        if (step.send != Send::nothing)
            log += fmt::format("{}@{}:{} ", step.send == Send::fresh ? "fresh" : "repeat", now.count() / 1000, step.expires.count());
    }
    void pass(std::chrono::seconds time) {
        const auto end = now + time;
        while (due && *due <= end) {
            now = *due;
            perform(machine.due());
        }
        now = end;
    }
    void answer(int status, std::string_view headers = {}, bool authenticated = false, std::optional<std::chrono::seconds> granted = {}) {
        perform(machine.responded(register_response(status, headers), granted, authenticated));
    }
    std::string sent() { return std::exchange(log, {}); }
};

class ClientRegistrationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientRegistrationTest);
    CPPUNIT_TEST(it_is_renewed_before_its_end);
    CPPUNIT_TEST(the_first_try_is_put_off_by_chance);
    CPPUNIT_TEST(an_interval_too_brief_is_lengthened_and_stays_so);
    CPPUNIT_TEST(a_registrar_that_is_never_content_is_left);
    CPPUNIT_TEST(credentials_are_tried_and_their_refusal_is_final_if_so_wished);
    CPPUNIT_TEST(what_may_pass_is_tried_again_so_many_times);
    CPPUNIT_TEST(a_success_forgets_failures);
    CPPUNIT_TEST(a_registrar_says_when_to_come_again);
    CPPUNIT_TEST(forbidden_and_fatal_have_their_own_intervals);
    CPPUNIT_TEST(the_end_is_sent_with_expires_0_and_answers_or_not);
    CPPUNIT_TEST(a_lost_connection_makes_it_register_anew);
    CPPUNIT_TEST(a_failed_flow_is_tried_again_ever_later_and_by_chance);
    CPPUNIT_TEST(a_flow_that_fails_again_and_again_waits_as_rfc_5626_has_it);
    CPPUNIT_TEST(answers_out_of_turn_change_nothing);
    CPPUNIT_TEST(the_expiry_of_our_contact_counts_and_no_other);
    CPPUNIT_TEST(the_gruu_of_our_contact_counts_and_no_other);
    CPPUNIT_TEST_SUITE_END();

  public:
    void it_is_renewed_before_its_end() {
        Registrant one;
        one.perform(one.machine.start(0));
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:3600 "), one.sent());
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::registering);
        one.answer(200, {}, false, 60s);
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::registered);
        CPPUNIT_ASSERT(one.machine.granted() == 60s);
        one.pass(53s);
        CPPUNIT_ASSERT_EQUAL(std::string(), one.sent());
        one.pass(1s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@54:3600 "), one.sent());
        one.answer(200);  // names no expiry: what was asked for
        one.pass(3600s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@3614:3600 "), one.sent());
        one.answer(200, {}, false, 0s);  // nothing at all: not asked without a pause
        CPPUNIT_ASSERT(one.due && *one.due > one.now);
    }

    void the_first_try_is_put_off_by_chance() {
        for (const std::uint64_t random : {0ull, 123456789ull, ~0ull}) {
            ClientRegistration machine({.max_random_initial_delay = 10s});
            const auto step = machine.start(random);
            CPPUNIT_ASSERT(step.send == Send::nothing && step.wait && *step.wait >= 0ms && *step.wait <= 10s);
            CPPUNIT_ASSERT_EQUAL(std::string_view("Unregistered"), to_string(machine.state()));
            CPPUNIT_ASSERT(machine.due().send == Send::fresh);
        }
    }

    void an_interval_too_brief_is_lengthened_and_stays_so() {
        Registrant one({.expiration = 60s, .max_random_initial_delay = 0s});
        one.perform(one.machine.start(0));
        one.answer(423, "Min-Expires: 300\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:60 repeat@0:300 "), one.sent());
        one.answer(200, {}, false, 300s);
        one.pass(270s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@270:300 "), one.sent());
    }

    void a_registrar_that_is_never_content_is_left() {
        Registrant one({.expiration = 60s, .max_random_initial_delay = 0s});
        one.perform(one.machine.start(0));
        for (int i = 1; i < 100; ++i) one.answer(423, "Min-Expires: " + std::to_string(60 + i) + "\r\n");
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::rejected);
        CPPUNIT_ASSERT(one.sent().size() < 200);
        Registrant two;
        two.perform(two.machine.start(0));
        two.answer(423);  // says not what it wants
        CPPUNIT_ASSERT(two.machine.state() == RegisterState::rejected);
    }

    void credentials_are_tried_and_their_refusal_is_final_if_so_wished() {
        Registrant one;
        one.perform(one.machine.start(0));
        one.answer(407, {}, true);
        one.answer(401, {}, true);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:3600 repeat@0:3600 repeat@0:3600 "), one.sent());
        one.answer(401, {}, false);
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::rejected);
        CPPUNIT_ASSERT(!one.due);
        Registrant two({.max_random_initial_delay = 0s, .auth_rejection_permanent = false});
        two.perform(two.machine.start(0));
        two.answer(401, {}, false);
        CPPUNIT_ASSERT(two.machine.state() == RegisterState::waiting);
        two.sent();
        two.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@60:3600 "), two.sent());
    }

    void what_may_pass_is_tried_again_so_many_times() {
        Registrant one({.retry_interval = 30s, .max_retries = 2, .max_random_initial_delay = 0s});
        one.perform(one.machine.start(0));
        one.perform(one.machine.unanswered());
        one.pass(30s);
        one.answer(503);
        one.pass(30s);
        one.answer(500);
        one.pass(1000s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:3600 fresh@30:3600 fresh@60:3600 "), one.sent());
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::rejected);
        CPPUNIT_ASSERT_EQUAL(500, one.machine.last_status());
        one.perform(one.machine.start_now());
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@1060:3600 "), one.sent());
        Registrant never({.retry_interval = 0s, .max_random_initial_delay = 0s});
        never.perform(never.machine.start(0));
        never.perform(never.machine.unanswered());
        CPPUNIT_ASSERT(never.machine.state() == RegisterState::rejected);
    }

    void a_success_forgets_failures() {
        Registrant one({.retry_interval = 30s, .max_retries = 1, .max_random_initial_delay = 0s});
        one.perform(one.machine.start(0));
        for (int i = 0; i < 5; ++i) {
            one.perform(one.machine.unanswered());
            CPPUNIT_ASSERT(one.machine.state() == RegisterState::waiting);
            one.pass(30s);
            one.answer(200, {}, false, 100s);
            one.pass(90s);
        }
    }

    void a_registrar_says_when_to_come_again() {
        Registrant one;
        one.perform(one.machine.start(0));
        one.answer(503, "Retry-After: 7 (soon)\r\n");
        one.sent();
        one.pass(7s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@7:3600 "), one.sent());
        one.answer(404, "Retry-After: 4000000000\r\n");
        CPPUNIT_ASSERT(one.due && *one.due == one.now + 86400s);
    }

    void forbidden_and_fatal_have_their_own_intervals() {
        Registrant one({.forbidden_retry_interval = 100s, .fatal_retry_interval = 200s, .max_random_initial_delay = 0s});
        one.perform(one.machine.start(0));
        one.answer(403);
        one.pass(100s);
        one.answer(404);
        one.pass(200s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:3600 fresh@100:3600 fresh@300:3600 "), one.sent());
        Registrant two({.fatal_retry_interval = 200s, .max_random_initial_delay = 0s});
        two.perform(two.machine.start(0));
        two.answer(403);
        CPPUNIT_ASSERT(two.due && *two.due == 200s);
        Registrant three;
        three.perform(three.machine.start(0));
        three.answer(403);
        CPPUNIT_ASSERT(three.machine.state() == RegisterState::rejected);
    }

    void the_end_is_sent_with_expires_0_and_answers_or_not() {
        Registrant one;
        one.perform(one.machine.start(0));
        one.answer(200, {}, false, 60s);
        one.sent();
        one.perform(one.machine.unregister());
        one.answer(401, {}, true);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:0 repeat@0:0 "), one.sent());
        one.answer(200);
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::unregistered);
        one.pass(1000s);
        CPPUNIT_ASSERT_EQUAL(std::string(), one.sent());
        one.perform(one.machine.unregister());
        one.perform(one.machine.unanswered());
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::unregistered);
    }

    void a_lost_connection_makes_it_register_anew() {
        Registrant one;
        one.perform(one.machine.start(0));
        one.answer(200, {}, false, 60s);
        one.pass(5s);
        one.sent();
        one.perform(one.machine.lost(100s, {}));
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@5:3600 "), one.sent());
        CPPUNIT_ASSERT(one.machine.granted() == 0s);
        one.answer(200, {}, false, 60s);
        one.perform(one.machine.lost(1s, {}));  // it closes what it has just answered by
        one.pass(59s);
        CPPUNIT_ASSERT_EQUAL(std::string(), one.sent());
        one.pass(1s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@65:3600 "), one.sent());
        one.answer(200, {}, false, 60s);
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::registered);
    }

    // The table of RFC 5626 appendix A, for 0 to 6 failures.
    void a_failed_flow_is_tried_again_ever_later_and_by_chance() {
        const std::array<std::array<std::chrono::seconds, 2>, 7> limits{{{0s, 0s}, {60s, 180s}, {120s, 360s}, {240s, 720s}, {480s, 1440s}, {960s, 1800s}, {1800s, 1800s}}};
        for (std::uint32_t failures = 0; failures < limits.size(); ++failures) {
            for (const bool others : {false, true}) {
                const std::chrono::milliseconds base = others ? 90s : 30s, longest = limits[failures][others];
                CPPUNIT_ASSERT(flow_recovery_time(failures, base, 0) == longest / 2);
                const auto range = static_cast<std::uint64_t>(longest.count()) / 2;
                CPPUNIT_ASSERT(flow_recovery_time(failures, base, range) == longest);
                for (const std::uint64_t random : {1ull, 987654321ull, ~0ull}) {
                    const auto time = flow_recovery_time(failures, base, random);
                    CPPUNIT_ASSERT(time >= longest / 2 && time <= longest);
                }
            }
        }
        CPPUNIT_ASSERT(flow_recovery_time(~0u, 86400s, ~0ull) <= 1800s);
    }

    void a_flow_that_fails_again_and_again_waits_as_rfc_5626_has_it() {
        Registrant one({.max_random_initial_delay = 0s, .flow_recovery = true});
        one.perform(one.machine.start(0));
        for (const std::chrono::seconds wait : {30s, 60s, 120s, 240s}) {  // random is 0: half of 60, 120, ...
            one.perform(one.machine.unanswered({}));
            CPPUNIT_ASSERT(one.due && *one.due == one.now + wait);
            one.pass(wait);
        }
        one.perform(one.machine.unanswered({.others_work = true}));
        CPPUNIT_ASSERT(one.due && *one.due == one.now + 900s);
        one.pass(900s);
        one.answer(200, {}, false, 600s);
        // A flow that held is replaced at once, one that did not later and later.
        one.perform(one.machine.lost(120s, {}));
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::registering);
        for (const std::chrono::seconds wait : {30s, 60s}) {
            one.answer(200, {}, false, 600s);
            one.perform(one.machine.lost(119s, {}));
            CPPUNIT_ASSERT(one.due && *one.due == one.now + wait);
            one.pass(wait);
        }
        one.answer(200, {}, false, 600s);
        one.perform(one.machine.lost(120s, {}));
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::registering);
        // What the registrar refuses is no failure of the flow.
        one.answer(503);
        CPPUNIT_ASSERT(one.due && *one.due == one.now + 60s);
    }

    void answers_out_of_turn_change_nothing() {
        Registrant one;
        one.answer(200);
        one.perform(one.machine.unanswered());
        one.perform(one.machine.due());
        CPPUNIT_ASSERT(one.machine.state() == RegisterState::unregistered);
        CPPUNIT_ASSERT_EQUAL(std::string(), one.sent());
    }

    void the_expiry_of_our_contact_counts_and_no_other() {
        const std::string mine = "sip:s@192.0.2.1:5060;line=Abc";
        const auto granted = [&](std::string_view headers) { return granted_expiry(register_response(200, headers), mine); };
        CPPUNIT_ASSERT(granted("Contact: <sip:x@192.0.2.7>;expires=5, <sip:s@192.0.2.1:5060;line=Abc>;expires=77\r\nExpires: 9\r\n") == 77s);
        CPPUNIT_ASSERT(granted("Contact: <sip:s@192.0.2.1:5060;line=Abc>\r\nExpires: 9\r\n") == 9s);
        CPPUNIT_ASSERT(granted("Contact: <sip:s@192.0.2.1:5060;line=Abc>\r\n") == std::nullopt);
        CPPUNIT_ASSERT(granted("Contact: <sip:s@192.0.2.1:5060;line=abd>;expires=7\r\nExpires: 9\r\n") == std::nullopt);
        CPPUNIT_ASSERT(granted("Expires: 9\r\n") == std::nullopt);
    }

    void the_gruu_of_our_contact_counts_and_no_other() {
        const auto granted = [](std::string_view headers) { return granted_gruu(register_response(200, headers), "sip:s@192.0.2.1:5060"); };
        const std::string gruu = "sip:b@h;gr=urn:uuid:1";
        CPPUNIT_ASSERT_EQUAL(gruu, granted("Contact: <sip:x@h>;pub-gruu=\"sip:b@h;gr=2\", <sip:s@192.0.2.1:5060>;expires=7;pub-gruu=\"" + gruu + "\"\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), granted("Contact: <sip:x@h>;pub-gruu=\"" + gruu + "\"\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), granted("Contact: <sip:s@192.0.2.1:5060>;pub-gruu=\"sip:b@h\"\r\n"));  // no gr
        CPPUNIT_ASSERT_EQUAL(std::string(), granted("Contact: <sip:s@192.0.2.1:5060>;pub-gruu=\"tel:1;gr\"\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), granted("Contact: <sip:s@192.0.2.1:5060>;pub-gruu=\"sip:b@h;gr>\"\r\n"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ClientRegistrationTest);

}  // namespace
