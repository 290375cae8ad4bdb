// The service interface of res_cdr: files of text to which records are appended.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "modules/res_cdr/cdr.hpp"

namespace jackfield {

// Appends all of the batch's `text` or nothing, and makes the folder. When an earlier try may have left all or a part of exactly
// this text at the file's end, only the rest is written. The file's attribute user.jackfield.batch says which batch was begun at
// which size, so that equal lines of earlier batches are told from this one's; where the file system has no attributes, the
// file's end is all there is to go by. Blocks on the disk. Errors: failed.
Result<void> append_records(const std::string& path, std::string_view text, const RecordBatch& batch);

// The text in double quotes, its own ones doubled, as CSV has it (RFC 4180).
std::string csv_quoted(std::string_view text);

}  // namespace jackfield
