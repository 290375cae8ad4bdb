// WaitForSilence and WaitForNoise.
#include <algorithm>

#include "apps/detect/silence_watch.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo silence_info{
    .name = "WaitForSilence",
    .syntax = "WaitForSilence([silencerequired[,iterations[,timeout]]])",
    .synopsis = "Wait until the caller is silent",
    .text = "For `silencerequired` milliseconds (1000), `iterations` times (1), at most `timeout` seconds (no limit). Answers the "
            "call. Sets WAITSTATUS to SILENCE, TIMEOUT or HANGUP."};
constexpr ApplicationInfo noise_info{.name = "WaitForNoise",
                                     .syntax = "WaitForNoise([noiserequired[,iterations[,timeout]]])",
                                     .synopsis = "Wait until the caller is heard",
                                     .text = "For `noiserequired` milliseconds (1000), `iterations` times (1), at most `timeout` seconds "
                                             "(no limit). Answers the call. Sets WAITSTATUS to NOISE, TIMEOUT or HANGUP."};

struct Request {
    milliseconds required{1000};
    unsigned iterations = 1;
    Timeout timeout;
};

Result<Request> parse(const Arguments& arguments) {
    Request request;
    const auto number = [&](std::size_t place, std::int64_t otherwise) -> Result<std::int64_t> {
        if (!arguments.has(place)) return otherwise;
        const auto value = parse_number<std::int64_t>(trim(arguments[place]));
        if (!value || *value < 0 || *value > 1'000'000'000)
            return fail(ErrorCode::invalid, "'{}' is no number that can be waited for", arguments[place]);
        return *value;
    };
    request.required = milliseconds(JF_TRY(number(0, 1000)));
    request.iterations = static_cast<unsigned>(std::max<std::int64_t>(1, JF_TRY(number(1, 1))));
    if (const std::int64_t seconds = JF_TRY(number(2, 0))) request.timeout = std::chrono::seconds(seconds);
    return request;
}

// Until `required` of the wanted state have passed so often. Each time begins anew, as what was heard before is forgotten.
Result<void> wait_for(Channel& channel, const Request& request, bool silence) {
    const Instant deadline = Clock::now() + request.timeout.value_or(std::chrono::nanoseconds(0));
    for (unsigned round = 0; round < request.iterations; ++round) {
        SilenceWatch watch(channel, SilenceWatch::usual_threshold);
        for (bool heard = false; !heard;) {
            const auto left = request.timeout ? Timeout(std::max(deadline - Clock::now(), Clock::duration(0))) : Timeout();
            const auto event = JF_TRY(watch.events().pop(left));
            heard = event.silent == silence && event.length >= request.required;
        }
    }
    return {};
}

template <bool silence>
Result<void> wait_application(Channel& channel, const Arguments& arguments) {
    const Request request = JF_TRY(parse(arguments));
    JF_TRY(channel.answer());
    auto waited = wait_for(channel, request, silence);
    const bool late = !waited && waited.error().code == ErrorCode::timeout;
    channel.set_variable("WAITSTATUS", waited ? (silence ? "SILENCE" : "NOISE") : late ? "TIMEOUT" : "HANGUP");
    if (late) return {};
    return waited;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(silence_info, wait_application<true>));
    return module.add(noise_info, wait_application<false>);
}

}  // namespace

JACKFIELD_MODULE("app_waitforsilence", "Wait for silence or noise", load)
