// Reads the ABI tag of a module's file without running any code of it.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// The tag that this daemon was built with; a module must carry the same one.
std::string_view own_abi_tag();

// The text of section .jackfield_abi of an ELF file (64 bit, little endian). Every offset of the file is checked and
// every amount read is bounded, so a damaged file costs an error only. Blocks (reads a file); any thread.
// Errors: not_found (no such file), refused (not a module; says why).
Result<std::string> read_abi_tag(const std::string& path);

}  // namespace jackfield
