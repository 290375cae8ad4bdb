// Presence states: what people say of themselves (CustomPresence:ann), and who wants to know.
#include "core/channel/presence_state.hpp"

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

Registry<PresenceProvider>& presence_providers() {
    static Registry<PresenceProvider> registry;
    return registry;
}

}  // namespace

PresenceState presence_state(std::string_view provider) {
    const Halves halves = split_once(provider, ':');
    auto* found = presence_providers().find(halves.first);
    if (!found) return {};
    const RunningGate in(found->gate);
    return found->value->state(halves.second);
}

bool has_presence_provider(std::string_view provider) { return presence_providers().find(split_once(provider, ':').first) != nullptr; }

Result<Registration> register_in(Module& module, PresenceProvider provider) {
    const auto prefix = provider.prefix;
    return presence_providers().add(prefix, std::move(provider), &module.gate());
}

}  // namespace jackfield
