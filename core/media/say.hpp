// The say engine: which prompts, in which order, say a number, a date or letters in a language.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

using PromptNames = std::vector<std::string>;  // e.g. digits/20, digits/1

// Control thread; nothing waits. Rules per language (en, fr, es, de, it, ...) come from declarative language files
// (sounds/say/<language>.conf, described in say_rules.hpp); a language without one uses the default language's, then English.
// Errors: unsupported (a number beyond the rules). gender: "m", "f", "n", "c", "p" or empty.
Result<PromptNames> say_number(std::int64_t number, std::string_view language, std::string_view gender = {});
Result<PromptNames> say_ordinal(std::int64_t number, std::string_view language, std::string_view gender = {});
PromptNames say_digits(std::string_view digits, std::string_view language);   // others than digits, * # - are left out
PromptNames say_letters(std::string_view text, std::string_view language, bool tell_case = false);
PromptNames say_phonetic(std::string_view text, std::string_view language);
// format: Asterisk's letters (A a B b h d e Y I l H k M p P Q q R S T 'prompt'), e.g. "ABdY 'digits/at' IMp".
Result<PromptNames> say_time(std::chrono::system_clock::time_point time, const std::string& timezone,
                             std::string_view format, std::string_view language);

// Reads DIRECTORY/say/*.conf of all directories, the first one that has a language winning, and puts them into force.
// Mistakes are logged with their line and cost that rule only. Blocks on the disk, so at start or in the pool's company;
// set_sound_settings() calls it.
void load_say_languages(const std::vector<std::string>& directories, const std::string& default_language);
// One language from a text, for tests. Errors: invalid.
Result<void> add_say_language(const std::string& name, const std::string& text);

// What say_time() turns a time into local time with; `zone` is a name of the tz database, empty: the system's. Set at
// start by the floor that knows zones. Null: the C library, which knows the system's zone only.
using LocalTimeFunction = Result<std::tm> (*)(std::chrono::system_clock::time_point time, const std::string& zone);
void set_local_time(LocalTimeFunction function);

}  // namespace jackfield
