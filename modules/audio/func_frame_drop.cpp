// FRAME_DROP: kinds of frames that a channel does not send or get.
#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"
#include "modules/audio/frame_kinds.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo info{
    .name = "FRAME_DROP",
    .syntax = "FRAME_DROP(direction)",
    .synopsis = "Keep kinds of frames from passing a channel",
    .text = "Set(FRAME_DROP(RX)=DTMF_BEGIN,DTMF_END): direction RX is what comes from the channel, TX what goes to it. Kinds are "
            "DTMF_BEGIN, DTMF_END, VOICE, VIDEO, TEXT, IMAGE and CNG (silence and comfort noise); an empty value ends it. Digits "
            "that come by signalling (SIP INFO) and control frames do not pass with the media and are not dropped."};

class Drop final : public FrameFilter {
  public:
    Drop(Direction direction, FrameKinds kinds, MediaType type) : FrameFilter(direction), kinds_(kinds), type_(type) {}
    bool passes(const Frame& frame, Direction) override { return !kinds_.has(FrameKinds::kind_of(frame, type_)); }
    bool passes(const Digit& digit, Direction) override {
        return !kinds_.has(digit.end ? FrameKinds::dtmf_end : FrameKinds::dtmf_begin);
    }

  private:
    const FrameKinds kinds_;
    const MediaType type_;
};

struct Dropped {
    std::vector<std::unique_ptr<MediaStream::Attached>> rx, tx;
};

Result<void> write(PerChannel<Dropped>& kept, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "FRAME_DROP"));
    const Directions directions = JF_TRY(parse_directions("FRAME_DROP", arguments[0]));
    const FrameKinds kinds = JF_TRY(FrameKinds::parse("FRAME_DROP", value));
    auto& filters = directions.rx ? kept.of(*channel).rx : kept.of(*channel).tx;
    filters.clear();
    if (kinds.empty()) return {};
    for (const auto type : {MediaType::audio, MediaType::video, MediaType::image, MediaType::text})
        if (MediaStream* stream = channel->stream(type))
            filters.push_back(stream->add(std::make_unique<Drop>(
                directions.rx ? FrameFilter::Direction::read : FrameFilter::Direction::write, kinds, type)));
    return {};
}

Result<void> load(Module& module) {
    auto& kept = module.own<PerChannel<Dropped>>();
    return module.add(info, FunctionBody{nullptr, [&kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return write(kept, channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_frame_drop", "Frames that do not pass", load)
