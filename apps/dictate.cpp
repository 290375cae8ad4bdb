// Dictate: a dictation machine worked by keys.
#include <algorithm>

#include "core/dialplan/evaluator.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "Dictate",
    .syntax = "Dictate([base_dir[,filename]])",
    .synopsis = "A dictation machine",
    .text = "Answers. The dictation is base_dir/filename.raw (signed linear, 8000 Hz); base_dir is by default the folder dictate of the spool "
            "directory. Without `filename` the caller enters a number and #. It begins paused, at playback; keys:\n"
            "  1 - change between playback and recording; what is recorded comes behind the rest\n"
            "  * - go on, or pause\n"
            "  0 - help\n"
            "  # - another dictation\n"
            "  2 - at playback: twice, three and four times as fast (parts are left out), then as recorded\n"
            "  7, 8 - at playback: back or on by 2 s\n"
            "  8 - at recording: begin the dictation anew; what was recorded is lost"};

constexpr auto step = 2000ms;
constexpr auto glance = 100ms;  // how often a fast playback skips, and the end is looked for
constexpr unsigned fastest = 4;

class Dictation {
  public:
    Dictation(Channel& channel, std::string path) : channel_(channel), path_(std::move(path)) {}
    Dictation(const Dictation&) = delete;
    ~Dictation() {
        const Shield shield;  // what was said so far is kept also when the caller has gone
        (void)halt();
    }

    // Until # is pressed. Waits. Errors: hangup and its like; those of the file.
    Result<void> run() {
        JF_TRY(say("dictate/forhelp"));
        for (;;) {
            if (!paused_) JF_TRY(go_on());
            const auto key = wait_for_key();
            JF_TRY(halt());
            if (!key) return std::unexpected(key.error());
            if (*key == '#') return {};
            JF_TRY(obey(*key));
        }
    }

  private:
    // Up to a key, which is obeyed next. A prompt that is missing is logged and left out.
    Result<void> say(std::string_view prompt) {
        if (early_key_) return {};
        auto played = channel_.play(prompt, "0123456789*#");
        if (played)
            early_key_ = *played;
        else if (ends_application(played.error().code))
            return std::unexpected(std::move(played).error());
        else
            log_warning("Dictate on {}: {}", channel_.name(), played.error().text);
        return {};
    }

    Result<void> obey(char key) {
        switch (key) {
            case '*':
                paused_ = !paused_;
                return paused_ ? say("dictate/pause") : Result<void>();
            case '0':
                JF_TRY(say(recording_ ? "dictate/record_help" : "dictate/play_help"));
                return say("dictate/both_help");
            case '1':
                recording_ = !recording_;
                paused_ = true;
                JF_TRY(say(recording_ ? "dictate/record_mode" : "dictate/playback_mode"));
                return say("dictate/paused");
            case '2':
                if (!recording_) speed_ = speed_ % fastest + 1;
                return {};
            case '7':
                if (!recording_) at_ = std::max(0ms, at_ - step);
                return {};
            case '8':
                if (!recording_) {
                    at_ += step;
                    return {};
                }
                at_ = 0ms;
                anew_ = true;
                return say("dictate/truncating_audio");
            default: return {};
        }
    }

    Result<void> go_on() {
        if (recording_) {
            taken_down_ = JF_TRY(Recording::create(path_, "raw", !std::exchange(anew_, false), Tap::Direction::read));
            tap_ = channel_.media().add(taken_down_->tap());
            return {};
        }
        auto source = open_sound_file(path_ + ".raw");
        if (!source && ends_application(source.error().code)) return std::unexpected(std::move(source).error());
        if (!source) {  // nothing was recorded yet
            paused_ = true;
            return say("dictate/paused");
        }
        playback_ = playback_of(**source);
        if (playback_) playback_->seek(at_);
        channel_.media().play(std::move(*source), [this] { ended_.push(0); });
        return {};
    }

    Result<char> wait_for_key() {
        if (early_key_) return std::exchange(early_key_, 0);
        for (;;) {
            const bool fast = playback_ && speed_ > 1;
            auto ready = select({&channel_.digits(), &ended_}, fast ? Timeout(glance) : Timeout());
            if (!ready && ready.error().code != ErrorCode::timeout) return std::unexpected(std::move(ready).error());
            if (const auto key = channel_.digits().try_pop()) return *key;
            if (ended_.try_pop()) {
                paused_ = true;
                JF_TRY(say("dictate/paused"));
                if (early_key_) return std::exchange(early_key_, 0);
            } else if (fast) {
                playback_->skip(glance * (speed_ - 1));
            }
        }
    }

    // Ends what plays or is recorded, and remembers the place.
    Result<void> halt() {
        if (playback_) at_ = playback_->position().at;
        if (playback_) channel_.media().stop_playing();
        playback_.reset();
        ended_.clear();
        tap_.reset();
        if (!taken_down_) return {};
        const auto done = std::move(taken_down_);
        return done->close();
    }

    Channel& channel_;
    const std::string path_;
    bool paused_ = true, recording_ = false, anew_ = false;
    char early_key_ = 0;  // pressed during a prompt
    unsigned speed_ = 1;
    milliseconds at_{0};  // of playback
    std::unique_ptr<Recording> taken_down_;
    std::unique_ptr<MediaStream::Attached> tap_;
    std::shared_ptr<Playback> playback_;
    Queue<int> ended_;
};

// Asks for a number. Waits. Errors: not_found (nothing was pressed), hangup and its like.
Result<std::string> ask_for_name(Channel& channel) {
    ReadOptions options;
    options.prompts = "dictate/enter_filename";
    options.maximum = 32;
    options.attempts = 3;
    const std::string keys = JF_TRY(channel.read_digits(options));
    std::string name;
    for (const char key : keys)
        if (key >= '0' && key <= '9') name += key;
    if (name.empty()) return fail(ErrorCode::not_found, "{} entered no number for Dictate", channel.name());
    return name;
}

Result<void> dictate(Channel& channel, const Arguments& arguments) {
    const std::string base = arguments.has(0) ? std::string(arguments[0]) : constant_variable("ASTSPOOLDIR").value_or("/tmp") + "/dictate";
    if (!base.starts_with('/')) return fail(ErrorCode::invalid, "Dictate: '{}' is no absolute path of a folder", base);
    std::string name(arguments[1]);
    if (name.contains('/') || name.starts_with('.')) return fail(ErrorCode::invalid, "Dictate: '{}' is no name of a file", name);
    JF_TRY(channel.answer());
    for (;; name.clear()) {
        if (name.empty()) name = JF_TRY(ask_for_name(channel));
        Dictation dictation(channel, base + "/" + name);
        JF_TRY(dictation.run());
    }
}

Result<void> load(Module& module) { return module.add(info, dictate); }

}  // namespace

JACKFIELD_MODULE("app_dictate", "Virtual dictation machine", load)
