#include "core/module/realtime_sql.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;

class RealtimeSqlTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RealtimeSqlTest);
    CPPUNIT_TEST(values_stand_apart_from_the_text);
    CPPUNIT_TEST(knows_the_comparisons_and_no_others);
    CPPUNIT_TEST(changes_rows);
    CPPUNIT_TEST(refuses_names_that_are_none);
    CPPUNIT_TEST(never_removes_every_row);
    CPPUNIT_TEST_SUITE_END();

    static constexpr auto numbered = SqlPlaceholders::numbered;
    static constexpr auto marks = SqlPlaceholders::question_marks;

    void values_stand_apart_from_the_text() {
        const std::vector<RealtimeCondition> conditions{{"name", "x' OR '1'='1"}, {"town", "b"}};
        const auto command = select_command("office.people", conditions, 1, numbered);
        CPPUNIT_ASSERT_EQUAL(
            std::string("SELECT * FROM \"office\".\"people\" WHERE \"name\" = $1 AND \"town\" = $2 ORDER BY \"name\" LIMIT 1"),
            command->text);
        CPPUNIT_ASSERT_EQUAL(std::string("x' OR '1'='1"), command->values.front());
    }
    void knows_the_comparisons_and_no_others() {
        const std::vector<RealtimeCondition> like{{"name like", "a%"}, {"age >=", "3"}};
        CPPUNIT_ASSERT_EQUAL(
            std::string("SELECT * FROM \"t\" WHERE \"name\" LIKE ? ESCAPE '\\' AND \"age\" >= ? ORDER BY \"name\" LIMIT 5"),
            select_command("t", like, 5, marks)->text);
        const std::vector<RealtimeCondition> wrong{{"name = 1 OR name", "a"}};
        CPPUNIT_ASSERT(!select_command("t", wrong, 5, marks));
    }
    void changes_rows() {
        const std::vector<RealtimeCondition> who{{"name", "ann"}};
        const RealtimeFields values{{"phone", "1"}, {"town", "2"}};
        CPPUNIT_ASSERT_EQUAL(std::string("UPDATE \"t\" SET \"phone\" = $1, \"town\" = $2 WHERE \"name\" = $3"),
                             update_command("t", who, values, numbered)->text);
        CPPUNIT_ASSERT_EQUAL(std::string("INSERT INTO \"t\" (\"phone\", \"town\") VALUES (?, ?)"),
                             store_command("t", values, marks)->text);
        CPPUNIT_ASSERT_EQUAL(std::string("DELETE FROM \"t\" WHERE \"name\" = ?"), destroy_command("t", who, marks)->text);
    }
    void refuses_names_that_are_none() {
        for (const char* name : {"", "a;b", "a\"b", "a b", ".a", "a.", "a..b", "a'"}) {
            CPPUNIT_ASSERT_MESSAGE(name, !select_command(name, {}, 1, marks));
            CPPUNIT_ASSERT_MESSAGE(name, !store_command("t", RealtimeFields{{name, "x"}}, marks));
        }
    }
    void never_removes_every_row() { CPPUNIT_ASSERT(!destroy_command("t", {}, marks)); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RealtimeSqlTest);
