#include "modules/func_sayfiles/money.hpp"

#include <string>

#include "core/base/strings.hpp"

namespace jackfield::func_sayfiles {

Result<PromptNames> say_money(std::string_view amount, std::string_view language) {
    const Halves halves = split_once(trim(amount), '.');
    const auto dollars = parse_number<std::int64_t>(halves.first.empty() ? std::string_view("0") : halves.first);
    std::string decimals(halves.second.substr(0, 2));
    decimals.resize(2, '0');
    const auto cents = parse_number<unsigned>(decimals);
    if (!dollars || *dollars < 0 || !cents) return fail(ErrorCode::invalid, "'{}' is no amount of money", amount);
    PromptNames prompts;
    const auto add = [&](std::int64_t number, std::string_view one, std::string_view many) -> Result<void> {
        PromptNames said = JF_TRY(say_number(number, language));
        for (std::string& name : said) prompts.push_back(std::move(name));
        prompts.emplace_back(number == 1 ? one : many);
        return {};
    };
    if (*dollars) {
        JF_TRY(add(*dollars, "letters/dollar", "dollars"));
        if (*cents) prompts.emplace_back("and");
    }
    if (*cents || !*dollars) JF_TRY(add(*cents, "cent", "cents"));
    return prompts;
}

}  // namespace jackfield::func_sayfiles
