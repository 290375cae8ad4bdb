// The extensions of one context as radix trees.
#include "core/dialplan/extension_index.hpp"

#include <algorithm>

namespace jackfield {

const Priority* Extension::find(int number) const {
    const auto found =
        std::ranges::lower_bound(priorities, number, {}, [](const auto& entry) { return entry->number; });
    return found != priorities.end() && (*found)->number == number ? found->get() : nullptr;
}

const Priority* Extension::find_label(std::string_view label) const {
    const auto found =
        std::ranges::find(priorities, label, [](const auto& entry) -> std::string_view { return entry->label; });
    return found == priorities.end() || label.empty() ? nullptr : found->get();
}

bool Extension::accepts_caller(std::string_view number) const {
    if (!caller_id) return true;
    // An empty caller pattern stands for calls without a number, and only for them.
    if (number.empty()) return caller_id->text().empty();
    return caller_id->matches(number);
}

namespace {

// Order of the extensions of one pattern: limited ones first, among them as their callers' patterns are tried.
bool comes_before(const std::optional<Pattern>& a, const std::optional<Pattern>& b) {
    if (!a || !b) return a.has_value() && !b.has_value();
    return *a < *b;
}
bool same_caller(const std::optional<Pattern>& a, const std::optional<Pattern>& b) {
    return !comes_before(a, b) && !comes_before(b, a);
}

}  // namespace

std::size_t ExtensionIndex::child_place(const Node& node, PatternSymbol symbol) {
    const auto found =
        std::ranges::lower_bound(node.children, symbol, {}, [](const Link& child) { return child->symbols.front(); });
    return static_cast<std::size_t>(found - node.children.begin());
}

void ExtensionIndex::make_own(Link& link, std::uint64_t owner) {
    if (!link) link = std::make_shared<Node>();
    if (link->owner != owner) link = std::make_shared<Node>(*link);
    link->owner = owner;
}

const ExtensionIndex::Node* ExtensionIndex::find_node(const Node* node, const std::vector<PatternSymbol>& symbols) {
    std::size_t done = 0;
    while (node && done < symbols.size()) {
        const std::size_t place = child_place(*node, symbols[done]);
        if (place == node->children.size()) return nullptr;
        node = node->children[place].get();
        const std::size_t rest = symbols.size() - done;
        if (node->symbols.size() > rest || !std::equal(node->symbols.begin(), node->symbols.end(),
                                                       symbols.begin() + static_cast<std::ptrdiff_t>(done)))
            return nullptr;
        done += node->symbols.size();
    }
    return node;
}

// The node that stands for these symbols below `link`, made with all that is on its way.
ExtensionIndex::Node& ExtensionIndex::edit_node(Link& link, const std::vector<PatternSymbol>& symbols,
                                                std::uint64_t owner) {
    make_own(link, owner);
    Node* node = link.get();
    for (std::size_t done = 0; done < symbols.size();) {
        const auto from = symbols.begin() + static_cast<std::ptrdiff_t>(done);
        const std::size_t place = child_place(*node, *from);
        if (place == node->children.size() || node->children[place]->symbols.front() != *from) {
            auto child = std::make_shared<Node>();
            child->symbols.assign(from, symbols.end());
            child->owner = owner;
            return **node->children.insert(node->children.begin() + static_cast<std::ptrdiff_t>(place),
                                           std::move(child));
        }
        Link& child = node->children[place];
        make_own(child, owner);
        const auto [differs, unused] = std::mismatch(child->symbols.begin(), child->symbols.end(), from, symbols.end());
        const auto shared = static_cast<std::size_t>(differs - child->symbols.begin());
        if (shared < child->symbols.size()) {
            // The ways part inside the child: a node for what they share goes between.
            auto between = std::make_shared<Node>();
            between->owner = owner;
            between->symbols.assign(child->symbols.begin(), differs);
            child->symbols.erase(child->symbols.begin(), differs);
            between->children.push_back(std::move(child));
            child = std::move(between);
        }
        node = child.get();
        done += shared;
    }
    return *node;
}

void ExtensionIndex::for_same_pattern(const Pattern& pattern,
                                      const std::function<void(const Extension&)>& visit) const {
    const Node* node = find_node((pattern.is_pattern() ? patterns_ : names_).get(), pattern.symbols());
    if (!node) return;
    for (const auto& extension : node->here) visit(*extension);
}

const Extension* ExtensionIndex::exact(const Pattern& pattern, const std::optional<Pattern>& caller_id) const {
    const Extension* found = nullptr;
    for_same_pattern(pattern, [&](const Extension& extension) {
        if (same_caller(extension.caller_id, caller_id)) found = &extension;
    });
    return found;
}

Extension& ExtensionIndex::edit(const Pattern& pattern, const std::optional<Pattern>& caller_id, std::uint64_t owner) {
    Node& node = edit_node(pattern.is_pattern() ? patterns_ : names_, pattern.symbols(), owner);
    auto place = std::ranges::lower_bound(
        node.here, caller_id, comes_before, [](const auto& entry) -> const auto& { return entry->caller_id; });
    if (place == node.here.end() || !same_caller((*place)->caller_id, caller_id)) {
        place = node.here.insert(place, std::make_shared<Extension>());
        (*place)->pattern = pattern;
        (*place)->caller_id = caller_id;
        ++size_;
    } else if ((*place)->owner != owner) {
        *place = std::make_shared<Extension>(**place);
    }
    (*place)->owner = owner;
    return **place;
}

bool ExtensionIndex::remove(const Pattern& pattern, const std::optional<Pattern>& caller_id, std::uint64_t owner) {
    if (!exact(pattern, caller_id)) return false;
    Link& root = pattern.is_pattern() ? patterns_ : names_;
    remove_at(root, 0, pattern, caller_id, owner);
    if (root->children.empty() && root->here.empty()) root.reset();
    --size_;
    return true;
}

// Removes what is known to be there; returns whether the node is now empty and can go.
bool ExtensionIndex::remove_at(Link& link, std::size_t depth, const Pattern& pattern,
                               const std::optional<Pattern>& caller_id, std::uint64_t owner) {
    make_own(link, owner);
    depth += link->symbols.size();
    if (depth == pattern.symbols().size()) {
        std::erase_if(link->here, [&](const auto& entry) { return same_caller(entry->caller_id, caller_id); });
    } else {
        const auto place = static_cast<std::ptrdiff_t>(child_place(*link, pattern.symbols()[depth]));
        if (remove_at(link->children[static_cast<std::size_t>(place)], depth, pattern, caller_id, owner))
            link->children.erase(link->children.begin() + place);
    }
    if (link->here.empty() && link->children.size() == 1 && !link->symbols.empty()) {
        // A node with one way on and nothing of its own is joined with the next one.
        Link child = link->children.front();
        make_own(child, owner);
        child->symbols.insert(child->symbols.begin(), link->symbols.begin(), link->symbols.end());
        link = std::move(child);
    }
    return link->here.empty() && link->children.empty();
}

void ExtensionIndex::each_below(const Node& node, const std::function<void(const Extension&)>& visit) {
    for (const Link& child : node.children) each_below(*child, visit);
    for (const auto& extension : node.here) visit(*extension);
}

void ExtensionIndex::for_each(const std::function<void(const Extension&)>& visit) const {
    if (names_) each_below(*names_, visit);
    if (patterns_) each_below(*patterns_, visit);
}

}  // namespace jackfield
