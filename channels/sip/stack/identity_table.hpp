// A hash table of intrusive nodes that grows by one bucket per insertion (linear hashing), so that no insertion ever
// pays for moving all the others. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "channels/sip/stack/keyed_hash.hpp"

namespace jackfield::sip {

// Base of what is kept in an IdentityTable; in one table at a time.
struct IdentityNode {
    Identity identity;
    IdentityNode* chain = nullptr;
};

// Owns nothing but its buckets. Several nodes may have the same identity; find() gives the youngest.
template <class Node>
class IdentityTable {
  public:
    std::size_t size() const { return size_; }

    Node* find(const Identity& identity) const {
        if (size_ == 0) return nullptr;
        for (IdentityNode* node = bucket(index_of(identity)); node != nullptr; node = node->chain)
            if (node->identity == identity) return static_cast<Node*>(node);
        return nullptr;
    }

    void insert(Node& node) {
        if (size_ >= buckets_) grow();
        IdentityNode*& head = bucket(index_of(node.identity));
        node.chain = head;
        head = &node;
        ++size_;
    }

    // The node must be in the table.
    void remove(Node& node) {
        IdentityNode** place = &bucket(index_of(node.identity));
        while (*place != &node) place = &(*place)->chain;
        *place = node.chain;
        node.chain = nullptr;
        --size_;
    }

    // Calls `use(Node&)` for each; it may remove and destroy that node but no other.
    template <class Use>
    void for_each(Use&& use) {
        for (std::size_t i = 0; i < buckets_; ++i)
            for (IdentityNode *node = bucket(i), *next = nullptr; node != nullptr; node = next) {
                next = node->chain;
                use(static_cast<Node&>(*node));
            }
    }

  private:
    static constexpr std::size_t segment_size = 256;

    IdentityNode*& bucket(std::size_t index) const { return segments_[index / segment_size][index % segment_size]; }

    // Buckets below `split_` have been split in this round and use one bit more.
    std::size_t index_of(const Identity& identity) const {
        const std::size_t index = identity.low & (round_ - 1);
        return index < split_ ? identity.low & (2 * round_ - 1) : index;
    }

    void grow() {
        if (buckets_ % segment_size == 0) segments_.push_back(std::make_unique<IdentityNode*[]>(segment_size));
        if (buckets_ == 0) {
            buckets_ = round_ = segment_size;
            return;
        }
        const std::size_t from = split_, to = buckets_++;
        if (++split_ == round_) {
            round_ *= 2;
            split_ = 0;
        }
        IdentityNode* node = std::exchange(bucket(from), nullptr);
        bucket(to) = nullptr;
        while (node != nullptr) {
            IdentityNode* const next = node->chain;
            IdentityNode*& head = bucket(index_of(node->identity));
            node->chain = head;
            head = node;
            node = next;
        }
    }

    std::vector<std::unique_ptr<IdentityNode*[]>> segments_;
    std::size_t buckets_ = 0;
    std::size_t round_ = segment_size;  // a power of two; buckets_ == round_ + split_
    std::size_t split_ = 0;
    std::size_t size_ = 0;
};

}  // namespace jackfield::sip
