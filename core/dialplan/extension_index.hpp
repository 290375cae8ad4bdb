// The extensions of one context, found by number in a time that depends on the number's length only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/dialplan/extension.hpp"
#include "core/dialplan/pattern.hpp"

namespace jackfield {

// How an extension matched.
enum class MatchKind : std::uint8_t {
    full,   // counts as a match in the mode that was asked for
    early,  // by its `!`: for match_more this ends the search with "no"
};

// A radix tree of names and one of patterns. Copying shares everything; a change copies only the nodes on its way
// unless `owner` (a number of the one that builds, never 0) made them itself. Reading: any thread.
class ExtensionIndex {
  public:
    // Calls visit(extension, kind) for every extension whose name or pattern matches, in the order in which Asterisk
    // tries them, until it returns true. Extensions limited to a caller come before the others of their pattern; the
    // caller is not checked here. Returns whether visit did.
    template <class Visit>
    bool find(std::string_view number, MatchMode mode, Visit&& visit) const;

    // The extension written with that name and caller (patterns that mean the same count as equal); null when none.
    const Extension* exact(const Pattern& pattern, const std::optional<Pattern>& caller_id) const;
    // Every extension written with that name, one for each caller it is limited to.
    void for_same_pattern(const Pattern& pattern, const std::function<void(const Extension&)>& visit) const;
    // exact() for changing it, made when it is not there.
    Extension& edit(const Pattern& pattern, const std::optional<Pattern>& caller_id, std::uint64_t owner);
    // Takes it out; false when it was not there.
    bool remove(const Pattern& pattern, const std::optional<Pattern>& caller_id, std::uint64_t owner);

    // Every extension in that order.
    void for_each(const std::function<void(const Extension&)>& visit) const;
    std::size_t size() const { return size_; }

  private:
    struct Node;
    using Link = std::shared_ptr<Node>;
    // A node stands for the symbols on its way: those of its parent, its own `symbols`.
    struct Node {
        std::vector<PatternSymbol> symbols;            // at least one, but for the root
        std::vector<Link> children;                    // by first symbol
        std::vector<std::shared_ptr<Extension>> here;  // those limited to callers first
        std::uint64_t owner = 0;
    };

    static std::size_t child_place(const Node& node, PatternSymbol symbol);
    static const Node* find_node(const Node* node, const std::vector<PatternSymbol>& symbols);
    static Node& edit_node(Link& link, const std::vector<PatternSymbol>& symbols, std::uint64_t owner);
    static bool remove_at(Link& link, std::size_t depth, const Pattern& pattern,
                          const std::optional<Pattern>& caller_id, std::uint64_t owner);
    static void make_own(Link& link, std::uint64_t owner);
    static void each_below(const Node& node, const std::function<void(const Extension&)>& visit);

    // Recursion is as deep as the number is long; max_number_length bounds both.
    template <class Visit>
    static bool walk(const Node& node, std::string_view number, MatchMode mode, Visit& visit);
    template <class Visit>
    static bool walk_children(const Node& node, std::string_view number, MatchMode mode, Visit& visit);
    template <class Visit>
    static bool all_below(const Node& node, MatchKind kind, Visit& visit);
    template <class Visit>
    static bool end_of_number(const Node& node, std::size_t symbols_done, MatchMode mode, Visit& visit);

    Link names_, patterns_;
    std::size_t size_ = 0;
};

template <class Visit>
bool ExtensionIndex::find(std::string_view written_number, MatchMode mode, Visit&& visit) const {
    std::string buffer;
    const std::string_view number = without_dashes(written_number, buffer);
    if (number.size() > max_number_length) return false;
    if (names_ && walk(*names_, number, mode, visit)) return true;
    if (!patterns_) return false;
    if (number.starts_with('_') && mode == MatchMode::match) {
        // A plan may go to a pattern by its written name.
        if (const auto pattern = Pattern::parse(written_number); pattern && pattern->is_pattern())
            if (const Node* node = find_node(patterns_.get(), pattern->symbols()))
                for (const auto& extension : node->here)
                    if (visit(*extension, MatchKind::full)) return true;
    }
    return walk(*patterns_, number, mode, visit);
}

template <class Visit>
bool ExtensionIndex::walk(const Node& node, std::string_view number, MatchMode mode, Visit& visit) {
    for (std::size_t i = 0; i < node.symbols.size(); ++i) {
        const PatternSymbol symbol = node.symbols[i];
        if (number.empty()) return end_of_number(node, i, mode, visit);
        if (symbol.is_one_or_more()) return all_below(node, MatchKind::full, visit);
        if (symbol.is_zero_or_more()) return all_below(node, MatchKind::early, visit);
        if (!symbol.contains(static_cast<unsigned char>(number.front()))) return false;
        number.remove_prefix(1);
    }
    if (number.empty()) return end_of_number(node, node.symbols.size(), mode, visit);
    return walk_children(node, number, mode, visit);
}

template <class Visit>
bool ExtensionIndex::walk_children(const Node& node, std::string_view number, MatchMode mode, Visit& visit) {
    // Single characters come first and in order: one look-up instead of a comparison with each.
    const auto c = static_cast<unsigned char>(number.front());
    const PatternSymbol character = PatternSymbol::character(c);
    const std::size_t place = child_place(node, character);
    if (place < node.children.size() && node.children[place]->symbols.front() == character &&
        walk(*node.children[place], number, mode, visit))
        return true;
    for (std::size_t i = child_place(node, PatternSymbol::character(0xff)); i < node.children.size(); ++i)
        if (node.children[i]->symbols.front() != PatternSymbol::character(0xff) &&
            walk(*node.children[i], number, mode, visit))
            return true;
    return false;
}

template <class Visit>
bool ExtensionIndex::all_below(const Node& node, MatchKind kind, Visit& visit) {
    for (const Link& child : node.children)
        if (all_below(*child, kind, visit)) return true;
    for (const auto& extension : node.here)
        if (visit(*extension, kind)) return true;
    return false;
}

// The number ended after so many of the node's symbols; what follows decides.
template <class Visit>
bool ExtensionIndex::end_of_number(const Node& node, std::size_t symbols_done, MatchMode mode, Visit& visit) {
    if (symbols_done < node.symbols.size()) {
        if (node.symbols[symbols_done].is_zero_or_more()) return all_below(node, MatchKind::early, visit);
        return mode != MatchMode::match && all_below(node, MatchKind::full, visit);
    }
    for (const Link& child : node.children) {
        const bool early = child->symbols.front().is_zero_or_more();
        if ((early || mode != MatchMode::match) && all_below(*child, early ? MatchKind::early : MatchKind::full, visit))
            return true;
    }
    if (mode == MatchMode::match_more) return false;
    for (const auto& extension : node.here)
        if (visit(*extension, MatchKind::full)) return true;
    return false;
}

}  // namespace jackfield
