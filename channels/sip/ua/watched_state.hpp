// Event sources by what is watched, and telling all who listen to one that it has changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "channels/sip/stack/turn_list.hpp"
#include "channels/sip/ua/event_package.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

class WatchedState;

// Listens to one state for as long as it lives.
class StateListener {
  public:
    virtual void on_state_changed() = 0;

  protected:
    StateListener() = default;
    ~StateListener();
    StateListener(const StateListener&) = delete;
    StateListener& operator=(const StateListener&) = delete;
    void listen(std::shared_ptr<WatchedState> state);
    const std::shared_ptr<WatchedState>& state() const { return state_; }

  private:
    friend class WatchedState;
    std::shared_ptr<WatchedState> state_;
    std::size_t place_ = 0;  // among the state's listeners
};

// All states that somebody listens to. A change is told in later turns, in slices, so that however many listen to one
// state, calls go on meanwhile; changes that come before a listener's turn are told to it once. Control thread.
class WatchedStates {
  public:
    WatchedStates();
    ~WatchedStates();
    // The one state of that package and key; opened for the first listener, closed with the last.
    std::shared_ptr<WatchedState> find(EventPackage& package, const std::string& key);
    std::size_t size() const { return states_.size(); }

    static constexpr std::size_t slice = 64;  // listeners told in one turn

  private:
    friend class WatchedState;
    void changed(WatchedState& state);
    void forget(WatchedState& state);
    void tell();

    std::map<std::pair<std::string, std::string>, std::weak_ptr<WatchedState>> states_;
    std::vector<WatchedState*> dirty_;
    Timer turn_;
};

class WatchedState {
  public:
    WatchedState(WatchedStates& owner, EventPackage& package, std::string key);
    ~WatchedState();
    const EventSource& source() const { return *source_; }
    EventPackage& package() const { return package_; }
    const std::string& key() const { return key_; }
    std::size_t listeners() const { return listeners_.size(); }

  private:
    friend class WatchedStates;
    friend class StateListener;
    bool tell(std::size_t& allowance);  // true: all have been told

    WatchedStates& owner_;
    EventPackage& package_;
    std::string key_;
    TurnList<StateListener, &StateListener::place_> listeners_;  // a turn: to be told of the last change
    bool dirty_ = false;
    std::unique_ptr<EventSource> source_;
};

}  // namespace jackfield::sip
