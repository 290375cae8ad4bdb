// Header names and values.
#include "channels/sip/stack/headers.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

#include "core/base/strings.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

std::vector<std::string> items(std::string_view list) {
    std::vector<std::string> found;
    for (std::string_view item; next_list_item(list, item);) found.emplace_back(item);
    return found;
}

class HeadersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HeadersTest);
    CPPUNIT_TEST(finds_every_header_by_its_own_name);
    CPPUNIT_TEST(finds_compact_forms);
    CPPUNIT_TEST(tells_methods_by_case);
    CPPUNIT_TEST(splits_lists_outside_quotes_and_angles);
    CPPUNIT_TEST(reads_vias_with_blanks_everywhere);
    CPPUNIT_TEST(refuses_malformed_vias);
    CPPUNIT_TEST(reads_name_addresses);
    CPPUNIT_TEST(refuses_malformed_name_addresses);
    CPPUNIT_TEST(gives_parameters_without_angles_to_the_header);
    CPPUNIT_TEST(reads_contacts);
    CPPUNIT_TEST(clamps_absurd_numbers);
    CPPUNIT_TEST(reads_dialog_references);
    CPPUNIT_TEST(reads_session_expires_rack_and_reason);
    CPPUNIT_TEST(reads_and_writes_dates);
    CPPUNIT_TEST(quotes_and_unquotes);
    CPPUNIT_TEST_SUITE_END();

  public:
    void finds_every_header_by_its_own_name() {
        for (std::size_t i = 1; i < header_name_count; ++i) {
            const auto name = static_cast<HeaderName>(i);
            CPPUNIT_ASSERT_MESSAGE(std::string(to_string(name)), !to_string(name).empty());
            CPPUNIT_ASSERT_MESSAGE(std::string(to_string(name)), find_header_name(to_string(name)) == name);
            CPPUNIT_ASSERT(find_header_name(to_upper(to_string(name))) == name);
            CPPUNIT_ASSERT(find_header_name(std::string(to_string(name)) + "x") == HeaderName::unknown);
        }
        CPPUNIT_ASSERT(to_string(HeaderName::www_authenticate) == "WWW-Authenticate");
        CPPUNIT_ASSERT(to_string(HeaderName::session_expires) == "Session-Expires");
        CPPUNIT_ASSERT(to_string(HeaderName::from) == "From");
        CPPUNIT_ASSERT(find_header_name("") == HeaderName::unknown);
        CPPUNIT_ASSERT(find_header_name(std::string(300, 'a')) == HeaderName::unknown);
    }

    void finds_compact_forms() {
        CPPUNIT_ASSERT(find_header_name("v") == HeaderName::via);
        CPPUNIT_ASSERT(find_header_name("I") == HeaderName::call_id);
        CPPUNIT_ASSERT(find_header_name("m") == HeaderName::contact);
        CPPUNIT_ASSERT(find_header_name("x") == HeaderName::session_expires);
        CPPUNIT_ASSERT(find_header_name("q") == HeaderName::unknown);
    }

    void tells_methods_by_case() {
        CPPUNIT_ASSERT(find_method("REGISTER") == Method::register_);
        CPPUNIT_ASSERT(find_method("register") == Method::unknown);
        CPPUNIT_ASSERT(to_string(Method::update) == "UPDATE");
        CPPUNIT_ASSERT(find_method("") == Method::unknown);
    }

    void splits_lists_outside_quotes_and_angles() {
        const std::vector<std::string> expected = {"\"a, \\\"b\" <sip:x,y@z>", "sip:c@d", "e"};
        CPPUNIT_ASSERT(items(" \"a, \\\"b\" <sip:x,y@z>, sip:c@d,, e ") == expected);
        CPPUNIT_ASSERT(items("").empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), items("\"unclosed, a, b").size());
    }

    void reads_vias_with_blanks_everywhere() {
        const auto via = parse_via("SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8  ");
        CPPUNIT_ASSERT(via.has_value());
        CPPUNIT_ASSERT(via->transport == "TCP");
        CPPUNIT_ASSERT(via->host == "spindle.example.com");
        CPPUNIT_ASSERT(via->branch == "z9hG4bK9ikj8");
        CPPUNIT_ASSERT(via->has_magic_branch());
        CPPUNIT_ASSERT(!via->has_rport);
        const auto other = parse_via("SIP/2.0/UDP [2001:db8::9]:5070;received=192.0.2.1;rport=5071;branch=z9hG4bK");
        CPPUNIT_ASSERT(other.has_value());
        CPPUNIT_ASSERT(other->host == "[2001:db8::9]");
        CPPUNIT_ASSERT_EQUAL(5070, int(other->port));
        CPPUNIT_ASSERT(other->received == "192.0.2.1");
        CPPUNIT_ASSERT(other->has_rport);
        CPPUNIT_ASSERT_EQUAL(5071, int(other->rport));
        CPPUNIT_ASSERT(!other->has_magic_branch());
    }

    void refuses_malformed_vias() {
        for (const std::string_view bad : {"", "SIP", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0/UDP ;branch=x",
                                           "SIP/2.0/UDP h:x", "SIP/2.0/UDP h:70000", "SIP/2.0/UDP h x",
                                           "SIP/2.0/UDP 192.0.2.15;;", "HTTP/2.0/UDP h", "SIP/2.0/UDP [::1;branch=x"})
            CPPUNIT_ASSERT_MESSAGE(std::string(bad), !parse_via(bad).has_value());
    }

    void reads_name_addresses() {
        const auto quoted =
            parse_name_address("\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>  ;  tag = 98asjd8");
        CPPUNIT_ASSERT(quoted.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("J Rosenberg \\\""), quoted->display_name());
        CPPUNIT_ASSERT(quoted->uri.user == "jdrosen");
        CPPUNIT_ASSERT(quoted->tag() == "98asjd8");
        const auto glued = parse_name_address("caller<sip:caller@example.com>;tag=323");
        CPPUNIT_ASSERT(glued.has_value() && glued->display_name() == "caller");
        // RFC 4475 3.1.2.14 and 3.1.2.15 may be understood.
        const auto comma = parse_name_address("Bell, Alexander <sip:a.g.bell@example.com>;tag=43");
        CPPUNIT_ASSERT(comma.has_value() && comma->display_name() == "Bell, Alexander");
        const auto blanks = parse_name_address("\"Watson, Thomas\" < sip:t.watson@example.org >");
        CPPUNIT_ASSERT(blanks.has_value() && blanks->uri.user == "t.watson");
    }

    void refuses_malformed_name_addresses() {
        for (const std::string_view bad :
             {"", "\"Mr. J. User <sip:j.user@example.com>", "<sip:a@b", "<>", "<sip:a@b> x", "<sip:a@b>;;;;",
              "\"Joe\" <sip:joe@example.org>;;", "sip:user@example.com?Route=%3Csip:sip.example.com%3E", "<sip:a@b>;=x",
              "<sip:a@b>;tag=a,b"})
            CPPUNIT_ASSERT_MESSAGE(std::string(bad), !parse_name_address(bad).has_value());
    }

    void gives_parameters_without_angles_to_the_header() {
        const auto bare = parse_name_address("sip:+19725552222@gw1.example.net;unknownparam");
        CPPUNIT_ASSERT(bare.has_value());
        CPPUNIT_ASSERT(bare->uri.parameters.empty());
        CPPUNIT_ASSERT(bare->parameters.has("unknownparam"));
        const auto semicolon = parse_name_address("sip:user;par=u%40example.net@example.com;tag=x");
        CPPUNIT_ASSERT(semicolon.has_value());
        CPPUNIT_ASSERT(semicolon->uri.user == "user;par=u%40example.net");
        CPPUNIT_ASSERT(semicolon->tag() == "x");
    }

    void reads_contacts() {
        const auto contact = parse_contact("\"Quoted \\\"\\\"\" <sip:j@example.com> ; q = 0.33 ; expires=60");
        CPPUNIT_ASSERT(contact.has_value());
        CPPUNIT_ASSERT_EQUAL(330, int(contact->q));
        CPPUNIT_ASSERT_EQUAL(60u, contact->expires.value());
        CPPUNIT_ASSERT(parse_contact(" * ")->wildcard);
        CPPUNIT_ASSERT(!parse_contact("<sip:a@b>").value().expires.has_value());
        CPPUNIT_ASSERT_EQUAL(3600u, parse_contact("<sip:a@b>;expires=soon")->expires.value());
        CPPUNIT_ASSERT(!parse_contact("<sip:a@b>;q=2").has_value());
        CPPUNIT_ASSERT(!parse_contact("<sip:a@b>;q=1.1").has_value());
        CPPUNIT_ASSERT(!parse_contact("sip:user@example.com?Route=%3Csip:sip.example.com%3E").has_value());
        CPPUNIT_ASSERT(parse_contact("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>").has_value());
    }

    void clamps_absurd_numbers() {
        CPPUNIT_ASSERT_EQUAL(0xffffffffu, parse_delta_seconds(std::string(100, '9')).value());
        CPPUNIT_ASSERT(!parse_delta_seconds("-1").has_value());
        CPPUNIT_ASSERT(!parse_delta_seconds("").has_value());
        CPPUNIT_ASSERT_EQUAL(18000l, long(parse_retry_after("18000;duration=3600 (in a meeting)")->count()));
        CPPUNIT_ASSERT(!parse_cseq("36893488147419103232 REGISTER").has_value());
        CPPUNIT_ASSERT(!parse_cseq("1").has_value());
        CPPUNIT_ASSERT(!parse_cseq("1 A B").has_value());
        CPPUNIT_ASSERT_EQUAL(9u, parse_cseq("0009   INVITE")->number);
    }

    void reads_dialog_references() {
        const auto replaces = parse_dialog_reference("12345@example.com;to-tag=a;from-tag=b;early-only");
        CPPUNIT_ASSERT(replaces.has_value());
        CPPUNIT_ASSERT(replaces->call_id == "12345@example.com");
        CPPUNIT_ASSERT(replaces->to_tag == "a" && replaces->from_tag == "b" && replaces->early_only);
        const auto target = parse_dialog_reference("x;local-tag=l;remote-tag=r");
        CPPUNIT_ASSERT(target.has_value() && target->from_tag == "l" && target->to_tag == "r");
        CPPUNIT_ASSERT(!parse_dialog_reference("12345@example.com;to-tag=a").has_value());
    }

    void reads_session_expires_rack_and_reason() {
        const auto session = parse_session_expires("1800;refresher=UAS");
        CPPUNIT_ASSERT(session.has_value() && session->refresher == Refresher::uas);
        CPPUNIT_ASSERT(session->interval == std::chrono::minutes(30));
        CPPUNIT_ASSERT(!parse_session_expires("x").has_value());
        const auto rack = parse_rack("776656 1 INVITE");
        CPPUNIT_ASSERT(rack.has_value() && rack->rseq == 776656 && rack->cseq.method == Method::invite);
        CPPUNIT_ASSERT(!parse_rack("1 INVITE").has_value());
        const Reason reason = parse_reason("Q.850 ;cause=16 ;text=\"Normal; clearing\"");
        CPPUNIT_ASSERT(reason.protocol == "Q.850" && reason.cause == 16u);
        CPPUNIT_ASSERT_EQUAL(std::string("Normal; clearing"), reason.text);
    }

    void reads_and_writes_dates() {
        const auto date = parse_date("Sat, 13 Nov 2010 23:29:00 GMT");
        CPPUNIT_ASSERT(date.has_value());
        CPPUNIT_ASSERT_EQUAL(1289690940l, long(date->time_since_epoch().count()));
        CPPUNIT_ASSERT_EQUAL(std::string("Sat, 13 Nov 2010 23:29:00 GMT"), format_date(*date));
        CPPUNIT_ASSERT(!parse_date("Fri, 01 Jan 2010 16:00:00 EST").has_value());
        CPPUNIT_ASSERT(!parse_date("Fri, 31 Feb 2010 16:00:00 GMT").has_value());
    }

    void quotes_and_unquotes() {
        CPPUNIT_ASSERT_EQUAL(std::string("\"a\\\"b\\\\c \""), quote("a\"b\\c\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("a\"b\\c"), unquote(" \"a\\\"b\\\\c\" "));
        CPPUNIT_ASSERT_EQUAL(std::string("plain"), unquote("plain"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HeadersTest);

}  // namespace
