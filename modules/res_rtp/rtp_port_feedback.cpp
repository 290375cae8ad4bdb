// The port of one RTP session: feedback on video (RFC 4585, RFC 5104), from the receiver of a stream to its sender.
#include "modules/res_rtp/rtp_port.hpp"

namespace jackfield::rtp {
namespace {

// A picture takes that long to come, and who asks meanwhile means the same one.
constexpr std::uint64_t between_key_frames = 250'000'000;

}  // namespace

void RtpPort::ask(const Feedback& feedback) {
    if (!passed_ || shared_->options.type != MediaType::video) return;
    take_parameters();
    if (!parameters_ || elsewhere()) return;
    if (feedback.kind == Feedback::Kind::key_frame) return ask_key_frame();
    if (!any_received_ || !(parameters_->feedback & rtp_nack)) return;
    const OutgoingFeedback nack{OutgoingFeedback::Kind::nack, ssrc_, remote_ssrc_, {feedback.sequence, feedback.following}, 0};
    send_rtcp(false, &nack);
}

void RtpPort::ask_key_frame() {
    passed_->key_frame_wanted = !any_received_;
    if (passed_->key_frame_wanted) return;
    if (passed_->key_frame_asked_at && now() - passed_->key_frame_asked_at < between_key_frames) return;
    passed_->key_frame_asked_at = now();
    if (!(parameters_->feedback & (rtp_pli | rtp_fir))) return report(rtp_key_frame_wanted);
    const auto kind = parameters_->feedback & rtp_pli ? OutgoingFeedback::Kind::pli : OutgoingFeedback::Kind::fir;
    const OutgoingFeedback request{kind, ssrc_, remote_ssrc_, {}, passed_->full_intra++};
    send_rtcp(false, &request);
}

void RtpPort::hear_feedback(const CompoundReport& heard) {
    const bool intra = heard.full_intra && passed_->full_intra_heard != heard.full_intra;
    if (intra) passed_->full_intra_heard = heard.full_intra;
    if (heard.picture_lost || intra) receive_feedback({});
    for (const LostPackets& lost : std::span(heard.lost).first(heard.lost_count)) {
        // What was sent of another source before can't be had from this one.
        if (write_source_ == 0 || static_cast<std::int16_t>(lost.first - passed_->joined_at) < 0) continue;
        receive_feedback({Feedback::Kind::lost, static_cast<std::uint16_t>(lost.first - sequence_offset_), lost.following});
    }
}

}  // namespace jackfield::rtp
