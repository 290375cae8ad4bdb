// Bodies that clients and providers send about presence and messages.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "channels/sip/exchange/exchanged_state.hpp"
#include "channels/sip/stack/dialog_info_parser.hpp"
#include "channels/sip/stack/event_bodies.hpp"
#include "channels/sip/stack/pidf_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = jackfield::sip::parse_pidf(text);
    if (read && (read->note.size() > 1024 || read->activities.size() > 16)) std::abort();
    if (const auto info = jackfield::sip::parse_dialog_info(text); info && info->dialogs.size() > jackfield::sip::most_dialogs) std::abort();
    if (const auto counts = jackfield::sip::parse_message_summary(text)) {
        // What is written of it is read as the same.
        const auto again = jackfield::sip::parse_message_summary(jackfield::sip::message_summary_body(*counts, {}));
        if (!again || again->fresh != counts->fresh || again->urgent_old != counts->urgent_old) std::abort();
    }
    if (const auto state = jackfield::sip::parse_exchanged_state(text)) {
        const auto again = jackfield::sip::parse_exchanged_state(jackfield::sip::exchanged_state_body(*state));
        if (!again || again->kind != state->kind || again->fresh != state->fresh || again->name.size() > 1024) std::abort();
    }
    return 0;
}
