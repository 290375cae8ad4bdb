// func_uuid: random identifiers (RFC 4122 section 4.4).
#include <sys/random.h>

#include <array>
#include <cstdint>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "UUID",
                            .syntax = "UUID()",
                            .synopsis = "A new identifier that nobody else has",
                            .text = "A random UUID (RFC 4122, version 4), as 6ba7b810-9dad-41d1-80b4-00c04fd430c8."};

Result<std::string> uuid(Channel*, const Arguments&) {
    std::array<std::uint8_t, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return fail(ErrorCode::failed, "UUID: the system gives no random numbers");
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string text = to_hex(bytes);
    for (const std::size_t place : {20u, 16u, 12u, 8u}) text.insert(place, 1, '-');
    return text;
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{uuid}); }

}  // namespace

JACKFIELD_MODULE("func_uuid", "Random identifiers", load)
