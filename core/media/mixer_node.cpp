// The half of a Mixer that lives on a media thread: everybody hears the sum of the others.
#include "core/media/mixer_node.hpp"

#include <algorithm>
#include <cstdlib>

namespace jackfield {
namespace {

// A member quieter than this for so long takes no part in the sum, and so shares its encoder with all who listen.
constexpr unsigned audible_level = 30;
constexpr std::uint64_t audible_hold = 1000 * ns_per_ms;

std::int16_t clipped(std::int32_t value) { return static_cast<std::int16_t>(std::clamp(value, -32768, 32767)); }

unsigned mean_level(std::span<const std::int16_t> audio) {
    std::uint32_t sum = 0;  // of at most 2048 samples: no overflow
    for (const auto sample : audio) sum += static_cast<std::uint32_t>(std::abs(static_cast<int>(sample)));
    return audio.empty() ? 0 : static_cast<unsigned>(sum / audio.size());
}

void scale(std::span<std::int16_t> audio, float gain) {
    for (auto& sample : audio)
        sample = static_cast<std::int16_t>(std::clamp(static_cast<float>(sample) * gain, -32768.0f, 32767.0f));
}

}  // namespace

// --- members ----------------------------------------------------------------------------------------------------

void MixerNode::set_codec(const Codec* linear) {
    if (linear == codec_) return;
    codec_ = linear;
    samples_ = std::min<std::size_t>(linear->rate.hz * static_cast<std::uint64_t>(settings.interval.count()) / 1000,
                                     FrameBuffer::capacity / 2);
    sum_.assign(samples_, 0);
    mix_.assign(samples_, 0);
    part_.assign(samples_, 0);
    timestamp_ = 0;
    name_ = new_frame_source();
    source_queue_.reset(samples_ * 10, samples_);
    for (MixerLeg* leg : legs_) {
        leg->queue.reset(samples_ * 12, samples_);
        leg->own.assign(samples_, 0);
        leg->in_mix = false;
    }
}

void MixerNode::add(MixerLeg& leg) {
    leg.position = legs_.size();
    legs_.push_back(&leg);
    leg.queue.reset(samples_ * 12, samples_);
    leg.own.assign(samples_, 0);
    leg.stream->join(&leg);
    if (!std::exchange(ticking_, true)) loop->add_ticked(*this, settings.interval);
}

void MixerNode::remove(MixerLeg& leg) {
    leg.stream->join(nullptr);
    legs_[leg.position] = legs_.back();
    legs_[leg.position]->position = leg.position;
    legs_.pop_back();
}

void MixerNode::play(std::unique_ptr<Source>& source, std::uint32_t generation) {
    source_.swap(source);
    playing_ = source_.get();
    generation_ = generation;
    source_name_ = new_frame_source();
    source_timestamp_ = 0;
    source_queue_.reset(samples_ * 10, samples_);
    if (!std::exchange(ticking_, true)) loop->add_ticked(*this, settings.interval);
}

void MixerNode::close() {
    while (!legs_.empty()) remove(*legs_.back());
    if (std::exchange(ticking_, false)) loop->remove_ticked(*this);
    raise(node_closed);
}

void MixerNode::hear(MixerLeg& leg, const Frame& frame) {
    if (leg.listen_only) return;
    leg.stream->translate(leg.stream->path(PathRole::mix), frame, codec_,
                          [&leg](const Frame& linear) { leg.queue.push(linear.linear()); });
}

// --- one interval ---------------------------------------------------------------------------------------------------

void MixerNode::judge(MixerLeg& leg, std::uint64_t now) {
    const unsigned level = leg.in_mix ? mean_level(leg.own) : 0;
    if (level >= audible_level) leg.audible_until = now + audible_hold;
    if (level >= settings.talk_threshold) leg.talked_at = now;
    const bool talking =
        leg.talked_at && now - leg.talked_at < static_cast<std::uint64_t>(settings.silence_after.count()) * ns_per_ms;
    if (talking == leg.talking) return;
    leg.talking = talking;
    leg.stream->talking.store(talking, std::memory_order_relaxed);
    leg.stream->raise(node_talking);
}

void MixerNode::gather(MixerLeg& leg, std::uint64_t now) {
    leg.in_mix = !leg.listen_only && leg.queue.pull(leg.own);
    if (leg.in_mix && leg.talk_gain != 1) scale(leg.own, leg.talk_gain);
    judge(leg, now);
    if (!leg.in_mix) {
        std::fill(leg.own.begin(), leg.own.end(), std::int16_t{0});
        return;
    }
    if (leg.audible_until <= now) {
        leg.in_mix = false;
        return;
    }
    const std::int16_t* const own = leg.own.data();
    std::int32_t* const sum = sum_.data();
    for (std::size_t i = 0; i < samples_; ++i) sum[i] += own[i];
}

void MixerNode::gather_source() {
    if (!playing_) return;
    const Codec* const codec = playing_->codec();
    const auto samples =
        static_cast<unsigned>(codec->rate.hz * static_cast<std::uint64_t>(settings.interval.count()) / 1000);
    Frame frame = playing_->next(samples);
    if (frame.payload.empty()) {
        playing_ = nullptr;
        ended_generation.store(generation_, std::memory_order_relaxed);
        raise(node_source_ended);
    } else {
        if (!frame.codec) frame.codec = codec;
        if (!frame.samples) frame.samples = static_cast<std::uint16_t>(samples);
        frame.source = source_name_;
        frame.timestamp = source_timestamp_;
        source_timestamp_ +=
            static_cast<std::uint32_t>(std::uint64_t{frame.samples} * codec->rtp_clock.hz / codec->rate.hz);
        bool request = false;
        translate_frame(source_path, frame, codec_, request,
                        [this](const Frame& linear) { source_queue_.push(linear.linear()); });
        if (request) raise(node_paths);
    }
    if (!source_queue_.pull(part_)) return;
    for (std::size_t i = 0; i < samples_; ++i) sum_[i] += part_[i];
}

const Frame* MixerNode::shared_frame(const Codec* codec, const Frame& mix) {
    for (std::size_t i = 0; i < most_codecs; ++i) {
        Shared& shared = shared_[i];
        if (!shared.codec) shared.codec = codec;
        if (shared.codec != codec) continue;
        if (!shared.made) {
            shared.made = true;
            shared.frame.payload = {};
            bool request = false;
            translate_frame(shared_paths[i], mix, codec, request, [&shared](const Frame& encoded) {
                shared.bytes.assign(encoded.payload.begin(), encoded.payload.end());
                shared.frame = encoded;
                shared.frame.payload = shared.bytes;
            });
            if (request) raise(node_paths);
        }
        return &shared.frame;
    }
    return nullptr;
}

void MixerNode::give_shared(MixerLeg& leg, const Frame& mix) {
    StreamNode& stream = *leg.stream;
    if (!stream.plain_out() || !stream.write_codec()) return stream.say(mix, StreamNode::Origin::peer);
    const Frame* const frame = shared_frame(stream.write_codec(), mix);
    if (!frame) return stream.say(mix, StreamNode::Origin::peer);
    if (!frame->payload.empty()) stream.emit(*frame);
}

void MixerNode::give_own(MixerLeg& leg) {
    const std::int32_t* const sum = sum_.data();
    for (std::size_t i = 0; i < samples_; ++i) part_[i] = clipped(sum[i] - (leg.in_mix ? leg.own[i] : 0));
    if (leg.listen_gain != 1) scale(part_, leg.listen_gain);
    Frame frame;
    frame.codec = codec_;
    frame.payload = {reinterpret_cast<const std::uint8_t*>(part_.data()), samples_ * 2};
    frame.samples = static_cast<std::uint16_t>(samples_);
    frame.timestamp = timestamp_;
    frame.source = name_;
    leg.stream->say(frame, StreamNode::Origin::peer);
}

void MixerNode::tick(std::uint64_t now) {
    if (legs_.empty() && !playing_) {
        ticking_ = false;
        return loop->remove_ticked(*this);
    }
    std::fill(sum_.begin(), sum_.end(), 0);
    for (MixerLeg* leg : legs_) gather(*leg, now);
    gather_source();
    for (std::size_t i = 0; i < samples_; ++i) mix_[i] = clipped(sum_[i]);
    Frame mix;
    mix.codec = codec_;
    mix.payload = {reinterpret_cast<const std::uint8_t*>(mix_.data()), samples_ * 2};
    mix.samples = static_cast<std::uint16_t>(samples_);
    mix.timestamp = timestamp_;
    mix.source = name_;
    for (const auto& each : taps) {
        const Codec* const wants = each->tap->wants();
        bool request = false;
        translate_frame(each->read, mix, wants ? wants : codec_, request,
                        [&](const Frame& heard) { each->tap->hear(heard, Tap::Direction::read); });
        if (request) raise(node_paths);
    }
    for (Shared& shared : shared_) shared.made = false;
    for (MixerLeg* leg : legs_) {
        if (leg->audible_until > now || leg->listen_gain != 1)
            give_own(*leg);
        else
            give_shared(*leg, mix);
    }
    timestamp_ += static_cast<std::uint32_t>(samples_);
}

}  // namespace jackfield
