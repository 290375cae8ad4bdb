// Reads dialog-info documents (RFC 4235).
#include "channels/sip/stack/dialog_info_parser.hpp"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <array>
#include <memory>
#include <utility>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

constexpr std::string_view dialog_namespace = "urn:ietf:params:xml:ns:dialog-info";

std::string_view xml_text(const xmlChar* text) { return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view(); }

bool is_dialog_element(const xmlNode* node, std::string_view name) {
    return node->type == XML_ELEMENT_NODE && xml_text(node->name) == name && node->ns && xml_text(node->ns->href) == dialog_namespace;
}

std::string attribute_of(const xmlNode* node, const char* name) {
    const std::unique_ptr<xmlChar, decltype(xmlFree)> value(xmlGetNoNsProp(node, reinterpret_cast<const xmlChar*>(name)), xmlFree);
    return std::string(xml_text(value.get()).substr(0, 256));
}

std::string_view word_in(const xmlNode* node) {
    for (const xmlNode* child = node->children; child; child = child->next)
        if (child->type == XML_TEXT_NODE) return trim(xml_text(child->content));
    return {};
}

// <local><target><param pname="+sip.rendering" pvalue="no"/>.
bool renders_nothing(const xmlNode* local) {
    for (const xmlNode* target = local->children; target; target = target->next) {
        if (!is_dialog_element(target, "target")) continue;
        for (const xmlNode* param = target->children; param; param = param->next)
            if (is_dialog_element(param, "param") && attribute_of(param, "pname") == "+sip.rendering" && attribute_of(param, "pvalue") == "no") return true;
    }
    return false;
}

ReadDialogInfo::Dialog read_dialog(const xmlNode* node) {
    using State = ReadDialogInfo::Dialog::State;
    constexpr std::array<std::pair<std::string_view, State>, 5> states{{{"trying", State::trying}, {"proceeding", State::proceeding}, {"early", State::early},
                                                                        {"confirmed", State::confirmed}, {"terminated", State::terminated}}};
    ReadDialogInfo::Dialog dialog;
    dialog.id = attribute_of(node, "id");
    dialog.recipient = attribute_of(node, "direction") == "recipient";
    for (const xmlNode* child = node->children; child; child = child->next) {
        if (is_dialog_element(child, "local")) dialog.on_hold |= renders_nothing(child);
        if (!is_dialog_element(child, "state")) continue;
        for (const auto& [word, state] : states)
            if (word_in(child) == word) dialog.state = state;
    }
    return dialog;
}

}  // namespace

Result<ReadDialogInfo> parse_dialog_info(std::string_view body) {
    if (body.size() > longest_dialog_info) return fail(ErrorCode::limit, "a dialog-info document of {} bytes; the most is {}", body.size(), longest_dialog_info);
    if (body.contains("<!DOCTYPE")) return fail(ErrorCode::invalid, "a dialog-info document has no document type declaration");
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
        xmlReadMemory(body.data(), static_cast<int>(body.size()), "dialog-info", nullptr, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING), xmlFreeDoc);
    const xmlNode* const root = document && !document->intSubset ? xmlDocGetRootElement(document.get()) : nullptr;
    if (!root) return fail(ErrorCode::invalid, "the dialog-info document is not well-formed XML");
    if (!is_dialog_element(root, "dialog-info")) return fail(ErrorCode::invalid, "the document is no dialog-info of {}", dialog_namespace);
    ReadDialogInfo info;
    const auto version = parse_number<std::uint32_t>(attribute_of(root, "version"));
    if (!version) return fail(ErrorCode::invalid, "the dialog-info document has no version");
    info.version = *version;
    info.full = attribute_of(root, "state") != "partial";
    for (const xmlNode* child = root->children; child; child = child->next) {
        if (!is_dialog_element(child, "dialog")) continue;
        if (info.dialogs.size() >= most_dialogs) return fail(ErrorCode::limit, "more than {} dialogs in one document", most_dialogs);
        info.dialogs.push_back(read_dialog(child));
    }
    return info;
}

}  // namespace jackfield::sip
