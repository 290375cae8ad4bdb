// Feeds arbitrary bytes to the reader of HTTP requests, cut into pieces by a length byte each and once whole: the
// requests must be the same, and within the limits. Their queries, credentials and forms are read as handlers would.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "modules/res_http/request_reader.hpp"

using namespace jackfield;
using namespace jackfield::http;

namespace {

constexpr RequestLimits limits{.header = 300, .headers = 6, .body = 100};

void require(bool holds) {
    if (!holds) std::abort();
}

// False when the connection would end here.
bool take(RequestReader& reader, std::vector<std::string>& requests) {
    for (;;) {
        auto next = reader.next();
        if (!next) {
            require(reader.status() == 400 || reader.status() == 413 || reader.status() == 431 ||
                    reader.status() == 505);
            return false;
        }
        (void)reader.take_expectation();
        if (!*next) return true;
        const HttpRequest& request = **next;
        require(request.headers.size() <= limits.headers && request.body.size() <= limits.body &&
                request.target.size() <= limits.header);
        require(request.path == "*" || request.path.starts_with('/'));
        for (const auto& [name, value] : request.parameters())
            require(!name.empty() && name.find('\0') == std::string::npos && value.find('\0') == std::string::npos);
        (void)parse_form(request.body);
        (void)basic_credentials(request);
        (void)asks_for_websocket(request);
        std::string text = request.method + " " + request.target + "\n";
        for (const auto& [name, value] : request.headers) {
            require(name.find_first_of("\r\n:") == std::string::npos &&
                    value.find_first_of("\r\n") == std::string::npos);
            text += name + ": " + value + "\n";
        }
        requests.push_back(text + request.body);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string whole;
    RequestReader cut(limits), at_once(limits);
    std::vector<std::string> of_pieces, of_whole;
    bool goes_on = true;
    for (std::size_t at = 0; at < size;) {
        const std::size_t length = std::min<std::size_t>(bytes[at] % 32, size - at - 1);
        const std::string_view piece(reinterpret_cast<const char*>(bytes) + at + 1, length);
        at += 1 + length;
        if (!goes_on) break;
        whole += piece;
        cut.feed(piece);
        goes_on = take(cut, of_pieces);
    }
    at_once.feed(whole);
    // What is wrong in an unfinished request may be seen sooner or later, so only whole requests are compared.
    (void)take(at_once, of_whole);
    for (std::size_t i = 0; i < std::min(of_whole.size(), of_pieces.size()); ++i) require(of_whole[i] == of_pieces[i]);
    return 0;
}
