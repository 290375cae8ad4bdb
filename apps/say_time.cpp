// SayUnixTime and DateTime: say a point in time.
#include "core/media/say.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo unix_time_info{
    .name = "SayUnixTime",
    .syntax = "SayUnixTime([unixtime[,timezone[,format[,options]]]])",
    .synopsis = "Say a date and time",
    .text = "The time is in seconds since 1970 (now by default), the timezone a name of the zone database, the format letters "
            "as in voicemail.conf (`ABdY 'digits/at' IMp` by default).\n"
            "  j - a digit pressed goes on at that extension"};
constexpr ApplicationInfo date_time_info{
    .name = "DateTime",
    .syntax = "DateTime([unixtime[,timezone[,format]]])",
    .synopsis = "Say a date and time",
    .text = "As SayUnixTime."};

Result<void> say_unix_time(Channel& channel, const Arguments& arguments) {
    auto time = std::chrono::system_clock::now();
    if (arguments.has(0)) {
        const auto seconds = parse_number<double>(arguments[0]);
        if (!seconds) return fail(ErrorCode::invalid, "SayUnixTime: '{}' is not a number of seconds since 1970", arguments[0]);
        time = std::chrono::system_clock::time_point(std::chrono::seconds(static_cast<std::int64_t>(*seconds)));
    }
    const std::string_view format = arguments.has(2) ? arguments[2] : "ABdY 'digits/at' IMp";
    const auto prompts = JF_TRY(say_time(time, std::string(arguments[1]), format, channel.attributes().language));
    JF_TRY(channel.answer());
    const bool jump = arguments[3].contains('j');
    const char digit = JF_TRY(channel.play_names(prompts, jump ? "0123456789*#" : ""));
    if (digit && extension_exists(channel, channel.place().context, std::string(1, digit)))
        go_to(channel, Place{channel.place().context, std::string(1, digit), 1});
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(unix_time_info, say_unix_time));
    return module.add(date_time_info, say_unix_time);
}

}  // namespace

JACKFIELD_MODULE("app_sayunixtime", "Say time", load)
