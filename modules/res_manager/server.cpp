// The manager's server: the port, sessions, and output by turns of the loop.
#include "modules/res_manager/server.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/base/log.hpp"
#include "core/console/daemon_control.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/outside_scope.hpp"
#include "core/runtime/tls.hpp"
#include "modules/res_manager/classes.hpp"
#include "modules/res_manager/request_parser.hpp"
#include "modules/res_manager/security_events.hpp"

namespace jackfield::manager {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t turn_limit = 1024 * 1024;  // bytes put together before they are sent within the turn
constexpr std::size_t kept_capacity = 4 * 1024 * 1024;
constexpr auto read_patience = 60s;              // a client that takes nothing for so long during a list is dropped
constexpr RequestLimits limits_before_login{.line = 1024, .lines = 32};

}  // namespace

Server::Server(Module& module) : module_(module), self_(std::make_shared<Server*>(this)) {}

Server::~Server() { *self_ = nullptr; }

// --- what modules add ------------------------------------------------------------------------------------------------

Result<Registration> Server::add(Module& module, const ManagerActionInfo& info, ManagerActionFunction function) {
    Action action{.name = info.name.text, .synopsis = info.synopsis.text, .text = info.text.text,
                  .privilege = info.privilege, .run = std::move(function)};
    return actions_.add(info.name.text, std::move(action), &module.gate());
}

Result<Registration> Server::add(Module& module, ManagerEventSource source) {
    sources_.push_back(Source{std::move(source), &module.gate(), false, {}});
    const auto place = std::prev(sources_.end());
    review_classes();
    return Registration([this, place] { sources_.erase(place); });
}

void Server::review_classes() {
    wanted_ = manager_class::none;
    users_ = 0;
    for (const auto& session : sessions_)
        if (session->user && !session->dropped) {
            wanted_ |= session->read & session->mask;
            ++users_;
        }
    for (Source& source : sources_) {
        const bool wants = wanted(source.info.privilege);
        if (wants == source.running) continue;
        source.running = wants;
        const RunningGate in(source.gate);
        source.subscriptions = wants ? source.info.start() : std::vector<Subscription>();
    }
}

// --- output ------------------------------------------------------------------------------------------------------------

void Server::publish(std::string_view event, ManagerClasses privilege, const ManagerFields& fields) {
    if (!wanted(privilege) || settings_.disables(event)) return;
    const std::size_t begin = turn_.size();
    turn_.append("Event: ").append(event).append("\r\nPrivilege: ").append(class_names(privilege)).append("\r\n");
    if (settings_.timestamps) {
        const auto now = wall_now().time_since_epoch();
        fmt::format_to(std::back_inserter(turn_), "Timestamp: {}.{:06}\r\n", now / 1s, now % 1s / 1us);
    }
    if (settings_.debug) fmt::format_to(std::back_inserter(turn_), "SequenceNumber: {}\r\n", ++sequence_);
    turn_.append(fields.text()).append("\r\n");
    const std::string_view text = std::string_view(turn_).substr(begin);
    bool anybody = false;
    for (const auto& session : sessions_) {
        if (session->dropped || !session->wants(privilege)) continue;
        if (!session->filter.empty() && !session->filter.passes(text)) continue;
        if (session->held) {
            if (session->held->text.size() + text.size() > settings_.output_limit) session->drop();
            session->held->text += text;
            session->held->any.set();
        } else {
            give(*session, begin, turn_.size());
            anybody = true;
        }
    }
    if (anybody)
        schedule_flush();
    else
        turn_.resize(begin);
}

void Server::send(Session& session, std::string_view text) {
    if (session.dropped) return;
    const std::size_t begin = turn_.size();
    turn_ += text;
    give(session, begin, turn_.size());
    schedule_flush();
}

void Server::give(Session& session, std::size_t begin, std::size_t end) {
    if (session.pending.empty()) dirty_.push_back(&session);
    if (!session.pending.empty() && session.pending.back().end == begin)
        session.pending.back().end = end;
    else
        session.pending.push_back({begin, end});
}

void Server::schedule_flush() {
    if (turn_.size() > turn_limit) return flush();
    if (std::exchange(flush_scheduled_, true)) return;
    at_end_of_turn([self = self_] {
        if (*self) (*self)->flush();
    });
}

void Server::flush() {
    flush_scheduled_ = false;
    for (Session* session : dirty_) deliver(*session);
    dirty_.clear();
    turn_.clear();
    if (turn_.capacity() > kept_capacity) turn_.shrink_to_fit();
}

void Server::deliver(Session& session) {
    const std::string_view all = turn_;
    std::string_view text;
    if (session.pending.size() == 1) {
        text = all.substr(session.pending[0].begin, session.pending[0].end - session.pending[0].begin);
    } else {
        scratch_.clear();
        for (const Session::Range& range : session.pending) scratch_ += all.substr(range.begin, range.end - range.begin);
        text = scratch_;
    }
    session.pending.clear();
    if (session.dropped) return;
    if (!session.stream) {
        if (session.output.size() + text.size() > settings_.output_limit) return session.drop();
        session.output += text;
        return;
    }
    const auto sent = session.stream->send(text);
    if (sent) return;
    if (sent.error().code == ErrorCode::limit)
        log_warning("Manager {} at {} reads too slowly: {} bytes wait for it already, so it is disconnected",
                    session.user ? session.user->name : "(not logged in)", session.remote.to_string(), session.stream->queued());
    session.drop();
}

Result<void> Server::drain(Session& session) {
    flush();
    if (session.dropped) return fail(ErrorCode::closed, "the client has gone");
    if (!session.stream) return yield();
    auto written = session.stream->write({}, read_patience);
    if (written) return yield();
    if (written.error().code == ErrorCode::timeout) session.drop();
    return written;
}

// --- the port ------------------------------------------------------------------------------------------------------------

void Server::set(Settings settings) {
    const bool moved = settings.enabled != settings_.enabled || settings.port != settings_.port ||
                       !(settings.address == settings_.address);
    const bool secure_moved = settings.enabled != settings_.enabled || !settings.tls.listens_as(settings_.tls);
    settings_ = std::move(settings);
    for (const auto& session : sessions_)
        if (session->stream) session->stream->set_queue_limit(settings_.output_limit);
    if (moved) listener_.reset();
    if (secure_moved) secure_listener_.reset();
    if (secure_listener_) secure_listener_->set_tls(settings_.tls.context);
    listen();
}

void Server::listen() {
    if (!settings_.enabled) return;
    if (!fibers_) fibers_ = std::make_unique<TaskGroup>("manager sessions");
    if (!listener_) listen_on(listener_, settings_.address.with_port(settings_.port), {});
    if (!secure_listener_ && settings_.tls.enabled) listen_on(secure_listener_, settings_.tls.address, settings_.tls.context);
}

void Server::listen_on(std::unique_ptr<Listener>& listener, const SocketAddress& address, std::shared_ptr<const TlsContext> context) {
    auto bound = Listener::bind(address, [this](std::unique_ptr<Stream> stream) { accept(std::move(stream)); }, 1024, std::move(context));
    if (bound)
        listener = std::move(*bound);
    else
        log_error("manager.conf: no manager clients are served: {}", bound.error().text);
}

Result<void> Server::renew_certificate() {
    if (!secure_listener_) return {};
    auto context = JF_TRY(TlsContext::load(settings_.tls.tls));
    settings_.tls.context = std::move(context);
    if (secure_listener_) secure_listener_->set_tls(settings_.tls.context);
    return {};
}

Result<void> Server::stop() {
    for (const auto& session : sessions_)
        if (session->fiber == fiber_id())
            return fail(ErrorCode::busy, "a manager client can't unload its own module; do it at the console");
    for (const auto& session : sessions_)
        if (!session->stream) session->drop();
    listener_.reset();
    secure_listener_.reset();
    flush();
    if (!fibers_) return {};
    fibers_->cancel();
    JF_TRY(fibers_->join());
    fibers_.reset();
    return {};
}

void Server::accept(std::unique_ptr<Stream> stream) {
    auto session = std::make_shared<Session>(++last_session_, std::move(stream));
    const bool strangers = sessions_without_login() >= settings_.login_limit;
    if (strangers || sessions_.size() >= settings_.session_limit) {
        if (!may_tell(*session)) return;
        log_warning("Manager connection from {} refused: {} are connected, {} of them not logged in (see authlimit and "
                    "sessionlimit)", session->remote.to_string(), sessions_.size(), sessions_without_login());
        report_security(*session, {.name = "SessionLimit", .account = {}, .details = {}, .error = true});
        return;
    }
    session->stream->set_queue_limit(settings_.output_limit);
    sessions_.push_back(session);
    const std::string name = fmt::format("manager/{}", session->remote.to_string());
    if (auto started = fibers_->spawn(name, [this, session] { serve(session); }); !started) {
        log_warning("Manager connection from {} refused: {}", session->remote.to_string(), started.error().text);
        std::erase(sessions_, session);
    }
}

std::shared_ptr<Session> Server::open_session(const SocketAddress& local, const SocketAddress& remote) {
    if (sessions_without_login() >= settings_.login_limit || sessions_.size() >= settings_.session_limit) return nullptr;
    auto session = std::make_shared<Session>(++last_session_, local, remote);
    sessions_.push_back(session);
    return session;
}

void Server::close_session(const std::shared_ptr<Session>& session) {
    flush();
    session->drop();
    std::erase(sessions_, session);
    review_classes();
}

// --- sessions --------------------------------------------------------------------------------------------------------------

void Server::serve(const std::shared_ptr<Session>& session) {
    // Also when the runtime ends the fiber.
    struct Leaving {
        Server& server;
        const std::shared_ptr<Session>& session;
        ~Leaving() {
            server.flush();
            std::erase(server.sessions_, session);
            server.review_classes();
            if (session->user && server.settings_.display_connects && session->user->display_connects)
                log_verbose(2, "Manager '{}' logged off from {}", session->user->name, session->remote.host());
        }
    } leaving{*this, session};
    session->fiber = fiber_id();
    const InterruptScope scope(session->stop);
    const auto ended = converse(*session);
    if (!ended) log_debug(1, "Manager session of {} ended: {}", session->remote.to_string(), ended.error().text);
    if (session->dropped) return;
    flush();
    (void)session->stream->write({}, 1s);  // the last answer reaches the client before the connection is closed
}

Result<void> Server::converse(Session& session) {
    send(session, fmt::format("Asterisk Call Manager/{}\r\n", protocol_version));
    RequestParser parser(limits_before_login);
    const Instant deadline = Clock::now() + settings_.login_time;
    std::array<char, 1024> bytes;
    while (!session.ending) {
        auto request = parser.next();
        if (!request) {
            SessionReply(*this, session, {}).respond("Error", ManagerFields().add("Message", request.error().text));
            if (may_tell(session)) log_notice("Manager session of {} ends: {}", session.remote.to_string(), request.error().text);
            return std::unexpected(std::move(request).error());
        }
        if (*request) {
            JF_TRY(handle(session, **request));
            if (session.user) parser.set_limits({.line = settings_.line_limit, .lines = settings_.lines_limit});
            continue;
        }
        Timeout patience;
        if (!session.user) patience = std::max<Clock::duration>(deadline - Clock::now(), Clock::duration::zero());
        auto got = session.stream->read(bytes, patience);
        if (!got && got.error().code == ErrorCode::timeout && may_tell(session))
            log_notice("Manager session of {} ends: no login within {} s (authtimeout)", session.remote.to_string(),
                       settings_.login_time.count());
        const std::size_t count = JF_TRY(std::move(got));
        if (count == 0) return {};
        parser.feed({bytes.data(), count});
    }
    return {};
}

Result<void> Server::handle(Session& session, const ManagerRequest& request) {
    SessionReply reply(*this, session, request.action_id());
    const std::string_view name = request.action();
    const auto refuse = [&](std::string_view why) { reply.respond("Error", ManagerFields().add("Message", why)); };
    if (settings_.debug) log_debug(1, "Manager {} asks for {}", session.remote.to_string(), name);
    if (name.empty()) {
        refuse("Missing action in request");
        return {};
    }
    const bool before_login = equals_ignoring_case(name, "Login") || equals_ignoring_case(name, "Challenge") ||
                              equals_ignoring_case(name, "Logoff");
    const auto* slot = actions_.find(name);
    if (!session.user && !before_login) {
        refuse("Permission denied");
    } else if (!slot) {
        refuse(fmt::format("Invalid/unknown command: {}", name));
    } else if (slot->value->privilege != manager_class::none && !(session.write & slot->value->privilege)) {
        report_security(session, {.name = "RequestNotAllowed", .account = session.user->name,
                                         .details = {{"RequestType", fmt::format("Action: {}", slot->name)}}, .error = true});
        refuse("Permission denied");
    } else {
        auto pass = slot->enter();
        if (!pass) {
            refuse(pass.error().text);
            return {};
        }
        const RunningGate in(pass->gate());
        return run(session, *slot->value, request, reply);
    }
    return {};
}

Result<void> Server::run(Session& session, const Action& action, const ManagerRequest& request, ManagerReply& reply) {
    auto& answer = static_cast<SessionReply&>(reply);
    Result<void> done;
    try {
        const OutsideScope outside(live_dangerously());
        done = action.run(request, reply);
    } catch (const std::exception& error) {
        log_error("Manager action {} threw an exception: {}", action.name, error.what());
        done = fail(ErrorCode::failed, "{} failed", action.name);
    }
    if (session.dropped || (!done && ends_application(done.error().code) && session.stop.reason())) return done;
    if (!done && !answer.answered()) {
        const std::string text = done.error().text.empty() ? std::string(to_string(done.error().code)) : done.error().text;
        reply.respond("Error", ManagerFields().add("Message", text));
    } else if (!done) {
        log_debug(1, "Manager action {} ended after its answer: {}", action.name, done.error().text);
    }
    return {};
}

}  // namespace jackfield::manager
