// Cuts a client's bytes into requests: lines "Key: Value" that end with CR LF (or LF), a blank line after each request.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::manager {

struct RequestLimits {
    std::size_t line = 8192;   // bytes, its end not counted
    std::size_t lines = 128;   // of one request
};

// Pure. Keeps at most one unfinished line and request; what a client sends beyond the limits ends the session.
class RequestParser {
  public:
    explicit RequestParser(RequestLimits limits = {}) : limits_(limits) {}
    void set_limits(RequestLimits limits) { limits_ = limits; }

    // Adds bytes; call next() until it gives nothing before feeding more.
    void feed(std::string_view bytes) { buffer_.append(bytes); }
    // The next whole request, or nothing when more bytes are needed. A line without a colon has an empty value. Blank lines
    // between requests are passed over. Errors: limit, naming the one that was passed; nothing follows after that.
    Result<std::optional<ManagerRequest>> next();

  private:
    Result<std::optional<std::string_view>> next_line();
    RequestLimits limits_;
    std::string buffer_;
    std::size_t taken_ = 0;    // of buffer_, by lines read already
    std::size_t searched_ = 0;  // of buffer_, without a line's end
    ManagerRequest::Fields fields_;
};

}  // namespace jackfield::manager
