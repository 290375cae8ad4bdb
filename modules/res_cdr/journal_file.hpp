// The form of the journal's files: records with their length and checksum, places, cursor files.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield::cdr {

// A file descriptor that closes itself.
class SpoolFile {
  public:
    SpoolFile() = default;
    explicit SpoolFile(int descriptor) : descriptor_(descriptor) {}
    SpoolFile(SpoolFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    SpoolFile& operator=(SpoolFile&& other) noexcept;
    ~SpoolFile();
    int get() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

// The number of a file, from 1, and a byte in it. All 0: none.
struct JournalPlace {
    std::uint32_t file = 0, offset = 0;
    auto operator<=>(const JournalPlace&) const = default;
    explicit operator bool() const { return file != 0; }
};

// What a cursor file holds. Written by one write, which the death of the process does not tear.
// `end`: of the batch that is being written, in the file of `place`; 0: none. What lies between `until` and `resume` is not for
// that backend, since it was closed meanwhile; `until` without `resume`: it is closed.
struct CursorState {
    JournalPlace place, until, resume;
    std::uint32_t end = 0, checksum = 0;
};

// Errno tells why it failed. Folders and modes are the journal's: 0640.
SpoolFile open_spool_file(const std::string& path, int flags);
bool write_all(int descriptor, std::string_view text);
std::unexpected<Error> disk_error(std::string_view what, const std::string& path);

void append_framed(std::string& bytes, const Record& record);
// The whole records at the beginning of `bytes`, and how many bytes they take.
std::uint64_t take_framed(std::string_view bytes, std::size_t most, std::vector<Record>& records);

// Nothing: there is no such file. Errors: failed (it is damaged).
Result<std::optional<CursorState>> read_cursor(int descriptor);
bool write_cursor(int descriptor, CursorState state);

}  // namespace jackfield::cdr
