// res_mwi_devstate: mailboxes as devices, so that hints can show waiting messages (MWI:box@context).
#include "core/channel/mailbox_state.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

// INUSE when there are new messages, so that the lamp is lit.
DeviceState waiting_state(std::string_view mailbox) {
    const auto counts = mailbox_counts(mailbox);
    return counts && counts->fresh ? DeviceState::in_use : DeviceState::not_in_use;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(DeviceStateProvider{"MWI", waiting_state}));
    module.own<Subscription>(subscribe<MailboxChanged>([](const MailboxChanged& change) {
        device_state_changed("MWI:" + change.mailbox);
        const Halves name = split_once(change.mailbox, '@');
        if (name.second == "default") device_state_changed(fmt::format("MWI:{}", name.first));
    }));
    return {};
}

}  // namespace

JACKFIELD_MODULE("res_mwi_devstate", "Device states of mailboxes", load)
