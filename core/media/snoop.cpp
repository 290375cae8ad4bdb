// Listening to a stream and speaking into it from another one.
#include "core/media/snoop.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>
#include <vector>

#include "core/media/audio_ring.hpp"
#include "core/media/even_queue.hpp"
#include "core/media/media_stream_private.hpp"
#include "core/media/media_thread.hpp"

namespace jackfield {
namespace {

constexpr std::chrono::milliseconds interval{20};

bool has(SnoopWays ways, SnoopWays way) { return ways == SnoopWays::both || ways == way; }

// `in` and `out` are places 0 and 1.
struct SnoopRings {
    explicit SnoopRings(SampleRate its_rate)
        : rate(its_rate),
          heard{AudioRing(its_rate.hz / 4), AudioRing(its_rate.hz / 4)},
          spoken{AudioRing(its_rate.hz / 4), AudioRing(its_rate.hz / 4)} {}
    const SampleRate rate;
    std::array<AudioRing, 2> heard, spoken;  // to the listener, from the listener
    std::array<std::atomic<bool>, 2> speaks{};
    std::atomic<float> volume{1};
};

void add_to(std::span<std::int16_t> sum, std::span<const std::int16_t> part) {
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] = static_cast<std::int16_t>(std::clamp(sum[i] + part[i], -32768, 32767));
}

class SnoopTap final : public Tap {
  public:
    SnoopTap(std::shared_ptr<SnoopRings> rings, Direction direction)
        : Tap(direction, Place::before_whisper), rings_(std::move(rings)), codec_(linear_codec(rings_->rate)) {}
    const Codec* wants() const override { return codec_; }
    void hear(const Frame& frame, Direction direction) override {
        rings_->heard[direction == Direction::write].push(frame.linear());
    }

  private:
    const std::shared_ptr<SnoopRings> rings_;
    const Codec* const codec_;
};

class SnoopInjector final : public Injector {
  public:
    SnoopInjector(std::shared_ptr<SnoopRings> rings, Tap::Direction direction)
        : Injector(direction), rings_(std::move(rings)), reader_(rings_->rate, interval) {}
    void mix(std::span<std::int16_t> audio, SampleRate rate) override {
        // The rate of a stream may change after the ring was made; then a straight line between samples must do.
        const std::size_t wanted = std::min<std::size_t>(audio.size() * rings_->rate.hz / rate.hz, part_.size());
        const std::span part = std::span(part_).first(wanted);
        if (part.empty() || !reader_.pull(rings_->spoken[direction() == Tap::Direction::write], part)) return;
        if (wanted == audio.size()) return add_to(audio, part);
        for (std::size_t i = 0; i < audio.size(); ++i) {
            const double place = static_cast<double>(i) * static_cast<double>(wanted) / static_cast<double>(audio.size());
            const auto whole = static_cast<std::size_t>(place);
            const double share = place - static_cast<double>(whole);
            const double value = part[whole] * (1 - share) + part[std::min(whole + 1, wanted - 1)] * share;
            audio[i] = static_cast<std::int16_t>(std::clamp(audio[i] + static_cast<int>(value), -32768, 32767));
        }
    }

  private:
    const std::shared_ptr<SnoopRings> rings_;
    RingReader reader_;
    std::array<std::int16_t, FrameBuffer::capacity / 2> part_;
};

class SnoopPort final : public Port, MediaThread::Ticked {
  public:
    explicit SnoopPort(std::shared_ptr<SnoopRings> rings)
        : rings_(std::move(rings)),
          codec_(linear_codec(rings_->rate)),
          readers_{RingReader(rings_->rate, interval), RingReader(rings_->rate, interval)},
          sum_(rings_->rate.hz * interval.count() / 1000),
          part_(sum_.size()) {}
    void write(const Frame& frame) override {
        if (!frame.codec || frame.codec != codec_) return;
        for (std::size_t way = 0; way < 2; ++way)
            if (rings_->speaks[way].load(std::memory_order_relaxed)) rings_->spoken[way].push(frame.linear());
    }
    void attach(MediaThread& thread) override { (thread_ = &thread)->add_ticked(*this, interval); }
    void detach() override { std::exchange(thread_, nullptr)->remove_ticked(*this); }
    void tick(std::uint64_t) override {
        std::ranges::fill(sum_, std::int16_t{0});
        for (std::size_t way = 0; way < 2; ++way)
            if (readers_[way].pull(rings_->heard[way], part_)) add_to(sum_, part_);
        if (const float volume = rings_->volume.load(std::memory_order_relaxed); volume != 1)
            for (auto& sample : sum_)
                sample = static_cast<std::int16_t>(std::clamp(static_cast<float>(sample) * volume, -32768.0f, 32767.0f));
        Frame frame;
        frame.codec = codec_;
        frame.payload = {reinterpret_cast<const std::uint8_t*>(sum_.data()), sum_.size() * 2};
        frame.samples = static_cast<std::uint16_t>(sum_.size());
        frame.timestamp = timestamp_ += static_cast<std::uint32_t>(sum_.size());
        frame.source = name_;
        receive(frame);
    }

  private:
    const std::shared_ptr<SnoopRings> rings_;
    const Codec* const codec_;
    std::array<RingReader, 2> readers_;
    std::vector<std::int16_t> sum_, part_;
    std::uint32_t timestamp_ = 0;
    const std::uint32_t name_ = new_frame_source();
    MediaThread* thread_ = nullptr;
};

}  // namespace

struct Snoop::Private {
    MediaStream& target;  // touched only while `alive` says that it is there
    std::shared_ptr<MediaStream::Private*> alive;
    std::shared_ptr<SnoopRings> rings;
    std::unique_ptr<Port> port;
    std::array<std::unique_ptr<MediaStream::Attached>, 2> taps, injectors;
};

Snoop::Snoop(MediaStream& target, const Options& options)
    : private_(new Private{target, target.internals().alive, nullptr, nullptr, {}, {}}) {
    SampleRate rate = options.rate;
    if (rate.hz < 8000 || rate.hz > 48000 || !linear_codec(rate)) rate = {8000};
    private_->rings = std::make_shared<SnoopRings>(rate);
    private_->port = std::make_unique<SnoopPort>(private_->rings);
    set_volume(options.volume);
    set_hear(options.hear);
    set_whisper(options.whisper);
}

Snoop::~Snoop() = default;

std::unique_ptr<Port> Snoop::take_port() { return std::move(private_->port); }

const Codec* Snoop::codec() const { return linear_codec(private_->rings->rate); }

void Snoop::set_hear(SnoopWays ways) {
    if (!*private_->alive) return;
    for (const auto& [way, place, direction] : {std::tuple(SnoopWays::in, 0u, Tap::Direction::read),
                                                std::tuple(SnoopWays::out, 1u, Tap::Direction::write)}) {
        auto& tap = private_->taps[place];
        if (!has(ways, way))
            tap.reset();
        else if (!tap)
            tap = private_->target.add(std::make_unique<SnoopTap>(private_->rings, direction));
    }
}

void Snoop::set_whisper(SnoopWays ways) {
    if (!*private_->alive) return;
    for (const auto& [way, place, direction] : {std::tuple(SnoopWays::in, 0u, Tap::Direction::read),
                                                std::tuple(SnoopWays::out, 1u, Tap::Direction::write)}) {
        auto& injector = private_->injectors[place];
        private_->rings->speaks[place].store(has(ways, way), std::memory_order_relaxed);
        if (!has(ways, way))
            injector.reset();
        else if (!injector)
            injector = private_->target.add(std::make_unique<SnoopInjector>(private_->rings, direction));
    }
}

void Snoop::set_volume(double factor) {
    private_->rings->volume.store(static_cast<float>(factor), std::memory_order_relaxed);
}

}  // namespace jackfield
