// Options p, P, n, N of Dial: who calls says a name, who is called hears it and decides.
#include "apps/dial/screening.hpp"

#include <cctype>
#include <filesystem>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/executor.hpp"
#include "core/media/sound_file.hpp"
#include "core/module/database.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield::dial {
namespace {

using namespace std::chrono_literals;

constexpr unsigned most_rounds = 3;
constexpr auto patience = 5s;  // for a key after the prompts

// What stands for the caller in the database and in a file's name: letters and digits only.
std::string key_of(Channel& caller) {
    std::string key;
    for (const char c : caller.caller().id.number.text)
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '+') key += c;
    if (!key.empty()) return key;
    key = "NOCALLERID_" + caller.place().extension + caller.name();
    for (char& c : key)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') c = '=';
    return key;
}

// Removes the file where it is destroyed.
struct UnwantedFile {
    explicit UnwantedFile(std::string file) : path(std::move(file)) {}
    ~UnwantedFile() {
        std::error_code error;
        std::filesystem::remove(path, error);
    }
    UnwantedFile(const UnwantedFile&) = delete;
    std::string path;
};

Result<void> play(Channel& channel, std::string_view prompt, std::string_view keys, char& key) {
    if (key) return {};
    auto played = channel.play(prompt, keys);
    if (played) {
        key = *played;
        return {};
    }
    if (ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    log_warning("Dial: {}", played.error().text);
    return {};
}

}  // namespace

Screening::Screening(Channel& caller, const DialOptions& options) : caller_(caller), options_(options) {}

Screening::~Screening() {
    if (!recorded_ || !options_.has('n')) return;
    dispose(std::make_shared<const UnwantedFile>(intro_ + ".wav"));
}

std::string Screening::family() const {
    const std::string own = options_.argument('P');
    return "privacy/" + (own.empty() ? caller_.place().extension : own);
}

void Screening::remember(std::string_view decision) const {
    if (!options_.has('P')) return;
    Database* database = Database::instance();
    if (!database) return;
    if (auto kept = database->put(family(), key_, std::string(decision)); !kept)
        log_warning("Dial option P: {}", kept.error().text);
}

Result<std::string> Screening::begin() {
    if (!options_.has('p') && !options_.has('P')) return std::string();
    const bool known = !caller_.caller().id.number.text.empty();
    if (known && options_.has('N')) return std::string();
    key_ = key_of(caller_);
    if (options_.has('P')) {
        const Database* database = Database::instance();
        const auto decided = database ? database->get(family(), key_) : std::nullopt;
        const std::string_view word = decided ? std::string_view(*decided) : std::string_view();
        if (word == "allow") return std::string();
        if (word == "deny") return "NOANSWER";
        if (word == "kill") return "DONTCALL";
        if (word == "torture") return "TORTURE";
    }
    asking_ = true;
    intro_ = fmt::format("{}/sounds/priv-callerintros/{}", constant_variable("ASTDATADIR").value_or("/tmp"), key_);
    if (!options_.has('n') && prompt_exists(intro_, caller_.attributes().language)) return std::string();
    char key = '\0';
    JF_TRY(caller_.answer());
    JF_TRY(play(caller_, "priv-recordintro", {}, key));
    auto recorded = run_application(caller_, "Record", intro_ + ".wav,2,4,q");
    if (!recorded && ends_application(recorded.error().code)) return std::unexpected(std::move(recorded).error());
    if (!recorded) log_warning("Dial: the caller's name was not recorded: {}", recorded.error().text);
    recorded_ = recorded.has_value();
    return std::string();
}

Result<std::string> Screening::ask(Channel& called) {
    if (!asking_) return std::string();
    JF_TRY(caller_.indicate(Indication::ringing));
    const bool memory = options_.has('P');
    const std::string_view keys = memory ? "12345" : "1234";
    char key = '\0';
    const auto listen = [&]() -> Result<void> {
        for (unsigned round = 0; round < most_rounds && !key; ++round) {
            JF_TRY(play(called, "priv-callpending", keys, key));
            if (prompt_exists(intro_, called.attributes().language)) JF_TRY(play(called, intro_, keys, key));
            JF_TRY(play(called, memory ? "priv-callee-options" : "screen-callee-options", keys, key));
            if (key) break;
            auto pressed = called.read_digit(patience);
            if (!pressed && pressed.error().code != ErrorCode::timeout) return std::unexpected(std::move(pressed).error());
            if (pressed && keys.contains(*pressed)) key = *pressed;
        }
        return {};
    };
    auto listened = listen();
    caller_.stop_indication();
    if (!listened && caller_.hung_up()) return std::unexpected(std::move(listened).error());
    if (!listened && !called.hung_up()) return std::unexpected(std::move(listened).error());
    switch (key) {
        case '1': remember("allow"); return std::string();
        case '2': remember("deny"); return "NOANSWER";
        case '3': remember("torture"); return "TORTURE";
        case '4': remember("kill"); return "DONTCALL";
        case '5': return std::string();
        default: return "NOANSWER";
    }
}

}  // namespace jackfield::dial
