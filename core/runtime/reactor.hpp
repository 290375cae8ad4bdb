// Readiness of descriptors on the control thread, over Boost.Asio. Private; nothing else of the core sees Asio.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace boost::asio {
class io_context;
}

namespace jackfield {

class Watchdog;

// The event loop's wait. Runs at most one ready handler per call, so that each is followed by a turn of its own and the
// reactor's descriptors are asked once per turn.
class Reactor {
  public:
    explicit Reactor(Watchdog& watchdog);
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    bool poll();  // never waits; true when a handler ran
    // Waits for a ready descriptor; empty: for ever.
    void wait(std::optional<std::chrono::nanoseconds> limit);

    boost::asio::io_context& context();

  private:
    friend class DescriptorWatch;
    struct Private;
    std::unique_ptr<Private> private_;
};

// Calls a function on the control thread, not on a fiber, while a descriptor can be read or written. Destroying it
// cancels for certain, also from inside a function. Does not own the descriptor, which must outlive it; one watch per
// descriptor. An error or end of the descriptor counts as readable and writable.
class DescriptorWatch {
  public:
    DescriptorWatch(int descriptor, std::move_only_function<void()> readable,
                    std::move_only_function<void()> writable = {});
    ~DescriptorWatch();
    DescriptorWatch(const DescriptorWatch&) = delete;
    DescriptorWatch& operator=(const DescriptorWatch&) = delete;

    // While wanted, the function is called again and again as long as the descriptor is ready.
    void want_read(bool wanted);
    void want_write(bool wanted);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace jackfield
