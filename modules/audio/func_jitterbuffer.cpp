// JITTERBUFFER: what comes from a channel, made even.
#include "modules/audio/directions.hpp"

using namespace jackfield;
using namespace jackfield::audio;
using std::chrono::milliseconds;

namespace {

constexpr FunctionInfo info{
    .name = "JITTERBUFFER",
    .syntax = "JITTERBUFFER(jitterbuffer type)",
    .synopsis = "Make what comes from a channel even",
    .text = "Set(JITTERBUFFER(adaptive)=default) or Set(JITTERBUFFER(fixed)=200,1000,40): `fixed` keeps everything back by the same "
            "time, `adaptive` by what the network needs, `disabled` ends it. The value is `default`, or max_size[,resync_threshold"
            "[,target_extra[,sync_video]]] in milliseconds: fixed keeps back by max_size (200), adaptive by max_size (200) at most and "
            "begins with target_extra (40). It finds jumps of the far side's clock by itself, so that resync_threshold changes "
            "nothing; sync_video=yes is not available. For reading no value."};

Result<std::optional<milliseconds>> number(const std::vector<std::string>& parts, std::size_t place, std::string_view name) {
    if (place >= parts.size() || trim(parts[place]).empty()) return std::nullopt;
    const auto value = parse_number<int>(trim(parts[place]));
    if (!value || *value < -1 || *value > 10'000)
        return fail(ErrorCode::invalid, "JITTERBUFFER: {} is 0 to 10000 milliseconds, not '{}'", name, parts[place]);
    if (*value < 0) return std::nullopt;
    return milliseconds(*value);
}

Result<MediaStream::JitterSettings> parse(bool adaptive, std::string_view value) {
    MediaStream::JitterSettings settings{.adaptive = adaptive, .delay = milliseconds(adaptive ? 40 : 200)};
    if (trim(value).empty() || equals_ignoring_case(trim(value), "default")) return settings;
    const auto parts = split_arguments(value);
    const auto size = JF_TRY(number(parts, 0, "max_size"));
    (void)JF_TRY(number(parts, 1, "resync_threshold"));
    const auto extra = JF_TRY(number(parts, 2, "target_extra"));
    if (parts.size() > 3 && parse_bool(trim(parts[3])).value_or(false))
        return fail(ErrorCode::unsupported, "JITTERBUFFER: sync_video is not available");
    if (size) settings.maximum = *size;
    if (!adaptive) settings.delay = settings.maximum;
    if (adaptive && extra) settings.delay = *extra;
    settings.delay = std::min(settings.delay, settings.maximum);
    return settings;
}

Result<void> write(Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "JITTERBUFFER"));
    const std::string_view type = trim(arguments[0]);
    if (equals_ignoring_case(type, "disabled")) {
        channel->media().set_jitter_buffer(std::nullopt);
        return {};
    }
    const bool adaptive = equals_ignoring_case(type, "adaptive");
    if (!adaptive && !equals_ignoring_case(type, "fixed"))
        return fail(ErrorCode::invalid, "JITTERBUFFER: the type is fixed, adaptive or disabled, not '{}'", type);
    channel->media().set_jitter_buffer(JF_TRY(parse(adaptive, value)));
    return {};
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{nullptr, write}); }

}  // namespace

JACKFIELD_MODULE("func_jitterbuffer", "Jitter buffers of channels", load)
