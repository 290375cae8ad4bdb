// extensions.ael: any text ends, in a bounded plan whose jumps all have numbers.
#include <cstdint>
#include <cstdlib>

#include "modules/pbx_ael/ael.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    jackfield::Diagnostics findings;
    const auto read = [&](const std::string& name) -> jackfield::Result<std::string> {
        if (name != "extensions.ael") return jackfield::fail(jackfield::ErrorCode::not_found);
        return text;
    };
    const auto plan = jackfield::ael::parse("extensions.ael", read, findings);
    for (const auto& context : plan.contexts)
        for (const auto& extension : context.extensions)
            for (const auto& step : extension.steps)
                if (step.arguments.find('\x01') != std::string::npos) std::abort();
    return 0;
}
