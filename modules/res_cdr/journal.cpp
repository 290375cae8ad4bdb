// The journal's files: appending, the limit, which files may go.
#include "modules/res_cdr/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "modules/res_cdr/journal_cursor.hpp"

namespace jackfield::cdr {
namespace {

constexpr std::string_view file_prefix = "journal-", file_suffix = ".spool", cursor_suffix = ".cursor";

// Records from that byte on.
std::uint64_t count_records(const std::string& path, std::uint64_t offset) {
    const SpoolFile file = open_spool_file(path, O_RDONLY);
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!file || error || size <= offset) return 0;
    std::string bytes(size - offset, '\0');
    const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    std::vector<Record> records;
    if (got > 0) (void)take_framed(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)), SIZE_MAX, records);
    return records.size();
}

}  // namespace

std::string Journal::path_of(std::uint32_t file) const { return fmt::format("{}/{}{:08}{}", folder_, file_prefix, file, file_suffix); }
std::string Journal::cursor_path(std::string_view name) const { return fmt::format("{}/{}{}", folder_, name, cursor_suffix); }

// Small enough that dropping one at the limit is no great loss.
std::uint32_t Journal::file_limit() const {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(most_of_file, limit_.load(std::memory_order_relaxed) / 8));
}

std::vector<std::shared_ptr<JournalCursor>> Journal::open_cursors() const {
    std::vector<std::shared_ptr<JournalCursor>> list;
    for (const auto& each : cursors_)
        if (auto cursor = each.lock()) list.push_back(std::move(cursor));
    return list;
}

// What an earlier run left. A torn end belongs to it, so what this one writes begins with a file of its own.
Result<void> Journal::find_files() {
    if (found_) return {};
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    std::uint64_t bytes = 0;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
        const std::string file = entry.path().filename().string();
        if (file.ends_with(cursor_suffix)) names.push_back(file.substr(0, file.size() - cursor_suffix.size()));
        if (!file.starts_with(file_prefix) || !file.ends_with(file_suffix)) continue;
        const auto digits = std::string_view(file).substr(file_prefix.size(), file.size() - file_prefix.size() - file_suffix.size());
        const auto number = parse_number<std::uint32_t>(digits);
        if (!number || *number == 0) continue;
        bytes += files_[*number] = entry.file_size(error);
    }
    if (error) return fail(ErrorCode::failed, "can't read the spool folder {}: {}", folder_, error.message());
    std::uint32_t last = files_.empty() ? 0 : files_.rbegin()->first;
    for (const std::string& name : names) {
        const SpoolFile file = open_spool_file(cursor_path(name), O_RDWR);
        auto state = read_cursor(file.get());
        if (!state) {
            log_error("{}: {}; the backend gets all records of the journal, some perhaps twice", cursor_path(name), state.error().text);
            state = CursorState{.place = {files_.empty() ? 1 : files_.begin()->first, 0}};
        }
        if (!*state) continue;
        closed_[name] = **state;
        last = std::max({last, (*state)->place.file, (*state)->until.file, (*state)->resume.file});
    }
    const JournalPlace here{last + 1, 0};
    for (auto& [name, state] : closed_) {
        if (state.until && !state.resume) continue;
        state.until = here;  // the process died with that cursor open
        state.resume = {};
        const SpoolFile file = open_spool_file(cursor_path(name), O_RDWR);
        if (!file || !write_cursor(file.get(), state)) return disk_error("can't write the spool file", cursor_path(name));
    }
    bytes_ = bytes;
    appended_ = here;
    found_ = true;
    return {};
}

Result<void> Journal::begin_file() {
    JournalPlace place = appended_;
    if (out_) place = {place.file + 1, 0};
    SpoolFile file = open_spool_file(path_of(place.file), O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return disk_error("can't make the spool file", path_of(place.file));
    out_ = std::move(file);
    files_[place.file] = 0;
    appended_.store(place, std::memory_order_release);
    return {};
}

Result<void> Journal::append(std::span<const Record> records) {
    JF_TRY(find_files());
    buffer_.clear();
    for (const Record& record : records) append_framed(buffer_, record);
    if (!out_ || appended_.load().offset >= file_limit()) JF_TRY(begin_file());
    remove_read();
    JF_TRY(make_room(buffer_.size()));
    JournalPlace place = appended_;
    if (!write_all(out_.get(), buffer_)) {
        auto failed = disk_error("can't write the spool file", path_of(place.file));
        if (::ftruncate(out_.get(), static_cast<off_t>(place.offset)) == 0) (void)::lseek(out_.get(), static_cast<off_t>(place.offset), SEEK_SET);
        return failed;
    }
    place.offset += static_cast<std::uint32_t>(buffer_.size());
    files_[place.file] = place.offset;
    bytes_ += buffer_.size();
    for (const auto& cursor : open_cursors()) cursor->waiting_ += buffer_.size();
    appended_.store(place, std::memory_order_release);
    return {};
}

void Journal::remove(std::uint32_t file) {
    (void)::unlink(path_of(file).c_str());
    bytes_ -= files_[file];
    files_.erase(file);
}

// Files that all have read.
void Journal::remove_read() {
    const auto needed = [this, cursors = open_cursors()](std::uint32_t file) {
        return std::ranges::any_of(cursors, [&](const auto& each) { return each->read_.load().file <= file; }) ||
               std::ranges::any_of(closed_, [&](const auto& each) { return each.second.place.file <= file && file <= each.second.until.file; });
    };
    std::vector<std::uint32_t> gone;
    for (const auto& [file, size] : files_)
        if (!(out_ && file == appended_.load().file) && !needed(file)) gone.push_back(file);
    for (const auto file : gone) remove(file);
}

Result<void> Journal::make_room(std::size_t bytes) {
    while (bytes_ + bytes > limit_.load(std::memory_order_relaxed)) {
        if (files_.size() == 1) {
            if (appended_.load().offset == 0) return {};
            JF_TRY(begin_file());
        }
        drop_oldest();
    }
    return {};
}

void Journal::drop_oldest() {
    const auto [file, size] = *files_.begin();
    for (const auto& cursor : open_cursors()) {
        const JournalPlace read = cursor->read_;
        if (read.file > file) continue;
        const std::uint64_t from = read.file == file ? read.offset : 0;
        const std::uint64_t lost = count_records(path_of(file), from);
        cursor->lost_ += lost;
        cursor->took(size - std::min(from, size));
        if (lost > 0)
            log_error("Records: {} has lost {} records that it had not written: {} may have no more than {} bytes (option spoolsize)",
                      cursor->name(), lost, folder_, limit_.load());
    }
    remove(file);
    oldest_.store(file + 1, std::memory_order_release);
}

Result<void> Journal::open(const std::shared_ptr<JournalCursor>& cursor) {
    JF_TRY(find_files());
    SpoolFile file = open_spool_file(cursor_path(cursor->name()), O_RDWR | O_CREAT);
    if (!file) return disk_error("can't make the spool file", cursor_path(cursor->name()));
    const JournalPlace here = appended_;
    CursorState state{.place = here};
    if (const auto found = closed_.find(cursor->name()); found != closed_.end() && found->second.place < found->second.until) {
        state = found->second;
        state.resume = here;
    }
    if (!write_cursor(file.get(), state)) return disk_error("can't write the spool file", cursor_path(cursor->name()));
    closed_.erase(cursor->name());
    std::uint64_t waiting = 0;
    for (const auto& [number, size] : files_)
        if (number >= state.place.file && number <= state.until.file) waiting += number == state.place.file ? size - std::min<std::uint64_t>(size, state.place.offset) : size;
    cursor->open(shared_from_this(), std::move(file), state, waiting);
    cursors_.push_back(cursor);
    return {};
}

void Journal::close(const std::shared_ptr<JournalCursor>& cursor) {
    std::erase_if(cursors_, [&](const auto& each) { return each.lock() == cursor || each.expired(); });
    const CursorState state = cursor->close(appended_);
    if (state.place < state.until)
        closed_[cursor->name()] = state;
    else
        (void)::unlink(cursor_path(cursor->name()).c_str());
    if (cursors_.empty() && std::exchange(out_, SpoolFile())) appended_.store({appended_.load().file + 1, 0}, std::memory_order_release);
    remove_read();
}

}  // namespace jackfield::cdr
