// func_lock: LOCK, TRYLOCK and UNLOCK, named locks between calls.
#include <algorithm>
#include <unordered_map>

#include "core/base/clock.hpp"
#include "core/channel/channel_events.hpp"
#include "core/dialplan/dialplan_only.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo lock_info{.name = "LOCK",
                                 .syntax = "LOCK(name)",
                                 .synopsis = "Wait until this call has a named lock",
                                 .text = "1 when it has, 0 when not. A call that holds another lock already waits 3 seconds at most, so that "
                                         "two calls can't wait for each other for ever. A lock is given back by UNLOCK, as often as it "
                                         "was taken, or when the channel ends. For the dialplan only, unless live_dangerously is set, as TRYLOCK "
                                         "and UNLOCK."};
constexpr FunctionInfo try_info{.name = "TRYLOCK",
                                .syntax = "TRYLOCK(name)",
                                .synopsis = "Take a named lock if it is free",
                                .text = "1 when this call has it now, 0 when another one holds it."};
constexpr FunctionInfo unlock_info{.name = "UNLOCK",
                                   .syntax = "UNLOCK(name)",
                                   .synopsis = "Give a named lock back",
                                   .text = "1 when this call had it, else 0."};

struct NamedLock final : Waitable {
    ~NamedLock() override = default;
    bool ready() const override { return !owner; }
    void release() {
        owner = {};
        depth = 0;
        notify();
    }
    ChannelId owner;
    unsigned depth = 0, waiters = 0;
};

// All locks of all calls. A lock exists while somebody has it or waits for it.
class Locks {
  public:
    Locks() : ended_(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { release_all(event.channel.id()); })) {}

    // Waits for `most` (empty: for ever). False: another call kept it. Errors: interruption.
    Result<bool> take(Channel& channel, const std::string& name, Timeout most) {
        NamedLock& lock = locks_[name];
        const ChannelId id = channel.id();
        const Instant deadline = Clock::now() + most.value_or(std::chrono::nanoseconds(0));
        ++lock.waiters;
        while (lock.owner && lock.owner != id) {
            const auto left = most ? Timeout(std::max(deadline - Clock::now(), Clock::duration(0))) : Timeout();
            if (most && left == Clock::duration(0)) break;
            if (auto ready = select({&lock}, left); !ready && ready.error().code != ErrorCode::timeout) {
                --lock.waiters;
                forget_unused(name);
                return std::unexpected(std::move(ready).error());
            }
        }
        --lock.waiters;
        if (lock.owner && lock.owner != id) return false;
        lock.owner = id;
        ++lock.depth;
        return true;
    }

    bool give_back(ChannelId id, const std::string& name) {
        const auto found = locks_.find(name);
        if (found == locks_.end() || found->second.owner != id) return false;
        if (--found->second.depth == 0) found->second.release();
        forget_unused(name);
        return true;
    }

    bool has_any(ChannelId id) const {
        for (const auto& [name, lock] : locks_)
            if (lock.owner == id) return true;
        return false;
    }

  private:
    void release_all(ChannelId id) {
        for (auto& [name, lock] : locks_)
            if (lock.owner == id) lock.release();
        std::erase_if(locks_, [](const auto& entry) { return unused(entry.second); });
    }
    static bool unused(const NamedLock& lock) { return !lock.owner && !lock.waiters; }
    void forget_unused(const std::string& name) {
        if (const auto found = locks_.find(name); found != locks_.end() && unused(found->second)) locks_.erase(found);
    }
    std::unordered_map<std::string, NamedLock> locks_;
    Subscription ended_;
};

Result<std::string> taken(Locks& locks, Channel* channel, const Arguments& arguments, bool wait) {
    if (!channel) return fail(ErrorCode::invalid, "LOCK and TRYLOCK need a channel");
    if (arguments.raw().empty()) return fail(ErrorCode::invalid, "LOCK and TRYLOCK need a name");
    Timeout most;
    if (!wait) {
        most = std::chrono::nanoseconds(0);
    } else if (locks.has_any(channel->id())) {
        most = std::chrono::seconds(3);
    }
    return JF_TRY(locks.take(*channel, std::string(arguments.raw()), most)) ? "1" : "0";
}

Result<void> load(Module& module) {
    Locks& locks = module.own<Locks>();
    for (const DialplanOnly& each : {DialplanOnly{"LOCK", FunctionUse::read}, {"TRYLOCK", FunctionUse::read}, {"UNLOCK", FunctionUse::read}})
        JF_TRY(module.add(each));
    JF_TRY(module.add(lock_info, FunctionBody{[&locks](Channel* channel, const Arguments& arguments) {
                          return taken(locks, channel, arguments, true);
                      }}));
    JF_TRY(module.add(try_info, FunctionBody{[&locks](Channel* channel, const Arguments& arguments) {
                          return taken(locks, channel, arguments, false);
                      }}));
    return module.add(unlock_info, FunctionBody{[&locks](Channel* channel, const Arguments& arguments) -> Result<std::string> {
                          if (!channel) return fail(ErrorCode::invalid, "UNLOCK needs a channel");
                          return locks.give_back(channel->id(), std::string(arguments.raw())) ? "1" : "0";
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_lock", "Named locks between calls", load)
