// Session descriptions (RFC 8866): what is told about media, and writing them.
#include "channels/sip/stack/sdp.hpp"

#include <charconv>
#include <concepts>

#include "core/base/strings.hpp"

namespace jackfield::sip {

namespace {

void append(std::string& text, std::string_view part) { text += part; }
void append(std::string& text, std::unsigned_integral auto number) {
    char digits[20];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

template <class... Part>
void line(std::string& text, const Part&... parts) {
    (append(text, parts), ...);
    text += "\r\n";
}

std::string_view family_of(bool ipv6) { return ipv6 ? "IP6 " : "IP4 "; }

void write_connection(std::string& text, const SdpConnection& connection) {
    if (!connection.address.empty()) line(text, "c=IN ", family_of(connection.ipv6), connection.address);
}

void write_attributes(std::string& text, const std::vector<SdpAttribute>& attributes) {
    for (const SdpAttribute& attribute : attributes)
        line(text, "a=", attribute.name, attribute.has_value ? ":" : "", attribute.value);
}

void write_media(std::string& text, const SdpMedia& media) {
    text.append("m=").append(media.type).append(" ").append(std::to_string(media.port));
    if (media.port_count > 1) text.append("/").append(std::to_string(media.port_count));
    text.append(" ").append(media.protocol);
    for (const std::string& format : media.formats) text.append(" ").append(format);
    text += "\r\n";
    if (media.connection.address.size() > 0) write_connection(text, media.connection);
    for (const std::string& bandwidth : media.bandwidths) line(text, "b=", bandwidth);
    for (const SdpCodec& codec : media.codecs) {
        if (!codec.name.empty()) {
            if (codec.channels > 1)
                line(text, "a=rtpmap:", codec.payload_type, " ", codec.name, "/", codec.clock_rate, "/", codec.channels);
            else
                line(text, "a=rtpmap:", codec.payload_type, " ", codec.name, "/", codec.clock_rate);
        }
        if (!codec.fmtp.empty()) line(text, "a=fmtp:", codec.payload_type, " ", codec.fmtp);
    }
    if (media.ptime != 0) line(text, "a=ptime:", media.ptime);
    if (media.maxptime != 0) line(text, "a=maxptime:", media.maxptime);
    if (media.rtcp_port != 0) {
        if (media.rtcp_address.empty())
            line(text, "a=rtcp:", media.rtcp_port);
        else
            line(text, "a=rtcp:", media.rtcp_port, " IN ", family_of(media.rtcp_address.contains(':')), media.rtcp_address);
    }
    if (media.rtcp_mux) line(text, "a=rtcp-mux");
    if (media.bundle_only) line(text, "a=bundle-only");
    write_attributes(text, media.attributes);
    // A removed medium has no direction worth a line.
    if (!media.refused() && media.is_rtp()) line(text, "a=", to_string(media.direction));
}

unsigned number_of(const SdpMedia& media, std::string_view name, unsigned otherwise) {
    const SdpAttribute* attribute = media.attribute(name);
    return attribute == nullptr ? otherwise : parse_number<unsigned>(trim(attribute->value)).value_or(otherwise);
}

// T.38's flags are there or not; some write :0 and :1.
bool flag_of(const SdpMedia& media, std::string_view name) {
    const SdpAttribute* attribute = media.attribute(name);
    return attribute != nullptr && (!attribute->has_value || trim(attribute->value) != "0");
}

const SdpAttribute* find_attribute(const std::vector<SdpAttribute>& attributes, std::string_view name) {
    for (const SdpAttribute& attribute : attributes)
        if (equals_ignoring_case(attribute.name, name)) return &attribute;
    return nullptr;
}

}  // namespace

std::string_view to_string(Direction direction) {
    switch (direction) {
        case Direction::inactive:
            return "inactive";
        case Direction::sendonly:
            return "sendonly";
        case Direction::recvonly:
            return "recvonly";
        case Direction::sendrecv:
            break;
    }
    return "sendrecv";
}

bool SdpCodec::is_telephone_event() const { return equals_ignoring_case(name, "telephone-event"); }
WantedReports wanted_reports(const SdpSession& session, const SdpMedia& media) {
    const SdpAttribute* const own = media.attribute("rtcp-xr");
    const SdpAttribute* const written = own ? own : session.attribute("rtcp-xr");
    WantedReports wanted;
    if (!written) return wanted;
    for (const std::string_view format : split(written->value, ' ')) {
        const Halves parts = split_once(format, '=');
        const std::string_view name = parts.first;
        wanted.voip_metrics |= name == "voip-metrics";
        wanted.statistics |= name == "stat-summary";
        wanted.reference_time |= name == "rcvr-rtt";
    }
    return wanted;
}

SdpAttribute write_wanted(const WantedReports& wanted) {
    std::string value;
    const auto add = [&value](bool is, std::string_view format) {
        if (is) value.append(value.empty() ? "" : " ").append(format);
    };
    add(wanted.reference_time, "rcvr-rtt=all");
    add(wanted.statistics, "stat-summary=loss,dup,jitt");
    add(wanted.voip_metrics, "voip-metrics");
    return {"rtcp-xr", std::move(value), true};
}

bool SdpCodec::is_comfort_noise() const { return equals_ignoring_case(name, "CN"); }

std::string_view fmtp_value(std::string_view fmtp, std::string_view name) {
    for (const std::string_view part : split(fmtp, ';')) {
        const Halves halves = split_once(part, '=');
        if (equals_ignoring_case(trim(halves.first), name)) return trim(halves.second);
    }
    return {};
}

bool SdpMedia::is_rtp() const { return find_ignoring_case(protocol, "RTP/") != std::string_view::npos; }

const SdpAttribute* SdpMedia::attribute(std::string_view name) const { return find_attribute(attributes, name); }
const SdpAttribute* SdpSession::attribute(std::string_view name) const { return find_attribute(attributes, name); }

const SdpConnection& SdpSession::connection_of(const SdpMedia& media) const {
    return media.connection.address.empty() ? connection : media.connection;
}

std::string write_sdp(const SdpSession& session) {
    std::string text;
    text.reserve(512);
    text += "v=0\r\n";
    line(text, "o=", session.user, " ", session.id, " ", session.version, " IN ", family_of(session.origin.ipv6), session.origin.address);
    line(text, "s=", session.name);
    write_connection(text, session.connection);
    for (const std::string& bandwidth : session.bandwidths) line(text, "b=", bandwidth);
    text += "t=0 0\r\n";
    write_attributes(text, session.attributes);
    for (const SdpMedia& media : session.media) write_media(text, media);
    return text;
}

std::optional<T38Description> t38_of(const SdpMedia& media) {
    if (media.type != "image" || !equals_ignoring_case(media.protocol, "udptl") || media.formats.empty() ||
        !equals_ignoring_case(media.formats.front(), "t38"))
        return {};
    T38Description description{.version = number_of(media, "T38FaxVersion", 0),
                               .max_bit_rate = number_of(media, "T38MaxBitRate", 14400),
                               .fill_bit_removal = flag_of(media, "T38FaxFillBitRemoval"),
                               .transcoding_mmr = flag_of(media, "T38FaxTranscodingMMR"),
                               .transcoding_jbig = flag_of(media, "T38FaxTranscodingJBIG"),
                               .max_buffer = number_of(media, "T38FaxMaxBuffer", 0),
                               .max_datagram = number_of(media, "T38FaxMaxDatagram", 0)};
    if (const SdpAttribute* management = media.attribute("T38FaxRateManagement"))
        description.local_tcf = equals_ignoring_case(trim(management->value), "localTCF");
    if (const SdpAttribute* correction = media.attribute("T38FaxUdpEC"))
        description.error_correction = trim(correction->value);
    return description;
}

std::vector<SdpAttribute> t38_attributes(const T38Description& description) {
    std::vector<SdpAttribute> attributes;
    const auto add = [&](std::string_view name, std::string value) {
        attributes.push_back({std::string(name), std::move(value), true});
    };
    add("T38FaxVersion", std::to_string(description.version));
    add("T38MaxBitRate", std::to_string(description.max_bit_rate));
    for (const auto& [name, on] : {std::pair("T38FaxFillBitRemoval", description.fill_bit_removal),
                                   std::pair("T38FaxTranscodingMMR", description.transcoding_mmr),
                                   std::pair("T38FaxTranscodingJBIG", description.transcoding_jbig)})
        if (on) attributes.push_back({name, {}, false});
    add("T38FaxRateManagement", description.local_tcf ? "localTCF" : "transferredTCF");
    if (description.max_buffer != 0) add("T38FaxMaxBuffer", std::to_string(description.max_buffer));
    if (description.max_datagram != 0) add("T38FaxMaxDatagram", std::to_string(description.max_datagram));
    if (!description.error_correction.empty()) add("T38FaxUdpEC", description.error_correction);
    return attributes;
}

}  // namespace jackfield::sip
