// Text messages in the dialplan: their channel, their bounds, and who sends them.
#include "core/dialplan/message_queue.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>

#include "tests/unit/core/dialplan/dialplan_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

constexpr ApplicationInfo message_mark{.name = "Mark", .syntax = "x", .synopsis = "x", .text = "x"};
constexpr ApplicationInfo message_hold{.name = "Hold", .syntax = "x", .synopsis = "x", .text = "x"};

class MessageQueueTest : public DialplanTest {
    CPPUNIT_TEST_SUITE(MessageQueueTest);
    CPPUNIT_TEST(a_message_runs_the_dialplan_with_its_text);
    CPPUNIT_TEST(an_unknown_extension_is_refused);
    CPPUNIT_TEST(so_many_at_a_time_and_no_more);
    CPPUNIT_TEST(a_sender_is_found_by_the_scheme);
    CPPUNIT_TEST(data_are_found_letter_case_aside);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        DialplanTest::setUp();
        apps = std::make_unique<Module>("app_message_test");
        CPPUNIT_ASSERT(apps->add(message_mark, [this](Channel& channel, const Arguments&) -> Result<void> {
            const auto* message = channel.find_attachment<TextMessage>();
            trace.push_back(channel.name() + "=" + (message ? message->body : "none"));
            return {};
        }));
        CPPUNIT_ASSERT(apps->add(message_hold, [this](Channel&, const Arguments&) { return release.wait(); }));
    }
    void tearDown() override {
        release.set();
        wait_for([] { return channel_count() == 0; });
        apps.reset();
        DialplanTest::tearDown();
    }
    static TextMessage text(std::string body) {
        TextMessage message;
        message.body = std::move(body);
        return message;
    }

    void a_message_runs_the_dialplan_with_its_text() {
        plan("[messages]\nexten => 1,1,Hold()\n same => n,Mark()\n");
        CPPUNIT_ASSERT(receive_text_message(text("one"), "messages", "1"));
        CPPUNIT_ASSERT(receive_text_message(text("two"), "messages", "1"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), messages_in_dialplan());
        release.set();
        wait_for_end();
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), trace.size());
        std::ranges::sort(trace);  // whichever ran first
        CPPUNIT_ASSERT(trace[0].starts_with("Message/ast_msg_queue-") && trace[0].ends_with("=two"));
        CPPUNIT_ASSERT_EQUAL(std::string("Message/ast_msg_queue=one"), trace[1]);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), messages_in_dialplan());
    }

    void an_unknown_extension_is_refused() {
        plan("[messages]\nexten => 1,1,Mark()\n");
        CPPUNIT_ASSERT(receive_text_message(text("x"), "messages", "2").error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT(receive_text_message(text("x"), "nowhere", "1").error().code == ErrorCode::not_found);
        wait_for_end();
        CPPUNIT_ASSERT_EQUAL(std::string(), traced());
    }

    void so_many_at_a_time_and_no_more() {
        plan("[messages]\nexten => 1,1,Hold()\n");
        for (std::size_t i = 0; i < most_messages_in_dialplan; ++i) CPPUNIT_ASSERT(receive_text_message(text("x"), "messages", "1"));
        CPPUNIT_ASSERT(receive_text_message(text("x"), "messages", "1").error().code == ErrorCode::limit);
        release.set();
        wait_for_end();
        CPPUNIT_ASSERT(receive_text_message(text("x"), "messages", "1"));
        wait_for_end();
    }

    void a_sender_is_found_by_the_scheme() {
        struct Sender final : TextMessageSender {
            std::string sent;
            Result<void> send(const TextMessage& message, std::string_view destination) override {
                sent = std::string(destination) + "=" + message.body;
                return {};
            }
        } sender;
        CPPUNIT_ASSERT(apps->add("carrier", static_cast<TextMessageSender&>(sender)));
        CPPUNIT_ASSERT(send_text_message(text("hello"), "carrier:pigeon:7"));
        CPPUNIT_ASSERT_EQUAL(std::string("pigeon:7=hello"), sender.sent);
        CPPUNIT_ASSERT(send_text_message(text("x"), "other:1").error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(send_text_message(text("x"), "pigeon").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(send_text_message(text("x"), ":1").error().code == ErrorCode::invalid);
    }

    void data_are_found_letter_case_aside() {
        TextMessage message;
        message.data.push_back({"X-Note", "a"});
        CPPUNIT_ASSERT(message.find("x-note") && !message.find("x-note")->outbound);
        message.set("X-NOTE", "b");
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), message.data.size());
        CPPUNIT_ASSERT(message.find("X-Note")->outbound && message.find("X-Note")->value == "b");
        message.set("x-note", "");
        CPPUNIT_ASSERT(!message.find("X-Note"));
    }

  private:
    std::unique_ptr<Module> apps;
    Latch release;
};
CPPUNIT_TEST_SUITE_REGISTRATION(MessageQueueTest);

}  // namespace
