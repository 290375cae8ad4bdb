// Custody: who acts for a channel at the moment. A token that moves; it owns the channel.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

class Channel;

// Exactly one holder acts for a channel: the executor, a dial leg, a bridge, parking, an external controller. Destroying
// a token that holds its channel hangs the channel up and ends it. When custody is taken away, waits under the old
// token's scope fail with `taken`, holds() is false, and the old holder touches the channel no more (it may still read:
// the object lives until every token of it is gone). Control thread.
class Custody {
  public:
    Custody() = default;
    Custody(Custody&& other) noexcept = default;
    Custody& operator=(Custody&& other) noexcept;
    ~Custody();

    // Takes the channel from its present holder, if any. `holder` names the new one for `core show channel`.
    static Custody take(Channel& channel, std::string holder);

    bool holds() const;
    explicit operator bool() const { return holds(); }
    Channel& channel() const;                       // also when !holds(), as long as the token lives
    Channel* operator->() const { return &channel(); }

    // Interrupted by hang-up, redirection, taking. Open an InterruptScope on it around the holder's waits.
    Interrupter& interrupter() const;
    // A new interrupter for the same holder: after `redirected` was understood, before going on elsewhere.
    void renew(std::string holder);
    void release();                                 // hangs up and ends the channel now

    struct State;

  private:
    explicit Custody(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace jackfield
