#include "apps/mp3_player/sample_pipe.hpp"

#include <algorithm>

namespace jackfield::mp3 {

std::size_t SamplePipe::write(std::span<const std::int16_t> audio) {
    const auto at = written_.load(std::memory_order_relaxed);
    const std::size_t room = size - (at - read_.load(std::memory_order_acquire));
    audio = audio.first(std::min(audio.size(), room));
    for (std::size_t i = 0; i < audio.size(); ++i) samples_[(at + i) & (size - 1)] = audio[i];
    written_.store(at + static_cast<std::uint32_t>(audio.size()), std::memory_order_release);
    return audio.size();
}

bool SamplePipe::read(std::span<std::int16_t> into) {
    const bool ended = ended_.load(std::memory_order_acquire);  // before the count: what was written last is seen then
    const auto at = read_.load(std::memory_order_relaxed);
    const std::size_t there = written_.load(std::memory_order_acquire) - at;
    if (ended && there == 0) return false;
    const std::size_t count = std::min(there, into.size());
    for (std::size_t i = 0; i < count; ++i) into[i] = samples_[(at + i) & (size - 1)];
    std::fill(into.begin() + static_cast<std::ptrdiff_t>(count), into.end(), std::int16_t{0});
    read_.store(at + static_cast<std::uint32_t>(count), std::memory_order_release);
    return true;
}

Frame PipedSource::next(unsigned samples) {
    const auto audio = std::span(frame_).first(std::min<std::size_t>(samples, frame_.size()));
    Frame frame;
    if (!pipe_->read(audio)) return frame;
    frame.codec = pipe_->codec();
    frame.samples = static_cast<std::uint16_t>(audio.size());
    frame.payload = {reinterpret_cast<const std::uint8_t*>(audio.data()), audio.size_bytes()};
    return frame;
}

}  // namespace jackfield::mp3
