// Writes small XML documents (presence, dialog-info, resource lists).
#include "channels/sip/stack/xml_writer.hpp"

#include <cstdint>

namespace jackfield::sip {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

// How many bytes the well-formed UTF-8 sequence at the front has (RFC 3629); 0: there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const unsigned char second = byte(1);
    const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    const bool beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
    const bool no_character = first == 0xef && second == 0xbf && byte(2) > 0xbd;  // U+FFFE, U+FFFF
    return overlong || beyond || no_character ? 0 : length;
}

}  // namespace

std::string xml_escape(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const char c = text.front();
        if (length == 0 || (length == 1 && static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
            escaped += replacement;
        } else if (length > 1) {
            escaped += text.substr(0, length);
        } else {
            switch (c) {
                case '&': escaped += "&amp;"; break;
                case '<': escaped += "&lt;"; break;
                case '>': escaped += "&gt;"; break;
                case '"': escaped += "&quot;"; break;
                default: escaped += c;
            }
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return escaped;
}

XmlWriter::XmlWriter() : text_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

void XmlWriter::indent() { text_.append(open_.size(), ' '); }

void XmlWriter::begin(std::string_view name, Attributes attributes) {
    indent();
    text_.append("<").append(name);
    for (const auto& [attribute, value] : attributes)
        if (!value.empty()) text_.append(" ").append(attribute).append("=\"").append(xml_escape(value)).append("\"");
}

XmlWriter& XmlWriter::open(std::string_view name, Attributes attributes) {
    begin(name, attributes);
    text_ += ">\n";
    open_.emplace_back(name);
    return *this;
}

XmlWriter& XmlWriter::close() {
    const std::string name = std::move(open_.back());
    open_.pop_back();
    indent();
    text_.append("</").append(name).append(">\n");
    return *this;
}

XmlWriter& XmlWriter::element(std::string_view name, std::string_view text, Attributes attributes) {
    begin(name, attributes);
    if (text.empty()) {
        text_ += "/>\n";
    } else {
        text_.append(">").append(xml_escape(text)).append("</").append(name).append(">\n");
    }
    return *this;
}

std::string XmlWriter::finish() {
    while (!open_.empty()) close();
    return std::move(text_);
}

}  // namespace jackfield::sip
