// Turns of members that come and go.
#include "channels/sip/stack/turn_list.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
#include <random>

using namespace jackfield::sip;

namespace {

struct Watching {
    std::size_t place = 0;
    unsigned turns = 0;
};
using Watchings = TurnList<Watching, &Watching::place>;

class TurnListTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TurnListTest);
    CPPUNIT_TEST(the_last_of_those_that_had_their_turn_fills_a_gap);
    CPPUNIT_TEST(each_has_one_turn_whoever_comes_and_goes);
    CPPUNIT_TEST_SUITE_END();

  public:
    void the_last_of_those_that_had_their_turn_fills_a_gap() {
        Watching a, b, c;
        Watchings list;
        for (Watching* each : {&a, &b, &c}) list.add(*each);
        while (list.next() != nullptr) {}
        list.remove(b);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, c.place);
        list.remove(c);
        CPPUNIT_ASSERT(list.any() == &a && list.size() == 1 && list.done());
        list.remove(a);
        CPPUNIT_ASSERT(list.any() == nullptr && list.size() == 0);
    }

    void each_has_one_turn_whoever_comes_and_goes() {
        std::mt19937 random(5);
        for (int round = 0; round < 300; ++round) {
            Watchings list;
            std::vector<std::unique_ptr<Watching>> all;
            const auto add = [&] { list.add(*all.emplace_back(std::make_unique<Watching>())); };
            const auto remove = [&] {
                if (all.empty()) return;
                const std::size_t which = random() % all.size();
                list.remove(*all[which]);
                all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
            };
            for (int i = 0; i < 20; ++i) add();
            for (int pass = 0; pass < 3; ++pass) {
                list.restart();
                for (const auto& each : all) each->turns = 0;
                while (Watching* one = list.next()) {
                    CPPUNIT_ASSERT(std::ranges::any_of(all, [&](const auto& each) { return each.get() == one; }));
                    ++one->turns;
                    if (random() % 3 == 0) remove();
                    if (random() % 5 == 0) add();
                }
                for (const auto& each : all) CPPUNIT_ASSERT_EQUAL(1u, each->turns);
                for (int i = 0; i < 4; ++i) remove();
            }
            CPPUNIT_ASSERT_EQUAL(all.size(), list.size());
            while (!all.empty()) remove();
            CPPUNIT_ASSERT_EQUAL(std::size_t{0}, list.size());
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TurnListTest);

}  // namespace
