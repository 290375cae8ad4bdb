// ari.conf: the tables of options and the users.
#include "modules/res_ari/settings.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <array>

#include "core/runtime/offload.hpp"

namespace jackfield::ari {

using namespace std::chrono_literals;

const Options<Settings>& general_options() {
    using O = Option<Settings>;
    static const Options<Settings> options{
        {"enabled", &Settings::enabled, true, "Whether the REST interface answers"},
        {"pretty", &Settings::pretty, false, "A line for each member in answers, for people to read"},
        {"auth_realm", &Settings::realm, "Asterisk REST Interface",
         "What browsers show when they ask for the password"},
        {"allowed_origins",
         &Settings::allowed_origins,
         {},
         "Origins of web pages that may use the interface; * for all"},
        {"channelvars", &Settings::channel_variables, {}, "Variables that are shown with each channel"},
        {"outputlimit", &Settings::output_limit, 1048576, Range{16384, 1073741824},
         "Bytes of events that may wait for one client; one that reads more slowly is disconnected"},
        {"sessionlimit", &Settings::session_limit, 100, Range{1, 100000}, "How many clients may receive events"},
        O::ignored("websocket_write_timeout", "a slow client holds nobody up here; see outputlimit"),
    };
    return options;
}

const Options<User>& user_options() {
    static const Options<User> options{
        {"password", &User::password, "", "Plain, or a hash as crypt(3) makes it"},
        {"password_format", &User::format, User::Format::plain,
         Words<User::Format>{{"plain", User::Format::plain}, {"crypt", User::Format::crypt}}, "What password= is"},
        {"read_only", &User::read_only, false, "Whether the user may only look"},
    };
    return options;
}

Settings read_settings(const ConfigFile& file, Diagnostics& findings) {
    Settings settings = general_options().defaults();
    for (const ConfigCategory* general : file.find_all("general"))
        general_options().apply(*general, settings, findings);
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
        const auto type = section_type(category, {"user"}, findings);
        if (!type) continue;
        auto user = std::make_shared<User>(user_options().read(category, findings, {"type"}));
        user->name = category.name();
        if (user->password.empty())
            findings.error(category.place(), "user {} has no password=; nobody can log in as {}", user->name,
                           user->name);
        if (!settings.users.emplace(user->name, user).second)
            findings.error(category.place(), "user {} stands in this file twice", user->name);
    }
    return settings;
}

bool password_fits(const User& user, const std::string& password) {
    std::string given = password;
    if (user.format == User::Format::crypt) {
        auto hashed = offload([&]() -> Result<std::string> {
            const auto work = std::make_unique<crypt_data>();
            const char* made = crypt_r(password.c_str(), user.password.c_str(), work.get());
            return std::string(made ? made : "");
        });
        if (!hashed || hashed->empty() || hashed->starts_with('*')) return false;
        given = *std::move(hashed);
    }
    // Hashes have one length whatever was written, so the time of the comparison tells nothing.
    std::array<unsigned char, SHA256_DIGEST_LENGTH> one{}, other{};
    SHA256(reinterpret_cast<const unsigned char*>(given.data()), given.size(), one.data());
    SHA256(reinterpret_cast<const unsigned char*>(user.password.data()), user.password.size(), other.data());
    return CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace jackfield::ari
