// Mailbox states: how many messages wait in which mailbox, told by whatever keeps them: voicemail, or a system outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

struct MailboxCounts {
    std::uint32_t fresh = 0, old = 0;                // not heard yet, and heard
    std::uint32_t urgent_fresh = 0, urgent_old = 0;  // of these, the urgent ones
    bool operator==(const MailboxCounts&) const = default;
    MailboxCounts& operator+=(const MailboxCounts& other);
};

// Mailboxes are named "box@context"; "box" alone is the same as "box@default". Control thread; nothing waits.
std::string full_mailbox_name(std::string_view mailbox);
// Nothing: nobody has told anything of it.
std::optional<MailboxCounts> mailbox_counts(std::string_view mailbox);
std::vector<std::string> mailbox_names();  // all that somebody has told of, in full, in no order
MailboxCounts sum_of_mailboxes(const std::vector<std::string>& mailboxes);

// Published when counts have changed, also when a mailbox is forgotten that had messages.
struct MailboxChanged { static constexpr std::string_view topic = "mailbox.changed"; std::string mailbox; MailboxCounts counts; };

// For the one who keeps the messages: says what there is now. Errors: invalid (the name), limit (too many mailboxes).
Result<void> set_mailbox_counts(std::string_view mailbox, const MailboxCounts& counts);
void forget_mailbox(std::string_view mailbox);

// Mailboxes of a system outside, set through AMI or ARI, which is not asked again after a restart: the database keeps
// them.
struct ExternalMailbox {
    std::string name;  // as it was set
    MailboxCounts counts;
};
// Errors: those of set_mailbox_counts().
Result<void> set_external_mailbox(std::string_view mailbox, const MailboxCounts& counts);
Result<void> delete_external_mailbox(std::string_view mailbox);  // Errors: not_found.
std::optional<ExternalMailbox> external_mailbox(std::string_view mailbox);
std::vector<ExternalMailbox> list_external_mailboxes();  // by name

}  // namespace jackfield
