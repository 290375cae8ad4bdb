// Edits one configuration file and keeps everything else of it.
#include "core/config/writer.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory_resource>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

bool one_line(std::string_view text) { return text.find_first_of(std::string_view("\n\r\0", 3)) == text.npos; }

// A value as it must stand in the file: an unescaped semicolon would begin a comment.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == ';') text += '\\';
        text += c;
    }
    return text;
}

// Where the comment at a line's end begins, with the blanks before it; the line's end when there is none.
std::size_t comment_start(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] != ';' || (i > 0 && line[i - 1] == '\\')) continue;
        while (i > 0 && (line[i - 1] == ' ' || line[i - 1] == '\t')) --i;
        return i;
    }
    return line.size();
}

std::unexpected<Error> no_section(std::string_view name) {
    return fail(ErrorCode::not_found, "there is no section [{}]", name);
}

}  // namespace

ConfigDocument ConfigDocument::parse(std::string text) {
    ConfigDocument document;
    document.final_newline_ = text.empty() || text.ends_with('\n');
    std::pmr::monotonic_buffer_resource arena;
    ConfigLexer lexer(text, &arena);
    ConfigLine line;
    while (lexer.next(line)) {
        const bool escape = line.kind == ConfigLine::Kind::setting;
        document.lines_.push_back({std::string(line.raw), line.kind, std::string(line.name),
                                   std::string(escape ? trim(line.value) : line.value), lexer.in_comment()});
    }
    if (text.starts_with("\xef\xbb\xbf")) {
        if (document.lines_.empty()) document.lines_.emplace_back();
        document.lines_.front().text.insert(0, "\xef\xbb\xbf");
    }
    return document;
}

std::string ConfigDocument::text() const {
    std::string text;
    for (const auto& line : lines_) {
        text += line.text;
        text += '\n';
    }
    if (!final_newline_ && !text.empty()) text.pop_back();
    return text;
}

std::size_t ConfigDocument::count(const Section& section) const { return all(section).size(); }

std::optional<std::string> ConfigDocument::value(const Section& section, std::string_view key) const {
    const auto extent = find(section);
    if (!extent) return {};
    const auto line = last_line(*extent, key);
    return line ? std::optional(lines_[*line].value) : std::nullopt;
}

Result<void> ConfigDocument::set(const Section& section, std::string_view key, std::string_view value) {
    const auto extent = JF_TRY(find(section));
    const auto at = last_line(extent, key);
    if (!at) return add(section, key, value);
    return set_line(*at, key, value);
}

Result<void> ConfigDocument::replace(const Section& section, std::string_view key, std::string_view old_value,
                                     std::string_view value) {
    const auto extent = JF_TRY(find(section));
    for (auto i = extent.header + 1; i < extent.end; ++i)
        if (lines_[i].kind == ConfigLine::Kind::setting && equals_ignoring_case(lines_[i].name, key) &&
            lines_[i].value == old_value)
            return set_line(i, key, value);
    return fail(ErrorCode::not_found, "[{}] has no line {} = {}", section.name, key, old_value);
}

Result<void> ConfigDocument::set_line(std::size_t at, std::string_view key, std::string_view value) {
    JF_TRY(check_comments(at, at + 1));
    auto& line = lines_[at];
    auto made = JF_TRY(make_setting(key, value, ConfigOperator::assign));
    // The old line up to its value and the comment behind it stay as they were typed. Lines with a comment inside, or
    // that add to a value, are written anew.
    const auto first = std::min(line.text.find_first_not_of(" \t"), line.text.size());
    const auto equals = line.text.find('=', line.text.substr(first).starts_with('\\') ? first + 2 : first);
    if (line.text.find(";--") == line.text.npos && equals != line.text.npos && equals > 0 && line.text[equals - 1] != '+') {
        const auto comment = std::max(comment_start(line.text), equals + 1);
        auto start = equals + 1;
        const bool arrow = start < line.text.size() && line.text[start] == '>';
        if (arrow) ++start;
        while (start < comment && (line.text[start] == ' ' || line.text[start] == '\t')) ++start;
        if (arrow || !made.value.starts_with('>'))
            made.text = line.text.substr(0, start) + escaped(made.value) + line.text.substr(comment);
    }
    line = std::move(made);
    return {};
}

Result<void> ConfigDocument::check_comments(std::size_t first, std::size_t end) const {
    for (auto i = first; i < end; ++i)
        if (lines_[i].open || open_before(i))
            return fail(ErrorCode::refused, "line {} begins or ends a comment of several lines: edit it by hand", i + 1);
    return {};
}

Result<void> ConfigDocument::add(const Section& section, std::string_view key, std::string_view value, ConfigOperator op) {
    const auto extent = JF_TRY(find(section));
    auto made = JF_TRY(make_setting(key, value, op));
    auto place = extent.header + 1;
    for (auto i = place; i < extent.end; ++i)
        if (lines_[i].kind == ConfigLine::Kind::setting || lines_[i].kind == ConfigLine::Kind::directive) place = i + 1;
    while (open_before(place) && place < extent.end) ++place;
    if (open_before(place)) return fail(ErrorCode::refused, "a comment in [{}] is never closed by --;", section.name);
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(place), std::move(made));
    return {};
}

std::optional<std::size_t> ConfigDocument::setting_line(const Extent& extent, std::size_t place) const {
    for (auto i = extent.header + 1; i < extent.end; ++i)
        if (lines_[i].kind == ConfigLine::Kind::setting && place-- == 0) return i;
    return {};
}

Result<void> ConfigDocument::insert(const Section& section, std::size_t place, std::string_view key, std::string_view value,
                                    ConfigOperator op) {
    const auto extent = JF_TRY(find(section));
    const auto at = setting_line(extent, place);
    if (!at) return add(section, key, value, op);
    if (open_before(*at)) return fail(ErrorCode::refused, "line {} is within a comment: edit it by hand", *at + 1);
    auto made = JF_TRY(make_setting(key, value, op));
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(*at), std::move(made));
    return {};
}

Result<void> ConfigDocument::remove_at(const Section& section, std::size_t place) {
    const auto extent = JF_TRY(find(section));
    const auto at = setting_line(extent, place);
    if (!at) return fail(ErrorCode::not_found, "[{}] has no line {}", section.name, place);
    JF_TRY(check_comments(*at, *at + 1));
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(*at));
    return {};
}

Result<void> ConfigDocument::remove(const Section& section, std::string_view key, std::optional<std::string_view> value) {
    const auto extent = JF_TRY(find(section));
    const auto wanted = [&](const Line& line) {
        return line.kind == ConfigLine::Kind::setting && equals_ignoring_case(line.name, key) &&
               (!value || line.value == *value);
    };
    bool found = false;
    for (auto i = extent.header + 1; i < extent.end; ++i) {
        if (!wanted(lines_[i])) continue;
        found = true;
        JF_TRY(check_comments(i, i + 1));
    }
    if (!found) return fail(ErrorCode::not_found, "[{}] has no such line of {}", section.name, key);
    const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(extent.header + 1);
    const auto end = lines_.begin() + static_cast<std::ptrdiff_t>(extent.end);
    lines_.erase(std::remove_if(begin, end, wanted), end);
    return {};
}

Result<void> ConfigDocument::add_section(std::string_view name, std::string_view options) {
    name = trim(name);
    if (name.empty() || !one_line(name) || name.find_first_of("];") != name.npos)
        return fail(ErrorCode::invalid, "\"{}\" can't be a section's name: it is empty or has ] ; or a line end", name);
    if (!one_line(options) || options.find_first_of("();") != options.npos)
        return fail(ErrorCode::invalid, "\"{}\" can't be a section's options", options);
    if (open_before(lines_.size())) return fail(ErrorCode::refused, "the last comment of the file is never closed by --;");
    if (!lines_.empty() && !trim(lines_.back().text).empty()) lines_.emplace_back();
    const auto header = options.empty() ? fmt::format("[{}]", name) : fmt::format("[{}]({})", name, options);
    lines_.push_back({header, ConfigLine::Kind::section, std::string(name), std::string(options)});
    final_newline_ = true;
    return {};
}

Result<void> ConfigDocument::remove_section(const Section& section) {
    auto extent = JF_TRY(find(section));
    // What stands above the next header belongs to that one.
    while (extent.end < lines_.size() && extent.end > extent.header + 1 &&
           lines_[extent.end - 1].kind == ConfigLine::Kind::blank)
        --extent.end;
    JF_TRY(check_comments(extent.header, extent.header + 1));
    if (open_before(extent.end)) return fail(ErrorCode::refused, "a comment in [{}] is never closed by --;", section.name);
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(extent.header),
                 lines_.begin() + static_cast<std::ptrdiff_t>(extent.end));
    return {};
}

Result<void> ConfigDocument::rename_section(const Section& section, std::string_view name) {
    const auto extent = JF_TRY(find(section));
    name = trim(name);
    if (name.empty() || !one_line(name) || name.find_first_of("];") != name.npos)
        return fail(ErrorCode::invalid, "\"{}\" can't be a section's name: it is empty or has ] ; or a line end", name);
    JF_TRY(check_comments(extent.header, extent.header + 1));
    auto& line = lines_[extent.header];
    const auto open = line.text.find('['), close = line.text.find(']', open);
    line.text.replace(open + 1, close - open - 1, name);
    line.name = name;
    return {};
}

Result<void> ConfigDocument::empty_section(const Section& section) {
    const auto extent = JF_TRY(find(section));
    for (auto i = extent.header + 1; i < extent.end; ++i)
        if (lines_[i].kind == ConfigLine::Kind::setting) JF_TRY(check_comments(i, i + 1));
    const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(extent.header + 1);
    const auto end = lines_.begin() + static_cast<std::ptrdiff_t>(extent.end);
    lines_.erase(std::remove_if(begin, end, [](const Line& line) { return line.kind == ConfigLine::Kind::setting; }), end);
    return {};
}

Result<ConfigDocument::Line> ConfigDocument::make_setting(std::string_view key, std::string_view value, ConfigOperator op) {
    key = trim(key);
    value = trim(value);
    if (key.empty() || !one_line(key) || key.find_first_of("=;") != key.npos || key.ends_with('+'))
        return fail(ErrorCode::invalid, "\"{}\" can't be a key: it is empty or has = ; + or a line end", key);
    if (!one_line(value)) return fail(ErrorCode::invalid, "the value of {} has a line end", key);
    // Without the arrow a value that begins with > would become one.
    if (op == ConfigOperator::assign && value.starts_with('>')) op = ConfigOperator::arrow;
    static constexpr std::string_view signs[] = {" = ", " => ", " += "};
    const bool escape = key.front() == '[' || key.front() == '#' || key.front() == '\\';
    Line line;
    line.kind = ConfigLine::Kind::setting;
    line.name = key;
    line.value = value;
    line.text = fmt::format("{}{}{}{}", escape ? "\\" : "", key, signs[static_cast<int>(op)], escaped(value));
    return line;
}

std::vector<ConfigDocument::Extent> ConfigDocument::all(const Section& section, std::size_t most) const {
    const auto is_header = [](const Line& line) { return line.kind == ConfigLine::Kind::section; };
    std::vector<Extent> found;
    for (std::size_t i = 0; i < lines_.size() && found.size() < most; ++i) {
        if (!is_header(lines_[i]) || !equals_ignoring_case(lines_[i].name, section.name)) continue;
        if (section.line && section.line != i + 1) continue;
        const auto next = std::find_if(lines_.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines_.end(), is_header);
        const Extent extent{i, static_cast<std::size_t>(next - lines_.begin())};
        if (passes(extent, section.filter)) found.push_back(extent);
    }
    return found;
}

Result<ConfigDocument::Extent> ConfigDocument::find(const Section& section) const {
    const auto found = all(section, 1);
    if (found.empty()) return no_section(section.name);
    return found.front();
}

bool ConfigDocument::passes(const Extent& extent, std::string_view filter) const {
    std::string conditions(filter);
    std::ranges::replace(conditions, ',', '&');
    for (const auto condition : split_list(conditions, '&')) {
        const auto [key, value, found] = split_once(condition, '=');
        const auto line = last_line(extent, trim(key));
        if (!line || (found && lines_[*line].value != trim(value))) return false;
    }
    return true;
}

std::optional<std::size_t> ConfigDocument::last_line(const Extent& extent, std::string_view key) const {
    for (auto i = extent.end; i-- > extent.header + 1;)
        if (lines_[i].kind == ConfigLine::Kind::setting && equals_ignoring_case(lines_[i].name, key)) return i;
    return {};
}

Result<void> write_config_file(const std::string& path, std::string_view text, bool sync) {
    const auto failed = [&](std::string_view what) {
        return fail(errno == EACCES ? ErrorCode::refused : ErrorCode::failed, "can't {} {}: {}", what, path,
                    std::strerror(errno));
    };
    // A link is followed, so that the file and not the link is replaced.
    char* const real = ::realpath(path.c_str(), nullptr);
    const std::string target = real ? real : path;
    std::free(real);
    std::string beside = target + ".XXXXXX";
    const int descriptor = ::mkostemp(beside.data(), O_CLOEXEC);
    if (descriptor < 0) return failed("write beside");
    struct stat before{};
    const bool existed = ::stat(target.c_str(), &before) == 0;
    bool good = ::fchmod(descriptor, existed ? before.st_mode & 07777 : 0640) == 0;
    // Owners can only be kept by root; without that right the file becomes ours, which writing demands anyway.
    if (existed && ::fchown(descriptor, before.st_uid, before.st_gid) != 0) errno = 0;
    while (good && !text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        good = written > 0;
        if (good) text.remove_prefix(static_cast<std::size_t>(written));
    }
    good = good && (!sync || ::fsync(descriptor) == 0);
    const int error = errno;
    ::close(descriptor);
    errno = error;
    if (good && ::rename(beside.c_str(), target.c_str()) == 0) return {};
    const auto result = failed("write");
    ::unlink(beside.c_str());
    return result;
}

}  // namespace jackfield
