// What SDP says of the transport below media: ICE (RFC 8839), DTLS (RFC 8842), multiplexing (RFC 8843).
#include "channels/sip/stack/transport_attributes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

constexpr std::array<std::string_view, 4> kind_names{"host", "srflx", "prflx", "relay"};
struct HashName {
    FingerprintHash hash;
    std::string_view name;
    std::size_t size;
};
constexpr std::array<HashName, 4> hash_names{{{FingerprintHash::sha1, "sha-1", 20},
                                              {FingerprintHash::sha256, "sha-256", 32},
                                              {FingerprintHash::sha384, "sha-384", 48},
                                              {FingerprintHash::sha512, "sha-512", 64}}};

int value_of_hex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

constexpr unsigned most_components = 2;
constexpr std::size_t most_candidates = 64, most_fingerprints = 8;

std::string_view next_field(std::string_view& text) {
    text = trim(text);
    const std::string_view field = text.substr(0, text.find(' '));
    text.remove_prefix(field.size());
    return field;
}

bool is_ice_text(std::string_view text, std::size_t least) {
    const auto is_ice_char = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'; };
    // Some peers write '=' of base64 and '-' too: no harm.
    return text.size() >= least && text.size() <= 256 &&
           std::ranges::all_of(text, [&](char c) { return is_ice_char(c) || c == '=' || c == '-' || c == '_'; });
}

std::optional<SocketAddress> address_of(std::string_view host, std::string_view port) {
    const auto number = parse_number<std::uint16_t>(port);
    if (!number || host.contains('[') || (host.contains(':') && std::ranges::count(host, ':') < 2)) return {};
    const auto address = SocketAddress::parse(host);
    if (!address) return {};
    return address->with_port(*number);
}

}  // namespace

std::optional<IceCandidate> parse_candidate(std::string_view value) {
    IceCandidate candidate;
    candidate.foundation = next_field(value);
    const auto component = parse_number<unsigned>(next_field(value));
    const std::string_view transport = next_field(value);
    const auto priority = parse_number<std::uint32_t>(next_field(value));
    const std::string_view host = next_field(value), port = next_field(value);
    if (next_field(value) != "typ") return {};
    const auto kind = std::ranges::find(kind_names, next_field(value));
    const auto address = address_of(host, port);
    if (!is_ice_text(candidate.foundation, 1) || candidate.foundation.size() > 32 || !component || *component == 0 || *component > most_components ||
        !equals_ignoring_case(transport, "UDP") || !priority || kind == kind_names.end() || !address || address->port() == 0 || address->is_any())
        return {};
    candidate.component = *component;
    candidate.priority = *priority;
    candidate.address = *address;
    candidate.kind = static_cast<IceCandidate::Kind>(kind - kind_names.begin());
    std::string_view related_host, related_port;
    for (std::string_view name = next_field(value); !name.empty(); name = next_field(value)) {
        const std::string_view its_value = next_field(value);
        if (name == "raddr") related_host = its_value;
        if (name == "rport") related_port = its_value;
    }
    if (const auto related = address_of(related_host, related_port); related && !related_host.empty()) candidate.related = *related;
    return candidate;
}

std::string write_candidate(const IceCandidate& candidate) {
    std::string text = fmt::format("{} {} UDP {} {} {} typ {}", candidate.foundation, candidate.component, candidate.priority, candidate.address.host(),
                                   candidate.address.port(), kind_names.at(static_cast<std::size_t>(candidate.kind)));
    if (candidate.related.valid()) text += fmt::format(" raddr {} rport {}", candidate.related.host(), candidate.related.port());
    return text;
}

bool valid(const IceCredentials& credentials) { return is_ice_text(credentials.user, 4) && is_ice_text(credentials.password, 22); }

std::optional<Fingerprint> parse_fingerprint(std::string_view value) {
    const Halves halves = split_once(trim(value), ' ');
    const auto known = std::ranges::find_if(hash_names, [&](const HashName& each) { return equals_ignoring_case(each.name, halves.first); });
    const std::string_view text = trim(halves.second);
    if (known == hash_names.end() || text.size() != 3 * known->size - 1) return {};
    Fingerprint fingerprint{known->hash, {}};
    for (std::size_t at = 0; at < text.size(); at += 3) {
        const int high = value_of_hex(text[at]), low = value_of_hex(text[at + 1]);
        if (high < 0 || low < 0 || (at + 2 < text.size() && text[at + 2] != ':')) return {};
        fingerprint.bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return fingerprint;
}

std::string write_fingerprint(const Fingerprint& fingerprint) {
    std::string text(std::ranges::find(hash_names, fingerprint.hash, &HashName::hash)->name);
    char separator = ' ';
    for (const std::uint8_t byte : fingerprint.bytes) {
        text += fmt::format("{}{:02X}", separator, byte);
        separator = ':';
    }
    return text;
}

DescribedTransport transport_of(const SdpSession& session, const SdpMedia& media) {
    DescribedTransport found;
    const auto text = [&](std::string_view name) {  // a medium's own first (RFC 8839 5.4)
        const SdpAttribute* attribute = media.attribute(name);
        if (!attribute) attribute = session.attribute(name);
        return attribute ? std::string(trim(attribute->value)) : std::string();
    };
    found.credentials = {text("ice-ufrag"), text("ice-pwd")};
    if (!valid(found.credentials)) found.credentials = {};
    found.ice_lite = session.attribute("ice-lite") != nullptr;
    found.mid = text("mid");
    for (const SdpAttribute& attribute : media.attributes)
        if (equals_ignoring_case(attribute.name, "candidate") && found.candidates.size() < most_candidates)
            if (auto candidate = parse_candidate(attribute.value)) found.candidates.push_back(std::move(*candidate));
    for (const auto* attributes : {&media.attributes, &session.attributes}) {
        if (!found.fingerprints.empty()) break;
        for (const SdpAttribute& attribute : *attributes)
            if (equals_ignoring_case(attribute.name, "fingerprint") && found.fingerprints.size() < most_fingerprints)
                if (auto fingerprint = parse_fingerprint(attribute.value)) found.fingerprints.push_back(std::move(*fingerprint));
    }
    const std::string setup = text("setup");
    constexpr std::array<std::pair<std::string_view, DtlsSetup>, 4> names{
        {{"actpass", DtlsSetup::actpass}, {"active", DtlsSetup::active}, {"passive", DtlsSetup::passive}, {"holdconn", DtlsSetup::holdconn}}};
    for (const auto& [name, meaning] : names)
        if (equals_ignoring_case(name, setup)) found.setup = meaning;
    return found;
}

std::string_view to_string(DtlsSetup setup) {
    constexpr std::array<std::string_view, 4> names{"actpass", "active", "passive", "holdconn"};
    return names.at(static_cast<std::size_t>(setup));
}

std::vector<std::string> bundle_of(const SdpSession& session) {
    std::vector<std::string> mids;
    for (const SdpAttribute& attribute : session.attributes) {
        if (!equals_ignoring_case(attribute.name, "group")) continue;
        std::string_view rest = attribute.value;
        if (next_field(rest) != "BUNDLE") continue;
        for (std::string_view mid = next_field(rest); !mid.empty(); mid = next_field(rest)) mids.emplace_back(mid);
        break;
    }
    return mids;
}

const SdpMedia* tagged_medium(const SdpSession& session) {
    for (const std::string& mid : bundle_of(session))
        for (const SdpMedia& media : session.media)
            if (const SdpAttribute* const name = media.attribute("mid"); name && name->value == mid && media.port != 0) return &media;
    return nullptr;
}

void spread_bundle(SdpSession& session) {
    const SdpMedia* const found = tagged_medium(session);
    if (!found) return;
    const SdpMedia tagged = *found;
    const auto bundle = bundle_of(session);
    const auto of_transport = [](const SdpAttribute& attribute) {
        for (const std::string_view name : {"ice-ufrag", "ice-pwd", "candidate", "ice-options", "end-of-candidates", "fingerprint", "setup"})
            if (equals_ignoring_case(attribute.name, name)) return true;
        return false;
    };
    for (SdpMedia& media : session.media) {
        const SdpAttribute* const mid = media.attribute("mid");
        if (&media == found || !mid || std::ranges::find(bundle, mid->value) == bundle.end()) continue;
        if (media.port == 0 && !media.attribute("bundle-only")) continue;
        media.port = tagged.port;
        media.connection = tagged.connection;
        media.rtcp_port = tagged.rtcp_port;
        media.rtcp_address = tagged.rtcp_address;
        media.rtcp_mux |= tagged.rtcp_mux;
        std::erase_if(media.attributes, of_transport);
        std::ranges::copy_if(tagged.attributes, std::back_inserter(media.attributes), of_transport);
    }
}

std::uint8_t extension_number(const SdpMedia& media, std::string_view uri) {
    for (const SdpAttribute& attribute : media.attributes) {
        if (!equals_ignoring_case(attribute.name, "extmap")) continue;
        std::string_view rest = attribute.value;
        const std::string_view number = split_once(next_field(rest), '/').first;
        if (next_field(rest) != uri) continue;
        const auto parsed = parse_number<std::uint8_t>(number);
        return parsed && *parsed >= 1 && *parsed <= 14 ? *parsed : 0;
    }
    return 0;
}

}  // namespace jackfield::sip
