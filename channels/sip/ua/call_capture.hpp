// Capture files of single calls: the SIP messages of all legs and, if wanted, their RTP with ICE and DTLS, for Wireshark and its like.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/sip_messages.hpp"
#include "channels/sip/ua/message_history.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/channel_events.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield::sip {

// Control thread; files are written in the pool. A call is all channels that have a linked id in common, those that come later
// too. A capture ends with its call, at capture_max_size or capture_max_time of [global], or by stop(). Without captures nobody
// listens to messages or packets.
class CallCaptures {
  public:
    // `gate`: of the module, which what media threads call holds.
    CallCaptures(UserAgent& agent, const MessageHistory& history, Gate& gate);
    ~CallCaptures();  // Waits for what is to be written.

    struct Request {
        std::string channel;  // name or unique id
        std::string file;     // a name in the directory; empty: one is made of channel and time
        bool media = true;    // RTP, RTCP, STUN and DTLS too
    };
    // Begins with the messages of the call that the history has kept. Returns the file's path. Waits. Errors: not_found (no such
    // channel, or no SIP leg), exists (the file, or a capture of that call), limit (capture_max_calls), invalid (the name), failed.
    Result<std::string> start(const Request& request);
    // By file or channel, and returns when the file is complete. Waits. Errors: not_found, interruption.
    Result<void> stop(std::string_view name);
    void stop_all() { fibers_.cancel(); }

    struct Summary {
        std::string file, channel;
        std::uint64_t packets, bytes, lost;
        bool media;
    };
    std::vector<Summary> list() const;

  private:
    class Sink;
    struct Leg {
        SocketAddress local;  // of its signalling
        std::shared_ptr<Sink> sink;
    };
    struct Waiting {
        WallTime time;
        SocketAddress source, destination;
        std::string payload;
    };
    struct Capture;
    void listen();
    void add(const SipMessageSeen& seen);
    bool find_legs(Capture& capture);
    void run(const std::shared_ptr<Capture>& capture);
    void release(const std::shared_ptr<Capture>& capture);
    Result<void> write(Capture& capture);

    UserAgent& agent_;
    const MessageHistory& history_;
    Gate& gate_;
    std::vector<std::shared_ptr<Capture>> captures_;
    Subscription seen_, created_;  // while there are captures
    std::unique_ptr<Lane> lane_;   // made for the first
    TaskGroup fibers_{"call captures"};
};

}  // namespace jackfield::sip
