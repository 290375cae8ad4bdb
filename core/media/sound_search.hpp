// Which folders a prompt may be in, by language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/media/sound_file.hpp"

namespace jackfield {

// The languages to try: "fr_CA", "fr", the default one and its root, then none (empty). Pure.
std::vector<std::string> language_order(std::string_view language, std::string_view default_language);

// The folder below `directory` that has the prompts of `language`: the one of its name, or the first whose name begins
// with it and "_" (en_US_f_Allison for en and for en_US). Empty when there is none. Blocks on the disk; any thread.
std::string language_folder(const std::string& directory, std::string_view language);

}  // namespace jackfield
