// rtp.conf: the table of options.
#include "modules/res_rtp/rtp_settings.hpp"

#include "core/base/strings.hpp"

namespace jackfield::rtp {
namespace {

Option<Settings>::Parse add_rules(AddressRules Settings::*rules, bool permit) {
    return [rules, permit](Settings& settings, std::string_view value, const ConfigEntry&) { return (settings.*rules).own.add(permit, value); };
}

Option<Settings>::Parse add_lists(AddressRules Settings::*rules) {
    return [rules](Settings& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
        for (const std::string_view name : split_list(value)) (settings.*rules).lists.emplace_back(name);
        return {};
    };
}

Result<void> set_server(NamedServer& server, std::string_view value) {
    server = {std::string(trim(value)), {}};
    return {};
}

}  // namespace

const Options<Settings>& settings_options() {
    using namespace std::chrono_literals;
    static const Options<Settings> options{
        {"rtpstart", &Settings::first_port, 10000, Range{1024, 65534}, "First UDP port used for media"},
        {"rtpend", &Settings::last_port, 20000, Range{1025, 65535}, "Last UDP port used for media"},
        {"strictrtp", &Settings::strict, Strictness::on,
         Words<Strictness>{{"yes", Strictness::on},
                           {"no", Strictness::off},
                           {"seqno", Strictness::sequence},
                           {"true", Strictness::on},
                           {"on", Strictness::on},
                           {"1", Strictness::on},
                           {"false", Strictness::off},
                           {"off", Strictness::off},
                           {"0", Strictness::off}},
         "Learn the address that media comes from and drop packets from elsewhere"},
        {"probation", &Settings::probation, 4, Range{1, 50}, "Packets in sequence before a source is believed"},
        {"rtcpinterval", &Settings::rtcp_interval, 5000ms, Range{500ms, 60000ms}, "Mean time between RTCP reports"},
        {"dtmftimeout", &Settings::digit_timeout, 3000, Range{160, 64000},
         "A digit whose end was lost ends after this many timestamp units without a packet"},
        {"io_uring", &Settings::transport, PacketTransport::automatic,
         Words<PacketTransport>{{"auto", PacketTransport::automatic},
                                {"yes", PacketTransport::io_uring},
                                {"no", PacketTransport::epoll}},
         "Move packets in batches by io_uring instead of a system call for each (of calls that begin from now on)"},
        {"rtpchecksums", &Settings::checksums, true, "Send UDP checksums"},
        {"icesupport", &Settings::ice, true, "ICE (RFC 8445) for endpoints with ice_support=yes"},
        {"ice_lite", &Settings::ice_lite, false,
         "Answer connectivity checks and make none: enough for a server whose address everybody reaches, and cheaper"},
        {"ice_acl", add_lists(&Settings::ice_rules), "", "Lists of acl.conf that an address must satisfy to be told as a candidate; with commas"},
        {"ice_deny", add_rules(&Settings::ice_rules, false), "",
         "Networks whose addresses are not told as candidates; in order with ice_permit, the last that has an address decides"},
        Option<Settings>::alias("ice_blacklist", "ice_deny"),
        {"ice_permit", add_rules(&Settings::ice_rules, true), "", "Networks whose addresses are told although an ice_deny before has them"},
        Option<Settings>::ignored("learning_min_sequential", "it is called probation"),
        Option<Settings>::ignored("srtpreplayprotection", "it is always on"),
        Option<Settings>::ignored("dtls_mtu", "datagrams of a handshake have at most 1200 bytes"),
        Option<Settings>::ignored("rtp_pt_dynamic", "payload types are settled by offer and answer"),
        {"stunaddr", Option<Settings>::Parse([](Settings& s, std::string_view value, const ConfigEntry&) { return set_server(s.stun_server, value); }), "",
         "STUN server (HOST or HOST:PORT) that tells each call with ICE the address that a NAT gives it; its name is looked up anew every five minutes"},
        {"turnaddr", Option<Settings>::Parse([](Settings& s, std::string_view value, const ConfigEntry&) { return set_server(s.turn_server, value); }), "",
         "TURN server (RFC 8656; HOST or HOST:PORT) by which media of calls with ICE goes where there is no other way"},
        {"turnusername", &Settings::turn_user, "", "User at the TURN server (long-term credentials)"},
        {"turnpassword", &Settings::turn_password, "", "Password at the TURN server"},
        {"turntransport", &Settings::turn_transport, TurnTransport::udp, Words<TurnTransport>{{"udp", TurnTransport::udp}, {"tcp", TurnTransport::tcp}},
         "How the TURN server is reached: udp, or tcp for networks that let no UDP out (it costs more, and loss becomes delay)"},
        {"stun_acl", add_lists(&Settings::stun_rules), "", "Lists of acl.conf that a media port's address must satisfy for the STUN and TURN servers to be asked"},
        {"stun_deny", add_rules(&Settings::stun_rules, false), "",
         "Media ports with an address in these networks ask neither the STUN nor the TURN server: it can't be reached from there"},
        Option<Settings>::alias("stun_blacklist", "stun_deny"),
        {"stun_permit", add_rules(&Settings::stun_rules, true), "", "Networks from which the servers are asked although a stun_deny before has them"},
    };
    return options;
}

// Lines of [ice_host_candidates]: 192.168.1.10 => 203.0.113.5[,include_local_address].
Result<HostCandidate> parse_host_candidate(std::string_view local, std::string_view value) {
    const Halves halves = split_once(value, ',');
    HostCandidate candidate;
    candidate.local = JF_TRY(SocketAddress::parse(trim(local)));
    candidate.told = JF_TRY(SocketAddress::parse(trim(halves.first)));
    if (halves.found && !equals_ignoring_case(trim(halves.second), "include_local_address") && !equals_ignoring_case(trim(halves.second), "include_local"))
        return fail(ErrorCode::invalid, "needs ADDRESS or ADDRESS,include_local_address, not '{}'", value);
    candidate.keep_local = halves.found;
    if (candidate.local.family() != candidate.told.family())
        return fail(ErrorCode::invalid, "an IPv4 address can't stand for an IPv6 one, nor the reverse");
    return candidate;
}

ConfigFileSpec settings_of_rtp(Settings& settings, std::function<void()> changed) {
    ConfigFileSpec spec;
    spec.file = "rtp.conf";
    spec.prepare = [&settings, changed = std::move(changed)](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
        Settings fresh = settings_options().read(read, "general", findings);
        for (const ConfigCategory& category : read.categories()) {
            if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
            if (!equals_ignoring_case(category.name(), "ice_host_candidates")) {
                unknown_section(category, {"general", "ice_host_candidates"}, findings);
                continue;
            }
            for (const ConfigEntry& entry : category.entries()) {
                auto candidate = parse_host_candidate(entry.key, entry.value);
                if (candidate)
                    fresh.ice_host_candidates.push_back(*std::move(candidate));
                else
                    findings.error(entry.place(), "{} => {}: {}", entry.key, entry.value, candidate.error().text);
            }
        }
        return [&settings, changed, fresh = std::move(fresh)]() mutable {
            settings = std::move(fresh);
            changed();
        };
    };
    return spec;
}

}  // namespace jackfield::rtp
