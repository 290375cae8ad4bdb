// Programs and FastAGI servers.
#include "modules/res_agi/launch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/media/format.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/resolver.hpp"
#include "modules/res_agi/audio_tap.hpp"

namespace jackfield::agi {
namespace {

using namespace std::chrono_literals;

constexpr auto connect_limit = 2s;  // for each address of a FastAGI server

std::string folder(std::string_view name) { return constant_variable(name).value_or(std::string()); }

// As a program finds them in its environment.
std::vector<std::string> directories() {
    const std::string etc = folder("ASTETCDIR"), spool = folder("ASTSPOOLDIR");
    std::vector<std::string> all{"AST_CONFIG_DIR=" + etc, "AST_CONFIG_FILE=" + etc + "/jackfield.conf", "AST_MONITOR_DIR=" + spool + "/monitor"};
    for (const auto& [name, variable] : {std::pair{"AST_MODULE_DIR=", "ASTMODDIR"}, {"AST_SPOOL_DIR=", "ASTSPOOLDIR"},
                                         {"AST_VAR_DIR=", "ASTVARLIBDIR"}, {"AST_DATA_DIR=", "ASTDATADIR"}, {"AST_LOG_DIR=", "ASTLOGDIR"},
                                         {"AST_AGI_DIR=", "ASTAGIDIR"}, {"AST_KEY_DIR=", "ASTKEYDIR"}, {"AST_RUN_DIR=", "ASTRUNDIR"}})
        all.push_back(name + folder(variable));
    return all;
}

// Both ends of a pipe, closed with it unless released.
struct Pipe {
    int reading = -1, writing = -1;
    Pipe() {
        std::array<int, 2> ends{-1, -1};
        if (pipe2(ends.data(), O_CLOEXEC) == 0) {
            reading = ends[0];
            writing = ends[1];
        }
    }
    ~Pipe() {
        for (const int end : {reading, writing})
            if (end >= 0) close(end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    explicit operator bool() const { return reading >= 0; }
};

const Codec* audio_codec(Channel& channel) {
    const std::string wanted = channel.variable("EAGI_AUDIO_FORMAT");
    const Codec* codec = find_codec(wanted.empty() ? "slin" : wanted);
    if (codec && codec->type == MediaType::audio) return codec;
    log_warning("{}: EAGI_AUDIO_FORMAT: there is no audio codec {}; EAGI gives slin", channel.name(), wanted);
    return find_codec("slin");
}

}  // namespace

Result<ServerAddress> parse_server(std::string_view url) {
    ServerAddress server;
    server.by_srv = starts_with_ignoring_case(url, "hagi://");
    std::string_view rest = url.substr(url.find("://") + 3);
    const Halves parts = split_once(rest, '/');
    server.path = parts.second;
    std::string_view host = parts.first, port;
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return fail(ErrorCode::invalid, "{}: the bracket is not closed", url);
        port = host.substr(end + 1);
        host = host.substr(1, end - 1);
    } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
        port = host.substr(colon);
        host = host.substr(0, colon);
    }
    if (host.empty()) return fail(ErrorCode::invalid, "{} names no host", url);
    server.host = host;
    if (port.empty()) return server;
    const auto number = parse_number<std::uint16_t>(port.substr(1));
    if (port[0] != ':' || !number || *number == 0) return fail(ErrorCode::invalid, "{}: '{}' is no port", url, port.substr(1));
    server.port = *number;
    return server;
}

Result<Status> run_program(Channel& channel, const std::vector<std::string>& arguments, bool enhanced) {
    const std::string path = arguments[0].starts_with('/') ? arguments[0] : folder("ASTAGIDIR") + "/" + arguments[0];
    const bool there = JF_TRY(offload([&]() -> Result<bool> { return access(path.c_str(), F_OK) == 0; }));
    if (!there) {
        log_warning("{}: there is no AGI program {}", channel.name(), path);
        return Status::not_found;
    }
    Pipe input, output;
    std::optional<Pipe> audio;
    if (enhanced) audio.emplace();
    if (!input || !output || (audio && !*audio)) return fail(ErrorCode::limit, "no more descriptors for an AGI program");

    ProcessOptions options;
    options.arguments = arguments;
    options.arguments[0] = path;
    options.environment = directories();
    options.child_descriptors = {input.reading, output.writing, STDERR_FILENO};
    if (audio) options.child_descriptors.push_back(audio->reading);
    auto process = Process::start(std::move(options));
    if (!process) {
        log_warning("{}: {}", channel.name(), process.error().text);
        return Status::failure;
    }
    Script script{.request = arguments[0], .arguments = arguments, .preface = {}, .enhanced = enhanced, .stream = {}, .process = *std::move(process)};
    script.stream = Stream::of_pipes(std::exchange(output.reading, -1), std::exchange(input.writing, -1));
    for (int* const end : {&input.reading, &output.writing}) close(std::exchange(*end, -1));  // the program's own
    std::unique_ptr<MediaStream::Attached> listener;
    if (audio) listener = channel.media().add(std::make_unique<AudioTap>(std::exchange(audio->writing, -1), audio_codec(channel)));
    audio.reset();
    return serve(channel, std::move(script));
}

namespace {

Result<std::vector<SocketAddress>> addresses_of(const std::string& host, std::uint16_t port) {
    auto addresses = JF_TRY(resolve_address(host));
    for (SocketAddress& address : addresses) address = address.with_port(port);
    return addresses;
}

// Those to be tried, in order.
Result<std::vector<SocketAddress>> addresses_of(const ServerAddress& server) {
    if (!server.by_srv) return addresses_of(server.host, server.port);
    const auto records = JF_TRY(resolve_srv("_agi._tcp." + server.host));
    std::vector<SocketAddress> all;
    for (const SrvRecord& record : records) {
        auto some = addresses_of(record.target, record.port);
        if (!some && ends_application(some.error().code)) return std::unexpected(std::move(some).error());
        if (some) all.insert(all.end(), some->begin(), some->end());
    }
    return all;
}

Result<std::unique_ptr<Stream>> connect_to(const ServerAddress& server) {
    const auto addresses = JF_TRY(addresses_of(server));
    Error last{ErrorCode::not_found, fmt::format("{} has no address", server.host)};
    for (const SocketAddress& address : addresses) {
        auto stream = Stream::connect(address, connect_limit);
        if (stream || ends_application(stream.error().code)) return stream;
        last = std::move(stream).error();
    }
    return std::unexpected(std::move(last));
}

}  // namespace

Result<Status> run_server(Channel& channel, const std::vector<std::string>& arguments) {
    auto server = parse_server(arguments[0]);
    auto stream = server ? connect_to(*server) : std::unexpected(server.error());
    if (!stream) {
        if (takes_call_away(stream.error())) return std::unexpected(std::move(stream).error());
        if (stream.error().code == ErrorCode::hangup) return Status::hangup;
        log_warning("{}: AGI: {}", channel.name(), stream.error().text);
        return Status::failure;
    }
    Script script{.request = arguments[0], .arguments = arguments, .preface = "agi_network: yes\n", .enhanced = false,
                  .stream = *std::move(stream), .process = {}};
    if (!server->path.empty()) script.preface += fmt::format("agi_network_script: {}\n", server->path);
    return serve(channel, std::move(script));
}

}  // namespace jackfield::agi
