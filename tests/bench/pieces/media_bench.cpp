// The media plane: frames through streams, translation, mixing, the jitter buffer.
#include <dlfcn.h>
#include <time.h>

#include "core/media/jitter_buffer.hpp"
#include "core/media/mixer.hpp"
#include "tests/bench/pieces/allocations.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

// A built codec module, loaded for good.
struct CodecModule {
    explicit CodecModule(const std::string& name) : module(name) {
        void* handle = dlopen((JACKFIELD_MODULE_OUTPUT "/" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle) return;
        const auto* descriptor = static_cast<const ModuleDescriptor*>(dlsym(handle, "jackfield_module_descriptor"));
        loaded = descriptor && descriptor->load(module);
    }
    Module module;
    bool loaded = false;
};

// 20 ms of one codec after the other through the cheapest chain.
void translate(benchmark::State& state, const char* from, const char* to) {
    std::vector<std::unique_ptr<CodecModule>> modules;
    for (const char* name : {"codec_ulaw", "codec_alaw", "codec_a_mu", "codec_g722", "codec_gsm", "codec_resample"})
        modules.push_back(std::make_unique<CodecModule>(name));
    auto path = TranslationPath::find(find_codec(from), find_codec(to));
    if (!path) return state.SkipWithError(path.error().text.c_str());
    // Speech-like input in the source's own format, made by the opposite chain.
    std::vector<std::int16_t> pcm((*path)->from()->rate.hz / 50);
    Tone tone(440, 8000, (*path)->from()->rate.hz);
    for (auto& sample : pcm) sample = tone.next();
    std::vector<std::uint8_t> payload(reinterpret_cast<std::uint8_t*>(pcm.data()), reinterpret_cast<std::uint8_t*>(pcm.data() + pcm.size()));
    if (!(*path)->from()->linear) {
        auto encoder = TranslationPath::find(linear_codec((*path)->from()->rate), (*path)->from());
        if (!encoder) return state.SkipWithError(encoder.error().text.c_str());
        const Frame linear{.codec = linear_codec((*path)->from()->rate), .payload = payload};
        std::vector<std::uint8_t> encoded;
        (*encoder)->translate(linear, [&](const Frame& out) { encoded.assign(out.payload.begin(), out.payload.end()); });
        payload = encoded;
    }
    Frame frame{.codec = (*path)->from(), .payload = payload, .samples = static_cast<std::uint16_t>(pcm.size())};
    std::size_t bytes = 0;
    const std::function<void(const Frame&)> take = [&](const Frame& out) { bytes += out.payload.size(); };
    (*path)->translate(frame, take);
    const bench::CountAllocations counted(state);
    for (auto _ : state) {
        frame.timestamp += (*path)->from()->rtp_clock.hz / 50;
        (*path)->translate(frame, take);
    }
    if (bytes == 0) state.SkipWithError("nothing came out");
    state.SetLabel((*path)->describe());
}
BENCHMARK_CAPTURE(translate, ulaw_alaw, "ulaw", "alaw");
BENCHMARK_CAPTURE(translate, ulaw_slin, "ulaw", "slin");
BENCHMARK_CAPTURE(translate, slin_ulaw, "slin", "ulaw");
BENCHMARK_CAPTURE(translate, g722_slin16, "g722", "slin16");
BENCHMARK_CAPTURE(translate, slin16_g722, "slin16", "g722");
BENCHMARK_CAPTURE(translate, gsm_slin, "gsm", "slin");
BENCHMARK_CAPTURE(translate, slin_gsm, "slin", "gsm");
BENCHMARK_CAPTURE(translate, slin_slin16, "slin", "slin16");
BENCHMARK_CAPTURE(translate, slin16_slin, "slin16", "slin");
BENCHMARK_CAPTURE(translate, ulaw_g722, "ulaw", "g722");
BENCHMARK_CAPTURE(translate, ulaw_gsm, "ulaw", "gsm");

// A far side that speaks when told, or by the clock of its thread, and counts what it is given.
class BenchPort final : public Port, MediaThread::Ticked {
  public:
    explicit BenchPort(const Codec* codec, bool speaks) : codec_(codec), speaks_(speaks), name_(new_frame_source()) { payload_.fill(0x55); }
    void write(const Frame& frame) override {
        ++written;
        benchmark::DoNotOptimize(frame.payload.data());
    }
    void attach(MediaThread& thread) override { (thread_ = &thread)->add_ticked(*this, 20ms); }
    void detach() override { thread_->remove_ticked(*this); }
    std::uint32_t relay_kind() const override { return 1; }
    void tick(std::uint64_t) override {
        if (speaks_) speak();
    }
    void speak() {
        Frame frame{.codec = codec_, .payload = payload_, .timestamp = timestamp_ += 160, .sequence = sequence_++, .samples = 160,
                    .has_sequence = true, .source = name_};
        receive(frame);
    }
    std::uint64_t written = 0;

  private:
    const Codec* codec_;
    bool speaks_;
    MediaThread* thread_ = nullptr;
    std::uint32_t name_, timestamp_ = 0;
    std::uint16_t sequence_ = 0;
    std::array<std::uint8_t, 160> payload_;
};

struct Plane : MediaTest {
    Plane() { setUp(); }
    ~Plane() override { tearDown(); }
    std::unique_ptr<MediaStream> stream(const char* codec, bool speaks) {
        auto made = std::make_unique<MediaStream>();
        made->set_port(std::make_unique<BenchPort>(find_codec(codec), speaks));
        made->set_formats(find_codec(codec), find_codec(codec), 20ms);
        return made;
    }
    // Runs `work` on the stream's media thread and returns when it has.
    void on_port(MediaStream& stream, std::function<void(BenchPort&)> work) {
        std::atomic<bool> done{false};
        stream.with_port<BenchPort>([&done, work = std::move(work)](BenchPort& port) {
            work(port);
            done = true;
        });
        wait_for([&] { return done.load(); });
    }
};

double thread_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// From the port where a frame comes in to write() of the connected one.
void frame_path(benchmark::State& state, const char* from, const char* to) {
    Plane plane;
    auto a = plane.stream(from, false), b = plane.stream(to, false);
    if (!MediaStream::connect(*a, *b)) return state.SkipWithError("can't be connected");
    plane.wait_for([&] { return a->connected(); });
    constexpr int frames = 10'000;
    plane.on_port(*a, [](BenchPort& port) {
        for (int i = 0; i < frames; ++i) port.speak();
    });
    plane.wait_for([end = std::chrono::steady_clock::now() + 50ms] { return std::chrono::steady_clock::now() > end; });  // paths come from control
    std::uint64_t allocated = 0;
    double took = 0;
    for (auto _ : state) {
        plane.on_port(*a, [&](BenchPort& port) {
            const std::uint64_t before = bench::allocations();
            const double begin = thread_cpu();
            for (int i = 0; i < frames; ++i) port.speak();
            took = thread_cpu() - begin;
            allocated += bench::allocations() - before;
        });
        state.SetIterationTime(took / frames);
    }
    std::uint64_t written = 0;
    plane.on_port(*b, [&](BenchPort& port) { written = port.written; });
    if (written < frames) state.SkipWithError("the frames did not arrive");
    state.counters["allocs"] = static_cast<double>(allocated) / frames / static_cast<double>(state.iterations());
}
BENCHMARK_CAPTURE(frame_path, relay, "ulaw", "ulaw")->UseManualTime()->Iterations(50);
BENCHMARK_CAPTURE(frame_path, ulaw_to_alaw, "ulaw", "alaw")->UseManualTime()->Iterations(50);

// CPU of the media thread for one interval of 20 ms, by its own clock in real time: three speak, n only listen.
void mixer_interval(benchmark::State& state) {
    Plane plane;
    {
        Mixer mixer;
        std::vector<std::unique_ptr<MediaStream>> members;
        for (std::int64_t i = 0; i < 3 + state.range(0); ++i) {
            members.push_back(plane.stream("ulaw", i < 3));
            if (!mixer.add(*members.back())) return state.SkipWithError("no place in the mixer");
        }
        const auto pass = [&](std::chrono::milliseconds time) {
            plane.wait_for([end = std::chrono::steady_clock::now() + time] { return std::chrono::steady_clock::now() > end; });
        };
        pass(300ms);
        double cpu = 0;
        std::uint64_t allocated = 0, heard = 0;
        const auto read = [&](double sign) {
            plane.on_port(*members.back(), [&](BenchPort& port) {
                cpu += sign * thread_cpu();
                allocated += static_cast<std::uint64_t>(sign) * bench::allocations();
                heard += static_cast<std::uint64_t>(sign) * port.written;
            });
        };
        std::uint64_t intervals = 0;
        for (auto _ : state) {
            cpu = 0;
            heard = 0;
            read(-1);
            pass(500ms);
            read(1);
            intervals += heard;
            if (heard == 0) return state.SkipWithError("nobody heard anything");
            state.SetIterationTime(cpu / static_cast<double>(heard));
        }
        state.counters["allocs"] = static_cast<double>(allocated) / static_cast<double>(std::max<std::uint64_t>(intervals, 1));
        state.counters["members"] = static_cast<double>(members.size());
    }
}
BENCHMARK(mixer_interval)->Arg(7)->Arg(97)->Arg(997)->UseManualTime()->Iterations(4);

void jitter_buffer(benchmark::State& state) {
    JitterBuffer buffer({.clock = SampleRate{8000}});
    std::array<std::uint8_t, 160> payload{};
    std::uint64_t now = 1'000'000'000;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    const auto pass = [&] {
        buffer.put({.sequence = sequence++, .timestamp = timestamp += 160, .payload = payload}, now + sequence % 7 * 1'000'000);
        while (const auto due = buffer.get(now)) benchmark::DoNotOptimize(due->packet.payload.data());
        now += 20'000'000;
    };
    for (int i = 0; i < 1000; ++i) pass();
    const bench::CountAllocations counted(state);
    for (auto _ : state) pass();
}
BENCHMARK(jitter_buffer);

}  // namespace
