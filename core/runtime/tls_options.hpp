// The options of TLS in configuration files: single ones for a table of its own, and the whole set that servers share.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.hpp"
#include "core/config/options.hpp"
#include "core/runtime/tls.hpp"

namespace jackfield {

// One text or yes/no of TlsSettings as an option named as its file names it. `of` finds the TlsSettings in the settings, const
// or not: [](auto& settings) -> auto& { return settings.tls; }.
template <class S, class Of>
Option<S> tls_option(std::string_view name, Of of, std::string TlsSettings::*member, std::string_view text) {
    return {name,
            [of, member](S& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                of(settings).*member = value;
                return {};
            },
            "", text, [of, member](const S& now) { return of(now).*member; }};
}
template <class S, class Of>
Option<S> tls_option(std::string_view name, Of of, bool TlsSettings::*member, std::string_view text) {
    return {name,
            [of, member](S& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                const auto on = parse_bool(value);
                if (!on) return fail(ErrorCode::invalid, "expected yes or no");
                of(settings).*member = *on;
                return {};
            },
            "no", text, [of, member](const S& now) { return std::string(of(now).*member ? "yes" : "no"); }};
}

// What a server that listens for TLS beside its plain port is told in [general] (http.conf, manager.conf).
struct TlsServerSettings {
    bool enabled = false;
    SocketAddress address;  // with its port
    TlsSettings tls;
    bool without_tls1 = true, without_tls1_1 = true, without_tls1_2 = false;
    std::shared_ptr<const TlsContext> context;  // once load() was content; null unless enabled

    // Gives the address what it lacks (`plain`: the other port's host), reads the certificates and makes the context. What is
    // wrong stands in the findings, at tlscertfile or else at the section. Blocks: in the pool.
    void load(const SocketAddress& plain, std::uint16_t default_port, const ConfigCategory& section, Diagnostics& findings);
    // Whether a listener of `other` has to be closed and opened anew for these.
    bool listens_as(const TlsServerSettings& other) const { return enabled == other.enabled && address == other.address; }
};

// The table's lines: tlsenable, tlsbindaddr, tlscertfile, tlsprivatekey, tlscipher, tlscafile, tlscapath, tlsverifyclient,
// tlsservercipherorder, tlsdisablev1, tlsdisablev11, tlsdisablev12. `server`: where in the settings they go.
template <class S>
std::vector<Option<S>> tls_server_options(TlsServerSettings S::*server, std::uint16_t default_port) {
    const auto tls = [server](auto& settings) -> auto& { return (settings.*server).tls; };
    const auto flag = [server](std::string_view name, bool TlsServerSettings::*member, bool value, std::string_view text) {
        return Option<S>(
            name,
            [server, member](S& settings, std::string_view written, const ConfigEntry&) -> Result<void> {
                const auto on = parse_bool(written);
                if (!on) return fail(ErrorCode::invalid, "expected yes or no");
                (settings.*server).*member = *on;
                return {};
            },
            value ? "yes" : "no", text, [server, member](const S& now) { return std::string((now.*server).*member ? "yes" : "no"); });
    };
    return {
        flag("tlsenable", &TlsServerSettings::enabled, false, "Whether to listen for TLS too (enabled = yes is needed as well)"),
        {"tlsbindaddr",
         [server, default_port](S& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             (settings.*server).address = JF_TRY(SocketAddress::parse(value, default_port));
             return {};
         },
         "", fmt::format("Address and port for TLS; without it that of bindaddr and port {}", default_port),
         [server](const S& now) { return (now.*server).address.valid() ? (now.*server).address.to_string() : std::string(); }},
        tls_option<S>("tlscertfile", tls, &TlsSettings::certificate_file, "Our certificate and those that signed it, in PEM form"),
        tls_option<S>("tlsprivatekey", tls, &TlsSettings::key_file, "Its private key; without it, the key is in tlscertfile"),
        tls_option<S>("tlscipher", tls, &TlsSettings::ciphers, "Ciphers, as `openssl ciphers` names them; empty: OpenSSL's choice"),
        tls_option<S>("tlscafile", tls, &TlsSettings::ca_file, "Certificates of those who may sign clients' certificates"),
        tls_option<S>("tlscapath", tls, &TlsSettings::ca_path, "A folder of such certificates"),
        tls_option<S>("tlsverifyclient", tls, &TlsSettings::require_peer, "Only clients with a certificate that tlscafile or tlscapath trusts"),
        tls_option<S>("tlsservercipherorder", tls, &TlsSettings::prefer_own_ciphers, "Our order of ciphers decides, not the client's"),
        flag("tlsdisablev1", &TlsServerSettings::without_tls1, true, "Refuse TLS 1.0"),
        flag("tlsdisablev11", &TlsServerSettings::without_tls1_1, true, "Refuse TLS 1.1"),
        flag("tlsdisablev12", &TlsServerSettings::without_tls1_2, false, "Refuse TLS 1.2"),
    };
}

// A table's own lines and then the shared ones.
template <class S>
std::vector<Option<S>> with_tls_server_options(std::vector<Option<S>> own, TlsServerSettings S::*server, std::uint16_t default_port) {
    for (Option<S>& option : tls_server_options(server, default_port)) own.push_back(std::move(option));
    return own;
}

}  // namespace jackfield
