// Counting failed log-ins.
#include "core/runtime/login_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "core/base/generation.hpp"
#include "core/base/log.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t longest_name = 80;     // of an account as it is remembered
constexpr std::size_t most_known = 1 << 17;  // pairs in one generation
constexpr auto generation_time = 24h;        // a pair is known for one to two of these

// IPv6 hosts have a /64 to choose addresses from.
std::string address_key(const SocketAddress& address) {
    if (!address.is_v6()) return address.host();
    auto v6 = reinterpret_cast<const sockaddr_in6*>(address.raw())->sin6_addr;
    std::fill(v6.s6_addr + 8, v6.s6_addr + 16, std::uint8_t(0));
    char text[INET6_ADDRSTRLEN];
    ::inet_ntop(AF_INET6, &v6, text, sizeof(text));
    return std::string(text) + "/64";
}

Result<void> add_trusted(LoginLimits& limits, std::string_view value, const ConfigEntry&) {
    for (const std::string_view part : split_list(value)) limits.trusted.push_back(JF_TRY(Subnet::parse(part)));
    return {};
}

}  // namespace

const Options<LoginLimits>& login_limit_options() {
    using L = LoginLimits;
    static const Options<L> options{
        {"enabled", &L::enabled, true, "Whether log-ins are refused after failures; their answers are delayed anyway"},
        {"free_failures", &L::free_failures, 3, Range{0, 1000}, "Failures of an account from one address before it is refused for a while"},
        {"address_failures", &L::address_failures, 100, Range{1, 1000000},
         "Failures from one address, whatever the account, before accounts that never logged in from there are refused"},
        {"account_failures", &L::account_failures, 100, Range{1, 1000000},
         "Failures of an account, from wherever, before each failure counts like one beyond free_failures"},
        {"first_delay", &L::first_delay, 1000ms, Range{10ms, 60000ms}, "How long it is refused at first; then twice as long each time"},
        {"longest_delay", &L::longest_delay, 60000ms, Range{10ms, 86400000ms}, "... up to this"},
        {"longest_hold", &L::longest_hold, 16000ms, Range{0ms, 60000ms}, "How long the answer to a wrong password waits at most (not SIP's)"},
        {"memory", &L::memory, 600s, Range{1s, 86400s}, "Without a failure for so long, all is forgotten"},
        {"capacity", &L::capacity, 10000, Range{16, 1000000}, "How many addresses and accounts are remembered"},
        {"trusted", add_trusted, "", "Networks that are never refused",
         [](const L& now) {
             std::vector<std::string> list;
             for (const Subnet& subnet : now.trusted) list.push_back(subnet.to_string());
             return join(list, ",");
         }},
    };
    return options;
}

LoginGuard& LoginGuard::instance() {
    static LoginGuard guard;
    return guard;
}

// --- what is remembered ----------------------------------------------------------------------------------------------

LoginGuard::Key LoginGuard::key_of(const LoginAttempt& attempt) const {
    return {fmt::format("{}/{}", attempt.service, attempt.account.substr(0, longest_name)), address_key(attempt.address)};
}

void LoginGuard::forget(Entries::iterator entry) {
    index_.erase(entry->account + '\n' + entry->address);
    entries_.erase(entry);
}

LoginGuard::Entry* LoginGuard::find(const std::string& account, const std::string& address, Instant now) {
    const auto found = index_.find(account + '\n' + address);
    if (found == index_.end()) return nullptr;
    if (now - found->second->last > limits_.memory && now >= found->second->until) {
        forget(found->second);
        return nullptr;
    }
    return &*found->second;
}

LoginGuard::Entry& LoginGuard::count(const std::string& account, const std::string& address, Instant now) {
    Entry* entry = find(account, address, now);
    if (entry) {
        entries_.splice(entries_.begin(), entries_, index_.find(account + '\n' + address)->second);
    } else {
        while (entries_.size() >= limits_.capacity) forget(std::prev(entries_.end()));
        entries_.push_front({.account = account, .address = address});
        index_.emplace(account + '\n' + address, entries_.begin());
        entry = &entries_.front();
    }
    entry->last = now;
    ++entry->failures;
    return *entry;
}

std::uint64_t LoginGuard::fingerprint(const LoginAttempt& attempt) const {
    static const std::string seed = random_hex(16);
    std::uint64_t value = 0;
    for (const std::string_view part : {std::string_view(seed), attempt.service, attempt.account})
        value = value * 0x9e3779b97f4a7c15ULL + std::hash<std::string_view>()(part);
    return value * 0x9e3779b97f4a7c15ULL + attempt.address.with_port(0).hash();
}

bool LoginGuard::known(const LoginAttempt& attempt, Instant now) {
    if (now - turned_ >= 2 * generation_time) return false;
    const std::uint64_t pair = fingerprint(attempt);
    return recent_.contains(pair) || older_.contains(pair);
}

bool LoginGuard::trusted(const SocketAddress& address) const {
    return std::ranges::any_of(limits_.trusted, [&](const Subnet& subnet) { return subnet.contains(address); });
}

// --- what follows ----------------------------------------------------------------------------------------------------

std::chrono::milliseconds LoginGuard::delay(unsigned failures) const {
    const unsigned doublings = std::min(failures - 1, 20u);
    return std::min(limits_.longest_delay, limits_.first_delay * (std::int64_t(1) << doublings));
}

bool LoginGuard::refuses(const LoginAttempt& attempt, const Key& key, Instant now) {
    if (!limits_.enabled || trusted(attempt.address)) return false;
    const Entry* pair = find(key.account, key.address, now);
    if (pair && now < pair->until) return true;
    const Entry* address = find({}, key.address, now);
    return address && now < address->until && !known(attempt, now);
}

bool LoginGuard::admits(const LoginAttempt& attempt, Instant now) {
    if (entries_.empty()) return true;  // the usual case costs nothing
    return !refuses(attempt, key_of(attempt), now);
}

std::chrono::milliseconds LoginGuard::failed(const LoginAttempt& attempt, Instant now) {
    const Key key = key_of(attempt);
    const auto hold = [&](unsigned failures) {
        return std::min(limits_.longest_hold, limits_.first_delay * (std::int64_t(1) << std::min(failures - 1, 20u)));
    };
    if (refuses(attempt, key, now)) {
        const Entry* address = find({}, key.address, now);
        return hold(address ? address->failures : 1);
    }
    const Entry* before = find(key.account, {}, now);
    const unsigned free = before && before->failures >= limits_.account_failures ? 0 : limits_.free_failures;
    count(key.account, {}, now);
    Entry& pair = count(key.account, key.address, now);
    if (pair.failures > free) {
        pair.until = now + delay(pair.failures - free);
        if (limits_.enabled && !trusted(attempt.address))
            log_notice("Log-ins as {} from {} are refused for {} ms after {} failures", key.account, key.address,
                       (pair.until - now) / 1ms, pair.failures);
    }
    Entry& address = count({}, key.address, now);
    if (address.failures > limits_.address_failures) {
        address.until = now + delay(address.failures - limits_.address_failures);
        if (limits_.enabled && !trusted(attempt.address))
            log_notice("Log-ins from {} are refused for {} ms after {} failures", key.address, (address.until - now) / 1ms, address.failures);
    }
    return hold(address.failures);
}

void LoginGuard::succeeded(const LoginAttempt& attempt, Instant now) {
    if (now - turned_ >= generation_time || recent_.size() >= most_known) {
        if (now - turned_ >= 2 * generation_time) recent_.clear();
        older_ = std::exchange(recent_, {});
        turned_ = now;
    }
    recent_.insert(fingerprint(attempt));
    if (entries_.empty()) return;
    const Key key = key_of(attempt);
    if (const auto found = index_.find(key.account + '\n' + key.address); found != index_.end()) forget(found->second);
}

std::vector<LoginGuard::Failure> LoginGuard::list(Instant now) const {
    std::vector<Failure> all;
    for (const Entry& entry : entries_) {
        if (now - entry.last > limits_.memory && now >= entry.until) continue;
        all.push_back({entry.account, entry.address, entry.failures, now - entry.last,
                       limits_.enabled && now < entry.until ? entry.until - now : Clock::duration::zero()});
    }
    return all;
}

std::size_t LoginGuard::clear(std::string_view what) {
    std::size_t cleared = 0;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        const std::string_view account = entry->account, address = entry->address;
        if (what.empty() || what == account || what == split_once(account, '/').second || what == address ||
            (address.ends_with("/64") && what == address.substr(0, address.size() - 3))) {
            forget(entry);
            ++cleared;
        }
        entry = next;
    }
    return cleared;
}

}  // namespace jackfield
