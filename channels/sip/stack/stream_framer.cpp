// Cutting a byte stream into SIP messages and keep-alives (RFC 3261 18.3, RFC 5626 3.5.1).
#include "channels/sip/stack/parser.hpp"

namespace jackfield::sip {

using namespace grammar;

namespace {

// Size of the head with its empty line, searching from `from`; 0 when it has no end yet.
std::size_t head_size(std::string_view text, std::size_t from) {
    for (std::size_t feed = text.find('\n', from); feed != std::string_view::npos; feed = text.find('\n', feed + 1)) {
        if (feed + 1 < text.size() && text[feed + 1] == '\n') return feed + 2;
        if (feed + 2 < text.size() && text[feed + 1] == '\r' && text[feed + 2] == '\n') return feed + 3;
    }
    return 0;
}

// The one valid Content-Length of a head, or nothing: then nobody knows where the next message starts.
std::optional<std::size_t> content_length(std::string_view head) {
    std::optional<std::size_t> length;
    while (!head.empty()) {
        // One field with its continuation lines.
        std::size_t end = head.find('\n');
        while (end != std::string_view::npos && end + 1 < head.size() && is_white(head[end + 1]))
            end = head.find('\n', end + 1);
        const std::string_view field = head.substr(0, end);
        head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);

        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string_view name = strip(field.substr(0, colon));
        if (!same_word(name, "l") && !same_word(name, "Content-Length")) continue;
        std::string_view value = field.substr(colon + 1);
        while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
        while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
        const auto number = clamped_number(value);
        if (!number || length) return {};
        length = *number;
    }
    return length;
}

}  // namespace

void StreamFramer::append(std::string_view bytes) {
    if (failed_) return;
    if (start_ > 0 && start_ == buffer_.size()) {
        buffer_.clear();
        start_ = 0;
    } else if (start_ > limits_.message_size) {
        buffer_.erase(0, start_);
        start_ = 0;
    }
    buffer_ += bytes;
}

StreamFramer::Frame StreamFramer::finish(Kind kind, std::size_t size) {
    const Frame frame{kind, std::string_view(buffer_).substr(start_, size)};
    start_ += size;
    scanned_ = 0;
    total_ = 0;
    failed_ = kind == Kind::broken || kind == Kind::too_large;
    return frame;
}

StreamFramer::Frame StreamFramer::next() {
    if (failed_) return {};
    std::string_view rest = std::string_view(buffer_).substr(start_);
    if (total_ == 0) {
        if (rest.starts_with("\r\n\r\n")) return finish(Kind::ping, 4);
        if (rest == "\r\n\r") return {};
        if (rest.starts_with("\r\n")) return finish(Kind::pong, 2);
        if (rest.empty() || rest == "\r") return {};
        const std::size_t head = head_size(rest, scanned_);
        if (head == 0) {
            // The last two bytes may be the beginning of the end.
            scanned_ = rest.size() < 3 ? 0 : rest.size() - 3;
            return rest.size() > limits_.message_size ? finish(Kind::too_large, 0) : Frame{};
        }
        const auto length = content_length(rest.substr(0, head));
        if (!length) return finish(Kind::broken, head);
        if (head + *length > limits_.message_size) return finish(Kind::too_large, head);
        total_ = head + *length;
    }
    return rest.size() < total_ ? Frame{} : finish(Kind::message, total_);
}

}  // namespace jackfield::sip
