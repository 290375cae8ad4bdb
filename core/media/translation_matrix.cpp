// Search for the cheapest chain of translators (Dijkstra from each codec, once per bandwidth that must be kept).
#include "core/media/translation_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <set>
#include <utility>

namespace jackfield {
namespace {

// Quality, cost and number of steps in one number, so that sums compare in that order. A chain has far fewer than 64
// steps, and a step that costs a second or more for a second of audio is of no use.
constexpr unsigned steps_bits = 6, cost_bits = 26;

std::uint64_t weight_of(const TranslationStep& step) {
    const double kept = std::clamp(step.to->quality, 1, 100) / 100.0;
    const auto loss = static_cast<std::uint64_t>(std::lround(-std::log(kept) * 10000));
    const std::uint64_t cost = std::clamp(step.cost_us, 1u, 1'000'000u);
    return loss << (cost_bits + steps_bits) | cost << steps_bits | 1;
}

}  // namespace

TranslationMatrix::TranslationMatrix(const std::vector<TranslationStep>& steps) {
    for (const TranslationStep& step : steps) {
        const Node from = node_of(step.from), to = node_of(step.to);
        leaving_[from].push_back(static_cast<std::uint32_t>(edges_.size()));
        edges_.push_back({from, to, weight_of(step), step.cost_us, step.id});
    }
    best_.resize(nodes_.size());
    for (Node from = 0; from < nodes_.size(); ++from) search_all(from);
}

TranslationMatrix::Node TranslationMatrix::node_of(const Codec* codec) {
    const auto [found, added] = numbers_.emplace(codec, static_cast<Node>(nodes_.size()));
    if (added) {
        nodes_.push_back(codec);
        leaving_.emplace_back();
    }
    return found->second;
}

// Shortest ways from `from` over nodes of at least that sample rate.
void TranslationMatrix::search(Node from, std::uint32_t least_rate, std::vector<Reached>& reached) const {
    reached.assign(nodes_.size(), {});
    using Entry = std::pair<std::uint64_t, Node>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    reached[from].weight = 0;
    open.emplace(0, from);
    while (!open.empty()) {
        const auto [weight, node] = open.top();
        open.pop();
        if (weight > reached[node].weight) continue;
        for (const std::uint32_t number : leaving_[node]) {
            const Edge& edge = edges_[number];
            if (nodes_[edge.to]->rate.hz < least_rate || weight + edge.weight >= reached[edge.to].weight) continue;
            reached[edge.to] = {weight + edge.weight, number, true};
            open.emplace(weight + edge.weight, edge.to);
        }
    }
}

void TranslationMatrix::search_all(Node from) {
    std::vector<Best>& best = best_[from];
    best.resize(nodes_.size());
    const std::uint32_t own_rate = nodes_[from]->rate.hz;
    std::set<std::uint32_t> rates{own_rate};  // the bandwidths that some target can keep
    for (const Codec* codec : nodes_) rates.insert(std::min(own_rate, codec->rate.hz));

    std::vector<Reached> reached;
    const auto take = [&](Node to, bool rate_kept) {
        best[to].rate_kept = rate_kept;
        for (Node at = to; at != from; at = edges_[reached[at].edge].from) best[to].edges.push_back(reached[at].edge);
        std::reverse(best[to].edges.begin(), best[to].edges.end());
    };
    constexpr auto unreached = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint32_t rate : rates) {
        search(from, rate, reached);
        for (Node to = 0; to < nodes_.size(); ++to)
            if (to != from && std::min(own_rate, nodes_[to]->rate.hz) == rate && reached[to].weight != unreached)
                take(to, true);
    }
    search(from, 0, reached);  // what can't be had at full bandwidth
    for (Node to = 0; to < nodes_.size(); ++to)
        if (to != from && best[to].edges.empty() && reached[to].weight != unreached) take(to, false);
}

TranslationMatrix::Way TranslationMatrix::find(const Codec* from, const Codec* to) const {
    Way way;
    if (from == to) {
        way.exists = from != nullptr;
        return way;
    }
    const auto start = numbers_.find(from), end = numbers_.find(to);
    if (start == numbers_.end() || end == numbers_.end()) return way;
    const Best& best = best_[start->second][end->second];
    way.exists = !best.edges.empty();
    way.rate_kept = best.rate_kept;
    for (const std::uint32_t number : best.edges) {
        way.cost_us += edges_[number].cost_us;
        way.ids.push_back(edges_[number].id);
    }
    return way;
}

}  // namespace jackfield
