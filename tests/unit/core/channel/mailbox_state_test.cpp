// Counts of mailboxes, who sets them, and what is told of changes.
#include "core/channel/mailbox_state.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/runtime/event_bus.hpp"

using namespace jackfield;

namespace {

class MailboxStateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MailboxStateTest);
    CPPUNIT_TEST(a_box_without_context_is_in_default);
    CPPUNIT_TEST(changes_are_told_once);
    CPPUNIT_TEST(mailboxes_add_up);
    CPPUNIT_TEST(external_mailboxes_keep_their_name);
    CPPUNIT_TEST(odd_names_are_refused);
    CPPUNIT_TEST_SUITE_END();

  public:
    void a_box_without_context_is_in_default() {
        CPPUNIT_ASSERT(set_mailbox_counts("m1", {2, 1}).has_value());
        CPPUNIT_ASSERT(mailbox_counts("m1@default") == MailboxCounts({2, 1}));
        CPPUNIT_ASSERT(!mailbox_counts("m1@office"));
        forget_mailbox("m1@default");
        CPPUNIT_ASSERT(!mailbox_counts("m1"));
    }

    void changes_are_told_once() {
        std::string told;
        const Subscription watch = subscribe<MailboxChanged>([&](const MailboxChanged& change) {
            told += change.mailbox + ":" + std::to_string(change.counts.fresh) + "/" + std::to_string(change.counts.old) + " ";
        });
        (void)set_mailbox_counts("m2", {1, 0});
        (void)set_mailbox_counts("m2@default", {1, 0});
        (void)set_mailbox_counts("m2", {1, 3});
        forget_mailbox("m2");
        forget_mailbox("m2");
        CPPUNIT_ASSERT_EQUAL(std::string("m2@default:1/0 m2@default:1/3 m2@default:0/0 "), told);
    }

    void mailboxes_add_up() {
        (void)set_mailbox_counts("m3", {1, 2, 1, 0});
        (void)set_mailbox_counts("m4@office", {10, 20, 0, 5});
        CPPUNIT_ASSERT(sum_of_mailboxes({"m3", "m4@office", "none"}) == MailboxCounts({11, 22, 1, 5}));
    }

    void external_mailboxes_keep_their_name() {
        CPPUNIT_ASSERT(set_external_mailbox("m5", {4, 0}).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("m5"), external_mailbox("m5@default")->name);
        CPPUNIT_ASSERT(mailbox_counts("m5") == MailboxCounts({4, 0}));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, list_external_mailboxes().size());
        (void)set_mailbox_counts("m6", {1, 0});  // of voicemail: nobody outside may forget it
        CPPUNIT_ASSERT(delete_external_mailbox("m6").error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT(delete_external_mailbox("m5").has_value());
        CPPUNIT_ASSERT(!mailbox_counts("m5") && !external_mailbox("m5"));
    }

    void odd_names_are_refused() {
        for (const std::string& name : {std::string(), std::string("@x"), std::string("a/b"), std::string("a,b"), std::string("a\nb"), std::string(300, 'a')})
            CPPUNIT_ASSERT_MESSAGE(name, set_mailbox_counts(name, {}).error().code == ErrorCode::invalid);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MailboxStateTest);

}  // namespace
