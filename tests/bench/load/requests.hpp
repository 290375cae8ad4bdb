// Registrations with digest, or OPTIONS, by a schedule: one transaction (two with the challenge) each (RFC 3261 10.2, 11, 17.1.2).
#pragma once

#include <deque>

#include "tests/bench/load/schedule.hpp"
#include "tests/bench/load/sip_text.hpp"

namespace bench {

class Requests {
  public:
    enum class Kind { registration, options };
    struct Settings {
        Kind kind = Kind::registration;
        sockaddr_in server{}, local{};
        std::string user = "u#", password = "secret";  // `#` becomes the index in six digits
        std::size_t users = 1000;                      // then it begins again with the first
        int expires = 3600;
    };
    struct Figures {
        std::uint64_t sent = 0, succeeded = 0, failed = 0, challenged = 0, retransmitted = 0, retransmissions_seen = 0, asked = 0;
    };

    Requests(Loop& loop, const Settings& settings, std::function<void()> changed);
    void use(Schedule& schedule) { schedule_ = &schedule; }
    void begin(std::size_t step, Time scheduled);

    std::size_t active() const { return active_; }
    const Figures& figures() const { return figures_; }
    std::uint64_t dropped() const { return socket_.dropped(); }
    std::uint64_t send_errors() const { return socket_.send_errors(); }

  private:
    struct Request {
        Time scheduled;
        std::size_t step = 0;
        bool over = false;
        std::uint32_t sequence = 1;
        std::chrono::milliseconds interval{}, waited{};
        std::string text;
    };

    void take(const Datagram& packet);
    void take_response(const SipView& message);
    void send(std::size_t index, const std::string& authorization);
    void arm(std::size_t index);
    void retransmit(std::uint64_t number);
    void close(Request& request, const std::string& failure);
    std::string user_of(std::size_t index) const;

    Loop& loop_;
    Settings settings_;
    UdpSocket socket_;
    std::function<void()> changed_;
    Schedule* schedule_ = nullptr;
    std::string run_, host_;
    std::deque<Request> requests_;
    std::size_t active_ = 0, retransmit_kind_;
    Figures figures_;
};

}  // namespace bench
