// Cuts a client's bytes into HTTP/1.1 requests (RFC 9112).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"
#include "modules/res_http/http.hpp"

namespace jackfield::http {

struct RequestLimits {
    std::size_t header = 16384;  // bytes of request line and headers
    std::size_t headers = 100;   // how many, trailers too
    std::size_t body = 1048576;
};

// Pure: keeps one unfinished request within the limits, and what was fed behind it.
class RequestReader {
  public:
    explicit RequestReader(RequestLimits limits = {});
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    void feed(std::string_view bytes);
    // The next whole request (method, target, path, query, headers, body, keep_alive), or nothing when more bytes are
    // needed. Errors: invalid, limit; status() is what to answer then, and nothing follows.
    Result<std::optional<HttpRequest>> next();
    unsigned status() const { return status_; }

    bool began() const { return !buffer_.empty() || in_body(); }  // part of a request has come
    bool in_body() const;                                         // its headers have
    // True once for a request that waits for "100 Continue" before it sends its body.
    bool take_expectation();
    // What was fed and belongs to no request yet; for a connection that is handed over.
    std::string take_rest() { return std::exchange(buffer_, {}); }

  private:
    class Parser;
    RequestLimits limits_;
    std::string buffer_;
    std::unique_ptr<Parser> parser_;
    unsigned status_ = 400;
    bool broken_ = false, told_to_continue_ = false;
};

}  // namespace jackfield::http
