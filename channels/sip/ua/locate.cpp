// Where to send a request to (RFC 3263): from a URI to an address and a transport.
#include "channels/sip/ua/user_agent.hpp"
#include "core/runtime/resolver.hpp"

namespace jackfield::sip {
namespace {

constexpr std::uint16_t default_port = 5060;

}  // namespace

Result<Flow> UserAgent::resolve(std::string_view text, std::string_view transport_name) {
    const std::string kept(text);  // the URI's views must outlive the waits below
    const Uri uri = JF_TRY(parse_uri(kept));
    if (!uri.is_sip()) return fail(ErrorCode::invalid, "'{}' can't be called by SIP", kept);
    const bool reliable = equals_ignoring_case(uri.parameters.value("transport"), "tcp");
    std::string host(uri.bare_host());
    if (const auto maddr = uri.parameters.value("maddr"); !maddr.empty()) host = maddr;
    std::uint16_t port = uri.port;
    if (auto numeric = SocketAddress::parse(host.contains(':') ? "[" + host + "]" : host, port ? port : default_port))
        return transports_.flow_to(*numeric, reliable, transport_name);
    if (!port)
        if (const auto servers = resolve_srv((reliable ? "_sip._tcp." : "_sip._udp.") + host); servers && !servers->empty()) {
            host = servers->front().target;
            port = servers->front().port;
        }
    const auto addresses = JF_TRY(resolve_address(host));
    for (const SocketAddress& address : addresses)
        if (auto flow = transports_.flow_to(address.with_port(port ? port : default_port), reliable, transport_name)) return flow;
    return fail(ErrorCode::not_found, "'{}' has no address that a SIP transport can reach", host);
}

}  // namespace jackfield::sip
