// The service interface of res_cdr: files of text to which records are appended.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// Appends all of `text` or nothing, and makes the folder. `perhaps_written`: an earlier try may have left all or a part of
// exactly this text at the file's end, of which only the rest is written then. Blocks on the disk. Errors: failed.
Result<void> append_records(const std::string& path, std::string_view text, bool perhaps_written);

// The text in double quotes, its own ones doubled, as CSV has it (RFC 4180).
std::string csv_quoted(std::string_view text);

}  // namespace jackfield
