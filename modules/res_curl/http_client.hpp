// The service interface of res_curl: requests to web servers.
//
//   const auto client = JF_TRY(find_service<HttpClient>());
//   const HttpFetched answer = JF_TRY(client->fetch({.url = "https://crm.example.com/caller?number=" + number}));
//
// A module that uses it names "res_curl" among those that it needs.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

struct HttpFetch {
    std::string url;                          // http, https, ftp, ftps
    std::optional<std::string> post;          // a form; else it is a GET
    std::vector<std::string> headers;         // "Accept: application/json"
    std::chrono::milliseconds connect_limit{5000}, time_limit{10000};  // of the connection, and of everything
    std::size_t body_limit = 1 << 20;         // bytes; a longer answer is an error
    bool follow = false;                      // redirections, to http and https only
    unsigned most_redirections = 10;
    bool with_head = false;                   // put the answer's head before its body
    bool verify_peer = true, verify_host = true;
    bool ftp_text = false;
    std::string user_agent = "jackfield", user_password, referer, cookie, proxy, proxy_user_password;
    std::string proxy_type;                   // "http", "socks4", "socks5"; empty: http
    unsigned proxy_port = 0;                  // 0: in `proxy`, or the usual one
};
struct HttpFetched {
    long status = 0;  // 0: the protocol has none
    std::string body;
};

class HttpClient {
  public:
    static constexpr std::string_view service_name = "curl";
    virtual ~HttpClient() = default;
    // Waits, never longer than time_limit. Control thread. A server that hangs holds up requests to its own host only. Errors:
    // invalid (the URL), closed and timeout (the server is away), limit (too many requests wait for it, or the answer is too
    // long), interruption. A status of 400 and above is no error.
    virtual Result<HttpFetched> fetch(HttpFetch request) = 0;
    // The same for those who have threads of their own, which it blocks.
    virtual Result<HttpFetched> fetch_here(const HttpFetch& request) = 0;
};

// "a b" to "a%20b" (RFC 3986 2.1); letters, digits and -._~ stay.
inline std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~')
            out += c;
        else
            out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
    return out;
}

}  // namespace jackfield
