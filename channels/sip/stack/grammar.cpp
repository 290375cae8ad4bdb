// Scanning of RFC 3261 section 25.1.
#include "channels/sip/stack/grammar.hpp"

namespace jackfield::sip {

namespace grammar {

namespace {

// Position after the closing quote of the string that opens at `open`; npos when it is not closed.
std::size_t skip_quoted(std::string_view text, std::size_t open) {
    for (std::size_t i = open + 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return std::string_view::npos;
}

}  // namespace

std::size_t find_outside_quotes(std::string_view text, char stop, std::size_t from, bool in_angles) {
    // Most texts hold neither quotes nor brackets before the first `stop`, and the library's search is the quicker one.
    const std::string_view before = text.substr(0, text.find(stop, from));
    if (before.find('"', from) == std::string_view::npos && (in_angles || before.find('<', from) == std::string_view::npos))
        return before.size();
    std::size_t at = from;
    while (at < text.size()) {
        const char c = text[at];
        if (c == stop) return at;
        if (c == '"') {
            at = skip_quoted(text, at);
            if (at == std::string_view::npos) return at;
        } else if (c == '<' && !in_angles) {
            at = text.find('>', at);
            if (at == std::string_view::npos) return at;
            ++at;
        } else {
            ++at;
        }
    }
    return text.size();
}

std::optional<std::uint32_t> clamped_number(std::string_view digits, std::uint32_t limit) {
    if (digits.empty()) return {};
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return {};
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > limit) value = limit;
    }
    return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> exact_number(std::string_view digits) {
    if (digits.empty()) return {};
    std::uint64_t value = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return {};
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > 0xffffffff) return {};
    }
    return static_cast<std::uint32_t>(value);
}

}  // namespace grammar

using namespace grammar;

std::string unquote(std::string_view text) {
    text = strip(text);
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
    text = text.substr(1, text.size() - 2);
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

std::string quote(std::string_view text) {
    std::string quoted;
    quoted.reserve(text.size() + 2);
    quoted += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
    quoted += '"';
    return quoted;
}

bool Parameters::next(std::size_t& position, Parameter& parameter) const {
    while (position < text_.size()) {
        const std::size_t found = find_outside_quotes(text_, separator_, position, true);
        const std::size_t end = found == std::string_view::npos ? text_.size() : found;
        const std::string_view part = strip(text_.substr(position, end - position));
        position = end < text_.size() ? end + 1 : end;
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        parameter.has_value = equals != std::string_view::npos;
        parameter.name = strip(part.substr(0, equals));
        parameter.value = parameter.has_value ? strip(part.substr(equals + 1)) : std::string_view{};
        return true;
    }
    return false;
}

std::optional<Parameter> Parameters::find(std::string_view name) const {
    Parameter parameter;
    for (std::size_t position = 0; next(position, parameter);)
        if (same_word(parameter.name, name)) return parameter;
    return {};
}

std::string_view Parameters::value(std::string_view name) const {
    const auto parameter = find(name);
    return parameter ? parameter->value : std::string_view{};
}

bool Parameters::well_formed() const {
    // A leading separator is part of how parameters are cut out of a header.
    std::string_view rest = strip(text_);
    if (!rest.empty() && rest.front() == separator_) rest.remove_prefix(1);
    if (rest.empty()) return strip(text_).empty();
    while (true) {
        const std::size_t end = find_outside_quotes(rest, separator_, 0, true);
        if (end == std::string_view::npos) return false;
        const std::string_view part = strip(rest.substr(0, end));
        const std::size_t equals = part.find('=');
        if (!is_token(strip(part.substr(0, equals)))) return false;
        if (equals != std::string_view::npos) {
            const std::string_view value = strip(part.substr(equals + 1));
            if (value.empty() || value.front() != '"')
                for (const char c : value)
                    if (is_white(c) || is_control(c) || c == ',' || c == '"') return false;
        }
        if (end == rest.size()) return true;
        rest.remove_prefix(end + 1);
    }
}

}  // namespace jackfield::sip
