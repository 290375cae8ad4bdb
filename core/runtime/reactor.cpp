// The reactor: the one file of the runtime that includes Asio.
#include "core/runtime/reactor.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "core/base/log.hpp"
#include "core/runtime/callback.hpp"
#include "core/runtime/loop_private.hpp"

namespace jackfield {

namespace asio = boost::asio;

struct Reactor::Private {
    Watchdog& watchdog;
    asio::io_context context{1};  // one thread runs it
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

Reactor::Reactor(Watchdog& watchdog) : private_(new Private{.watchdog = watchdog}) {}
Reactor::~Reactor() = default;

asio::io_context& Reactor::context() { return private_->context; }

bool Reactor::poll() {
    private_->watchdog.begin_turn();
    return private_->context.poll_one() != 0;
}

void Reactor::wait(std::optional<std::chrono::nanoseconds> limit) {
    if (limit)
        private_->context.run_one_for(*limit);
    else
        private_->context.run_one();
}

struct DescriptorWatch::State : std::enable_shared_from_this<State> {
    struct Direction {
        asio::posix::stream_descriptor::wait_type type;
        std::move_only_function<void()> function;
        bool wanted = false;
        bool armed = false;
        bool running = false;  // the function
    };

    State(Reactor::Private& owner, int fd, std::move_only_function<void()> readable,
          std::move_only_function<void()> writable)
        : reactor(owner),
          descriptor(owner.context),
          gate(running_gate()),
          read{asio::posix::stream_descriptor::wait_read, std::move(readable)},
          write{asio::posix::stream_descriptor::wait_write, std::move(writable)} {
        boost::system::error_code error;
        descriptor.assign(fd, error);
        if (error) log_error("descriptor {} can't be watched: {}", fd, error.message());
    }

    void want(Direction& direction, bool wanted) {
        direction.wanted = wanted;
        if (wanted && !direction.armed) arm(direction);
    }

    void arm(Direction& direction) {
        direction.armed = true;
        descriptor.async_wait(direction.type, [self = shared_from_this(), &direction](boost::system::error_code error) {
            self->ready(direction, error);
        });
    }

    void ready(Direction& direction, boost::system::error_code error) {
        reactor.watchdog.begin_turn();
        direction.armed = false;
        if (error || cancelled || !direction.wanted) return;
        direction.running = true;
        call_guarded("descriptor callback", gate, direction.function);
        direction.running = false;
        if (cancelled)
            direction.function = nullptr;
        else if (direction.wanted && !direction.armed)
            arm(direction);
    }

    // The reactor keeps this until its next turn, when the module whose code the functions are may be unmapped.
    void cancel() {
        cancelled = true;
        for (Direction* const direction : {&read, &write})
            if (!direction->running) direction->function = nullptr;
    }

    Reactor::Private& reactor;
    asio::posix::stream_descriptor descriptor;
    Gate* gate;
    Direction read, write;
    bool cancelled = false;
};

DescriptorWatch::DescriptorWatch(int descriptor, std::move_only_function<void()> readable,
                                 std::move_only_function<void()> writable)
    : state_(std::make_shared<State>(*ControlLoop::instance()->internals().reactor.private_, descriptor,
                                     std::move(readable), std::move(writable))) {}

DescriptorWatch::~DescriptorWatch() {
    state_->cancel();
    if (ControlLoop::instance()) state_->descriptor.release();
}

void DescriptorWatch::want_read(bool wanted) { state_->want(state_->read, wanted); }
void DescriptorWatch::want_write(bool wanted) { state_->want(state_->write, wanted); }

}  // namespace jackfield
