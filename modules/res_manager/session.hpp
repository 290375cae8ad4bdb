// One client: what it may, what it wants, and what waits to be sent to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/clock.hpp"
#include "core/runtime/stream.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_manager/settings.hpp"

namespace jackfield::manager {

struct Session {
    // Bytes of the server's buffer of this turn.
    struct Range {
        std::size_t begin, end;
    };
    // Events that WaitEvent keeps until one has come.
    struct Held {
        std::string text;
        Latch any;
    };

    Session(std::uint64_t number, std::unique_ptr<Stream> connection)
        : id(number), stream(std::move(connection)), local(stream->local()), remote(stream->peer()), began(wall_now()) {}
    // Over HTTP: it outlives its requests, which come by other connections; its events wait for WaitEvent.
    Session(std::uint64_t number, const SocketAddress& own, const SocketAddress& peer)
        : id(number), local(own), remote(peer), began(wall_now()), held(std::make_unique<Held>()) {}

    bool wants(ManagerClasses privilege) const { return user && (read & mask & privilege) == privilege; }
    // Ends the session's fiber; what was sent before may be lost.
    void drop() {
        dropped = true;
        stop.interrupt(ErrorCode::cancelled);
    }

    const std::uint64_t id;
    const std::unique_ptr<Stream> stream;             // null over HTTP
    std::string output;                               // over HTTP: of the request that runs
    const SocketAddress local, remote;
    const WallTime began;
    std::shared_ptr<const User> user;                 // null until logged in; stays as it was then over reloads
    ManagerClasses read = manager_class::none, write = manager_class::none;
    ManagerClasses mask = manager_class::all;         // of the Events action
    EventFilter filter;                               // the user's, and what the Filter action added
    std::string challenge;
    std::uint64_t fiber = 0;                          // that serves it
    bool ending = false;                              // after Logoff or a failed login
    bool dropped = false;
    Interrupter stop;
    std::vector<Range> pending;                       // of this turn, adjacent ones joined
    std::unique_ptr<Held> held;                       // while WaitEvent waits; over HTTP always
};

}  // namespace jackfield::manager
