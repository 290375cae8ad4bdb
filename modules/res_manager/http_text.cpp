// The manager interface's blocks of lines as XML and HTML.
#include "modules/res_manager/http_text.hpp"

#include <fmt/core.h>

#include <functional>
#include <map>
#include <vector>

#include "core/base/strings.hpp"

namespace jackfield::manager {
namespace {

std::string markup_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&apos;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= ' ' || c == '\t') out += c;  // no other control is allowed in XML
        }
    }
    return out;
}

struct Line {
    std::string_view key, value;
};

void for_each_block(std::string_view text, const std::function<void(const std::vector<Line>&)>& visit) {
    std::vector<Line> block;
    for (std::string_view line : split(text, '\n')) {
        line = trim(line);
        if (line.empty()) {
            if (!block.empty()) visit(block);
            block.clear();
            continue;
        }
        const Halves halves = split_once(line, ':');
        block.push_back({trim(halves.first), trim(halves.second)});
    }
    if (!block.empty()) visit(block);
}

// An attribute's name: lower case, and what can't stand in one becomes an underscore.
std::string attribute_name(std::string_view key) {
    std::string name;
    for (const char c : to_lower(key)) name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ? c : '_';
    if (name.empty() || !(name[0] >= 'a' && name[0] <= 'z')) name = "_" + name;
    return name;
}

}  // namespace

std::string to_xml(std::string_view text, std::string_view id, std::string_view type) {
    const std::string element = type.empty() ? "generic" : attribute_name(type);
    std::string out = "<ajax-response>\n";
    for_each_block(text, [&](const std::vector<Line>& block) {
        out += fmt::format("<response type='object' id='{}'><{}", id.empty() ? "unknown" : markup_escaped(id), element);
        std::map<std::string, unsigned> seen;
        for (const Line& line : block) {
            std::string name = attribute_name(line.key);
            if (const unsigned count = ++seen[name]; count > 1)
                name += fmt::format("-{}", count);  // no attribute comes twice
            out += fmt::format(" {}='{}'", name, markup_escaped(line.value));
        }
        out += " /></response>\n";
    });
    return out + "</ajax-response>\n";
}

std::string to_html(std::string_view text) {
    std::string out =
        "<!DOCTYPE html>\n<html><head><title>Manager Interface</title></head><body>\n"
        "<form method=\"post\"><input name=\"action\" placeholder=\"Action\"> <input name=\"username\" "
        "placeholder=\"Username\"> "
        "<input name=\"secret\" type=\"password\" placeholder=\"Secret\"> <input type=\"submit\" value=\"Send "
        "request\"></form>\n<table>\n";
    for_each_block(text, [&](const std::vector<Line>& block) {
        for (const Line& line : block)
            out += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", markup_escaped(line.key), markup_escaped(line.value));
        out += "<tr><td colspan=\"2\"><hr></td></tr>\n";
    });
    return out + "</table></body></html>\n";
}

}  // namespace jackfield::manager
