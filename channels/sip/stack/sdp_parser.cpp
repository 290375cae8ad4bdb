// Reading session descriptions (RFC 8866 section 5).
#include <algorithm>
#include <array>

#include "channels/sip/stack/sdp.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {

namespace {

constexpr std::size_t most_media = 32, most_formats = 128, most_attributes = 1000;

struct StaticPayload {
    std::uint8_t type;
    std::string_view name;
    std::uint32_t clock_rate;
    std::uint8_t channels = 1;
};
// RFC 3551 section 6.
constexpr std::array<StaticPayload, 23> static_payloads = {{
    {0, "PCMU", 8000},   {3, "GSM", 8000},    {4, "G723", 8000},   {5, "DVI4", 8000},     {6, "DVI4", 16000},
    {7, "LPC", 8000},    {8, "PCMA", 8000},   {9, "G722", 8000},   {10, "L16", 44100, 2}, {11, "L16", 44100},
    {12, "QCELP", 8000}, {13, "CN", 8000},    {14, "MPA", 90000},  {15, "G728", 8000},    {16, "DVI4", 11025},
    {17, "DVI4", 22050}, {18, "G729", 8000},  {25, "CelB", 90000}, {26, "JPEG", 90000},   {31, "H261", 90000},
    {32, "MPV", 90000},  {33, "MP2T", 90000}, {34, "H263", 90000},
}};

// First word of `rest`, which is moved behind it.
std::string_view take_word(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    return word;
}

Result<SdpConnection> parse_connection(std::string_view value) {
    const std::string_view network = take_word(value), family = take_word(value);
    std::string_view address = take_word(value);
    address = address.substr(0, address.find('/'));  // multicast TTL
    const bool ipv6 = equals_ignoring_case(family, "IP6");
    if (!equals_ignoring_case(network, "IN") || (!ipv6 && !equals_ignoring_case(family, "IP4")) || address.empty())
        return fail(ErrorCode::invalid, "Malformed connection line in SDP");
    return SdpConnection{std::string(address), ipv6};
}

// Whole milliseconds; 0 when it makes no sense.
unsigned packet_time(std::string_view value) {
    const auto whole = parse_number<unsigned>(split_once(trim(value), '.').first);
    return whole && *whole <= 1000 ? *whole : 0;
}

class SdpParser {
  public:
    Result<SdpSession> run(std::string_view text);

  private:
    Result<void> take_line(char type, std::string_view value);
    Result<void> origin(std::string_view value);
    Result<void> medium(std::string_view value);
    Result<void> attribute(std::string_view value);
    void media_attribute(std::string_view name, std::string_view value, bool has_value);
    void rtpmap(std::string_view value);
    void fmtp(std::string_view value);
    void rtcp(std::string_view value);
    SdpCodec* codec(std::string_view payload_type);

    SdpSession session_;
    SdpMedia* media_ = nullptr;  // the one that lines belong to; null: the session
    Direction default_direction_ = Direction::sendrecv;
    std::size_t attributes_ = 0;
};

Result<void> SdpParser::origin(std::string_view value) {
    session_.user = take_word(value);
    const auto id = take_word(value), version = take_word(value);
    // Numbers beyond 64 bits exist; only a change matters, and the text is compared for that.
    session_.id = parse_number<std::uint64_t>(id).value_or(0);
    session_.version = parse_number<std::uint64_t>(version).value_or(0);
    if (session_.user.empty() || id.empty() || version.empty())
        return fail(ErrorCode::invalid, "Malformed origin line in SDP");
    session_.origin = JF_TRY(parse_connection(value));
    return {};
}

Result<void> SdpParser::medium(std::string_view value) {
    if (session_.media.size() == most_media) return fail(ErrorCode::limit, "Too many media in SDP");
    SdpMedia media;
    media.type = to_lower(take_word(value));
    const Halves port = split_once(take_word(value), '/');
    media.protocol = take_word(value);
    const auto number = parse_number<std::uint16_t>(port.first);
    const auto count = port.found ? parse_number<std::uint16_t>(port.second) : std::uint16_t{1};
    if (media.type.empty() || media.protocol.empty() || !number || !count || *count == 0)
        return fail(ErrorCode::invalid, "Malformed media line in SDP");
    media.port = *number;
    media.port_count = *count;
    media.direction = default_direction_;
    const bool rtp = media.is_rtp();
    const auto formats = std::min(most_formats, static_cast<std::size_t>(std::ranges::count(value, ' ')) + 1);
    media.formats.reserve(formats);
    if (rtp) media.codecs.reserve(formats);
    for (std::string_view format = take_word(value); !format.empty(); format = take_word(value)) {
        if (media.formats.size() == most_formats) return fail(ErrorCode::limit, "Too many formats in SDP");
        media.formats.emplace_back(format);
        if (!rtp) continue;
        const auto payload_type = parse_number<std::uint8_t>(format);
        if (!payload_type || *payload_type > 127) return fail(ErrorCode::invalid, "Malformed payload type in SDP");
        SdpCodec codec{.payload_type = *payload_type};
        if (const auto known = std::ranges::find(static_payloads, *payload_type, &StaticPayload::type); known != static_payloads.end()) {
            codec.name = known->name;
            codec.clock_rate = known->clock_rate;
            codec.channels = known->channels;
        }
        media.codecs.push_back(std::move(codec));
    }
    if (media.formats.empty()) return fail(ErrorCode::invalid, "Media line without formats in SDP");
    session_.media.push_back(std::move(media));
    media_ = &session_.media.back();
    return {};
}

SdpCodec* SdpParser::codec(std::string_view payload_type) {
    const auto number = parse_number<std::uint8_t>(payload_type);
    if (number)
        for (SdpCodec& codec : media_->codecs)
            if (codec.payload_type == *number) return &codec;
    return nullptr;
}

void SdpParser::rtpmap(std::string_view value) {
    // RFC 4475's messages map payload types that the m line does not have: no harm.
    SdpCodec* const found = codec(take_word(value));
    if (found == nullptr) return;
    const Halves name = split_once(take_word(value), '/');
    const Halves rate = split_once(name.second, '/');
    const auto clock_rate = parse_number<std::uint32_t>(rate.first);
    const auto channels = rate.found ? parse_number<std::uint8_t>(rate.second) : std::uint8_t{1};
    // Neither is a mapping without a rate, which they have too: that format is never chosen.
    const bool usable = clock_rate && *clock_rate != 0 && channels && *channels != 0;
    found->name = usable ? name.first : std::string_view{};
    if (!usable) return;
    found->clock_rate = *clock_rate;
    found->channels = *channels;
}

void SdpParser::fmtp(std::string_view value) {
    if (SdpCodec* found = codec(take_word(value))) found->fmtp = trim(value);
}

void SdpParser::rtcp(std::string_view value) {
    media_->rtcp_port = parse_number<std::uint16_t>(take_word(value)).value_or(0);
    if (trim(value).empty()) return;
    if (const auto connection = parse_connection(value)) media_->rtcp_address = connection->address;
}

void SdpParser::media_attribute(std::string_view name, std::string_view value, bool has_value) {
    if (name == "rtpmap" && media_->is_rtp())
        rtpmap(value);
    else if (name == "fmtp" && media_->is_rtp())
        fmtp(value);
    else if (name == "ptime")
        media_->ptime = packet_time(value);
    else if (name == "maxptime")
        media_->maxptime = packet_time(value);
    else if (name == "rtcp")
        rtcp(value);
    else if (name == "rtcp-mux")
        media_->rtcp_mux = true;
    else
        media_->attributes.push_back({std::string(name), std::string(value), has_value});
}

Result<void> SdpParser::attribute(std::string_view line) {
    const Halves halves = split_once(line, ':');
    const std::string_view name = trim(halves.first);
    for (const auto direction : {Direction::inactive, Direction::sendonly, Direction::recvonly, Direction::sendrecv})
        if (name == to_string(direction)) {
            (media_ == nullptr ? default_direction_ : media_->direction) = direction;
            return {};
        }
    if (++attributes_ > most_attributes) return fail(ErrorCode::limit, "Too many attributes in SDP");
    if (media_ != nullptr)
        media_attribute(name, halves.second, halves.found);
    else
        session_.attributes.push_back({std::string(name), std::string(halves.second), halves.found});
    return {};
}

Result<void> SdpParser::take_line(char type, std::string_view value) {
    switch (type) {
        case 'o':
            return origin(value);
        case 'm':
            return medium(value);
        case 'a':
            return attribute(value);
        case 'c':
            (media_ == nullptr ? session_.connection : media_->connection) = JF_TRY(parse_connection(value));
            return {};
        case 'b': {
            auto& bandwidths = media_ == nullptr ? session_.bandwidths : media_->bandwidths;
            if (bandwidths.size() < 16) bandwidths.emplace_back(trim(value));
            return {};
        }
        case 's':
            session_.name = value;
            return {};
        default:
            return {};  // i, u, e, p, t, r, z and k say nothing about media
    }
}

Result<SdpSession> SdpParser::run(std::string_view text) {
    bool has_version = false, has_origin = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!line.empty() && (line.back() == '\r' || line.back() == '\0')) line.remove_suffix(1);
        if (line.empty()) continue;
        // RFC 8866 9: not within a line. What is refused is written into the answer, where it would be another line.
        if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos) return fail(ErrorCode::invalid, "CR or NUL within a line of SDP");
        if (line.size() < 2 || line[1] != '=') return fail(ErrorCode::invalid, "Malformed line in SDP");
        if (!has_version && line != "v=0") return fail(ErrorCode::invalid, "SDP does not begin with v=0");
        has_version = true;
        has_origin |= line[0] == 'o';
        JF_TRY(take_line(line[0], line.substr(2)));
    }
    if (!has_version || !has_origin) return fail(ErrorCode::invalid, "SDP without v= or o= line");
    for (const SdpMedia& media : session_.media)
        if (media.port != 0 && session_.connection_of(media).address.empty())
            return fail(ErrorCode::invalid, "SDP medium without an address");
    return std::move(session_);
}

}  // namespace

Result<SdpSession> parse_sdp(std::string_view text) { return SdpParser().run(text); }

}  // namespace jackfield::sip
