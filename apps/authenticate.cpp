// Authenticate: let only callers go on who know a password.
#include "core/config/file_source.hpp"
#include "core/module/database.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Authenticate",
    .syntax = "Authenticate(password[,options[,maxdigits[,prompt]]])",
    .synopsis = "Let only callers go on who know a password",
    .text = "The caller has three tries and ends a password with #; then the call ends. A password that begins with / names a file "
            "with a password on each line. Prompts: agent-pass or `prompt`, auth-incorrect, auth-thankyou.\n"
            "  a - the account code of the channel becomes the password\n"
            "  d - the password names a family of the database: the keys in it are the passwords, and values other than 1 the account "
            "codes\n"
            "  m - the lines of the file are account:MD5 of the password\n"
            "  r - with d: a password that was used is deleted"};

constexpr unsigned attempts = 3;
constexpr std::size_t largest_file = 1024 * 1024;

Result<std::string> md5(Channel& channel, const std::string& text) {
    auto hash = read_expression(&channel, fmt::format("MD5({})", text));
    if (!hash) return fail(ErrorCode::not_found, "Authenticate option m needs the function MD5: {}", hash.error().text);
    return hash;
}

// The account code of a password that is right; nothing for a wrong one. Waits.
using Account = std::optional<std::string>;

Result<Account> look_in_database(std::string family, const std::string& password, bool remove) {
    if (family.starts_with('/')) family.erase(0, 1);
    Database* database = Database::instance();
    if (!database) return fail(ErrorCode::failed, "Authenticate option d needs the database");
    auto value = database->get(family, password);
    if (!value) return Account();
    if (remove) JF_TRY(database->del(family, password));
    return Account(*value == "1" ? password : *value);
}

Result<Account> look_in_file(Channel& channel, const std::string& path, const std::string& password, bool hashed) {
    auto content = JF_TRY(offload([path] { return DiskFiles().read(path, largest_file); }));
    const std::string secret = hashed ? JF_TRY(md5(channel, password)) : password;
    for (const std::string_view line : split(content.text, '\n')) {
        const std::string_view entry = trim(line);
        if (entry.empty() || entry.starts_with(';')) continue;
        if (!hashed && entry == secret) return Account(password);
        if (const Halves halves = split_once(entry, ':'); hashed && equals_ignoring_case(trim(halves.second), secret))
            return Account(std::string(trim(halves.first)));
    }
    return Account();
}

Result<Account> check(Channel& channel, const std::string& wanted, const OptionLetters& options, const std::string& entered) {
    if (entered.empty()) return Account();
    if (options.has('d')) return look_in_database(wanted, entered, options.has('r'));
    if (wanted.starts_with('/')) return look_in_file(channel, wanted, entered, options.has('m'));
    return entered == wanted ? Account(entered) : Account();
}

Result<void> authenticate(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "Authenticate needs a password");
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "admr"));
    ReadOptions input;
    if (arguments.has(2)) {
        const auto digits = parse_number<unsigned>(trim(arguments[2]));
        if (!digits || !*digits || *digits > 255) return fail(ErrorCode::invalid, "Authenticate: maxdigits is a number from 1 to 255");
        input.maximum = *digits;
    }
    input.prompts = arguments.has(3) ? arguments[3] : "agent-pass";
    JF_TRY(channel.answer());
    for (unsigned attempt = 0; attempt < attempts; ++attempt) {
        auto entered = channel.read_digits(input);
        if (!entered && entered.error().code != ErrorCode::timeout) return std::unexpected(std::move(entered).error());
        const Account account = JF_TRY(check(channel, std::string(arguments[0]), options, entered.value_or(std::string())));
        if (account) {
            if (options.has('a')) channel.attributes().account_code = *account;
            if (auto thanked = channel.play("auth-thankyou"); !thanked && ends_application(thanked.error().code))
                return std::unexpected(std::move(thanked).error());
            return {};
        }
        input.prompts = "auth-incorrect";
    }
    log_notice("Authenticate: {} did not know the password", channel.name());
    channel.hang_up(HangupCause::normal_clearing);
    return fail(ErrorCode::hangup);
}

Result<void> load(Module& module) { return module.add(info, authenticate); }

}  // namespace

JACKFIELD_MODULE("app_authenticate", "Passwords for callers", load)
