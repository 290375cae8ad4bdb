// Negotiating media by offer and answer (RFC 3264).
#include "channels/sip/stack/offer_answer.hpp"

#include <algorithm>
#include <bitset>

#include "core/base/strings.hpp"

namespace jackfield::sip {

namespace {

constexpr std::uint8_t first_dynamic = 96;

// RTP/AVP and RTP/AVPF differ in feedback only; the secured profiles are kinds of their own.
std::string_view kind_of(std::string_view protocol) {
    if (!protocol.empty() && find_ignoring_case(protocol, "RTP/") != std::string_view::npos && protocol.ends_with('F'))
        protocol.remove_suffix(1);
    return protocol;
}

bool serves(const LocalMedia& local, const SdpMedia& offered) {
    return local.port != 0 && local.type == offered.type &&
           equals_ignoring_case(kind_of(local.protocol), kind_of(offered.protocol));
}

// What an SdpMedia and a NegotiatedMedia have in common: where the remote side is.
void take_remote(NegotiatedMedia& negotiated, const SdpSession& session, const SdpMedia& remote) {
    negotiated.remote = session.connection_of(remote);
    negotiated.remote_port = remote.port;
    negotiated.remote_rtcp_address = remote.rtcp_address;
    negotiated.remote_rtcp_port = remote.rtcp_port;
    if (negotiated.remote_rtcp_port == 0 && remote.is_rtp() && remote.port < 65535)
        negotiated.remote_rtcp_port = static_cast<std::uint16_t>(remote.port + 1);
    negotiated.ptime = remote.ptime;
    if (remote.type == "audio" && remote.is_rtp()) negotiated.wanted = wanted_reports(session, remote);
    // Under ICE it says only that the address is not known yet (RFC 8840 4.1.1).
    const bool ice = remote.attribute("ice-ufrag") != nullptr || session.attribute("ice-ufrag") != nullptr;
    const bool null_address = negotiated.remote.is_null() && !ice;
    negotiated.held = null_address || !receives(remote.direction);
    Direction theirs = remote.direction;
    // The old hold: nothing may be sent there, but they may send.
    if (null_address) theirs = common(theirs, Direction::sendonly);
    negotiated.direction = common(reversed(theirs), negotiated.direction);
}

// Sorts the codecs in common into media codecs, the event format and comfort noise.
void settle_codecs(NegotiatedMedia& negotiated, std::vector<NegotiatedCodec> found, std::size_t most) {
    std::vector<NegotiatedCodec> events, noises;
    negotiated.codecs.reserve(found.size());
    for (NegotiatedCodec& codec : found) {
        if (codec.codec.is_telephone_event())
            events.push_back(std::move(codec));
        else if (codec.codec.is_comfort_noise())
            noises.push_back(std::move(codec));
        else if (most == 0 || negotiated.codecs.size() < most)
            negotiated.codecs.push_back(std::move(codec));
    }
    if (negotiated.codecs.empty()) return;
    const std::uint32_t rate = negotiated.codecs.front().codec.clock_rate;
    const auto of_rate = [&](const NegotiatedCodec& codec) { return codec.codec.clock_rate == rate; };
    if (const auto event = std::ranges::find_if(events, of_rate); event != events.end())
        negotiated.telephone_event = *event;
    else if (!events.empty())
        negotiated.telephone_event = events.front();
    if (const auto noise = std::ranges::find_if(noises, of_rate); noise != noises.end())
        negotiated.comfort_noise = *noise;
}

std::vector<NegotiatedCodec> codecs_in_common(const std::vector<SdpCodec>& local, const SdpMedia& remote, CodecOrder order,
                                              bool answering) {
    std::vector<NegotiatedCodec> found;
    found.reserve(std::min(local.size(), remote.codecs.size()));
    const auto add = [&](const SdpCodec& mine, const SdpCodec& theirs) {
        NegotiatedCodec codec{.codec = mine, .send_payload_type = theirs.payload_type};
        codec.codec.fmtp = theirs.fmtp;
        // RFC 3264 6.1: the answerer uses the offer's numbers for both directions.
        codec.receive_payload_type = answering ? theirs.payload_type : mine.payload_type;
        found.push_back(std::move(codec));
    };
    // Each remote format serves once: a description may name a codec twice.
    if (order == CodecOrder::remote) {
        for (const SdpCodec& theirs : remote.codecs)
            for (const SdpCodec& mine : local)
                if (compatible(mine, theirs)) {
                    add(mine, theirs);
                    break;
                }
    } else {
        for (const SdpCodec& mine : local)
            for (const SdpCodec& theirs : remote.codecs)
                if (compatible(mine, theirs)) {
                    add(mine, theirs);
                    break;
                }
    }
    return found;
}

void append_codec(SdpMedia& media, const SdpCodec& codec, std::uint8_t payload_type) {
    media.formats.push_back(std::to_string(payload_type));
    media.codecs.push_back(codec);
    media.codecs.back().payload_type = payload_type;
}

// RFC 4103 5: redundant text names the type of its blocks, once for each generation; what it was there has changed.
void name_redundant_type(SdpMedia& media) {
    if (media.type != "text") return;
    const auto text = std::ranges::find_if(media.codecs, [](const SdpCodec& codec) { return equals_ignoring_case(codec.name, "t140"); });
    if (text == media.codecs.end()) return;
    for (SdpCodec& codec : media.codecs) {
        if (!equals_ignoring_case(codec.name, "red") || codec.fmtp.empty()) continue;
        const std::size_t blocks = std::min<std::size_t>(split(codec.fmtp, '/').size(), 8);
        codec.fmtp = std::to_string(text->payload_type);
        for (std::size_t i = 1; i < blocks; ++i) codec.fmtp += "/" + std::to_string(text->payload_type);
    }
}

SdpMedia describe(const LocalMedia& local) {
    SdpMedia media{.type = local.type, .port = local.port, .protocol = local.protocol, .formats = local.formats};
    media.connection = local.connection;
    media.direction = local.direction;
    media.ptime = local.ptime;
    media.maxptime = local.maxptime;
    media.rtcp_mux = local.rtcp_mux;
    if (!local.rtcp_mux && local.rtcp_port != 0 && local.rtcp_port != local.port + 1) media.rtcp_port = local.rtcp_port;
    media.attributes = local.attributes;
    media.codecs.reserve(local.codecs.size());
    media.formats.reserve(local.codecs.size());
    return media;
}

SdpSession describe_session(const LocalDescription& local) {
    SdpSession session;
    session.user = local.user;
    session.name = local.name;
    session.origin = local.connection;
    session.connection = local.connection;
    session.attributes = local.attributes;
    return session;
}

SdpMedia refusal(const std::string& type, const std::string& protocol, const std::vector<std::string>& formats) {
    return {.type = type, .port = 0, .protocol = protocol, .formats = formats};
}

using PayloadTypes = std::bitset<128>;

// Gives each codec of an offer its number: the one it had, else its own, else a free one. `others`: those of other media that it
// may not have either, which those of this one are added to; null: other media do not matter.
void number_codecs(SdpMedia& media, const LocalMedia& local, const NegotiatedMedia* before, PayloadTypes* others) {
    PayloadTypes used;
    std::vector<std::uint8_t> numbers(local.codecs.size(), 255);
    const auto reuse = [&](const NegotiatedCodec& old) {
        for (std::size_t i = 0; i < local.codecs.size(); ++i)
            if (numbers[i] == 255 && compatible(local.codecs[i], old.codec)) {
                numbers[i] = old.receive_payload_type;
                break;
            }
        used.set(old.receive_payload_type);
    };
    if (before != nullptr) {
        for (const NegotiatedCodec& old : before->codecs) reuse(old);
        if (before->telephone_event) reuse(*before->telephone_event);
        if (before->comfort_noise) reuse(*before->comfort_noise);
    }
    if (others) used |= *others;
    for (std::size_t i = 0; i < local.codecs.size(); ++i) {
        std::uint8_t number = numbers[i];
        if (number == 255) {
            number = local.codecs[i].payload_type;
            for (std::uint8_t free = first_dynamic; used.test(number) && free < 128; ++free) number = free;
            if (used.test(number)) continue;  // more formats than numbers
            used.set(number);
        }
        append_codec(media, local.codecs[i], number);
    }
    if (others) *others |= used;
    name_redundant_type(media);
}

PayloadTypes types_of(const NegotiatedMedia& media) {
    PayloadTypes types;
    for (const NegotiatedCodec& codec : media.codecs) types.set(codec.receive_payload_type & 0x7f);
    for (const auto& codec : {media.telephone_event, media.comfort_noise})
        if (codec) types.set(codec->receive_payload_type & 0x7f);
    return types;
}

// Whether an m line of an own offer describes that medium.
bool describes(const SdpMedia& offered, const LocalMedia& local) {
    const SdpAttribute* const mid = offered.attribute("mid");
    const auto named = std::ranges::find(local.attributes, std::string_view("mid"), &SdpAttribute::name);
    if (mid && named != local.attributes.end() && named->value != mid->value) return false;
    return local.type == offered.type && local.port != 0 && (offered.bundle_only ? local.bundled : local.port == offered.port);
}

Result<void> need_one_medium(const std::vector<NegotiatedMedia>& media) {
    if (std::ranges::any_of(media, &NegotiatedMedia::accepted)) return {};
    return fail(ErrorCode::unsupported, "No medium or codec in common");
}

// Fills `negotiated` and writes the answer's m line for an offered medium that local medium `index` serves; false when
// they have no format in common.
bool answer_medium(const LocalDescription& local, std::size_t index, const SdpSession& offer, const SdpMedia& offered,
                   NegotiatedMedia& negotiated, SdpMedia& answer) {
    const LocalMedia& mine = local.media[index];
    answer = describe(mine);
    answer.protocol = offered.protocol;
    negotiated.direction = mine.direction;
    if (offered.is_rtp()) {
        settle_codecs(negotiated, codecs_in_common(mine.codecs, offered, local.order, true), local.most_codecs);
        if (negotiated.codecs.empty()) return false;
        const auto write = [&](const NegotiatedCodec& codec) {
            // The fmtp of an answer says what this side wants to receive.
            SdpCodec own = codec.codec;
            for (const SdpCodec& candidate : mine.codecs)
                if (compatible(candidate, codec.codec)) own.fmtp = candidate.fmtp;
            append_codec(answer, own, codec.receive_payload_type);
        };
        for (const NegotiatedCodec& codec : negotiated.codecs) write(codec);
        if (negotiated.comfort_noise) write(*negotiated.comfort_noise);
        if (negotiated.telephone_event) write(*negotiated.telephone_event);
        name_redundant_type(answer);
    } else {
        answer.formats.clear();
        for (const std::string& format : mine.formats)
            if (std::ranges::find(offered.formats, format) != offered.formats.end()) answer.formats.push_back(format);
        if (answer.formats.empty()) return false;
    }
    negotiated.local = index;
    take_remote(negotiated, offer, offered);
    negotiated.rtcp_mux = answer.rtcp_mux = mine.rtcp_mux && offered.rtcp_mux;
    if (!answer.rtcp_mux && mine.rtcp_port != 0 && mine.rtcp_port != mine.port + 1) answer.rtcp_port = mine.rtcp_port;
    answer.direction = negotiated.direction;
    if (negotiated.wanted.any()) answer.attributes.push_back(write_wanted(negotiated.wanted));
    return true;
}

}  // namespace

bool compatible(const SdpCodec& a, const SdpCodec& b) {
    if (a.name.empty() || !equals_ignoring_case(a.name, b.name) || a.clock_rate != b.clock_rate ||
        a.channels != b.channels)
        return false;
    if (equals_ignoring_case(a.name, "H264")) {
        const auto mode = [](const SdpCodec& codec) {
            const auto value = fmtp_value(codec.fmtp, "packetization-mode");
            return value.empty() ? std::string_view("0") : value;
        };
        // The first byte of profile-level-id is the profile; both sides may have different levels.
        const auto profile = [](const SdpCodec& codec) {
            const auto value = fmtp_value(codec.fmtp, "profile-level-id");
            return value.empty() ? std::string_view("42") : value.substr(0, 2);
        };
        return mode(a) == mode(b) && equals_ignoring_case(profile(a), profile(b));
    }
    if (equals_ignoring_case(a.name, "AMR") || equals_ignoring_case(a.name, "AMR-WB"))
        return (fmtp_value(a.fmtp, "octet-align") == "1") == (fmtp_value(b.fmtp, "octet-align") == "1");
    return true;
}

SdpSession make_offer(const LocalDescription& local, std::span<const NegotiatedMedia> slots) {
    SdpSession offer = describe_session(local);
    std::vector<bool> placed(local.media.size());
    // RFC 9143 9.1: in a bundle a payload type means one thing.
    const bool bundled = std::ranges::any_of(local.media, &LocalMedia::bundled);
    PayloadTypes types;
    for (const NegotiatedMedia& slot : slots)
        if (bundled && slot.local < local.media.size()) types |= types_of(slot);
    const auto add = [&](std::size_t index, const NegotiatedMedia* before) {
        const LocalMedia& medium = local.media[index];
        offer.media.push_back(describe(medium));
        if (medium.extended_reports) offer.media.back().attributes.push_back(write_wanted({true, true, true}));
        if (medium.bundled && medium.port != 0 && (before == nullptr || !before->accepted())) {
            offer.media.back().port = 0;
            offer.media.back().bundle_only = true;
        }
        if (before != nullptr && before->accepted()) offer.media.back().protocol = before->protocol;
        number_codecs(offer.media.back(), medium, before, bundled ? &types : nullptr);
        // An m line needs a format even when the stream is gone.
        if (offer.media.back().formats.empty()) offer.media.back().formats.emplace_back("0");
        placed[index] = true;
    };
    // The place of a removed stream goes to a new one of its type (RFC 3264 8.1), so that lines do not become more and more.
    const auto newcomer = [&](const std::string& type) {
        std::size_t i = 0;
        while (i < local.media.size() && (placed[i] || local.media[i].port == 0 || local.media[i].type != type ||
                                          std::ranges::find(slots, i, &NegotiatedMedia::local) != slots.end()))
            ++i;
        return i;
    };
    for (const NegotiatedMedia& slot : slots) {
        if (slot.local < local.media.size() && !placed[slot.local])
            add(slot.local, &slot);
        else if (const std::size_t fresh = newcomer(slot.type); fresh < local.media.size())
            add(fresh, nullptr);
        else
            offer.media.push_back(refusal(slot.type, slot.protocol, slot.formats));
    }
    for (std::size_t i = 0; i < local.media.size(); ++i)
        if (!placed[i] && local.media[i].port != 0) add(i, nullptr);
    return offer;
}

Result<Answer> make_answer(const LocalDescription& local, const SdpSession& offer, std::span<const std::size_t> lines) {
    Answer answer{.description = describe_session(local)};
    std::vector<bool> placed(local.media.size());
    const auto may_have = [lines](std::size_t line, std::size_t index) {
        const std::size_t kept = line < lines.size() ? lines[line] : NegotiatedMedia::none;
        return kept == index || (kept == NegotiatedMedia::none && std::ranges::find(lines, index) == lines.end());
    };
    for (std::size_t line = 0; line < offer.media.size(); ++line) {
        const SdpMedia& offered = offer.media[line];
        NegotiatedMedia negotiated{.type = offered.type, .protocol = offered.protocol, .formats = offered.formats};
        SdpMedia described;
        bool accepted = false;
        for (std::size_t i = 0; !offered.refused() && !accepted && i < local.media.size(); ++i) {
            if (placed[i] || !may_have(line, i) || !serves(local.media[i], offered)) continue;
            accepted = placed[i] = answer_medium(local, i, offer, offered, negotiated, described);
        }
        answer.description.media.push_back(accepted ? std::move(described)
                                                    : refusal(offered.type, offered.protocol, offered.formats));
        answer.media.push_back(std::move(negotiated));
    }
    JF_TRY(need_one_medium(answer.media));
    return answer;
}

Result<std::vector<NegotiatedMedia>> accept_answer(const LocalDescription& local, const SdpSession& offer,
                                                   const SdpSession& answer) {
    if (answer.media.size() != offer.media.size())
        return fail(ErrorCode::invalid, "The SDP answer has {} media where {} were offered", answer.media.size(),
                    offer.media.size());
    std::vector<NegotiatedMedia> outcome;
    std::vector<bool> placed(local.media.size());
    for (std::size_t line = 0; line < offer.media.size(); ++line) {
        const SdpMedia& offered = offer.media[line];
        const SdpMedia& answered = answer.media[line];
        NegotiatedMedia negotiated{.type = offered.type, .protocol = offered.protocol, .formats = offered.formats};
        if (answered.type != offered.type)
            return fail(ErrorCode::invalid, "The SDP answer has {} where {} was offered", answered.type, offered.type);
        if (!offered.refused() && !answered.refused()) {
            std::size_t index = 0;
            while (index < local.media.size() && (placed[index] || !describes(offered, local.media[index]))) ++index;
            if (index == local.media.size()) return fail(ErrorCode::invalid, "The SDP offer is not the local one");
            negotiated.direction = offered.direction;
            if (offered.is_rtp()) {
                // The numbers of this side are those that the offer gave.
                settle_codecs(negotiated, codecs_in_common(offered.codecs, answered, local.order, false), 0);
            }
            if (!offered.is_rtp() || !negotiated.codecs.empty()) {
                negotiated.local = index;
                placed[index] = true;
                take_remote(negotiated, answer, answered);
                negotiated.rtcp_mux = offered.rtcp_mux && answered.rtcp_mux;
            }
        }
        outcome.push_back(std::move(negotiated));
    }
    JF_TRY(need_one_medium(outcome));
    return outcome;
}

std::string SdpOrigin::write(SdpSession& description) {
    description.id = id_;
    description.version = version_;
    std::string text = write_sdp(description);
    if (last_ && std::hash<std::string>()(text) != *last_) {
        description.version = ++version_;
        text = write_sdp(description);
    }
    last_ = std::hash<std::string>()(text);
    return text;
}

}  // namespace jackfield::sip
