// ari.conf: whether there is a REST interface, and its users.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/options.hpp"

namespace jackfield::ari {

struct User {
    enum class Format : unsigned char { plain, crypt } format = Format::plain;
    std::string name, password;
    bool read_only = false;
};

struct Settings {
    bool enabled = true, pretty = false;
    std::string realm = "Asterisk REST Interface";
    std::vector<std::string> allowed_origins, channel_variables;
    std::size_t output_limit = 1048576, session_limit = 100;
    std::map<std::string, std::shared_ptr<const User>, std::less<>> users;
};

const Options<Settings>& general_options();
const Options<User>& user_options();
// Pure.
Settings read_settings(const ConfigFile& file, Diagnostics& findings);

// Whether the password is that user's. Waits for one that is hashed (crypt(3) takes its time, so the pool does it).
bool password_fits(const User& user, const std::string& password);

}  // namespace jackfield::ari
