// Variables and functions for the tests of the dialplan's language.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/dialplan/variable_source.hpp"

namespace jackfield::test {

// Variables by name; functions ECHO (its arguments), LEN, UPPER, HANGUP (fails with hangup), FAIL (fails otherwise).
class TestSource final : public VariableSource {
  public:
    std::map<std::string, std::string, std::less<>> variables;
    std::vector<std::string> warnings, calls;

    std::optional<std::string> variable(std::string_view name) override {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    }
    Result<std::string> call_function(std::string_view name, std::string_view arguments) override {
        calls.push_back(std::string(name) + "(" + std::string(arguments) + ")");
        if (name == "ECHO") return std::string(arguments);
        if (name == "LEN") return std::to_string(arguments.size());
        if (name == "UPPER") {
            std::string text(arguments);
            for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
            return text;
        }
        if (name == "HANGUP") return fail(ErrorCode::hangup);
        if (name == "FAIL") return fail(ErrorCode::failed, "it did");
        return fail(ErrorCode::not_found, "no function {}", name);
    }
    void warn(std::string_view text) override { warnings.emplace_back(text); }
};

}  // namespace jackfield::test
