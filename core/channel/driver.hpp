// What a channel driver implements.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/cause.hpp"
#include "core/channel/identity.hpp"
#include "core/media/format.hpp"
#include "core/module/module.hpp"

namespace jackfield {

class Channel;

// What one side wants the other to see or hear; the core falls back to tones for what a driver does not support.
enum class Indication : unsigned char {
    ringing, progress, proceeding, busy, congestion, incomplete, hold, unhold, connected_line, redirecting,
    source_update, video_update, flash, stop,  // stop: end any tone or indication
};
std::string_view to_string(Indication indication);

enum class DeviceState : unsigned char {  // names of DEVICE_STATE() and hints
    unknown, not_in_use, in_use, busy, invalid, unavailable, ringing, ring_in_use, on_hold,
};
std::string_view to_string(DeviceState state);      // "NOT_INUSE"
std::string_view display_name(DeviceState state);   // "Not in use"
Result<DeviceState> parse_device_state(std::string_view text);
// What a hint over several devices shows: the busiest of them by Asterisk's table.
DeviceState combine(std::span<const DeviceState> states);

struct StreamInfo {
    MediaType type = MediaType::audio;
    FormatList formats;
    enum class Direction : unsigned char { inactive, send, receive, both } direction = Direction::both;  // what the far side wants to do
    std::string name;
    bool feedback = false;                          // of video: the far side knows RTCP feedback (RFC 4585)
};
// One stream each; audio first as a rule. One without formats has been refused or removed and keeps its place.
using Topology = std::vector<StreamInfo>;

// The protocol's half of a channel. The Channel owns it and calls it on the control thread; none of these calls waits
// unless its comment says so. It tells the core what happened through the up-calls of Channel (core/channel/channel.hpp).
class DriverChannel {
  public:
    virtual ~DriverChannel() = default;

    virtual Result<void> call() = 0;                // start the outgoing call that it was requested for
    virtual Result<void> answer() = 0;
    virtual Result<void> indicate(Indication indication) = 0;  // unsupported: the core plays a tone instead
    virtual void hang_up(HangupCause cause) = 0;    // always the last call but the destructor

    virtual Result<void> send_text(std::string_view text, std::string_view content_type);
    // A blind transfer carried out by the far side (SIP REFER). Waits for its result. unsupported by default.
    virtual Result<void> transfer(std::string_view destination);
    // Re-negotiates the streams. Waits. unsupported by default.
    virtual Result<void> request_topology(const Topology& topology);
    // CHANNEL(item) and functions of the technology: "pjsip,remote_addr", "rtp,dest", "callid". not_found by default.
    virtual Result<std::string> property(std::string_view item) const;
    virtual Result<void> set_property(std::string_view item, std::string_view value);

    // Told before answer() whom the channel will be connected with: what is answered may be made to fit. Never waits.
    virtual void expect(Channel& peer);
    // Told after the channel came to be a member of a bridge or left it, and when streams of the peer changed; `peer` null for left or more than two members.
    virtual void bridged(Channel* peer);
    // A channel of two halves (Local) names the other one, when a bridge may go past both of them; null otherwise.
    virtual Channel* optimizable_half() { return nullptr; }
    // The driver half lives in another Channel now (exchange()).
    virtual void moved_to(Channel& channel) { channel_ = &channel; }

  protected:
    Channel& channel() const { return *channel_; }

  private:
    friend class Channel;
    Channel* channel_ = nullptr;                    // set before any call above
};

struct DialRequest {
    std::string technology;                         // as written: "PJSIP"
    std::string destination;                        // after the slash: "6001", "6001/sip:...", "1/5551234"
    FormatList formats;                             // what the caller has; empty: anything
    Channel* requestor = nullptr;                   // whom the call is for; null: originated by management
    std::string dialled;                            // extension that led here, for Diversion and To
};

struct DriverChannelMade {
    std::unique_ptr<DriverChannel> channel;
    std::string name;                               // "PJSIP/6001-00000001"
    Topology topology;
};

// A technology. Registered by a module; one object may be registered under several names (SIP, PJSIP).
class ChannelDriver {
  public:
    virtual ~ChannelDriver() = default;
    virtual std::string_view description() const = 0;
    // Makes the driver's half for an outgoing call; the core then makes the Channel and calls call(). Waits (look-ups).
    // Errors with causes: set `cause` (user_busy, subscriber_absent, ...).
    virtual Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) = 0;
    virtual DeviceState device_state(std::string_view device) = 0;
    // Names for completion and lists: "6001". Bounded slices are the caller's care.
    virtual std::vector<std::string> devices() const { return {}; }
    // SIP's several contacts: the destinations that one word in a dial string stands for. By default itself.
    virtual std::vector<std::string> expand(std::string_view destination) const {
        return {std::string(destination)};
    }
};
Result<Registration> register_in(Module& module, std::string_view technology, ChannelDriver& driver);
Registry<ChannelDriver*>& channel_drivers();

}  // namespace jackfield
