// Entity-tags and expiry of what is published, and which publication counts.
#include "channels/sip/stack/publication.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

struct Publisher : PublicationTable::User {
    Instant now{1h};
    StackTimers timers{now};
    std::string told;
    PublicationTable table{*this, timers, {60s, 7200s, 3600s}};

    void on_published(const std::string& resource, std::string_view body) override { told += resource + "=" + std::string(body) + " "; }
    void pass(std::chrono::milliseconds time) {
        for (const Instant end = now + time; now < end;) timers.advance(now += 500ms);
    }
    std::string take() { return std::exchange(told, {}); }
};

class PublicationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PublicationTest);
    CPPUNIT_TEST(each_publication_gets_a_new_entity_tag);
    CPPUNIT_TEST(an_unknown_entity_tag_is_refused);
    CPPUNIT_TEST(publications_expire);
    CPPUNIT_TEST(the_newest_publication_counts);
    CPPUNIT_TEST(wrong_requests_are_refused);
    CPPUNIT_TEST_SUITE_END();

  public:
    void each_publication_gets_a_new_entity_tag() {
        Publisher ann;
        const auto first = ann.table.process("ann", {{}, 600, "A"});
        CPPUNIT_ASSERT(first.status == 200 && first.expires == 600s && !first.entity_tag.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("ann=A "), ann.take());
        const auto refreshed = ann.table.process("ann", {first.entity_tag, 900, {}});
        CPPUNIT_ASSERT(refreshed.status == 200 && refreshed.entity_tag != first.entity_tag);
        CPPUNIT_ASSERT_EQUAL(std::string(), ann.told);
        const auto changed = ann.table.process("ann", {refreshed.entity_tag, {}, "B"});
        CPPUNIT_ASSERT(changed.status == 200 && changed.expires == 3600s);
        CPPUNIT_ASSERT_EQUAL(std::string("ann=B "), ann.take());
        const auto removed = ann.table.process("ann", {changed.entity_tag, 0, {}});
        CPPUNIT_ASSERT(removed.status == 200 && removed.expires == 0s);
        CPPUNIT_ASSERT_EQUAL(std::string("ann= "), ann.take());
        CPPUNIT_ASSERT(ann.table.size() == 0 && ann.table.body("ann").empty());
    }

    void an_unknown_entity_tag_is_refused() {
        Publisher ann;
        CPPUNIT_ASSERT_EQUAL(412, ann.table.process("ann", {"x", 600, "A"}).status);
        const auto first = ann.table.process("ann", {{}, 600, "A"});
        ann.table.process("ann", {first.entity_tag, 600, {}});
        CPPUNIT_ASSERT_EQUAL(412, ann.table.process("ann", {first.entity_tag, 600, "B"}).status);
        CPPUNIT_ASSERT_EQUAL(412, ann.table.process("bob", {first.entity_tag, 600, "B"}).status);
    }

    void publications_expire() {
        Publisher ann;
        const auto first = ann.table.process("ann", {{}, 100, "A"});
        ann.take();
        ann.pass(99s);
        CPPUNIT_ASSERT_EQUAL(std::string(), ann.told);
        ann.pass(2s);
        CPPUNIT_ASSERT_EQUAL(std::string("ann= "), ann.take());
        CPPUNIT_ASSERT_EQUAL(412, ann.table.process("ann", {first.entity_tag, 600, {}}).status);
    }

    void the_newest_publication_counts() {
        Publisher ann;
        const auto phone = ann.table.process("ann", {{}, 600, "phone"});
        ann.table.process("ann", {{}, 100, "desk"});
        CPPUNIT_ASSERT_EQUAL(std::string("ann=phone ann=desk "), ann.take());
        ann.pass(101s);
        CPPUNIT_ASSERT_EQUAL(std::string("ann=phone "), ann.take());
        ann.table.process("ann", {{}, 100, "desk"});
        ann.table.process("ann", {phone.entity_tag, 600, "phone"});
        CPPUNIT_ASSERT_EQUAL(std::string("phone"), std::string(ann.table.body("ann")));
        ann.take();
        ann.pass(101s);
        CPPUNIT_ASSERT_EQUAL(std::string(), ann.told);  // that which expired did not count
        ann.table.remove("ann");
        CPPUNIT_ASSERT_EQUAL(std::string("ann= "), ann.take());
    }

    void wrong_requests_are_refused() {
        Publisher ann;
        CPPUNIT_ASSERT_EQUAL(400, ann.table.process("ann", {{}, 600, {}}).status);
        const auto brief = ann.table.process("ann", {{}, 10, "A"});
        CPPUNIT_ASSERT(brief.status == 423 && brief.expires == 60s);
        for (std::size_t i = 0; i < PublicationTable::most_per_resource; ++i) CPPUNIT_ASSERT_EQUAL(200, ann.table.process("ann", {{}, 600, "A"}).status);
        CPPUNIT_ASSERT_EQUAL(503, ann.table.process("ann", {{}, 600, "A"}).status);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PublicationTest);

}  // namespace
