// What the compiled dialplan is made of: extensions and their priorities.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
    Name registrar;  // who added it: pbx_config, or a module
    Name file;       // empty when it came from the console or a module
};

// A name or pattern of a context with all that may happen at it. Immutable once it is in a plan.
struct Extension {
    Pattern pattern;
    std::optional<Pattern> caller_id;  // exten => 100/555X: only for these callers; an empty one: only without a number
    std::vector<std::shared_ptr<const Priority>> priorities;  // by number; the hint first
    std::uint64_t owner = 0;                                  // DialplanBuilder that may still change it

    // Null when there is none.
    const Priority* find(int number) const;
    const Priority* find_label(std::string_view label) const;
    bool accepts_caller(std::string_view number) const;
};

}  // namespace jackfield
