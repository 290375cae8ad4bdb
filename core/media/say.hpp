// The say engine: which prompts, in which order, say a number, a date or letters in a language.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

using PromptNames = std::vector<std::string>;  // e.g. digits/20, digits/1

// Pure; rules per language (en, fr, es, de, it, ...) come from declarative language files (say.conf-like tables in
// sounds/say/<language>.conf); unknown languages use English. gender: "m", "f", "n", "c", "p" or empty.
Result<PromptNames> say_number(std::int64_t number, std::string_view language, std::string_view gender = {});
Result<PromptNames> say_ordinal(std::int64_t number, std::string_view language, std::string_view gender = {});
PromptNames say_digits(std::string_view digits, std::string_view language);   // others than digits, * # - are left out
PromptNames say_letters(std::string_view text, std::string_view language, bool tell_case = false);
PromptNames say_phonetic(std::string_view text, std::string_view language);
// format: Asterisk's letters (A a B b h d e Y I l H k M p P Q q R S T 'prompt'), e.g. "ABdY 'digits/at' IMp".
Result<PromptNames> say_time(std::chrono::system_clock::time_point time, const std::string& timezone,
                             std::string_view format, std::string_view language);

}  // namespace jackfield
