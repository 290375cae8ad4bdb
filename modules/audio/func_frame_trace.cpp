// FRAME_TRACE: a line in the log for each frame of a channel.
#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"
#include "modules/audio/frame_kinds.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo info{
    .name = "FRAME_TRACE",
    .syntax = "FRAME_TRACE([filter list type])",
    .synopsis = "Print the frames of a channel as they pass",
    .text = "Set(FRAME_TRACE(white)=DTMF_BEGIN,DTMF_END) prints those kinds, Set(FRAME_TRACE(black)=VOICE) all others, "
            "Set(FRAME_TRACE()=) all; kinds as those of FRAME_DROP. A verbose line for each frame: direction, kind, codec, size, time "
            "stamp. Ends with the channel."};

// Prints from the media thread: the log takes lines from any thread, and drops and counts what is too much for it.
class Trace final : public FrameFilter {
  public:
    Trace(std::string channel, FrameKinds kinds, MediaType type)
        : FrameFilter(Direction::both), channel_(std::move(channel)), kinds_(kinds), type_(type) {}
    bool passes(const Frame& frame, Direction direction) override {
        const auto kind = FrameKinds::kind_of(frame, type_);
        if (kinds_.has(kind))
            log_verbose(0, "{} {} {} {} bytes {} samples {} timestamp {}", channel_, arrow(direction), FrameKinds::name_of(kind),
                        frame.codec ? frame.codec->name : std::string(), frame.payload.size(), frame.samples, frame.timestamp);
        return true;
    }
    bool passes(const Digit& digit, Direction direction) override {
        const auto kind = digit.end ? FrameKinds::dtmf_end : FrameKinds::dtmf_begin;
        if (kinds_.has(kind))
            log_verbose(0, "{} {} {} {} {} ms", channel_, arrow(direction), FrameKinds::name_of(kind), digit.key, digit.duration_ms);
        return true;
    }

  private:
    static std::string_view arrow(Direction direction) { return direction == Direction::read ? "-->" : "<--"; }
    const std::string channel_;
    const FrameKinds kinds_;
    const MediaType type_;
};

using Traces = std::vector<std::unique_ptr<MediaStream::Attached>>;

Result<void> write(PerChannel<Traces>& kept, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "FRAME_TRACE"));
    const std::string_view list = trim(arguments[0]);
    const bool black = equals_ignoring_case(list, "black");
    if (!black && !list.empty() && !equals_ignoring_case(list, "white"))
        return fail(ErrorCode::invalid, "FRAME_TRACE: the filter list is white or black, not '{}'", list);
    FrameKinds kinds = JF_TRY(FrameKinds::parse("FRAME_TRACE", value));
    if (black)
        kinds = kinds.others();
    else if (kinds.empty())
        kinds = FrameKinds::all();
    Traces& traces = kept.of(*channel);
    traces.clear();
    for (const auto type : {MediaType::audio, MediaType::video, MediaType::image, MediaType::text})
        if (MediaStream* stream = channel->stream(type))
            traces.push_back(stream->add(std::make_unique<Trace>(channel->name(), kinds, type)));
    return {};
}

Result<void> load(Module& module) {
    auto& kept = module.own<PerChannel<Traces>>();
    return module.add(info, FunctionBody{nullptr, [&kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return write(kept, channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_frame_trace", "Frames in the log", load)
