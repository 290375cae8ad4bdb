// The registry of switches.
#include "core/dialplan/dialplan_switch.hpp"

#include "core/base/log.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/name_list.hpp"
#include "core/dialplan/template.hpp"

namespace jackfield {
namespace {

Registry<DialplanSwitch>& switches() {
    static Registry<DialplanSwitch> registry;
    return registry;
}

NameList& switch_names() {
    static NameList list;
    return list;
}

Result<std::string> data_for(Channel* channel, const Switch& entry) {
    if (!entry.evaluate) return entry.data;
    ChannelSource source(channel, entry.origin.file, entry.origin.line);
    return evaluate_text(entry.data, source);
}

}  // namespace

Result<Registration> register_in(Module& module, DialplanSwitch added) {
    const std::string name = added.name;
    return switch_names().with(JF_TRY(switches().add(name, std::move(added), &module.gate())), name, {});
}

std::vector<KnownName> known_switches() { return switch_names().copy(); }

SwitchProbe switch_probe(Channel* channel) {
    return [channel](const Context&, const Switch& entry, const PlanQuery& query) {
        const auto& slot = switches().slot(entry.name);
        auto pass = slot.enter();
        if (!pass) return false;
        const auto data = data_for(channel, entry);
        if (!data) return false;
        const RunningGate running(pass->gate());
        return slot.value->exists({channel, *data, query});
    };
}

Result<void> run_switch(Channel& channel, const Switch& entry, const PlanQuery& query) {
    const auto& slot = switches().slot(entry.name);
    auto pass = JF_TRY(slot.enter());
    const std::string data = JF_TRY(data_for(&channel, entry));
    const RunningGate running(pass.gate());
    return slot.value->run(channel, {&channel, data, query});
}

}  // namespace jackfield
