// Plays an opened sound file, with pause and seek.
#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <utility>

#include "core/media/read_ahead.hpp"
#include "core/media/sound_opener.hpp"

namespace jackfield {
namespace {

using std::chrono::milliseconds;

// What the control side asks for and sees. All positions are in units of the codec.
class PlaybackState final : public Playback {
  public:
    PlaybackState(const Codec& codec, std::uint64_t bytes)
        : unit_(codec_unit(codec)), rate_(codec.rate), length_(bytes / unit_.bytes) {}

    PlaybackPosition position() const override {
        const std::int64_t wanted = wanted_.load(std::memory_order_relaxed);
        return {to_time(wanted == nowhere ? at_.load(std::memory_order_relaxed) : static_cast<std::uint64_t>(wanted)),
                to_time(length_)};
    }
    void pause(bool on) override { paused_.store(on, std::memory_order_relaxed); }
    void seek(milliseconds to) override {
        const std::int64_t unit = to.count() * rate_.hz / 1000 / unit_.samples;
        wanted_.store(std::clamp<std::int64_t>(unit, 0, static_cast<std::int64_t>(length_)), std::memory_order_relaxed);
    }
    void skip(milliseconds by) override { seek(position().at + by); }

    // Media thread.
    bool paused() const { return paused_.load(std::memory_order_relaxed); }
    void follow(std::uint64_t& unit) {
        const std::int64_t wanted = wanted_.exchange(nowhere, std::memory_order_relaxed);
        if (wanted != nowhere) unit = static_cast<std::uint64_t>(wanted);
    }
    void tell(std::uint64_t unit) { at_.store(unit, std::memory_order_relaxed); }
    const CodecUnit& unit() const { return unit_; }
    std::uint64_t length() const { return length_; }

  private:
    static constexpr std::int64_t nowhere = -1;
    milliseconds to_time(std::uint64_t unit) const { return milliseconds(unit * unit_.samples * 1000 / rate_.hz); }

    const CodecUnit unit_;
    const SampleRate rate_;
    const std::uint64_t length_;
    std::atomic<std::uint64_t> at_{0};
    std::atomic<std::int64_t> wanted_{nowhere};
    std::atomic<bool> paused_{false};
};

class FileSource final : public Source {
  public:
    FileSource(OpenedSound sound, milliseconds start)
        : sound_(std::move(sound)), state_(std::make_shared<PlaybackState>(*sound_.codec, sound_.bytes)) {
        if (start.count() > 0) {
            state_->seek(start);
            state_->follow(at_);
            state_->tell(at_);
        }
        if (sound_.ahead) {
            sound_.ahead->at(at_ * state_->unit().bytes);
            keep_supplied(sound_.ahead);
        }
    }
    ~FileSource() override {
        if (sound_.ahead) sound_.ahead->abandon();
    }

    const Codec* codec() const override { return sound_.codec; }
    Frame next(unsigned samples) override {
        state_->follow(at_);
        const CodecUnit& unit = state_->unit();
        // Codecs of frames give as many frames as come nearest to what was asked for so far.
        owed_ += samples;
        std::uint64_t units = std::max<std::int64_t>(owed_ / unit.samples, 1);
        units = std::min<std::uint64_t>(units, buffer_.size() / unit.bytes);
        if (state_->paused()) return made(silence(units), units, true);
        if (at_ >= state_->length()) return {};
        units = std::min(units, state_->length() - at_);
        const auto payload =
            sound_.whole
                ? std::span<const std::uint8_t>(sound_.whole->payload).subspan(at_ * unit.bytes, units * unit.bytes)
                : gather(units);
        if (payload.empty()) {
            // Nobody can bring what is missing: the file ends here. Else it is on its way.
            if (sound_.ahead->failed()) return {};
            return made(silence(units), units, true);
        }
        units = payload.size() / unit.bytes;
        at_ += units;
        state_->tell(at_);
        return made(payload, units, false);
    }
    std::shared_ptr<Playback> playback() const { return state_; }

  private:
    std::span<const std::uint8_t> silence(std::uint64_t units) {
        const auto payload = std::span(buffer_).first(units * state_->unit().bytes);
        fill_with_silence(*sound_.codec, payload);
        return payload;
    }
    // From one chunk, or from the end of one and the start of the next.
    std::span<const std::uint8_t> gather(std::uint64_t units) {
        const std::size_t wanted = units * state_->unit().bytes;
        std::size_t filled = 0;
        while (filled < wanted) {
            const auto piece = sound_.ahead->at(at_ * state_->unit().bytes + filled);
            if (piece.empty()) break;
            const std::size_t take = std::min(piece.size(), wanted - filled);
            std::copy_n(piece.begin(), take, buffer_.begin() + static_cast<std::ptrdiff_t>(filled));
            filled += take;
        }
        return std::span(buffer_).first(filled / state_->unit().bytes * state_->unit().bytes);
    }
    Frame made(std::span<const std::uint8_t> payload, std::uint64_t units, bool silent) {
        const auto samples = static_cast<std::uint32_t>(units * state_->unit().samples);
        owed_ = std::clamp<std::int64_t>(owed_ - samples, -std::int64_t{state_->unit().samples}, samples);
        const Codec& codec = *sound_.codec;
        Frame frame{.codec = &codec, .payload = payload};
        frame.timestamp = static_cast<std::uint32_t>(played_ * codec.rtp_clock.hz / codec.rate.hz);
        frame.samples = static_cast<std::uint16_t>(samples);
        frame.silence = silent;
        played_ += samples;
        return frame;
    }

    OpenedSound sound_;
    std::shared_ptr<PlaybackState> state_;
    std::uint64_t at_ = 0;      // in units
    std::uint64_t played_ = 0;  // samples, silence included
    std::int64_t owed_ = 0;     // samples asked for and not given yet
    std::array<std::uint8_t, FrameBuffer::capacity> buffer_;
};

}  // namespace

std::unique_ptr<Source> make_file_source(OpenedSound sound, milliseconds start) {
    return std::make_unique<FileSource>(std::move(sound), start);
}

std::shared_ptr<Playback> playback_of(const Source& source) {
    const auto* file = dynamic_cast<const FileSource*>(&source);
    return file ? file->playback() : nullptr;
}

}  // namespace jackfield
