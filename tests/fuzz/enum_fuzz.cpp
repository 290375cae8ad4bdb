// A NAPTR record of a number as DNS answers it: its substitution is carried out.
#include <cstdint>
#include <cstdlib>

#include "modules/func_enum/enum_record.hpp"

using namespace jackfield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto line = text.find('\n');
    const std::string number(text.substr(0, line));
    NaptrRecord record{10, 10, "u", number, std::string(line == std::string_view::npos ? text : text.substr(line + 1)), ""};
    (void)enumeration::serves(record, "sip");
    if (const auto uri = enumeration::uri_of(record, number); uri && *uri && (*uri)->size() > 2048) std::abort();
    for (const auto tree : {enumeration::Tree::user, enumeration::Tree::infrastructure, enumeration::Tree::isn, enumeration::Tree::direct})
        if (const auto domain = enumeration::domain_of(number, "e164.arpa", tree); domain && domain->size() > 253) std::abort();
    return 0;
}
