#include "core/runtime/login_guard.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

SocketAddress guard_address(const std::string& text) { return *SocketAddress::parse(text); }

}  // namespace

class LoginGuardTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LoginGuardTest);
    CPPUNIT_TEST(an_account_is_refused_for_longer_each_time);
    CPPUNIT_TEST(attempts_while_refused_do_not_count);
    CPPUNIT_TEST(one_wrong_phone_harms_nobody_else_behind_its_router);
    CPPUNIT_TEST(who_guesses_accounts_is_refused_by_address_and_known_phones_there_are_not);
    CPPUNIT_TEST(an_account_guessed_from_everywhere_is_still_heard_from_a_fresh_address);
    CPPUNIT_TEST(a_right_password_and_time_make_forget);
    CPPUNIT_TEST(answers_are_held_longer_with_each_failure_of_an_address);
    CPPUNIT_TEST(a_flood_costs_bounded_memory);
    CPPUNIT_TEST(hosts_of_one_ipv6_network_count_together);
    CPPUNIT_TEST(services_are_told_apart_and_trusted_networks_never_refused);
    CPPUNIT_TEST(is_shown_and_cleared_by_account_or_address);
    CPPUNIT_TEST_SUITE_END();

    LoginGuard guard_;
    Instant now_{24h};
    const SocketAddress here_ = guard_address("192.0.2.1:5060"), there_ = guard_address("198.51.100.1:5060");

    bool admits(std::string_view account, const SocketAddress& address) { return guard_.admits({"SIP", account, address}, now_); }
    std::chrono::milliseconds fail(std::string_view account, const SocketAddress& address) {
        return guard_.failed({"SIP", account, address}, now_);
    }
    void fail_until_refused(std::string_view account, const SocketAddress& address) {
        for (int i = 0; i < 4; ++i) (void)fail(account, address);
    }

    void an_account_is_refused_for_longer_each_time() {
        for (int i = 0; i < 3; ++i) (void)fail("6001", here_);
        CPPUNIT_ASSERT(admits("6001", here_));
        std::chrono::milliseconds expected = 1s;
        for (int i = 0; i < 12; ++i, expected = std::min<std::chrono::milliseconds>(2 * expected, 60s)) {
            (void)fail("6001", here_);
            CPPUNIT_ASSERT(!admits("6001", here_));
            now_ += expected - 1ms;
            CPPUNIT_ASSERT(!admits("6001", here_));
            now_ += 1ms;
            CPPUNIT_ASSERT(admits("6001", here_));
        }
    }
    void attempts_while_refused_do_not_count() {
        fail_until_refused("6001", here_);
        for (int i = 0; i < 1000; ++i) (void)fail("6001", here_);
        now_ += 1s;
        CPPUNIT_ASSERT(admits("6001", here_));
    }
    void one_wrong_phone_harms_nobody_else_behind_its_router() {
        for (int i = 0; i < 90; ++i) {
            (void)fail("6001", here_);
            now_ += 1min;
        }
        for (int phone = 6002; phone < 6052; ++phone) CPPUNIT_ASSERT(admits(std::to_string(phone), here_));
        CPPUNIT_ASSERT(admits("6001", there_));
    }
    void who_guesses_accounts_is_refused_by_address_and_known_phones_there_are_not() {
        guard_.succeeded({"SIP", "6001", here_}, now_);
        for (int account = 0; account < 100; ++account) {
            CPPUNIT_ASSERT(admits(std::to_string(account), here_));
            (void)fail(std::to_string(account), here_);
        }
        (void)fail("last", here_);
        CPPUNIT_ASSERT(!admits("another", here_));
        CPPUNIT_ASSERT(admits("6001", here_));
        CPPUNIT_ASSERT(admits("another", there_));
        now_ += 1s;
        CPPUNIT_ASSERT(admits("another", here_));
    }
    void an_account_guessed_from_everywhere_is_still_heard_from_a_fresh_address() {
        for (int i = 0; i < 200; ++i) (void)fail("6001", guard_address("203.0.113." + std::to_string(i)));
        CPPUNIT_ASSERT(admits("6001", there_));
        (void)fail("6001", there_);  // but nothing is free any more
        CPPUNIT_ASSERT(!admits("6001", there_));
        CPPUNIT_ASSERT(admits("6001", here_));
    }
    void a_right_password_and_time_make_forget() {
        for (int i = 0; i < 3; ++i) (void)fail("6001", here_);
        guard_.succeeded({"SIP", "6001", here_}, now_);
        for (int i = 0; i < 3; ++i) (void)fail("6001", here_);
        CPPUNIT_ASSERT(admits("6001", here_));
        now_ += 11min;
        for (int i = 0; i < 3; ++i) (void)fail("6001", here_);
        CPPUNIT_ASSERT(admits("6001", here_));
    }
    void answers_are_held_longer_with_each_failure_of_an_address() {
        CPPUNIT_ASSERT(fail("a", here_) == 1s);
        CPPUNIT_ASSERT(fail("b", here_) == 2s);
        CPPUNIT_ASSERT(fail("c", there_) == 1s);
        for (int i = 0; i < 100; ++i) (void)fail(std::to_string(i), here_);
        CPPUNIT_ASSERT(fail("d", here_) == 16s);
    }
    void a_flood_costs_bounded_memory() {
        LoginLimits limits;
        limits.capacity = 50;
        guard_.set(limits);
        for (int i = 0; i < 10000; ++i) (void)fail(std::string(100000, 'x') + std::to_string(i), guard_address("192.0.2." + std::to_string(i % 250)));
        CPPUNIT_ASSERT(guard_.size() <= 50);
        for (const auto& each : guard_.list(now_)) CPPUNIT_ASSERT(each.account.size() < 100);
    }
    void hosts_of_one_ipv6_network_count_together() {
        for (int i = 0; i < 4; ++i) (void)fail("6001", guard_address("2001:db8::" + std::to_string(i + 1)));
        CPPUNIT_ASSERT(!admits("6001", guard_address("2001:db8::99")));
        CPPUNIT_ASSERT(admits("6001", guard_address("2001:db8:0:1::1")));
    }
    void services_are_told_apart_and_trusted_networks_never_refused() {
        fail_until_refused("admin", here_);
        CPPUNIT_ASSERT(!admits("admin", here_));
        CPPUNIT_ASSERT(guard_.admits({"AMI", "admin", here_}, now_));
        LoginLimits limits;
        limits.trusted = {*Subnet::parse("192.0.2.0/24")};
        guard_.set(limits);
        CPPUNIT_ASSERT(admits("admin", here_));
    }
    void is_shown_and_cleared_by_account_or_address() {
        fail_until_refused("6001", here_);
        const auto list = guard_.list(now_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, list.size());
        bool seen = false;
        for (const auto& each : list)
            if (each.account == "SIP/6001" && each.address == "192.0.2.1") seen = each.failures == 4 && each.refused_for == 1s;
        CPPUNIT_ASSERT(seen);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, guard_.clear("6002"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, guard_.clear("6001"));
        CPPUNIT_ASSERT(admits("6001", here_));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, guard_.clear("192.0.2.1"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, guard_.size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LoginGuardTest);
