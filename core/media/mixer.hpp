// A mixer: every member hears the sum of the others; one encode per format for all who only listen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/media/media_stream.hpp"

namespace jackfield {

struct MixerSettings {
    SampleRate rate{0};                          // 0: the highest among the members
    std::chrono::milliseconds interval{20};
    unsigned talk_threshold = 160;               // mean absolute sample value that counts as talking
    std::chrono::milliseconds silence_after{2500};
};

// Control thread. Its members live on its media thread.
class Mixer {
  public:
    explicit Mixer(MixerSettings settings = {});
    ~Mixer();  // members are disconnected
    Mixer(const Mixer&) = delete;
    Mixer& operator=(const Mixer&) = delete;

    // Errors: unsupported when the stream's codec can't be translated to the mixer's rate.
    Result<void> add(MediaStream& stream);
    void remove(MediaStream& stream);
    void set_listen_only(MediaStream& stream, bool on);
    void set_gain(MediaStream& stream, double listen, double talk);  // factors
    void on_talking(std::move_only_function<void(MediaStream&, bool talking)> function);
    void play(std::unique_ptr<Source> source, MediaStream::Ended ended = {});  // to all members
    void stop_playing();
    std::unique_ptr<MediaStream::Attached> add(std::unique_ptr<Tap> tap);     // the sum of all
    std::size_t members() const;

  private:
    struct Private;
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
