// StatsD: send a metric to a statsd server, whose address statsd.conf has.
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "core/base/address.hpp"
#include "core/runtime/datagram.hpp"
#include "core/runtime/resolver.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "StatsD",
    .syntax = "StatsD(metric_type,statistic_name,value[,sample_rate])",
    .synopsis = "Send a metric to a statsd server",
    .text = "Types: g (gauge, the value may begin with + or - to change it), c (counter), m (meter), s (set), ms (timer). A sample rate "
            "between 0 and 1 sends only so much of them and tells the server so. Nothing is sent unless statsd.conf has enabled=yes."};

struct Settings {
    bool enabled = false, add_newline = false, meter_support = true;
    std::string server, prefix;
};

const Options<Settings>& options() {
    static const Options<Settings> table{
        {"enabled", &Settings::enabled, false, "Send metrics at all"},
        {"server", &Settings::server, "127.0.0.1", "Address of the statsd server, with :port unless that is 8125"},
        {"prefix", &Settings::prefix, "", "Put before each name, with a dot between them"},
        {"add_newline", &Settings::add_newline, false, "End each metric by a line end"},
        {"meter_support", &Settings::meter_support, true, "no: meters are sent as counters, for servers without them"},
    };
    return table;
}

// The sender's end: made when the first metric goes out.
struct Sender {
    Settings settings;
    std::unique_ptr<Datagram> socket;
    SocketAddress server;  // valid with the socket
};

bool plain_name(std::string_view name) {
    return !name.empty() && name.find_first_of(":|@\r\n") == std::string_view::npos;
}

// One metric as it goes over the wire. Errors: invalid.
Result<std::string> metric(const Settings& settings, std::string_view type, std::string_view name, std::string_view value) {
    constexpr std::array types{"g", "c", "m", "s", "ms"};
    if (std::find(types.begin(), types.end(), type) == types.end())
        return fail(ErrorCode::invalid, "StatsD: '{}' is none of the types g, c, m, s, ms", type);
    if (!plain_name(name)) return fail(ErrorCode::invalid, "StatsD: '{}' can't be the name of a metric", name);
    const bool change = type == "g" && (value.starts_with('+') || value.starts_with('-'));
    const bool signed_value = type == "c" || type == "m";
    if (type == "s") {
        if (!plain_name(value)) return fail(ErrorCode::invalid, "StatsD: '{}' can't be the value of a set", value);
    } else {
        const auto number = parse_number<double>(change ? value.substr(1) : value);
        if (!number || (*number < 0 && !signed_value)) return fail(ErrorCode::invalid, "StatsD: '{}' is no value of type {}", value, type);
    }
    if (type == "m" && !settings.meter_support) type = "c";
    return fmt::format("{}{}{}:{}|{}", settings.prefix, settings.prefix.empty() ? "" : ".", name, value, type);
}

Result<SocketAddress> server_address(const std::string& text) {
    constexpr std::uint16_t usual_port = 8125;
    if (auto numeric = SocketAddress::parse(text, usual_port)) return numeric;
    const Halves halves = split_once(text, ':');
    const auto port = halves.found ? parse_number<std::uint16_t>(halves.second) : usual_port;
    if (!port) return fail(ErrorCode::invalid, "statsd.conf: '{}' is no address", text);
    const auto addresses = JF_TRY(resolve_address(std::string(halves.first)));
    if (addresses.empty()) return fail(ErrorCode::not_found, "statsd.conf: {} has no address", halves.first);
    return addresses.front().with_port(*port);
}

// Waits when the server's name has to be looked up.
Result<void> connect(Sender& sender) {
    if (sender.socket) return {};
    const SocketAddress server = JF_TRY(server_address(sender.settings.server));
    const SocketAddress any = JF_TRY(SocketAddress::parse(server.is_v6() ? "[::]:0" : "0.0.0.0:0"));
    DatagramOptions small;
    small.receive_buffer = 4096;
    small.send_buffer = 65536;
    sender.socket = JF_TRY(Datagram::bind(any, [](std::span<const ReceivedDatagram>) {}, small));
    sender.server = server;
    return {};
}

// Whether this one is among those of the sample.
bool chosen(double rate) {
    std::uint32_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) return true;
    return random < rate * 4294967296.0;
}

Result<void> send(Sender& sender, const Arguments& arguments) {
    if (!sender.settings.enabled) return {};
    std::string text = JF_TRY(metric(sender.settings, arguments[0], arguments[1], arguments[2]));
    if (arguments.has(3)) {
        const auto rate = parse_number<double>(trim(arguments[3]));
        if (!rate || !(*rate > 0 && *rate <= 1)) return fail(ErrorCode::invalid, "StatsD: '{}' is no sample rate", arguments[3]);
        if (!chosen(*rate)) return {};
        if (*rate < 1) text += fmt::format("|@{}", *rate);
    }
    if (sender.settings.add_newline) text += '\n';
    auto sent = connect(sender);
    if (sent) sent = sender.socket->send(text, sender.server);
    if (!sent && ends_application(sent.error().code)) return sent;
    if (!sent) log_warning("StatsD: {}", sent.error().text);  // a call does not end for want of a statistic
    return {};
}

Result<void> load(Module& module) {
    Sender& sender = module.own<Sender>();
    JF_TRY(module.add(settings_file("statsd.conf", "general", options(), sender.settings, [&sender] { sender.socket.reset(); })));
    return module.add(info, [&sender](Channel&, const Arguments& arguments) { return send(sender, arguments); });
}

}  // namespace

JACKFIELD_MODULE("app_statsd", "Metrics for a statsd server", load)
