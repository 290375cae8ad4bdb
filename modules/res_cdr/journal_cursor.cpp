// A backend's reading of the journal.
#include "modules/res_cdr/journal_cursor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/log.hpp"
#include "modules/res_cdr/journal.hpp"

namespace jackfield::cdr {
namespace {

constexpr std::uint32_t most_of_batch_bytes = 1024 * 1024;

}  // namespace

void JournalCursor::open(std::shared_ptr<Journal> journal, SpoolFile file, const CursorState& state, std::uint64_t waiting) {
    journal_ = std::move(journal);
    file_ = std::move(file);
    state_ = state;
    interrupted_ = state.end > state.place.offset;
    waiting_ = waiting;
    read_.store(state.place, std::memory_order_release);
}

CursorState JournalCursor::close(JournalPlace end) {
    in_ = SpoolFile();
    if (empty()) return {.place = end, .until = end};
    state_.until = end;
    state_.resume = {};
    if (auto saved = save(); !saved) log_error("Records: {}", saved.error().text);
    return state_;
}

bool JournalCursor::empty() const {
    return !journal_ || read_.load(std::memory_order_acquire) >= journal_->appended_.load(std::memory_order_acquire);
}

void JournalCursor::took(std::uint64_t bytes) {  // both threads do this, and never by more than there was
    std::uint64_t before = waiting_;
    while (!waiting_.compare_exchange_weak(before, before - std::min(before, bytes))) {}
}

Result<void> JournalCursor::save() {
    if (!write_cursor(file_.get(), state_)) return disk_error("can't write the spool file", journal_->cursor_path(name_));
    return {};
}

Result<void> JournalCursor::go_to(JournalPlace place) {
    if (place.file != state_.place.file) in_ = SpoolFile();
    state_.place = place;
    state_.end = 0;
    interrupted_ = false;
    read_.store(place, std::memory_order_release);
    return save();
}

// The byte up to which there is something for us in the file where we are, which is open then; 0: there is nothing at all.
Result<std::uint32_t> JournalCursor::find_end() {
    for (;;) {
        JournalPlace& place = state_.place;
        const std::uint32_t oldest = journal_->oldest_.load(std::memory_order_acquire);
        if (place.file < oldest) JF_TRY(go_to({oldest, 0}));
        if (state_.until && place >= state_.until) {
            const JournalPlace next = std::max(place, std::exchange(state_.resume, {}));
            state_.until = {};
            JF_TRY(go_to(next));
        }
        const JournalPlace appended = journal_->appended_.load(std::memory_order_acquire);
        if (place >= appended) return 0;
        const bool last = place.file == appended.file;
        if (!in_) in_ = open_spool_file(journal_->path_of(place.file), O_RDONLY);
        if (!in_ && (errno != ENOENT || last)) return disk_error("can't read the spool file", journal_->path_of(place.file));
        struct stat status {};
        std::uint32_t end = last ? appended.offset : 0;
        if (!last && in_ && ::fstat(in_.get(), &status) == 0) end = static_cast<std::uint32_t>(status.st_size);
        if (state_.until.file == place.file) end = std::min(end, state_.until.offset);
        if (end > place.offset) return end;
        JF_TRY(go_to({place.file + 1, 0}));
    }
}

Result<JournalCursor::Batch> JournalCursor::next(std::size_t most) {
    for (;;) {
        const std::uint32_t end = JF_TRY(find_end());
        if (end == 0) return Batch();
        const JournalPlace place = state_.place;
        const std::uint32_t size = interrupted_ ? state_.end - place.offset : std::min(most_of_batch_bytes, end - place.offset);
        std::string bytes(size, '\0');
        const ssize_t got = ::pread(in_.get(), bytes.data(), size, static_cast<off_t>(place.offset));
        if (got < 0) return disk_error("can't read the spool file", journal_->path_of(place.file));
        Batch batch;
        const auto taken = static_cast<std::uint32_t>(
            take_framed(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)), interrupted_ ? SIZE_MAX : most, batch.records));
        if (batch.records.empty()) {
            log_warning("{} holds no whole record behind byte {}: {} leaves out the rest", journal_->path_of(place.file), place.offset, name_);
            if (place.file == journal_->appended_.load(std::memory_order_acquire).file)
                return fail(ErrorCode::failed, "{} is damaged", journal_->path_of(place.file));
            took(end - place.offset);
            JF_TRY(go_to({place.file + 1, 0}));
            continue;
        }
        batch.perhaps_written = interrupted_;
        batch.number = std::uint64_t{place.file} << 32 | place.offset;
        state_.end = place.offset + taken;
        JF_TRY(save());
        interrupted_ = true;
        count_ = batch.records.size();
        return batch;
    }
}

Result<void> JournalCursor::written() {
    // The file was dropped at the limit meanwhile, and these counted as lost with the rest of it.
    if (state_.place.file < journal_->oldest_.load(std::memory_order_acquire))
        lost_ -= std::min<std::uint64_t>(lost_, count_);
    else
        took(state_.end - state_.place.offset);
    return go_to({state_.place.file, state_.end});
}

Result<void> JournalCursor::not_written() {
    interrupted_ = false;
    state_.end = 0;
    return save();
}

Result<void> JournalCursor::put_aside(const Batch& batch, std::string_view reason) {
    std::string text;
    for (const Record& record : batch.records) {
        text += fmt::format("; {}\n", reason);
        for (const auto& [name, value] : record.fields()) text += fmt::format("{}={}\n", name, value);
        text += '\n';
    }
    const std::string path = fmt::format("{}/{}.rejected", journal_->folder_, name_);
    const SpoolFile file = open_spool_file(path, O_WRONLY | O_CREAT | O_APPEND);
    if (!file || !write_all(file.get(), text)) return disk_error("can't write", path);
    return {};
}

}  // namespace jackfield::cdr
