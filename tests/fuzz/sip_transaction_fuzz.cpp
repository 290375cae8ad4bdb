// What arrives at the transaction layer in any order, against a small user agent on a clock set by hand: requests, responses,
// both again, ACK and CANCEL, dialogs, losses of the network, the steps of time. The input is a script of such events. Holds
// that nothing crashes, that every message which goes out can be read, that no state is kept without a message that asked for
// it, and that all of it is gone when time has passed.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "channels/sip/stack/dialog.hpp"
#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/stack/invite_usage.hpp"
#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/session_timer.hpp"
#include "channels/sip/stack/transaction.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_events = 160;  // of one script
constexpr std::size_t most_kept = 24;     // messages that can come again or be answered
constexpr std::size_t most_replies = 12;  // messages sent for one that came, the user agent's own included
constexpr std::size_t calls = 4, clients = 4;

void hold(bool fact, const char* what) {
    if (fact) return;
    (void)std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

constexpr std::array methods{Method::invite, Method::bye,     Method::options, Method::register_, Method::update,
                             Method::prack,  Method::message, Method::refer,   Method::info,      Method::invite};
constexpr std::array<std::string_view, 8> branches{"z9hG4bK1", "z9hG4bK2", "z9hG4bK3", "z9hG4bK", "1", "", "z9hG4bK1", "Z9HG4BK2"};
constexpr std::array statuses{100, 180, 183, 199, 200, 202, 299, 300, 302, 401, 404, 407, 422, 481, 486, 487, 491, 500, 503, 603};

// The script, read from its front; zeros behind its end.
class Script {
  public:
    Script(const std::uint8_t* bytes, std::size_t size) : at_(bytes), end_(bytes + size) {}
    bool ended() const { return at_ == end_; }
    std::size_t below(std::size_t limit) { return at_ == end_ ? 0 : *at_++ % limit; }
    std::string_view bytes(std::size_t most) {
        const std::size_t size = std::min<std::size_t>(most, static_cast<std::size_t>(end_ - at_));
        const std::string_view text(reinterpret_cast<const char*>(at_), size);
        at_ += size;
        return text;
    }
    template <class Table>
    auto pick(const Table& table) {
        return table[below(table.size())];
    }

  private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

struct Nothing final : ClientTransactionUser {
    void on_response(ClientHandle&, const Message&, const Flow&) override {}
    void on_failure(ClientHandle&, ClientFailure) override {}
};

class World;

// A call that was received: an INVITE without its final response, then a 2xx without its ACK.
struct Call final : ServerTransactionUser, SuccessRepeater::User, ReliableProvisionals::User {
    explicit Call(World& of);
    void on_cancel(ServerHandle& which, const Message&) override { (void)which.respond(487); }
    void on_unacknowledged() override;
    void on_unacknowledged_provisional() override { (void)handle.respond(504); }

    World& world;
    ServerHandle handle{*this};
    SuccessRepeater success;
    std::unique_ptr<ReliableProvisionals> reliable;
    std::unique_ptr<Dialog> dialog;
    NegotiationState negotiation;
    SessionTimer session{SessionTimerRules{}};
    std::uint32_t provisional = 0;
};

class World final : public FlowSender, public TransactionCore, public ClientTransactionUser {
  public:
    explicit World(Script& script) : script_(script), layer_(*this, timers_, *this, settings()) {
        for (auto& call : calls_) call = std::make_unique<Call>(*this);
        for (auto& handle : clients_) handle = std::make_unique<ClientHandle>(*this);
    }

    void run() {
        for (std::size_t i = 0; i < most_events && !script_.ended(); ++i) {
            sent_now_ = 0;
            event();
            hold_bounds();
        }
        end();
    }

    TransactionLayer& layer() { return layer_; }
    StackTimers& timers() { return timers_; }
    FlowSender& sender() { return *this; }
    DialogTable& dialogs() { return dialogs_; }
    void send_in_dialog(Dialog& dialog, Method method) {
        const std::string branch = new_branch();
        MessageWriter writer(text_);
        dialog.begin_request(writer, to_string(method), dialog.next_cseq(), "SIP/2.0/UDP 192.0.2.1;branch=" + branch);
        writer.finish();
        forgotten_.push_back(std::make_unique<ClientHandle>(nobody_));
        start(*forgotten_.back(), method, branch, text_, flow(0));
    }

  private:
    static TransactionSettings settings() {
        // A tenth of the usual times: ten times as many scripts.
        TransactionSettings small{.t1 = 50ms, .t2 = 400ms, .t4 = 500ms, .timer_b = 3200ms, .trying = 20ms};
        small.kept_bytes = 2048;  // so that what was kept is overwritten
        return small;
    }
    static Flow flow(std::size_t which) {
        static const std::array flows{Flow{1, false, SocketAddress::parse("192.0.2.9:5070").value()},
                                      Flow{1, false, SocketAddress::parse("[2001:db8::9]:5060").value()},
                                      Flow{2, true, SocketAddress::parse("192.0.2.9:5070").value()}};
        return flows.at(which % flows.size());
    }

    // --- what happens ----------------------------------------------------------------------------------------------------
    void event() {
        switch (script_.below(16)) {
            case 0:
            case 1: return receive(made_request(script_.pick(methods)), flow(script_.below(3)));
            case 2: return receive(made_response(), flow(script_.below(3)));
            case 3:  // once more, perhaps by another way
                return received_.empty() ? void() : receive(std::string(script_.pick(received_)), flow(script_.below(3)));
            case 4: return receive(related(Method::ack), flow(script_.below(3)));
            case 5: return receive(related(Method::cancel), flow(script_.below(3)));
            case 6: return pass(script_.pick(std::array<std::chrono::milliseconds, 8>{1ms, 10ms, 20ms, 50ms, 100ms, 400ms, 500ms, 3200ms}));
            case 7:
            case 8: return use_call(*calls_.at(script_.below(calls)));
            case 9: return start_client();
            case 10: return clients_.at(script_.below(clients))->cancel(script_.below(2) ? "SIP;cause=200" : "");
            case 11: return clients_.at(script_.below(clients))->release();
            case 12: return requests_.empty() ? void() : layer_.unsent(std::string(script_.pick(requests_)));
            case 13: network_ = script_.below(4); return;
            case 14: return receive(broken(), flow(script_.below(3)));
            default: return change_settings();
        }
    }

    std::string made_request(Method method) {
        const std::string_view branch = script_.pick(branches);
        std::string via = "SIP/2.0/UDP 192.0.2.9:5070";
        if (!branch.empty()) via.append(";branch=").append(branch);
        MessageWriter writer(text_);
        writer.request_line(to_string(method), script_.below(2) ? "sip:6001@192.0.2.1" : "sips:6001@192.0.2.1;transport=tcp");
        writer.header(HeaderName::via, via);
        if (script_.below(4) == 0) writer.header(HeaderName::via, "SIP/2.0/TCP 198.51.100.4;branch=z9hG4bKx");
        writer.header(HeaderName::from, script_.below(4) ? "<sip:a@192.0.2.9>;tag=f" : "<sip:a@192.0.2.9>;tag=g");
        // Within one of our dialogs, one that we never had, or none.
        const std::size_t which = script_.below(8);
        std::string to = "<sip:6001@192.0.2.1>";
        if (which < calls && calls_.at(which)->dialog) to += ";tag=" + calls_.at(which)->dialog->local_tag();
        if (which == calls) to += ";tag=unknown";
        writer.header(HeaderName::to, to);
        writer.header(HeaderName::call_id, script_.below(4) ? "c" : "d");
        writer.cseq(static_cast<std::uint32_t>(1 + script_.below(6)), to_string(method));
        if (script_.below(8)) writer.header(HeaderName::contact, script_.below(8) ? "<sip:a@192.0.2.9:5070>" : "<tel:+15551234>");
        if (script_.below(4) == 0) writer.header(HeaderName::record_route, "<sip:p1;lr>,<sip:p2>");
        if (script_.below(4) == 0) writer.header(HeaderName::session_expires, script_.below(2) ? "90;refresher=uac" : "10");
        if (script_.below(4) == 0) writer.header(HeaderName::supported, "timer, 100rel");
        if (method == Method::prack) {
            const Call& call = *calls_.at(script_.below(calls));
            writer.header(HeaderName::rack, std::to_string(call.provisional) + " " + std::to_string(1 + script_.below(4)) + " INVITE");
        }
        writer.finish();
        return text_;
    }

    // A response to something that we sent, or nearly so.
    std::string made_response() {
        const ParseResult sent = parse_message(requests_.empty() ? std::string_view() : std::string_view(script_.pick(requests_)));
        if (sent.verdict != Verdict::accept) return {};
        constexpr std::array<std::string_view, 4> tags{"t1", "t2", "t3", ""};
        MessageWriter writer(text_);
        const int status = script_.pick(statuses);
        begin_response(writer, sent.message, status, {}, script_.pick(tags));
        if (script_.below(4)) writer.header(HeaderName::contact, "<sip:b@192.0.2.9:5070>");
        if (status > 100 && status < 200 && script_.below(2)) {
            writer.header(HeaderName::require, "100rel");
            writer.header(HeaderName::rseq, static_cast<std::uint32_t>(script_.below(4)));
        }
        if (script_.below(4) == 0) writer.header(HeaderName::session_expires, "90;refresher=uac");
        if (status == 422) writer.header(HeaderName::min_se, script_.below(2) ? "3600" : "1");
        writer.finish();
        return text_;
    }

    // The ACK or CANCEL that belongs to a request which came; with the tag of one of our responses, or without.
    std::string related(Method method) {
        if (received_.empty()) return {};
        const ParseResult request = parse_message(script_.pick(received_));
        if (request.verdict != Verdict::accept || !request.message.is_request()) return {};
        const Message& message = request.message;
        MessageWriter writer(text_);
        writer.request_line(to_string(method), message.request_uri().text);
        writer.copy(message, HeaderName::via).copy(message, HeaderName::from);
        std::string to(message.header(HeaderName::to));
        const std::size_t which = script_.below(calls + 1);
        if (message.to_tag().empty() && which < calls && calls_.at(which)->dialog) to += ";tag=" + calls_.at(which)->dialog->local_tag();
        writer.header(HeaderName::to, to).copy(message, HeaderName::call_id);
        writer.cseq(message.cseq().number, to_string(method));
        writer.finish();
        return text_;
    }

    // A message of before with some of its bytes changed, or the script's own.
    std::string broken() {
        if (received_.empty() || script_.below(4) == 0) return std::string(script_.bytes(script_.below(256)));
        std::string text(script_.pick(received_));
        for (std::size_t i = script_.below(4); i-- > 0 && !text.empty();) {
            const std::size_t at = (script_.below(256) * 256 + script_.below(256)) % text.size();
            text[at] = static_cast<char>(script_.below(256));
        }
        return text;
    }

    void receive(std::string text, const Flow& from) {
        sent_now_ = 0;
        ParseResult result = parse_message(text, from.reliable ? Framing::stream : Framing::datagram);
        if (result.verdict == Verdict::reject) {
            echoes_ = true;
            layer_.reply(result.message, from, result.status, result.reason);
            echoes_ = false;
        }
        if (result.verdict != Verdict::accept) return;
        ++taken_;
        keep(received_, std::move(text));
        layer_.receive(std::move(result.message), from);
        hold(sent_now_ <= most_replies, "one message is answered with few");
    }

    void pass(std::chrono::milliseconds time) {
        for (const Instant end = now_ + time; now_ < end;) {
            const auto next = timers_.next();
            now_ = next && *next < end ? std::max(*next, now_ + 1ms) : end;
            timers_.advance(now_);
        }
    }

    void use_call(Call& call) {
        const bool invite = call.handle.active() && call.handle.request().method() == Method::invite;
        switch (script_.below(8)) {
            case 0: (void)call.handle.respond(180); return;
            case 1: (void)call.handle.respond(script_.pick(statuses)); return;
            case 2: return call.handle.release();
            case 3: return invite ? answer(call) : void();
            case 4: return invite ? provide(call) : void();
            case 5: return call.dialog ? send_in_dialog(*call.dialog, script_.pick(methods)) : void();
            case 6: call.dialog.reset(); return;
            default: return call.success.stop();
        }
    }

    void answer(Call& call) {
        const Message& invite = call.handle.request();
        auto made = Dialog::from_request(invite, call.handle.local_tag());
        if (!made) return (void)call.handle.respond(400);
        if (const int status = call.session.judge(invite)) return (void)call.handle.respond(status);
        call.session.accept(invite);
        if (invite.to_tag().empty()) {
            call.dialog = std::make_unique<Dialog>(std::move(*made));
            call.dialog->confirm();
            dialogs_.insert(*call.dialog);
        }
        MessageWriter writer(text_);
        begin_response(writer, invite, 200, {}, call.handle.local_tag(), {"192.0.2.9", 5070});
        writer.header(HeaderName::contact, "<sip:6001@192.0.2.1>");
        call.session.write_response(writer);
        writer.finish();
        std::string success = text_;
        const std::uint32_t cseq = invite.cseq().number;
        const Flow to = call.handle.flow();
        (void)call.handle.send(200, success);
        call.success.start(std::move(success), cseq, to, layer_.settings());
        if (call.reliable) call.reliable->stop();
    }

    void provide(Call& call) {
        if (!call.reliable) call.reliable = std::make_unique<ReliableProvisionals>(call, call.handle, timers_, layer_.settings());
        call.provisional = call.reliable->next_number();
        MessageWriter writer(text_);
        begin_response(writer, call.handle.request(), 183, {}, call.handle.local_tag(), {"192.0.2.9", 5070});
        writer.header(HeaderName::require, "100rel").header(HeaderName::rseq, call.provisional).finish();
        (void)call.reliable->send(call.provisional, 183, text_);
    }

    void start_client() {
        ClientHandle& handle = *clients_.at(script_.below(clients));
        const Method method = script_.pick(methods);
        const std::string branch = new_branch();
        MessageWriter writer(text_);
        writer.request_line(to_string(method), "sip:b@192.0.2.9");
        writer.header(HeaderName::via, "SIP/2.0/UDP 192.0.2.1;rport;branch=" + branch).header(HeaderName::max_forwards, 70U);
        writer.header(HeaderName::from, "<sip:6001@192.0.2.1>;tag=own").header(HeaderName::to, "<sip:b@192.0.2.9>");
        writer.header(HeaderName::call_id, "own").cseq(1, to_string(method));
        writer.header(HeaderName::contact, "<sip:6001@192.0.2.1>").finish();
        start(handle, method, branch, text_, flow(script_.below(3)));
    }

    void start(ClientHandle& handle, Method method, std::string_view branch, std::string request, const Flow& to) {
        ++started_;
        layer_.start(handle, method, branch, std::move(request), to);
    }

    void change_settings() {
        TransactionSettings changed = settings();
        changed.t1 = script_.pick(std::array<std::chrono::milliseconds, 3>{10ms, 50ms, 200ms});
        changed.timer_b = changed.linger();
        layer_.set_settings(changed);
    }

    // --- what the layer wants --------------------------------------------------------------------------------------------
    Result<void> send(const Flow&, std::string_view message) override {
        ++sent_now_;
        if (network_ == 1) return fail(ErrorCode::closed, "down");
        if (network_ == 2) return fail(ErrorCode::busy, "full");
        const ParseResult result = parse_message(message);
        // A refusal repeats what was not readable. An answer by way of proxies is for those.
        const bool readable = echoes_ || result.verdict == Verdict::accept || result.reason == "Several Vias in a response";
        if (!readable)
            (void)std::fprintf(stderr, "%.*s%.*s\n", static_cast<int>(message.size()), message.data(), static_cast<int>(result.reason.size()), result.reason.data());
        hold(readable, "what goes out can be read");
        if (result.verdict != Verdict::accept) return {};
        if (result.message.is_request() && result.message.method() != Method::ack) keep(requests_, std::string(message));
        return {};
    }
    bool admits(const Message&) override { return network_ != 3; }
    void on_request(IncomingRequest& incoming) override {
        const Message& request = incoming.request();
        Dialog* const dialog = dialogs_.find(request);
        if (dialog && !dialog->accept_cseq(request)) return (void)incoming.respond(500);
        if (dialog) dialog->refresh_target(request);
        Call& call = *calls_.at(script_.below(calls));
        if (request.method() == Method::prack) return on_prack(call, incoming);
        if (request.method() == Method::bye && dialog) {
            (void)incoming.respond(200);
            for (const auto& each : calls_)
                if (each->dialog.get() == dialog) return each->dialog.reset();
            return;
        }
        switch (script_.below(8)) {
            case 0: return;  // nobody wants it
            case 1: return (void)incoming.respond(script_.pick(statuses));
            case 2: (void)incoming.respond(183); break;
            default: break;
        }
        if (request.method() == Method::invite && call.negotiation.admit(true) != NegotiationState::Admission::yes) return (void)incoming.respond(491);
        call.reliable.reset();
        incoming.take(call.handle);
        hold(call.handle.active(), "a request that was taken has its handle");
    }
    void on_prack(Call& call, IncomingRequest& prack) {
        const auto rack = parse_rack(prack.request().header(HeaderName::rack));
        if (!rack) return (void)prack.respond(400);
        if (!call.reliable || !call.reliable->awaits(*rack)) return (void)prack.respond(481);
        const RAck known{rack->rseq, {rack->cseq.number, rack->cseq.method, {}}};
        (void)prack.respond(200);
        (void)call.reliable->acknowledge(known);
    }
    void on_ack(const Message& ack, const Flow&) override {
        for (const auto& call : calls_)
            if (call->dialog && call->dialog.get() == dialogs_.find(ack)) (void)call->success.acknowledge(ack);
    }
    void on_late_success(const Message& response, const Flow& from) override {
        auto made = Dialog::from_response(response);
        if (!made) return;
        MessageWriter writer(text_);
        made->begin_request(writer, "ACK", response.cseq().number, "SIP/2.0/UDP 192.0.2.1;branch=" + new_branch());
        writer.finish();
        (void)send(from, text_);
        send_in_dialog(*made, Method::bye);
    }
    void on_response(ClientHandle& handle, const Message& response, const Flow& from) override {
        hold(handle.active() == (response.status() < 200), "a handle is free with its final response");
        if (response.method() == Method::invite && response.status() >= 200 && response.status() < 300) return on_late_success(response, from);
        react(handle);
    }
    void on_failure(ClientHandle& handle, ClientFailure) override {
        hold(!handle.active(), "a handle is free when its request has failed");
        react(handle);
    }
    // From within the layer's call everything may be done to the handle.
    void react(ClientHandle& handle) {
        if (ending_ || started_ > most_events) return;
        switch (script_.below(8)) {
            case 0: return handle.cancel();
            case 1: return handle.release();
            case 2: return start_client();
            case 3:
                for (auto& each : clients_)
                    if (each.get() == &handle) {
                        each = std::make_unique<ClientHandle>(*this);
                        return;
                    }
                return;
            default: return;
        }
    }

    // --- what has to hold ------------------------------------------------------------------------------------------------
    void hold_bounds() const {
        const auto counts = layer_.counts();
        hold(counts.servers <= taken_, "a server transaction began with a message");
        hold(counts.clients <= 2 * started_, "a client transaction was started, or cancels one that was");
        hold(counts.tombstones <= taken_ + 2 * started_, "what is remembered was a transaction");
        hold(dialogs_.size() <= calls, "a dialog has its call");
    }

    void end() {
        ending_ = true;
        network_ = 0;
        for (const auto& call : calls_) {
            call->handle.release();
            call->dialog.reset();
        }
        for (const auto& handle : clients_) handle->release();
        forgotten_.clear();
        // What was begun lives at most as long as timer B and then 64 T1 of the slowest settings; an INVITE that was given up
        // while it rang waits so long for its end.
        pass(4 * 64 * 200ms);
        const auto counts = layer_.counts();
        hold(counts.clients == 0, "all requests of ours have ended");
        hold(counts.servers == 0, "all requests of others have ended");
        hold(counts.tombstones == 0, "nothing is remembered");
        hold(!timers_.next(), "no timer runs");
        hold(dialogs_.size() == 0, "no dialog is left");
    }

    static void keep(std::vector<std::string>& where, std::string text) {
        if (where.size() == most_kept) where.erase(where.begin());
        where.push_back(std::move(text));
    }

    Script& script_;
    Instant now_{1h};
    StackTimers timers_{now_};
    DialogTable dialogs_;
    TransactionLayer layer_;
    Nothing nobody_;
    std::array<std::unique_ptr<Call>, calls> calls_;
    std::array<std::unique_ptr<ClientHandle>, clients> clients_;
    std::vector<std::unique_ptr<ClientHandle>> forgotten_;
    std::vector<std::string> received_, requests_;  // messages that came; requests of ours
    std::string text_;
    std::size_t taken_ = 0, started_ = 0, sent_now_ = 0, network_ = 0;
    bool ending_ = false;
    bool echoes_ = false;  // what is answered was refused by the parser
};

Call::Call(World& of) : world(of), success(*this, of.sender(), of.timers()) {}

void Call::on_unacknowledged() {
    if (dialog) world.send_in_dialog(*dialog, Method::bye);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script(data, size);
    World world(script);
    world.run();
    return 0;
}
