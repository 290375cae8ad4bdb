// Reading requests within their limits, and framing answers (RFC 9112).
#include "modules/res_http/connection.hpp"

#include <fmt/chrono.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace jackfield::http {
namespace {

constexpr std::size_t read_size = 4096, write_size = 65536, linger_bytes = 1048576;
constexpr std::chrono::seconds longest_linger{1};

std::string date_text() {
    const auto now = std::chrono::system_clock::to_time_t(wall_now());
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
}

// A header's line; no value can make a second one.
void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    out += "\r\n";
}

// Sec-WebSocket-Accept (RFC 6455 4.2.2)
std::string accept_value(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha1(), nullptr);
    return base64_encode({reinterpret_cast<const char*>(hash.data()), size});
}

bool has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::string_view reason_phrase(unsigned status) {
    static constexpr std::array<std::pair<unsigned, std::string_view>, 32> phrases{{
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    }};
    const auto found = std::ranges::find(phrases, status, [](const auto& each) { return each.first; });
    return found == phrases.end() ? std::string_view("Unknown") : found->second;
}

Connection::Connection(std::unique_ptr<Stream> stream, bool secure, const Settings& settings)
    : stream_(std::move(stream)),
      secure_(secure),
      peer_(stream_->peer()),
      local_(stream_->local()),
      settings_(settings),
      reader_({.header = settings.header_limit, .headers = 100, .body = settings.body_limit}),
      bytes_(read_size, '\0') {}

// --- in ------------------------------------------------------------------------------------------------------------

Result<std::size_t> Connection::read_more(Instant deadline, bool idle) {
    const auto left = std::max(deadline - Clock::now(), Clock::duration::zero());
    auto count = stream_->read(bytes_, left);
    if (!count && count.error().code == ErrorCode::timeout && !idle) {
        keep_alive_ = false;
        (void)respond({.status = 408, .body = "The request took too long.\n"});
    }
    return count;
}

Result<bool> Connection::receive() {
    answered_ = chunked_ = false;
    bytes_sent_ = 0;
    request_ = {};
    bool first = true, body = false;
    Instant deadline = Clock::now() + (status_ == 0 ? settings_.inactivity : settings_.keep_alive);
    for (;;) {
        auto next = reader_.next();
        if (!next) {
            keep_alive_ = false;
            (void)respond({.status = reader_.status(), .body = next.error().text + "\n"});
            return false;
        }
        if (*next) {
            request_ = std::move(**next);
            break;
        }
        // Head and body each have their time as a whole: a byte now and then buys none.
        if (std::exchange(first, false) && status_ != 0 && reader_.began())
            deadline = Clock::now() + settings_.inactivity;
        if (reader_.in_body() && !std::exchange(body, true)) deadline = Clock::now() + settings_.inactivity;
        if (reader_.take_expectation()) JF_TRY(send("HTTP/1.1 100 Continue\r\n\r\n"));
        const bool idle = !reader_.began();
        auto count = read_more(deadline, idle);
        if (!count && count.error().code != ErrorCode::timeout) return std::unexpected(std::move(count).error());
        if (!count || *count == 0) return false;
        if (idle && status_ != 0) deadline = Clock::now() + settings_.inactivity;
        reader_.feed(std::string_view(bytes_).substr(0, *count));
    }
    request_.peer = peer_;
    request_.local = local_;
    request_.secure = secure_;
    keep_alive_ = request_.keep_alive && settings_.keep_alive.count() > 0;
    return true;
}

void Connection::linger() {
    stream_->shut_down();
    const Instant deadline = Clock::now() + longest_linger;
    for (std::size_t left = linger_bytes; left > 0;) {
        const auto count = stream_->read(bytes_, std::max(deadline - Clock::now(), Clock::duration::zero()));
        if (!count || *count == 0) return;
        left -= std::min(left, *count);
    }
}

// --- out -----------------------------------------------------------------------------------------------------------

std::string Connection::head(const HttpResponse& response, std::string_view framing) {
    answered_ = true;
    status_ = response.status;
    std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
    if (!settings_.server_name.empty()) append_field(out, "Server", settings_.server_name);
    append_field(out, "Date", date_text());
    if (response.status != 101) append_field(out, "Connection", keep_alive_ ? "keep-alive" : "close");
    for (const auto& [name, value] : response.headers) append_field(out, name, value);
    return out.append(framing).append("\r\n");
}

Result<void> Connection::send(std::string_view bytes) {
    bytes_sent_ += bytes.size();
    while (!bytes.empty()) {
        JF_TRY(stream_->write(bytes.substr(0, write_size), settings_.inactivity));
        bytes.remove_prefix(std::min(bytes.size(), write_size));
    }
    return {};
}

Result<void> Connection::respond(HttpResponse response) {
    if (answered_ || !stream_) return fail(ErrorCode::exists, "the request is answered already");
    std::string out =
        head(response,
             has_body(response.status) ? fmt::format("Content-Length: {}\r\n", response.body.size()) : std::string());
    if (has_body(response.status) && request_.method != "HEAD") out += response.body;
    return send(out);
}

Result<void> Connection::begin(HttpResponse response) {
    if (answered_ || !stream_) return fail(ErrorCode::exists, "the request is answered already");
    chunked_ = !request_.version_1_0;
    if (!chunked_) keep_alive_ = false;
    return send(head(response, chunked_ ? "Transfer-Encoding: chunked\r\n" : ""));
}

Result<void> Connection::write(std::string_view part) {
    if (!stream_) return fail(ErrorCode::closed, "the connection is handed over");
    if (part.empty() || request_.method == "HEAD") return {};
    if (!chunked_) return send(part);
    std::string chunk = fmt::format("{:x}\r\n", part.size());
    chunk.append(part).append("\r\n");
    return send(chunk);
}

Result<void> Connection::end() {
    return chunked_ && stream_ && request_.method != "HEAD" ? send("0\r\n\r\n") : Result<void>();
}

Result<std::unique_ptr<WebSocket>> Connection::upgrade_to_websocket(std::string_view protocol,
                                                                    std::size_t message_limit) {
    const std::string_view key = trim(request_.header("Sec-WebSocket-Key"));
    const auto decoded = base64_decode(key);
    const bool right = request_.method == "GET" && !request_.version_1_0 && asks_for_websocket(request_) &&
                       request_.header_lists("Connection", "Upgrade") && decoded && decoded->size() == 16;
    if (!right || trim(request_.header("Sec-WebSocket-Version")) != "13") {
        JF_TRY(respond({.status = right ? 426u : 400u,
                        .headers = {{"Sec-WebSocket-Version", "13"}},
                        .body = "A WebSocket handshake is expected.\n"}));
        return fail(ErrorCode::invalid, "no valid WebSocket handshake");
    }
    HttpResponse response{
        .status = 101,
        .headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", accept_value(key)}}};
    if (!protocol.empty()) response.headers.emplace_back("Sec-WebSocket-Protocol", protocol);
    JF_TRY(send(head(response, {})));
    return std::make_unique<WebSocket>(std::move(stream_), reader_.take_rest(), message_limit);
}

}  // namespace jackfield::http
