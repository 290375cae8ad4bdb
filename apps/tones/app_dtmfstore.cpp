// StoreDTMF: keys that a channel sends or gets, appended to a variable.
#include "core/channel/per_channel.hpp"
#include "core/dialplan/executor.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "StoreDTMF",
    .syntax = "StoreDTMF(direction[,var_name[,max_digits]])",
    .synopsis = "Append keys to a variable as they come",
    .text = "From now on, while the plan goes on and in bridges too: RX the keys that the channel's far side presses, TX those that are "
            "sent to it. At most `max_digits` (0: no limit). StoreDTMF(remove) ends it. The variable may be a function such as "
            "CDR(digits)."};

struct Store {
    bool active = false, received = true;
    std::string variable, digits;
    std::size_t most = 0;
};

class Stores {
  public:
    Stores() : digits_(subscribe<ChannelDigit>([this](const ChannelDigit& event) { pressed(event); })) {}
    Result<void> run(Channel& channel, const Arguments& arguments) {
        const std::string_view direction = trim(arguments[0]);
        if (equals_ignoring_case(direction, "remove")) {
            kept_.erase(channel);
            return {};
        }
        const bool received = equals_ignoring_case(direction, "rx");
        if (!received && !equals_ignoring_case(direction, "tx"))
            return fail(ErrorCode::invalid, "StoreDTMF: the direction is RX, TX or remove, not '{}'", direction);
        if (!arguments.has(1)) return fail(ErrorCode::invalid, "StoreDTMF needs a variable: StoreDTMF(RX,digits)");
        const auto most = arguments.has(2) ? parse_number<std::size_t>(trim(arguments[2])) : std::optional<std::size_t>(0);
        if (!most) return fail(ErrorCode::invalid, "StoreDTMF: '{}' is not a number of digits", arguments[2]);
        kept_.of(channel) = Store{true, received, std::string(trim(arguments[1])), {}, *most};
        return {};
    }

  private:
    void pressed(const ChannelDigit& event) {
        if (!event.end) return;
        Store* store = kept_.find(event.channel);
        if (!store || !store->active || store->received != event.received || (store->most && store->digits.size() >= store->most) ||
            store->digits.size() >= 4096)
            return;
        store->digits += event.key;
        if (!store->variable.contains('(')) return event.channel.set_variable(store->variable, store->digits);
        // A function may wait, so it is set on a fiber, in order.
        (void)event.channel.post_work([variable = store->variable, digits = store->digits](Channel& channel) {
            if (auto set = write_expression(&channel, variable, digits); !set)
                log_warning("StoreDTMF: {} can't be set: {}", variable, set.error().text);
        });
    }
    PerChannel<Store> kept_;
    Subscription digits_;
};

Result<void> load(Module& module) {
    Stores& stores = module.own<Stores>();
    return module.add(info, [&stores](Channel& channel, const Arguments& arguments) { return stores.run(channel, arguments); });
}

}  // namespace

JACKFIELD_MODULE("app_dtmfstore", "Keys in variables", load)
