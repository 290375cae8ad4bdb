// The event bus: snapshots of what happened, by type, on the control thread.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string_view>

#include "core/runtime/gate.hpp"

namespace jackfield {

// An event is a plain struct with a topic of its own, e.g. struct ChannelHungUp { static constexpr std::string_view
// topic = "channel.hangup"; ... }. Names, not type identities, tie publisher and subscriber across shared objects.
template <class E>
concept Event = requires {
    { E::topic } -> std::convertible_to<std::string_view>;
};

namespace detail {
struct Topic;
struct Subscriber;
Topic& topic(std::string_view name);  // made on first use, lives for ever
bool has_subscribers(const Topic& topic);
void publish(Topic& topic, const void* event);
}  // namespace detail

// Ends when destroyed, also from inside its own function.
class [[nodiscard]] Subscription {
  public:
    Subscription() = default;
    Subscription(Subscription&&) noexcept = default;
    Subscription& operator=(Subscription&&) noexcept = default;

  private:
    friend Subscription subscribe_raw(detail::Topic&, std::move_only_function<void(const void*)>);
    explicit Subscription(std::shared_ptr<detail::Subscriber> subscriber) : subscriber_(std::move(subscriber)) {}
    std::shared_ptr<detail::Subscriber> subscriber_;
};
Subscription subscribe_raw(detail::Topic& topic, std::move_only_function<void(const void*)> function);

// Calls `function` for every later event of the type, in the order of publishing, within publish(). It may not wait.
template <Event E>
Subscription subscribe(std::move_only_function<void(const E&)> function) {
    return subscribe_raw(detail::topic(E::topic), [function = std::move(function)](const void* event) mutable {
        function(*static_cast<const E*>(event));
    });
}

// Costs one load when nobody subscribed. Use the second form when building the event costs something.
template <Event E>
void publish(const E& event) {
    static detail::Topic& topic = detail::topic(E::topic);
    if (detail::has_subscribers(topic)) detail::publish(topic, &event);
}
template <Event E>
bool wanted() {
    static detail::Topic& topic = detail::topic(E::topic);
    return detail::has_subscribers(topic);
}

}  // namespace jackfield
