// Writing SIP messages (RFC 3261 section 7) and what is made from a received one.
#include "channels/sip/stack/message_writer.hpp"

#include <charconv>
#include <cstring>

namespace jackfield::sip {

using namespace grammar;

namespace {

void append_number(std::string& buffer, std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    buffer.append(digits, end);
}

// Whether one of eight bytes is below 16: rare in the head of a message, where the line ends and NUL are the ones that matter.
bool low_byte_among(const char* eight) {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    return ((word - ones * 16) & ~word & ones * 0x80) != 0;
}

// The top Via with received and rport put right, without those that the sender may have invented.
void append_via(std::string& value, std::string_view item, const Via& via, const RequestSource& source) {
    const std::string_view parameters = via.parameters.text();
    value += strip(item.substr(0, item.size() - parameters.size()));
    Parameter parameter;
    for (std::size_t position = 0; via.parameters.next(position, parameter);) {
        if (same_word(parameter.name, "received") || same_word(parameter.name, "rport")) continue;
        value.append(";").append(parameter.name);
        if (parameter.has_value) value.append("=").append(parameter.value);
    }
    const std::string_view sent_by = via.host.starts_with('[') ? via.host.substr(1, via.host.size() - 2) : via.host;
    // RFC 3581 section 4: with rport, received is added even when it is the same.
    if (via.has_rport || !same_word(sent_by, source.host)) value.append(";received=").append(source.host);
    if (via.has_rport) {
        value += ";rport=";
        append_number(value, source.port);
    }
}

// RFC 3261 12.1.1: the responses that make a dialog, if the request is one that can.
bool makes_dialog(const Message& request, int status) {
    switch (request.method()) {
        case Method::invite:
        case Method::subscribe:
        case Method::refer:
        case Method::notify:
            return status > 100 && status < 300;
        default:
            return false;
    }
}

}  // namespace

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100:
            return "Trying";
        case 180:
            return "Ringing";
        case 181:
            return "Call Is Being Forwarded";
        case 182:
            return "Queued";
        case 183:
            return "Session Progress";
        case 199:
            return "Early Dialog Terminated";
        case 200:
            return "OK";
        case 202:
            return "Accepted";
        case 204:
            return "No Notification";
        case 300:
            return "Multiple Choices";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Moved Temporarily";
        case 305:
            return "Use Proxy";
        case 380:
            return "Alternative Service";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 407:
            return "Proxy Authentication Required";
        case 408:
            return "Request Timeout";
        case 410:
            return "Gone";
        case 412:
            return "Conditional Request Failed";
        case 413:
            return "Request Entity Too Large";
        case 414:
            return "Request-URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Unsupported URI Scheme";
        case 420:
            return "Bad Extension";
        case 421:
            return "Extension Required";
        case 422:
            return "Session Interval Too Small";
        case 423:
            return "Interval Too Brief";
        case 424:
            return "Bad Location Information";
        case 428:
            return "Use Identity Header";
        case 429:
            return "Provide Referrer Identity";
        case 430:
            return "Flow Failed";
        case 433:
            return "Anonymity Disallowed";
        case 436:
            return "Bad Identity Info";
        case 437:
            return "Unsupported Credential";
        case 438:
            return "Invalid Identity Header";
        case 439:
            return "First Hop Lacks Outbound Support";
        case 440:
            return "Max-Breadth Exceeded";
        case 469:
            return "Bad Info Package";
        case 470:
            return "Consent Needed";
        case 480:
            return "Temporarily Unavailable";
        case 481:
            return "Call/Transaction Does Not Exist";
        case 482:
            return "Loop Detected";
        case 483:
            return "Too Many Hops";
        case 484:
            return "Address Incomplete";
        case 485:
            return "Ambiguous";
        case 486:
            return "Busy Here";
        case 487:
            return "Request Terminated";
        case 488:
            return "Not Acceptable Here";
        case 489:
            return "Bad Event";
        case 491:
            return "Request Pending";
        case 493:
            return "Undecipherable";
        case 494:
            return "Security Agreement Required";
        case 500:
            return "Server Internal Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Server Time-out";
        case 505:
            return "Version Not Supported";
        case 513:
            return "Message Too Large";
        case 580:
            return "Precondition Failure";
        case 600:
            return "Busy Everywhere";
        case 603:
            return "Decline";
        case 604:
            return "Does Not Exist Anywhere";
        case 606:
            return "Not Acceptable";
        case 607:
            return "Unwanted";
        case 608:
            return "Rejected";
        default:
            break;
    }
    constexpr std::string_view classes[] = {"Progress",        "Success",        "Redirection",
                                            "Request Failure", "Server Failure", "Global Failure"};
    return status >= 100 && status < 700 ? classes[status / 100 - 1] : "Unknown";
}

void MessageWriter::append_value(std::string_view value) {
    std::size_t at = buffer_.size();
    buffer_ += value;
    while (at < buffer_.size()) {
        if (buffer_.size() - at >= 8 && !low_byte_among(buffer_.data() + at)) {
            at += 8;
            continue;
        }
        char& c = buffer_[at++];
        if (c == '\r' || c == '\n' || c == '\0') c = ' ';
    }
}

MessageWriter& MessageWriter::request_line(std::string_view method, std::string_view uri) {
    append_value(method);
    buffer_ += ' ';
    append_value(uri);
    buffer_ += " SIP/2.0\r\n";
    return *this;
}

MessageWriter& MessageWriter::status_line(int status, std::string_view reason) {
    buffer_ += "SIP/2.0 ";
    append_number(buffer_, static_cast<unsigned>(status));
    buffer_ += ' ';
    append_value(reason.empty() ? reason_phrase(status) : reason);
    buffer_ += "\r\n";
    return *this;
}

MessageWriter& MessageWriter::header(HeaderName name, std::string_view value) { return header(name, {value}); }

MessageWriter& MessageWriter::header(std::string_view name, std::string_view value) {
    append_value(name);
    buffer_ += ": ";
    append_value(value);
    buffer_ += "\r\n";
    return *this;
}

MessageWriter& MessageWriter::header(HeaderName name, std::initializer_list<std::string_view> parts) {
    buffer_.append(to_string(name)).append(": ");
    for (const std::string_view part : parts) append_value(part);
    buffer_ += "\r\n";
    return *this;
}

MessageWriter& MessageWriter::header(HeaderName name, std::uint32_t number) {
    buffer_.append(to_string(name)).append(": ");
    append_number(buffer_, number);
    buffer_ += "\r\n";
    return *this;
}

MessageWriter& MessageWriter::cseq(std::uint32_t number, std::string_view method) {
    buffer_ += "CSeq: ";
    append_number(buffer_, number);
    buffer_ += ' ';
    append_value(method);
    buffer_ += "\r\n";
    return *this;
}

MessageWriter& MessageWriter::copy(const Message& from, HeaderName name) {
    for (std::size_t i = from.first_field(name); i != Message::npos; i = from.next_field(i))
        header(name, from.field(i).value);
    return *this;
}

MessageWriter& MessageWriter::prepared(std::string_view lines) {
    buffer_ += lines;
    return *this;
}

void MessageWriter::finish(std::string_view content_type, std::string_view body) {
    if (!body.empty()) header(HeaderName::content_type, content_type);
    buffer_ += "Content-Length: ";
    append_number(buffer_, body.size());
    buffer_ += "\r\n\r\n";
    buffer_ += body;
}

void begin_response(MessageWriter& writer, const Message& request, int status, std::string_view reason,
                    std::string_view to_tag, const RequestSource& source) {
    writer.status_line(status, reason);
    const std::size_t first = request.first_field(HeaderName::via);
    for (std::size_t i = first; i != Message::npos; i = request.next_field(i)) {
        std::string_view rest = request.field(i).value, item;
        // A Via that could not be read goes back as it came.
        if (i == first && !source.host.empty() && !request.top_via().host.empty() && next_list_item(rest, item)) {
            std::string value;
            value.reserve(rest.size() + item.size() + source.host.size() + sizeof ", ;received=;rport=65535");
            append_via(value, item, request.top_via(), source);
            if (!strip(rest).empty()) value.append(", ").append(strip(rest));
            writer.header(HeaderName::via, value);
        } else {
            writer.header(HeaderName::via, request.field(i).value);
        }
    }
    if (makes_dialog(request, status)) writer.copy(request, HeaderName::record_route);
    writer.copy(request, HeaderName::from);
    const bool add_tag = status > 100 && !to_tag.empty() && request.to_tag().empty() && !request.to().uri.text.empty();
    if (add_tag)
        writer.header(HeaderName::to, {request.header(HeaderName::to), ";tag=", to_tag});
    else
        writer.copy(request, HeaderName::to);
    writer.copy(request, HeaderName::call_id).copy(request, HeaderName::cseq);
    if (status == 100) writer.copy(request, HeaderName::timestamp);
}

void write_failure_ack(std::string& buffer, const Message& invite, const Message& response) {
    MessageWriter writer(buffer);
    writer.request_line("ACK", invite.request_uri().text);
    // The top Via alone: same branch, so that it belongs to the INVITE's transaction.
    if (Message::Values vias(invite, HeaderName::via); vias.next()) writer.header(HeaderName::via, vias.item);
    writer.copy(invite, HeaderName::route)
        .copy(invite, HeaderName::from)
        .copy(response, HeaderName::to)
        .header(HeaderName::call_id, invite.call_id())
        .cseq(invite.cseq().number, "ACK")
        .header(HeaderName::max_forwards, 70)
        .finish();
}

void write_failure_ack(std::string& buffer, const Message& response) {
    MessageWriter writer(buffer);
    writer.request_line("ACK", response.to().uri.text)
        .copy(response, HeaderName::via)
        .copy(response, HeaderName::from)
        .copy(response, HeaderName::to)
        .header(HeaderName::call_id, response.call_id())
        .cseq(response.cseq().number, "ACK")
        .header(HeaderName::max_forwards, 70)
        .finish();
}

void write_cancel(std::string& buffer, const Message& request, std::string_view reason) {
    MessageWriter writer(buffer);
    writer.request_line("CANCEL", request.request_uri().text);
    if (Message::Values vias(request, HeaderName::via); vias.next()) writer.header(HeaderName::via, vias.item);
    writer.copy(request, HeaderName::route)
        .copy(request, HeaderName::from)
        .copy(request, HeaderName::to)
        .header(HeaderName::call_id, request.call_id())
        .cseq(request.cseq().number, "CANCEL")
        .header(HeaderName::max_forwards, 70);
    if (!reason.empty()) writer.header(HeaderName::reason, reason);
    writer.finish();
}

}  // namespace jackfield::sip
