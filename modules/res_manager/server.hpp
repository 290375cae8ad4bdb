// The manager's server: connections, requests, and events to all who want them.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/rate_limit.hpp"
#include "core/module/module.hpp"
#include "core/module/registry.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/stream.hpp"
#include "modules/res_manager/manager.hpp"
#include "modules/res_manager/session.hpp"
#include "modules/res_manager/settings.hpp"

namespace jackfield::manager {

constexpr std::string_view protocol_version = "9.0.0";

struct Action {
    std::string name, synopsis, text;
    ManagerClasses privilege = manager_class::none;
    ManagerActionFunction run;
};

// Output: what is sent within one turn of the loop, events and answers, is put into one buffer once; each session
// remembers which parts of it are its own. At the end of the turn each gets its parts by one write.
class Server final : public ManagerService {
  public:
    explicit Server(Module& module);
    ~Server() override;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    Result<Registration> add(Module& module, const ManagerActionInfo& info, ManagerActionFunction function) override;
    Result<Registration> add(Module& module, ManagerEventSource source) override;
    bool wanted(ManagerClasses privilege) const override { return (wanted_ & privilege) == privilege && users_ > 0; }
    void publish(std::string_view event, ManagerClasses privilege, const ManagerFields& fields) override;
    void add_channel(ManagerFields& fields, Channel& channel, std::string_view prefix) const override;

    // Puts settings into force; sessions go on as they are.
    void set(Settings settings);
    const Settings& settings() const { return settings_; }
    // Opens the ports that the settings want and that are not open. Errors are logged.
    void listen();
    // Reads the files of the certificate again, for connections from now on. Waits. Errors: those of TlsContext::load.
    Result<void> renew_certificate();
    // Closes the port and ends all sessions. Waits. Errors: busy (it is one of the sessions that asks for it).
    Result<void> stop();
    SocketAddress address() const { return listener_ ? listener_->local() : SocketAddress(); }

    Registry<Action>& actions() { return actions_; }
    const std::vector<std::shared_ptr<Session>>& sessions() const { return sessions_; }

    // Text for one session, in order with its events. Never waits.
    void send(Session& session, std::string_view text);
    // Sends now what waits for the end of the turn.
    void flush();
    // Waits until the client has read enough that more may be put together. Errors: closed, interruption.
    Result<void> drain(Session& session);
    // The user's or mask's classes of a session have changed: sources of events are started or stopped.
    void review_classes();

    // --- over HTTP (http.cpp) ---
    // A session without a connection of its own. Null: there are as many as the settings allow.
    std::shared_ptr<Session> open_session(const SocketAddress& local, const SocketAddress& remote);
    void close_session(const std::shared_ptr<Session>& session);
    // Carries out one request; what it answers is in session.output then. Waits. Errors: interruption, closed.
    Result<void> handle(Session& session, const ManagerRequest& request);
    // The session is that user's from now on.
    void admit(Session& session, const std::shared_ptr<const User>& user, bool by_password);

    // login.cpp. Waits after a failure.
    Result<void> log_in(Session& session, const ManagerRequest& request, ManagerReply& reply);
    void challenge(Session& session, const ManagerRequest& request, ManagerReply& reply);

  private:
    struct Source {
        ManagerEventSource info;
        Gate* gate;
        bool running = false;
        std::vector<Subscription> subscriptions;
    };
    void accept(std::unique_ptr<Stream> stream);
    void serve(const std::shared_ptr<Session>& session);
    Result<void> converse(Session& session);
    Result<void> run(Session& session, const Action& action, const ManagerRequest& request, ManagerReply& reply);
    void listen_on(std::unique_ptr<Listener>& listener, const SocketAddress& address, std::shared_ptr<const TlsContext> context);
    void give(Session& session, std::size_t begin, std::size_t end);
    void deliver(Session& session);
    void schedule_flush();
    bool may_tell(const Session& session) { return notices_.allow(session.remote.host(), Clock::now()); }
    std::size_t sessions_without_login() const { return sessions_.size() - users_; }

    Module& module_;
    Settings settings_;
    Registry<Action> actions_;
    std::list<Source> sources_;
    std::unique_ptr<Listener> listener_, secure_listener_;
    std::vector<std::shared_ptr<Session>> sessions_;
    std::size_t users_ = 0;                     // sessions that have logged in
    ManagerClasses wanted_ = manager_class::none;
    std::uint64_t last_session_ = 0, sequence_ = 0;
    KeyedRateLimit notices_{std::chrono::seconds(1)};  // of log lines that anybody can provoke
    std::string turn_;                          // the output of this turn
    std::string scratch_;
    std::vector<Session*> dirty_;               // who has part in it
    bool flush_scheduled_ = false;
    std::shared_ptr<Server*> self_;             // for what runs at the end of a turn; null when this is gone
    std::unique_ptr<TaskGroup> fibers_;         // of sessions; null while stopped
};

// The reply that sessions give to actions; those of this module may reach the session through it.
class SessionReply final : public ManagerReply {
  public:
    SessionReply(Server& to_server, Session& to_session, std::string_view action_id);
    void respond(std::string_view word, const ManagerFields& fields) override;
    void begin_list(std::string_view message) override;
    Result<void> item(std::string_view event, const ManagerFields& fields) override;
    void end_list(std::string_view event, const ManagerFields& more) override;
    const std::string& user() const override;
    ManagerClasses write_classes() const override { return session.write; }
    const ManagerRequest::Fields& channel_variables() const override;
    bool answered() const { return answered_; }
    // "ActionID: ...\r\n", or nothing.
    const std::string& id_line() const { return id_line_; }
    void no_answer() { answered_ = true; }  // the action has answered in its own way, or does not

    Server& server;
    Session& session;

  private:
    std::string id_line_;
    bool answered_ = false;
    std::size_t items_ = 0, unsent_ = 0;
};

}  // namespace jackfield::manager
