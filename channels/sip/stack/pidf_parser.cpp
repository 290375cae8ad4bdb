// Reads presence documents (PIDF, RFC 3863, with the activities of RFC 4480).
#include "channels/sip/stack/pidf_parser.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

constexpr std::string_view pidf_namespace = "urn:ietf:params:xml:ns:pidf";
constexpr std::size_t longest_text = 1024, most_activities = 16;

std::string_view text_of(const xmlChar* text) { return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view(); }

bool is_element(const xmlNode* node, std::string_view name) { return node->type == XML_ELEMENT_NODE && text_of(node->name) == name; }
bool is_pidf(const xmlNode* node, std::string_view name) {
    return is_element(node, name) && node->ns && text_of(node->ns->href) == pidf_namespace;
}

// Its text nodes alone: what stands in elements within it does not belong to a note or status.
std::string content_of(const xmlNode* node) {
    std::string text;
    for (const xmlNode* child = node->children; child && text.size() < longest_text; child = child->next)
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) text += text_of(child->content);
    text.resize(std::min(text.size(), longest_text));
    return std::string(trim(text));
}

const xmlNode* child_named(const xmlNode* node, std::string_view name) {
    for (const xmlNode* child = node->children; child; child = child->next)
        if (is_element(child, name)) return child;
    return nullptr;
}

void read_note(const xmlNode* node, PublishedPresence& presence) {
    if (presence.note.empty()) presence.note = content_of(node);
}

void read_tuple(const xmlNode* tuple, PublishedPresence& presence) {
    for (const xmlNode* child = tuple->children; child; child = child->next) {
        if (is_pidf(child, "note")) read_note(child, presence);
        if (!is_pidf(child, "status")) continue;
        if (const xmlNode* basic = child_named(child, "basic")) presence.open |= content_of(basic) == "open";
    }
}

// <activities> stands in the person, or, in documents older than RFC 4480, in a status within it.
void read_person(const xmlNode* person, PublishedPresence& presence) {
    for (const xmlNode* child = person->children; child; child = child->next) {
        if (is_element(child, "note")) read_note(child, presence);
        const xmlNode* activities = is_element(child, "activities") ? child : is_element(child, "status") ? child_named(child, "activities") : nullptr;
        if (!activities) continue;
        for (const xmlNode* activity = activities->children; activity && presence.activities.size() < most_activities; activity = activity->next)
            if (activity->type == XML_ELEMENT_NODE && !is_element(activity, "note") && text_of(activity->name).size() < 64)
                presence.activities.emplace_back(text_of(activity->name));
    }
}

}  // namespace

Result<PublishedPresence> parse_pidf(std::string_view body) {
    if (body.size() > longest_pidf) return fail(ErrorCode::limit, "a presence document of {} bytes; the most is {}", body.size(), longest_pidf);
    if (body.contains("<!DOCTYPE")) return fail(ErrorCode::invalid, "a presence document has no document type declaration");
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
        xmlReadMemory(body.data(), static_cast<int>(body.size()), "pidf", nullptr, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING), xmlFreeDoc);
    const xmlNode* const root = document && !document->intSubset ? xmlDocGetRootElement(document.get()) : nullptr;
    if (!root) return fail(ErrorCode::invalid, "the presence document is not well-formed XML");
    if (!is_pidf(root, "presence")) return fail(ErrorCode::invalid, "the document is no presence of {}", pidf_namespace);
    PublishedPresence presence;
    const std::unique_ptr<xmlChar, decltype(xmlFree)> entity(xmlGetNoNsProp(root, reinterpret_cast<const xmlChar*>("entity")), xmlFree);
    presence.entity = text_of(entity.get()).substr(0, longest_text);
    for (const xmlNode* child = root->children; child; child = child->next) {
        if (is_pidf(child, "tuple")) read_tuple(child, presence);
        if (is_pidf(child, "note")) read_note(child, presence);
        if (is_element(child, "person")) read_person(child, presence);
    }
    return presence;
}

}  // namespace jackfield::sip
