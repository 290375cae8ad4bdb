#include "modules/func_env/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace jackfield::func_env {
namespace {

constexpr FunctionInfo file_info{
    .name = "FILE",
    .syntax = "FILE(file[,offset[,length[,options[,format]]]])",
    .synopsis = "The contents of a file, to read and to set",
    .text = "Offset and length in bytes; a negative one counts from the end. At most 64 KiB are read, from files of 4 MiB when they are "
            "counted in lines or written. Setting replaces that part, without offset and length the whole file.\n"
            "  a - set: append, whatever the offset\n"
            "  d - set with l: do not end the value by a line end\n"
            "  l - offset and length count lines\n"
            "The format is that of lines written: u (line feed, the default), d (CR LF) or m (CR); read it is found out.",
    .dangerous = true};
constexpr FunctionInfo count_info{.name = "FILE_COUNT_LINE",
                                  .syntax = "FILE_COUNT_LINE(file[,format])",
                                  .synopsis = "How many lines a file has",
                                  .text = "-1 when it can't be read. The format is u, d or m as in FILE, found out when it is left out.",
                                  .dangerous = true};
constexpr FunctionInfo format_info{.name = "FILE_FORMAT",
                                   .syntax = "FILE_FORMAT(file)",
                                   .synopsis = "How the lines of a file end",
                                   .text = "u for line feed, d for CR LF, m for CR, x when it has no line end or can't be read.",
                                   .dangerous = true};

constexpr std::int64_t most_read = 65536;
constexpr std::size_t largest_file = 4 * 1024 * 1024;

struct Request {
    std::string path;
    std::int64_t offset = 0;
    std::optional<std::int64_t> length;
    bool whole = true;  // neither offset nor length was given
    bool by_line = false, append = false, no_line_end = false;
    char format = 0;
};

std::unexpected<Error> system_error(const char* what, const std::string& path) {
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::failed, "FILE: can't {} {}: {}", what, path, std::strerror(errno));
}

Result<Request> parse(const Arguments& arguments) {
    Request request;
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "FILE needs the name of a file");
    request.path = arguments[0];
    request.whole = !arguments.has(1) && !arguments.has(2);
    const auto offset = arguments.has(1) ? parse_number<std::int64_t>(trim(arguments[1])) : 0;
    request.length = parse_number<std::int64_t>(trim(arguments[2]));
    if (!offset || (arguments.has(2) && !request.length))
        return fail(ErrorCode::invalid, "FILE({}): offset and length are numbers", arguments.raw());
    request.offset = *offset;
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[3], "adl"));
    request.append = options.has('a');
    request.no_line_end = options.has('d');
    request.by_line = options.has('l');
    if (arguments.has(4)) {
        request.format = arguments[4].front();
        if (arguments[4].size() != 1 || !std::string_view("udm").contains(request.format))
            return fail(ErrorCode::invalid, "FILE: format '{}' is none of u, d, m", arguments[4]);
    }
    return request;
}

// Pool: blocks on the disk. A file that is not there is empty when `missing_is_empty`.
Result<std::string> read_all(const std::string& path, bool missing_is_empty) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file && missing_is_empty) return std::string();
    if (!file) return fail(ErrorCode::not_found, "FILE: can't read {}", path);
    const auto size = static_cast<std::int64_t>(file.tellg());
    if (size < 0 || size > static_cast<std::int64_t>(largest_file))
        return fail(ErrorCode::limit, "FILE: {} is larger than {} bytes", path, largest_file);
    std::string text(static_cast<std::size_t>(size), '\0');
    file.seekg(0);
    file.read(text.data(), size);
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

char format_of(std::string_view text) {
    const auto end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return 'x';
    if (text[end] == '\n') return 'u';
    return end + 1 < text.size() && text[end + 1] == '\n' ? 'd' : 'm';
}

std::string_view line_end(char format) { return format == 'd' ? "\r\n" : format == 'm' ? "\r" : "\n"; }

// Where each line begins, and the end of the last one.
std::vector<std::int64_t> line_starts(std::string_view text, char format) {
    const std::string_view end = line_end(format ? format : format_of(text));
    std::vector<std::int64_t> starts{0};
    for (std::size_t at = 0; at < text.size();) {
        const auto found = text.find(end, at);
        at = found == std::string_view::npos ? text.size() : found + end.size();
        starts.push_back(static_cast<std::int64_t>(at));
    }
    return starts;
}

struct Part {
    std::int64_t begin, end;
};

// The part among `size` units that offset and length name.
Part part_of(const Request& request, std::int64_t size) {
    const std::int64_t begin = std::clamp<std::int64_t>(request.offset < 0 ? size + request.offset : request.offset, 0, size);
    std::int64_t end = size;
    if (request.length) end = *request.length < 0 ? size + *request.length : *request.length > size - begin ? size : begin + *request.length;
    return {begin, std::clamp(end, begin, size)};
}

Part bytes_of(const Request& request, std::string_view text) {
    if (!request.by_line) return part_of(request, static_cast<std::int64_t>(text.size()));
    const auto starts = line_starts(text, request.format);
    const Part lines = part_of(request, static_cast<std::int64_t>(starts.size()) - 1);
    return {starts[static_cast<std::size_t>(lines.begin)], starts[static_cast<std::size_t>(lines.end)]};
}

Result<std::string> read_bytes(const Request& request) {
    std::ifstream file(request.path, std::ios::binary | std::ios::ate);
    if (!file) return fail(ErrorCode::not_found, "FILE: can't read {}", request.path);
    const Part part = part_of(request, static_cast<std::int64_t>(file.tellg()));
    std::string text(static_cast<std::size_t>(std::min(part.end - part.begin, most_read)), '\0');
    file.seekg(part.begin);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

Result<std::string> read_part(const Request& request) {
    if (!request.by_line) return read_bytes(request);
    const std::string text = JF_TRY(read_all(request.path, false));
    const Part part = bytes_of(request, text);
    return text.substr(static_cast<std::size_t>(part.begin), static_cast<std::size_t>(std::min(part.end - part.begin, most_read)));
}

Result<void> write_out(const std::string& path, std::string_view text, int flags) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    if (file < 0) return system_error("open", path);
    while (!text.empty()) {
        const auto written = ::write(file, text.data(), text.size());
        if (written < 0) {
            auto error = system_error("write", path);
            ::close(file);
            return error;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::close(file) != 0) return system_error("write", path);
    return {};
}

Result<void> write_part(const Request& request, std::string value) {
    if (request.by_line && !request.no_line_end) value += line_end(request.format);
    if (request.append) return write_out(request.path, value, O_APPEND);
    if (request.whole) return write_out(request.path, value, O_TRUNC);
    std::string text = JF_TRY(read_all(request.path, true));
    const Part part = bytes_of(request, text);
    text.replace(static_cast<std::size_t>(part.begin), static_cast<std::size_t>(part.end - part.begin), value);
    return write_out(request.path, text, O_TRUNC);
}

Result<std::string> read_file(Channel*, const Arguments& arguments) {
    Request request = JF_TRY(parse(arguments));
    return offload([request = std::move(request)] { return read_part(request); });
}

Result<void> write_file(Channel*, const Arguments& arguments, std::string_view value) {
    Request request = JF_TRY(parse(arguments));
    return offload([request = std::move(request), value = std::string(value)] { return write_part(request, value); });
}

Result<std::string> count_lines(Channel*, const Arguments& arguments) {
    const char format = arguments.has(1) ? arguments[1].front() : '\0';
    if (format && !std::string_view("udm").contains(format))
        return fail(ErrorCode::invalid, "FILE_COUNT_LINE: format '{}' is none of u, d, m", arguments[1]);
    return offload([path = std::string(arguments[0]), format]() -> Result<std::string> {
        const auto text = read_all(path, false);
        return text ? std::to_string(line_starts(*text, format).size() - 1) : "-1";
    });
}

Result<std::string> file_format(Channel*, const Arguments& arguments) {
    return offload([path = std::string(arguments[0])]() -> Result<std::string> {
        const auto text = read_all(path, false);
        return std::string(1, text ? format_of(*text) : 'x');
    });
}

}  // namespace

Result<void> add_files(Module& module) {
    JF_TRY(module.add(file_info, FunctionBody{read_file, write_file}));
    JF_TRY(module.add(count_info, FunctionBody{count_lines}));
    return module.add(format_info, FunctionBody{file_format});
}

}  // namespace jackfield::func_env
