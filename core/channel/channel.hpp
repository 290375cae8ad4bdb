// A channel: one side of a call. Applications act on it, drivers report to it, bridges connect it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/result.hpp"
#include "core/channel/cause.hpp"
#include "core/channel/custody.hpp"
#include "core/channel/driver.hpp"
#include "core/channel/identity.hpp"
#include "core/channel/variables.hpp"
#include "core/media/media_stream.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

class Bridge;

enum class ChannelState : unsigned char {
    down, reserved, off_hook, dialing, ring, ringing, up, busy, dialing_off_hook, pre_ring,
};
std::string_view to_string(ChannelState state);     // "Down", "Ring", "Ringing", "Up", ... as AMI and the CLI print

// A place in the dialplan.
struct Place {
    std::string context = "default", extension = "s";
    int priority = 1;
};

// What came from the far side, for the custodian: dial leg, bridge or executor.
struct ChannelEvent {
    enum class Kind : unsigned char {
        proceeding, ringing, progress, answered, busy, congestion, hold, unhold, connected_line, redirecting,
        forwarded, transfer, flash, text, topology_changed, hung_up,
    } kind;
    std::string text;                               // forwarded: new destination; hold: music class; text: the message
    HangupCause cause = HangupCause::not_defined;
};

// A transfer that the far side asked for (SIP REFER); pending until the custodian takes it.
struct TransferRequest {
    bool attended = false;
    std::string destination;                        // blind: extension
    std::string context;                            // to look it up in; empty: the channel's
    std::uint64_t replaces_channel = 0;             // attended: number() of our channel that is to be replaced
    std::move_only_function<void(bool success)> done;  // tells the far side; called once
};

// Handle of a channel that may be gone after a wait.
struct ChannelId {
    std::uint64_t number = 0;
    explicit operator bool() const { return number != 0; }
    bool operator==(const ChannelId&) const = default;
};
Result<std::reference_wrapper<Channel>> find_channel(ChannelId id);       // errors: not_found
Channel* find_channel(std::string_view name_or_unique_id);

// Which digits end a prompt, and how long an input is waited for.
struct ReadOptions {
    std::string prompts;                            // joined by '&', empty: none
    unsigned maximum = 255;                         // digits
    std::string terminators = "#";
    std::chrono::milliseconds first{10000}, next{5000};
    unsigned attempts = 1;
};

// What keeps a channel by call-backs instead of on a fiber: a bridge's member (core/bridge implements it).
class ChannelKeeper {
  public:
    virtual void channel_has_events() = 0;          // in a later turn: events() has something, hang-up included
    virtual void channel_taken() = 0;               // at once: custody went elsewhere or the channel ended; never waits
    virtual bool holds_custody() const = 0;         // false: the channel's own fiber waits in Bridge::join
    virtual Channel* peer() const = 0;              // the other member of a two-party bridge, else null

  protected:
    ~ChannelKeeper() = default;
};

class Channel final {
  public:
    // For an incoming call: the driver makes its half and this; then usually start_dialplan() (core/dialplan/executor.hpp).
    // Errors: limit (maxcalls, fibers).
    static Result<Custody> create(DriverChannelMade made, std::string holder, CallId call_id = {});
    // Asks the driver of `technology` for an outgoing channel and makes it, not called yet. Variables, accounting and
    // music class are inherited from request.requestor. Waits. Errors: not_found (no such technology), the driver's.
    static Result<Custody> request(DialRequest request, std::string holder, HangupCause& cause);
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // --- who it is -----------------------------------------------------------------------------------------------
    ChannelId id() const { return {number_}; }
    const std::string& name() const { return name_; }          // "PJSIP/6001-00000001"
    void rename(std::string name);
    const std::string& unique_id() const { return unique_id_; }
    const std::string& linked_id() const { return linked_id_; }
    void set_linked_id(std::string id) { linked_id_ = std::move(id); }
    CallId call_id() const { return call_id_; }
    WallTime created() const { return created_; }
    std::optional<WallTime> answered_at() const { return answered_at_; }
    std::string_view technology() const;                        // "PJSIP"
    ChannelState state() const { return state_; }
    void set_state(ChannelState state);                         // drivers; publishes ChannelStateChanged
    bool outgoing() const { return outgoing_; }

    // Plain attributes, free to read and write.
    struct Attributes {
        std::string language = "en", music_class, account_code, peer_account, user_field, parking_lot, tone_zone;
        std::string call_groups, pickup_groups;                 // numbered, "1,3-5"; core/channel/pickup.hpp
        std::string named_call_groups, named_pickup_groups, amaflags = "DOCUMENTATION";
        std::string hangup_source;
        std::string forwarder;                                  // who forwarded the call here
        bool intercept_hold = false;                            // holds are told and not passed on (HOLD_INTERCEPT)
    };
    Attributes& attributes() { return attributes_; }
    const Attributes& attributes() const { return attributes_; }
    CallerIdentity& caller() { return caller_; }
    ConnectedIdentity& connected() { return connected_; }
    RedirectingIdentity& redirecting();                         // made on first use
    bool redirected() const { return redirecting_ != nullptr; }  // whether anybody has said anything about it
    // Whom this channel's far side sees itself connected with: tells the driver and publishes, once a turn at most.
    void update_connected(ConnectedIdentity identity);
    void update_redirecting(RedirectingIdentity identity);      // the same for who redirected the call
    // Who this channel's far side is: publishes, and the bridge peer's connected identity follows.
    void update_caller(CallerIdentity identity);

    Variables& variables() { return variables_; }
    // Sets and publishes VariableSet; applications use this, not variables().set().
    void set_variable(std::string_view name, std::string value);
    std::string variable(std::string_view name) const;          // empty when unset

    Place& place() { return place_; }
    std::string application, application_arguments;             // running now; the executor sets them

    // --- media -----------------------------------------------------------------------------------------------------
    MediaStream& media() { return *audio_; }                    // the audio stream; there always is one
    // The first, second, ... of a type; null when there is none.
    MediaStream* stream(MediaType type, std::size_t index = 0);
    MediaStream& need_stream(MediaType type, std::size_t index);  // drivers; makes those that are missing, up to this one
    // Connects streams that both have, beside the first audio stream of each; those that are connected stay so.
    static void connect_other_streams(Channel& a, Channel& b);
    void disconnect_other_streams();
    void loop_back_other_streams(bool on);
    const Topology& topology() const { return topology_; }
    void set_topology(Topology topology) { topology_ = std::move(topology); }
    Result<void> request_topology(const Topology& topology);    // Waits.

    // --- what applications do; these wait, errors include hangup and its like -----------------------------------------
    Result<void> answer(std::chrono::milliseconds settle = {});  // no-op when up already
    // Never waits; plays a tone when the driver can't. `text`: the music class of `hold`.
    Result<void> indicate(Indication indication, std::string_view text = {});
    void stop_indication();
    // Plays a tone of the channel's zone ("ring", "dial", "busy") until something else is played or stop_indication().
    // Never waits. Errors: not_found.
    Result<void> start_tone(std::string_view tone);
    // Plays prompts ("hello&digits/1") in the channel's language to their end, or until one of `stop_digits` comes,
    // which is returned (else 0). Does not answer. Errors: not_found names the first prompt that is missing.
    Result<char> play(std::string_view prompts, std::string_view stop_digits = {});
    Result<char> play_names(const std::vector<std::string>& prompts, std::string_view stop_digits = {});
    Result<void> play_source(std::unique_ptr<Source> source);    // to its end
    Result<char> read_digit(Timeout timeout = {});               // next key pressed (its end); errors: timeout
    Result<std::string> read_digits(const ReadOptions& options); // what was pressed, perhaps nothing at the timeout
    Result<void> wait(std::chrono::nanoseconds time);            // media keeps flowing
    void send_digits(std::string_view digits, std::chrono::milliseconds length, std::chrono::milliseconds between);
    Result<void> send_text(std::string_view text, std::string_view content_type = "text/plain");
    Result<void> transfer(std::string_view destination);
    // Goes on until stop_music() or until something else is played. Waits for the first file.
    Result<void> start_music(std::string_view music_class = {});
    void stop_music();
    bool digits_waiting() const { return !digits_.empty(); }
    Queue<char>& digits() { return digits_; }                    // keys pressed, each once, at its end
    void clear_digits() { digits_.clear(); }
    // Sees every digit before digits() does; true: it is not put there. `signalled`: came by remote_digit, so that the
    // media plane did not pass it to the connected side. Empty function: none. core/bridge only.
    using DigitListener = std::move_only_function<bool(const Digit&, bool signalled)>;
    void set_digit_listener(DigitListener listener);
    bool held() const { return held_; }                          // by its far side
    const std::string& hold_class() const { return hold_class_; }  // music that came with the hold, or with indicate(hold)

    // --- ending and moving ---------------------------------------------------------------------------------------------
    // Asks for the end from anywhere: the custodian's waits fail with `hangup`, and it lets go. Never waits.
    void hang_up(HangupCause cause);
    bool hung_up() const { return hung_up_; }
    HangupCause cause() const { return cause_; }
    void set_cause(HangupCause cause) { cause_ = cause; }
    // Sends the channel's execution elsewhere: waits fail with `redirected`, the executor goes on at `place`; a channel
    // in a bridge's custody leaves it for a new executor. Errors: hangup.
    Result<void> redirect(Place place);
    std::optional<Place> take_redirection();                     // executor: where to go on
    // Set by core/dialplan at start: runs the dialplan for a channel whose bridge let it go, etc.
    static void set_dialplan_starter(void (*starter)(Custody));

    // Hang-up handlers (Gosub targets), last pushed first; run by the executor under a Shield.
    std::vector<std::string>& hangup_handlers() { return hangup_handlers_; }

    Bridge* bridge() const { return bridge_; }                   // member of; null when in none
    void set_bridge(Bridge* bridge, ChannelKeeper* keeper);      // core/bridge only
    ChannelKeeper* keeper() const { return keeper_; }
    Channel* peer() const { return keeper_ ? keeper_->peer() : nullptr; }  // the other member of a two-party bridge
    std::optional<TransferRequest> transfer_request;             // set by the driver with event `transfer`

    // Runs `work` on the channel's service fiber, in order, also while it is bridged; `work` may wait. Dropped when the
    // channel ends first. Errors: limit.
    Result<void> post_work(std::move_only_function<void(Channel&)> work);
    bool working() const;                                        // its service fiber runs
    Queue<ChannelEvent>& events() { return events_; }            // for the custodian
    // Keeps the object (not the call) alive for a fiber that has no token of it.
    std::shared_ptr<Channel> share() const;
    bool ended() const { return ended_; }                        // the last custodian has let go

    // Something of a module or function that lives with the channel; made on first use.
    template <class T>
    T& attachment() {
        auto& slot = attachment_slot(typeid(T).name());
        if (!slot) slot = std::make_shared<T>();
        return *static_cast<T*>(slot.get());
    }
    template <class T>
    T* find_attachment() const {
        return static_cast<T*>(find_attachment(typeid(T).name()));
    }

    // --- up-calls of the driver ------------------------------------------------------------------------------------------
    DriverChannel& driver() { return *driver_; }
    void remote_event(ChannelEvent event);                       // and the state that follows from it
    void remote_answered();
    // The driver's half has ended: no more calls to it but property() and the destructor.
    void remote_hung_up(HangupCause cause);
    void remote_digit(char key, std::chrono::milliseconds length);  // by signalling (SIP INFO); RTP's come by media

    // Swaps drivers and media ports of two channels; names, ids, variables, taps and applications stay.
    static void exchange(Channel& a, Channel& b);

    Custody::State* custody() const { return custody_; }
    std::string custodian() const;                               // for `core show channel`

  private:
    friend class Custody;
    Channel(DriverChannelMade made, CallId call_id);
    std::shared_ptr<void>& attachment_slot(const char* type);
    void* find_attachment(const char* type) const;
    void end();                                                  // the holder's token is gone
    void push_event(ChannelEvent event);
    void tell_keeper();
    void announce();
    Result<void> begin_music(std::string_view music_class, bool of_hold);
    void take_digit(const Digit& digit, bool signalled);
    void tell_identity(bool connected, bool redirecting);
    template <class F>
    void for_each_other_stream(F&& visit);
    struct Private;                                              // service fiber, what is played, attachments
    friend struct ChannelAccess;                                 // core/channel/*.cpp

    std::uint64_t number_;
    std::string name_, unique_id_, linked_id_;
    CallId call_id_;
    WallTime created_;
    std::optional<WallTime> answered_at_;
    ChannelState state_ = ChannelState::down;
    bool outgoing_ = false, hung_up_ = false, held_ = false, ended_ = false;
    std::string hold_class_;
    HangupCause cause_ = HangupCause::not_defined;
    Attributes attributes_;
    CallerIdentity caller_;
    ConnectedIdentity connected_;
    std::unique_ptr<RedirectingIdentity> redirecting_;          // few calls have been redirected
    Variables variables_;
    Place place_;
    std::optional<Place> redirection_;
    Topology topology_;
    std::unique_ptr<DriverChannel> driver_;
    std::unique_ptr<MediaStream> audio_;
    std::vector<std::unique_ptr<MediaStream>> other_streams_;
    Queue<ChannelEvent> events_{256};
    Queue<char> digits_{64};
    std::vector<std::string> hangup_handlers_;
    Bridge* bridge_ = nullptr;
    ChannelKeeper* keeper_ = nullptr;
    Custody::State* custody_ = nullptr;
    std::unique_ptr<Private> private_;
};

// The device that a channel's name begins with: "PJSIP/6001" of "PJSIP/6001-00000001".
std::string_view device_of(std::string_view channel_name);

// All channels, in order of creation; resumable by number so that long listings can be done in slices.
void for_each_channel(const std::function<void(Channel&)>& visit, std::uint64_t after = 0, std::size_t at_most = SIZE_MAX);
std::size_t channel_count();
std::uint64_t calls_processed();
struct ChannelLimits {
    std::size_t max_calls = 0;     // 0: no limit; jackfield.conf's maxcalls
    bool accept_new = true;        // false while stopping gracefully
};
ChannelLimits& channel_limits();

}  // namespace jackfield
