// TaskGroup: child fibers that end together.
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/fiber_private.hpp"

namespace jackfield {

struct TaskGroup::State {
    class Ended final : public Waitable {
      public:
        explicit Ended(const State& group) : group_(group) {}
        ~Ended() override = default;
        bool ready() const override { return group_.running == 0; }
        std::vector<std::uint64_t> needed_fibers() const override { return group_.children; }
        void changed() { notify(); }

      private:
        const State& group_;
    };

    explicit State(std::string group) : name(std::move(group)) {}
    std::string name;
    std::size_t running = 0;
    std::vector<std::uint64_t> children;  // those that have begun, by id
    Interrupter interrupter;
    Ended ended{*this};
};

namespace {

// Counts a child also when an exception ends it.
template <class State>
struct Member {
    explicit Member(State& group) : state(group) { state.children.push_back(fiber_id()); }
    ~Member() {
        std::erase(state.children, fiber_id());
        if (--state.running == 0) state.ended.changed();
    }
    State& state;
};

}  // namespace

TaskGroup::TaskGroup(std::string name) : state_(std::make_shared<State>(std::move(name))) {}

TaskGroup::~TaskGroup() {
    cancel();
    if (state_->running == 0) return;
    if (!on_fiber() || running_state().no_wait != 0) {
        log_error("task group {} is destroyed where nothing may wait, with {} fibers running", state_->name,
                  state_->running);
        return;
    }
    const Shield shield;
    while (state_->running != 0)
        if (!select({&state_->ended})) break;
}

Result<void> TaskGroup::spawn(std::string name, std::move_only_function<void()> body, std::source_location where) {
    if (state_->interrupter.reason()) return fail(ErrorCode::cancelled, "task group {} was cancelled", state_->name);
    auto child = [state = state_, body = std::move(body)]() mutable {
        const Member<State> member(*state);
        const InterruptScope scope(state->interrupter);
        auto run = std::move(body);  // its captures go before the group hears of the end
        run();
    };
    ++state_->running;
    auto started = jackfield::spawn({.name = std::move(name)}, std::move(child), where);
    if (!started) --state_->running;
    return started;
}

void TaskGroup::cancel() { state_->interrupter.interrupt(ErrorCode::cancelled); }

Result<void> TaskGroup::join(Timeout timeout, std::source_location where) {
    JF_TRY(select({&state_->ended}, timeout, where));
    return {};
}

std::size_t TaskGroup::running() const { return state_->running; }

}  // namespace jackfield
