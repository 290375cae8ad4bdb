// What applications do with a channel: answer, indicate, play, read digits, music.
#include <algorithm>

#include "core/base/strings.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/channel_private.hpp"
#include "core/channel/instant_prompts.hpp"
#include "core/media/music.hpp"
#include "core/media/sound_file.hpp"
#include "core/media/tone.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/test_event.hpp"

namespace jackfield {

using Playing = ChannelAccess::Playing;

// --- the one place where audio is played to a channel -----------------------------------------------------------------

std::shared_ptr<Latch> ChannelAccess::start(Channel& channel, std::unique_ptr<Source> source, Playing what) {
    stop(channel);
    auto& internals = *channel.private_;
    auto ended = std::make_shared<Latch>();
    internals.playing = what;
    internals.play_ended = ended;
    channel.audio_->play(std::move(source), [&internals, ended] {
        if (internals.play_ended == ended) {
            internals.playing = Playing::nothing;
            internals.play_ended.reset();
        }
        ended->set();
    });
    return ended;
}

void ChannelAccess::stop(Channel& channel) {
    auto& internals = *channel.private_;
    if (internals.playing == Playing::nothing) return;
    const bool music = internals.playing == Playing::music;
    internals.playing = Playing::nothing;
    // The media stream forgets what it is told to stop, so who waits for the end hears of it here.
    if (const auto ended = std::move(internals.play_ended)) ended->set();
    channel.audio_->stop_playing();
    if (music) publish(ChannelMusic{channel, false, internals.music_class});
}

namespace {

const std::string* zone_tone(const ToneZones& zones, const Channel& channel, std::string_view tone) {
    return zones.find(channel.attributes().tone_zone.empty() ? zones.default_country : channel.attributes().tone_zone,
                      tone);
}

std::string_view fallback_tone(Indication indication) {
    switch (indication) {
        case Indication::ringing: return "ring";
        case Indication::busy: return "busy";
        case Indication::congestion:
        case Indication::incomplete: return "congestion";
        default: return {};
    }
}

}  // namespace

// --- answering and indications ------------------------------------------------------------------------------------------

Result<void> Channel::answer(std::chrono::milliseconds settle) {
    if (hung_up_) {
        const InterruptScope scope(private_->hangup);
        return yield();  // fails with hangup, through the loop
    }
    if (state_ == ChannelState::up) return {};
    stop_indication();
    JF_TRY(ChannelAccess::in_driver(*this, [](DriverChannel& driver) { return driver.answer(); }));
    announce();
    set_state(ChannelState::up);
    if (settle.count() > 0) return wait(settle);
    return {};
}

Result<void> Channel::start_tone(std::string_view tone) {
    const auto zones = tone_zones();
    const auto* description = zones ? zone_tone(*zones, *this, tone) : nullptr;
    if (!description) return fail(ErrorCode::not_found, "no tone zone knows the tone {}", tone);
    auto source = JF_TRY(make_tone(*description));
    ChannelAccess::start(*this, std::move(source), Playing::tone);
    return {};
}

void Channel::stop_indication() {
    if (private_->playing == Playing::tone) ChannelAccess::stop(*this);
}

Result<void> Channel::indicate(Indication indication, std::string_view text) {
    if (hung_up_) return fail(ErrorCode::hangup, "{} has been hung up", name_);
    if (indication == Indication::stop) stop_indication();
    if (indication == Indication::hold || indication == Indication::unhold) {
        private_->hold_wanted = indication == Indication::hold;
        hold_class_ = text;
    }
    auto done = ChannelAccess::in_driver(*this, [&](DriverChannel& driver) { return driver.indicate(indication); });
    if (indication == Indication::ringing && state_ == ChannelState::down && done) set_state(ChannelState::ring);
    if (done || done.error().code != ErrorCode::unsupported) return done;

    if (const auto tone = fallback_tone(indication); !tone.empty()) {
        // A tone that can't be had must not end the call that it was to accompany.
        if (auto started = start_tone(tone); !started) log_warning("{}: {}", name_, started.error().text);
        return {};
    }
    if (indication == Indication::hold)
        return post_work([music = std::string(text)](Channel& channel) { (void)channel.begin_music(music, true); });
    if (indication == Indication::unhold) stop_music();
    return {};
}

// --- playing ---------------------------------------------------------------------------------------------------------------

Result<char> Channel::play(std::string_view prompts, std::string_view stop_digits) {
    std::vector<std::string> names;
    for (const auto part : split_list(prompts, '&')) names.emplace_back(part);
    return play_names(names, stop_digits);
}

namespace {

// The first of the keys pressed that ends a prompt; those before it are used up.
char stopping_key(Queue<char>& digits, std::string_view stop_digits) {
    while (const auto key = digits.try_pop())
        if (stop_digits.contains(*key)) return *key;
    return '\0';
}

}  // namespace

Result<char> Channel::play_names(const std::vector<std::string>& prompts, std::string_view stop_digits) {
    const InterruptScope scope(private_->hangup);
    for (const auto& prompt : prompts) {
        auto source = JF_TRY(open_prompt(prompt, attributes_.language, audio_->write_codec()));
        if (private_->prompt_heard) {
            private_->prompt_heard(prompt);
            JF_TRY(yield());
            if (const char key = stopping_key(digits_, stop_digits)) return key;
            continue;
        }
        tell_test("PLAYBACK", [&] { return TestEvent::Fields{{"Message", prompt}, {"Channel", name_}}; });
        PlayGuard playing(*this, ChannelAccess::start(*this, std::move(source), Playing::prompt));
        // Keys that stop nothing are used up by the prompt, as people know it: what is pressed over it is not input.
        while (!playing.ended().is_set()) {
            JF_TRY(select({&playing.ended(), &digits_}));
            if (const char key = stopping_key(digits_, stop_digits)) return key;
        }
    }
    return '\0';
}

Result<void> Channel::play_source(std::unique_ptr<Source> source) {
    const InterruptScope scope(private_->hangup);
    if (private_->prompt_heard) return yield();
    PlayGuard playing(*this, ChannelAccess::start(*this, std::move(source), Playing::prompt));
    return playing.ended().wait();
}

void make_prompts_instant(Channel& channel, std::function<void(std::string_view prompt)> heard) {
    ChannelAccess::internals(channel).prompt_heard = std::move(heard);
}

Result<void> Channel::start_music(std::string_view music_class) { return begin_music(music_class, false); }

Result<void> Channel::begin_music(std::string_view music_class, bool of_hold) {
    if (of_hold && !private_->hold_wanted) return {};
    std::string wanted(music_class.empty() ? std::string_view(attributes_.music_class) : music_class);
    if (wanted.empty()) wanted = "default";
    if (private_->playing == Playing::music && private_->music_class == wanted) return {};
    const InterruptScope scope(private_->hangup);
    auto source = JF_TRY(open_music(wanted, audio_->write_codec()));
    if (of_hold && !private_->hold_wanted) return {};
    ChannelAccess::start(*this, std::move(source), Playing::music);
    private_->music_class = wanted;
    publish(ChannelMusic{*this, true, wanted});
    return {};
}

void Channel::stop_music() {
    if (private_->playing == Playing::music) ChannelAccess::stop(*this);
}

// --- digits ------------------------------------------------------------------------------------------------------------------

void Channel::set_digit_listener(DigitListener listener) { private_->digit_listener = std::move(listener); }

void Channel::take_digit(const Digit& digit, bool signalled) {
    if (ended_) return;
    if (wanted<ChannelDigit>()) publish(ChannelDigit{*this, digit.key, true, digit.end, digit.duration_ms});
    tell_test(digit.end ? "DTMF_END" : "DTMF_BEGIN",
              [&] { return TestEvent::Fields{{"Channel", name_}, {"Digit", std::string(1, digit.key)}}; });
    if (digit.end) log_dtmf("{} pressed {} for {} ms", name_, digit.key, digit.duration_ms);
    if (private_->digit_listener && private_->digit_listener(digit, signalled)) return;
    if (digit.end) digits_.push(digit.key);
}

void Channel::remote_digit(char key, std::chrono::milliseconds length) {
    const auto duration = static_cast<std::uint32_t>(length.count());
    take_digit({key, false, 0}, true);
    take_digit({key, true, Digit::limited(duration)}, true);
}

Result<char> Channel::read_digit(Timeout timeout) {
    const InterruptScope scope(private_->hangup);
    return digits_.pop(timeout);
}

namespace {

// One attempt: what was pressed until a terminator, the maximum or a pause; nothing when no key came.
Result<std::string> read_once(Channel& channel, const ReadOptions& options, bool& terminated) {
    std::string keys;
    auto add = [&](char key) {
        if (options.terminators.contains(key))
            terminated = true;
        else
            keys += key;
    };
    if (!options.prompts.empty()) {
        const char first = JF_TRY(channel.play(options.prompts, "0123456789*#ABCD"));
        if (first) add(first);
    }
    while (!terminated && keys.size() < options.maximum) {
        auto key = channel.read_digit(keys.empty() ? options.first : options.next);
        if (!key && key.error().code == ErrorCode::timeout) break;
        add(JF_TRY(std::move(key)));
    }
    return keys;
}

}  // namespace

Result<std::string> Channel::read_digits(const ReadOptions& options) {
    for (unsigned attempt = 0; attempt < std::max(1U, options.attempts); ++attempt) {
        bool terminated = false;
        auto keys = JF_TRY(read_once(*this, options, terminated));
        if (!keys.empty() || terminated) return keys;
    }
    return std::string();
}

void Channel::send_digits(std::string_view digits, std::chrono::milliseconds length, std::chrono::milliseconds between) {
    const InterruptScope scope(private_->hangup);
    for (const char key : digits) {
        std::chrono::milliseconds pause = between;
        if (key == 'w' || key == 'W') {
            pause = std::chrono::milliseconds(key == 'w' ? 500 : 1000);
        } else if (std::string_view("0123456789*#ABCDabcd!f").contains(key)) {
            const auto duration = static_cast<unsigned>(length.count());
            audio_->send_digit(key, length);
            if (wanted<ChannelDigit>()) publish(ChannelDigit{*this, key, false, true, duration});
            pause += length;
        }
        if (on_fiber() && !sleep_for(pause)) return;
    }
}

// --- the rest ----------------------------------------------------------------------------------------------------------------

Result<void> Channel::wait(std::chrono::nanoseconds time) {
    // The h extension of a channel that has been hung up may still wait, under its Shield.
    if (hung_up_) return sleep_for(time);
    const InterruptScope scope(private_->hangup);
    return sleep_for(time);
}

Result<void> Channel::send_text(std::string_view text, std::string_view content_type) {
    return ChannelAccess::in_driver(*this,
                                    [&](DriverChannel& driver) { return driver.send_text(text, content_type); });
}

Result<void> Channel::transfer(std::string_view destination) {
    const InterruptScope scope(private_->hangup);
    return ChannelAccess::in_driver(*this, [&](DriverChannel& driver) { return driver.transfer(destination); });
}

Result<void> Channel::request_topology(const Topology& topology) {
    const InterruptScope scope(private_->hangup);
    return ChannelAccess::in_driver(*this, [&](DriverChannel& driver) { return driver.request_topology(topology); });
}

}  // namespace jackfield
