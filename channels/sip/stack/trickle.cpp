// Candidates that come after the description, in the body of INFO (RFC 8840).
#include "channels/sip/stack/trickle.hpp"

#include "channels/sip/stack/transport_attributes.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

constexpr std::size_t most_fragment_media = 16, most_fragment_candidates = 64, most_fragment_size = 16 * 1024;

void write_credentials(std::string& text, const IceCredentials& credentials) {
    if (credentials.empty()) return;
    text.append("a=ice-ufrag:").append(credentials.user).append("\r\n");
    text.append("a=ice-pwd:").append(credentials.password).append("\r\n");
}

}  // namespace

Result<TrickleFragment> parse_trickle_fragment(std::string_view text) {
    if (text.size() > most_fragment_size) return fail(ErrorCode::limit, "longer than 16 KiB");
    TrickleFragment fragment;
    std::size_t candidates = 0;
    for (std::string_view line : split(text, '\n')) {
        line = trim(line);
        if (line.empty()) continue;
        if (line.size() < 2 || line[1] != '=') return fail(ErrorCode::invalid, "a line is not <letter>=<value>");
        TrickleMedia* const media = fragment.media.empty() ? nullptr : &fragment.media.back();
        if (line[0] == 'm') {
            if (fragment.media.size() == most_fragment_media) return fail(ErrorCode::limit, "more than 16 media");
            const std::string_view value = line.substr(2);
            fragment.media.push_back({.type = std::string(value.substr(0, value.find(' ')))});
        }
        if (line[0] != 'a') continue;
        const Halves halves = split_once(line.substr(2), ':');
        const std::string_view name = halves.first, value = trim(halves.second);
        IceCredentials& credentials = media ? media->credentials : fragment.credentials;
        if (equals_ignoring_case(name, "ice-ufrag"))
            credentials.user = value;
        else if (equals_ignoring_case(name, "ice-pwd"))
            credentials.password = value;
        else if (equals_ignoring_case(name, "end-of-candidates"))
            (media ? media->complete : fragment.complete) = true;
        else if (equals_ignoring_case(name, "mid") && media)
            media->mid = value;
        else if (equals_ignoring_case(name, "candidate") && media && ++candidates <= most_fragment_candidates)
            if (auto candidate = parse_candidate(value)) media->candidates.push_back(std::move(*candidate));
    }
    const auto malformed = [](const IceCredentials& credentials) { return !(credentials == IceCredentials{}) && !valid(credentials); };
    if (malformed(fragment.credentials)) return fail(ErrorCode::invalid, "ice-ufrag or ice-pwd is missing or malformed");
    for (const TrickleMedia& media : fragment.media)
        if (malformed(media.credentials)) return fail(ErrorCode::invalid, "ice-ufrag or ice-pwd of a medium is missing or malformed");
    return fragment;
}

std::string write_trickle_fragment(const TrickleFragment& fragment) {
    std::string text;
    write_credentials(text, fragment.credentials);
    if (fragment.complete) text += "a=end-of-candidates\r\n";
    for (const TrickleMedia& media : fragment.media) {
        // RFC 8840 9.2: port and format of a pseudo m line mean nothing.
        text.append("m=").append(media.type).append(" 9 RTP/AVP 0\r\n");
        if (!media.mid.empty()) text.append("a=mid:").append(media.mid).append("\r\n");
        write_credentials(text, media.credentials);
        for (const IceCandidate& candidate : media.candidates) text.append("a=candidate:").append(write_candidate(candidate)).append("\r\n");
        if (media.complete) text += "a=end-of-candidates\r\n";
    }
    return text;
}

}  // namespace jackfield::sip
