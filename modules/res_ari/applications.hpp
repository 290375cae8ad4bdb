// Stasis applications: who has one connected, what it has subscribed to, and its events.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_ari/json.hpp"
#include "modules/res_http/http.hpp"

namespace jackfield::ari {

// A client that receives events, of one or several applications.
struct Session {
    explicit Session(std::unique_ptr<WebSocket> connection) : socket(std::move(connection)) {}
    std::unique_ptr<WebSocket> socket;
    Interrupter stop;  // ends it
    bool dropped = false;
    // Ends the session's fiber.
    void drop() {
        dropped = true;
        stop.interrupt(ErrorCode::cancelled);
    }
};

struct Application {
    std::string name;
    Session* session = nullptr;  // null: nobody is connected
    bool all = false;            // subscribeAll
    // How often it has subscribed to each: by entering Stasis, by request.
    std::map<std::string, unsigned, std::less<>> channels, bridges, endpoints, devices;
    JsonArray allowed, disallowed;  // of eventFilter: {"type": ...}
};

// Whom an event is about; who has subscribed to one of them gets it.
struct Subjects {
    std::vector<std::string> channels, bridges;  // ids
    std::string endpoint, device;
};

class Applications {
  public:
    // Connects a session with the applications of those names, which are made when they are new. A session that had one
    // before gets ApplicationReplaced.
    void connect(Session& session, const std::vector<std::string>& names, bool all);
    void disconnect(Session& session);
    Application* find(std::string_view name);
    bool active(std::string_view name);
    const std::map<std::string, std::unique_ptr<Application>, std::less<>>& all() const { return applications_; }
    std::size_t sessions() const { return sessions_.size(); }
    // Ends all sessions; their fibers leave by themselves.
    void drop_sessions();

    // Whether anybody is connected: ask before putting an event together.
    bool wanted() const { return !sessions_.empty(); }
    bool wanted(const Subjects& subjects) const;  // by somebody: asked before making an event that is costly
    // One application's event; type, timestamp and asterisk_id are put in. Never waits.
    bool send(Application& application, std::string_view type, JsonObject event);
    // To all who have subscribed to one of the subjects.
    // True: it was sent to somebody.
    bool publish(std::string_view type, JsonObject event, const Subjects& subjects);

    void subscribe_channel(std::string_view name, const std::string& id);
    void unsubscribe_channel(std::string_view name, const std::string& id);
    // The subject is gone: nobody is subscribed any more.
    void forget_channel(const std::string& id);
    void forget_bridge(const std::string& id);

  private:
    void remove_if_idle(std::string_view name);
    std::map<std::string, std::unique_ptr<Application>, std::less<>> applications_;
    std::list<Session*> sessions_;
};

JsonObject to_json(const Application& application);
const std::string& system_id();  // "asterisk_id": the first interface's address, or the configured entity id

}  // namespace jackfield::ari
