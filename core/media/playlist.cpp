// Plays files one after the other: a source on a media thread, and the pool that opens what comes next.
#include "core/media/playlist.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <set>
#include <utility>

#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/media/disk_pump.hpp"
#include "core/media/sound_opener.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

// Opens the next file while the present one plays. Shared by the source and the pump.
class NextFile final : public DiskWork {
  public:
    NextFile(Playlist playlist, SoundOpener opener) : playlist_(std::move(playlist)), opener_(std::move(opener)) {
        at_ = playlist_.files.empty() ? 0 : playlist_.first % playlist_.files.size();
    }
    ~NextFile() override {
        delete ready_.load(std::memory_order_acquire);
        delete spent_.load(std::memory_order_acquire);
    }

    // Blocks. Null when no file of the list can be played.
    std::unique_ptr<Source> open() {
        auto start = std::exchange(playlist_.start, {});
        for (std::size_t tries = 0; tries < playlist_.files.size(); ++tries, start = {}) {
            const std::string& base = playlist_.files[at_];
            advance();
            const std::string path = opener_.find(base);
            auto sound = path.empty()
                             ? Result<OpenedSound>(fail(ErrorCode::not_found, "{}: no loaded format can play it", base))
                             : opener_.open(path);
            if (sound && sound->bytes > 0) return make_file_source(std::move(*sound), start);
            if (warned_.insert(base).second) log_warning("music: {}", sound ? base + " is empty" : sound.error().text);
        }
        return nullptr;
    }
    // Media thread. The next file; null while it is not open.
    std::unique_ptr<Source> take() {
        return std::unique_ptr<Source>(ready_.exchange(nullptr, std::memory_order_acq_rel));
    }
    // Media thread. Lets the pool close what has been played.
    void retire(std::unique_ptr<Source> played) {
        Source* nobody = nullptr;
        if (spent_.compare_exchange_strong(nobody, played.get(), std::memory_order_acq_rel)) (void)played.release();
    }

  protected:
    bool wants() const override {
        return spent_.load(std::memory_order_relaxed) || (!failed_ && !ready_.load(std::memory_order_relaxed));
    }
    void work() override {
        delete spent_.exchange(nullptr, std::memory_order_acq_rel);
        if (ready_.load(std::memory_order_acquire)) return;
        auto next = open();
        failed_ = !next;
        ready_.store(next.release(), std::memory_order_release);
    }

  private:
    void advance() {
        const std::size_t count = playlist_.files.size();
        if (playlist_.random && count > 1)
            at_ = (at_ + 1 + random_number(count - 1)) % count;
        else
            at_ = (at_ + 1) % count;
    }

    Playlist playlist_;
    SoundOpener opener_;
    std::size_t at_ = 0;
    std::set<std::string> warned_;
    std::atomic<bool> failed_{false};
    std::atomic<Source*> ready_{nullptr}, spent_{nullptr};  // owned
};

class PlaylistSource final : public Source {
  public:
    PlaylistSource(std::unique_ptr<Source> first, std::shared_ptr<NextFile> next)
        : current_(std::move(first)), next_(std::move(next)), codec_(current_->codec()) {
        keep_supplied(next_);
    }
    ~PlaylistSource() override { next_->abandon(); }

    const Codec* codec() const override { return codec_; }
    Frame next(unsigned samples) override {
        std::size_t kept = 0;
        unsigned kept_samples = 0;
        while (kept_samples < samples) {
            if (!current_) current_ = next_->take();
            if (!current_ || (kept && current_->codec() != codec_)) break;
            const Frame frame = current_->next(samples - kept_samples);
            if (frame.payload.empty()) {
                next_->retire(std::move(current_));
                continue;
            }
            codec_ = frame.codec;
            const bool whole = frame.samples >= samples || codec_unit(*codec_).samples > 2;
            if (!kept && whole) return stamped(frame);
            // The file ends within this frame; the next one goes on in the middle of it.
            const std::size_t take = std::min(frame.payload.size(), buffer_.size() - kept);
            std::copy_n(frame.payload.begin(), take, buffer_.begin() + static_cast<std::ptrdiff_t>(kept));
            kept += take;
            kept_samples += frame.samples;
        }
        return stamped(kept ? piece(kept, kept_samples, false) : silence(samples));
    }

  private:
    Frame piece(std::size_t bytes, unsigned samples, bool silent) {
        Frame frame{.codec = codec_, .payload = std::span<const std::uint8_t>(buffer_).first(bytes)};
        frame.samples = static_cast<std::uint16_t>(samples);
        frame.silence = silent;
        return frame;
    }
    Frame silence(unsigned samples) {
        const CodecUnit unit = codec_unit(*codec_);
        const std::size_t units = std::clamp<std::size_t>(samples / unit.samples, 1, buffer_.size() / unit.bytes);
        fill_with_silence(*codec_, std::span(buffer_).first(units * unit.bytes));
        return piece(units * unit.bytes, static_cast<unsigned>(units) * unit.samples, true);
    }
    Frame stamped(Frame frame) {
        frame.timestamp = static_cast<std::uint32_t>(played_ * codec_->rtp_clock.hz / codec_->rate.hz);
        played_ += frame.samples;
        return frame;
    }

    std::unique_ptr<Source> current_;  // null: ended, and the next one is not open yet
    std::shared_ptr<NextFile> next_;
    const Codec* codec_;
    std::uint64_t played_ = 0;  // samples
    std::array<std::uint8_t, FrameBuffer::capacity> buffer_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_playlist(Playlist playlist, const Codec* wanted) {
    auto next = std::make_shared<NextFile>(std::move(playlist), SoundOpener::make(wanted));
    auto first = offload([&] { return next->open(); });
    if (!first) return std::unexpected(std::move(first).error());
    if (!*first) return fail(ErrorCode::not_found, "none of its files can be played");
    return std::make_unique<PlaylistSource>(std::move(*first), std::move(next));
}

std::vector<std::chrono::milliseconds> playlist_lengths(const Playlist& playlist, const Codec* wanted) {
    const SoundOpener opener = SoundOpener::make(wanted);
    std::vector<std::chrono::milliseconds> lengths(playlist.files.size());
    (void)offload([&] {
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            const std::string path = opener.find(playlist.files[i]);
            if (const auto sound = path.empty() ? std::nullopt : std::optional(opener.open(path)); sound && *sound)
                lengths[i] = (*sound)->length();
        }
    });
    return lengths;
}

}  // namespace jackfield
