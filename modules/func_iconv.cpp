// func_iconv: ICONV, texts from one character set to another.
#include <iconv.h>

#include <cerrno>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "ICONV",
                            .syntax = "ICONV(in-charset,out-charset,text)",
                            .synopsis = "A text in another character set",
                            .text = "Names of character sets are those of `iconv -l`: UTF-8, ISO-8859-1, ASCII//TRANSLIT."};

struct Converter {
    iconv_t handle;
    ~Converter() {
        if (handle != reinterpret_cast<iconv_t>(-1)) ::iconv_close(handle);
    }
};

Result<std::string> convert(Channel*, const Arguments& arguments) {
    const auto parts = split_raw_arguments(arguments.raw(), ',', 3);
    if (parts.size() < 3) return fail(ErrorCode::invalid, "ICONV needs two character sets and a text");
    const Converter converter{::iconv_open(std::string(trim(parts[1])).c_str(), std::string(trim(parts[0])).c_str())};
    if (converter.handle == reinterpret_cast<iconv_t>(-1))
        return fail(ErrorCode::not_found, "ICONV: the system can't convert {} to {}", parts[0], parts[1]);
    std::string text = parts[2], result(text.size() * 4 + 16, '\0');
    char* in = text.data();
    char* out = result.data();
    std::size_t left = text.size(), room = result.size();
    if (::iconv(converter.handle, &in, &left, &out, &room) == static_cast<std::size_t>(-1))
        return fail(ErrorCode::invalid, "ICONV: byte {} of the text can't be converted from {} to {}", text.size() - left, parts[0],
                    parts[1]);
    (void)::iconv(converter.handle, nullptr, nullptr, &out, &room);  // back to the initial state, for sets that have one
    result.resize(result.size() - room);
    return result;
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{convert}); }

}  // namespace

JACKFIELD_MODULE("func_iconv", "Character sets", load)
