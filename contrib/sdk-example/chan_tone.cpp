// chan_tone: a technology whose calls are answered at once and hear a tone: Dial(Tone/440).
#include "core/base/generation.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

// Where the call's audio comes from: on its media thread, one frame every 20 ms.
class TonePort final : public Port, private MediaThread::Ticked {
  public:
    explicit TonePort(std::unique_ptr<Source> tone) : tone_(std::move(tone)) {}
    void write(const Frame&) override {}  // nobody listens at this end
    void attach(MediaThread& thread) override { (thread_ = &thread)->add_ticked(*this, std::chrono::milliseconds(20)); }
    void detach() override { std::exchange(thread_, nullptr)->remove_ticked(*this); }

  private:
    void tick(std::uint64_t) override { receive(tone_->next(160)); }
    std::unique_ptr<Source> tone_;
    MediaThread* thread_ = nullptr;
};

class ToneChannel final : public DriverChannel {
  public:
    explicit ToneChannel(double hz) : hz_(hz) {}
    Result<void> call() override {
        const Codec* linear = find_codec("slin");
        channel().media().set_port(std::make_unique<TonePort>(make_sine(hz_, -10)));
        channel().media().set_formats(linear, linear, std::chrono::milliseconds(20));
        channel().remote_answered();
        return {};
    }
    Result<void> answer() override { return fail(ErrorCode::unsupported, "a tone makes no calls"); }
    Result<void> indicate(Indication) override { return {}; }
    void hang_up(HangupCause) override {}

  private:
    double hz_;
};

class ToneDriver final : public ChannelDriver {
  public:
    std::string_view description() const override { return "Tones (SDK example)"; }
    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override {
        const auto hz = parse_number<double>(request.destination);
        cause = HangupCause::invalid_number_format;
        if (!hz || *hz < 20 || *hz > 4000) return fail(ErrorCode::invalid, "Tone/{}: write a frequency from 20 to 4000", request.destination);
        DriverChannelMade made;
        made.channel = std::make_unique<ToneChannel>(*hz);
        made.name = "Tone/" + request.destination + "-" + new_channel_suffix();
        made.topology = {StreamInfo{MediaType::audio, FormatList({Format{find_codec("slin"), {}, {}}}), StreamInfo::Direction::both, "audio"}};
        return made;
    }
    DeviceState device_state(std::string_view) override { return DeviceState::not_in_use; }
};

Result<void> load(Module& module) { return module.add("Tone", static_cast<ChannelDriver&>(module.own<ToneDriver>())); }

}  // namespace

JACKFIELD_MODULE("chan_tone", "Channel driver of the SDK example", load)
