// Dialogs: identities, routes, numbers.
#include "channels/sip/stack/dialog.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

Message message(std::string_view start, std::string_view extra, std::string_view cseq = "5 INVITE",
                std::string_view to_tag = {}) {
    ParseResult result = parse_message(
        std::string(start) + "\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nTo: \"Bob\" <sip:6002@192.0.2.1>" +
        (to_tag.empty() ? "" : ";tag=" + std::string(to_tag)) + "\r\nFrom: Alice <sip:6001@192.0.2.1>;tag=f;x=y\r\n" +
        "Call-ID: c\r\nCSeq: " + std::string(cseq) + "\r\n" + std::string(extra) + "Content-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT_MESSAGE(std::string(result.reason), result.verdict == Verdict::accept);
    return std::move(result.message);
}

Message invite(std::string_view extra = "Contact: <sip:alice@192.0.2.9:5070;x=1>\r\n") {
    return message("INVITE sip:6002@192.0.2.1 SIP/2.0", extra);
}

Message begun(const Dialog& dialog, std::string_view method, std::uint32_t cseq) {
    std::string text;
    MessageWriter writer(text);
    dialog.begin_request(writer, method, cseq, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKme");
    writer.finish();
    ParseResult result = parse_message(text);
    CPPUNIT_ASSERT_MESSAGE(text, result.verdict == Verdict::accept);
    return std::move(result.message);
}

class DialogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DialogTest);
    CPPUNIT_TEST(a_request_makes_a_dialog);
    CPPUNIT_TEST(a_response_makes_a_dialog_with_the_routes_turned_round);
    CPPUNIT_TEST(a_success_takes_the_routes_anew);
    CPPUNIT_TEST(strict_routers_get_what_they_understand);
    CPPUNIT_TEST(without_contact_there_is_no_dialog);
    CPPUNIT_TEST(requests_out_of_order_are_refused);
    CPPUNIT_TEST(targets_are_refreshed);
    CPPUNIT_TEST(the_table_finds_a_message_s_dialog);
    CPPUNIT_TEST(forks_are_different_dialogs);
    CPPUNIT_TEST(old_clients_without_tag_have_dialogs_too);
    CPPUNIT_TEST_SUITE_END();

  public:
    void a_request_makes_a_dialog() {
        auto dialog = Dialog::from_request(invite("Record-Route: <sip:p2;lr>\r\nRecord-Route: <sip:p1;lr>\r\nContact: "
                                                  "<sip:alice@192.0.2.9:5070;x=1>\r\n"),
                                           "mine");
        CPPUNIT_ASSERT(dialog.has_value());
        CPPUNIT_ASSERT(dialog->role() == Dialog::Role::uas && dialog->state() == Dialog::State::early);
        CPPUNIT_ASSERT(dialog->next_hop() == "sip:p2;lr");
        const Message bye = begun(*dialog, "BYE", dialog->next_cseq());
        CPPUNIT_ASSERT(bye.request_uri().text == "sip:alice@192.0.2.9:5070;x=1");
        CPPUNIT_ASSERT(bye.from_tag() == "mine" && bye.to_tag() == "f");
        CPPUNIT_ASSERT(bye.from().uri.user == "6002" && bye.from().display_name() == "Bob");
        CPPUNIT_ASSERT(bye.to().display_name() == "Alice");
        CPPUNIT_ASSERT(bye.call_id() == "c");
        CPPUNIT_ASSERT_EQUAL(dialog->local_cseq(), bye.cseq().number);
        Message::Values routes(bye, HeaderName::route);
        CPPUNIT_ASSERT(routes.next() && routes.item == "<sip:p2;lr>");
        CPPUNIT_ASSERT(routes.next() && routes.item == "<sip:p1;lr>");
        CPPUNIT_ASSERT(!routes.next());
    }

    void a_response_makes_a_dialog_with_the_routes_turned_round() {
        auto dialog = Dialog::from_response(message("SIP/2.0 180 Ringing",
                                                    "Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\nContact: sip:bob@h\r\n",
                                                    "5 INVITE", "t"));
        CPPUNIT_ASSERT(dialog.has_value());
        CPPUNIT_ASSERT(dialog->role() == Dialog::Role::uac && dialog->state() == Dialog::State::early);
        CPPUNIT_ASSERT(dialog->next_hop() == "sip:p1;lr");
        CPPUNIT_ASSERT_EQUAL(6u, dialog->next_cseq());
        const Message ack = begun(*dialog, "ACK", 5);
        CPPUNIT_ASSERT(ack.request_uri().text == "sip:bob@h");
        CPPUNIT_ASSERT(ack.from_tag() == "f" && ack.to_tag() == "t");
    }

    void a_success_takes_the_routes_anew() {
        auto dialog = Dialog::from_response(
            message("SIP/2.0 180 R", "Record-Route: <sip:p1;lr>\r\nContact: sip:bob@h\r\n", "5 INVITE", "t"));
        dialog->confirm(message("SIP/2.0 200 OK", "Contact: <sip:bob@new>\r\n", "5 INVITE", "t"));
        CPPUNIT_ASSERT(dialog->state() == Dialog::State::confirmed);
        CPPUNIT_ASSERT(dialog->route_set().empty());
        CPPUNIT_ASSERT(dialog->next_hop() == "sip:bob@new");
    }

    void strict_routers_get_what_they_understand() {
        auto dialog = Dialog::from_request(
            invite("Record-Route: <sip:old.example.com>, <sip:p1;lr>\r\nContact: <sip:alice@h>\r\n"), "mine");
        const Message bye = begun(*dialog, "BYE", 1);
        CPPUNIT_ASSERT(bye.request_uri().text == "sip:old.example.com");
        Message::Values routes(bye, HeaderName::route);
        CPPUNIT_ASSERT(routes.next() && routes.item == "<sip:p1;lr>");
        CPPUNIT_ASSERT(routes.next() && routes.item == "<sip:alice@h>");
        CPPUNIT_ASSERT(dialog->next_hop() == "sip:old.example.com");
    }

    void without_contact_there_is_no_dialog() {
        for (const std::string_view extra : {"", "Contact: *\r\n", "Contact: <tel:1>\r\n", "Contact: \"x <sip:a@b>\r\n",
                                             "Contact: <sip:a@b>\r\nRecord-Route: nonsense\r\n"})
            CPPUNIT_ASSERT_MESSAGE(std::string(extra), !Dialog::from_request(invite(extra), "mine").has_value());
        // A 180 may lack it, a 200 may not.
        CPPUNIT_ASSERT(Dialog::from_response(message("SIP/2.0 180 R", "", "5 INVITE", "t")).has_value());
        CPPUNIT_ASSERT(!Dialog::from_response(message("SIP/2.0 200 R", "", "5 INVITE", "t")).has_value());
        std::string many = "Contact: <sip:a@b>\r\n";
        for (int i = 0; i < 33; ++i) many += "Record-Route: <sip:p;lr>\r\n";
        CPPUNIT_ASSERT(!Dialog::from_request(invite(many), "mine").has_value());
    }

    void requests_out_of_order_are_refused() {
        auto dialog = Dialog::from_request(invite(), "mine");
        const auto request = [](std::string_view cseq) { return message("INFO sip:x SIP/2.0", "", cseq); };
        CPPUNIT_ASSERT(dialog->accept_cseq(request("6 INFO")));
        CPPUNIT_ASSERT(dialog->accept_cseq(request("9 INFO")));
        CPPUNIT_ASSERT(!dialog->accept_cseq(request("8 INFO")));
        CPPUNIT_ASSERT_EQUAL(9u, dialog->remote_cseq());
    }

    void targets_are_refreshed() {
        auto dialog = Dialog::from_request(invite(), "mine");
        dialog->refresh_target(invite("Contact: <sip:alice@moved>\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:alice@moved"), dialog->remote_target());
        dialog->refresh_target(invite(""));
        CPPUNIT_ASSERT_EQUAL(std::string("sip:alice@moved"), dialog->remote_target());
    }

    void the_table_finds_a_message_s_dialog() {
        DialogTable table;
        {
            Dialog dialog = std::move(*Dialog::from_request(invite(), "mine"));
            table.insert(dialog);
            CPPUNIT_ASSERT(table.find(message("BYE sip:x SIP/2.0", "", "6 BYE", "mine")) == &dialog);
            CPPUNIT_ASSERT(table.find(message("BYE sip:x SIP/2.0", "", "6 BYE", "other")) == nullptr);
            CPPUNIT_ASSERT(table.find(message("BYE sip:x SIP/2.0", "", "6 BYE")) == nullptr);
            CPPUNIT_ASSERT(table.find("c", "mine", "f") == &dialog);
            CPPUNIT_ASSERT(table.find("c", "f", "mine") == nullptr);
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), table.size());
        std::optional<Dialog> survivor = std::move(*Dialog::from_request(invite(), "mine"));
        {
            DialogTable brief;
            brief.insert(*survivor);
        }
        survivor.reset();
    }

    void forks_are_different_dialogs() {
        DialogTable table;
        std::deque<Dialog> forks;
        for (const std::string_view tag : {"a", "b", "d"})
            table.insert(forks.emplace_back(
                std::move(*Dialog::from_response(message("SIP/2.0 180 R", "Contact: sip:b@h\r\n", "5 INVITE", tag)))));
        CPPUNIT_ASSERT(table.find(message("SIP/2.0 200 OK", "", "5 INVITE", "b")) == &forks[1]);
    }

    void old_clients_without_tag_have_dialogs_too() {
        ParseResult old = parse_message(
            "INVITE sip:x@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@b>\r\nTo: <sip:x@h>\r\nCall-ID: c\r\n"
            "CSeq: 1 INVITE\r\nContact: <sip:a@b>\r\n\r\n");
        auto dialog = Dialog::from_request(old.message, "mine");
        CPPUNIT_ASSERT(dialog.has_value());
        CPPUNIT_ASSERT(begun(*dialog, "BYE", 1).to_tag().empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DialogTest);

}  // namespace
