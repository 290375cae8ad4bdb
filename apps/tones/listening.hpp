// Waiting for what a detector finds in what a channel says.
#pragma once

#include <memory>
#include <utility>

#include "core/media/findings.hpp"
#include "core/sdk.hpp"

namespace jackfield::tones {

// Feeds a detector with linear audio at 8000 Hz. A detector has hear(audio, tell), which calls tell(finding).
template <class Detector>
class DetectorTap final : public Tap {
  public:
    template <class... A>
    DetectorTap(Direction direction, std::shared_ptr<Findings> findings, A&&... of_detector)
        : Tap(direction), findings_(std::move(findings)), detector_(std::forward<A>(of_detector)...) {}
    const Codec* wants() const override { return codec_; }
    void hear(const Frame& frame, Direction) override {
        detector_.hear(frame.linear(), [this](std::uint32_t finding) { findings_->tell(finding); });
    }

  private:
    const Codec* const codec_ = linear_codec({8000});
    std::shared_ptr<Findings> findings_;
    Detector detector_;
};

// While it lives, what the detector finds in what the channel says comes to found(). On the stack of who waits.
template <class Detector>
class Listening {
  public:
    template <class... A>
    explicit Listening(Channel& channel, A&&... of_detector)
        : findings_(Findings::make([this](std::uint32_t finding) { found_.push(finding); })),
          guard_(findings_),
          attached_(channel.media().add(std::make_unique<DetectorTap<Detector>>(Tap::Direction::read, findings_,
                                                                                std::forward<A>(of_detector)...))) {}
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
    Queue<std::uint32_t>& found() { return found_; }

  private:
    Queue<std::uint32_t> found_;
    std::shared_ptr<Findings> findings_;
    FindingsGuard guard_;
    std::unique_ptr<MediaStream::Attached> attached_;
};

// What is left until a moment, for waits; for ever when there is none.
inline Timeout left_until(std::optional<Instant> end) {
    if (!end) return {};
    return std::max<std::chrono::nanoseconds>(*end - Clock::now(), std::chrono::nanoseconds(0));
}

// Seconds, with a fraction; nothing or 0: for ever. Errors: invalid.
inline Result<std::optional<Instant>> end_after(std::string_view application, std::string_view seconds) {
    if (trim(seconds).empty()) return std::optional<Instant>();
    const auto number = parse_number<double>(trim(seconds));
    if (!number || !(*number >= 0 && *number < 1e7))
        return fail(ErrorCode::invalid, "{}: '{}' is not a number of seconds", application, seconds);
    if (*number == 0) return std::optional<Instant>();
    return std::optional(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(*number)));
}

}  // namespace jackfield::tones
