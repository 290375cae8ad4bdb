// func_uri: percent encoding (RFC 3986 section 2.1).
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo encode_info{.name = "URIENCODE",
                                   .syntax = "URIENCODE(text)",
                                   .synopsis = "The text for use in a URI",
                                   .text = "All but letters, digits and -_.!~*'() is written as %XX."};
constexpr FunctionInfo decode_info{.name = "URIDECODE",
                                   .syntax = "URIDECODE(text)",
                                   .synopsis = "The text that was encoded for a URI",
                                   .text = "What is no valid %XX stays as it is."};

bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.!~*'()").contains(c);
}

Result<std::string> encode(Channel*, const Arguments& arguments) {
    std::string encoded;
    for (const char c : arguments.raw()) {
        if (unreserved(c))
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

Result<std::string> decode(Channel*, const Arguments& arguments) {
    const std::string_view text = arguments.raw();
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const char* digits = text.data() + i + 1;
            if (std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
                decoded += static_cast<char>(value);
                i += 2;
                continue;
            }
        }
        decoded += text[i];
    }
    return decoded;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(encode_info, FunctionBody{encode}));
    return module.add(decode_info, FunctionBody{decode});
}

}  // namespace

JACKFIELD_MODULE("func_uri", "URI encoding", load)
