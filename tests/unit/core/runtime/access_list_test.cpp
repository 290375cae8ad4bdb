// Lists of addresses.
#include "core/runtime/access_list.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;

namespace {

SocketAddress host_of(std::string_view text) { return SocketAddress::parse(text, 1).value(); }

class AccessListTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AccessListTest);
    CPPUNIT_TEST(the_last_rule_that_has_an_address_decides);
    CPPUNIT_TEST(every_list_named_must_let_in_and_an_unknown_one_lets_nobody);
    CPPUNIT_TEST_SUITE_END();

  public:
    void the_last_rule_that_has_an_address_decides() {
        AccessList list;
        CPPUNIT_ASSERT(list.allows(host_of("192.0.2.1")));
        CPPUNIT_ASSERT(list.add(false, "0.0.0.0/0") && list.add(true, "192.0.2.0/24, !192.0.2.7") && !list.add(true, "everybody"));
        CPPUNIT_ASSERT(list.allows(host_of("192.0.2.1")) && !list.allows(host_of("192.0.2.7")) && !list.allows(host_of("198.51.100.1")));
        CPPUNIT_ASSERT(list.add(true, "192.0.2.7"));
        CPPUNIT_ASSERT(list.allows(host_of("192.0.2.7")));
    }
    void every_list_named_must_let_in_and_an_unknown_one_lets_nobody() {
        AccessList office, all;
        CPPUNIT_ASSERT(office.add(false, "0.0.0.0/0") && office.add(true, "192.0.2.0/24"));
        AccessLists lists;
        lists.set({{"office", office}, {"all", all}});
        CPPUNIT_ASSERT(lists.allow({}, host_of("198.51.100.1")) && lists.allow({"all"}, host_of("198.51.100.1")));
        CPPUNIT_ASSERT(!lists.allow({"all", "office"}, host_of("198.51.100.1")) && lists.allow({"all", "office"}, host_of("192.0.2.2")));
        CPPUNIT_ASSERT(!lists.allow({"all", "offices"}, host_of("192.0.2.2")));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AccessListTest);

}  // namespace
