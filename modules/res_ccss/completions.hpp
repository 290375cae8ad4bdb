// Completion of calls: who waits for whom, and what comes next. The rules alone; who is called and told is behind Surroundings.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/channel/channel.hpp"
#include "core/channel/driver.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_ccss/settings.hpp"

namespace jackfield::ccss {

enum class CompletionService : unsigned char { busy, no_reply };  // CCBS, CCNR
std::string_view to_string(CompletionService service);            // "CCBS", "CCNR"

// A called device that a completion waits for.
struct Monitored {
    std::string device;                // "PJSIP/6002"
    CompletionService service = CompletionService::busy;
    Parameters parameters;
    bool ready = false;                // free means: call back. One that did not answer has to be used first (somebody is there)
    std::unique_ptr<Timer> available;  // ends the watch
};

struct Completion {
    unsigned id = 0;
    std::string caller;                // device
    Place place;                       // that it dialled
    Parameters agent;
    std::vector<Monitored> called;
    State state = State::offered;
    std::unique_ptr<Timer> offer;
    std::unique_ptr<Timer> glance;     // looks at the devices again
};

// What the rules need from the rest. Control thread; none of it waits.
class Surroundings {
  public:
    virtual ~Surroundings() = default;
    virtual DeviceState state_of(std::string_view device) = 0;
    // Calls the caller back. It ends with recalled() or failed().
    virtual void recall(const Completion& completion) = 0;
    // An event of the manager: `detail` is its last field (Service, Expires, Reason), `called` the device that it is about.
    virtual void tell(std::string_view event, const Completion& completion, std::string_view called = {}, std::string_view detail = {}) = 0;
    virtual void state_changed(std::string_view caller) = 0;  // of the device ccss:<caller>
};

// Control thread.
class Completions {
  public:
    enum class Refusal : unsigned char { none, no_core_instance, not_generic, too_many_requests };
    static constexpr std::size_t most_offers = 1000;  // at a time; they last for seconds

    explicit Completions(Surroundings& surroundings) : surroundings_(surroundings) {}

    // A call reached nobody: its caller may ask for completion until the offer timer ends. A new offer for the same
    // place takes the place of the old one. The id; 0: there are too many.
    unsigned offer(std::string caller, Place place, Parameters agent, std::vector<Monitored> called);
    // The newest offer of that device is asked for, if the limits allow it.
    Refusal request(std::string_view caller, unsigned most_requests);
    // The newest one of that device ends, asked for or not.
    Refusal cancel(std::string_view caller);
    bool cancel(unsigned id);
    void device_changed(std::string_view device, DeviceState state);
    void recalled(unsigned id);                        // both speak
    void failed(unsigned id, std::string_view reason);

    State state_of(std::string_view caller, bool& any) const;  // of its newest
    const std::vector<std::unique_ptr<Completion>>& all() const { return all_; }
    const Completion* find(unsigned id) const;

  private:
    Completion* entry(unsigned id);
    Completion* newest(std::string_view caller, bool offered_only);
    std::size_t requested(std::string_view caller) const;
    std::size_t watched(std::string_view device) const;
    void enter(Completion& completion, State state);
    void end(unsigned id, State state);
    void watch_ended(unsigned id, std::string device);
    // A device may be free: whoever waits longest is called back. `again`: look once more if it is not. What changes and
    // changes back within a turn is not told, so that a state that was not told of may be gone unheard.
    void serve(const std::string& device, bool again);
    void serve_all(const Completion& completion, bool again);
    void caller_is_free(Completion& completion);
    void look_again(unsigned id);

    Surroundings& surroundings_;
    std::vector<std::unique_ptr<Completion>> all_;     // oldest first
    unsigned last_id_ = 0;
};

}  // namespace jackfield::ccss
