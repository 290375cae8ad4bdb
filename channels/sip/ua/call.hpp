// One SIP call: the driver's half of a channel, its dialogs and its media (RFC 3261 sections 13 to 15, RFC 3262, 3311, 3515,
// 3891).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/sip_management.hpp"
#include "channels/sip/stack/session_timer.hpp"
#include "channels/sip/ua/media_session.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/channel.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

class SipCall;
class Registrar;

// Counts calls per endpoint, for device states.
class CallCounts {
  public:
    struct Counts {
        unsigned in_use = 0, ringing = 0, held = 0;
    };
    virtual void call_changed(const std::string& endpoint, int in_use, int ringing, int held) = 0;  // differences
    // Its phone rings, or its dialog has come meanwhile; or it does not ring any more.
    virtual void ringing_changed(SipCall& call, bool ringing) = 0;
    // No server of this contact (Contact::key) took the call. `flow_failed`: there is no way to it by its flow any more.
    virtual void contact_failed(const EndpointSettings& endpoint, std::string_view key, bool flow_failed) = 0;

  protected:
    ~CallCounts() = default;
};

struct CallContext {
    UserAgent& agent;
    RtpService& rtp;
    CallCounts& counts;
    Registrar& registrar;
};

// Where a call is tried.
struct CallTarget {
    std::string uri;
    Flow flow;
    std::vector<std::string> routes;
    std::string key;  // of its contact
};

class SipCall final : public DriverChannel,
                      public DialogUser,
                      public ClientTransactionUser,
                      public ServerTransactionUser,
                      private SuccessRepeater::User,
                      private ReliableProvisionals::User {
  public:
    // Takes an INVITE that begins a call, as far as the channel: answers it itself when something is wrong.
    static void incoming(CallContext& context, IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint);
    // For an outgoing call to the first of `targets` (there is one at least) that takes it. Errors: those of the RTP service.
    // `caller`: the streams of whom it is for.
    static Result<std::unique_ptr<SipCall>> outgoing(CallContext& context, std::shared_ptr<const EndpointSettings> endpoint,
                                                     std::vector<CallTarget> targets, const FormatList& formats, const Topology& caller);
    // Takes a REFER outside of a dialog, for the call that its Target-Dialog names (RFC 4538); answers it.
    static void refer(UserAgent& agent, IncomingRequest& request, const EndpointSettings& endpoint);
    ~SipCall() override;

    const EndpointSettings& endpoint() const { return *endpoint_; }
    bool dialled_in() const { return !outgoing_; }
    PartyId calling_party() const { return channel().connected().id; }  // of an outgoing call: whom the phone shows
    UserDialog* dialog() { return dialogs_.empty() ? nullptr : dialogs_.front().get(); }
    // Headers for PJSIP_HEADER: of the INVITE received, and to be added to the one that we send. `visit` returns false to
    // stop.
    using HeaderVisit = std::function<bool(std::string_view name, std::string_view value)>;
    void for_each_received_header(const HeaderVisit& visit) const;
    // Of the 2xx to our INVITE.
    void for_each_response_header(const HeaderVisit& visit) const;
    // Of the From header: those received, and those to be added to the one that we send.
    struct FromParameter {
        bool of_uri;
        std::string name, value;
    };
    Result<std::string> received_from_parameter(bool of_uri, std::string_view name) const;
    std::vector<FromParameter>& from_parameters() { return from_parameters_; }
    // Transfers that the far side asks for are left to who subscribes to SipTransferRequested.
    void leave_transfers_to_application(bool on) { transfers_left_ = on; }
    bool transfers_left_to_application() const { return transfers_left_; }
    Result<void> tell_transfer(SipTransferProgress progress);  // see SipManagement
    // Refuses an incoming call with this status (400 to 699) and hangs the channel up; one that is answered is just hung up.
    Result<void> refuse_with(int status);
    std::vector<std::pair<std::string, std::string>>& added_headers() { return added_headers_; }
    Topology topology() const { return media_->topology(); }
    void offer_comfort_noise() { media_->offer_comfort_noise(); }  // before call()
    const MediaSession* media() const { return media_.get(); }  // null only while it is made
    void capture(std::shared_ptr<RtpPacketSink> sink) { media_->capture(std::move(sink)); }  // as RtpSession::capture()
    // The call that has this dialog (Replaces); null when there is none or it has ended.
    static SipCall* find(UserAgent& agent, const DialogReference& reference);

    // --- DriverChannel ---
    Result<void> call() override;
    Result<void> answer() override;
    Result<void> indicate(Indication indication) override;
    void hang_up(HangupCause cause) override;
    Result<void> send_text(std::string_view text, std::string_view content_type) override;
    Result<void> transfer(std::string_view destination) override;
    Result<std::string> property(std::string_view item) const override;
    void moved_to(Channel& channel) override;
    void expect(Channel& peer) override;
    void bridged(Channel* peer) override;

    // --- transactions and dialogs ---
    void on_response(ClientHandle& handle, const Message& response, const Flow& from) override;
    void on_failure(ClientHandle& handle, ClientFailure failure) override;
    void on_cancel(ServerHandle& handle, const Message& cancel) override;
    void on_dialog_request(UserDialog& dialog, IncomingRequest& request) override;
    void on_dialog_ack(UserDialog& dialog, const Message& ack) override;
    void on_repeated_success(UserDialog& dialog, const Message& response, const Flow& from) override;

  private:
    enum class State : std::uint8_t { idle, calling, early, up, ended };
    SipCall(CallContext& context, std::shared_ptr<const EndpointSettings> endpoint, bool is_outgoing);

    // incoming (call_incoming.cpp)
    static bool reliability_agreed(CallContext& context, IncomingRequest& request, const EndpointSettings& endpoint, bool& wanted);
    Result<void> accept_offer(const Message& invite);
    void identify_caller(Channel& channel, const Message& invite) const;
    Result<void> send_provisional(int status, bool with_sdp);
    Result<void> refuse(int status, HangupCause cause);
    Result<void> turn_away(int status, HangupCause cause);  // refuses, and the call has ended
    void send_success();
    void on_unacknowledged() override;
    void on_unacknowledged_provisional() override;
    std::string_view response_to_invite(int status, const std::string& sdp, const std::function<void(MessageWriter&)>& more = {});
    void attach_media(const MediaStream* near);
    static void begin(SipCall& call, Custody custody);

    // outgoing (call_outgoing.cpp)
    void send_invite();
    void send_again();
    void on_invite_response(const Message& response, const Flow& from);
    bool acknowledge_provisional(UserDialog& dialog, const Message& response);
    void on_provisional(UserDialog* dialog, const Message& response);
    void on_success(const Message& response, const Flow& from);
    void on_refusal(const Message& response);
    void aim_at(CallTarget target);
    bool try_next_server(bool flow_failed);
    void add_inherited_headers();
    UserDialog* dialog_for(const Message& response, const Flow& from);

    // identities and refreshes of ours (call_refresh.cpp)
    std::string from_header() const;
    std::string_view phone_parameter(std::string_view user) const;  // ";user=phone" where the endpoint wants it
    std::string identity_address() const;  // of the party that the far side is connected with; empty when it may not know
    void add_identity(MessageWriter& writer);
    void add_diversion(MessageWriter& writer) const;
    void note_identity(const Message& message);  // a trusted change of whom the far side is
    Result<void> tell_connected();
    Result<void> tell_redirecting();
    void renew_key();  // SDES: another one for what we send
    void send_refresh();
    void on_refresh_response(const Message& response);
    void on_refresh_success(const Message& response);

    // media past us (direct_media.cpp)
    void review_media();
    void review_media_of_both();
    SipCall* bridged_call() const;
    bool allows_direct_media() const;
    std::optional<DirectMedia> direct_target() const;
    void decide_direct_media();
    Result<std::string> answer_offer(std::string_view offer);
    void offer_refused(int status);

    // session timers (call_session.cpp)
    bool session_agreed(IncomingRequest& request);
    void session_refreshed();
    void session_due();

    // within the dialog (call_requests.cpp)
    bool admit_offer(IncomingRequest& request, bool is_invite);
    void on_reinvite(UserDialog& dialog, IncomingRequest& request);
    void on_update(UserDialog& dialog, IncomingRequest& request);
    void on_prack(IncomingRequest& request);
    void on_bye(IncomingRequest& request);
    void on_message_request(IncomingRequest& request);
    void note_hold(bool was_held);
    void respond_with_sdp(ServerHandle& handle, const std::string& sdp);

    // INFO (call_info.cpp)
    void on_info(IncomingRequest& request);
    void on_candidates(IncomingRequest& request);
    void send_digit(const Digit& digit);
    void send_candidates();
    void send_fast_update();
    void send_next_info();

    // transfers (call_transfer.cpp)
    static int replaceable(UserAgent& agent, const Message& invite, SipCall*& replaced);
    static void replace(SipCall& replaced, Custody replacing);
    static int joinable(UserAgent& agent, const Message& invite, const EndpointSettings& endpoint, SipCall*& joined);
    static void join(SipCall& joined, Custody joining);
    // dialog: the one that it came within; null: elsewhere, by Target-Dialog.
    void on_refer(UserDialog* dialog, IncomingRequest& request);
    void on_notify(IncomingRequest& request);
    void notify_transfer(std::string_view status, bool last);
    bool offer_transfer(std::string_view destination, std::string_view call_id, SipCall* replaced);

    void set_endpoint_variables() const;
    void ended(HangupCause cause);
    void stop_repeating();
    void count(int in_use, int ringing, int held);

    CallContext& context_;
    std::shared_ptr<const EndpointSettings> endpoint_;
    bool outgoing_;
    State state_ = State::idle;
    std::unique_ptr<MediaSession> media_;
    bool media_attached_ = false;
    bool secure_ = false;                  // the INVITE's URI is a sips one
    bool transfers_left_ = false;          // to an application
    NegotiationState negotiation_;
    std::vector<std::unique_ptr<UserDialog>> dialogs_;  // the confirmed one, or early ones in order of their coming

    // INVITE of ours, or theirs
    ClientHandle invite_sent_{*this};
    ServerHandle invite_received_{*this};
    ServedInvite served_;                  // of theirs
    UserAgent::NewRequest request_{};      // outgoing
    Flow flow_;
    std::string contact_key_;              // whom request_ goes to
    std::vector<CallTarget> other_targets_;  // further servers or flows of the contact, when this one does not take the call
    ChallengeAnswers answers_;             // to challenges of our INVITE, and of requests within the dialog
    std::string last_response_;            // final one to our INVITE: "SIP 486 Busy Here"
    std::uint32_t acknowledged_ = 0;       // CSeq of the last 2xx to an INVITE of ours
    SuccessRepeater success_;              // the last 2xx to one of theirs
    std::string answered_with_;            // what answers the offer of their INVITE
    const UserDialog* previewed_ = nullptr;  // the early dialog whose description is in use

    // Provisional responses to their INVITE, when they go reliably.
    std::unique_ptr<ReliableProvisionals> reliable_;
    bool preview_final_ = false;           // previewed_ came reliably: the 2xx brings no other (RFC 6337 3.1.1)
    bool described_reliably_ = false;      // our description went by one of them
    bool described_ = false;               // it went by any provisional response
    bool answer_waits_ = false;            // the 200 does, for the PRACK of that one (RFC 3262 section 3)
    int last_provisional_ = 0;

    // Refreshes of ours: who is connected has changed.
    ClientHandle refresh_sent_{*this};
    bool refresh_is_invite_ = false, refresh_wanted_ = false, refresh_repeats_ = false;  // with what a challenge asked for
    bool offer_wanted_ = false, refresh_offers_ = false;  // it describes our media, a re-INVITE does so always
    std::string told_identity_;            // the last one that we wrote
    std::unique_ptr<Timer> refresh_retry_;  // after a 491 (RFC 3261 14.1); most calls meet none
    void retry_refresh(std::chrono::milliseconds delay);

    struct Direct {                        // endpoints with direct_media have it
        explicit Direct(std::move_only_function<void()> look) : review(std::move(look)) {}
        Timer review;
        bool refused = false;              // the far side does not take it
    };
    std::unique_ptr<Direct> direct_;

    SessionTimer session_;
    bool session_refresh_ = false;         // the refresh that is wanted or under way keeps the session alive
    Instant session_ends_{};
    Timer session_timer_;

    ServerHandle reinvite_received_{*this};
    ClientHandle other_request_{*this};    // REFER of ours
    ClientHandle info_sent_{*this};
    struct Info {
        std::string_view type;
        std::string body;
    };
    std::vector<Info> infos_;              // to be sent, one after the other so that none overtakes
    bool trickles_ = false;                // the far side takes candidates by INFO
    Queue<int> refer_result_{4};           // final status of our REFER's transfer
    std::optional<std::uint32_t> refer_cseq_;  // of theirs: the Event id of our NOTIFYs
    std::shared_ptr<SipCall*> self_{std::make_shared<SipCall*>(this)};  // for functions that may outlive the call

    std::string received_head_;            // headers of their INVITE, for PJSIP_HEADER; of their 2xx when we called
    std::vector<FromParameter> from_parameters_;
    std::vector<std::pair<std::string, std::string>> added_headers_;
    int counted_in_use_ = 0, counted_ringing_ = 0, counted_held_ = 0;
};

// Whether the sender asks that its identity be told to nobody further on (RFC 3323 4.2, RFC 3325 9.3).
bool wants_privacy(const Message& message);
// Whom the far side says it is (P-Asserted-Identity, Remote-Party-ID), for who may be believed.
std::optional<PartyId> asserted_identity(const Message& message);

}  // namespace jackfield::sip
