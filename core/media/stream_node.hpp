// The half of a MediaStream that lives on a media thread. Private to core/media.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/media/inband_digits.hpp"
#include "core/media/media_stream.hpp"
#include "core/media/media_thread.hpp"
#include "core/media/stream_jitter.hpp"
#include "core/media/stream_node_path.hpp"
#include "core/runtime/control.hpp"

namespace jackfield {

struct MixerLeg;

// Where a port hands over what came from outside. Media thread.
class PortReceiver {
  public:
    virtual void receive_frame(const Frame& frame) = 0;
    virtual void receive_digit(const Digit& digit) = 0;
    virtual void receive_report(std::uint32_t bits) = 0;
    virtual void receive_feedback(const Feedback& feedback) = 0;

  protected:
    ~PortReceiver() = default;
};

// Bounded queue of one writer and one reader, which may be on two threads. A phone sends at most some ten digits a
// second, so that 32 cannot run over while the reader lives.
template <class T, std::size_t size = 32>
class DigitRing {
  public:
    bool push(const T& value) {
        const auto at = written_.load(std::memory_order_relaxed);
        if (at - read_.load(std::memory_order_acquire) == size) return false;
        values_[at % size] = value;
        written_.store(at + 1, std::memory_order_release);
        return true;
    }
    bool pop(T& value) {
        const auto at = read_.load(std::memory_order_relaxed);
        if (at == written_.load(std::memory_order_acquire)) return false;
        value = values_[at % size];
        read_.store(at + 1, std::memory_order_release);
        return true;
    }
    bool empty() const { return read_.load(std::memory_order_acquire) == written_.load(std::memory_order_acquire); }

  private:
    std::array<T, size> values_;
    std::atomic<std::uint32_t> written_{0}, read_{0};
};

// A counter that one media thread writes and the control thread reads: costs what a plain one costs.
class MediaCounter {
  public:
    void add(std::uint64_t by) { value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed); }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// Levels against a threshold, summed up to a state and its length.
class SilenceMeter {
  public:
    explicit SilenceMeter(unsigned threshold) : threshold_(threshold) {}
    // True when 100 ms of a state have gone by since the last report, or it changed. `samples` at 8000 Hz.
    bool hear(unsigned level, std::uint32_t samples) { return add(level < threshold_, samples); }
    bool silent() const { return silent_; }
    std::uint32_t length_ms() const { return length_ / 8; }

  private:
    bool add(bool silent, std::uint32_t samples);
    unsigned threshold_;
    std::uint32_t length_ = 0, unreported_ = 0;  // samples
    bool silent_ = true;
};

struct TapNode {
    std::unique_ptr<Tap> tap;
    PathSlot read, write;
};
struct InjectorNode {
    std::unique_ptr<Injector> injector;
};
struct ProcessorNode {
    std::unique_ptr<AudioProcessor> processor;
};
struct FilterNode {
    std::unique_ptr<FrameFilter> filter;
};
struct SilenceNode {
    using Function = std::move_only_function<void(const MediaStream::SilenceEvent&)>;
    SilenceNode(unsigned threshold, Function told) : meter(threshold), function(std::move(told)) {}
    SilenceMeter meter;                   // media thread
    std::atomic<std::uint64_t> state{0};  // length in ms, above bit 0: silent, above that bit 63: news
    static constexpr std::uint64_t news = std::uint64_t{1} << 63;
    Function function;                    // control thread
    bool ended = false;
};

// What few streams have. Made on the control thread when the first of it comes, kept until the stream ends.
struct StreamExtras {
    std::vector<std::shared_ptr<ProcessorNode>> processors;  // by order
    std::vector<std::shared_ptr<FilterNode>> filters;
    std::vector<std::shared_ptr<SilenceNode>> silence_watches;
    PathSlot silence;  // to 8000 Hz, of what processors have changed
    std::unique_ptr<StreamJitter> jitter;
};

// What a translation is for; each has its own state.
enum class PathRole : std::uint8_t {
    from_peer,    // what the peer says, to the write codec
    from_source,  // what is played, to the write codec
    peer_linear,  // the same two, to linear audio when something is mixed in
    source_linear,
    encode,       // linear audio to the write codec
    read_linear,  // what the channel says, to linear audio when something is mixed in
    detect,       // ... to 8000 Hz for detectors
    mix,          // ... to the mixer's rate
    count
};

enum NodeEvent : std::uint32_t {
    node_digits = 1,
    node_source_ended = 2,
    node_silence = 4,
    node_port_event = 8,
    node_paths = 16,
    node_talking = 32,
    node_read_codec = 64,
    node_closed = 128,
};

// Gets a node's events. Control thread.
class NodeOwner {
  public:
    virtual void node_events(std::uint32_t bits) = 0;

  protected:
    ~NodeOwner() = default;
};

struct StreamNode final : PortReceiver, MediaThread::Ticked, Posted {
    using DigitMode = MediaStream::DigitMode;
    enum class Origin : std::uint8_t { peer, source };

    explicit StreamNode(MediaLoop* loop) : home(loop) {}

    // --- media thread: moving -----------------------------------------------------------------------------------
    void arrive(MediaLoop& loop);  // the node begins to live there
    void leave();                  // unlinked from peer and mixer before; the port is detached
    bool here(const MediaLoop& loop) const { return home.load(std::memory_order_acquire) == &loop; }
    void set_port(std::unique_ptr<Port> port);
    std::unique_ptr<Port> release_port();  // detached
    static void destroy(std::unique_ptr<Port> port);
    Port* port() const { return port_.get(); }
    void close();  // the last thing that happens to it here

    // --- media thread: settings ---------------------------------------------------------------------------------
    void set_formats(const Codec* read, const Codec* write, const Codec* write_linear, std::chrono::milliseconds time);
    static void link(StreamNode& a, StreamNode& b);  // a and b may be one: loop back
    void unlink();
    void join(MixerLeg* leg);                                              // null: leave the mixer
    void play(std::unique_ptr<Source>& source, std::uint32_t generation);  // swaps the old one out
    void set_digit_mode(DigitMode mode);
    void queue_digit(char key, std::chrono::milliseconds length);
    void refresh();  // after any change: which shortcuts hold, and is the tick needed

    // --- media thread: frames -----------------------------------------------------------------------------------
    void receive_frame(const Frame& frame) override;
    void receive_digit(const Digit& digit) override;
    void receive_report(std::uint32_t bits) override;
    void receive_feedback(const Feedback& feedback) override;
    void tick(std::uint64_t now) override;
    void say(const Frame& frame, Origin origin);   // to the channel
    bool plain_out() const { return plain_out_; }  // nothing stands between say() and the port
    void emit(const Frame& frame) {
        frames_out.add(1);
        bytes_out.add(frame.payload.size());
        port_->write(frame);
    }
    void raise(std::uint32_t bits) {
        events_.fetch_or(bits, std::memory_order_release);
        post();
    }
    // Calls `out` with what the role's path makes of the frame.
    template <class F>
    void translate(PathSlot& slot, const Frame& frame, const Codec* to, F&& out);
    PathSlot& path(PathRole role) { return paths[static_cast<std::size_t>(role)]; }
    const Codec* write_codec() const { return write_codec_; }
    MixerLeg* leg() const { return leg_; }

    // --- shared -------------------------------------------------------------------------------------------------
    std::atomic<MediaLoop*> home;  // null while it is on its way from one thread to another
    MediaCounter frames_in, frames_out, bytes_in, bytes_out, dropped, lost_digits;
    std::atomic<bool> relayed{false};
    DigitRing<Digit> digits;                // media to control
    DigitRing<Digit, 8> signalled_digits;   // the same of those that control is to send
    bool signal_digits = false;             // they do not go out of the port
    std::atomic<std::uint32_t> port_events{0}, ended_generation{0};
    std::atomic<bool> talking{false};
    std::atomic<const Codec*> heard_codec{nullptr};
    std::array<PathSlot, static_cast<std::size_t>(PathRole::count)> paths;

    // --- control thread -----------------------------------------------------------------------------------------
    NodeOwner* owner = nullptr;  // null once the stream is gone
    void posted() override;

    // --- media thread: set by commands, followed by refresh() ---------------------------------------------------
    bool mute_read = false, mute_write = false, hold_outgoing = false;
    std::unique_ptr<DigitDetector> detector;
    std::vector<std::shared_ptr<TapNode>> taps;
    std::vector<std::shared_ptr<InjectorNode>> injectors;
    std::unique_ptr<StreamExtras> extras;
    void add(std::shared_ptr<ProcessorNode> processor);
    void set_jitter(std::unique_ptr<StreamJitter>& jitter);  // swaps the old one out
    void receive_even(const Frame& frame);                   // what the jitter buffer gives

  private:
    struct QueuedDigit {
        char key = 0;
        std::uint16_t length_ms = 0;
    };

    const Codec* linear_of(const Codec* codec);
    void ask_key_frames();  // of both sides of the connection
    void hear(const Frame& frame);
    void forward(const Frame& frame);
    void detect(const Frame& frame);
    void measure(std::span<const std::int16_t> narrow);
    void hear_linear(const Frame& linear);
    void hear_silence();
    void process(std::span<std::int16_t> audio, SampleRate rate, Tap::Direction direction);
    template <class T>
    bool passes(const T& what, Tap::Direction direction);
    bool watched() const { return extras && !extras->silence_watches.empty(); }
    StreamJitter* jitter() const { return extras ? extras->jitter.get() : nullptr; }
    void write_out(const Frame& frame);  // through the filters
    void say_linear(const Frame& frame, Origin origin);
    void tap(const Frame& frame, Tap::Direction direction, bool before, bool after);
    void inject(std::span<std::int16_t> audio, SampleRate rate, Tap::Direction direction);
    void play_frame();
    void say_tone();
    void pass_digit(const Digit& digit);
    void say_digit(const Digit& digit);
    void run_digit_queue(std::uint64_t now);
    bool digits_queued() const { return sending_key_ || gap_until_ || !out_digits_.empty(); }
    unsigned tick_samples(SampleRate rate) const {
        return static_cast<unsigned>(rate.hz * static_cast<std::uint64_t>(packet_time_.count()) / 1000);
    }

    bool plain_in_ = false, plain_out_ = false;  // frames go straight on / nothing of ours stands before the port
    bool ticking_ = false, inject_read_ = false, inject_write_ = false, any_tap_ = false;
    bool linear_read_ = false, linear_write_ = false;  // injected into or processed
    bool process_read_ = false, process_write_ = false, filter_read_ = false, filter_write_ = false;
    StreamNode* peer_ = nullptr;
    const Codec *read_codec_ = nullptr, *write_codec_ = nullptr, *write_linear_ = nullptr;
    const Codec *linear_asked_ = nullptr, *linear_known_ = nullptr;  // the last answer of linear_of()
    std::unique_ptr<Port> port_;
    MixerLeg* leg_ = nullptr;
    MediaLoop* loop_ = nullptr;
    std::chrono::milliseconds packet_time_{20};

    Source* playing_ = nullptr;
    std::unique_ptr<Source> source_;  // stays after its end until control takes it
    std::uint32_t generation_ = 0, source_name_ = 0, source_timestamp_ = 0;
    std::uint64_t heard_at_ = 0, said_at_ = 0;
    std::uint32_t filler_timestamp_ = 0;

    DigitMode digit_mode_ = DigitMode::pass;
    char passing_key_ = 0;  // its begin went to the peer, so its end must
    DigitRing<QueuedDigit> held_, out_digits_;
    char sending_key_ = 0;
    std::uint16_t sending_length_ = 0;  // ms
    std::uint64_t sending_until_ = 0, gap_until_ = 0;
    DigitTone tone_;
    std::uint64_t tone_least_ = 0;  // it sounds at least until then
    bool tone_ending_ = false;
    std::uint32_t tone_name_ = 0, tone_timestamp_ = 0;

    std::atomic<std::uint32_t> events_{0};
};

template <class F>
void StreamNode::translate(PathSlot& slot, const Frame& frame, const Codec* to, F&& out) {
    bool request = false;
    if (!translate_frame(slot, frame, to, request, out)) dropped.add(1);
    if (request) raise(node_paths);
}

}  // namespace jackfield
