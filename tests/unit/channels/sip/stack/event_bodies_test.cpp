// The bodies of NOTIFY requests, read back by libxml2.
#include "channels/sip/stack/event_bodies.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <memory>

#include "channels/sip/stack/xml_writer.hpp"

using namespace jackfield::sip;

namespace {

// What an XPath expression finds in the document, as text; it fails when the document is not well-formed.
std::string found(const std::string& text, const char* expression) {
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
        xmlReadMemory(text.data(), static_cast<int>(text.size()), "body", nullptr, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING), xmlFreeDoc);
    CPPUNIT_ASSERT_MESSAGE(text, document != nullptr);
    const std::unique_ptr<xmlXPathContext, decltype(&xmlXPathFreeContext)> place(xmlXPathNewContext(document.get()), xmlXPathFreeContext);
    const auto space = [&](const char* prefix, const char* uri) {
        xmlXPathRegisterNs(place.get(), reinterpret_cast<const xmlChar*>(prefix), reinterpret_cast<const xmlChar*>(uri));
    };
    space("p", "urn:ietf:params:xml:ns:pidf");
    space("d", "urn:ietf:params:xml:ns:dialog-info");
    space("c", "urn:ietf:params:xml:ns:conference-info");
    space("ep", "urn:ietf:params:xml:ns:pidf:rpid:rpid-person");
    const std::string as_text = std::string("string(") + expression + ")";
    const std::unique_ptr<xmlXPathObject, decltype(&xmlXPathFreeObject)> result(
        xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(as_text.c_str()), place.get()), xmlXPathFreeObject);
    CPPUNIT_ASSERT_MESSAGE(as_text, result != nullptr);
    return reinterpret_cast<const char*>(result->stringval);
}

class EventBodiesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventBodiesTest);
    CPPUNIT_TEST(pidf_tells_basic_status_note_and_activity);
    CPPUNIT_TEST(what_a_person_says_comes_first);
    CPPUNIT_TEST(xpidf_has_its_own_words);
    CPPUNIT_TEST(dialog_info_names_the_dialog_to_take_over);
    CPPUNIT_TEST(dialog_info_without_a_call_has_no_direction);
    CPPUNIT_TEST(message_summary_counts);
    CPPUNIT_TEST(message_summaries_are_read);
    CPPUNIT_TEST(hostile_text_stays_text);
    CPPUNIT_TEST(conference_info_names_who_is_there);
    CPPUNIT_TEST(partial_conference_info_has_who_came_went_and_changed);
    CPPUNIT_TEST_SUITE_END();

  public:
    void conference_info_names_who_is_there() {
        const std::string body = conference_info_body({"sip:room@h", "Room & more", 3, {{"sip:a@h", "Ann", {{"PJSIP/a-1", false}}}, {"sip:b@h", "", {{"PJSIP/b-2", true}}}}});
        CPPUNIT_ASSERT_EQUAL(std::string("3"), found(body, "/c:conference-info[@state='full' and @entity='sip:room@h']/@version"));
        CPPUNIT_ASSERT_EQUAL(std::string("2"), found(body, "//c:user-count"));
        CPPUNIT_ASSERT_EQUAL(std::string("Room & more"), found(body, "//c:conference-description/c:display-text"));
        CPPUNIT_ASSERT_EQUAL(std::string("Ann"), found(body, "//c:user[@entity='sip:a@h']/c:display-text"));
        CPPUNIT_ASSERT_EQUAL(std::string("dialed-out"), found(body, "//c:endpoint[@entity='PJSIP/b-2']/c:joining-method"));
        CPPUNIT_ASSERT_EQUAL(std::string("false"), found(conference_info_body({"sip:room@h", {}, 0, {}}), "//c:active"));
    }

    void partial_conference_info_has_who_came_went_and_changed() {
        const std::vector<ConferenceUser> told{{"sip:a@h", "Ann", {{"PJSIP/a-1", false}}}, {"sip:b@h", "", {{"PJSIP/b-2", true}}}, {"sip:c@h", "", {{"PJSIP/c-3", true}}}, {"sip:e@h", "", {}}};
        const ConferenceView view{"sip:room@h", "Room", 4, {{"sip:a@h", "Ann", {{"PJSIP/a-1", false}}}, {"sip:b@h", "Bob", {{"PJSIP/b-2", true}, {"PJSIP/b-5", false}}}, {"sip:d@h", "", {{"PJSIP/d-4", false}}}}};
        const std::string body = conference_info_body(view, &told);
        CPPUNIT_ASSERT_EQUAL(std::string("4"), found(body, "/c:conference-info[@state='partial']/@version"));
        CPPUNIT_ASSERT_EQUAL(std::string("3"), found(body, "//c:user-count"));
        CPPUNIT_ASSERT_EQUAL(std::string("0"), found(body, "count(//c:conference-description)"));
        CPPUNIT_ASSERT_EQUAL(std::string("4"), found(body, "count(//c:users[@state='partial']/c:user)"));
        CPPUNIT_ASSERT_EQUAL(std::string("0"), found(body, "count(//c:user[@entity='sip:a@h'])"));
        CPPUNIT_ASSERT_EQUAL(std::string("2"), found(body, "count(//c:user[@entity='sip:b@h' and @state='full']/c:endpoint)"));
        CPPUNIT_ASSERT_EQUAL(std::string("deleted"), found(body, "//c:user[@entity='sip:c@h']/@state"));
        CPPUNIT_ASSERT_EQUAL(std::string("full"), found(body, "//c:user[@entity='sip:d@h']/@state"));
        CPPUNIT_ASSERT_EQUAL(std::string("deleted"), found(body, "//c:user[@entity='sip:e@h']/@state"));
        CPPUNIT_ASSERT_EQUAL(std::string("0"), found(conference_info_body(view, &view.users), "count(//c:user)"));
    }

    void pidf_tells_basic_status_note_and_activity() {
        const auto check = [](PresenceStatus status, const std::string& basic, const std::string& note, const char* activity) {
            const std::string body = pidf_body({"sip:6001@pbx.example", "6001", status, {}});
            CPPUNIT_ASSERT_EQUAL(basic, found(body, "/p:presence/p:tuple/p:status/p:basic"));
            CPPUNIT_ASSERT_EQUAL(note, found(body, "/p:presence/p:note"));
            CPPUNIT_ASSERT_EQUAL(std::string(*activity ? "1" : "0"), found(body, "count(//ep:activities/ep:*)"));
            if (*activity) CPPUNIT_ASSERT_EQUAL(std::string(activity), found(body, "local-name(//ep:activities/ep:*)"));
            CPPUNIT_ASSERT_EQUAL(std::string("sip:6001@pbx.example"), found(body, "/p:presence/@entity"));
            CPPUNIT_ASSERT_EQUAL(std::string("sip:6001@pbx.example"), found(body, "/p:presence/p:tuple[@id='6001']/p:contact"));
        };
        check(PresenceStatus::open, "open", "Ready", "");
        check(PresenceStatus::on_the_phone, "open", "On the phone", "on-the-phone");
        check(PresenceStatus::ringing, "open", "Ringing", "on-the-phone");
        check(PresenceStatus::busy, "open", "Busy", "busy");
        check(PresenceStatus::on_hold, "open", "On hold", "on-the-phone");
        check(PresenceStatus::closed, "closed", "Unavailable", "away");
    }

    void what_a_person_says_comes_first() {
        PresenceView view{"sip:6001@pbx.example", "6001", PresenceStatus::open, "Back at 2 & happy"};
        view.away = true;
        CPPUNIT_ASSERT_EQUAL(std::string("Back at 2 & happy"), found(pidf_body(view), "/p:presence/p:note"));
        CPPUNIT_ASSERT_EQUAL(std::string("away"), found(pidf_body(view), "local-name(//ep:activities/ep:*)"));
        view.do_not_disturb = true;
        CPPUNIT_ASSERT_EQUAL(std::string("busy"), found(pidf_body(view), "local-name(//ep:activities/ep:*)"));
    }

    void xpidf_has_its_own_words() {
        const std::string body = xpidf_body({"sip:6001@pbx.example", "6001", PresenceStatus::on_the_phone, {}});
        CPPUNIT_ASSERT_EQUAL(std::string("inuse"), found(body, "/presence/atom/address/status/@status"));
        CPPUNIT_ASSERT_EQUAL(std::string("onthephone"), found(body, "//msnsubstatus/@substatus"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:6001@pbx.example;method=SUBSCRIBE"), found(body, "/presence/presentity/@uri"));
    }

    void dialog_info_names_the_dialog_to_take_over() {
        DialogView view;
        view.id = "6001";
        view.state = DialogView::State::early;
        view.direction = DialogView::Direction::recipient;
        view.call_id = "c1";
        view.local_tag = "phone";
        view.remote_tag = "ours";
        view.remote = {"Alice \"A\" <x>", "sip:6002@pbx.example"};
        view.local = {{}, "sip:6001@pbx.example"};
        const std::string body = dialog_info_body("sip:6001@pbx.example", 7, {&view, 1});
        CPPUNIT_ASSERT_EQUAL(std::string("7"), found(body, "/d:dialog-info/@version"));
        CPPUNIT_ASSERT_EQUAL(std::string("full"), found(body, "/d:dialog-info/@state"));
        const char* const dialog = "/d:dialog-info/d:dialog[@id='6001' and @direction='recipient' and @call-id='c1' and @local-tag='phone' and @remote-tag='ours']";
        CPPUNIT_ASSERT_EQUAL(std::string("early"), found(body, (std::string(dialog) + "/d:state").c_str()));
        CPPUNIT_ASSERT_EQUAL(std::string("Alice \"A\" <x>"), found(body, "//d:remote/d:identity/@display"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:6002@pbx.example"), found(body, "//d:remote/d:identity"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:6002@pbx.example"), found(body, "//d:remote/d:target/@uri"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:6001@pbx.example"), found(body, "//d:local/d:identity"));
    }

    void dialog_info_without_a_call_has_no_direction() {
        DialogView view;
        view.id = "6001";
        view.state = DialogView::State::confirmed;
        view.on_hold = true;
        const std::string body = dialog_info_body("sip:6001@h", 0, {&view, 1});
        CPPUNIT_ASSERT_EQUAL(std::string("1"), found(body, "count(//d:dialog/@*)"));
        CPPUNIT_ASSERT_EQUAL(std::string("confirmed"), found(body, "//d:state"));
        CPPUNIT_ASSERT_EQUAL(std::string("no"), found(body, "//d:local/d:target/d:param[@pname='+sip.rendering']/@pvalue"));
        CPPUNIT_ASSERT_EQUAL(std::string("0"), found(dialog_info_body("sip:6001@h", 0, {}), "count(//d:dialog)"));
    }

    void message_summary_counts() {
        CPPUNIT_ASSERT_EQUAL(std::string("Messages-Waiting: yes\r\nMessage-Account: sip:*97@pbx\r\nVoice-Message: 2/8 (1/0)\r\n"),
                             message_summary_body({2, 8, 1, 0}, "sip:*97@pbx"));
        CPPUNIT_ASSERT_EQUAL(std::string("Messages-Waiting: no\r\nVoice-Message: 0/3 (0/0)\r\n"), message_summary_body({0, 3, 0, 0}, ""));
    }

    void message_summaries_are_read() {
        const auto check = [](std::string_view body, std::uint32_t fresh, std::uint32_t old, std::uint32_t urgent_fresh, std::uint32_t urgent_old) {
            const auto read = parse_message_summary(body);
            CPPUNIT_ASSERT_MESSAGE(std::string(body), read && read->fresh == fresh && read->old == old && read->urgent_fresh == urgent_fresh && read->urgent_old == urgent_old);
        };
        check(message_summary_body({2, 8, 1, 4}, "sip:a@b"), 2, 8, 1, 4);
        check("messages-waiting: yes\nVOICE-MESSAGE: 3 / 4\n", 3, 4, 0, 0);
        check("Messages-Waiting: yes\r\nFax-Message: 7/7\r\n", 1, 0, 0, 0);
        check("Messages-Waiting: no", 0, 0, 0, 0);
        check("Messages-Waiting: no\r\nVoice-Message: 1/x (\r\nVoice-Message: 5/6 (1\r\n", 5, 6, 0, 0);
        for (const char* const wrong : {"", "Voice-Message: /", "Voice-Message: 99999999999/1", "Messages-Waiting: perhaps"}) CPPUNIT_ASSERT(!parse_message_summary(wrong));
    }

    void hostile_text_stays_text() {
        const std::string nasty("a<b>&\"'\x01\xff\xc0\xaf\xed\xa0\x80\xef\xbf\xbf]]>\xc3\xa9", 22);
        const std::string body = pidf_body({"sip:" + nasty + "@h", nasty, PresenceStatus::open, nasty});
        const std::string bad = "\xef\xbf\xbd";
        const std::string wanted = "a<b>&\"'" + bad + bad + bad + bad + bad + bad + bad + bad + bad + bad + "]]>\xc3\xa9";
        CPPUNIT_ASSERT_EQUAL(wanted, found(body, "/p:presence/p:note"));
        CPPUNIT_ASSERT_EQUAL(wanted, found(body, "/p:presence/p:tuple/@id"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(EventBodiesTest);

}  // namespace
