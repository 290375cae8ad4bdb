// The messages of RFC 4475 and of RFC 5118 (IPv6), each with the verdict that its section asks for (or allows).
#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>

#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/sdp.hpp"

using namespace jackfield::sip;

namespace {

std::string read(const std::string& name, const std::string& folder = "rfc4475") {
    std::ifstream file(std::string(JF_TEST_DATA "/") + folder + "/" + name + ".dat", std::ios::binary);
    CPPUNIT_ASSERT_MESSAGE(name + ".dat is missing", file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Expected {
    const char* name;
    Verdict verdict;
    int status;
    std::string_view reason;
};

constexpr Expected table[] = {
    // 3.1.1: valid
    {"wsinv", Verdict::accept, 0, ""},
    {"intmeth", Verdict::accept, 0, ""},
    {"esc01", Verdict::accept, 0, ""},
    {"escnull", Verdict::accept, 0, ""},
    {"esc02", Verdict::accept, 0, ""},
    {"lwsdisp", Verdict::accept, 0, ""},
    {"longreq", Verdict::accept, 0, ""},
    {"dblreq", Verdict::accept, 0, ""},
    {"semiuri", Verdict::accept, 0, ""},
    {"transports", Verdict::accept, 0, ""},
    {"mpart01", Verdict::accept, 0, ""},
    {"unreason", Verdict::accept, 0, ""},
    {"noreason", Verdict::accept, 0, ""},
    // 3.1.2: malformed
    {"badinv01", Verdict::reject, 400, "Malformed Via"},
    {"clerr", Verdict::reject, 400, "Content-Length larger than the message"},
    {"ncl", Verdict::reject, 400, "Malformed Content-Length"},
    {"scalar02", Verdict::reject, 400, "Malformed CSeq"},
    {"scalarlg", Verdict::drop, 0, "Malformed CSeq"},
    {"quotbal", Verdict::reject, 400, "Malformed To"},
    {"ltgtruri", Verdict::reject, 400, "Malformed Request-URI"},
    {"lwsruri", Verdict::reject, 400, "Malformed Request-URI"},
    {"lwsstart", Verdict::reject, 400, "Malformed Request-URI"},
    {"trws", Verdict::reject, 400, "Malformed Request-Line"},
    {"escruri", Verdict::reject, 400, "Headers in Request-URI"},
    {"baddate", Verdict::accept, 0, ""},   // the Date is ignored
    {"regbadct", Verdict::accept, 0, ""},  // the registrar refuses the Contact
    {"badaspec", Verdict::accept, 0, ""},  // may be understood
    {"baddn", Verdict::reject, 400, "No empty line after the header"},
    {"badvers", Verdict::reject, 505, "Version Not Supported"},
    {"mismatch01", Verdict::reject, 400, "CSeq method does not match"},
    {"mismatch02", Verdict::reject, 400, "CSeq method does not match"},
    {"bigcode", Verdict::drop, 0, "Not a SIP message"},
    // 3.2 and 3.3: above the parser
    {"badbranch", Verdict::accept, 0, ""},  // matched as RFC 2543 does
    {"insuf", Verdict::reject, 400, "Missing Call-ID"},
    {"unkscm", Verdict::accept, 0, ""},
    {"novelsc", Verdict::accept, 0, ""},
    {"unksm2", Verdict::accept, 0, ""},
    {"bext01", Verdict::accept, 0, ""},
    {"invut", Verdict::accept, 0, ""},
    {"regaut01", Verdict::accept, 0, ""},
    {"multi01", Verdict::reject, 400, "Several CSeqs"},
    {"mcl01", Verdict::reject, 400, "Several Content-Lengths"},
    {"bcast", Verdict::drop, 0, "Several Vias in a response"},
    {"zeromf", Verdict::accept, 0, ""},
    {"cparam01", Verdict::accept, 0, ""},
    {"cparam02", Verdict::accept, 0, ""},
    {"regescrt", Verdict::accept, 0, ""},
    {"sdp01", Verdict::accept, 0, ""},
    {"inv2543", Verdict::accept, 0, ""},  // 3.4
};

constexpr Expected ipv6_table[] = {
    {"ipv6-good", Verdict::accept, 0, ""},                           // 4.1
    {"ipv6-bad", Verdict::reject, 400, "Malformed Request-URI"},     // 4.2: no brackets
    {"port-ambiguous", Verdict::accept, 0, ""},                      // 4.3: 5070 belongs to the address
    {"port-unambiguous", Verdict::accept, 0, ""},                    // 4.4
    {"via-received-param-with-delim", Verdict::accept, 0, ""},       // 4.5: both forms are in use
    {"via-received-param-no-delim", Verdict::accept, 0, ""},
    {"ipv6-in-sdp", Verdict::accept, 0, ""},                         // 4.6
    {"mult-ip-in-header", Verdict::accept, 0, ""},                   // 4.7
    {"mult-ip-in-sdp", Verdict::accept, 0, ""},                      // 4.8
    {"ipv4-mapped-ipv6", Verdict::accept, 0, ""},                    // 4.9
    {"ipv6-bug-abnf-3-colons", Verdict::accept, 0, ""},              // 4.10: what RFC 3261's grammar made some write
};

Message accepted(const std::string& name, const std::string& folder = "rfc4475") {
    ParseResult result = parse_message(read(name, folder));
    CPPUNIT_ASSERT_MESSAGE(name + ": " + std::string(result.reason), result.verdict == Verdict::accept);
    return std::move(result.message);
}

class TortureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TortureTest);
    CPPUNIT_TEST(every_message_gets_its_verdict);
    CPPUNIT_TEST(no_message_of_the_rfc_is_left_out);
    CPPUNIT_TEST(every_message_of_rfc_5118_gets_its_verdict);
    CPPUNIT_TEST(ipv6_addresses_are_told_from_ports);
    CPPUNIT_TEST(wsinv_is_read_to_the_last_parameter);
    CPPUNIT_TEST(intmeth_keeps_odd_characters);
    CPPUNIT_TEST(escapes_are_undone_only_where_they_mean_something);
    CPPUNIT_TEST(longreq_is_read_whole);
    CPPUNIT_TEST(dblreq_ignores_what_follows_in_a_packet);
    CPPUNIT_TEST(old_requests_have_neither_branch_nor_tag);
    CPPUNIT_TEST(rejected_requests_can_be_answered);
    CPPUNIT_TEST(every_prefix_is_survived);
    CPPUNIT_TEST_SUITE_END();

  public:
    static void check(std::span<const Expected> expectations, const std::string& folder) {
        std::set<std::string> listed, there;
        for (const Expected& expected : expectations) {
            const ParseResult result = parse_message(read(expected.name, folder));
            const std::string what = std::string(expected.name) + ": " + std::string(result.reason);
            CPPUNIT_ASSERT_MESSAGE(what, result.verdict == expected.verdict);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, expected.status, result.status);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string(expected.reason), std::string(result.reason));
            listed.insert(expected.name);
        }
        for (const auto& entry : std::filesystem::directory_iterator(JF_TEST_DATA "/" + folder)) there.insert(entry.path().stem().string());
        CPPUNIT_ASSERT(listed == there);
    }

    void every_message_gets_its_verdict() { check(table, "rfc4475"); }
    void no_message_of_the_rfc_is_left_out() {
        CPPUNIT_ASSERT_EQUAL(std::size_t(49), std::size(table));  // as many as RFC 4475 has
        CPPUNIT_ASSERT_EQUAL(std::size_t(11), std::size(ipv6_table));
    }
    void every_message_of_rfc_5118_gets_its_verdict() { check(ipv6_table, "rfc5118"); }

    void ipv6_addresses_are_told_from_ports() {
        const auto uri_of = [](const std::string& name) {
            const Message message = accepted(name, "rfc5118");
            return std::string(message.request_uri().bare_host()) + " " + std::to_string(message.request_uri().port);
        };
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::10 0"), uri_of("ipv6-good"));
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::10:5070 0"), uri_of("port-ambiguous"));
        CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::10 5070"), uri_of("port-unambiguous"));
        for (const char* name : {"via-received-param-with-delim", "via-received-param-no-delim"}) {
            const Message message = accepted(name, "rfc5118");
            CPPUNIT_ASSERT_EQUAL(std::string("[2001:db8::9:1]"), std::string(message.top_via().host));
            CPPUNIT_ASSERT(message.top_via().received.find("2001:db8::9:255") != std::string_view::npos);
        }
        int vias = 0;
        const Message several = accepted("mult-ip-in-header", "rfc5118");
        for (Message::Values values(several, HeaderName::via); values.next(); ++vias) CPPUNIT_ASSERT(parse_via(values.item).has_value());
        CPPUNIT_ASSERT_EQUAL(3, vias);
        for (const char* name : {"ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"}) {
            const Message message = accepted(name, "rfc5118");
            CPPUNIT_ASSERT_MESSAGE(name, parse_sdp(message.body()).has_value());
        }
        const Message mixed = accepted("mult-ip-in-sdp", "rfc5118");
        const auto sdp = parse_sdp(mixed.body());
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), sdp->media.size());
    }

    void wsinv_is_read_to_the_last_parameter() {
        const Message message = accepted("wsinv");
        CPPUNIT_ASSERT(message.method() == Method::invite);
        CPPUNIT_ASSERT_EQUAL(68u, message.max_forwards());
        CPPUNIT_ASSERT_EQUAL(9u, message.cseq().number);
        CPPUNIT_ASSERT(message.to_tag() == "1918181833n");
        CPPUNIT_ASSERT(message.from_tag() == "98asjd8");
        CPPUNIT_ASSERT_EQUAL(std::string("J Rosenberg \\\""), message.from().display_name());
        CPPUNIT_ASSERT(message.top_via().branch == "390skdjuw");
        CPPUNIT_ASSERT(message.top_via().host == "192.0.2.2");
        CPPUNIT_ASSERT(message.has(HeaderName::subject) && message.header(HeaderName::subject).empty());
        int vias = 0;
        std::string last;
        for (Message::Values values(message, HeaderName::via); values.next(); ++vias)
            last = std::string(parse_via(values.item).value().branch);
        CPPUNIT_ASSERT_EQUAL(3, vias);
        CPPUNIT_ASSERT_EQUAL(std::string("z9hG4bK30239"), last);
        const auto contact = parse_contact(message.header(HeaderName::contact));
        CPPUNIT_ASSERT(contact.has_value());
        CPPUNIT_ASSERT_EQUAL(330, int(contact->q));
        CPPUNIT_ASSERT(contact->address.parameters.value("newparam") == "newvalue");
        CPPUNIT_ASSERT_EQUAL(std::size_t(150), message.body().size());
        CPPUNIT_ASSERT(message.header("newfangledheader").starts_with("newfangled value"));
    }

    void intmeth_keeps_odd_characters() {
        const Message message = accepted("intmeth");
        CPPUNIT_ASSERT(message.method() == Method::unknown);
        CPPUNIT_ASSERT(message.method_name() == "!interesting-Method0123456789_*+`.%indeed'~");
        CPPUNIT_ASSERT(message.to().display_name().find('\0') != std::string::npos);
        CPPUNIT_ASSERT(message.from_tag() == "_token~1'+`*%!-.");
        CPPUNIT_ASSERT(message.request_uri().host == "example.com");
        CPPUNIT_ASSERT_EQUAL(255u, message.max_forwards());
    }

    void escapes_are_undone_only_where_they_mean_something() {
        CPPUNIT_ASSERT_EQUAL(std::string("sips:user@example.com"), accepted("esc01").request_uri().decoded_user());
        CPPUNIT_ASSERT_EQUAL(std::string("user"), accepted("esc01").to().uri.decoded_user());
        const Message escaped = accepted("esc02");
        CPPUNIT_ASSERT(escaped.method() == Method::unknown);
        int contacts = 0;
        for (Message::Values values(escaped, HeaderName::contact); values.next();) ++contacts;
        CPPUNIT_ASSERT_EQUAL(2, contacts);
        CPPUNIT_ASSERT_EQUAL(std::size_t(11), accepted("escnull").to().uri.decoded_user().size());
    }

    void longreq_is_read_whole() {
        const Message message = accepted("longreq");
        int vias = 0;
        for (Message::Values values(message, HeaderName::via); values.next();) ++vias;
        CPPUNIT_ASSERT_EQUAL(34, vias);
        CPPUNIT_ASSERT(message.field_count() > 24);
        CPPUNIT_ASSERT_EQUAL(std::size_t(150), message.body().size());
    }

    void dblreq_ignores_what_follows_in_a_packet() {
        const Message message = accepted("dblreq");
        CPPUNIT_ASSERT(message.method() == Method::register_);
        CPPUNIT_ASSERT(message.body().empty());
    }

    void old_requests_have_neither_branch_nor_tag() {
        const Message message = accepted("inv2543");
        CPPUNIT_ASSERT(message.top_via().branch.empty());
        CPPUNIT_ASSERT(message.from_tag().empty());
        CPPUNIT_ASSERT(!message.body().empty());
        CPPUNIT_ASSERT(!accepted("badbranch").top_via().has_magic_branch());
    }

    void rejected_requests_can_be_answered() {
        const ParseResult result = parse_message(read("quotbal"));
        CPPUNIT_ASSERT(result.message.has(HeaderName::to));
        CPPUNIT_ASSERT(result.message.top_via().branch == "z9hG4bKkdjuw39234");
        CPPUNIT_ASSERT(result.message.call_id() == "quotbal.aksdj");
    }

    // Nothing to assert but that it returns: run under the sanitizers.
    void every_prefix_is_survived() {
        std::size_t answered = 0;
        for (const Expected& expected : table) answered += survive_prefixes(read(expected.name));
        for (const Expected& expected : ipv6_table) answered += survive_prefixes(read(expected.name, "rfc5118"));
        CPPUNIT_ASSERT(answered > 1000);
    }
    static std::size_t survive_prefixes(const std::string& whole) {
        std::size_t answered = 0;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const std::unique_ptr<char[]> exact(new char[size]);
            std::copy_n(whole.data(), size, exact.get());
            const ParseResult result = parse_message({exact.get(), size});
            answered += result.verdict == Verdict::reject;
            if (result.verdict == Verdict::accept) CPPUNIT_ASSERT(!result.message.call_id().empty());
        }
        return answered;
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TortureTest);

}  // namespace
