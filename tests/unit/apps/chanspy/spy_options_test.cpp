#include "apps/chanspy/spy_options.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::chanspy;

class SpyOptionsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SpyOptionsTest);
    CPPUNIT_TEST(reads_all_letters);
    CPPUNIT_TEST(says_what_each_mode_hears_and_whispers);
    CPPUNIT_TEST(refuses_what_needs_a_mailbox_by_name);
    CPPUNIT_TEST(refuses_what_is_wrong);
    CPPUNIT_TEST(groups_and_extensions_restrict);
    CPPUNIT_TEST(a_step_of_volume_is_3_db);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_all_letters() {
        const auto options = SpyOptions::parse("ChanSpy", "bBc(9)de(6001:6002)Eg(sales:support)loqr(tape)sSuv(-2)wWx(7)X");
        CPPUNIT_ASSERT(options);
        CPPUNIT_ASSERT(options->bridged && options->barge && options->modes_by_key && options->exit_on_hangup && options->only_said);
        CPPUNIT_ASSERT(options->quiet && options->record && options->no_technology && options->stop_when_none && options->unique);
        CPPUNIT_ASSERT(options->whisper && options->private_whisper && options->exit_to_extension);
        CPPUNIT_ASSERT_EQUAL('9', options->next_key);
        CPPUNIT_ASSERT_EQUAL('7', options->exit_key);
        CPPUNIT_ASSERT_EQUAL(-2, options->volume);
        CPPUNIT_ASSERT_EQUAL(std::string("tape"), options->record_name);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, options->groups.size());
        CPPUNIT_ASSERT_EQUAL('*', SpyOptions::parse("ChanSpy", "")->next_key);
    }
    void says_what_each_mode_hears_and_whispers() {
        const auto check = [](const char* text, SnoopWays hears, SnoopWays whispers) {
            const auto options = SpyOptions::parse("ChanSpy", text);
            CPPUNIT_ASSERT_MESSAGE(text, options && options->hears() == hears && options->whispers() == whispers);
        };
        check("", SnoopWays::both, SnoopWays::none);
        check("o", SnoopWays::in, SnoopWays::none);
        check("w", SnoopWays::both, SnoopWays::out);
        check("W", SnoopWays::none, SnoopWays::out);
        check("B", SnoopWays::both, SnoopWays::both);
        check("Bo", SnoopWays::in, SnoopWays::both);
    }
    void refuses_what_needs_a_mailbox_by_name() {
        const auto options = SpyOptions::parse("ExtenSpy", "qn(1234@default)");
        CPPUNIT_ASSERT(!options && options.error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(options.error().text.find("option n") != std::string::npos);
        CPPUNIT_ASSERT(options.error().text.find("ExtenSpy") != std::string::npos);
    }
    void refuses_what_is_wrong() {
        for (const char* text : {"v(5)", "v(loud)", "c(12)", "x()", "z", "c", "r(../x)", "q("})
            CPPUNIT_ASSERT_MESSAGE(text, !SpyOptions::parse("ChanSpy", text));
    }
    void groups_and_extensions_restrict() {
        CPPUNIT_ASSERT(shares_group({"sales", "support"}, "admin:Support"));
        CPPUNIT_ASSERT(!shares_group({"sales"}, "support:salesmen"));
        CPPUNIT_ASSERT(!shares_group({"sales"}, ""));
        const auto options = SpyOptions::parse("ChanSpy", "e(6001:6002)");
        CPPUNIT_ASSERT(is_enforced(*options, "PJSIP/6001-00000001") && is_enforced(*options, "PJSIP/6002-0000000a"));
        CPPUNIT_ASSERT(!is_enforced(*options, "PJSIP/6003-00000001") && !is_enforced(*options, "PJSIP/60011-00000001"));
        CPPUNIT_ASSERT(is_enforced(*SpyOptions::parse("ChanSpy", ""), "PJSIP/6003-00000001"));
        CPPUNIT_ASSERT(!is_enforced(*SpyOptions::parse("ChanSpy", "e()"), "PJSIP/6003-00000001"));
    }
    void a_step_of_volume_is_3_db() {
        CPPUNIT_ASSERT_DOUBLES_EQUAL(1, volume_factor(0), 1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(4, volume_factor(4), 1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0.5, volume_factor(-2), 1e-9);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SpyOptionsTest);
