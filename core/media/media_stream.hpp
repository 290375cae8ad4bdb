// One stream (audio, video, ...) of a channel, as control code sees it. What it does happens on a media thread: calls
// are commands that are posted there, and what comes back are events on the control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/format.hpp"
#include "core/media/port.hpp"
#include "core/media/processor.hpp"
#include "core/media/source.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

struct StreamStatistics {
    std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0, bytes_out = 0;
    bool relayed = false;        // forwarded without decoding at the moment
    std::string read_path, write_path;  // translation, empty when none
};

// Destroying it detaches its port and destroys that on its media thread. Control thread only; nothing here waits unless
// its comment says so.
class MediaStream {
  public:
    explicit MediaStream(MediaType type = MediaType::audio);
    ~MediaStream();
    MediaStream(const MediaStream&) = delete;
    MediaStream& operator=(const MediaStream&) = delete;
    MediaType type() const;

    // --- the port below it -------------------------------------------------------------------------------------
    // Takes over the port; taps, injectors, playing source and connection stay and work on with it. `near`: live on the
    // same media thread as that stream (the caller's, for a callee).
    void set_port(std::unique_ptr<Port> port, const MediaStream* near = nullptr);
    std::unique_ptr<Port> take_port();  // Waits (a turn of the media thread), not interruptible. Null when there is none.
    void exchange_ports(MediaStream& other);
    bool has_port() const;
    // Runs on the port's media thread, in order with the other commands; the port may be gone by then (never called).
    template <class P>
    void with_port(std::move_only_function<void(P&)> function) {
        command_port([function = std::move(function)](Port& port) mutable { function(static_cast<P&>(port)); });
    }
    void on_port_event(std::move_only_function<void(std::uint32_t bits)> function);
    // What the far side sends and takes now; the write codec is what this stream translates to.
    void set_formats(const Codec* read, const Codec* write, std::chrono::milliseconds packet_time);
    const Codec* read_codec() const;
    const Codec* write_codec() const;

    // --- where its audio comes from and goes to: one of connected, looped, mixed, or nothing ---------------------
    // Both directions, by relay or by translation (chosen and changed as formats, taps and detectors come and go).
    // The two streams come to live on one media thread. Errors: unsupported when there is no translation.
    static Result<void> connect(MediaStream& a, MediaStream& b);
    void disconnect();                 // both sides, or from a mixer
    bool connected() const;
    void loop_back(bool on);
    void hold_outgoing(bool silent);   // nothing from the peer is written while true (the peer is on hold)

    // --- playing to the channel: takes the place of the connected side's audio while it lasts ---------------------
    using Ended = std::move_only_function<void()>;  // control thread; not called when replaced, stopped or destroyed
    void play(std::unique_ptr<Source> source, Ended ended = {});
    void stop_playing();
    bool playing() const;

    // --- digits --------------------------------------------------------------------------------------------------
    enum class DigitMode : std::uint8_t { pass, hold, replay };
    // pass: digits go on to the connected side; hold: they come only to `on_digit`; replay: what hold kept back is sent
    // on now, then pass.
    void set_digit_mode(DigitMode mode);
    void on_digit(std::move_only_function<void(const Digit&)> function);  // every digit, begin and end, in order
    void detect_inband_digits(bool on);                     // by SpanDSP on what the channel says
    void send_digit(char key, std::chrono::milliseconds length);  // to the channel; queued one after the other
    // Digits to the channel go to `function`, each at its end, instead of out of the port (SIP INFO); {}: by the port again.
    // Belongs to the port: exchange_ports() takes it along.
    void signal_digits(std::move_only_function<void(const Digit&)> function);

    // --- what listens, speaks and changes: stays with the stream when its port or its peer changes ---------------------
    class [[nodiscard]] Attached {  // destroying it removes what was added; may outlive the stream
      public:
        virtual ~Attached() = default;
    };
    std::unique_ptr<Attached> add(std::unique_ptr<Tap> tap);
    std::unique_ptr<Attached> add(std::unique_ptr<Injector> injector);
    std::unique_ptr<Attached> add(std::unique_ptr<AudioProcessor> processor);
    std::unique_ptr<Attached> add(std::unique_ptr<FrameFilter> filter);

    struct SilenceEvent {
        bool silent;                       // false: talking
        std::chrono::milliseconds length;  // of that state so far, reported every 100 ms and at each change
    };
    // Tells of silence and talk in what the channel says, as its processors leave it. Any number at a time, each with its
    // own threshold: the mean absolute sample value that counts as talking, at least 1. A phone that sends nothing is silent.
    // `function` is called on the control thread and may end its own watch or the stream.
    std::unique_ptr<Attached> watch_silence(unsigned threshold, std::move_only_function<void(const SilenceEvent&)> function);

    // Evens out what comes from the channel by a buffer in front of everything else (RTP ports have one of their own by
    // configuration). `delay`: when fixed; what an adaptive one starts with. Nothing: no buffer.
    struct JitterSettings {
        bool adaptive = false;
        std::chrono::milliseconds delay{60}, maximum{200};
    };
    void set_jitter_buffer(std::optional<JitterSettings> settings);
    bool has_taps() const;

    // True while the connected audio only passes: neither here nor at the peer anything plays, listens, speaks, changes it, is
    // muted, or collects digits. The far sides might then send it to each other.
    bool only_passes() const;
    // `function` is called whenever that may have changed, within the call that changes it: it may look and start timers. It
    // belongs to the port: exchange_ports() takes it along.
    void on_use_changed(std::move_only_function<void()> function);

    void mute(bool read, bool write);
    StreamStatistics statistics() const;   // as of the last report, at most a second old
    unsigned thread_index() const;

    struct Private;
    Private& internals() { return *private_; }

  private:
    void command_port(std::move_only_function<void(Port&)> function);
    std::unique_ptr<Private> private_;
};

// Starts and stops the media threads; core/main and unit tests.
class MediaEngine {
  public:
    explicit MediaEngine(unsigned threads);  // 0: one per core
    ~MediaEngine();                          // every stream must be gone
    static MediaEngine* instance();
    unsigned threads() const;
    // Returns after every media thread has passed a turn. Waits. The loader calls it before dlclose.
    Result<void> pass_turn();

    struct Private;
    Private& internals() { return *private_; }

  private:
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
