// func_sha1: SHA1 digests.
#include <openssl/evp.h>

#include <array>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "SHA1",
                            .syntax = "SHA1(text)",
                            .synopsis = "The SHA1 digest of a text",
                            .text = "40 hexadecimal digits in lower case."};

Result<std::string> digest(Channel*, const Arguments& arguments) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes;
    unsigned length = 0;
    const std::string_view text = arguments.raw();
    if (!EVP_Digest(text.data(), text.size(), bytes.data(), &length, EVP_sha1(), nullptr))
        return fail(ErrorCode::unsupported, "this system's OpenSSL does not allow SHA1");
    return to_hex({bytes.data(), length});
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{digest}); }

}  // namespace

JACKFIELD_MODULE("func_sha1", "SHA1 digest", load)
