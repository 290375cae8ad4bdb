// func_sayfiles: SAYFILES, the prompts that would say something, and SayMoney.
#include "core/media/say.hpp"
#include "core/sdk.hpp"
#include "modules/func_sayfiles/money.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "SAYFILES",
                            .syntax = "SAYFILES(value[,type])",
                            .synopsis = "The prompts that say a value, for Playback",
                            .text = "In the channel's language, separated by `&`. Types: alpha (the default), digits, money, number, ordinal, "
                                    "phonetic."};

constexpr ApplicationInfo money_info{.name = "SayMoney",
                                     .syntax = "SayMoney(dollars)",
                                     .synopsis = "Say an amount of money in dollars and cents",
                                     .text = "Numbers in the channel's language: SayMoney(2.42). A key pressed goes on at that extension when "
                                             "SAY_DTMF_INTERRUPT is `true`."};

Result<PromptNames> prompts(std::string_view value, std::string_view type, const std::string& language) {
    const auto is = [type](std::string_view name) { return equals_ignoring_case(type, name); };
    if (type.empty() || is("alpha")) return say_letters(value, language);
    if (is("digits")) return say_digits(value, language);
    if (is("phonetic")) return say_phonetic(value, language);
    if (is("money")) return func_sayfiles::say_money(value, language);
    if (!is("number") && !is("ordinal"))
        return fail(ErrorCode::invalid, "SAYFILES: '{}' is none of alpha, digits, money, number, ordinal, phonetic", type);
    const auto number = parse_number<std::int64_t>(trim(value));
    if (!number) return fail(ErrorCode::invalid, "SAYFILES: '{}' is not a number", value);
    return is("number") ? say_number(*number, language) : say_ordinal(*number, language);
}

Result<std::string> say_files(Channel* channel, const Arguments& arguments) {
    const std::string language = channel ? channel->attributes().language : sound_settings().default_language;
    const PromptNames names = JF_TRY(prompts(arguments[0], arguments[1], language));
    return join(names, "&");
}

Result<void> say_money(Channel& channel, const Arguments& arguments) {
    const PromptNames names = JF_TRY(func_sayfiles::say_money(arguments[0], channel.attributes().language));
    const bool interruptible = parse_bool(channel.variable("SAY_DTMF_INTERRUPT")).value_or(false);
    const char key = JF_TRY(channel.play_names(names, interruptible ? "0123456789*#" : ""));
    if (key && extension_exists(channel, channel.place().context, std::string(1, key)))
        go_to(channel, Place{channel.place().context, std::string(1, key), 1});
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(info, FunctionBody{say_files}));
    return module.add(money_info, say_money);
}

}  // namespace

JACKFIELD_MODULE("func_sayfiles", "Prompts that say something", load)
