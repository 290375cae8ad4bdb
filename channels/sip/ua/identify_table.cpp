// Which endpoint a request is from by its address or by one of its headers (type=identify).
#include "channels/sip/ua/identify_table.hpp"

#include <algorithm>
#include <array>

#include "core/base/log.hpp"
#include "core/dialplan/expression_regex.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/resolver.hpp"

namespace jackfield::sip {
namespace {

constexpr unsigned most_searchers = 8;  // look-ups at a time
constexpr std::array<std::string_view, 3> services{"_sip._udp.", "_sip._tcp.", "_sips._tcp."};

std::vector<SocketAddress> addresses_of(const std::string& name, bool srv) {
    std::vector<SocketAddress> all;
    const auto add = [&all](const std::string& host) {
        if (auto addresses = resolve_address(host)) all.insert(all.end(), addresses->begin(), addresses->end());
    };
    if (srv)
        for (const std::string_view service : services)
            if (const auto servers = resolve_srv(std::string(service) + name))
                for (const SrvRecord& server : *servers) add(server.target);
    if (all.empty()) add(name);
    return all;
}

bool matches(const IdentifySettings::HeaderMatch& wanted, std::string_view value) {
    if (!wanted.expression) return value == wanted.value;
    const auto match = match_posix(value, wanted.value, false);
    return match && match->matched;
}

}  // namespace

// The names of one reload; shared by the fibers that look them up.
struct IdentifyTable::Search {
    std::vector<std::pair<std::string, bool>> names;  // and whether by SRV
    std::size_t next = 0, done = 0;
};

void IdentifyTable::apply(std::shared_ptr<const ObjectSet> objects) {
    dispose(std::exchange(objects_, std::move(objects)));
    auto search = std::make_shared<Search>();
    std::unordered_map<std::string, Addresses> kept;
    for (const auto& [name, identify] : objects_->identifies)
        for (const std::string& host : identify->names) {
            if (kept.contains(host)) continue;
            kept[host] = found_[host];
            search->names.emplace_back(host, identify->srv_lookups);
        }
    found_ = std::move(kept);
    build();
    search_ = search;  // fibers of an older one leave
    for (std::size_t i = 0; i < std::min<std::size_t>(most_searchers, search->names.size()); ++i)
        if (auto started = fibers_.spawn("look up hosts of identify", [this, search] { look_up(*search); }); !started)
            return log_warning("type=identify: host names can't be looked up: {}", started.error().text);
}

// Waits.
void IdentifyTable::look_up(Search& search) {
    while (search_.get() == &search && search.next < search.names.size()) {
        const auto [name, srv] = search.names[search.next++];
        Addresses addresses = addresses_of(name, srv);
        if (search_.get() != &search) return;
        if (addresses.empty())
            log_warning("type=identify: host '{}' of match has no address", name);
        else
            found_[name] = std::move(addresses);
        if (++search.done == search.names.size()) build();
    }
}

void IdentifyTable::build() {
    hosts_.clear();
    networks_.clear();
    for (const auto& [name, identify] : objects_->identifies) {
        for (const Subnet& subnet : identify->match) networks_.emplace_back(subnet, identify->endpoint);
        for (const std::string& host : identify->names)
            for (const SocketAddress& address : found_[host]) hosts_.emplace(address.with_port(0), identify->endpoint);
    }
    std::ranges::stable_sort(networks_, std::ranges::greater(), [](const auto& entry) { return entry.first.prefix_length(); });
}

std::string_view IdentifyTable::by_address(const SocketAddress& from) const {
    if (const auto host = hosts_.find(from.with_port(0)); host != hosts_.end()) return host->second;
    for (const auto& [subnet, endpoint] : networks_)
        if (subnet.contains(from)) return endpoint;
    return {};
}

std::string_view IdentifyTable::by_request_uri(const Message& request) const {
    if (!objects_) return {};
    for (const auto& [name, identify] : objects_->identifies)
        for (const IdentifySettings::HeaderMatch& wanted : identify->request_uris)
            if (matches(wanted, request.request_uri().text)) return identify->endpoint;
    return {};
}

std::string_view IdentifyTable::by_header(const Message& request) const {
    if (!objects_) return {};
    for (const auto& [name, identify] : objects_->identifies)
        for (const IdentifySettings::HeaderMatch& wanted : identify->headers)
            for (std::size_t i = 0; i < request.field_count(); ++i)
                if (equals_ignoring_case(request.field(i).name_text, wanted.name) && matches(wanted, request.field(i).value))
                    return identify->endpoint;
    return {};
}

}  // namespace jackfield::sip
