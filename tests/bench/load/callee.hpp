// The answering side: 100, 180 and 200 to each INVITE, media after the ACK (RFC 3261 13.3.1, UDP).
#pragma once

#include <deque>
#include <unordered_map>

#include "tests/bench/load/media.hpp"
#include "tests/bench/load/sip_text.hpp"

namespace bench {

class Callee {
  public:
    struct Settings {
        sockaddr_in local{};
        std::chrono::nanoseconds ringing{};  // between 180 and 200
    };
    struct Figures {
        std::uint64_t invited = 0, answered = 0, acknowledged = 0, ended = 0, cancelled = 0, never_acknowledged = 0;
        std::uint64_t retransmitted = 0, retransmissions_seen = 0;
    };

    Callee(Loop& loop, const Settings& settings, MediaSide& media, bool with_media);

    std::size_t up() const { return up_; }
    const Figures& figures() const { return figures_; }
    std::uint64_t dropped() const { return socket_.dropped(); }
    std::uint64_t send_errors() const { return socket_.send_errors(); }

  private:
    enum class State : std::uint8_t { ringing, answered, up, ended };
    struct Dialog {
        State state = State::ringing;
        bool flowing = false;
        std::size_t flow = 0;
        std::chrono::milliseconds interval{};
        sockaddr_in peer{};
        std::optional<sockaddr_in> media;
        std::string head, last;  // the lines that all responses to the INVITE share; the last response
    };

    void take(const Datagram& packet);
    void invite(const SipView& message, const sockaddr_in& from);
    void invite_again(std::size_t index, const SipView& message, const sockaddr_in& from);
    void acknowledged(std::size_t index, const SipView& message);
    void cancel(std::size_t index, const SipView& message, const sockaddr_in& from);
    void bye(std::size_t index, std::string_view call_id);
    void answer(std::size_t index);
    void retransmit(std::size_t index);
    void respond(const SipView& request, std::string_view status, const sockaddr_in& to);
    void remember(std::string_view call_id);
    std::string tag(std::size_t index) const { return "b" + std::to_string(index); }

    Loop& loop_;
    Settings settings_;
    UdpSocket socket_;
    MediaSide& media_;
    bool with_media_;
    std::unordered_map<std::string, std::size_t> by_call_id_;
    std::deque<std::pair<Time, std::string>> old_;  // ended, but their requests may be repeated
    std::deque<Dialog> dialogs_;
    std::size_t up_ = 0, answer_kind_, retransmit_kind_;
    Figures figures_;
};

}  // namespace bench
