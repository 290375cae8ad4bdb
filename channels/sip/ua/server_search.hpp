// The server that an object of ours (a registration, a subscription, a publication) sends its requests to. Private.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channels/sip/stack/flow.hpp"

namespace jackfield {
class TaskGroup;
}

namespace jackfield::sip {

class UserAgent;

// Control thread. Belongs to the object.
class ServerSearch {
  public:
    struct Wanted {
        std::string object;            // in log lines: Registration [trunk]
        std::string uri, transport;    // of the requests; the transport may be empty
        std::string outbound_proxy;    // where they go first; empty: to the uri
    };
    // Looks the servers up on a fiber, as that may wait (RFC 3263), and calls `then` there, with whether one was found; at once when
    // there can be no fiber. `then` is not called when forget() or another search comes first, or when the fibers are cancelled.
    // `owner` is the object, which must last for so long.
    void begin(UserAgent& agent, TaskGroup& fibers, Wanted wanted, std::shared_ptr<void> owner, std::move_only_function<void(bool found)> then);
    void forget();

    bool found() const { return !flows_.empty(); }
    const Flow& present() const { return flows_.at(place_); }  // while found()
    // RFC 3263 4.3: on to the next server of the domain, when this one does not answer; false: it was the last.
    bool next();

  private:
    std::string object_;
    std::vector<Flow> flows_;  // best first
    std::size_t place_ = 0;
    std::uint64_t searches_ = 0;
};

}  // namespace jackfield::sip
