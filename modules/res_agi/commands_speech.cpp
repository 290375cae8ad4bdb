// Commands of speech recognition. There is no engine, so SPEECH CREATE makes no speech object, and the others answer what
// they answer without one.
#include "modules/res_agi/command_line.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

Result<Reply> no_speech_object(Channel&, Words) { return result(0); }

constexpr std::string_view no_engine = "There is no speech recognition engine; returns 0.";

constexpr Command all_speech_commands[]{
    {"speech activate grammar", false, "NAME", "Use a grammar", no_engine, 4, 4, no_speech_object},
    {"speech create", false, "ENGINE", "Make a speech object", no_engine, 3, 3, no_speech_object},
    {"speech deactivate grammar", false, "NAME", "Use a grammar no more", no_engine, 4, 4, no_speech_object},
    {"speech destroy", true, "", "Destroy the speech object", no_engine, 2, most_words, no_speech_object},
    {"speech load grammar", false, "NAME PATH", "Load a grammar", no_engine, 5, 5, no_speech_object},
    {"speech recognize", false, "PROMPT TIMEOUT [OFFSET]", "Play a prompt and recognise what is said", no_engine, 4, 5, no_speech_object},
    {"speech set", false, "NAME VALUE", "Set an engine's setting", no_engine, 4, 4, no_speech_object},
    {"speech unload grammar", true, "NAME", "Forget a grammar", no_engine, 4, 4, no_speech_object},
};

}  // namespace

std::span<const Command> speech_commands() { return all_speech_commands; }

}  // namespace jackfield::agi
