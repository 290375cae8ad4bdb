// The extensions of one context, found by number in a time that depends on the number's length only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/dialplan/extension.hpp"
#include "core/dialplan/pattern.hpp"
#include "core/dialplan/symbol_string.hpp"

namespace jackfield {

// How an extension matched.
enum class IndexMatch : std::uint8_t {
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

    // Every extension: names sorted, then patterns in the order in which they are tried.
    void for_each(const std::function<void(const Extension&)>& visit) const;
    std::size_t size() const { return size_; }

  private:
    struct Node;
    using Link = std::shared_ptr<Node>;
    // The symbol that leads to a node stands beside the link, so that choosing a way touches one array and no child.
    struct Edge {
        PatternSymbol first;
        Link node;
    };
    // A node stands for all symbols on its way: the edges to it, and its own `rest`.
    struct Node {
        std::shared_ptr<Extension> everyone;              // the extension that ends here, for every caller
        SymbolString rest;                                // between its edge's symbol and its children; mostly empty
        std::vector<Edge> children;                       // sorted
        std::vector<std::shared_ptr<Extension>> limited;  // those for some callers only, which are tried first
        std::uint64_t owner = 0;
        bool is_empty() const { return !everyone && limited.empty(); }
    };

    // Where the edge with that symbol is, or would stand.
    static std::size_t child_place(const Node& node, PatternSymbol symbol) {
        const auto found = std::ranges::lower_bound(node.children, symbol, {}, &Edge::first);
        return static_cast<std::size_t>(found - node.children.begin());
    }
    // Where the symbols that are no single characters begin; `from` is a place not behind it.
    static std::size_t first_set_place(const Node& node, std::size_t from) {
        if (node.children.empty() || node.children.back().first.is_character()) return node.children.size();
        while (node.children[from].first.is_character()) ++from;
        return from;
    }
    static const Node* find_node(const Node* node, const std::vector<PatternSymbol>& symbols);
    static Node& edit_node(Link& link, const std::vector<PatternSymbol>& symbols, std::uint64_t owner);
    static bool remove_at(Link& link, std::size_t depth, const Pattern& pattern,
                          const std::optional<Pattern>& caller_id, std::uint64_t owner);
    static void make_own(Link& link, std::uint64_t owner);
    static void each_below(const Node& node, bool shorter_first, const std::function<void(const Extension&)>& visit);

    // Recursion is as deep as the number is long; max_number_length bounds both.
    template <class Visit>
    static bool walk(const Node& node, std::string_view number, MatchMode mode, Visit& visit);
    template <class Visit>
    static bool walk_children(const Node& node, std::string_view number, MatchMode mode, Visit& visit);
    template <class Visit>
    static bool all_below(const Node& node, IndexMatch kind, Visit& visit);
    template <class Visit>
    static bool visit_here(const Node& node, IndexMatch kind, Visit& visit) {
        for (const auto& extension : node.limited)
            if (visit(*extension, kind)) return true;
        return node.everyone && visit(*node.everyone, kind);
    }
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
                if (visit_here(*node, IndexMatch::full, visit)) return true;
    }
    return walk(*patterns_, number, mode, visit);
}

template <class Visit>
bool ExtensionIndex::walk(const Node& node, std::string_view number, MatchMode mode, Visit& visit) {
    for (std::size_t i = 0; i < node.rest.size(); ++i) {
        const PatternSymbol symbol = node.rest[i];
        if (number.empty()) return end_of_number(node, i, mode, visit);
        if (symbol.is_one_or_more()) return all_below(node, IndexMatch::full, visit);
        if (symbol.is_zero_or_more()) return all_below(node, IndexMatch::early, visit);
        if (!symbol.contains(static_cast<unsigned char>(number.front()))) return false;
        number.remove_prefix(1);
    }
    if (number.empty()) return end_of_number(node, node.rest.size(), mode, visit);
    return walk_children(node, number, mode, visit);
}

template <class Visit>
bool ExtensionIndex::walk_children(const Node& node, std::string_view number, MatchMode mode, Visit& visit) {
    // Single characters stand before everything else: at most one of them fits, and it is found by halving.
    const auto c = static_cast<unsigned char>(number.front());
    const PatternSymbol character = PatternSymbol::character(c);
    number.remove_prefix(1);
    std::size_t i = child_place(node, character);
    if (i < node.children.size() && node.children[i].first == character &&
        walk(*node.children[i].node, number, mode, visit))
        return true;
    for (i = first_set_place(node, i); i < node.children.size(); ++i) {
        const auto& [symbol, child] = node.children[i];
        bool done = false;
        if (symbol.is_one_or_more() || symbol.is_zero_or_more())
            done = all_below(*child, symbol.is_one_or_more() ? IndexMatch::full : IndexMatch::early, visit);
        else if (symbol.contains(c))
            done = walk(*child, number, mode, visit);
        if (done) return true;
    }
    return false;
}

template <class Visit>
bool ExtensionIndex::all_below(const Node& node, IndexMatch kind, Visit& visit) {
    for (const Edge& edge : node.children)
        if (all_below(*edge.node, kind, visit)) return true;
    return visit_here(node, kind, visit);
}

// The number ended after so many of the node's own symbols; what follows decides.
template <class Visit>
bool ExtensionIndex::end_of_number(const Node& node, std::size_t symbols_done, MatchMode mode, Visit& visit) {
    if (symbols_done < node.rest.size()) {
        if (node.rest[symbols_done].is_zero_or_more()) return all_below(node, IndexMatch::early, visit);
        return mode != MatchMode::match && all_below(node, IndexMatch::full, visit);
    }
    for (std::size_t i = mode == MatchMode::match ? first_set_place(node, 0) : 0; i < node.children.size(); ++i) {
        const bool early = node.children[i].first.is_zero_or_more();
        if (!early && mode == MatchMode::match) continue;
        if (all_below(*node.children[i].node, early ? IndexMatch::early : IndexMatch::full, visit)) return true;
    }
    return mode != MatchMode::match_more && visit_here(node, IndexMatch::full, visit);
}

}  // namespace jackfield
