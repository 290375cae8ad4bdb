// Keyed identities and the table that grows a bucket at a time.
#include "channels/sip/stack/identity_table.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>

using namespace jackfield::sip;

namespace {

struct Number : IdentityNode {
    int value = 0;
};

class IdentityTableTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IdentityTableTest);
    CPPUNIT_TEST(the_hash_agrees_with_the_published_vectors);
    CPPUNIT_TEST(finds_what_was_put_in_while_it_grows);
    CPPUNIT_TEST(gives_the_youngest_of_equals);
    CPPUNIT_TEST_SUITE_END();

    static Identity of(int i) { return KeyedHash({1, 2})(std::to_string(i)); }

  public:
    void the_hash_agrees_with_the_published_vectors() {
        // Key 00 01 ... 0f; inputs of 0 and 15 bytes 00 01 ...
        const KeyedHash hash({0x0706050403020100, 0x0f0e0d0c0b0a0908});
        CPPUNIT_ASSERT((hash("") == Identity{0xe6a825ba047f81a3, 0x930255c71472f66d}));
        const std::string input("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e", 15);
        CPPUNIT_ASSERT((hash(input) == Identity{0x11a8b03399e99354, 0xd9c3cf970fec087e}));
        CPPUNIT_ASSERT(hash("a") != hash(std::string_view("a\0", 2)));
    }

    void finds_what_was_put_in_while_it_grows() {
        IdentityTable<Number> table;
        CPPUNIT_ASSERT(table.find(of(1)) == nullptr);
        std::deque<Number> numbers;
        for (int i = 0; i < 5000; ++i) {
            Number& number = numbers.emplace_back();
            number.identity = of(i);
            number.value = i;
            table.insert(number);
            CPPUNIT_ASSERT(table.find(of(i / 2)) == &numbers[i / 2]);
        }
        for (int i = 0; i < 5000; i += 2) table.remove(numbers[i]);
        for (int i = 0; i < 5000; ++i) CPPUNIT_ASSERT((table.find(of(i)) != nullptr) == (i % 2 == 1));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2500), table.size());
        int sum = 0;
        table.for_each([&](Number& number) {
            ++sum;
            table.remove(number);
        });
        CPPUNIT_ASSERT_EQUAL(2500, sum);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), table.size());
    }

    void gives_the_youngest_of_equals() {
        IdentityTable<Number> table;
        Number first, second;
        first.identity = second.identity = of(7);
        table.insert(first);
        table.insert(second);
        CPPUNIT_ASSERT(table.find(of(7)) == &second);
        table.remove(second);
        CPPUNIT_ASSERT(table.find(of(7)) == &first);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IdentityTableTest);

}  // namespace
