// The options of type=endpoint: what lies below the media (DTLS-SRTP, ICE, WebRTC).
#include "channels/sip/config/object_options.hpp"

namespace jackfield::sip {
namespace {

using DtlsOption = Option<EndpointSettings>;

DtlsOptions& dtls_of(EndpointSettings& endpoint) {
    if (!endpoint.dtls) endpoint.dtls = std::make_shared<DtlsOptions>();
    return *endpoint.dtls;
}

// A text of DtlsSettings.
DtlsOption dtls_text(std::string_view name, std::string DtlsSettings::*member, std::string_view help) {
    return {name, DtlsOption::Parse([member](EndpointSettings& endpoint, std::string_view value, const ConfigEntry&) -> Result<void> {
                dtls_of(endpoint).settings.*member = value;
                return {};
            }),
            "", help, [member](const EndpointSettings& endpoint) { return endpoint.dtls ? endpoint.dtls->settings.*member : std::string(); }};
}

// One of several words.
template <class T>
DtlsOption dtls_word(std::string_view name, T DtlsOptions::*member, Words<T> words, std::string_view help) {
    const auto print = [member, words](const EndpointSettings& endpoint) {
        const T now = (endpoint.dtls ? *endpoint.dtls : DtlsOptions()).*member;
        for (const auto& [word, meaning] : words)
            if (meaning == now) return std::string(word);
        return std::string();
    };
    return {name, DtlsOption::Parse([member, words](EndpointSettings& endpoint, std::string_view value, const ConfigEntry&) -> Result<void> {
                std::string known;
                for (const auto& [word, meaning] : words) {
                    known.append(known.empty() ? "" : ", ").append(word);
                    if (!equals_ignoring_case(word, value)) continue;
                    dtls_of(endpoint).*member = meaning;
                    return {};
                }
                return fail(ErrorCode::invalid, "needs one of {}, not '{}'", known, value);
            }),
            print(EndpointSettings()), help, print};
}

}  // namespace

std::vector<DtlsOption> media_transport_table() {
    using E = EndpointSettings;
    return {
        dtls_text("dtls_cert_file", &DtlsSettings::certificate_file, "Certificate for DTLS-SRTP, in PEM form"),
        dtls_text("dtls_private_key", &DtlsSettings::key_file, "Its private key; empty: in dtls_cert_file too"),
        dtls_text("dtls_ca_file", &DtlsSettings::ca_file, "Who may have signed the other side's, for dtls_verify=certificate and yes"),
        dtls_text("dtls_ca_path", &DtlsSettings::ca_path, "The same, a folder of certificates under their hashes"),
        dtls_text("dtls_cipher", &DtlsSettings::ciphers, "Ciphers of the handshake, in OpenSSL's form; empty: its choice"),
        {"dtls_auto_generate_cert", DtlsOption::Parse([](E& endpoint, std::string_view value, const ConfigEntry&) -> Result<void> {
             const auto yes = parse_bool(value);
             if (!yes) return fail(ErrorCode::invalid, "needs yes or no, not '{}'", value);
             dtls_of(endpoint).auto_generate = *yes;
             return {};
         }), "no", "Make a certificate (ECDSA P-256) that lives as long as the configuration, instead of reading dtls_cert_file",
         [](const E& endpoint) { return std::string(endpoint.dtls && endpoint.dtls->auto_generate ? "yes" : "no"); }},
        dtls_word("dtls_verify", &DtlsOptions::verify,
                  Words<DtlsVerify>{{"fingerprint", DtlsVerify::fingerprint}, {"certificate", DtlsVerify::certificate}, {"yes", DtlsVerify::both}, {"no", DtlsVerify::no}},
                  "What must be right of the other side's certificate: the fingerprint in its SDP, its signer, both (yes), or nothing (no: whoever sits "
                  "between the two can listen). Asterisk's default is no; browsers and phones that offer DTLS-SRTP always send the fingerprint"),
        dtls_word("dtls_setup", &DtlsOptions::setup,
                  Words<DtlsSetup>{{"actpass", DtlsSetup::actpass}, {"active", DtlsSetup::active}, {"passive", DtlsSetup::passive}},
                  "Who begins the handshake: we (active), the other side (passive), or whoever answers the offer"),
        dtls_word("dtls_fingerprint", &DtlsOptions::hash,
                  Words<FingerprintHash>{{"SHA-256", FingerprintHash::sha256}, {"SHA-1", FingerprintHash::sha1}},
                  "Hash of the fingerprint in our SDP; of the other side's any is understood"),
        DtlsOption::ignored("dtls_rekey", "keys are made anew when the other side's description asks for it (RFC 8842), not by time"),
        {"ice_support", &E::ice_support, false, "Find a way for media by ICE (RFC 8445), if the other side has it too"},
        {"bundle", &E::bundle, false, "All media of a call on one port (RFC 8843), as browsers have it; video too, with ICE and rtcp_mux"},
        {"use_avpf", &E::use_avpf, false, "Offer the AVPF profiles (RFC 4585, RFC 5124); offers of either kind are answered in kind"},
        {"force_avp", &E::force_avp, false, "Write RTP/AVP and RTP/SAVP also where UDP/TLS/RTP/SAVP and AVPF would be right, for old phones"},
        {"webrtc", &E::webrtc, false,
         "A browser: rtcp_mux, use_avpf, ice_support and bundle are on, media_encryption is dtls, and without dtls_cert_file a certificate is made"},
    };
}

}  // namespace jackfield::sip
