// func_base64: base64 (RFC 4648).
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo encode_info{.name = "BASE64_ENCODE",
                                   .syntax = "BASE64_ENCODE(text)",
                                   .synopsis = "The text in base64",
                                   .text = "With padding, without line ends."};
constexpr FunctionInfo decode_info{.name = "BASE64_DECODE",
                                   .syntax = "BASE64_DECODE(text)",
                                   .synopsis = "The text that was encoded in base64",
                                   .text = "What follows a zero byte in it is cut off."};

Result<std::string> encode(Channel*, const Arguments& arguments) { return base64_encode(arguments.raw()); }

Result<std::string> decode(Channel*, const Arguments& arguments) {
    auto decoded = base64_decode(arguments.raw());
    if (!decoded) return fail(ErrorCode::invalid, "BASE64_DECODE: '{}' is not base64", arguments.raw());
    decoded->resize(std::min(decoded->size(), decoded->find('\0')));
    return std::move(*decoded);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(encode_info, FunctionBody{encode}));
    return module.add(decode_info, FunctionBody{decode});
}

}  // namespace

JACKFIELD_MODULE("func_base64", "Base64", load)
