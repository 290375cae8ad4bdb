// Reads dialog-info documents (RFC 4235). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield::sip {

struct ReadDialogInfo {
    std::uint32_t version = 0;
    bool full = false;  // all dialogs are there; else those that have changed
    struct Dialog {
        std::string id;
        enum class State : std::uint8_t { trying, proceeding, early, confirmed, terminated } state = State::terminated;
        bool recipient = false;  // the watched party was called
        bool on_hold = false;    // +sip.rendering=no of its own side
    };
    std::vector<Dialog> dialogs;
};

inline constexpr std::size_t longest_dialog_info = 65536, most_dialogs = 64;

// Errors: invalid (not well-formed, no dialog-info, with a document type declaration), limit (longer than longest_dialog_info,
// more than most_dialogs).
Result<ReadDialogInfo> parse_dialog_info(std::string_view body);

}  // namespace jackfield::sip
