// Times at which includes and GotoIfTime hold, and local time in named zones.
#include "core/dialplan/time_condition.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/dialplan/time_zone.hpp"

namespace jackfield {
namespace {

// 2026-03-DD is a good month: the 1st is a Sunday.
std::tm at(int day, int hour, int minute, int month = 2) {
    std::tm time{};
    time.tm_year = 126;
    time.tm_mon = month;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_min = minute;
    time.tm_wday = (day - 1) % 7;
    return time;
}

WallTime utc(int year, int month, int day, int hour, int minute = 0) {
    using namespace std::chrono;
    return sys_days(std::chrono::year(year) / month / day) + hours(hour) + minutes(minute);
}

class TimeConditionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TimeConditionTest);
    CPPUNIT_TEST(holds_within_its_times);
    CPPUNIT_TEST(takes_weekdays_days_and_months);
    CPPUNIT_TEST(leaves_out_what_it_cannot_read);
    CPPUNIT_TEST(uses_its_own_time_zone);
    CPPUNIT_TEST(zones_know_daylight_saving);
    CPPUNIT_TEST(zones_go_on_after_their_table);
    CPPUNIT_TEST(local_times_become_moments);
    CPPUNIT_TEST(zone_names_cannot_leave_the_folder);
    CPPUNIT_TEST(damaged_zone_files_are_refused);
    CPPUNIT_TEST_SUITE_END();

    static bool holds(std::string_view text, const std::tm& time) { return TimeCondition::parse(text).matches(time); }

    void holds_within_its_times() {
        struct Case {
            const char* text;
            int hour, minute;
            bool holds;
        };
        for (const Case& entry : std::initializer_list<Case>{{"", 3, 0, true},
                                                             {"*", 3, 0, true},
                                                             {"*,*,*,*", 3, 0, true},
                                                             {"9:00-17:00,*,*,*", 9, 0, true},
                                                             {"9:00-17:00,*,*,*", 17, 0, true},
                                                             {"9:00-17:00,*,*,*", 17, 1, false},
                                                             {"9:00-17:00,*,*,*", 8, 59, false},
                                                             {"09:00-17:00|*|*|*", 12, 0, true},
                                                             {"22:00-06:00,*,*,*", 23, 30, true},
                                                             {"22:00-06:00,*,*,*", 5, 0, true},
                                                             {"22:00-06:00,*,*,*", 12, 0, false},
                                                             {"12:30,*,*,*", 12, 30, true},
                                                             {"12:30,*,*,*", 12, 31, false},
                                                             {"8:00-9:00&14:00-15:00,*,*,*", 14, 30, true},
                                                             {"8:00-9:00&14:00-15:00,*,*,*", 11, 0, false},
                                                             {"9:00 - 10:00", 9, 30, true},
                                                             {"0:00-23:59", 23, 59, true},
                                                             {"10:00-10:00", 10, 0, true},
                                                             {"10:00-10:00", 10, 1, false}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.text, entry.holds, holds(entry.text, at(4, entry.hour, entry.minute)));
    }

    void takes_weekdays_days_and_months() {
        struct Case {
            const char* text;
            int day, month;
            bool holds;
        };
        for (const Case& entry : std::initializer_list<Case>{
                 {"*,mon-fri,*,*", 2, 2, true},  {"*,mon-fri,*,*", 1, 2, false}, {"*,mon-fri,*,*", 6, 2, true},
                 {"*,mon-fri", 7, 2, false},     {"*,sat-sun,*,*", 1, 2, true},  {"*,sat-sun,*,*", 7, 2, true},
                 {"*,sat-sun,*,*", 2, 2, false}, {"*,fri-mon,*,*", 1, 2, true},  {"*,MON,*,*", 2, 2, true},
                 {"*,sat&sun,*,*", 7, 2, true},  {"*,1,*,*", 1, 2, true},        {"*,2-6,*,*", 3, 2, true},
                 {"*,*,1-5,*", 3, 2, true},      {"*,*,1-5,*", 6, 2, false},     {"*,*,25-5,*", 2, 2, true},
                 {"*,*,25-5,*", 30, 2, true},    {"*,*,25-5,*", 12, 2, false},   {"*,*,15,*", 15, 2, true},
                 {"*,*,1&15&31,*", 31, 2, true}, {"*,*,*,mar", 1, 2, true},      {"*,*,*,jan-feb", 1, 2, false},
                 {"*,*,*,nov-apr", 1, 2, true},  {"*,*,*,3", 1, 2, true},        {"*,*,*,dec", 1, 11, true},
                 {"*,*,25,dec", 25, 11, true},   {"*,*,25,dec", 24, 11, false}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.text, entry.holds, holds(entry.text, at(entry.day, 10, 0, entry.month)));
    }

    void leaves_out_what_it_cannot_read() {
        for (const char* text : {"25:00-26:00", "*,monday", "*,*,32", "*,*,0", "*,*,*,13", "9:00-", "*,mon-xxx", "9-17",
                                 "9:60", "*,*,*,*,Nowhere/City", "*,*,*,*,UTC,*"}) {
            std::vector<std::string> problems;
            TimeCondition::parse(text, &problems);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::size_t{1}, problems.size());
        }
        CPPUNIT_ASSERT(holds("25:00&9:00-10:00", at(4, 9, 30)));
        CPPUNIT_ASSERT(!holds("*,monday", at(2, 9, 30)));
        std::vector<std::string> none;
        TimeCondition::parse("9:00-17:00&19:00-20:00,mon-fri&sun,1-5,jan&feb,UTC", &none);
        CPPUNIT_ASSERT(none.empty());
    }

    void uses_its_own_time_zone() {
        const auto condition = TimeCondition::parse("9:00-17:00,*,*,*,Asia/Tokyo");
        CPPUNIT_ASSERT_EQUAL(std::string("Asia/Tokyo"), condition.timezone());
        CPPUNIT_ASSERT(condition.matches(utc(2026, 3, 4, 0, 30)));
        CPPUNIT_ASSERT(!condition.matches(utc(2026, 3, 4, 12)));
        CPPUNIT_ASSERT(TimeCondition::parse("9:00-17:00,*,*,*,UTC").matches(utc(2026, 3, 4, 12)));
    }

    void zones_know_daylight_saving() {
        const auto berlin = TimeZone::find("Europe/Berlin");
        CPPUNIT_ASSERT(berlin);
        const std::tm winter = berlin->local(utc(2026, 1, 15, 12)), summer = berlin->local(utc(2026, 7, 15, 12));
        CPPUNIT_ASSERT_EQUAL(13, winter.tm_hour);
        CPPUNIT_ASSERT_EQUAL(14, summer.tm_hour);
        CPPUNIT_ASSERT_EQUAL(std::string("CEST"), std::string(summer.tm_zone));
        CPPUNIT_ASSERT(summer.tm_isdst && !winter.tm_isdst && winter.tm_gmtoff == 3600);
        CPPUNIT_ASSERT_EQUAL(1, berlin->local(utc(2026, 3, 29, 0, 59)).tm_hour);
        CPPUNIT_ASSERT_EQUAL(3, berlin->local(utc(2026, 3, 29, 1, 0)).tm_hour);
        CPPUNIT_ASSERT_EQUAL(3, summer.tm_wday);
    }

    void zones_go_on_after_their_table() {
        struct Case {
            const char* zone;
            WallTime when;
            int hour;
        };
        for (const Case& entry :
             {Case{"Europe/Berlin", utc(2090, 7, 15, 12), 14}, Case{"Europe/Berlin", utc(2090, 12, 15, 12), 13},
              Case{"America/New_York", utc(2090, 7, 15, 12), 8}, Case{"Australia/Sydney", utc(2090, 1, 15, 1), 12},
              Case{"Australia/Sydney", utc(2090, 7, 15, 1), 11}, Case{"Asia/Kolkata", utc(2090, 7, 15, 1), 6},
              Case{"America/Sao_Paulo", utc(2090, 1, 15, 12), 9}})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(entry.zone, entry.hour, TimeZone::find(entry.zone)->local(entry.when).tm_hour);
    }

    void local_times_become_moments() {
        const auto berlin = TimeZone::find("Europe/Berlin");
        for (const WallTime when :
             {utc(2026, 1, 15, 12), utc(2026, 7, 15, 12), utc(2026, 3, 29, 1), utc(2026, 10, 25, 3)})
            CPPUNIT_ASSERT(berlin->moment(berlin->local(when)) == when);
        // 02:30 happens twice on this day; the first one is meant.
        CPPUNIT_ASSERT(berlin->moment(berlin->local(utc(2026, 10, 25, 1, 30))) == utc(2026, 10, 25, 0, 30));
    }

    void zone_names_cannot_leave_the_folder() {
        for (const char* name :
             {"Europe", "../../../etc/passwd", "/etc/localtime", "Europe/../../x", "Europe/Berlin\n", "Nowhere"})
            CPPUNIT_ASSERT_MESSAGE(name, !TimeZone::find(name));
    }

    void damaged_zone_files_are_refused() {
        CPPUNIT_ASSERT(!TimeZone::parse(""));
        CPPUNIT_ASSERT(!TimeZone::parse("TZif2"));
        std::string file = "TZif";
        file += std::string(16, '\0') + std::string(24, '\xff');
        CPPUNIT_ASSERT(!TimeZone::parse(file));
        CPPUNIT_ASSERT(!TimeZone::parse("TZif" + std::string(100, '\0')));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TimeConditionTest);

}  // namespace
}  // namespace jackfield
