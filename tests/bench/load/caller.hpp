// The calling side: places calls by a schedule, holds them, ends them (RFC 3261 13.2 and 15.1.1, UDP).
#pragma once

#include <deque>

#include "tests/bench/load/media.hpp"
#include "tests/bench/load/schedule.hpp"
#include "tests/bench/load/sip_text.hpp"

namespace bench {

class Caller {
  public:
    struct Settings {
        sockaddr_in server{}, local{};
        std::string number = "700";           // `#` becomes the call's index in five digits
        std::string user = "caller";
        std::chrono::nanoseconds hold{};      // negative: until end_all()
        std::chrono::nanoseconds ringing{};   // the answering side's delay, which is no latency of the server
        std::size_t most = 100'000;           // calls at a time; what would exceed it is not begun
    };
    struct Figures {
        std::uint64_t placed = 0, answered = 0, finished = 0, failed = 0, held_back = 0, cut_off = 0;  // cut_off: ended by the server
        std::uint64_t retransmitted = 0, retransmissions_seen = 0, bytes_in_invite = 0;
    };

    /// `media` null: calls without RTP. `changed` is called after each answer, failure and end.
    Caller(Loop& loop, const Settings& settings, MediaSide& media, bool with_media, std::function<void()> changed);
    /// Gives the figures of the schedule's steps; place() belongs to it.
    void use(Schedule& schedule) { schedule_ = &schedule; }

    void place(std::size_t step, Time scheduled);
    /// Ends what is up and gives up what is not.
    void end_all();

    std::size_t up() const { return up_; }
    std::size_t active() const { return active_; }
    const Figures& figures() const { return figures_; }
    std::uint64_t dropped() const { return socket_.dropped(); }
    std::uint64_t send_errors() const { return socket_.send_errors(); }

  private:
    enum class State : std::uint8_t { inviting, proceeding, up, ending, ended, abandoned };
    struct Call {
        Time scheduled;
        std::size_t step = 0, flow = 0;
        State state = State::inviting;
        bool flowing = false;
        std::uint32_t epoch = 0;  // of the retransmission timer
        std::chrono::milliseconds interval{};
        std::string last, to, target, routes;
    };

    void take(const Datagram& packet);
    void take_request(const SipView& message);
    void take_response(const SipView& message);
    void answered(std::size_t index, const SipView& message);
    void refused(std::size_t index, const SipView& message);
    void end(std::size_t index);
    void fail(Call& call, const std::string& reason);
    void close(Call& call, State state);
    void retransmit(std::uint64_t number);
    void arm(std::size_t index, Call& call);
    void stop_media(Call& call);
    Call* call_of(std::string_view call_id, std::size_t& index);
    std::string head(std::string_view method, std::size_t index, std::string_view uri, std::string_view branch) const;
    std::string called(std::size_t index) const;

    Loop& loop_;
    Settings settings_;
    UdpSocket socket_;
    MediaSide& media_;
    bool with_media_;
    std::function<void()> changed_;
    Schedule* schedule_ = nullptr;
    std::string run_, host_, server_;
    std::deque<Call> calls_;
    std::size_t up_ = 0, active_ = 0, retransmit_kind_, hold_kind_, give_up_kind_;
    Figures figures_;
};

}  // namespace bench
