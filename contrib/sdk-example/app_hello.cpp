// Hello: greet the caller by name and read a digit back.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Hello",
    .syntax = "Hello([prompt])",
    .synopsis = "Play a greeting, then say the key that the caller presses",
    .text = "Plays `prompt` (hello-world by default), waits 5 seconds for a key, says it, and sets HELLO_KEY to it."};

// Runs on the call's own fiber. Every call that waits may come back with the error `hangup`: JF_TRY passes it on.
Result<void> hello(Channel& channel, const Arguments& arguments) {
    JF_TRY(channel.answer());
    JF_TRY(channel.play(arguments.has(0) ? arguments[0] : "hello-world"));
    const auto key = channel.read_digit(std::chrono::seconds(5));
    if (!key && key.error().code != ErrorCode::timeout) return std::unexpected(key.error());
    channel.set_variable("HELLO_KEY", key ? std::string(1, *key) : "");
    if (key) JF_TRY(channel.play(std::string("digits/") + *key));
    return {};
}

Result<void> load(Module& module) { return module.add(info, hello); }

}  // namespace

JACKFIELD_MODULE("app_hello", "Hello application of the SDK example", load)
