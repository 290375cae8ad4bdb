// Text with ${} and $[]: compiled, given back unchanged, evaluated within its limit.
#include "core/dialplan/template.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

class EchoingSource final : public jackfield::VariableSource {
  public:
    std::optional<std::string> variable(std::string_view name) override { return std::string(name); }
    jackfield::Result<std::string> call_function(std::string_view, std::string_view arguments) override {
        return std::string(arguments);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto compiled = jackfield::Template::compile(text);
    if (compiled.source_text() != text) std::abort();
    EchoingSource source;
    const auto value = compiled.evaluate(source, 4096);
    if (!value || value->size() > 4096) std::abort();
    return 0;
}
