// The registry of translators and the chains made of them.
#include "core/media/translator.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "core/media/translation_matrix.hpp"

namespace jackfield {
namespace {

struct Registered {
    TranslatorInfo info;
    const Codec* from;
    const Codec* to;
    Gate* gate;
};

// Control thread only.
struct Translators {
    std::map<std::size_t, Registered> all;  // by number, in order of registration
    std::size_t next = 0;
    bool stale = true;
    TranslationMatrix matrix;

    // Translators of a module that is on its way out are passed over; as its unload may yet be refused, the matrix
    // stays stale meanwhile.
    const TranslationMatrix& current() {
        if (!stale) return matrix;
        stale = false;
        std::vector<TranslationStep> steps;
        for (const auto& [number, one] : all) {
            if (one.gate->closed())
                stale = true;
            else
                steps.push_back({one.from, one.to, one.info.cost_us, number});
        }
        matrix = TranslationMatrix(steps);
        return matrix;
    }
};
Translators& translators() {
    static Translators the_translators;
    return the_translators;
}

std::uint64_t scaled(std::uint64_t value, std::uint32_t to, std::uint32_t from) {
    return from ? value * to / from : value;
}

// Longest piece that goes through a step at once. Longer frames are cut, so that buffers stay small at high rates.
unsigned longest_ms(const Codec& codec) {
    if (codec.rate.hz <= 16000) return 150;
    return codec.rate.hz <= 48000 ? 120 : 40;
}

}  // namespace

std::size_t Translator::conceal(unsigned, std::span<std::uint8_t>) { return 0; }

Result<Registration> register_in(Module& module, TranslatorInfo info) {
    const Codec* from = find_codec(info.from);
    const Codec* to = find_codec(info.to);
    if (!from || !to)
        return fail(ErrorCode::invalid, "translator {}: codec {} is not known; add_codec() it first", info.name,
                    from ? info.to : info.from);
    if (from == to || !info.make || !info.cost_us)
        return fail(ErrorCode::invalid, "translator {} needs two codecs, a cost and a way to make it", info.name);
    Translators& known = translators();
    for (const auto& [number, other] : known.all)
        if (other.from == from && other.to == to)
            return fail(ErrorCode::exists, "{} to {} is translated already by {}", from->name, to->name,
                        other.gate->name());
    const std::size_t number = known.next++;
    known.all.emplace(number, Registered{std::move(info), from, to, &module.gate()});
    known.stale = true;
    return Registration([number] {
        translators().all.erase(number);
        translators().stale = true;
    });
}

std::optional<PathCost> path_cost(const Codec* from, const Codec* to) {
    const auto way = translators().current().find(from, to);
    if (!way.exists) return {};
    return PathCost{way.cost_us, static_cast<unsigned>(way.ids.size()), way.rate_kept};
}

struct TranslationPath::Private {
    struct Step {
        Gate::Pass pass;  // first, so that it is given back after the translator has gone
        std::unique_ptr<Translator> translator;
        const Codec* to;
        std::unique_ptr<std::uint8_t[]> buffer;
        std::size_t size;
    };
    using Out = std::function<void(const Frame&)>;

    const Codec* from;
    const Codec* to;
    std::vector<Step> steps;
    bool started = false, marker = false, silence = false;
    std::uint32_t expected = 0;     // timestamp of the next input frame if none is missing
    std::uint32_t base = 0;         // output timestamp = base + samples put out, in the output's clock
    std::uint64_t samples_out = 0;  // since `base`

    void add_step(const Registered& registered, Gate::Pass pass);
    std::size_t piece(std::size_t bytes) const;
    void follow(const Frame& frame, unsigned samples);
    void run(std::size_t step, std::span<const std::uint8_t> bytes, const Out& out);
    void emit(std::span<const std::uint8_t> bytes, const Out& out);
    void conceal(unsigned samples, const Out& out);
};

void TranslationPath::Private::add_step(const Registered& registered, Gate::Pass pass) {
    Step step{std::move(pass), registered.info.make(), registered.to, nullptr, 0};
    const Codec& before = *registered.from;
    const Codec& after = *registered.to;
    // What the input's longest piece makes, and 20 ms that an encoder or resampler may have kept back.
    const unsigned ms = longest_ms(before.rate.hz > after.rate.hz ? before : after) + 20;
    step.size = after.bytes_per_10ms ? std::size_t{after.bytes_per_10ms} * (ms / 10 + 1) : 2048;
    step.buffer = std::make_unique<std::uint8_t[]>(step.size);
    steps.push_back(std::move(step));
}

// How much of the input the first step takes at once.
std::size_t TranslationPath::Private::piece(std::size_t bytes) const {
    if (!from->bytes_per_10ms) return bytes;  // its frames can't be told apart here
    const std::size_t longest = std::size_t{from->bytes_per_10ms} * (longest_ms(*from) / 10);
    const std::size_t faster = std::size_t{from->bytes_per_10ms} * (longest_ms(*to) / 10);
    return std::min({bytes, longest, faster});
}

// Brings the output's clock on when the input's timestamps jump.
void TranslationPath::Private::follow(const Frame& frame, unsigned samples) {
    if (!started) {
        started = true;
        base = from->rtp_clock.hz == to->rtp_clock.hz
                   ? frame.timestamp
                   : static_cast<std::uint32_t>(scaled(frame.timestamp, to->rtp_clock.hz, from->rtp_clock.hz));
    } else if (frame.timestamp != expected) {
        const std::int64_t jump = static_cast<std::int32_t>(frame.timestamp - expected);
        base += static_cast<std::uint32_t>(jump * to->rtp_clock.hz / from->rtp_clock.hz);
    }
    expected = frame.timestamp + static_cast<std::uint32_t>(scaled(samples, from->rtp_clock.hz, from->rate.hz));
    marker |= frame.marker;
    silence = frame.silence;
}

void TranslationPath::Private::run(std::size_t step, std::span<const std::uint8_t> bytes, const Out& out) {
    if (bytes.empty()) return;
    if (step == steps.size()) return emit(bytes, out);
    Step& now = steps[step];
    const std::size_t made = now.translator->translate(bytes, {now.buffer.get(), now.size});
    run(step + 1, {now.buffer.get(), std::min(made, now.size)}, out);
}

void TranslationPath::Private::emit(std::span<const std::uint8_t> bytes, const Out& out) {
    while (!bytes.empty()) {
        std::size_t take = bytes.size();
        if (to->bytes_per_10ms && take > FrameBuffer::capacity) {
            const std::size_t slice = to->bytes_per_10ms;
            take = std::max<std::size_t>(FrameBuffer::capacity / (2 * slice) * 2 * slice, slice);
        }
        Frame frame{.codec = to, .payload = bytes.first(take)};
        frame.samples = static_cast<std::uint16_t>(to->samples ? to->samples(frame.payload) : 0);
        frame.timestamp = base + static_cast<std::uint32_t>(scaled(samples_out, to->rtp_clock.hz, to->rate.hz));
        frame.marker = std::exchange(marker, false);
        frame.silence = silence;
        samples_out += frame.samples;
        bytes = bytes.subspan(take);
        out(frame);
    }
}

void TranslationPath::Private::conceal(unsigned samples, const Out& out) {
    if (steps.empty()) return;
    Step& first = steps.front();
    const std::size_t made = first.translator->conceal(samples, {first.buffer.get(), first.size});
    if (made) return run(1, {first.buffer.get(), std::min(made, first.size)}, out);
    // Nothing to hear: the time passes all the same.
    samples_out += scaled(samples, to->rate.hz, from->rate.hz);
}

TranslationPath::TranslationPath(std::unique_ptr<Private> made) : private_(std::move(made)) {}
TranslationPath::~TranslationPath() = default;

Result<std::unique_ptr<TranslationPath>> TranslationPath::find(const Codec* from, const Codec* to) {
    if (!from || !to) return fail(ErrorCode::invalid, "a translation needs two codecs");
    Translators& known = translators();
    const auto way = known.current().find(from, to);
    if (!way.exists)
        return fail(ErrorCode::unsupported, "there is no translation from {} to {}; load the codec modules of both",
                    from->name, to->name);
    auto made = std::make_unique<Private>();
    made->from = from;
    made->to = to;
    for (const std::size_t number : way.ids) {
        const Registered& registered = known.all.at(number);
        auto pass = registered.gate->enter();
        if (!pass) {
            known.stale = true;  // closed since the matrix was made; it is passed over from now on
            return find(from, to);
        }
        made->add_step(registered, std::move(*pass));
    }
    return std::unique_ptr<TranslationPath>(new TranslationPath(std::move(made)));
}

const Codec* TranslationPath::from() const { return private_->from; }
const Codec* TranslationPath::to() const { return private_->to; }

void TranslationPath::translate(const Frame& frame, const std::function<void(const Frame&)>& out) {
    Private& path = *private_;
    if (path.steps.empty()) return out(frame);
    unsigned samples = frame.samples;
    if (!frame.payload.empty() && path.from->samples) samples = path.from->samples(frame.payload);
    path.follow(frame, samples);
    if (frame.payload.empty()) return path.conceal(samples, out);
    for (std::size_t at = 0; at < frame.payload.size();) {
        const std::size_t take = path.piece(frame.payload.size() - at);
        path.run(0, frame.payload.subspan(at, take), out);
        at += take;
    }
}

std::string TranslationPath::describe() const {
    std::string text = "(" + private_->from->name + ")";
    for (const auto& step : private_->steps) text += "->(" + step.to->name + ")";
    return text;
}

}  // namespace jackfield
