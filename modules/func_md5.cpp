// func_md5: MD5 digests.
#include <openssl/evp.h>

#include <array>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "MD5",
                            .syntax = "MD5(text)",
                            .synopsis = "The MD5 digest of a text",
                            .text = "32 hexadecimal digits in lower case."};

Result<std::string> digest(Channel*, const Arguments& arguments) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes;
    unsigned length = 0;
    const std::string_view text = arguments.raw();
    if (!EVP_Digest(text.data(), text.size(), bytes.data(), &length, EVP_md5(), nullptr))
        return fail(ErrorCode::unsupported, "this system's OpenSSL does not allow MD5");
    return to_hex({bytes.data(), length});
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{digest}); }

}  // namespace

JACKFIELD_MODULE("func_md5", "MD5 digest", load)
