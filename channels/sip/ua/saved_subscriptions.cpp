// Subscriptions in the database, so that they outlive a restart.
#include "channels/sip/ua/saved_subscriptions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "channels/sip/stack/digest.hpp"
#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/module/database.hpp"

namespace jackfield::sip {
namespace {

constexpr std::string_view subscription_family = "subscription_persistence";
constexpr std::size_t head_lines = 8;  // before the message

std::int64_t seconds_of(WallTime when) { return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count(); }

std::string record_of(const SavedSubscription& each) {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", each.endpoint, each.local_tag, each.remote, each.protocol, seconds_of(each.saved),
                       seconds_of(each.expires), each.cseq, each.version, each.subscribe);
}

std::optional<SavedSubscription> read_record(const std::string& key, std::string_view text) {
    std::vector<std::string_view> lines;
    while (lines.size() < head_lines) {
        const Halves halves = split_once(text, '\n');
        if (!halves.found) return {};
        lines.push_back(halves.first);
        text = halves.second;
    }
    const auto saved = parse_number<std::int64_t>(lines[4]), expires = parse_number<std::int64_t>(lines[5]);
    const auto cseq = parse_number<std::uint32_t>(lines[6]), version = parse_number<std::uint32_t>(lines[7]);
    if (!saved || !expires || !cseq || !version) return {};
    const auto time = [](std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); };
    return SavedSubscription{key, std::string(lines[0]), std::string(lines[1]), std::string(lines[2]), std::string(lines[3]),
                             time(*saved), time(*expires), *cseq, *version, std::string(text)};
}

}  // namespace

std::uint32_t SavedSubscription::numbers_since(WallTime now) const {
    constexpr std::int64_t per_second = 20, margin = 100;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>((seconds_of(now) - seconds_of(saved) + 1) * per_second + margin, margin, 100'000'000));
}

std::string saved_subscription_key(std::string_view call_id, std::string_view local_tag, std::string_view event, std::string_view event_id) {
    return digest_hex(DigestAlgorithm::md5, fmt::format("{}\n{}\n{}\n{}", call_id, local_tag, event, event_id));
}

void save_subscription(const SavedSubscription& subscription) {
    if (Database* database = Database::instance()) (void)database->put_later(subscription_family, subscription.key, record_of(subscription));
}

void save_refreshed(SavedSubscription subscription) {
    Database* database = Database::instance();
    const auto kept = database ? database->get(subscription_family, subscription.key) : std::nullopt;
    auto before = kept ? read_record(subscription.key, *kept) : std::nullopt;
    if (!before) return;
    subscription.subscribe = std::move(before->subscribe);
    save_subscription(subscription);
}

void forget_subscription(const std::string& key) {
    if (Database* database = Database::instance()) database->del_later(subscription_family, key);
}

std::vector<SavedSubscription> load_subscriptions() {
    std::vector<SavedSubscription> all;
    Database* database = Database::instance();
    if (!database) return all;
    for (const DatabaseEntry& entry : database->list(subscription_family)) {
        if (auto read = read_record(entry.key, entry.value))
            all.push_back(std::move(*read));
        else
            database->del_later(subscription_family, entry.key);
    }
    return all;
}

}  // namespace jackfield::sip
