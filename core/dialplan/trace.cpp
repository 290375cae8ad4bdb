// dialplan trace.
#include "core/dialplan/trace.hpp"

#include <set>

#include "core/base/log.hpp"
#include "core/channel/channel_events.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

class Trace {
  public:
    static Trace& instance() {
        static Trace trace;
        return trace;
    }

    void set(ChannelId channel, bool on) {
        if (!channel) {
            all_ = on;
            if (!on) channels_.clear();
        } else if (on) {
            channels_.insert(channel.number);
        } else {
            channels_.erase(channel.number);
        }
        if (!all_ && channels_.empty()) {
            subscriptions_.clear();
        } else if (subscriptions_.empty()) {
            subscriptions_.push_back(subscribe<NewExtension>([this](const NewExtension& event) { step(event.channel); }));
            subscriptions_.push_back(subscribe<VariableSet>([this](const VariableSet& event) { variable(event); }));
            subscriptions_.push_back(
                subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { set(event.channel.id(), false); }));
        }
    }

  private:
    bool wanted(const Channel& channel) const { return all_ || channels_.contains(channel.id().number); }
    // Level 0: whoever switched it on sees it, whatever `core set verbose` says.
    void step(Channel& channel) {
        if (!wanted(channel)) return;
        const Place& place = channel.place();
        log_verbose(0, "{} [{}@{}:{}] {}({})", channel.name(), place.extension, place.context, place.priority,
                    channel.application, channel.application_arguments);
    }
    void variable(const VariableSet& event) {
        if (event.channel && wanted(*event.channel))
            log_verbose(0, "{}   {} = '{}'", event.channel->name(), event.name, event.value);
    }

    bool all_ = false;
    std::set<std::uint64_t> channels_;
    std::vector<Subscription> subscriptions_;
};

}  // namespace

void trace_dialplan(ChannelId channel, bool on) { Trace::instance().set(channel, on); }

}  // namespace jackfield
