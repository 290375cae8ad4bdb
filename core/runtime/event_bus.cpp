// The event bus: topics by name and their subscribers.
#include "core/runtime/event_bus.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/strings.hpp"
#include "core/runtime/callback.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {
namespace detail {

// Belongs to its Subscription; the topic only knows where it is.
struct Subscriber : std::enable_shared_from_this<Subscriber> {
    Subscriber(Topic& of, std::move_only_function<void(const void*)> to_call)
        : topic(of), function(std::move(to_call)), gate(running_gate()) {}
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    Topic& topic;
    std::move_only_function<void(const void*)> function;
    Gate* gate;
};

struct Topic {
    std::string name;
    std::vector<Subscriber*> subscribers;  // in order of subscribing; null: ended while an event is being published
    std::size_t active = 0;
    unsigned publishing = 0;  // depth: a subscriber may publish again
};

Subscriber::~Subscriber() {
    --topic.active;
    const auto place = std::find(topic.subscribers.begin(), topic.subscribers.end(), this);
    if (topic.publishing == 0)
        topic.subscribers.erase(place);
    else
        *place = nullptr;
}

Topic& topic(std::string_view name) {
    using Topics = std::unordered_map<std::string, std::unique_ptr<Topic>, StringHash, std::equal_to<>>;
    static Topics& topics = *new Topics;  // outlives every subscription, whatever the order of destruction
    if (const auto found = topics.find(name); found != topics.end()) return *found->second;
    auto made = std::make_unique<Topic>(Topic{.name = std::string(name), .subscribers = {}});
    return *topics.emplace(std::string(name), std::move(made)).first->second;
}

bool has_subscribers(const Topic& topic) { return topic.active != 0; }

void publish(Topic& topic, const void* event) {
    const NoWait no_wait;
    ++topic.publishing;
    // Those who subscribe meanwhile hear the next event.
    for (std::size_t i = 0, count = topic.subscribers.size(); i < count; ++i) {
        if (!topic.subscribers[i]) continue;
        const auto subscriber = topic.subscribers[i]->shared_from_this();  // it may end itself
        call_guarded("event subscriber", subscriber->gate, [&] { subscriber->function(event); });
    }
    if (--topic.publishing == 0) std::erase(topic.subscribers, nullptr);
}

}  // namespace detail

Subscription subscribe_raw(detail::Topic& topic, std::move_only_function<void(const void*)> function) {
    auto subscriber = std::make_shared<detail::Subscriber>(topic, std::move(function));
    topic.subscribers.push_back(subscriber.get());
    ++topic.active;
    return Subscription(std::move(subscriber));
}

}  // namespace jackfield
