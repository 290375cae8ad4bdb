// Amounts of money as prompts.
#pragma once

#include <string_view>

#include "core/media/say.hpp"

namespace jackfield::func_sayfiles {

// "2.42": two dollars and forty-two cents; what follows the second decimal is left out. The words are prompts of the
// language: letters/dollar, dollars, and, cent, cents. Never waits. Errors: invalid (no amount), unsupported.
Result<PromptNames> say_money(std::string_view amount, std::string_view language);

}  // namespace jackfield::func_sayfiles
