// Work that can block a thread: runs in the pool while the fiber waits and the loop goes on.
#pragma once

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>

#include "core/base/result.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

// A bounded queue with its own threads: one per database, directory or host, so that a hung one starves only its own
// users. Destroying it waits for its threads, so do that from a place that may block (core stop, offload).
class Lane {
  public:
    explicit Lane(std::string name, unsigned threads = 1, std::size_t queue_limit = 1024);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    const std::string& name() const;
    std::size_t queued() const;

    // Runs on one of the lane's threads. False when the queue is full. Any thread; never waits.
    bool submit(std::move_only_function<void()> job);

  private:
    struct Private;
    std::unique_ptr<Private> private_;
};

Lane& default_lane();  // files and short jobs

namespace detail {
template <class R>
struct OffloadResult {
    using type = Result<R>;
};
template <class R>
struct OffloadResult<Result<R>> {
    using type = Result<R>;
};
// Waits, not interruptible, until `job` has run. Errors: limit.
Result<void> offload_job(Lane& lane, std::move_only_function<void()> job, std::source_location where);
// Waits, interruptible; `job` goes on when the wait ends early. Errors: limit, interruption.
Result<void> offload_detached_job(Lane& lane, std::move_only_function<void()> job, std::source_location where);
void dispose_in_pool(std::move_only_function<void()> owner);
}  // namespace detail

// Waits until `work` has run in the pool and returns what it returned; hang-up does not end the wait, so [&] is safe.
// Exceptions of `work` come back as failed. Errors: limit (the lane's queue is full), and those of `work`.
template <class F>
auto offload(Lane& lane, F&& work, std::source_location where = std::source_location::current()) {
    using Returned = std::invoke_result_t<F>;
    using Answer = typename detail::OffloadResult<Returned>::type;
    Answer answer = fail(ErrorCode::failed, "the job ended by an exception");
    auto job = [&] {
        if constexpr (std::is_void_v<Returned>) {
            work();
            answer = Answer{};
        } else {
            answer = work();
        }
    };
    if (auto done = detail::offload_job(lane, job, where); !done) answer = std::unexpected(std::move(done).error());
    return answer;
}
template <class F>
    requires std::is_invocable_v<F>
auto offload(F&& work, std::source_location where = std::source_location::current()) {
    return offload(default_lane(), std::forward<F>(work), where);
}

// Like offload, for jobs that may take long: `work` owns all that it uses (capture by value or move), the wait can be
// interrupted, and the job then ends unheard; it holds the running module's gate until it has ended.
template <class F>
auto offload_detached(Lane& lane, F work, std::source_location where = std::source_location::current()) {
    using Returned = std::invoke_result_t<F>;
    using Answer = typename detail::OffloadResult<Returned>::type;
    auto answer = std::make_shared<Answer>(fail(ErrorCode::failed, "the job ended by an exception"));
    auto job = [answer, work = std::move(work)]() mutable {
        if constexpr (std::is_void_v<Returned>) {
            work();
            *answer = Answer{};
        } else {
            *answer = work();
        }
    };
    auto done = detail::offload_detached_job(lane, std::move(job), where);
    return done ? std::move(*answer) : Answer(std::unexpected(std::move(done).error()));
}

// Destroys `object` in the pool: for what takes long to free, such as the settings of 100,000 endpoints. Never waits; the
// running module's gate is held until it is gone. At once when there is no pool, or it is full.
template <class T>
void dispose(T object) {
    detail::dispose_in_pool([object = std::move(object)] {});
}

}  // namespace jackfield
