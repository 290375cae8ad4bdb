// One SIP call: INFO, for digits and for candidates of ICE that come late (RFC 8840).
#include <algorithm>

#include "channels/sip/stack/trickle.hpp"
#include "channels/sip/ua/call.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

// "Signal=5\r\nDuration=160" of application/dtmf-relay; or the bare digit of application/dtmf.
struct InfoDigit {
    char key = 0;
    std::chrono::milliseconds length{250};
};

std::optional<InfoDigit> parse_info_digit(const Message& info) {
    InfoDigit digit;
    const std::string_view type = info.content_type();
    std::string_view signal;
    if (grammar::same_word(type, "application/dtmf")) {
        signal = trim(info.body());
    } else if (grammar::same_word(type, "application/dtmf-relay")) {
        for (const std::string_view line : split(info.body(), '\n')) {
            const Halves parts = split_once(line, '=');
            if (grammar::same_word(trim(parts.first), "Signal")) signal = trim(parts.second);
            if (grammar::same_word(trim(parts.first), "Duration"))
                digit.length = std::chrono::milliseconds(std::min(parse_number<unsigned>(trim(parts.second)).value_or(250), 10000u));
        }
    }
    if (signal == "10") signal = "*";
    if (signal == "11") signal = "#";
    if (signal == "16") signal = "!";
    if (signal.size() != 1 || !std::string_view("0123456789*#ABCDabcd!").contains(signal[0])) return {};
    digit.key = signal[0] >= 'a' && signal[0] <= 'd' ? static_cast<char>(signal[0] - 'a' + 'A') : signal[0];
    return digit;
}

constexpr std::string_view media_control = "application/media_control+xml";  // RFC 5168

}  // namespace

void SipCall::on_info(IncomingRequest& request) {
    const Message& info = request.request();
    if (info.body().empty()) return (void)request.respond(200);
    if (grammar::same_word(info.content_type(), trickle_content_type)) return on_candidates(request);
    if (grammar::same_word(info.content_type(), media_control)) {
        Channel* const peer = info.body().contains("picture_fast_update") ? channel().peer() : nullptr;
        if (MediaStream* const video = peer ? peer->stream(MediaType::video) : nullptr) video->with_port<Port>([](Port& port) { port.ask({}); });
        return (void)request.respond(200);
    }
    const auto digit = parse_info_digit(info);
    if (!digit) {
        return (void)request.send(415, context_.agent.response(request, 415, {}, [](MessageWriter& writer) {
            writer.header(HeaderName::accept, "application/dtmf-relay, application/dtmf, application/media_control+xml");
            writer.finish();
        }));
    }
    (void)request.respond(200);
    if (digit->key == '!')
        channel().remote_event({ChannelEvent::Kind::flash, {}, {}});
    else
        channel().remote_digit(digit->key, digit->length);
}

void SipCall::on_candidates(IncomingRequest& request) {
    if (!endpoint_->ice_support)  // RFC 6086 4.2.2
        return (void)request.send(469, context_.agent.response(request, 469, {}, [](MessageWriter& writer) {
            writer.header(HeaderName::recv_info, "");
            writer.finish();
        }));
    const auto fragment = parse_trickle_fragment(request.request().body());
    if (!fragment) return (void)request.respond(400, "Fragment of SDP: " + fragment.error().text);
    (void)request.respond(200);
    media_->take_candidates(*fragment);
}

// A digit for the far side, as application/dtmf-relay.
void SipCall::send_digit(const Digit& digit) {
    constexpr std::size_t most_waiting = 64;
    if (state_ != State::up || infos_.size() >= most_waiting) return;
    const unsigned duration = digit.duration_ms ? std::min<unsigned>(digit.duration_ms, 5000) : 160;
    infos_.push_back({"application/dtmf-relay", fmt::format("Signal={}\r\nDuration={}\r\n", digit.key, duration)});
    send_next_info();
}

// What was found since our description, once the far side surely has the dialog (RFC 8840 4.3).
void SipCall::send_candidates() {
    if (!trickles_ || state_ != State::up || success_.waiting()) return;
    std::string fragment = media_->late_candidates();
    if (fragment.empty()) return;
    infos_.push_back({trickle_content_type, std::move(fragment)});
    send_next_info();
}

// For phones whose video goes without RTCP feedback (RFC 5168); one at a time.
void SipCall::send_fast_update() {
    if (state_ != State::up || std::ranges::any_of(infos_, [](const Info& info) { return info.type == media_control; })) return;
    infos_.push_back({media_control,
                      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder>"
                      "</vc_primitive></media_control>\r\n"});
    send_next_info();
}

void SipCall::send_next_info() {
    if (info_sent_.active() || infos_.empty() || state_ != State::up || dialogs_.empty()) return;
    const Info info = std::move(infos_.front());
    infos_.erase(infos_.begin());
    UserDialog& dialog = *dialogs_.front();
    context_.agent.start(info_sent_, dialog, Method::info, dialog.next_cseq(), [&](MessageWriter& writer) {
        if (info.type == trickle_content_type) {
            writer.header("Info-Package", trickle_package);
            writer.header("Content-Disposition", "Info-Package");
        }
        answers_.write(writer, "INFO", dialog.remote_target());
        writer.finish(info.type, info.body);
    });
}

}  // namespace jackfield::sip
