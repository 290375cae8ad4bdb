// Transactions on a clock set by hand and a network that is a list.
#include "channels/sip/stack/transaction.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>

#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/transaction_private.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

Flow flow(bool reliable = false) { return {1, reliable, SocketAddress::parse("192.0.2.9:5070").value()}; }

std::string request(std::string_view method, std::string_view branch, std::string_view to_tag = {}) {
    return std::string(method) + " sip:6002@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5070;rport" +
           (branch.empty() ? std::string() : ";branch=" + std::string(branch)) +
           "\r\nMax-Forwards: 70\r\nTo: <sip:6002@192.0.2.1>" + (to_tag.empty() ? "" : ";tag=" + std::string(to_tag)) +
           "\r\nFrom: <sip:6001@192.0.2.1>;tag=f\r\nCall-ID: c\r\nCSeq: 7 " + std::string(method) +
           "\r\nRoute: <sip:p1;lr>\r\nContent-Length: 0\r\n\r\n";
}

std::string response(int status, std::string_view method, std::string_view branch, std::string_view tag = "t") {
    return "SIP/2.0 " + std::to_string(status) + " X\r\nVia: SIP/2.0/UDP 192.0.2.9:5070;branch=" + std::string(branch) +
           "\r\nTo: <sip:6002@192.0.2.1>;tag=" + std::string(tag) +
           "\r\nFrom: <sip:6001@192.0.2.1>;tag=f\r\nCall-ID: c\r\nCSeq: 7 " + std::string(method) +
           "\r\nContent-Length: 0\r\n\r\n";
}

struct World : FlowSender, TransactionCore, ClientTransactionUser, ServerTransactionUser {
    Instant now{1h};
    StackTimers timers{now};
    ServerHandle server{*this};
    std::deque<std::string> sent;
    std::string log, last;
    bool network_down = false, overloaded = false;
    int answer = 0;  // what on_request answers; 0: takes it
    TransactionLayer layer;
    ClientHandle client{*this};

    explicit World(TransactionSettings settings = {}) : layer(*this, timers, *this, settings) {}
    ~World() { answer = 1; }

    Result<void> send(const Flow&, std::string_view message) override {
        if (network_down) return fail(ErrorCode::closed, "down");
        sent.emplace_back(message.substr(0, message.find("\r\n")));
        last = message;
        return {};
    }
    void on_request(IncomingRequest& incoming) override {
        log += "request:" + std::string(incoming.request().method_name()) + " ";
        if (answer == 0)
            incoming.take(server);
        else if (answer > 1)
            (void)incoming.respond(answer);
    }
    bool admits(const Message&) override { return !overloaded; }
    void on_ack(const Message&, const Flow&) override { log += "ack "; }
    void on_late_success(const Message& message, const Flow&) override {
        log += "late:" + std::string(message.to_tag()) + " ";
    }
    void on_response(ClientHandle& handle, const Message& message, const Flow&) override {
        log += std::to_string(message.status()) + (handle.active() ? " " : "! ");
    }
    void on_failure(ClientHandle& handle, ClientFailure failure) override {
        log += failure == ClientFailure::timeout ? "timeout" : "transport";
        log += handle.active() ? " " : "! ";
    }
    void on_cancel(ServerHandle& handle, const Message&) override {
        log += "cancel ";
        (void)handle.respond(487);
    }

    void receive(const std::string& text, bool reliable = false) {
        ParseResult result = parse_message(text);
        CPPUNIT_ASSERT_MESSAGE(text, result.verdict == Verdict::accept);
        layer.receive(std::move(result.message), flow(reliable));
    }
    void start(Method method, bool reliable = false) {
        layer.start(client, method, "z9hG4bKx", request(to_string(method), "z9hG4bKx"), flow(reliable));
    }
    // In steps, as a real clock does.
    void pass(std::chrono::milliseconds time) {
        for (const Instant end = now + time; now < end;)
            timers.advance(now += std::min<Instant::duration>(10ms, end - now));
    }
    std::size_t count(std::string_view beginning) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(sent, [&](auto& line) { return line.starts_with(beginning); }));
    }
};

class TransactionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TransactionTest);
    CPPUNIT_TEST(an_invite_is_repeated_until_timer_b);
    CPPUNIT_TEST(another_request_is_repeated_up_to_t2);
    CPPUNIT_TEST(nothing_is_repeated_on_a_connection);
    CPPUNIT_TEST(a_provisional_response_ends_the_repeating_of_an_invite);
    CPPUNIT_TEST(a_failure_is_acknowledged_each_time_it_comes);
    CPPUNIT_TEST(an_ack_that_left_the_ring_is_made_anew);
    CPPUNIT_TEST(a_success_ends_it_and_later_ones_reach_the_core);
    CPPUNIT_TEST(a_send_that_fails_is_told_in_the_next_turn);
    CPPUNIT_TEST(a_request_that_was_taken_but_not_sent_fails_too);
    CPPUNIT_TEST(cancel_waits_for_a_provisional_response);
    CPPUNIT_TEST(a_cancelled_invite_without_answer_times_out);
    CPPUNIT_TEST(a_released_handle_hears_nothing);
    CPPUNIT_TEST(an_invite_that_nobody_waits_for_is_cancelled);
    CPPUNIT_TEST(a_2xx_for_a_released_handle_is_the_cores);
    CPPUNIT_TEST(an_invite_gets_100_after_a_while_and_when_repeated);
    CPPUNIT_TEST(a_repeated_request_gets_the_last_response);
    CPPUNIT_TEST(a_failure_is_repeated_until_its_ack);
    CPPUNIT_TEST(a_failure_without_ack_ends_with_timer_h);
    CPPUNIT_TEST(an_invite_after_its_200_is_absorbed);
    CPPUNIT_TEST(an_old_client_is_matched_without_branch);
    CPPUNIT_TEST(a_cancel_reaches_the_invite);
    CPPUNIT_TEST(a_cancel_of_nothing_gets_481);
    CPPUNIT_TEST(no_request_is_left_hanging);
    CPPUNIT_TEST(a_second_final_response_is_refused);
    CPPUNIT_TEST(a_response_out_of_the_ring_is_asked_for_anew_where_that_is_harmless);
    CPPUNIT_TEST(tombstones_are_small_and_go_in_time);
    CPPUNIT_TEST(a_stranger_is_answered_without_state);
    CPPUNIT_TEST(overload_turns_away_what_is_new_and_nothing_else);
    CPPUNIT_TEST(a_layer_that_goes_frees_its_handles);
    CPPUNIT_TEST_SUITE_END();

  public:
    void overload_turns_away_what_is_new_and_nothing_else() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        world.overloaded = true;
        world.receive(request("INVITE", "z9hG4bKa"));  // repeated: its call is in progress
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.count("SIP/2.0 503"));
        world.receive(request("INVITE", "z9hG4bKb"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 503"));
        CPPUNIT_ASSERT(world.last.contains("\r\nRetry-After: 5\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.layer.counts().servers);
        world.receive(request("ACK", "z9hG4bKb"));  // of the 503
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE ack "), world.log);
        world.receive(request("CANCEL", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 503"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE ack cancel "), world.log);
    }

    void an_invite_is_repeated_until_timer_b() {
        World world;
        world.start(Method::invite);
        world.pass(500ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.sent.size());
        world.pass(1s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), world.sent.size());
        world.pass(30s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(7), world.sent.size());  // 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s
        CPPUNIT_ASSERT(world.client.active());
        world.pass(500ms);
        CPPUNIT_ASSERT_EQUAL(std::string("timeout! "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().clients);
    }

    void another_request_is_repeated_up_to_t2() {
        World world;
        world.start(Method::options);
        world.pass(32s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(11), world.sent.size());  // 0, .5, 1.5, 3.5, 7.5, 11.5, ... 31.5 s
        CPPUNIT_ASSERT_EQUAL(std::string("timeout! "), world.log);
        World answered;
        answered.start(Method::options);
        answered.receive(response(100, "OPTIONS", "z9hG4bKx"));
        answered.pass(9s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(4), answered.sent.size());  // 0, .5, 4.5, 8.5 s
        answered.receive(response(200, "OPTIONS", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::string("100 200! "), answered.log);
    }

    void nothing_is_repeated_on_a_connection() {
        World world;
        world.start(Method::invite, true);
        world.pass(31s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.sent.size());
        world.receive(response(486, "INVITE", "z9hG4bKx"), true);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("ACK"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().tombstones);
    }

    void a_provisional_response_ends_the_repeating_of_an_invite() {
        World world;
        world.start(Method::invite);
        world.receive(response(180, "INVITE", "z9hG4bKx"));
        world.pass(300s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.sent.size());
        world.receive(response(180, "INVITE", "z9hG4bKx", "other"));
        CPPUNIT_ASSERT_EQUAL(std::string("180 180 "), world.log);
    }

    void a_failure_is_acknowledged_each_time_it_comes() {
        World world;
        world.start(Method::invite);
        for (int i = 0; i < 3; ++i) world.receive(response(486, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::string("486! "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), world.count("ACK sip:6002@192.0.2.1"));
        CPPUNIT_ASSERT(world.last.find("Route: <sip:p1;lr>") != std::string::npos);
        CPPUNIT_ASSERT(world.last.find("branch=z9hG4bKx\r\n") != std::string::npos);
        world.pass(33s);
        world.receive(response(486, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), world.count("ACK"));
    }

    void an_ack_that_left_the_ring_is_made_anew() {
        World world({.kept_bytes = 0});
        world.start(Method::invite);
        for (int i = 0; i < 2; ++i) world.receive(response(486, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.count("ACK sip:6002@192.0.2.1"));
        const ParseResult ack = parse_message(world.last);
        CPPUNIT_ASSERT(ack.verdict == Verdict::accept);
        CPPUNIT_ASSERT(ack.message.top_via().branch == "z9hG4bKx" && ack.message.to_tag() == "t");
    }

    void a_success_ends_it_and_later_ones_reach_the_core() {
        World world;
        world.start(Method::invite);
        world.receive(response(200, "INVITE", "z9hG4bKx"));
        world.receive(response(200, "INVITE", "z9hG4bKx"));
        world.receive(response(200, "INVITE", "z9hG4bKx", "fork"));
        world.receive(response(180, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::string("200! late:t late:fork "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.count("ACK"));
        world.receive(response(200, "INVITE", "z9hG4bKnobody"));
        CPPUNIT_ASSERT_EQUAL(std::string("200! late:t late:fork late:t "), world.log);
        world.receive(response(200, "OPTIONS", "z9hG4bKnobody"));
        CPPUNIT_ASSERT_EQUAL(std::string("200! late:t late:fork late:t "), world.log);
    }

    void a_send_that_fails_is_told_in_the_next_turn() {
        World world;
        world.network_down = true;
        world.start(Method::invite);
        CPPUNIT_ASSERT_EQUAL(std::string(), world.log);
        world.pass(10ms);
        CPPUNIT_ASSERT_EQUAL(std::string("transport! "), world.log);
    }

    void a_request_that_was_taken_but_not_sent_fails_too() {
        World world;
        world.start(Method::invite);
        world.layer.unsent(response(200, "INVITE", "z9hG4bKx"));  // nobody waits for that one
        world.layer.unsent(request("INVITE", "z9hG4bKother"));
        world.layer.unsent("no SIP");
        world.pass(10ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), world.log);
        world.layer.unsent(request("INVITE", "z9hG4bKx"));
        world.pass(10ms);
        CPPUNIT_ASSERT_EQUAL(std::string("transport! "), world.log);

        world.log.clear();
        world.start(Method::options);
        world.pass(600ms);
        world.layer.unsent(request("OPTIONS", "z9hG4bKx"));  // a repetition: the next may get through
        world.pass(10ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), world.log);
    }

    void cancel_waits_for_a_provisional_response() {
        World world;
        world.start(Method::invite);
        world.client.cancel("SIP;cause=200");
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.count("CANCEL"));
        world.receive(response(180, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("CANCEL"));
        CPPUNIT_ASSERT(world.last.find("Reason: SIP;cause=200\r\n") != std::string::npos);
        world.client.cancel();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("CANCEL"));
        world.pass(500ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.count("CANCEL"));
        world.receive(response(200, "CANCEL", "z9hG4bKx"));
        world.receive(response(487, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::string("180 487! "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().clients);
    }

    void a_cancelled_invite_without_answer_times_out() {
        World world;
        world.start(Method::invite);
        world.receive(response(180, "INVITE", "z9hG4bKx"));
        world.client.cancel();
        world.pass(33s);
        CPPUNIT_ASSERT_EQUAL(std::string("180 timeout! "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().clients);
    }

    void a_released_handle_hears_nothing() {
        World world;
        world.start(Method::invite);
        world.client.release();
        world.receive(response(486, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::string(), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("ACK"));
    }

    void an_invite_that_nobody_waits_for_is_cancelled() {
        World ringing;
        ringing.start(Method::invite);
        ringing.receive(response(180, "INVITE", "z9hG4bKx"));
        ringing.client.release();
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), ringing.count("CANCEL"));
        ringing.pass(100s);  // it is never answered: its end does not depend on the far side
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), ringing.layer.counts().clients);
        World silent;
        silent.start(Method::invite);
        silent.client.release();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), silent.count("CANCEL"));
        silent.receive(response(180, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), silent.count("CANCEL"));
        silent.receive(response(487, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), silent.count("ACK"));
        CPPUNIT_ASSERT_EQUAL(std::string(), ringing.log.substr(ringing.log.find("180 ") + 4) + silent.log);
        // Other requests end by themselves.
        World other;
        other.start(Method::options);
        other.receive(response(100, "OPTIONS", "z9hG4bKx"));
        other.client.release();
        other.pass(100s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), other.count("CANCEL"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), other.layer.counts().clients);
    }

    void a_2xx_for_a_released_handle_is_the_cores() {
        World world;
        world.start(Method::invite);
        world.client.release();
        world.receive(response(200, "INVITE", "z9hG4bKx"));
        CPPUNIT_ASSERT_EQUAL(std::string("late:t "), world.log);
    }

    void an_invite_gets_100_after_a_while_and_when_repeated() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.sent.size());
        world.pass(200ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 100"));
        World repeated;
        repeated.receive(request("INVITE", "z9hG4bKa"));
        repeated.receive(request("INVITE", "z9hG4bKa"));
        repeated.pass(1s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), repeated.count("SIP/2.0 100"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE "), repeated.log);
    }

    void a_repeated_request_gets_the_last_response() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT(world.server.respond(180).has_value());
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.count("SIP/2.0 180 Ringing"));
        CPPUNIT_ASSERT(world.last.find(";received=192.0.2.9;rport=5070") != std::string::npos);
        World options;
        options.answer = 200;
        for (int i = 0; i < 3; ++i) options.receive(request("OPTIONS", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:OPTIONS "), options.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), options.count("SIP/2.0 200"));
    }

    void a_failure_is_repeated_until_its_ack() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        const std::string tag = world.server.local_tag();
        CPPUNIT_ASSERT(world.server.respond(486).has_value());
        CPPUNIT_ASSERT(!world.server.active());
        world.pass(1500ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), world.count("SIP/2.0 486"));
        world.receive(request("ACK", "z9hG4bKa", tag));
        world.receive(request("ACK", "z9hG4bKa", tag));
        world.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), world.count("SIP/2.0 486"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE "), world.log);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().servers);
    }

    void a_failure_without_ack_ends_with_timer_h() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT(world.server.respond(486).has_value());
        world.pass(33s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(11), world.count("SIP/2.0 486"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().servers);
    }

    void an_invite_after_its_200_is_absorbed() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT(world.server.respond(200).has_value());
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 200"));
        world.receive(request("ACK", "z9hG4bKother", "t"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE ack "), world.log);
    }

    void an_old_client_is_matched_without_branch() {
        World world;
        world.receive(request("INVITE", ""));
        world.receive(request("INVITE", ""));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE "), world.log);
        const std::string tag = world.server.local_tag();
        CPPUNIT_ASSERT(world.server.respond(486).has_value());
        world.receive(request("ACK", "", tag));
        world.pass(10s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 486"));
        World success;
        success.receive(request("INVITE", "z9hG4bK"));
        CPPUNIT_ASSERT(success.server.respond(200).has_value());
        success.receive(request("ACK", "z9hG4bK", "t"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE ack "), success.log);
    }

    void a_cancel_reaches_the_invite() {
        for (const std::string_view branch : {"z9hG4bKa", ""}) {
            World world;
            world.receive(request("INVITE", branch));
            const std::string tag = world.server.local_tag();
            world.receive(request("CANCEL", branch));
            CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE cancel "), world.log);
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 200"));
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 487"));
            CPPUNIT_ASSERT(world.last.find("To: <sip:6002@192.0.2.1>;tag=" + tag) != std::string::npos);
            world.receive(request("CANCEL", branch));
            CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.count("SIP/2.0 200"));
            CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE cancel "), world.log);
        }
    }

    void a_cancel_of_nothing_gets_481() {
        World world;
        world.receive(request("CANCEL", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 481"));
        CPPUNIT_ASSERT_EQUAL(std::string(), world.log);
        World late;
        late.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT(late.server.respond(200).has_value());
        late.receive(request("CANCEL", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), late.count("SIP/2.0 200"));
        CPPUNIT_ASSERT_EQUAL(std::string("request:INVITE "), late.log);
    }

    void no_request_is_left_hanging() {
        World world;
        world.answer = 1;
        world.receive(request("OPTIONS", "z9hG4bKa"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.count("SIP/2.0 500"));
        world.answer = 0;
        world.receive(request("INVITE", "z9hG4bKb"));
        world.server.release();
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.count("SIP/2.0 500"));
    }

    void a_second_final_response_is_refused() {
        World world;
        world.receive(request("INVITE", "z9hG4bKa"));
        CPPUNIT_ASSERT(world.server.respond(486).has_value());
        CPPUNIT_ASSERT(world.server.respond(200).error().code == ErrorCode::closed);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.sent.size());
    }

    void a_response_out_of_the_ring_is_asked_for_anew_where_that_is_harmless() {
        World world({.kept_bytes = 0});
        world.answer = 200;
        for (const std::string_view method : {"REGISTER", "REGISTER", "MESSAGE", "MESSAGE"})
            world.receive(request(method, "z9hG4bK" + std::string(method)));
        CPPUNIT_ASSERT_EQUAL(std::string("request:REGISTER request:REGISTER request:MESSAGE "), world.log);
        world.pass(40s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().tombstones);
    }

    void tombstones_are_small_and_go_in_time() {
        CPPUNIT_ASSERT(sizeof(Tombstone) <= 56);
        World world;
        world.answer = 200;
        for (int i = 0; i < 1000; ++i) world.receive(request("OPTIONS", "z9hG4bK" + std::to_string(i)));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1000), world.layer.counts().tombstones);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().servers);
        world.pass(31900ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1000), world.layer.counts().tombstones);
        world.pass(300ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().tombstones);
        CPPUNIT_ASSERT(!world.timers.next().has_value());
    }

    void a_stranger_is_answered_without_state() {
        World world;
        const ParseResult one = parse_message(request("INVITE", "z9hG4bKa"));
        world.layer.reply(one.message, flow(), 503, {}, "Retry-After: 5\r\n");
        const std::string first = world.last;
        CPPUNIT_ASSERT(first.find("\r\nRetry-After: 5\r\n") != std::string::npos);
        world.layer.reply(one.message, flow(), 503, {}, "Retry-After: 5\r\n");
        CPPUNIT_ASSERT_EQUAL(first, world.last);
        world.layer.reply(parse_message(request("ACK", "z9hG4bKa")).message, flow(), 400);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.sent.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.layer.counts().tombstones);
    }

    void a_layer_that_goes_frees_its_handles() {
        World outer;
        {
            World inner;
            inner.layer.start(outer.client, Method::invite, "z9hG4bKy", request("INVITE", "z9hG4bKy"), flow());
            inner.answer = 0;
            inner.receive(request("INVITE", "z9hG4bKa"));
            CPPUNIT_ASSERT(outer.client.active());
        }
        CPPUNIT_ASSERT(!outer.client.active());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TransactionTest);

}  // namespace
