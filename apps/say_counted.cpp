// SayCountedNoun, SayCountedAdj: the form of a word that goes with a number.
#include <algorithm>
#include <array>

#include "core/media/say.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo noun_info{
    .name = "SayCountedNoun",
    .syntax = "SayCountedNoun(number,filename)",
    .synopsis = "Say a number and the noun that it counts",
    .text = "The noun's prompt is filename for one, and filename with `s` behind it for others. In Slavic languages: filename for 1, 21, "
            "31 ..., with `x1` for 2 to 4, 22 to 24 ..., with `x2` for the rest. Does not answer."};
constexpr ApplicationInfo adjective_info{
    .name = "SayCountedAdj",
    .syntax = "SayCountedAdj(number,filename[,gender])",
    .synopsis = "Say an adjective in the form that goes with a number",
    .text = "In Slavic languages the prompt is filename with the gender (m, f, n or c) behind it for 1, 21, 31 ..., and with `x` for "
            "others; elsewhere filename. Does not answer."};

constexpr std::array<std::string_view, 10> slavic{"ru", "uk", "be", "pl", "cs", "sk", "sr", "hr", "sl", "bg"};

bool is_slavic(std::string_view language) {
    const std::string_view family = language.substr(0, language.find_first_of("_-"));
    return std::ranges::any_of(slavic, [&](std::string_view each) { return equals_ignoring_case(each, family); });
}

// 1 for 1, 21, 101; 2 for 2 to 4, 22 to 24; 5 for the rest.
unsigned slavic_class(std::int64_t number) {
    auto last = static_cast<unsigned>((number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number)) % 100);
    if (last >= 20) last %= 10;
    return last == 1 ? 1 : last >= 2 && last <= 4 ? 2 : 5;
}

Result<std::int64_t> number_of(const Arguments& arguments, std::string_view application) {
    const auto number = parse_number<std::int64_t>(trim(arguments[0]));
    if (!number || !arguments.has(1)) return fail(ErrorCode::invalid, "{} needs a number and the name of a prompt", application);
    return *number;
}

// What can't be said is logged; the plan goes on.
Result<void> play(Channel& channel, const PromptNames& prompts) {
    auto played = channel.play_names(prompts);
    if (played) return {};
    if (ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    log_warning("{}: {}", channel.name(), played.error().text);
    return {};
}

Result<void> say_noun(Channel& channel, const Arguments& arguments) {
    const std::int64_t number = JF_TRY(number_of(arguments, "SayCountedNoun"));
    const std::string& language = channel.attributes().language;
    PromptNames prompts = JF_TRY(say_number(number, language));
    const char* ending = number == 1 ? "" : "s";
    if (is_slavic(language)) {
        const unsigned form = slavic_class(number);
        ending = form == 1 ? "" : form == 2 ? "x1" : "x2";
    }
    prompts.push_back(std::string(trim(arguments[1])) + ending);
    return play(channel, prompts);
}

Result<void> say_adjective(Channel& channel, const Arguments& arguments) {
    const std::int64_t number = JF_TRY(number_of(arguments, "SayCountedAdj"));
    const std::string gender = to_lower(trim(arguments[2]));
    if (!gender.empty() && (gender.size() > 1 || !std::string_view("mfnc").contains(gender[0])))
        return fail(ErrorCode::invalid, "SayCountedAdj: the gender is m, f, n or c, not '{}'", arguments[2]);
    std::string prompt(trim(arguments[1]));
    if (is_slavic(channel.attributes().language)) prompt += slavic_class(number) == 1 ? gender : "x";
    return play(channel, {prompt});
}

Result<void> load(Module& module) {
    JF_TRY(module.add(noun_info, say_noun));
    return module.add(adjective_info, say_adjective);
}

}  // namespace

JACKFIELD_MODULE("app_saycounted", "Decline words according to channel language", load)
