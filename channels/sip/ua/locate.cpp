// Where to send a request to (RFC 3263): from a URI to an address and a transport.
#include "channels/sip/ua/user_agent.hpp"
#include "core/runtime/resolver.hpp"

namespace jackfield::sip {
namespace {

using Protocol = TransportSettings::Protocol;

std::uint16_t default_port(Protocol protocol) { return protocol == Protocol::tls ? 5061 : 5060; }

std::string_view service_of(Protocol protocol) {
    if (protocol == Protocol::tls) return "_sips._tcp.";
    return protocol == Protocol::tcp ? "_sip._tcp." : "_sip._udp.";
}

}  // namespace

Result<Flow> UserAgent::resolve(std::string_view text, std::string_view transport_name) {
    const std::string kept(text);  // the URI's views must outlive the waits below
    const Uri uri = JF_TRY(parse_uri(kept));
    if (!uri.is_sip()) return fail(ErrorCode::invalid, "'{}' can't be called by SIP", kept);
    const Protocol protocol = protocol_of(uri);
    const std::uint16_t usual_port = default_port(protocol);
    std::string host(uri.bare_host());
    if (const auto maddr = uri.parameters.value("maddr"); !maddr.empty()) host = maddr;
    std::uint16_t port = uri.port;
    const std::string wanted_host = host;  // RFC 5922 7.3: a certificate is for the name asked for, not for what SRV made of it
    if (auto numeric = SocketAddress::parse(host.contains(':') ? "[" + host + "]" : host, port ? port : usual_port))
        return transports_.flow_to(*numeric, protocol, transport_name);
    if (!port)
        if (const auto servers = resolve_srv(std::string(service_of(protocol)) + host); servers && !servers->empty()) {
            host = servers->front().target;
            port = servers->front().port;
        }
    const auto addresses = JF_TRY(resolve_address(host));
    for (const SocketAddress& address : addresses)
        if (auto flow = transports_.flow_to(address.with_port(port ? port : usual_port), protocol, transport_name, wanted_host)) return flow;
    return fail(ErrorCode::not_found, "'{}' has no address that a SIP transport can reach", host);
}

}  // namespace jackfield::sip
