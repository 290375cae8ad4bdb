// The service interface of res_manager: actions and events of the manager interface (AMI) that other modules add.
//
//   JF_TRY(module.add(ManagerActionInfo{"QueuePause", manager_class::agent, "Pause a member", "Interface, Paused"},
//                     [](const ManagerRequest& request, ManagerReply& reply) -> Result<void> { ... }));
//
// A module that adds some need not name "res_manager" among those that it needs. Everything here is for the control thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/application.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/module/module.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

// Classes of manager.conf's read= and write=, which may be combined. An action needs one of its classes in write=, an
// event all of its in read=; without a class it is for everybody.
using ManagerClasses = std::uint32_t;
namespace manager_class {
constexpr ManagerClasses none = 0, system = 1u << 0, call = 1u << 1, log = 1u << 2, verbose = 1u << 3, command = 1u << 4,
                         agent = 1u << 5, user = 1u << 6, config = 1u << 7, dtmf = 1u << 8, reporting = 1u << 9,
                         cdr = 1u << 10, dialplan = 1u << 11, originate = 1u << 12, agi = 1u << 13, cc = 1u << 15,
                         aoc = 1u << 16, test = 1u << 17, security = 1u << 18, message = 1u << 30, all = 0x7fffffffu;
}  // namespace manager_class

// Lines "Key: Value" in the order in which they were added. Line ends within keys and values become blanks, so that no
// value can pretend to be further lines.
class ManagerFields {
  public:
    ManagerFields& add(std::string_view key, std::string_view value) {
        append(key);
        text_ += ": ";
        append(value);
        text_ += "\r\n";
        return *this;
    }
    template <std::integral T>
    ManagerFields& add(std::string_view key, T value) {
        return add(key, std::string_view(std::to_string(value)));
    }
    ManagerFields& add(const ManagerFields& others) {
        text_ += others.text_;
        return *this;
    }
    const std::string& text() const { return text_; }

  private:
    void append(std::string_view part) {
        for (const char c : part) text_ += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    std::string text_;
};

// What a client sent: one block of lines. Keys are compared letter case aside.
class ManagerRequest {
  public:
    using Fields = std::vector<std::pair<std::string, std::string>>;
    explicit ManagerRequest(Fields fields) : fields_(std::move(fields)) {}

    const Fields& fields() const { return fields_; }
    // The first value of that key; empty when there is none.
    std::string_view get(std::string_view key) const {
        for (const auto& [name, value] : fields_)
            if (equals_ignoring_case(name, key)) return value;
        return {};
    }
    std::vector<std::string_view> all(std::string_view key) const {
        std::vector<std::string_view> values;
        for (const auto& [name, value] : fields_)
            if (equals_ignoring_case(name, key)) values.push_back(value);
        return values;
    }
    std::string_view action() const { return get("Action"); }
    std::string_view action_id() const { return get("ActionID"); }
    // Of every "Variable: name=value[,name=value...]", in order.
    Fields variables() const {
        Fields list;
        for (const std::string_view line : all("Variable"))
            for (const std::string& part : split_arguments(line)) {
                const Halves halves = split_once(part, '=');
                if (!trim(halves.first).empty()) list.emplace_back(trim(halves.first), halves.second);
            }
        return list;
    }

  private:
    Fields fields_;
};

// The answer to one request; the ActionID is put in by itself. An action answers once, by respond(), success() or a list;
// when it returns an error before that, the error's text is the answer.
class ManagerReply {
  public:
    virtual ~ManagerReply() = default;
    // "Response: <word>", then the lines. Never waits.
    virtual void respond(std::string_view word, const ManagerFields& fields) = 0;
    void success(std::string_view message, const ManagerFields& more = {}) {
        respond("Success", ManagerFields().add("Message", message).add(more));
    }
    // "Response: Success" with "EventList: start"; then item() for each, and end_list(), which counts them.
    virtual void begin_list(std::string_view message) = 0;
    // Waits when the client is slow, and at times so that others can run: references to other objects do not survive it.
    // Errors: closed, interruption.
    virtual Result<void> item(std::string_view event, const ManagerFields& fields) = 0;
    virtual void end_list(std::string_view event, const ManagerFields& more = {}) = 0;

    virtual const std::string& user() const = 0;        // who is logged in
    virtual ManagerClasses write_classes() const = 0;    // what that user may do
    // Variables that manager.conf's setvar= gives to channels that this user originates.
    virtual const ManagerRequest::Fields& channel_variables() const = 0;
};

struct ManagerActionInfo {
    Text name;
    ManagerClasses privilege;
    Text synopsis;                 // one line, for ListCommands and `manager show commands`
    Text text;                     // its fields and what it answers
};
// Runs on the fiber of the client's session and may wait; further requests of that client wait meanwhile.
using ManagerActionFunction = std::function<Result<void>(const ManagerRequest& request, ManagerReply& reply)>;

// Events that cost something to watch for: `start` is called when the first client wants the class, and what it returns
// is destroyed when the last one has gone.
struct ManagerEventSource {
    ManagerClasses privilege;
    std::function<std::vector<Subscription>()> start;
};

class ManagerService {
  public:
    static constexpr std::string_view service_name = "manager";
    virtual ~ManagerService() = default;
    // Errors: exists.
    virtual Result<Registration> add(Module& module, const ManagerActionInfo& info, ManagerActionFunction function) = 0;
    virtual Result<Registration> add(Module& module, ManagerEventSource source) = 0;
    // Whether any client gets events of that class: ask before putting fields together.
    virtual bool wanted(ManagerClasses privilege) const = 0;
    // Sends an event to all who may and want to have it. Serialised once; never waits.
    virtual void publish(std::string_view event, ManagerClasses privilege, const ManagerFields& fields) = 0;
    // The lines that describe a channel in every event: Channel, ChannelState, ..., Uniqueid, Linkedid, and a
    // ChanVariable for each of manager.conf's channelvars. `prefix` before each key.
    virtual void add_channel(ManagerFields& fields, Channel& channel, std::string_view prefix = {}) const = 0;
};

// The action or events are there whenever res_manager is, which may load before or after the module. Errors: exists.
inline Result<Registration> register_in(Module& module, const ManagerActionInfo& info, ManagerActionFunction function) {
    return offer_to<ManagerService>(module, [&module, info, function = std::move(function)](ManagerService& service) {
        return service.add(module, info, function);
    });
}
inline Result<Registration> register_in(Module& module, ManagerEventSource source) {
    return offer_to<ManagerService>(module, [&module, source = std::move(source)](ManagerService& service) {
        return service.add(module, source);
    });
}
// Publishes an event when res_manager is loaded and somebody wants it; `fill` puts the fields together only then. Never waits.
template <std::invocable<ManagerService&, ManagerFields&> Fill>
void publish_to_manager(std::string_view event, ManagerClasses privilege, Fill fill) {
    const auto service = find_service<ManagerService>();
    if (!service || !(*service)->wanted(privilege)) return;
    ManagerFields fields;
    fill(**service, fields);
    (*service)->publish(event, privilege, fields);
}

}  // namespace jackfield
