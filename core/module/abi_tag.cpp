// Reads the ABI tag of a module's file (ELF-64, System V ABI chapter 4).
#include "core/module/abi_tag.hpp"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "core/module/module.hpp"

namespace jackfield {
namespace {

constexpr std::string_view section_name = ".jackfield_abi";
constexpr std::size_t maximum_sections = 4096;
constexpr std::size_t maximum_names = 1 << 20;
constexpr std::size_t maximum_tag = 512;

struct File {
    int descriptor = -1;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

// Fills `into` from that offset of the file; false when the file is shorter.
bool read_at(int descriptor, void* into, std::size_t bytes, std::uint64_t offset) {
    auto* to = static_cast<char*>(into);
    while (bytes > 0) {
        const ssize_t got = ::pread(descriptor, to, bytes, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        offset += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace

std::string_view own_abi_tag() { return JACKFIELD_ABI_TAG; }

Result<std::string> read_abi_tag(const std::string& path) {
    File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.descriptor < 0) {
        const int error = errno;
        return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::failed, "can't open {}: {}", path,
                    ::strerror(error));
    }
    const auto no_module = [&](const char* reason) {
        return fail(ErrorCode::refused, "{} is not a Jackfield module: {}", path, reason);
    };
    struct stat status {};
    if (::fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return no_module("not a regular file");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    // Offsets beyond the file would make pread() fail anyway; beyond off_t they would wrap around.
    const auto inside = [&](std::uint64_t offset, std::uint64_t length) {
        return offset <= size && length <= size - offset;
    };

    Elf64_Ehdr header;
    if (!read_at(file.descriptor, &header, sizeof header, 0)) return no_module("too short");
    if (::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return no_module("not an ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN)
        return no_module("not a shared object of this machine's kind");
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 || header.e_shnum > maximum_sections ||
        header.e_shstrndx >= header.e_shnum || !inside(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)))
        return no_module("its section table is damaged");

    std::vector<Elf64_Shdr> sections(header.e_shnum);
    if (!read_at(file.descriptor, sections.data(), sections.size() * sizeof(Elf64_Shdr), header.e_shoff))
        return no_module("its section table is damaged");
    const Elf64_Shdr& names_section = sections[header.e_shstrndx];
    if (names_section.sh_size == 0 || names_section.sh_size > maximum_names ||
        !inside(names_section.sh_offset, names_section.sh_size))
        return no_module("its section names are damaged");
    std::string names(names_section.sh_size, '\0');
    if (!read_at(file.descriptor, names.data(), names.size(), names_section.sh_offset))
        return no_module("its section names are damaged");

    for (const Elf64_Shdr& section : sections) {
        if (section.sh_name >= names.size() || std::string_view(names.c_str() + section.sh_name) != section_name)
            continue;
        if (section.sh_type == SHT_NOBITS || section.sh_size == 0 || section.sh_size > maximum_tag ||
            !inside(section.sh_offset, section.sh_size))
            return no_module("its ABI tag is damaged");
        std::string tag(section.sh_size, '\0');
        if (!read_at(file.descriptor, tag.data(), tag.size(), section.sh_offset))
            return no_module("its ABI tag is damaged");
        tag.resize(::strnlen(tag.data(), tag.size()));
        return tag;
    }
    return no_module("it has no ABI tag");
}

}  // namespace jackfield
