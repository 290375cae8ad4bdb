// Bodies of NOTIFYs about lists (RFC 4662).
#include "channels/sip/stack/resource_list_body.hpp"

#include <fmt/format.h>

#include "channels/sip/stack/xml_writer.hpp"

namespace jackfield::sip {
namespace {

std::string content_id(std::string_view boundary, std::size_t number) { return fmt::format("{}.{}@jackfield", boundary, number); }

void add_part(std::string& text, std::string_view boundary, std::string_view id, std::string_view type, std::string_view body) {
    text += fmt::format("--{}\r\nContent-ID: <{}>\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n", boundary, id, type, body.size());
    text.append(body).append("\r\n");
}

}  // namespace

MultipartBody resource_list_body(std::string_view list_uri, std::string_view list_name, std::uint32_t version, bool full,
                                 std::span<const ListedResource> resources, std::string_view boundary) {
    XmlWriter xml;
    xml.open("list", {{"xmlns", "urn:ietf:params:xml:ns:rlmi"}, {"uri", list_uri}, {"version", fmt::to_string(version)}, {"fullState", full ? "true" : "false"}});
    if (!list_name.empty()) xml.element("name", list_name);
    for (std::size_t i = 0; i < resources.size(); ++i) {
        const ListedResource& each = resources[i];
        xml.open("resource", {{"uri", each.uri}});
        if (!each.name.empty()) xml.element("name", each.name);
        if (each.active) {
            xml.element("instance", {}, {{"id", content_id(boundary, i + 1)}, {"state", "active"}, {"cid", content_id(boundary, i + 1)}});
        } else {
            xml.element("instance", {}, {{"id", content_id(boundary, i + 1)}, {"state", "terminated"}, {"reason", "noresource"}});
        }
        xml.close();
    }
    MultipartBody made;
    made.content_type = fmt::format("multipart/related;type=\"application/rlmi+xml\";start=\"<{}>\";boundary=\"{}\"", content_id(boundary, 0), boundary);
    add_part(made.text, boundary, content_id(boundary, 0), "application/rlmi+xml;charset=\"UTF-8\"", xml.finish());
    for (std::size_t i = 0; i < resources.size(); ++i)
        if (resources[i].active) add_part(made.text, boundary, content_id(boundary, i + 1), resources[i].content_type, resources[i].body);
    made.text += fmt::format("--{}--\r\n", boundary);
    return made;
}

}  // namespace jackfield::sip
