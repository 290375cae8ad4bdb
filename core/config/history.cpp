// The history of the configuration.
#include "core/config/history.hpp"

#include <fmt/core.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "core/base/strings.hpp"
#include "core/config/file_source.hpp"
#include "core/config/text_diff.hpp"
#include "core/config/writer.hpp"

namespace jackfield {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view magic = "jackfield configuration revision 1";
constexpr int deepest = 6;  // folders below the configuration folder

Result<std::string> read_text(const std::string& path, std::uint64_t most) {
    FileSource::Content content = JF_TRY(DiskFiles().read(path, most));
    return std::move(content.text);
}

std::string owner_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return "?";
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16384);
    if (::getpwuid_r(status.st_uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found)
        return std::to_string(status.st_uid);
    return found->pw_name;
}

Result<void> make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, error);
    if (error) return fail(ErrorCode::failed, "can't make {}: {}", path, error.message());
    return {};
}

// "before 123" and the text behind the line; "before -" when there is none.
void add_text(std::string& out, std::string_view word, const std::optional<std::string>& text) {
    out += text ? fmt::format("{} {}\n{}\n", word, text->size(), *text) : fmt::format("{} -\n", word);
}

// Reads what write() wrote. A revision that a disk has damaged is an error and no crash.
class RevisionReader {
  public:
    explicit RevisionReader(std::string_view text) : rest_(text) {}

    Result<ConfigRevision> read() {
        ConfigRevision revision;
        if (line() != magic) return damaged();
        const auto seconds = parse_number<std::int64_t>(field("time"));
        if (!seconds) return damaged();
        revision.time = WallTime(std::chrono::duration_cast<WallTime::duration>(std::chrono::seconds(*seconds)));
        revision.author = field("author");
        revision.comment = field("comment");
        while (!rest_.empty()) {
            ConfigFileChange change;
            change.file = field("file");
            if (change.file.empty() || !text("before", change.before) || !text("after", change.after)) return damaged();
            revision.changes.push_back(std::move(change));
        }
        return revision;
    }

  private:
    static std::unexpected<Error> damaged() { return fail(ErrorCode::invalid, "the revision is damaged"); }
    std::string_view line() {
        const auto end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return found;
    }
    std::string_view field(std::string_view name) {
        const Halves halves = split_once(line(), ' ');
        return halves.first == name ? halves.second : std::string_view();
    }
    bool text(std::string_view word, std::optional<std::string>& out) {
        const std::string_view size_text = field(word);
        if (size_text == "-") return true;
        const auto size = parse_number<std::size_t>(size_text);
        if (!size || *size >= rest_.size() || rest_[*size] != '\n') return false;
        out = rest_.substr(0, *size);
        rest_.remove_prefix(*size + 1);
        return true;
    }

    std::string_view rest_;
};

std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](unsigned char c) { return c < ' '; }, ' ');
    return text;
}

}  // namespace

ConfigHistory::ConfigHistory(std::string configuration_folder, std::string folder, Limits limits)
    : configuration_(std::move(configuration_folder)), folder_(std::move(folder)), copy_(folder_ + "/copy"), limits_(limits) {}

// Relative names of the configuration files, sorted.
std::vector<std::string> ConfigHistory::files_in(const std::string& folder) const {
    std::vector<std::string> files;
    std::error_code error;
    fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error), end;
    for (; !error && at != end && files.size() < limits_.files; at.increment(error)) {
        if (at.depth() >= deepest) at.disable_recursion_pending();
        if (at->path() == folder_) at.disable_recursion_pending();
        const fs::path kind = at->path().extension();
        if ((kind != ".conf" && kind != ".ael" && kind != ".lua") || !at->is_regular_file(error)) continue;
        if (at->file_size(error) <= limits_.file_bytes) files.push_back(fs::relative(at->path(), folder, error));
    }
    std::ranges::sort(files);
    return files;
}

Result<std::vector<ConfigFileChange>> ConfigHistory::pending() const {
    std::vector<ConfigFileChange> changes;
    const auto present = files_in(configuration_), recorded = files_in(copy_);
    std::set<std::string> names(present.begin(), present.end());
    names.insert(recorded.begin(), recorded.end());
    for (const std::string& name : names) {
        ConfigFileChange change{.file = name, .before = {}, .after = {}};
        if (std::ranges::binary_search(recorded, name))
            change.before = JF_TRY(read_text(copy_ + '/' + name, limits_.file_bytes));
        if (std::ranges::binary_search(present, name)) {
            auto text = read_text(configuration_ + '/' + name, limits_.file_bytes);
            if (!text) continue;  // gone meanwhile, or not for us to read: not a change
            change.after = *std::move(text);
        }
        if (change.before != change.after) changes.push_back(std::move(change));
    }
    return changes;
}

Result<std::uint64_t> ConfigHistory::record(std::string author, std::string comment) {
    const bool first = !fs::exists(copy_);
    JF_TRY(make_folder(folder_));
    JF_TRY(make_folder(copy_));
    ConfigRevision revision{
        .number = 0, .time = wall_now(), .author = std::move(author), .comment = std::move(comment), .changes = {}};
    revision.changes = JF_TRY(pending());
    if (revision.changes.empty()) return std::uint64_t{0};
    if (first) {
        JF_TRY(update_copy(revision.changes));
        return std::uint64_t{0};
    }
    if (revision.author.empty())
        revision.author = fmt::format("file ({})", owner_of(configuration_ + '/' + revision.changes.front().file));
    const auto known = numbers();
    revision.number = known.empty() ? 1 : known.back() + 1;
    // A crash between the two records the change once more, which shows as a revision without effect.
    JF_TRY(write(revision));
    JF_TRY(update_copy(revision.changes));
    prune();
    return revision.number;
}

Result<void> ConfigHistory::write(const ConfigRevision& revision) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(revision.time.time_since_epoch()).count();
    std::string text = fmt::format("{}\ntime {}\nauthor {}\ncomment {}\n", magic, seconds, one_line(revision.author),
                                   one_line(revision.comment));
    for (const ConfigFileChange& change : revision.changes) {
        text += fmt::format("file {}\n", change.file);
        add_text(text, "before", change.before);
        add_text(text, "after", change.after);
    }
    return write_config_file(path_of(revision.number), text, false);  // the files themselves are what must be on the disk
}

Result<void> ConfigHistory::update_copy(const std::vector<ConfigFileChange>& changes) const {
    std::error_code error;
    for (const ConfigFileChange& change : changes) {
        const std::string path = copy_ + '/' + change.file;
        if (!change.after) {
            fs::remove(path, error);
            continue;
        }
        fs::create_directories(fs::path(path).parent_path(), error);
        JF_TRY(write_config_file(path, *change.after, false));
    }
    return {};
}

std::string ConfigHistory::path_of(std::uint64_t number) const { return fmt::format("{}/{:08}.revision", folder_, number); }

std::vector<std::uint64_t> ConfigHistory::numbers() const {
    std::vector<std::uint64_t> found;
    std::error_code error;
    for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error))
        if (at->path().extension() == ".revision")
            if (const auto number = parse_number<std::uint64_t>(at->path().stem().string())) found.push_back(*number);
    std::ranges::sort(found);
    return found;
}

void ConfigHistory::prune() const {
    const auto known = numbers();
    std::error_code error;
    std::uint64_t bytes = 0;
    for (std::size_t i = known.size(); i-- > 0;) {
        const std::string path = path_of(known[i]);
        const auto size = fs::file_size(path, error);
        if (!error) bytes += size;
        const bool newest = i + 1 == known.size();
        if (!newest && (known.size() - i > limits_.revisions || bytes > limits_.bytes)) fs::remove(path, error);
    }
}

Result<std::vector<ConfigRevision>> ConfigHistory::list(std::size_t most) const {
    std::vector<ConfigRevision> revisions;
    const auto known = numbers();
    for (std::size_t i = known.size(); i-- > 0 && revisions.size() < most;) {
        auto revision = read(known[i]);
        if (!revision) continue;  // damaged: the others are still of use
        for (ConfigFileChange& change : revision->changes) change.before = change.after = {};
        revisions.push_back(*std::move(revision));
    }
    return revisions;
}

Result<ConfigRevision> ConfigHistory::read(std::uint64_t number) const {
    const auto text = read_text(path_of(number), limits_.bytes);
    if (!text) return fail(ErrorCode::not_found, "there is no revision {}", number);
    auto revision = JF_TRY(RevisionReader(*text).read());
    revision.number = number;
    return revision;
}

Result<std::vector<ConfigFileChange>> ConfigHistory::changes_back_to(std::uint64_t number) const {
    const auto known = numbers();
    // Before the oldest one there is a state as well: that in front of it.
    const bool before_oldest = !known.empty() && number + 1 == known.front();
    if (!before_oldest && !std::ranges::binary_search(known, number))
        return fail(ErrorCode::not_found, "there is no revision {}", number);
    std::vector<ConfigFileChange> back;
    for (const std::uint64_t later : known) {
        if (later <= number) continue;
        ConfigRevision revision = JF_TRY(read(later));
        for (ConfigFileChange& change : revision.changes) {
            const auto same = std::ranges::find(back, change.file, &ConfigFileChange::file);
            if (same == back.end())
                back.push_back({.file = change.file, .before = std::move(change.after), .after = std::move(change.before)});
            else
                same->before = std::move(change.after);  // the last text of all; the first one is where it goes
        }
    }
    std::erase_if(back, [](const ConfigFileChange& change) { return change.before == change.after; });
    return back;
}

std::string to_diff(const ConfigFileChange& change) {
    return text_diff(change.before.value_or(""), change.after.value_or(""), change.before ? "a/" + change.file : "/dev/null",
                     change.after ? "b/" + change.file : "/dev/null");
}

}  // namespace jackfield
