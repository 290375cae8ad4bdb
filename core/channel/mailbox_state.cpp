// Mailbox states: how many messages wait in which mailbox.
#include "core/channel/mailbox_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/base/strings.hpp"
#include "core/module/database.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

constexpr std::string_view external_family = "mwi_external";
constexpr std::size_t most_mailboxes = 1'000'000, longest_name = 200;

struct MailboxTable {
    std::unordered_map<std::string, MailboxCounts, StringHash, std::equal_to<>> counts;  // by full name
    std::map<std::string, std::string, std::less<>> external;                            // full name, name as it was set
};

// "new,old,urgent new,urgent old"
MailboxCounts parse_counts(std::string_view text) {
    const auto parts = split(text, ',');
    const auto part = [&](std::size_t place) { return parts.size() > place ? parse_number<std::uint32_t>(parts[place]).value_or(0) : 0; };
    return {part(0), part(1), part(2), part(3)};
}

MailboxTable& mailbox_table() {
    static MailboxTable table = [] {
        MailboxTable made;
        if (const Database* database = Database::instance())
            for (const DatabaseEntry& entry : database->list(external_family)) {
                const std::string name = full_mailbox_name(entry.key);
                made.counts[name] = parse_counts(entry.value);
                made.external[name] = entry.key;
            }
        return made;
    }();
    return table;
}

}  // namespace

MailboxCounts& MailboxCounts::operator+=(const MailboxCounts& other) {
    fresh += other.fresh;
    old += other.old;
    urgent_fresh += other.urgent_fresh;
    urgent_old += other.urgent_old;
    return *this;
}

std::string full_mailbox_name(std::string_view mailbox) {
    return mailbox.contains('@') ? std::string(mailbox) : std::string(mailbox) + "@default";
}

std::optional<MailboxCounts> mailbox_counts(std::string_view mailbox) {
    const auto& counts = mailbox_table().counts;
    const auto found = counts.find(full_mailbox_name(mailbox));
    return found == counts.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> mailbox_names() {
    std::vector<std::string> names;
    names.reserve(mailbox_table().counts.size());
    for (const auto& [name, counts] : mailbox_table().counts) names.push_back(name);
    return names;
}

MailboxCounts sum_of_mailboxes(const std::vector<std::string>& mailboxes) {
    MailboxCounts sum;
    for (const std::string& mailbox : mailboxes) sum += mailbox_counts(mailbox).value_or(MailboxCounts());
    return sum;
}

Result<void> set_mailbox_counts(std::string_view mailbox, const MailboxCounts& counts) {
    const bool odd = std::ranges::any_of(mailbox, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/' || c == ','; });
    if (mailbox.empty() || mailbox.starts_with('@') || mailbox.size() > longest_name || odd)
        return fail(ErrorCode::invalid, "'{}' is no name of a mailbox; write box or box@context, without slash or comma", mailbox.substr(0, longest_name));
    auto& all = mailbox_table().counts;
    const std::string name = full_mailbox_name(mailbox);
    const auto found = all.find(name);
    if (found == all.end()) {
        if (all.size() >= most_mailboxes) return fail(ErrorCode::limit, "there are {} mailboxes already", all.size());
        all.emplace(name, counts);
    } else if (std::exchange(found->second, counts) == counts) {
        return {};
    }
    publish(MailboxChanged{name, counts});
    return {};
}

void forget_mailbox(std::string_view mailbox) {
    const std::string name = full_mailbox_name(mailbox);
    auto& all = mailbox_table().counts;
    const auto found = all.find(name);
    if (found == all.end()) return;
    const bool had_some = found->second != MailboxCounts();
    all.erase(found);
    if (had_some) publish(MailboxChanged{name, {}});
}

Result<void> set_external_mailbox(std::string_view mailbox, const MailboxCounts& counts) {
    JF_TRY(set_mailbox_counts(mailbox, counts));
    const std::string& kept = mailbox_table().external.try_emplace(full_mailbox_name(mailbox), mailbox).first->second;
    if (Database* database = Database::instance())
        return database->put_later(external_family, kept, fmt::format("{},{},{},{}", counts.fresh, counts.old, counts.urgent_fresh, counts.urgent_old));
    return {};
}

Result<void> delete_external_mailbox(std::string_view mailbox) {
    auto& external = mailbox_table().external;
    const auto found = external.find(full_mailbox_name(mailbox));
    if (found == external.end()) return fail(ErrorCode::not_found, "no mailbox '{}' was set from outside", mailbox);
    if (Database* database = Database::instance()) database->del_later(external_family, found->second);
    external.erase(found);
    forget_mailbox(mailbox);
    return {};
}

std::optional<ExternalMailbox> external_mailbox(std::string_view mailbox) {
    const auto& external = mailbox_table().external;
    const auto found = external.find(full_mailbox_name(mailbox));
    if (found == external.end()) return {};
    return ExternalMailbox{found->second, mailbox_counts(found->first).value_or(MailboxCounts())};
}

std::vector<ExternalMailbox> list_external_mailboxes() {
    std::vector<ExternalMailbox> all;
    for (const auto& [name, as_set] : mailbox_table().external) all.push_back({as_set, mailbox_counts(name).value_or(MailboxCounts())});
    return all;
}

}  // namespace jackfield
