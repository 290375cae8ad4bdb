// Tones: descriptions as in indications.conf, and the oscillators that sound them.
#include "core/media/tone.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <utility>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

constexpr double tone_dbm0 = -13;  // of each frequency: what ITU-T E.180 allows everywhere
constexpr double highest_hz = 20'000;
constexpr unsigned longest_part_ms = 600'000;
constexpr std::size_t most_elements = 256;

// ITU-T G.711: a sine wave of +3.14 dBm0 just reaches full scale.
double peak_of(double dbm0) { return 32767 * std::pow(10, (dbm0 - 3.14) / 20); }

// A sine wave by rotation of a unit vector; set_up costs a sine, each sample four products.
class Oscillator {
  public:
    void set_up(double hz, SampleRate rate) {
        const double step = 2 * std::numbers::pi * hz / rate.hz;
        turn_x_ = std::cos(step);
        turn_y_ = std::sin(step);
        x_ = 1;
        y_ = 0;
    }
    double next() {
        const double now = y_;
        const double x = x_ * turn_x_ - y_ * turn_y_;
        y_ = x_ * turn_y_ + y_ * turn_x_;
        x_ = x;
        return now;
    }
    // Rounding makes the vector grow or shrink slowly; called once a frame.
    void correct() {
        const double length = std::hypot(x_, y_);
        if (length > 0) {
            x_ /= length;
            y_ /= length;
        }
    }

  private:
    double x_ = 1, y_ = 0, turn_x_ = 1, turn_y_ = 0;
};

// One element of a description: up to four frequencies for a time.
struct Element {
    static constexpr std::size_t most = 4;
    std::array<double, most> hz{};
    std::size_t frequencies = 0;  // 0: silence
    bool modulated = false;       // the first one by the second one
    bool once = false;            // '!': not repeated
    std::optional<unsigned> ms;   // empty: for ever
};

std::unexpected<Error> wrong(std::string_view part, std::string_view why) {
    return fail(ErrorCode::invalid, "tone \"{}\": {}; write frequencies and milliseconds, as in 440+480/2000,0/4000",
                part, why);
}

Result<double> parse_frequency(std::string_view text, std::string_view part) {
    const bool note = text.starts_with('M') || text.starts_with('m');  // a MIDI note number
    const auto number = parse_number<double>(trim(note ? text.substr(1) : text));
    if (!number || !(*number >= 0) || *number > highest_hz) return wrong(part, "a frequency is from 0 to 20000 Hz");
    return note ? 440 * std::pow(2, (*number - 69) / 12) : *number;
}

Result<Element> parse_element(std::string_view part) {
    Element element;
    std::string_view text = part;
    if (text.starts_with('!')) {
        element.once = true;
        text = trim(text.substr(1));
    }
    const auto [sound, time, timed] = split_once(text, '/');
    if (timed) {
        const auto ms = parse_number<unsigned>(trim(time));
        if (!ms || *ms > longest_part_ms) return wrong(part, "a time is from 0 to 600000 ms");
        element.ms = *ms;
    }
    element.modulated = sound.find('*') != std::string_view::npos;
    if (element.modulated && sound.find('+') != std::string_view::npos)
        return wrong(part, "frequencies are either added or modulated");
    for (const auto frequency : split(sound, element.modulated ? '*' : '+')) {
        const double hz = JF_TRY(parse_frequency(trim(frequency), part));
        if (hz == 0) continue;
        if (element.frequencies == (element.modulated ? 2 : Element::most)) return wrong(part, "too many frequencies");
        element.hz[element.frequencies++] = hz;
    }
    element.modulated = element.modulated && element.frequencies == 2;
    return element;
}

Result<std::vector<Element>> parse_tone(std::string_view description) {
    std::vector<Element> elements;
    std::string text(description);
    std::replace(text.begin(), text.end(), '|', ',');  // older files
    for (const auto part : split_list(text)) {
        if (elements.size() == most_elements) return wrong(part, "there are more than 256 parts");
        elements.push_back(JF_TRY(parse_element(part)));
    }
    if (elements.empty()) return wrong(description, "it is empty");
    return elements;
}

// Plays the elements one after the other, then again those that are not for once.
class ToneSource final : public Source {
  public:
    ToneSource(std::vector<Element> elements, SampleRate rate, double dbm0)
        : codec_(linear_codec(rate)), elements_(std::move(elements)), rate_(rate), peak_(peak_of(dbm0)) {
        repeat_ = static_cast<std::size_t>(
            std::find_if(elements_.begin(), elements_.end(), [](const Element& one) { return !one.once; }) -
            elements_.begin());
        // Elements of no length only would turn for ever on the spot.
        const bool advances = std::any_of(elements_.begin() + static_cast<std::ptrdiff_t>(repeat_), elements_.end(),
                                          [](const Element& one) { return !one.once && (!one.ms || *one.ms > 0); });
        if (!advances) repeat_ = elements_.size();
        begin(0);
    }

    const Codec* codec() const override { return codec_; }
    Frame next(unsigned samples) override {
        const std::size_t wanted = std::min<std::size_t>(samples, pcm_.size());
        std::size_t made = 0;
        while (made < wanted && at_ < elements_.size()) {
            const std::size_t take = for_ever_ ? wanted - made : std::min(wanted - made, left_);
            sound({pcm_.data() + made, take});
            made += take;
            if (for_ever_ || (left_ -= take) > 0) continue;
            do_next();
        }
        if (made == 0) return {};
        std::fill(pcm_.begin() + static_cast<std::ptrdiff_t>(made), pcm_.begin() + static_cast<std::ptrdiff_t>(wanted),
                  std::int16_t{0});
        for (Oscillator& oscillator : oscillators_) oscillator.correct();
        Frame frame{.codec = codec_, .payload = {reinterpret_cast<const std::uint8_t*>(pcm_.data()), wanted * 2}};
        frame.timestamp = std::exchange(timestamp_, timestamp_ + static_cast<std::uint32_t>(wanted));
        frame.samples = static_cast<std::uint16_t>(wanted);
        return frame;
    }

  private:
    void begin(std::size_t element) {
        at_ = element;
        if (at_ >= elements_.size()) return;
        const Element& now = elements_[at_];
        for_ever_ = !now.ms;
        left_ = static_cast<std::size_t>(std::uint64_t{now.ms.value_or(0)} * rate_.hz / 1000);
        for (std::size_t i = 0; i < now.frequencies; ++i) oscillators_[i].set_up(now.hz[i], rate_);
        if (!for_ever_ && left_ == 0) do_next();
    }
    void do_next() {
        std::size_t next = at_ + 1;
        // What comes after the first repeated element is repeated with it, unless it is for once and has been.
        while (next < elements_.size() && repeating_ && elements_[next].once) ++next;
        if (next >= elements_.size()) {
            repeating_ = true;
            next = repeat_;
        }
        begin(next);
    }
    void sound(std::span<std::int16_t> pcm) {
        const Element& now = elements_[at_];
        if (now.modulated) {
            constexpr double depth = 0.9;  // ITU-T E.180: modulated tones keep their carrier
            for (std::int16_t& sample : pcm)
                sample = clip(peak_ * oscillators_[0].next() * (1 + depth * oscillators_[1].next()) / (1 + depth));
            return;
        }
        for (std::int16_t& sample : pcm) {
            double sum = 0;
            for (std::size_t i = 0; i < now.frequencies; ++i) sum += oscillators_[i].next();
            sample = clip(peak_ * sum);
        }
    }
    static std::int16_t clip(double sample) {
        return static_cast<std::int16_t>(std::lround(std::clamp(sample, -32767.0, 32767.0)));
    }

    const Codec* codec_;
    std::vector<Element> elements_;
    SampleRate rate_;
    double peak_;
    std::array<Oscillator, Element::most> oscillators_;
    std::size_t at_ = 0, repeat_ = 0, left_ = 0;
    bool for_ever_ = false, repeating_ = false;
    std::uint32_t timestamp_ = 0;
    std::array<std::int16_t, FrameBuffer::capacity / 2> pcm_;
};

std::shared_ptr<const ToneZones>& zones_in_force() {
    static std::shared_ptr<const ToneZones> zones = std::make_shared<ToneZones>();
    return zones;
}

}  // namespace

Result<std::unique_ptr<Source>> make_tone(std::string_view description, SampleRate rate) {
    if (!linear_codec(rate)) return fail(ErrorCode::unsupported, "no linear audio has {} samples a second", rate.hz);
    auto elements = JF_TRY(parse_tone(description));
    return std::make_unique<ToneSource>(std::move(elements), rate, tone_dbm0);
}

std::unique_ptr<Source> make_sine(double hz, double dbm0, SampleRate rate) {
    Element element;
    element.hz[0] = std::clamp(hz, 0.0, highest_hz);
    element.frequencies = 1;
    return std::make_unique<ToneSource>(std::vector{element}, rate, std::min(dbm0, 3.14));
}

std::unique_ptr<Source> make_silence(SampleRate rate) {
    return std::make_unique<ToneSource>(std::vector{Element{}}, rate, tone_dbm0);
}

const std::string* ToneZones::find(std::string_view country, std::string_view tone) const {
    const auto in = [&](std::string_view code) -> const std::string* {
        for (const ToneZone& zone : zones) {
            if (!equals_ignoring_case(zone.country, code)) continue;
            for (const auto& [name, description] : zone.tones)
                if (equals_ignoring_case(name, tone)) return &description;
        }
        return nullptr;
    };
    const std::string* found = in(country);
    return found ? found : in(default_country);
}

std::shared_ptr<const ToneZones> tone_zones() { return zones_in_force(); }
void set_tone_zones(std::shared_ptr<const ToneZones> zones) {
    zones_in_force() = zones ? std::move(zones) : std::make_shared<ToneZones>();
}

}  // namespace jackfield
