// SipHash-2-4-128 (Aumasson, Bernstein).
#include "channels/sip/stack/keyed_hash.hpp"

#include <bit>
#include <cstring>
#include <span>

#include "core/base/generation.hpp"

namespace jackfield::sip {

namespace {

struct State {
    std::uint64_t a, b, c, d;

    void rounds(int count) {
        for (; count > 0; --count) {
            a += b;
            b = std::rotl(b, 13) ^ a;
            a = std::rotl(a, 32);
            c += d;
            d = std::rotl(d, 16) ^ c;
            a += d;
            d = std::rotl(d, 21) ^ a;
            c += b;
            b = std::rotl(b, 17) ^ c;
            c = std::rotl(c, 32);
        }
    }
    void absorb(std::uint64_t word) {
        d ^= word;
        rounds(2);
        a ^= word;
    }
};

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

}  // namespace

KeyedHash::Key KeyedHash::random_key() {
    std::array<std::uint8_t, sizeof(Key)> bytes{};
    random_bytes(bytes);
    return std::bit_cast<Key>(bytes);
}

Identity KeyedHash::operator()(std::string_view bytes) const {
    State state{key_[0] ^ 0x736f6d6570736575u, key_[1] ^ 0x646f72616e646f6du ^ 0xee, key_[0] ^ 0x6c7967656e657261u,
                key_[1] ^ 0x7465646279746573u};
    std::uint64_t word = 0;
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::memcpy(&word, bytes.data() + at, 8);
        state.absorb(word);
    }
    word = 0;
    if (at < bytes.size()) std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    state.absorb(word | static_cast<std::uint64_t>(bytes.size()) << 56);
    state.c ^= 0xee;
    state.rounds(4);
    Identity identity;
    identity.low = state.a ^ state.b ^ state.c ^ state.d;
    state.b ^= 0xdd;
    state.rounds(4);
    identity.high = state.a ^ state.b ^ state.c ^ state.d;
    return identity;
}

}  // namespace jackfield::sip
