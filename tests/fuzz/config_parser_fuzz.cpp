// Feeds arbitrary text to the configuration parser (as a file that includes another) and to the line editor.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/config/parser.hpp"
#include "core/config/writer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace jackfield;
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    MemoryFiles files;
    files.set("/etc/a.conf", text);
    files.set("/etc/b.conf", text.substr(size / 2));
    ParseOptions options;
    options.folder = "/etc";
    options.total_bytes = 1024 * 1024;
    options.entries = 100'000;
    options.exec = [](const std::string& command) -> Result<std::string> { return "[exec]\ncommand = " + command + "\n"; };
    Diagnostics findings;
    const auto file = parse_config("a.conf", files, options, findings);
    std::size_t sum = 0;
    for (const auto& category : file.categories()) {
        if (category.name().empty() || category.place().line == 0) std::abort();
        for (const auto& entry : category.entries()) sum += entry.key.size() + entry.value.size() + entry.line;
    }
    if (!findings.empty() && findings.to_string().empty()) std::abort();

    // What the editor reads it writes back unchanged; what it sets it reads back.
    auto document = ConfigDocument::parse(text);
    if (document.text() != text) std::abort();
    for (const auto& category : file.categories()) {
        const std::string name(category.name());
        if (!document.has({name, ""}) || !document.set({name, ""}, "fuzz", "v;w")) continue;
        const auto again = ConfigDocument::parse(document.text());
        if (again.value({name, ""}, "fuzz") != "v;w") std::abort();
        break;
    }
    return sum > SIZE_MAX / 2 ? 1 : 0;
}
