// func_env: the environment and the files of the machine (FILE and its like are in files.cpp).
#include <sys/stat.h>

#include <cstdlib>

#include "core/sdk.hpp"
#include "modules/func_env/files.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo env_info{.name = "ENV",
                                .syntax = "ENV(name)",
                                .synopsis = "A variable of the daemon's environment, to read and to set",
                                .text = "Setting an empty value removes it. Programs started later see the change.",
                                .dangerous = true};
constexpr FunctionInfo stat_info{.name = "STAT",
                                 .syntax = "STAT(flag,file)",
                                 .synopsis = "What the system says of a file",
                                 .text = "Flags: e 1 when it exists, d 1 for a folder, f 1 for a plain file, s size in bytes, m mode, A time "
                                         "of last reading, M of last change, C of last change of its mode, in seconds since 1970.",
                                 .dangerous = true};
constexpr FunctionInfo base_info{.name = "BASENAME",
                                 .syntax = "BASENAME(path)",
                                 .synopsis = "The last part of a path",
                                 .text = "Pure text; the file need not be there."};
constexpr FunctionInfo dir_info{.name = "DIRNAME",
                                .syntax = "DIRNAME(path)",
                                .synopsis = "A path without its last part",
                                .text = "Pure text; the file need not be there."};

Result<std::string> read_env(Channel*, const Arguments& arguments) {
    const char* value = std::getenv(std::string(arguments.raw()).c_str());
    return value ? value : "";
}

Result<void> write_env(Channel*, const Arguments& arguments, std::string_view value) {
    const std::string name(arguments.raw());
    const int failed = value.empty() ? ::unsetenv(name.c_str()) : ::setenv(name.c_str(), std::string(value).c_str(), 1);
    if (failed) return fail(ErrorCode::invalid, "ENV: '{}' is no name of a variable", name);
    return {};
}

Result<std::string> describe(char flag, const struct stat& status) {
    switch (flag) {
        case 'e': return "1";
        case 'd': return S_ISDIR(status.st_mode) ? "1" : "0";
        case 'f': return S_ISREG(status.st_mode) ? "1" : "0";
        case 's': return std::to_string(status.st_size);
        case 'm': return fmt::format("{:o}", status.st_mode);
        case 'A': return std::to_string(status.st_atime);
        case 'M': return std::to_string(status.st_mtime);
        case 'C': return std::to_string(status.st_ctime);
        default: return fail(ErrorCode::invalid, "STAT: `{}` is none of the flags e d f s m A M C", flag);
    }
}

Result<std::string> read_stat(Channel*, const Arguments& arguments) {
    if (arguments[0].size() != 1 || !arguments.has(1)) return fail(ErrorCode::invalid, "STAT needs a flag and a file");
    // A network file system may take its time.
    return offload([flag = arguments[0].front(), path = arguments.rest(1)]() -> Result<std::string> {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) return flag == 'e' || flag == 'd' || flag == 'f' ? "0" : "";
        return describe(flag, status);
    });
}

std::string_view without_slashes(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

Result<std::string> base_name(Channel*, const Arguments& arguments) {
    const std::string_view path = without_slashes(arguments.raw());
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1));
}

Result<std::string> directory_name(Channel*, const Arguments& arguments) {
    const std::string_view path = without_slashes(arguments.raw());
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(slash == 0 ? "/" : without_slashes(path.substr(0, slash)));
}

Result<void> load(Module& module) {
    JF_TRY(module.add(env_info, FunctionBody{read_env, write_env}));
    JF_TRY(module.add(stat_info, FunctionBody{read_stat}));
    JF_TRY(func_env::add_files(module));
    JF_TRY(module.add(base_info, FunctionBody{base_name}));
    return module.add(dir_info, FunctionBody{directory_name});
}

}  // namespace

JACKFIELD_MODULE("func_env", "Environment and files", load)
