// Identifiers: the process generation, unique ids, random tokens.
#include "core/base/generation.hpp"

#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "core/base/clock.hpp"

namespace jackfield {
namespace {

constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::size_t generation_size = 8;

std::string& stored_system_name() {
    static std::string name;
    return name;
}

// Random characters come from a small per-thread store: one system call serves some eighty tokens.
struct RandomStore {
    std::array<std::uint8_t, 1024> bytes;
    std::size_t left = 0;
    std::uint8_t next() {
        if (left == 0) random_bytes(bytes), left = bytes.size();
        return std::exchange(bytes[--left], 0);
    }
};
constinit thread_local RandomStore random_store{};

void append_random(std::string& text, std::size_t characters, std::size_t alphabet) {
    // Bytes above the last multiple of the alphabet's size would favour its first letters.
    const unsigned fair = static_cast<unsigned>(256 - 256 % alphabet);
    while (characters > 0) {
        const unsigned byte = random_store.next();
        if (byte >= fair) continue;
        text += letters[byte % alphabet];
        --characters;
    }
}

}  // namespace

std::string_view process_generation() {
    static const std::string generation = [] {
        auto stamp = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch()).count();
        // Six base-36 digits of milliseconds repeat after 25 days; the two random ones cover that.
        std::string text(6, '0');
        for (auto digit = text.rbegin(); digit != text.rend(); ++digit, stamp /= 36)
            *digit = letters[static_cast<std::size_t>(stamp % 36)];
        append_random(text, generation_size - text.size(), 36);
        return text;
    }();
    return generation;
}

std::string_view generation_of(std::string_view token) {
    if (token.starts_with("z9hG4bK")) token.remove_prefix(7);
    if (token.size() <= generation_size) return {};
    token = token.substr(0, generation_size);
    const bool fits = std::ranges::all_of(token, [](char c) { return letters.substr(0, 36).find(c) != letters.npos; });
    return fits ? token : std::string_view{};
}

std::string new_unique_id() {
    static std::atomic<std::uint64_t> counter{0};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    const auto number = counter.fetch_add(1, std::memory_order_relaxed);
    const auto& name = system_name();
    std::string id;
    if (!name.empty()) id.append(name).append("-");
    return id.append(std::to_string(seconds)).append(".").append(std::to_string(number));
}

void set_system_name(std::string name) { stored_system_name() = std::move(name); }
const std::string& system_name() { return stored_system_name(); }

std::string new_channel_suffix() {
    static std::atomic<std::uint32_t> counter{0};
    return fmt::format("{:08x}", counter.fetch_add(1, std::memory_order_relaxed));
}

void random_bytes(std::span<std::uint8_t> buffer) {
    while (!buffer.empty()) {
        const auto got = ::getrandom(buffer.data(), buffer.size(), 0);
        if (got > 0) {
            buffer = buffer.subspan(static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            std::abort();  // a kernel without getrandom: predictable tags and nonces would be worse than no daemon
        }
    }
}

std::uint64_t random_number(std::uint64_t below) {
    if (below == 0) return 0;
    const std::uint64_t unfair = (0 - below) % below;  // 2^64 mod below
    for (;;) {
        std::uint64_t number = 0;
        for (int i = 0; i < 8; ++i) number = number << 8 | random_store.next();
        if (number >= unfair) return number % below;
    }
}

std::string random_hex(std::size_t digits) {
    std::string text;
    text.reserve(digits);
    append_random(text, digits, 16);
    return text;
}

std::string random_alnum(std::size_t characters) {
    std::string text;
    text.reserve(characters);
    append_random(text, characters, letters.size());
    return text;
}

std::string protocol_token(std::size_t random_characters) {
    std::string text(process_generation());
    text.reserve(text.size() + random_characters);
    append_random(text, random_characters, letters.size());
    return text;
}

}  // namespace jackfield
