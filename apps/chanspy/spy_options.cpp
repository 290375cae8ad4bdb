// What ChanSpy and ExtenSpy are asked for.
#include "apps/chanspy/spy_options.hpp"

#include <algorithm>
#include <cmath>

namespace jackfield::chanspy {
namespace {

constexpr std::string_view keys = "0123456789*#";

std::vector<std::string> split_colons(std::string_view text) {
    std::vector<std::string> parts;
    for (const std::string_view part : split_list(text, ':'))
        if (!trim(part).empty()) parts.emplace_back(trim(part));
    return parts;
}

Result<char> key_of(const OptionLetters& letters, char letter, std::string_view application, char otherwise) {
    if (!letters.has(letter)) return otherwise;
    const std::string_view text = letters.argument(letter);
    if (text.size() != 1 || !keys.contains(text[0]))
        return fail(ErrorCode::invalid, "{}: option {} needs one key, as {}(1), and not '{}'", application, letter, letter, text);
    return text[0];
}

}  // namespace

double volume_factor(int volume) { return std::pow(2.0, volume / 2.0); }

bool shares_group(const std::vector<std::string>& groups, std::string_view list) {
    for (const std::string& have : split_colons(list))
        if (std::ranges::any_of(groups, [&](const auto& wanted) { return equals_ignoring_case(wanted, have); })) return true;
    return false;
}

bool is_enforced(const SpyOptions& options, std::string_view channel_name) {
    if (options.any_extension) return true;
    const std::string_view device = device_of(channel_name);
    const std::string_view extension = device.substr(device.find('/') + 1);
    return std::ranges::any_of(options.enforced, [&](const auto& allowed) {
        return equals_ignoring_case(allowed, extension) || equals_ignoring_case(allowed, device);
    });
}

Result<SpyOptions> SpyOptions::parse(std::string_view application, std::string_view text) {
    const OptionLetters letters = JF_TRY(OptionLetters::parse(text, "bBcdeEglnoqrsSuvwWxX"));
    if (letters.has('n'))
        return fail(ErrorCode::unsupported, "{}: option n says a name that a mailbox keeps, and there are no mailboxes; leave it out",
                    application);
    SpyOptions options;
    options.bridged = letters.has('b');
    options.barge = letters.has('B');
    options.whisper = letters.has('w');
    options.private_whisper = letters.has('W');
    options.modes_by_key = letters.has('d');
    options.exit_on_hangup = letters.has('E');
    options.only_said = letters.has('o');
    options.quiet = letters.has('q');
    options.record = letters.has('r');
    options.no_technology = letters.has('s');
    options.stop_when_none = letters.has('S');
    options.unique = letters.has('u');
    options.exit_to_extension = letters.has('X');
    options.next_key = JF_TRY(key_of(letters, 'c', application, '*'));
    options.exit_key = JF_TRY(key_of(letters, 'x', application, '\0'));
    if (letters.has('v') && !letters.argument('v').empty()) {
        const auto volume = parse_number<int>(trim(letters.argument('v')));
        if (!volume || *volume < -4 || *volume > 4)
            return fail(ErrorCode::invalid, "{}: the volume is -4 to 4, not '{}'", application, letters.argument('v'));
        options.volume = *volume;
    }
    options.groups = split_colons(letters.argument('g'));
    options.any_extension = !letters.has('e');
    options.enforced = split_colons(letters.argument('e'));
    options.record_name = letters.argument('r').empty() ? "chanspy" : letters.argument('r');
    if (options.record_name.find("..") != std::string::npos)
        return fail(ErrorCode::invalid, "{}: '{}' is no name of a recording", application, options.record_name);
    return options;
}

}  // namespace jackfield::chanspy
