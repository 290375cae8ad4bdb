// res_mwi_external: mailboxes of a system outside, set through the manager interface; and what it tells of any mailbox.
#include "core/channel/mailbox_state.hpp"
#include "core/dialplan/expression_regex.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

constexpr ManagerClasses asks = manager_class::call | manager_class::reporting;
constexpr ManagerActionInfo get_info{"MWIGet", asks, "Counts of mailboxes that were set from outside",
                                     "Mailbox: box@context, or /regular expression/ for all that match. Answers one MWIGet for each."};
constexpr ManagerActionInfo update_info{"MWIUpdate", manager_class::call, "Set the counts of a mailbox of a system outside",
                                        "Mailbox; NewMessages and OldMessages, 0 without. The counts are kept over restarts."};
constexpr ManagerActionInfo delete_info{"MWIDelete", manager_class::call, "Forget mailboxes that were set from outside",
                                        "Mailbox: box@context, or /regular expression/ for all that match."};
constexpr ManagerActionInfo status_info{"MailboxStatus", asks, "Whether messages wait in mailboxes",
                                        "Mailbox: box@context, or several with commas. Answers Waiting: 1 when one has new messages."};
constexpr ManagerActionInfo count_info{"MailboxCount", asks, "How many messages a mailbox has",
                                       "Mailbox: box@context. Answers UrgMessages, NewMessages and OldMessages."};

Result<std::vector<ExternalMailbox>> chosen(const ManagerRequest& request) {
    const std::string_view wanted = request.get("Mailbox");
    if (wanted.empty()) return fail(ErrorCode::invalid, "Missing mailbox parameter in request");
    std::vector<ExternalMailbox> all;
    if (wanted.size() > 2 && wanted.starts_with('/') && wanted.ends_with('/')) {
        const std::string_view expression = wanted.substr(1, wanted.size() - 2);
        for (ExternalMailbox& mailbox : list_external_mailboxes())
            if (JF_TRY(match_posix(mailbox.name, expression, false)).matched) all.push_back(std::move(mailbox));
    } else if (auto found = external_mailbox(wanted)) {
        all.push_back(std::move(*found));
    }
    return all;
}

Result<void> get(const ManagerRequest& request, ManagerReply& reply) {
    const auto all = JF_TRY(chosen(request));
    reply.begin_list("Mailboxes will follow");
    for (const ExternalMailbox& mailbox : all)
        JF_TRY(reply.item("MWIGet", ManagerFields().add("Mailbox", mailbox.name).add("OldMessages", mailbox.counts.old).add("NewMessages", mailbox.counts.fresh)));
    reply.end_list("MWIGetComplete");
    return {};
}

Result<std::uint32_t> messages(const ManagerRequest& request, std::string_view key) {
    const std::string_view text = request.get(key);
    if (text.empty()) return 0u;
    if (const auto number = parse_number<std::uint32_t>(text)) return *number;
    return fail(ErrorCode::invalid, "Invalid {}: '{}' is no number", key, text);
}

Result<void> update(const ManagerRequest& request, ManagerReply& reply) {
    MailboxCounts counts;
    counts.fresh = JF_TRY(messages(request, "NewMessages"));
    counts.old = JF_TRY(messages(request, "OldMessages"));
    if (request.get("Mailbox").empty()) return fail(ErrorCode::invalid, "Missing mailbox parameter in request");
    JF_TRY(set_external_mailbox(request.get("Mailbox"), counts));
    reply.respond("Success", {});
    return {};
}

Result<void> forget(const ManagerRequest& request, ManagerReply& reply) {
    const auto all = JF_TRY(chosen(request));
    for (const ExternalMailbox& mailbox : all) (void)delete_external_mailbox(mailbox.name);
    reply.respond("Success", {});
    return {};
}

Result<void> status(const ManagerRequest& request, ManagerReply& reply) {
    const std::string_view mailbox = request.get("Mailbox");
    if (mailbox.empty()) return fail(ErrorCode::invalid, "Mailbox not specified");
    bool waiting = false;
    for (const std::string_view each : split_list(mailbox)) waiting |= mailbox_counts(each).value_or(MailboxCounts()).fresh > 0;
    reply.respond("Success", ManagerFields().add("Message", "Mailbox Status").add("Mailbox", mailbox).add("Waiting", waiting ? 1 : 0));
    return {};
}

Result<void> count(const ManagerRequest& request, ManagerReply& reply) {
    const std::string_view mailbox = request.get("Mailbox");
    if (mailbox.empty()) return fail(ErrorCode::invalid, "Mailbox not specified");
    const MailboxCounts counts = mailbox_counts(mailbox).value_or(MailboxCounts());
    ManagerFields fields;
    fields.add("Message", "Mailbox Message Count").add("Mailbox", mailbox);
    fields.add("UrgMessages", counts.urgent_fresh).add("NewMessages", counts.fresh).add("OldMessages", counts.old);
    reply.respond("Success", fields);
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(get_info, get));
    JF_TRY(module.add(update_info, update));
    JF_TRY(module.add(delete_info, forget));
    JF_TRY(module.add(status_info, status));
    return module.add(count_info, count);
}

}  // namespace

JACKFIELD_MODULE("res_mwi_external", "Mailboxes of a system outside", load)
