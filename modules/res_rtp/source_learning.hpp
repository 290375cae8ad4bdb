// Where media comes from ("strict RTP"): some packets in sequence from one address decide, not the first one that
// somebody sends. Pure.
#pragma once

#include <cstdint>

#include "core/base/address.hpp"

namespace jackfield::rtp {

class SourceLearning {
  public:
    enum class Verdict : std::uint8_t { drop, pass, learnt };  // learnt: pass, and this is the source from now on

    // Starts anew. `expected`: what signalling said, may be invalid.
    void start(const SocketAddress& expected, bool strict, unsigned probation) {
        expected_ = {expected, 0, 0, 0};
        other_ = {};
        strict_ = strict;
        probation_ = probation ? probation : 1;
    }
    Verdict hear(const SocketAddress& from, std::uint16_t sequence, std::uint64_t now_ns) {
        if (expected_.address.valid() && from == expected_.address) return count(expected_, sequence, now_ns, true);
        // Others are not even considered while media comes from where it should.
        if (expected_.run && now_ns - expected_.heard_at < quiet) return strict_ ? Verdict::drop : Verdict::pass;
        if (from != other_.address) {
            // A stranger does not push another one aside who is about to be learnt.
            if (other_.run && now_ns - other_.heard_at < quiet / 10) return strict_ ? Verdict::drop : Verdict::pass;
            other_ = {from, 0, 0, 0};
        }
        return count(other_, sequence, now_ns, !strict_);
    }

  private:
    struct Candidate {
        SocketAddress address;
        std::uint16_t next = 0;
        unsigned run = 0;
        std::uint64_t heard_at = 0;
    };
    static constexpr std::uint64_t quiet = 1'000'000'000;

    Verdict count(Candidate& candidate, std::uint16_t sequence, std::uint64_t now_ns, bool pass) {
        candidate.run = candidate.run && sequence == candidate.next ? candidate.run + 1 : 1;
        candidate.next = static_cast<std::uint16_t>(sequence + 1);
        candidate.heard_at = now_ns;
        if (candidate.run >= probation_) return Verdict::learnt;
        return pass ? Verdict::pass : Verdict::drop;
    }

    Candidate expected_, other_;
    bool strict_ = true;
    unsigned probation_ = 4;
};

}  // namespace jackfield::rtp
