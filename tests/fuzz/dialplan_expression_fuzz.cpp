// Expressions from anywhere: $[...] text may hold whatever a caller sent.
#include "core/dialplan/expression.hpp"

#include <cstdint>

namespace {

class NoVariables final : public jackfield::VariableSource {
  public:
    std::optional<std::string> variable(std::string_view) override { return {}; }
    jackfield::Result<std::string> call_function(std::string_view, std::string_view arguments) override {
        return std::string(arguments);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    NoVariables source;
    (void)jackfield::evaluate_expression({reinterpret_cast<const char*>(bytes), size}, source);
    return 0;
}
