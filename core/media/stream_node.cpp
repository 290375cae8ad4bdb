// The half of a MediaStream that lives on a media thread: frames.
#include "core/media/stream_node.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/media/comfort_noise.hpp"
#include "core/media/mixer_node.hpp"

namespace jackfield {
namespace {

// A stream that gave nothing for so long is silent: its phone suppresses silence, or there is nobody.
constexpr std::uint64_t filler_after = 60 * ns_per_ms;
constexpr std::size_t most_samples = FrameBuffer::capacity / 2;
constexpr std::array<std::int16_t, most_samples> nothing{};

// A frame of silence. `samples` are limited to what fits.
Frame silent_frame(const Codec* linear, unsigned samples, std::uint32_t timestamp) {
    Frame frame;
    frame.codec = linear;
    frame.samples = static_cast<std::uint16_t>(std::min<std::size_t>(samples, most_samples));
    frame.payload = {reinterpret_cast<const std::uint8_t*>(nothing.data()), frame.samples * 2u};
    frame.timestamp = timestamp;
    frame.silence = true;
    return frame;
}

bool covers(Tap::Direction wanted, Tap::Direction direction) {
    return wanted == Tap::Direction::both || wanted == direction;
}

unsigned mean_of(std::span<const std::int16_t> audio) {
    std::uint64_t sum = 0;
    for (const auto sample : audio) sum += static_cast<unsigned>(std::abs(static_cast<int>(sample)));
    return static_cast<unsigned>(sum / audio.size());
}

// A copy that may be changed; it lives as long as `buffer`.
std::span<std::int16_t> copy_of(std::span<const std::int16_t> samples, FrameBuffer& buffer) {
    const std::span audio(reinterpret_cast<std::int16_t*>(buffer.data()), std::min(samples.size(), most_samples));
    std::copy_n(samples.begin(), audio.size(), audio.begin());
    return audio;
}

const Codec* linear_codec_8k() {
    static const Codec* const narrow = linear_codec({8000});
    return narrow;
}

Frame frame_of(const Frame& linear, std::span<const std::int16_t> audio) {
    Frame changed = linear;
    changed.payload = {reinterpret_cast<const std::uint8_t*>(audio.data()), audio.size_bytes()};
    changed.silence = false;
    return changed;
}

}  // namespace

bool SilenceMeter::add(bool silent, std::uint32_t samples) {
    const bool changed = silent != silent_;
    if (changed) {
        silent_ = silent;
        length_ = unreported_ = 0;
    }
    length_ += samples;
    unreported_ += samples;
    if (!changed && unreported_ < 800) return false;
    unreported_ = 0;
    return true;
}

// --- moving -----------------------------------------------------------------------------------------------------

void StreamNode::arrive(MediaLoop& loop) {
    loop_ = &loop;
    if (port_) port_->attach(loop);
    if (StreamJitter* const buffer = jitter()) buffer->attach(loop);
    refresh();
}

void StreamNode::leave() {
    if (port_) port_->detach();
    if (StreamJitter* const buffer = jitter()) buffer->detach();
    if (std::exchange(ticking_, false)) loop_->remove_ticked(*this);
    loop_ = nullptr;
}

void StreamNode::set_port(std::unique_ptr<Port> port) {
    port_ = std::move(port);
    if (port_) {
        port_->receiver_ = this;
        port_->attach(*loop_);
    }
    refresh();
    ask_key_frames();
}

std::unique_ptr<Port> StreamNode::release_port() {
    if (port_) {
        port_->detach();
        port_->receiver_ = nullptr;
    }
    auto released = std::move(port_);
    refresh();
    return released;
}

void StreamNode::destroy(std::unique_ptr<Port> port) {
    if (!port) return;
    // The pass goes last: it is the module's code that destroys the port.
    const Gate::Pass pass = std::move(port->pass_);
    port.reset();
}

void StreamNode::close() {
    unlink();
    destroy(release_port());
    leave();
    raise(node_closed);
}

// --- settings ---------------------------------------------------------------------------------------------------

void StreamNode::set_formats(const Codec* read, const Codec* write, const Codec* write_linear,
                             std::chrono::milliseconds time) {
    read_codec_ = read;
    write_codec_ = write;
    write_linear_ = write_linear;
    if (time.count() > 0 && time != packet_time_) {
        packet_time_ = time;
        if (std::exchange(ticking_, false)) loop_->remove_ticked(*this);
    }
    refresh();
}

void StreamNode::link(StreamNode& a, StreamNode& b) {
    a.peer_ = &b;
    b.peer_ = &a;
    a.refresh();
    b.refresh();
    a.ask_key_frames();
}

// Who begins to see a picture can do nothing with the changes of one that it never saw.
void StreamNode::ask_key_frames() {
    if (!peer_) return;
    if (port_) port_->ask({});
    if (peer_ != this && peer_->port_) peer_->port_->ask({});
}

void StreamNode::unlink() {
    StreamNode* const other = std::exchange(peer_, nullptr);
    if (other) {
        if (const char key = std::exchange(passing_key_, 0)) other->say_digit({key, true, 0});
        if (other != this) {
            if (const char key = std::exchange(other->passing_key_, 0)) say_digit({key, true, 0});
            other->peer_ = nullptr;
            other->refresh();
        }
    }
    refresh();
}

void StreamNode::join(MixerLeg* leg) {
    leg_ = leg;
    refresh();
}

void StreamNode::play(std::unique_ptr<Source>& source, std::uint32_t generation) {
    source_.swap(source);
    playing_ = source_.get();
    generation_ = generation;
    source_name_ = new_frame_source();
    source_timestamp_ = 0;
    refresh();
}

void StreamNode::add(std::shared_ptr<ProcessorNode> processor) {
    const auto place = std::ranges::upper_bound(extras->processors, processor->processor->order(), {},
                                                [](const auto& each) { return each->processor->order(); });
    extras->processors.insert(place, std::move(processor));
    refresh();
}

void StreamNode::set_jitter(std::unique_ptr<StreamJitter>& buffer) {
    if (StreamJitter* const old = jitter()) old->detach();
    extras->jitter.swap(buffer);
    if (StreamJitter* const made = jitter()) made->attach(*loop_);
    refresh();
}

void StreamNode::refresh() {
    inject_read_ = inject_write_ = process_read_ = process_write_ = filter_read_ = filter_write_ = false;
    bool tap_read = false, tap_write = false;
    for (const auto& each : injectors)
        (each->injector->direction() == Tap::Direction::read ? inject_read_ : inject_write_) = true;
    for (const auto& each : taps) {
        tap_read |= covers(each->tap->direction(), Tap::Direction::read);
        tap_write |= covers(each->tap->direction(), Tap::Direction::write);
    }
    for (const auto& each : extras ? std::span(extras->processors) : std::span<std::shared_ptr<ProcessorNode>>()) {
        process_read_ |= covers(each->processor->direction(), Tap::Direction::read);
        process_write_ |= covers(each->processor->direction(), Tap::Direction::write);
    }
    for (const auto& each : extras ? std::span(extras->filters) : std::span<std::shared_ptr<FilterNode>>()) {
        filter_read_ |= covers(each->filter->direction(), Tap::Direction::read);
        filter_write_ |= covers(each->filter->direction(), Tap::Direction::write);
    }
    linear_read_ = inject_read_ || process_read_;
    linear_write_ = inject_write_ || process_write_;
    any_tap_ = tap_read || tap_write;
    const bool detecting = detector || watched();
    plain_in_ = peer_ && !leg_ && !mute_read && !detecting && !tap_read && !linear_read_ && !filter_read_ && !jitter();
    plain_out_ = port_ && !mute_write && !hold_outgoing && !playing_ && !tone_.active() && !tap_write && !linear_write_ &&
                 !filter_write_;
    if (!plain_in_) relayed.store(false, std::memory_order_relaxed);

    const bool needed =
        playing_ || tone_.active() || digits_queued() || watched() || inject_read_ || inject_write_;
    if (!loop_ || needed == ticking_) return;
    ticking_ = needed;
    if (needed)
        loop_->add_ticked(*this, packet_time_);
    else
        loop_->remove_ticked(*this);
}

// --- from the channel ---------------------------------------------------------------------------------------------

void StreamNode::receive_frame(const Frame& frame) {
    frames_in.add(1);
    bytes_in.add(frame.payload.size());
    if (plain_in_ && !frame.payload.empty()) [[likely]] {
        StreamNode& to = *peer_;
        // Video and text are never translated: what the far side does not take, its port leaves out.
        if (to.plain_out_ && (to.write_codec_ == frame.codec || (!to.write_codec_ && frame.codec->type != MediaType::audio))) [[likely]] {
            if (!relayed.load(std::memory_order_relaxed)) relayed.store(true, std::memory_order_relaxed);
            return to.emit(frame);
        }
    }
    if (frame.codec == &comfort_noise) [[unlikely]] {
        if (relayed.load(std::memory_order_relaxed) && plain_in_ && peer_->plain_out_) peer_->emit(frame);
        return;
    }
    if (relayed.load(std::memory_order_relaxed)) relayed.store(false, std::memory_order_relaxed);
    if (StreamJitter* const buffer = jitter()) return buffer->put(frame);
    receive_even(frame);
}

void StreamNode::receive_even(const Frame& frame) {
    if (filter_read_ && !passes(frame, Tap::Direction::read)) return;
    if (frame.codec != read_codec_ && frame.codec != heard_codec.load(std::memory_order_relaxed)) {
        heard_codec.store(frame.codec, std::memory_order_relaxed);
        raise(node_read_codec);
    }
    hear(frame);
}

void StreamNode::receive_report(std::uint32_t bits) {
    port_events.fetch_or(bits, std::memory_order_relaxed);
    raise(node_port_event);
}

void StreamNode::receive_feedback(const Feedback& feedback) {
    if (peer_ && peer_->port_) peer_->port_->ask(feedback);
}

const Codec* StreamNode::linear_of(const Codec* codec) {
    if (codec != linear_asked_) {  // looking it up takes a lock
        linear_asked_ = codec;
        linear_known_ = linear_codec(codec->rate);
    }
    return linear_known_;
}

void StreamNode::hear(const Frame& frame) {
    heard_at_ = loop_->now_ns();
    if (mute_read) return;
    if (detector || (watched() && !process_read_)) detect(frame);
    if (!linear_read_) {
        if (any_tap_) tap(frame, Tap::Direction::read, true, true);
        return forward(frame);
    }
    translate(path(PathRole::read_linear), frame, linear_of(frame.codec), [this](const Frame& linear) { hear_linear(linear); });
}

void StreamNode::hear_linear(const Frame& linear) {
    FrameBuffer buffer;
    const auto audio = copy_of(linear.linear(), buffer);
    const Frame changed = frame_of(linear, audio);
    if (process_read_) {
        process(audio, linear.codec->rate, Tap::Direction::read);
        if (watched())
            translate(extras->silence, changed, linear_codec_8k(),
                      [this](const Frame& narrow) { measure(narrow.linear()); });
    }
    if (any_tap_) tap(changed, Tap::Direction::read, true, false);
    inject(audio, linear.codec->rate, Tap::Direction::read);
    if (any_tap_) tap(changed, Tap::Direction::read, false, true);
    forward(changed);
}

void StreamNode::forward(const Frame& frame) {
    // A digit that is told apart goes on as a digit and not as sound as well.
    if (detector && detector->in_digit()) return;
    if (leg_)
        leg_->mixer->hear(*leg_, frame);
    else if (peer_)
        peer_->say(frame, Origin::peer);
}

void StreamNode::detect(const Frame& frame) {
    translate(path(PathRole::detect), frame, linear_codec_8k(), [this](const Frame& linear) {
        if (detector)
            detector->hear(
                linear.linear(),
                [](void* node, const Digit& digit) { static_cast<StreamNode*>(node)->receive_digit(digit); }, this);
        if (!process_read_) measure(linear.linear());
    });
}

void StreamNode::measure(std::span<const std::int16_t> narrow) {
    if (narrow.empty() || !watched()) return;
    const unsigned level = mean_of(narrow);
    for (const auto& each : extras->silence_watches) {
        SilenceMeter& meter = each->meter;
        if (!meter.hear(level, static_cast<std::uint32_t>(narrow.size()))) continue;
        each->state.store(SilenceNode::news | std::uint64_t{meter.length_ms()} << 1 | (meter.silent() ? 1 : 0),
                          std::memory_order_relaxed);
        raise(node_silence);
    }
}

void StreamNode::process(std::span<std::int16_t> audio, SampleRate rate, Tap::Direction direction) {
    if (audio.empty() || !extras) return;
    for (const auto& each : extras->processors) {
        AudioProcessor& processor = *each->processor;
        if (!covers(processor.direction(), direction)) continue;
        if (processor.rate_ != rate) {
            processor.rate_ = rate;
            processor.begin(rate);
        }
        processor.process(audio, direction);
    }
}

template <class T>
bool StreamNode::passes(const T& what, Tap::Direction direction) {
    for (const auto& each : extras->filters)
        if (covers(each->filter->direction(), direction) && !each->filter->passes(what, direction)) return false;
    return true;
}
template bool StreamNode::passes(const Digit& what, Tap::Direction direction);

// --- to the channel -----------------------------------------------------------------------------------------------

void StreamNode::say(const Frame& frame, Origin origin) {
    if (mute_write || !port_) return;
    if (origin == Origin::peer && (hold_outgoing || playing_ || tone_.active())) return;
    said_at_ = loop_->now_ns();
    if (linear_write_) return say_linear(frame, origin);
    if (any_tap_) tap(frame, Tap::Direction::write, true, true);
    // A frame without payload is one that was lost: only a translation can make something of it.
    if (frame.payload.empty() && (!write_codec_ || frame.codec == write_codec_)) return;
    if (!write_codec_) return write_out(frame);
    const PathRole role = origin == Origin::peer ? PathRole::from_peer : PathRole::from_source;
    translate(path(role), frame, write_codec_, [this](const Frame& made) { write_out(made); });
}

void StreamNode::write_out(const Frame& frame) {
    if (!filter_write_ || passes(frame, Tap::Direction::write)) emit(frame);
}

void StreamNode::say_linear(const Frame& frame, Origin origin) {
    if (!write_linear_) return dropped.add(1);
    const PathRole role = origin == Origin::peer ? PathRole::peer_linear : PathRole::source_linear;
    translate(path(role), frame, write_linear_, [this](const Frame& linear) {
        FrameBuffer buffer;
        const auto audio = copy_of(linear.linear(), buffer);
        const Frame changed = frame_of(linear, audio);
        process(audio, linear.codec->rate, Tap::Direction::write);
        if (any_tap_) tap(changed, Tap::Direction::write, true, false);
        inject(audio, linear.codec->rate, Tap::Direction::write);
        if (any_tap_) tap(changed, Tap::Direction::write, false, true);
        translate(path(PathRole::encode), changed, write_codec_, [this](const Frame& made) { write_out(made); });
    });
}

void StreamNode::tap(const Frame& frame, Tap::Direction direction, bool before, bool after) {
    for (const auto& each : taps) {
        Tap& tap = *each->tap;
        if (!covers(tap.direction(), direction)) continue;
        if (tap.place() == Tap::Place::before_whisper ? !before : !after) continue;
        PathSlot& slot = direction == Tap::Direction::read ? each->read : each->write;
        const Codec* const wants = tap.wants() ? tap.wants() : frame.codec;
        if (frame.payload.empty() && wants == frame.codec) continue;  // lost, and nobody to conceal it
        translate(slot, frame, wants, [&](const Frame& heard) { tap.hear(heard, direction); });
    }
}

void StreamNode::inject(std::span<std::int16_t> audio, SampleRate rate, Tap::Direction direction) {
    for (const auto& each : injectors) {
        if (!covers(each->injector->direction(), direction)) continue;
        if (each->injector->replaces()) std::fill(audio.begin(), audio.end(), std::int16_t{0});
        each->injector->mix(audio, rate);
    }
}

// --- the clock ----------------------------------------------------------------------------------------------------

void StreamNode::tick(std::uint64_t now) {
    run_digit_queue(now);
    if (tone_.active())
        say_tone();
    else if (playing_)
        play_frame();
    else if (inject_write_ && write_linear_ && now - said_at_ > filler_after) {
        const std::uint64_t last = said_at_;
        say(silent_frame(write_linear_, tick_samples(write_linear_->rate),
                         filler_timestamp_ += tick_samples(write_linear_->rate)),
            Origin::source);
        said_at_ = last;  // the gap goes on
    }
    if ((watched() || inject_read_) && now - heard_at_ > filler_after) hear_silence();
    refresh();
}

void StreamNode::hear_silence() {
    measure(std::span(nothing).first(std::min<std::size_t>(tick_samples({8000}), most_samples)));
    if (!inject_read_ || !read_codec_) return;
    const Codec* const linear = linear_of(read_codec_);
    if (!linear) return;
    const unsigned samples = tick_samples(linear->rate);
    Frame frame = silent_frame(linear, samples, filler_timestamp_ += samples);
    FrameBuffer buffer;
    const std::span audio(reinterpret_cast<std::int16_t*>(buffer.data()), frame.samples);
    std::fill(audio.begin(), audio.end(), std::int16_t{0});
    inject(audio, linear->rate, Tap::Direction::read);
    frame.payload = {buffer.data(), audio.size_bytes()};
    if (any_tap_) tap(frame, Tap::Direction::read, false, true);
    forward(frame);
}

void StreamNode::play_frame() {
    const Codec* const codec = playing_->codec();
    const unsigned samples = tick_samples(codec->rate);
    Frame frame = playing_->next(samples);
    if (frame.payload.empty()) {
        playing_ = nullptr;
        ended_generation.store(generation_, std::memory_order_relaxed);
        return raise(node_source_ended);
    }
    if (!frame.codec) frame.codec = codec;
    if (!frame.samples) frame.samples = static_cast<std::uint16_t>(samples);
    frame.marker = source_timestamp_ == 0;
    frame.has_sequence = false;
    frame.source = source_name_;
    frame.timestamp = source_timestamp_;
    source_timestamp_ +=
        static_cast<std::uint32_t>(std::uint64_t{frame.samples} * codec->rtp_clock.hz / codec->rate.hz);
    say(frame, Origin::source);
}

}  // namespace jackfield
