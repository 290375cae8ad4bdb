// What a server's TLS options amount to: versions, certificates, address.
#include "core/runtime/tls_options.hpp"

namespace jackfield {

void TlsServerSettings::load(const SocketAddress& plain, std::uint16_t default_port, const ConfigCategory& section, Diagnostics& findings) {
    if (!enabled) return;
    if (!address.valid()) address = plain.with_port(default_port);
    tls.minimum = !without_tls1     ? TlsProtocol::tls1
                  : !without_tls1_1 ? TlsProtocol::tls1_1
                  : !without_tls1_2 ? TlsProtocol::tls1_2
                                    : TlsProtocol::tls1_3;
    tls.verify_peer |= tls.require_peer;
    const ConfigEntry* entry = section.find("tlscertfile");
    const ConfigPlace& place = entry ? entry->place() : section.place();
    if (tls.certificate_file.empty()) return findings.error(place, "tlsenable = yes needs tlscertfile = FILE");
    auto made = TlsContext::make(tls);
    if (!made) return findings.error(place, "{}", made.error().text);
    context = std::move(*made);
}

}  // namespace jackfield
