// Writing SIP messages into a buffer that is used again and again (RFC 3261 section 7). Pure; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "channels/sip/stack/headers.hpp"
#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

// The phrase that RFC 3261 section 21 and its extensions give a status; that of its class for others.
std::string_view reason_phrase(int status);

// Appends a message, start line first, body last. The buffer is cleared by the constructor and keeps its capacity.
// Line ends and NULs inside values become blanks, so a value can't smuggle in a header.
class MessageWriter {
  public:
    explicit MessageWriter(std::string& buffer) : buffer_(buffer) { buffer_.clear(); }

    MessageWriter& request_line(std::string_view method, std::string_view uri);
    MessageWriter& status_line(int status, std::string_view reason = {});  // empty: reason_phrase(status)

    MessageWriter& header(HeaderName name, std::string_view value);
    MessageWriter& header(std::string_view name, std::string_view value);
    // A value of several parts, put together without a copy.
    MessageWriter& header(HeaderName name, std::initializer_list<std::string_view> parts);
    MessageWriter& header(HeaderName name, std::uint32_t number);
    MessageWriter& cseq(std::uint32_t number, std::string_view method);
    // All fields of that name, as they were received.
    MessageWriter& copy(const Message& from, HeaderName name);
    // Every header line of `lines` ("Name: value" CRLF ...) as it is; for headers made ready once and used often.
    MessageWriter& prepared(std::string_view lines);

    // Ends the head with Content-Length (and Content-Type when there is a body) and adds the body. Nothing may follow.
    void finish(std::string_view content_type = {}, std::string_view body = {});

    const std::string& text() const { return buffer_; }

  private:
    void append_value(std::string_view value);

    std::string& buffer_;
};

// Where a request really came from (RFC 3261 18.2.1, RFC 3581), written into the top Via of its responses.
struct RequestSource {
    std::string_view host;  // address without brackets; empty: the Via is copied unchanged
    std::uint16_t port = 0;
};

// Start line, Via, From, To, Call-ID and CSeq of a response, and Record-Route when it makes a dialog (RFC 3261 8.2.6.2,
// 12.1.1); Timestamp in a 100. `to_tag` is added unless the request has one or status is 100. Other headers and
// finish() are the caller's.
void begin_response(MessageWriter& writer, const Message& request, int status, std::string_view reason,
                    std::string_view to_tag, const RequestSource& source = {});

// The ACK to a final response other than 2xx (RFC 3261 17.1.1.3), whole. `invite` is the request as it was sent.
void write_failure_ack(std::string& buffer, const Message& invite, const Message& response);
// The same when the INVITE is not at hand any more: branch and tags are the response's, the Request-URI its To.
void write_failure_ack(std::string& buffer, const Message& response);
// The CANCEL of a request that was sent (RFC 3261 9.1), whole. `reason` is a Reason header value (RFC 3326) or empty.
void write_cancel(std::string& buffer, const Message& request, std::string_view reason = {});

}  // namespace jackfield::sip
