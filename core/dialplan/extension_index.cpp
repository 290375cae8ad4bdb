// The extensions of one context as radix trees.
#include "core/dialplan/extension_index.hpp"

#include <algorithm>
#include <span>

namespace jackfield {

const Priority* Extension::find(int number) const {
    const auto found = std::ranges::lower_bound(steps, number, {}, &Step::number);
    return found != steps.end() && found->number == number ? found->priority.get() : nullptr;
}

const Priority* Extension::find_label(std::string_view label) const {
    if (label.empty()) return nullptr;
    for (const Step& step : steps)
        if (step.priority->label == label) return step.priority.get();
    return nullptr;
}

namespace {

bool same_caller(const std::shared_ptr<const Pattern>& a, const std::optional<Pattern>& b) {
    return a ? b && *a == *b : !b;
}

}  // namespace

void ExtensionIndex::make_own(Link& link, std::uint64_t owner) {
    if (!link)
        link = std::make_shared<Node>();
    else if (link->owner != owner)
        link = std::make_shared<Node>(*link);
    link->owner = owner;
}

const ExtensionIndex::Node* ExtensionIndex::find_node(const Node* node, const std::vector<PatternSymbol>& symbols) {
    auto at = symbols.begin();
    while (node && at != symbols.end()) {
        const std::size_t place = child_place(*node, *at);
        if (place == node->children.size() || node->children[place].first != *at) return nullptr;
        node = node->children[place].node.get();
        ++at;
        const auto left = static_cast<std::size_t>(symbols.end() - at);
        const auto rest = node->rest.view();
        if (rest.size() > left || !std::equal(rest.begin(), rest.end(), at)) return nullptr;
        at += static_cast<std::ptrdiff_t>(rest.size());
    }
    return node;
}

// The node that stands for these symbols below `link`, made with all that is on its way.
ExtensionIndex::Node& ExtensionIndex::edit_node(Link& link, const std::vector<PatternSymbol>& symbols,
                                                std::uint64_t owner) {
    make_own(link, owner);
    Node* node = link.get();
    for (auto at = symbols.begin(); at != symbols.end();) {
        const std::size_t place = child_place(*node, *at);
        if (place == node->children.size() || node->children[place].first != *at) {
            auto child = std::make_shared<Node>();
            child->rest = SymbolString(std::span(at + 1, symbols.end()));
            child->owner = owner;
            node->children.insert(node->children.begin() + static_cast<std::ptrdiff_t>(place), {*at, child});
            return *child;
        }
        Link& child = node->children[place].node;
        make_own(child, owner);
        const auto rest = child->rest.view();
        const auto [differs, reached] = std::mismatch(rest.begin(), rest.end(), at + 1, symbols.end());
        if (differs != rest.end()) {
            // The ways part inside the child's own symbols: a node for what they share goes between.
            auto between = std::make_shared<Node>();
            between->owner = owner;
            between->rest = SymbolString(std::span(rest.begin(), differs));
            const PatternSymbol next = *differs;
            child->rest = SymbolString(std::span(differs + 1, rest.end()));
            between->children.push_back({next, std::move(child)});
            child = std::move(between);
        }
        node = child.get();
        at = reached;
    }
    return *node;
}

void ExtensionIndex::for_same_pattern(const Pattern& pattern,
                                      const std::function<void(const Extension&)>& visit) const {
    const Node* node = find_node((pattern.is_pattern() ? patterns_ : names_).get(), pattern.symbols());
    if (!node) return;
    for (const auto& extension : node->limited) visit(*extension);
    if (node->everyone) visit(*node->everyone);
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
    std::shared_ptr<Extension>* place = &node.everyone;
    if (caller_id) {
        auto at = std::ranges::lower_bound(node.limited, *caller_id, std::less<>(),
                                           [](const auto& entry) -> const Pattern& { return *entry->caller_id; });
        if (at == node.limited.end() || !same_caller((*at)->caller_id, caller_id))
            at = node.limited.insert(at, nullptr);
        place = &*at;
    }
    if (!*place) {
        *place = std::make_shared<Extension>();
        (*place)->pattern = pattern;
        if (caller_id) (*place)->caller_id = std::make_shared<const Pattern>(*caller_id);
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
    if (root->children.empty() && root->is_empty()) root.reset();
    --size_;
    return true;
}

// Removes what is known to be there; returns whether the node is now empty and can go.
bool ExtensionIndex::remove_at(Link& link, std::size_t depth, const Pattern& pattern,
                               const std::optional<Pattern>& caller_id, std::uint64_t owner) {
    make_own(link, owner);
    depth += link->rest.size();
    if (depth == pattern.symbols().size()) {
        if (caller_id)
            std::erase_if(link->limited, [&](const auto& entry) { return same_caller(entry->caller_id, caller_id); });
        else
            link->everyone.reset();
    } else {
        const auto child =
            link->children.begin() + static_cast<std::ptrdiff_t>(child_place(*link, pattern.symbols()[depth]));
        if (remove_at(child->node, depth + 1, pattern, caller_id, owner)) link->children.erase(child);
    }
    if (link->is_empty() && link->children.size() == 1 && depth > 0) {
        // A node with one way on and nothing of its own is joined with the next one.
        auto [first, child] = link->children.front();
        make_own(child, owner);
        const auto before = link->rest.view(), after = child->rest.view();
        std::vector<PatternSymbol> way(before.begin(), before.end());
        way.push_back(first);
        way.insert(way.end(), after.begin(), after.end());
        child->rest = SymbolString(way);
        link = std::move(child);
    }
    return link->is_empty() && link->children.empty();
}

void ExtensionIndex::each_below(const Node& node, bool shorter_first,
                                const std::function<void(const Extension&)>& visit) {
    const auto visit_here = [&] {
        for (const auto& extension : node.limited) visit(*extension);
        if (node.everyone) visit(*node.everyone);
    };
    if (shorter_first) visit_here();
    for (const Edge& edge : node.children) each_below(*edge.node, shorter_first, visit);
    if (!shorter_first) visit_here();
}

void ExtensionIndex::for_each(const std::function<void(const Extension&)>& visit) const {
    if (names_) each_below(*names_, true, visit);
    if (patterns_) each_below(*patterns_, false, visit);
}

}  // namespace jackfield
