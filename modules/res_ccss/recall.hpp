// Calling a caller back when whom it called has become free.
#pragma once

#include <functional>
#include <map>

#include "core/channel/channel_events.hpp"
#include "core/module/module.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_ccss/call_watch.hpp"
#include "modules/res_ccss/completions.hpp"

namespace jackfield::ccss {

// Control thread.
class Recalls {
  public:
    Recalls(Module& module, CallWatch& watch, std::function<Completions&()> completions);
    // Rings the caller for its cc_recall_timer, then goes on in the dialplan as the first call did. Never waits: it ends
    // with recalled() or failed() of the completions, at once when there are too many fibers.
    void start(const Completion& completion);

  private:
    struct Order {
        unsigned id;
        std::string dial_string;
        Place place;
        Parameters agent;
        std::string devices;
    };
    void run(const Order& order);
    void prepare(Channel& channel, const Order& order);

    Module& module_;
    CallWatch& watch_;
    std::function<Completions&()> completions_;
    std::map<std::uint64_t, unsigned> called_back_;  // completion by the number of the channel that speaks for it
    Subscription answered_, gone_;
};

}  // namespace jackfield::ccss
