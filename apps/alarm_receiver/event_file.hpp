// Files of alarm reports: safe on the disk before a panel is told that they are, and named only when they are whole.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield::alarm {

// ".event-XXXXXX" while it is written, "event-XXXXXX" after publish(). What a crash leaves behind keeps the dot and its
// contents. All functions block: in the pool only.
class EventFile {
  public:
    // Errors: failed, naming the folder.
    static Result<EventFile> create(std::string_view folder);
    EventFile(EventFile&& other) noexcept;
    EventFile& operator=(EventFile&&) = delete;
    ~EventFile();

    Result<void> append(std::string_view text);  // on the disk when it returns; errors: failed
    Result<std::string> publish();               // the file's path from now on; errors: failed

  private:
    EventFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    int descriptor_;
    std::string path_;
};

}  // namespace jackfield::alarm
