// What the compiled dialplan is made of: extensions and their priorities.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialplan/name.hpp"
#include "core/dialplan/pattern.hpp"
#include "core/dialplan/template.hpp"

namespace jackfield {

constexpr int hint_priority = -1;

// One step of an extension, or its hint. Immutable once it is in a plan.
struct Priority {
    int number = 1;  // from 1, or hint_priority
    std::uint32_t line = 0;
    Name application;    // as written, compared with registered names letter case aside; empty for a hint
    Template arguments;  // of a hint: devices joined by &, then a comma and presence providers
    std::string label;
    Name registrar;  // the module that added it
    Name file;       // empty when it came from the console or a module
};

// A name or pattern of a context with all that may happen at it. Immutable once it is in a plan.
struct Extension {
    // The number stands beside the link, so that a search needs only this list.
    struct Step {
        int number;
        std::shared_ptr<const Priority> priority;
    };
    std::vector<Step> steps;                   // by number; the hint first
    std::shared_ptr<const Pattern> caller_id;  // exten => 100/555X: only for these callers; null: for everybody
    Pattern pattern;
    std::uint64_t owner = 0;  // DialplanBuilder that may still change it

    // Null when there is none.
    const Priority* find(int number) const;
    const Priority* find_label(std::string_view label) const;
    // An empty caller_id pattern stands for calls without a number, and only for them.
    bool accepts_caller(std::string_view number) const {
        return !caller_id || (number.empty() ? caller_id->text().empty() : caller_id->matches(number));
    }
};

}  // namespace jackfield
