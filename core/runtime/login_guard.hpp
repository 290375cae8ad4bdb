// Limits on failed log-ins: one count for every interface that authenticates (AMI, ARI, HTTP, SIP), with growing delays.
//
//   const LoginAttempt attempt{"AMI", user, peer};
//   if (!guard.admits(attempt, now) || !password_fits(...)) {
//       JF_TRY(sleep_for(guard.failed(attempt, now)));      // SIP does not wait: its answers hold nobody up
//       return fail(ErrorCode::refused, "Authentication failed");
//   }
//   guard.succeeded(attempt, now);
//
// What is counted, and what follows:
// * An account from one address: after `free_failures` the next attempts are refused unseen for first_delay, and for twice as
//   long after each further failure, up to longest_delay. Attempts while refused are not counted, so whoever has the right
//   password is let in at the latest after longest_delay.
// * An address, whatever the account: the same after `address_failures`, which is meant to be far more than the wrong phones
//   behind one router make. Accounts that logged in from there lately are not concerned.
// * An account, from wherever: after `account_failures` no address has failures free. An address without failures is always heard.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/config/options.hpp"

namespace jackfield {

// security.conf, [login_limits]
struct LoginLimits {
    bool enabled = true;
    unsigned free_failures = 3, address_failures = 100, account_failures = 100;
    std::chrono::milliseconds first_delay{1000}, longest_delay{60000};
    std::chrono::milliseconds longest_hold{16000};  // of one answer
    std::chrono::seconds memory{600};               // without failures; then all is forgotten
    std::size_t capacity = 10000;                   // addresses and accounts; the least recently failed make room
    std::vector<Subnet> trusted;                    // never refused
};
const Options<LoginLimits>& login_limit_options();

struct LoginAttempt {
    std::string_view service;  // "AMI", "ARI", "SIP": accounts of different interfaces differ
    std::string_view account;  // as it was given; need not exist
    const SocketAddress& address;  // of IPv6, its /64 is what counts
};

// Control thread. Never waits.
class LoginGuard {
  public:
    static LoginGuard& instance();  // the daemon's; tests make their own

    void set(LoginLimits limits) { limits_ = std::move(limits); }
    const LoginLimits& limits() const { return limits_; }

    // False: do not look at the password, answer as if it were wrong, and call failed().
    bool admits(const LoginAttempt& attempt, Instant now);
    // Counts it (unless it was refused) and says how long the answer is to be held back, which grows with the failures from
    // that address.
    std::chrono::milliseconds failed(const LoginAttempt& attempt, Instant now);
    // Forgets the account's failures from that address, and remembers that it belongs there.
    void succeeded(const LoginAttempt& attempt, Instant now);

    struct Failure {
        std::string account, address;    // "SIP/6001"; one of them may be empty: all
        unsigned failures = 0;
        Clock::duration ago{};           // since the latest
        Clock::duration refused_for{};   // from now on; 0: heard
    };
    std::vector<Failure> list(Instant now) const;  // the latest first
    // Those of an address or an account ("6001" or "SIP/6001"); all when the text is empty. How many there were.
    std::size_t clear(std::string_view what);
    std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string account, address;
        unsigned failures = 0;
        Instant last{}, until{};
    };
    using Entries = std::list<Entry>;  // the latest failure in front
    struct Key {
        std::string account, address;
    };
    Entry* find(const std::string& account, const std::string& address, Instant now);
    Entry& count(const std::string& account, const std::string& address, Instant now);
    void forget(Entries::iterator entry);
    Key key_of(const LoginAttempt& attempt) const;
    bool trusted(const SocketAddress& address) const;
    bool known(const LoginAttempt& attempt, Instant now);
    std::uint64_t fingerprint(const LoginAttempt& attempt) const;
    bool refuses(const LoginAttempt& attempt, const Key& key, Instant now);
    std::chrono::milliseconds delay(unsigned failures) const;

    LoginLimits limits_;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator, StringHash, std::equal_to<>> index_;
    // Fingerprints of accounts and addresses that belong together, in two generations, so that they cost bounded memory.
    std::unordered_set<std::uint64_t> recent_, older_;
    Instant turned_{};
};

}  // namespace jackfield
