// Globally routable URIs of user agents.
#include "channels/sip/stack/gruu.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield::sip;

namespace {

constexpr std::string_view phone = "\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";

class GruuTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GruuTest);
    CPPUNIT_TEST(a_public_one_names_address_and_instance);
    CPPUNIT_TEST(temporary_ones_lead_to_their_instance_and_have_nothing_in_common);
    CPPUNIT_TEST(they_end_with_their_call_id_and_with_the_registration);
    CPPUNIT_TEST(forged_ones_lead_nowhere);
    CPPUNIT_TEST_SUITE_END();

    TemporaryGruus given{{1, 2, 3, 4}};

  public:
    void a_public_one_names_address_and_instance() {
        const auto aor = parse_uri("sip:alice@example.com:5070");
        CPPUNIT_ASSERT(aor);
        const std::string gruu = public_gruu(*aor, phone);
        CPPUNIT_ASSERT_EQUAL(std::string("sip:alice@example.com:5070;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), gruu);
        CPPUNIT_ASSERT_EQUAL(std::string(phone), instance_of_gruu(*parse_uri(gruu)));
        CPPUNIT_ASSERT_EQUAL(std::string(), public_gruu(*aor, "\"mine\""));
        CPPUNIT_ASSERT_EQUAL(std::string(), instance_of_gruu(*parse_uri("sip:alice@example.com;gr")));
        CPPUNIT_ASSERT_EQUAL(std::string("\"<urn:x:a;b>\""), instance_of_gruu(*parse_uri(public_gruu(*aor, "\"<urn:x:a;b>\""))));
    }
    void temporary_ones_lead_to_their_instance_and_have_nothing_in_common() {
        const std::string first = given.issue("alice", phone, "c1"), second = given.issue("alice", phone, "c1");
        for (const std::string& each : {first, second}) {
            const auto* found = given.find(each);
            CPPUNIT_ASSERT(found && found->aor == "alice" && found->instance == phone);
        }
        CPPUNIT_ASSERT(first.substr(0, 14) != second.substr(0, 14));
        CPPUNIT_ASSERT(first.find("alice") == std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), given.size());
    }
    void they_end_with_their_call_id_and_with_the_registration() {
        const std::string before = given.issue("alice", phone, "c1"), after = given.issue("alice", phone, "c2");
        CPPUNIT_ASSERT(!given.find(before) && given.find(after));
        given.forget("alice", phone);
        given.forget("bob", phone);
        CPPUNIT_ASSERT(!given.find(after));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), given.size());
    }
    void forged_ones_lead_nowhere() {
        std::string user = given.issue("alice", phone, "c1");
        CPPUNIT_ASSERT(!given.find("alice") && !given.find("tgruu.") && !given.find(user + "0") && !given.find("tgruu.zz" + user.substr(8)));
        user.back() = user.back() == '0' ? '1' : '0';
        CPPUNIT_ASSERT(!given.find(user));
        TemporaryGruus other{{9}};
        CPPUNIT_ASSERT(!other.find(given.issue("alice", phone, "c1")));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(GruuTest);

}  // namespace
