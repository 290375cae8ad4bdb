// Session descriptions, and fragments of them in INFO: read, written, read again, answered, accepted.
#include <cstdint>
#include <cstdlib>

#include "channels/sip/stack/offer_answer.hpp"
#include "channels/sip/stack/sdes.hpp"
#include "channels/sip/stack/transport_attributes.hpp"
#include "channels/sip/stack/trickle.hpp"

using namespace jackfield::sip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto fragment = parse_trickle_fragment(text))
        if (parse_trickle_fragment(write_trickle_fragment(*fragment)).value() != *fragment) std::abort();
    auto session = parse_sdp(text);
    if (!session) return 0;
    for (const SdpMedia& media : session->media) {
        (void)t38_of(media);
        (void)bundle_of(*session);
        const DescribedTransport transport = transport_of(*session, media);
        for (const auto& candidate : transport.candidates)
            if (parse_candidate(write_candidate(candidate)) != candidate) std::abort();
        for (const auto& fingerprint : transport.fingerprints)
            if (parse_fingerprint(write_fingerprint(fingerprint)) != fingerprint) std::abort();
        for (const SdpAttribute& attribute : media.attributes)
            if (const auto line = parse_crypto(attribute.value))
                if (parse_crypto(write_crypto(*line)) != line) std::abort();
    }
    for (const SdpMedia& media : session->media) (void)extension_number(media, mid_extension_uri);
    spread_bundle(*session);
    LocalDescription local{.connection = {"192.0.2.1", false}};
    local.media.push_back(
        {.port = 10000,
         .codecs = {{"PCMU", 8000, 1, 0, ""}, {"opus", 48000, 2, 107, ""}, {"telephone-event", 8000, 1, 101, "0-16"}},
         .rtcp_mux = true});
    local.media.push_back({.type = "image", .protocol = "udptl", .port = 10002, .formats = {"t38"}});
    if (auto answer = make_answer(local, *session)) {
        if (answer->media.size() != session->media.size()) std::abort();
        if (!parse_sdp(write_sdp(answer->description))) std::abort();
        const SdpSession offer = make_offer(local, answer->media);
        if (offer.media.size() < answer->media.size()) std::abort();
        (void)accept_answer(local, offer, *session);
    }
    return 0;
}
