// The cheapest chain of translators between any two codecs, computed once after each change of what is registered.
#pragma once

#include <cstdint>
#include <limits>
#include <unordered_map>
#include <vector>

#include "core/media/format.hpp"

namespace jackfield {

// One translator as the search sees it.
struct TranslationStep {
    const Codec* from = nullptr;
    const Codec* to = nullptr;
    unsigned cost_us = 1;
    std::size_t id = 0;  // the caller's
};

// Pure value; built on the control thread.
class TranslationMatrix {
  public:
    TranslationMatrix() = default;
    explicit TranslationMatrix(const std::vector<TranslationStep>& steps);

    struct Way {
        bool exists = false;
        bool rate_kept = true;  // no codec on the way has less bandwidth than both of its ends
        unsigned cost_us = 0;
        std::vector<std::size_t> ids;  // of the steps, in order
    };
    // By rate kept, then quality kept, then cost, then number of steps.
    Way find(const Codec* from, const Codec* to) const;

  private:
    using Node = std::uint16_t;
    static constexpr Node none = std::numeric_limits<Node>::max();
    struct Edge {
        Node from, to;
        std::uint64_t weight;
        unsigned cost_us;
        std::size_t id;
    };
    // How the search reached one node from one source.
    struct Reached {
        std::uint64_t weight = std::numeric_limits<std::uint64_t>::max();
        std::uint32_t edge = std::numeric_limits<std::uint32_t>::max();
        bool rate_kept = true;
    };
    Node node_of(const Codec* codec);
    void search(Node from, std::uint32_t least_rate, std::vector<Reached>& reached) const;
    void search_all(Node from);

    std::unordered_map<const Codec*, Node> numbers_;
    std::vector<const Codec*> nodes_;
    std::vector<Edge> edges_;
    std::vector<std::vector<std::uint32_t>> leaving_;  // edges by their start
    // Steps of the best way for [from][to], as edges; empty: none.
    struct Best {
        std::vector<std::uint32_t> edges;
        bool rate_kept = true;
    };
    std::vector<std::vector<Best>> best_;
};

}  // namespace jackfield
