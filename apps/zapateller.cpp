// Zapateller: the special information tone, at which predictive diallers give up.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "Zapateller",
                               .syntax = "Zapateller([options])",
                               .synopsis = "Play the tone at which dialling machines give up",
                               .text = "Options are words separated by commas: `answer` answers the call first, `nocallerid` plays only to "
                                       "callers without a number. Sets ZAPATELLERSTATUS to NOTHING, ANSWERED or ZAPPED."};

// ITU-T E.180 5.5: 950, 1400 and 1800 Hz for 330 ms each, then a second of silence.
constexpr std::string_view special_information_tone = "!950/330,!1400/330,!1800/330,!0/1000";

Result<void> zapateller(Channel& channel, const Arguments& arguments) {
    bool answer = false, without_caller = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = trim(arguments[i]);
        answer |= word == "answer";
        without_caller |= word == "nocallerid";
        if (!word.empty() && word != "answer" && word != "nocallerid")
            return fail(ErrorCode::invalid, "Zapateller: '{}' is neither answer nor nocallerid", word);
    }
    channel.set_variable("ZAPATELLERSTATUS", "NOTHING");
    if (answer && channel.state() != ChannelState::up) {
        JF_TRY(channel.answer());
        channel.set_variable("ZAPATELLERSTATUS", "ANSWERED");
    }
    if (without_caller && !channel.caller().id.number.text.empty()) return {};
    auto tone = JF_TRY(make_tone(special_information_tone));
    JF_TRY(channel.play_source(std::move(tone)));
    channel.set_variable("ZAPATELLERSTATUS", "ZAPPED");
    return {};
}

Result<void> load(Module& module) { return module.add(info, zapateller); }

}  // namespace

JACKFIELD_MODULE("app_zapateller", "A tone against dialling machines", load)
