// Files below the static-http folder.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "core/runtime/descriptor.hpp"
#include "core/runtime/offload.hpp"
#include "modules/res_http/server.hpp"

namespace jackfield::http {
namespace {

constexpr std::size_t part_size = 65536;

std::string_view content_type(std::string_view path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> types{{
        {"html", "text/html"},        {"htm", "text/html"},
        {"css", "text/css"},          {"js", "application/javascript"},
        {"json", "application/json"}, {"txt", "text/plain"},
        {"xml", "application/xml"},   {"png", "image/png"},
        {"jpg", "image/jpeg"},        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},         {"svg", "image/svg+xml"},
        {"ico", "image/x-icon"},      {"wav", "audio/x-wav"},
        {"mp3", "audio/mpeg"},        {"ogg", "audio/ogg"},
        {"gz", "application/gzip"},   {"pdf", "application/pdf"},
        {"cfg", "text/plain"},        {"woff2", "font/woff2"},
    }};
    const std::size_t dot = path.find_last_of("./");
    const std::string_view extension =
        dot == std::string_view::npos || path[dot] == '/' ? std::string_view() : path.substr(dot + 1);
    for (const auto& [word, type] : types)
        if (equals_ignoring_case(word, extension)) return type;
    return "application/octet-stream";
}

// The path's parts must be names; none may be hidden, so there is no ".." either.
bool acceptable(std::string_view path) {
    for (const std::string_view part : split(path, '/'))
        if (part.empty() || part.starts_with('.') || part.find('\\') != std::string_view::npos) return false;
    return true;
}

struct Opened {
    Descriptor file;
    std::size_t size = 0;
    std::string tag;  // of its content: size and time of change
};

// Opens folder by folder without following links, so that nothing outside can be reached. Blocks on the disk.
Result<Opened> open_below(const std::string& folder, const std::string& path) {
    Descriptor at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto parts = split(path, '/');
    for (std::size_t i = 0; at && i < parts.size(); ++i) {
        const bool last = i + 1 == parts.size();
        const std::string name(parts[i]);
        at = Descriptor(::openat(at.get(), name.c_str(),
                                 (last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!at) return fail(errno == EACCES || errno == ELOOP ? ErrorCode::refused : ErrorCode::not_found, "{}", path);
    struct stat status {};
    if (::fstat(at.get(), &status) != 0 || !S_ISREG(status.st_mode)) return fail(ErrorCode::not_found, "{}", path);
    Opened opened{.file = std::move(at), .size = static_cast<std::size_t>(status.st_size), .tag = {}};
    opened.tag = fmt::format("\"{:x}-{:x}.{:x}\"", opened.size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    return opened;
}

}  // namespace

Result<void> serve_static(HttpExchange& exchange, const std::string& folder) {
    const auto refuse = [&](unsigned status, std::string_view why) {
        return exchange.respond(
            {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::string(why)});
    };
    const auto path = url_decode(
        exchange.request().path.substr(std::min(exchange.request().path.size(), std::string_view("/static/").size())),
        false);
    if (!path || !acceptable(*path)) return refuse(404, "There is no such file.\n");
    auto opened = offload([&] { return open_below(folder, *path); });
    if (!opened && opened.error().code == ErrorCode::refused) return refuse(403, "This file can't be had.\n");
    if (!opened) return refuse(404, "There is no such file.\n");
    HttpResponse head{.headers = {{"Content-Type", std::string(content_type(*path))},
                                  {"ETag", opened->tag},
                                  {"Cache-Control", "no-cache"}}};
    if (exchange.request().header_lists("If-None-Match", opened->tag)) {
        head.status = 304;
        return exchange.respond(std::move(head));
    }
    JF_TRY(exchange.begin(std::move(head)));
    if (exchange.request().method == "HEAD") return exchange.end();
    std::string part(part_size, '\0');
    for (;;) {
        const ssize_t count =
            JF_TRY(offload([&]() -> Result<ssize_t> { return ::read(opened->file.get(), part.data(), part.size()); }));
        if (count < 0) return fail(ErrorCode::failed, "reading {}", *path);
        if (count == 0) return exchange.end();
        JF_TRY(exchange.write(std::string_view(part).substr(0, static_cast<std::size_t>(count))));
    }
}

}  // namespace jackfield::http
