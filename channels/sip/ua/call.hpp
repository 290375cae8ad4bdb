// One SIP call: the driver's half of a channel, its dialogs and its media (RFC 3261 sections 13 to 15, RFC 3515).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/ua/media_session.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/channel.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

// Counts calls per endpoint, for device states.
class CallCounts {
  public:
    struct Counts {
        unsigned in_use = 0, ringing = 0, held = 0;
    };
    virtual void call_changed(const std::string& endpoint, int in_use, int ringing, int held) = 0;  // differences

  protected:
    ~CallCounts() = default;
};

struct CallContext {
    UserAgent& agent;
    RtpService& rtp;
    CallCounts& counts;
};

class SipCall final : public DriverChannel, public DialogUser, public ClientTransactionUser, public ServerTransactionUser {
  public:
    // Takes an INVITE that begins a call, as far as the channel: answers it itself when something is wrong.
    static void incoming(CallContext& context, IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint);
    // For an outgoing call to `uri`. Errors: those of the RTP service.
    static Result<std::unique_ptr<SipCall>> outgoing(CallContext& context, std::shared_ptr<const EndpointSettings> endpoint,
                                                     std::string uri, Flow flow, std::vector<std::string> routes,
                                                     const FormatList& formats);
    ~SipCall() override;

    const EndpointSettings& endpoint() const { return *endpoint_; }
    UserDialog* dialog() { return dialogs_.empty() ? nullptr : dialogs_.front().get(); }
    // Headers for PJSIP_HEADER: of the INVITE received, and to be added to the one that we send.
    const std::vector<std::pair<std::string, std::string>>& received_headers() const { return received_headers_; }
    std::vector<std::pair<std::string, std::string>>& added_headers() { return added_headers_; }
    FormatList formats() const { return media_->formats(); }
    // The channel whose call has this dialog (Replaces, attended transfer); null when there is none.
    static Channel* channel_of(UserAgent& agent, const DialogReference& reference);

    // --- DriverChannel ---
    Result<void> call() override;
    Result<void> answer() override;
    Result<void> indicate(Indication indication) override;
    void hang_up(HangupCause cause) override;
    Result<void> send_text(std::string_view text, std::string_view content_type) override;
    Result<void> transfer(std::string_view destination) override;
    Result<std::string> property(std::string_view item) const override;
    void moved_to(Channel& channel) override;

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
    Result<void> accept_offer(const Message& invite);
    void identify_caller(Channel& channel, const Message& invite) const;
    void send_success(const std::string& sdp);
    void repeat_success();
    std::string response_to_invite(int status, const std::string& sdp, std::string_view extra = {});
    void attach_media(const MediaStream* near);

    // outgoing (call_outgoing.cpp)
    void send_invite();
    std::string from_header() const;
    void add_identity(MessageWriter& writer) const;
    void on_invite_response(const Message& response, const Flow& from);
    void on_provisional(const Message& response);
    void on_success(const Message& response, const Flow& from);
    void on_refusal(const Message& response);
    UserDialog* dialog_for(const Message& response, const Flow& from);

    // within the dialog (call_requests.cpp)
    void on_reinvite(UserDialog& dialog, IncomingRequest& request);
    void on_update(IncomingRequest& request);
    void on_bye(IncomingRequest& request);
    void on_info(IncomingRequest& request);
    void on_refer(UserDialog& dialog, IncomingRequest& request);
    void on_notify(IncomingRequest& request);
    void on_message_request(IncomingRequest& request);
    void note_hold(bool was_held);
    void respond_with_sdp(ServerHandle& handle, const std::string& sdp);
    void notify_transfer(std::string_view status, bool last);

    void ended(HangupCause cause);
    void count(int in_use, int ringing, int held);

    CallContext& context_;
    std::shared_ptr<const EndpointSettings> endpoint_;
    bool outgoing_;
    State state_ = State::idle;
    std::unique_ptr<MediaSession> media_;
    bool media_attached_ = false;
    bool offer_sent_ = false;              // our offer awaits an answer (in a response, or in the ACK)
    std::vector<std::unique_ptr<UserDialog>> dialogs_;  // the confirmed one, or early ones in order of their coming

    // INVITE of ours, or theirs
    ClientHandle invite_sent_{*this};
    ServerHandle invite_received_{*this};
    UserAgent::NewRequest request_{};      // outgoing
    Flow flow_;
    bool authenticated_ = false;
    std::uint32_t invite_cseq_ = 0;
    std::string ack_;                      // last ACK sent, repeated when the 2xx is

    // 2xx sent, until its ACK comes (RFC 3261 13.3.1.4)
    std::string success_;
    std::chrono::milliseconds success_interval_{0}, success_age_{0};
    Timer success_timer_;

    ServerHandle reinvite_received_{*this};
    ClientHandle other_request_{*this};    // REFER of ours
    Queue<int> refer_result_{4};           // final status of our REFER's transfer
    std::optional<std::uint32_t> refer_cseq_;  // of theirs: the Event id of our NOTIFYs

    std::vector<std::pair<std::string, std::string>> received_headers_, added_headers_;
    std::string answered_with_;            // the provisional's SDP was an answer already (RFC 3261 13.2.1)
    int counted_in_use_ = 0, counted_ringing_ = 0, counted_held_ = 0;
};

}  // namespace jackfield::sip
