// Fibers over Boost.Context's switch: the run queue, the switch and what is swapped with it.
#include "core/runtime/fiber.hpp"

#include <fmt/format.h>

#include <cxxabi.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <new>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "core/runtime/callback.hpp"
#include "core/runtime/fiber_private.hpp"
#include "core/runtime/loop_private.hpp"
#include "core/runtime/stack_trim.hpp"

namespace jackfield {

using namespace std::chrono_literals;
namespace context = boost::context::detail;

FiberScheduler* fiber_scheduler = nullptr;

static_assert(std::is_standard_layout_v<FiberRecord>);
extern "C" {
FiberLayout jackfield_fiber_layout{.next = offsetof(FiberRecord, next),
                                   .id = offsetof(FiberRecord, id),
                                   .state = offsetof(FiberRecord, state),
                                   .name = offsetof(FiberRecord, name),
                                   .gate = offsetof(FiberRecord, pass),
                                   .started_at = offsetof(FiberRecord, started_at),
                                   .waits_at = offsetof(FiberRecord, waits_at),
                                   .context = offsetof(FiberRecord, context)};
}

namespace {

constexpr auto longest_batch = 2ms;  // then the loop looks at its sockets and timers again

// 40 %: with mprotect guards each stack takes two mappings, and the rest of the process needs some too.
std::size_t limit_from_system() {
    std::ifstream file("/proc/sys/vm/max_map_count");
    std::size_t maps = 65530;  // the kernel's default
    file >> maps;
    return maps * 2 / 5;
}

ExceptionState& exception_state() { return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals()); }

std::string_view module_of(const Gate* gate) { return gate ? std::string_view(gate->name()) : "core"; }

}  // namespace

void log_stray_exception(std::string_view what, std::string_view name, const Gate* gate) {
    const std::string where = name.empty() ? std::string(what) : fmt::format("{} {}", what, name);
    try {
        throw;
    } catch (const std::exception& error) {
        log_error("{} of module {} was ended by an exception: {}", where, module_of(gate), error.what());
    } catch (...) {
        log_error("{} of module {} was ended by an exception of unknown type", where, module_of(gate));
    }
}

Fiber::Fiber(FiberOptions&& options, std::move_only_function<void()> function, std::source_location where)
    : body(std::move(function)), call_id(options.call_id) {
    name = std::move(options.name);
    pass = std::move(options.pass);
    started_at = where;
    since = Clock::now();
    running.gate = pass.gate();
}

FiberScheduler::FiberScheduler(const RuntimeSettings& settings)
    : stacks_(settings.stack_size),
      limit_(settings.max_fibers ? settings.max_fibers : limit_from_system()),
      shuffle_(settings.shuffle),
      random_(settings.shuffle_seed) {
    fiber_scheduler = this;
    jackfield_fiber_layout.first = &all_;
}

FiberScheduler::~FiberScheduler() {
    for (const Fiber* fiber = all_; fiber; fiber = fiber->next)
        log_error("fiber {} of module {} still waits at {}:{} while the control loop ends", fiber->name,
                  module_of(fiber->running.gate), fiber->waits_at.file_name(), fiber->waits_at.line());
    jackfield_fiber_layout.first = nullptr;
    fiber_scheduler = nullptr;
}

Result<void> FiberScheduler::spawn(FiberOptions options, std::move_only_function<void()> body,
                                   std::source_location where) {
    if (count_ >= limit_)
        return fail(ErrorCode::limit, "{} fibers run already: raise vm.max_map_count (sysctl) to allow more", count_);
    char* stack = stacks_.take();
    if (!stack) return fail(ErrorCode::limit, "the system has no more memory mappings for the stack of a fiber");
    if (!options.pass.gate())
        if (Gate* gate = running_gate()) options.pass = gate->hold();

    constexpr std::size_t alignment = 64;
    static_assert(alignof(Fiber) <= alignment);
    constexpr std::size_t reserved = (sizeof(Fiber) + alignment - 1) / alignment * alignment;
    char* top = stack + stacks_.size() - reserved;
    auto* fiber = new (top) Fiber(std::move(options), std::move(body), where);
    fiber->id = ++last_id_;
    fiber->stack = stack;
    const std::size_t usable = static_cast<std::size_t>(top - stack) - StackPool::guard_size;
    fiber->context = context::make_fcontext(top, usable, &FiberScheduler::entry);
    fiber->side.make_fiber();
    fiber->side.set_stack(stack + StackPool::guard_size, usable);

    fiber->next = all_;
    if (all_) all_->previous = fiber;
    all_ = fiber;
    ++count_;
    make_runnable(*fiber);
    return {};
}

void FiberScheduler::make_runnable(Fiber& fiber) {
    fiber.state = Fiber::State::runnable;
    fiber.next_runnable = nullptr;
    if (last_runnable_)
        last_runnable_->next_runnable = &fiber;
    else
        first_runnable_ = &fiber;
    last_runnable_ = &fiber;
}

void FiberScheduler::shuffle_queue() {
    std::vector<Fiber*> queue;
    for (Fiber* fiber = first_runnable_; fiber; fiber = fiber->next_runnable) queue.push_back(fiber);
    std::shuffle(queue.begin(), queue.end(), random_);
    first_runnable_ = last_runnable_ = nullptr;
    for (Fiber* fiber : queue) make_runnable(*fiber);
}

// What a fiber returns through first was touched last when it fell asleep, and thousands of others ran since: its innermost
// frames come from memory while the fiber before it runs.
void FiberScheduler::prefetch(const Fiber& fiber) {
    constexpr std::size_t frames = 2048, line = 64;
    const char* const deepest = static_cast<const char*>(fiber.context);
    for (std::size_t offset = 0; offset < frames; offset += line) __builtin_prefetch(deepest + offset);
}

void FiberScheduler::run_batch() {
    if (!first_runnable_) return;
    Fiber* last = nullptr;
    if (shuffle_) {
        shuffle_queue();
        last = last_runnable_;
    }
    Watchdog* watchdog = ControlLoop::instance() ? &ControlLoop::instance()->internals().watchdog : nullptr;
    const auto start = std::chrono::steady_clock::now();
    auto before = start;
    while (Fiber* fiber = first_runnable_) {
        first_runnable_ = fiber->next_runnable;
        if (first_runnable_)
            prefetch(*first_runnable_);
        else
            last_runnable_ = nullptr;
        resume(*fiber);
        const auto now = std::chrono::steady_clock::now();
        if (watchdog && now - before >= watchdog->warn_limit())
            watchdog->note_slow(fiber->name, module_of(fiber->running.gate), now - before);
        if (fiber->state == Fiber::State::ended) destroy(*fiber);
        if (fiber == last) return;
        if (now - start > longest_batch && !shuffle_) return;  // a shuffled run must not depend on the machine's speed
        before = now;
    }
}

// From the loop to the fiber, until it suspends itself.
void FiberScheduler::resume(Fiber& fiber) {
    running_ = &fiber;
    fiber.state = Fiber::State::running;
    fiber.quick_waits = 0;
    RunningState& running = running_state();
    const RunningState loop_running = std::exchange(running, fiber.running);
    const CallId loop_call = current_call_id();
    set_current_call_id(fiber.call_id);
    loop_exceptions_ = std::exchange(exception_state(), fiber.exceptions);

    loop_side_.leave(fiber.side);
    const context::transfer_t from = context::jump_fcontext(fiber.context, &fiber);
    loop_side_.arrive(fiber.side);

    fiber.context = from.fctx;
    fiber.exceptions = std::exchange(exception_state(), loop_exceptions_);
    fiber.call_id = current_call_id();
    set_current_call_id(loop_call);
    fiber.running = std::exchange(running, loop_running);
    running_ = nullptr;
}

// From the fiber to the loop; returns when the loop resumes the fiber.
void FiberScheduler::leave(Fiber& fiber, bool last) {
    fiber.side.leave(loop_side_, last);
    const context::transfer_t from = context::jump_fcontext(loop_context_, nullptr);
    arrive(fiber, from);
}

void FiberScheduler::arrive(Fiber& fiber, context::transfer_t from) {
    fiber.side.arrive(loop_side_);
    loop_context_ = from.fctx;
}

void FiberScheduler::suspend(std::source_location where) {
    Fiber& fiber = *running_;
    ++fiber.waits;
    fiber.state = Fiber::State::waiting;
    fiber.waits_at = where;
    fiber.since = Clock::now();
    leave(fiber, false);
}

void FiberScheduler::yield(std::source_location where) {
    Fiber& fiber = *running_;
    fiber.waits_at = where;
    make_runnable(fiber);
    leave(fiber, false);
}

void FiberScheduler::entry(context::transfer_t from) {
    auto& fiber = *static_cast<Fiber*>(from.data);
    FiberScheduler& scheduler = *fiber_scheduler;
    scheduler.arrive(fiber, from);
    run_body(fiber);
    fiber.state = Fiber::State::ended;
    scheduler.leave(fiber, true);
    std::abort();  // an ended fiber is never resumed
}

void FiberScheduler::run_body(Fiber& fiber) {
    try {
        fiber.body();
    } catch (const FiberKilled&) {
        // Logged where it was thrown.
    } catch (...) {
        log_stray_exception("fiber", fiber.name, fiber.running.gate);
    }
    fiber.body = nullptr;  // its captures are destroyed on the fiber, and before the pass goes
}

void FiberScheduler::destroy(Fiber& fiber) {
    if (fiber.previous)
        fiber.previous->next = fiber.next;
    else
        all_ = fiber.next;
    if (fiber.next) fiber.next->previous = fiber.previous;
    --count_;
    fiber.side.destroy_fiber();
    char* stack = fiber.stack;
    fiber.~Fiber();
    stacks_.put(stack);
}

Result<void> spawn(FiberOptions options, std::move_only_function<void()> body, std::source_location where) {
    if (!fiber_scheduler) return fail(ErrorCode::failed, "there is no control loop to run a fiber");
    return fiber_scheduler->spawn(std::move(options), std::move(body), where);
}

bool on_fiber() { return on_control_thread() && fiber_scheduler->running(); }
std::uint64_t fiber_id() { return on_fiber() ? fiber_scheduler->running()->id : 0; }
std::uint64_t fiber_waits() { return on_fiber() ? fiber_scheduler->running()->waits : 0; }

namespace {

// The fiber does not run: nothing below its saved context is in use.
void trim(const Fiber& fiber) {
    constexpr std::uintptr_t page = 4096;
    const auto low = reinterpret_cast<std::uintptr_t>(fiber.stack) + StackPool::guard_size;
    const auto high = reinterpret_cast<std::uintptr_t>(fiber.context) / page * page;
    if (high > low) madvise(reinterpret_cast<void*>(low), high - low, MADV_DONTNEED);
}

}  // namespace

StackTrim::StackTrim(std::source_location where)
    : timer_([fiber = on_fiber() ? fiber_scheduler->running() : nullptr] { trim(*fiber); }, where) {
    if (on_fiber()) timer_.start(1s);
}

std::size_t fiber_count() { return fiber_scheduler ? fiber_scheduler->count() : 0; }
std::size_t fiber_limit() { return fiber_scheduler ? fiber_scheduler->limit() : 0; }

namespace {

using Needs = std::unordered_map<std::uint64_t, std::vector<std::uint64_t>>;  // fiber: those that it waits for

// The shortest way from a fiber back to itself, by breadth.
std::vector<std::uint64_t> circle_of(std::uint64_t fiber, const Needs& needs) {
    std::unordered_map<std::uint64_t, std::uint64_t> came_from;
    std::vector<std::uint64_t> open{fiber};
    for (std::size_t i = 0; i < open.size(); ++i) {
        const auto found = needs.find(open[i]);
        if (found == needs.end()) continue;
        for (const std::uint64_t next : found->second) {
            if (next == fiber) {
                std::vector<std::uint64_t> circle;
                for (std::uint64_t at = open[i]; at != fiber; at = came_from.at(at)) circle.push_back(at);
                circle.push_back(fiber);
                std::reverse(circle.begin(), circle.end());
                return circle;
            }
            if (came_from.emplace(next, open[i]).second) open.push_back(next);
        }
    }
    return {};
}

Needs all_needs() {
    Needs needs;
    for (const Fiber* fiber = fiber_scheduler->first(); fiber; fiber = fiber->next) {
        if (fiber->state != Fiber::State::waiting || !fiber->waits_for) continue;
        if (auto fibers = fiber->waits_for->needed_fibers(); !fibers.empty()) needs.emplace(fiber->id, std::move(fibers));
    }
    return needs;
}

}  // namespace

std::vector<FiberSummary> list_fibers() {
    std::vector<FiberSummary> list;
    if (!fiber_scheduler) return list;
    list.reserve(fiber_scheduler->count());
    const Instant now = Clock::now();
    const Needs needs = all_needs();
    for (const Fiber* fiber = fiber_scheduler->first(); fiber; fiber = fiber->next) {
        FiberSummary summary{.id = fiber->id,
                             .name = fiber->name,
                             .module = std::string(module_of(fiber->pass.gate())),
                             .waits_at = {},
                             .since = std::chrono::duration_cast<std::chrono::milliseconds>(now - fiber->since),
                             .call_id = fiber->call_id,
                             .circle = circle_of(fiber->id, needs)};
        if (fiber->state == Fiber::State::waiting)
            summary.waits_at = fmt::format("{}:{}", fiber->waits_at.file_name(), fiber->waits_at.line());
        list.push_back(std::move(summary));
    }
    return list;
}

}  // namespace jackfield
