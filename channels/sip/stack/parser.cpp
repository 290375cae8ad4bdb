// Parsing SIP messages in one pass over an owned copy (RFC 3261 section 7, RFC 4475).
#include "channels/sip/stack/parser.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::sip {

using namespace grammar;

// Fills one Message. Separate from it so that a message has no way to be changed after it was parsed.
class MessageParser {
  public:
    MessageParser(std::string_view bytes, Framing framing, const ParserLimits& limits)
        : framing_(framing), limits_(limits), size_(bytes.size()) {
        message_.buffer_ = std::make_unique_for_overwrite<char[]>(bytes.size());
        std::copy_n(bytes.data(), bytes.size(), message_.buffer_.get());
        message_.size_ = static_cast<std::uint32_t>(bytes.size());
        at_ = message_.buffer_.get();
        end_ = at_ + size_;
    }

    ParseResult run();

  private:
    // The first fault decides the answer, but reading goes on: the answer needs Via, From, To, Call-ID and CSeq.
    void fault(int status, std::string_view reason) {
        if (status_ != 0) return;
        status_ = status;
        reason_ = reason;
    }
    bool next_line(std::string_view& line);
    bool start_line(std::string_view line);
    void request_line(std::string_view line);
    bool status_line(std::string_view line);
    void header_line(std::string_view line);
    void add(HeaderName name, std::string_view name_text, std::string_view value);
    void check_essentials();
    bool single(HeaderName name, std::string_view missing, std::string_view repeated);
    void read_body();

    Message message_;
    Framing framing_;
    const ParserLimits& limits_;
    std::size_t size_;
    char* at_;
    char* end_;
    int status_ = 0;
    std::string_view reason_;
    std::array<std::uint8_t, header_name_count> last_;  // field of each name; set together with Message::first_
};

// One logical line: folds become blanks in place. False when the message ends before the line does.
bool MessageParser::next_line(std::string_view& line) {
    char* const start = at_;
    char* search = at_;
    while (true) {
        auto* const feed = static_cast<char*>(std::memchr(search, '\n', static_cast<std::size_t>(end_ - search)));
        if (feed == nullptr) return false;
        char* const stop = feed > start && feed[-1] == '\r' ? feed - 1 : feed;
        at_ = feed + 1;
        // An empty line is the end of the head and can't be continued.
        if (stop != start && at_ < end_ && is_white(*at_)) {
            *feed = ' ';
            *stop = ' ';
            search = at_;
            continue;
        }
        line = {start, static_cast<std::size_t>(stop - start)};
        return true;
    }
}

bool MessageParser::start_line(std::string_view line) {
    if (line.size() >= 4 && same_word(line.substr(0, 4), "SIP/")) return status_line(line);
    // Without a SIP version at the end it is no SIP at all, and not worth an answer.
    const std::string_view text = strip(line);
    const std::size_t version = text.rfind(' ');
    if (version == std::string_view::npos || !same_word(text.substr(version + 1).substr(0, 4), "SIP/")) return false;
    request_line(line);
    return true;
}

void MessageParser::request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    message_.method_name_ = line.substr(0, first);
    message_.method_ = find_method(message_.method_name_);
    const std::size_t last = strip(line).rfind(' ');
    const std::string_view version = strip(line).substr(last + 1);
    if (!is_token(message_.method_name_)) fault(400, "Malformed method");
    if (!same_word(version, "SIP/2.0")) fault(505, "Version Not Supported");
    // RFC 4475 3.1.2.8 to 3.1.2.10: exactly one blank on each side of the Request-URI and none at the end.
    if (strip(line).size() != line.size() || last <= first) return fault(400, "Malformed Request-Line");
    const std::string_view uri_text = line.substr(first + 1, last - first - 1);
    auto uri = parse_uri(uri_text);
    if (!uri) return fault(400, "Malformed Request-URI");
    message_.request_uri_ = *uri;
    // RFC 3261 19.1.1: headers may not stand in a Request-URI.
    if (!uri->headers.empty()) fault(400, "Headers in Request-URI");
}

bool MessageParser::status_line(std::string_view line) {
    // "SIP/2.0 200 OK"; the reason may be empty.
    if (line.size() < 11 || !same_word(line.substr(0, 8), "SIP/2.0 ")) return false;
    const auto status = exact_number(line.substr(8, 3));
    if (!status || *status < 100 || *status > 699) return false;
    if (line.size() > 11 && line[11] != ' ') return false;
    message_.status_ = static_cast<std::uint16_t>(*status);
    if (line.size() > 12) message_.reason_ = line.substr(12);
    return true;
}

void MessageParser::add(HeaderName name, std::string_view name_text, std::string_view value) {
    if (message_.count_ >= limits_.header_fields || message_.count_ >= Message::none - 1)
        return fault(400, "Too many header fields");
    const std::uint8_t index = message_.count_;
    if (index >= Message::inline_fields) message_.more_entries_.emplace_back();
    ++message_.count_;
    Message::Entry& entry = message_.entry(index);
    const char* const base = message_.buffer_.get();
    entry.name = name;
    entry.name_at = static_cast<std::uint32_t>(name_text.data() - base);
    entry.name_size = static_cast<std::uint16_t>(name_text.size());
    entry.value_at = static_cast<std::uint32_t>(value.data() - base);
    entry.value_size = static_cast<std::uint32_t>(value.size());
    entry.next = Message::none;
    std::uint8_t& first = message_.first_[static_cast<std::size_t>(name)];
    if (first == Message::none) {
        first = index;
        last_[static_cast<std::size_t>(name)] = index;
    } else {
        std::uint8_t& last = last_[static_cast<std::size_t>(name)];
        message_.entry(last).next = index;
        last = index;
    }
}

void MessageParser::header_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fault(400, "Malformed header field");
    const std::string_view name = strip(line.substr(0, colon));
    const std::string_view value = strip(line.substr(colon + 1));
    // A white first character here is a continuation without a line to continue.
    if (!is_token(name) || is_white(line.front()) || name.size() > 255) return fault(400, "Malformed header name");
    if (line.size() > limits_.header_size) return fault(400, "Header field too large");
    if (value.find('\r') != std::string_view::npos) return fault(400, "Stray carriage return in header field");
    add(find_header_name(name), name, value);
}

// True when the header is there exactly once.
bool MessageParser::single(HeaderName name, std::string_view missing, std::string_view repeated) {
    const std::size_t first = message_.first_field(name);
    if (first == Message::npos) {
        if (!missing.empty()) fault(400, missing);
        return false;
    }
    if (message_.next_field(first) == Message::npos) return true;
    fault(400, repeated);
    return false;
}

void MessageParser::check_essentials() {
    if (Message::Values vias(message_, HeaderName::via); vias.next()) {
        if (auto via = parse_via(vias.item))
            message_.via_ = *via;
        else
            fault(400, "Malformed Via");
        // RFC 3261 8.1.3.3: such a response has gone astray.
        if (message_.is_response() && vias.next()) fault(400, "Several Vias in a response");
    } else {
        fault(400, "Missing Via");
    }
    if (single(HeaderName::cseq, "Missing CSeq", "Several CSeqs")) {
        if (auto cseq = parse_cseq(message_.header(HeaderName::cseq))) {
            message_.cseq_ = *cseq;
            if (message_.is_response()) {
                message_.method_ = cseq->method;
                message_.method_name_ = cseq->method_name;
            } else if (cseq->method_name != message_.method_name_) {
                fault(400, "CSeq method does not match");
            }
        } else {
            fault(400, "Malformed CSeq");
        }
    }
    if (single(HeaderName::call_id, "Missing Call-ID", "Several Call-IDs")) {
        message_.call_id_ = message_.header(HeaderName::call_id);
        const auto misplaced = [](char c) { return c == ' ' || grammar::is_control(c); };
        if (message_.call_id_.empty() || std::ranges::any_of(message_.call_id_, misplaced)) fault(400, "Malformed Call-ID");
    }
    if (single(HeaderName::from, "Missing From", "Several Froms")) {
        if (auto from = parse_name_address(message_.header(HeaderName::from)))
            message_.from_ = *from;
        else
            fault(400, "Malformed From");
    }
    if (single(HeaderName::to, "Missing To", "Several Tos")) {
        if (auto to = parse_name_address(message_.header(HeaderName::to)))
            message_.to_ = *to;
        else
            fault(400, "Malformed To");
    }
    if (single(HeaderName::max_forwards, {}, "Several Max-Forwards")) {
        const auto hops = clamped_number(message_.header(HeaderName::max_forwards), 256);
        if (!hops || *hops > 255) return fault(400, "Malformed Max-Forwards");
        message_.max_forwards_ = static_cast<std::uint8_t>(*hops);
    }
}

void MessageParser::read_body() {
    const auto available = static_cast<std::size_t>(end_ - at_);
    std::size_t size = available;
    if (single(HeaderName::content_length, {}, "Several Content-Lengths")) {
        const auto length = clamped_number(message_.header(HeaderName::content_length));
        if (!length)
            fault(400, "Malformed Content-Length");
        else if (*length > available)
            fault(400, "Content-Length larger than the message");
        else
            size = *length;
    } else if (framing_ == Framing::stream) {
        fault(400, "Missing Content-Length");
    }
    message_.body_ = {at_, size};
}

ParseResult MessageParser::run() {
    ParseResult result;
    // RFC 3261 7.5: line ends before the start line are ignored; a packet of nothing else is a keep-alive.
    while (at_ < end_ && (*at_ == '\r' || *at_ == '\n' || *at_ == '\0')) ++at_;
    if (at_ == end_) {
        result.reason = "Keep-alive";
        return result;
    }
    std::string_view line;
    if (!next_line(line) || !start_line(line)) {
        result.reason = "Not a SIP message";
        return result;
    }
    bool complete = false;
    while (!complete && next_line(line)) {
        if (line.empty())
            complete = true;
        else
            header_line(line);
    }
    if (!complete) fault(400, "No empty line after the header");
    check_essentials();
    read_body();

    result.reason = reason_;
    if (status_ == 0)
        result.verdict = Verdict::accept;
    else if (message_.is_request() && message_.method() != Method::ack && message_.has(HeaderName::via)) {
        result.verdict = Verdict::reject;
        result.status = status_;
    }
    result.message = std::move(message_);
    return result;
}

ParseResult parse_message(std::string_view bytes, Framing framing, const ParserLimits& limits) {
    if (bytes.size() > limits.message_size) return {.reason = "Message too large"};
    return MessageParser(bytes, framing, limits).run();
}

}  // namespace jackfield::sip
