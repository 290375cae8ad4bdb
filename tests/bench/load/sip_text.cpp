// As much of SIP as a load generator needs.
#include "tests/bench/load/sip_text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <strings.h>

#include <array>
#include <charconv>
#include <vector>

namespace bench {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

bool same(std::string_view left, std::string_view right) {
    return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

template <class Number>
Number number_of(std::string_view text) {
    Number value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void take_header(SipView& view, std::string_view message, std::string_view line) {
    const auto colon = line.find(':');
    if (colon == line.npos) return;
    const std::string_view name = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
    if (same(name, "Via") || same(name, "v")) {
        // Up to and with the line end of this one; the first gives the beginning.
        const char* begin = view.vias.empty() ? line.data() : view.vias.data();
        view.vias = std::string_view(begin, static_cast<std::size_t>(line.data() + line.size() + 1 - begin));
        if (view.vias.data() + view.vias.size() > message.data() + message.size()) view.vias = {};
    } else if (same(name, "From") || same(name, "f")) {
        view.from = value;
    } else if (same(name, "To") || same(name, "t")) {
        view.to = value;
    } else if (same(name, "Call-ID") || same(name, "i")) {
        view.call_id = value;
    } else if (same(name, "Contact") || same(name, "m")) {
        view.contact = value;
    } else if (same(name, "CSeq")) {
        view.sequence = number_of<std::uint32_t>(value);
        const auto space = value.find(' ');
        if (view.status != 0 && space != value.npos) view.method = trimmed(value.substr(space));
    } else if (same(name, "Record-Route")) {
        if (!view.routes.empty()) view.routes += ", ";
        view.routes += value;
    } else if (same(name, "WWW-Authenticate") || same(name, "Proxy-Authenticate")) {
        // Of several the MD5 one is taken: RFC 8760 servers offer SHA-256 first.
        if (view.authenticate.empty() || value.find("MD5") != value.npos) view.authenticate = value;
    }
}

std::string md5(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> raw;
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), raw.data(), &size, EVP_md5(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", raw[i]);
    return hex;
}

std::string_view parameter(std::string_view challenge, std::string_view name) {
    for (std::size_t at = 0; (at = challenge.find(name, at)) != challenge.npos; at += name.size()) {
        std::string_view rest = challenge.substr(at + name.size());
        const bool whole = at == 0 || challenge[at - 1] == ' ' || challenge[at - 1] == ',';
        if (!whole || rest.empty() || rest.front() != '=') continue;
        rest.remove_prefix(1);
        if (!rest.empty() && rest.front() == '"') return rest.substr(1, rest.find('"', 1) - 1);
        return rest.substr(0, rest.find_first_of(", "));
    }
    return {};
}

}  // namespace

std::optional<SipView> parse_sip(std::string_view message) {
    const auto first_end = message.find("\r\n");
    if (first_end == message.npos) return {};
    const std::string_view first = message.substr(0, first_end);
    SipView view;
    if (first.starts_with("SIP/2.0 ") && first.size() >= 11) {
        view.status = number_of<int>(first.substr(8, 3));
    } else {
        const auto space = first.find(' '), last = first.rfind(' ');
        if (space == first.npos || last <= space || !first.ends_with(" SIP/2.0")) return {};
        view.method = first.substr(0, space);
        view.request_uri = first.substr(space + 1, last - space - 1);
    }
    for (std::size_t at = first_end + 2; at < message.size();) {
        const auto end = message.find('\n', at);
        if (end == message.npos) break;
        const std::string_view line = message.substr(at, end - at);
        at = end + 1;
        if (line.empty() || line == "\r") {
            view.body = message.substr(at);
            break;
        }
        take_header(view, message, line);
    }
    if (view.call_id.empty() || view.vias.empty() || view.method.empty()) return {};
    return view;
}

std::string_view uri_of(std::string_view value) {
    const auto open = value.find('<');
    if (open == value.npos) return value.substr(0, value.find(';'));
    return value.substr(open + 1, value.find('>', open) - open - 1);
}

bool has_tag(std::string_view value) { return value.find(";tag=") != value.npos; }

std::string reversed_routes(std::string_view routes) {
    std::string lines;
    while (!routes.empty()) {
        const auto comma = routes.rfind(',');
        const std::string_view last = trimmed(comma == routes.npos ? routes : routes.substr(comma + 1));
        routes = comma == routes.npos ? std::string_view() : routes.substr(0, comma);
        lines += fmt::format("Route: {}\r\n", last);
    }
    return lines;
}

std::optional<sockaddr_in> audio_address(std::string_view sdp) {
    sockaddr_in found{};
    found.sin_family = AF_INET;
    const auto connection = sdp.find("c=IN IP4 "), audio = sdp.find("m=audio ");
    if (connection == sdp.npos || audio == sdp.npos) return {};
    const std::string_view host = sdp.substr(connection + 9, sdp.find_first_of("\r\n", connection) - connection - 9);
    const auto port = number_of<std::uint16_t>(sdp.substr(audio + 8));
    if (port == 0 || inet_pton(AF_INET, std::string(host).c_str(), &found.sin_addr) != 1) return {};
    found.sin_port = htons(port);
    return found;
}

std::string digest_answer(std::string_view challenge, std::string_view method, std::string_view uri, std::string_view user,
                          std::string_view password) {
    const std::string_view realm = parameter(challenge, "realm"), nonce = parameter(challenge, "nonce"),
                           algorithm = parameter(challenge, "algorithm"), opaque = parameter(challenge, "opaque"),
                           quality = parameter(challenge, "qop");
    if (nonce.empty() || (!algorithm.empty() && !same(algorithm, "MD5"))) return {};
    const std::string secret = md5(fmt::format("{}:{}:{}", user, realm, password)), what = md5(fmt::format("{}:{}", method, uri));
    std::string answer = fmt::format(R"(Digest username="{}", realm="{}", nonce="{}", uri="{}", algorithm=MD5)", user, realm, nonce, uri);
    if (quality.empty()) {
        answer += fmt::format(R"(, response="{}")", md5(fmt::format("{}:{}:{}", secret, nonce, what)));
    } else {
        constexpr std::string_view client_nonce = "6a61636b6669656c64";
        answer += fmt::format(R"(, qop=auth, nc=00000001, cnonce="{}", response="{}")", client_nonce,
                              md5(fmt::format("{}:{}:00000001:{}:auth:{}", secret, nonce, client_nonce, what)));
    }
    if (!opaque.empty()) answer += fmt::format(R"(, opaque="{}")", opaque);
    return answer;
}

}  // namespace bench
