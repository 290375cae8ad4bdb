// Mixers: the control side.
#include "core/media/mixer.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/media/media_stream_private.hpp"
#include "core/media/mixer_node.hpp"

namespace jackfield {
namespace {

constexpr SampleRate highest_rate{48000};  // a frame of it fits a FrameBuffer

class MixerAttached final : public MediaStream::Attached {
  public:
    explicit MixerAttached(std::move_only_function<void()> remove) : remove_(std::move(remove)) {}
    ~MixerAttached() override { remove_(); }

  private:
    std::move_only_function<void()> remove_;
};

}  // namespace

struct Mixer::Private final : NodeOwner {
    Private(Mixer& mixer, MixerSettings its_settings) : self(mixer), settings(its_settings) {}

    void node_events(std::uint32_t bits) override;
    template <class F>
    void command(F function) {
        submit_to(loop, std::move(function));
    }
    void choose_rate();
    void serve_paths();

    Mixer& self;
    const MixerSettings settings;
    MediaLoop* loop = nullptr;
    MixerNode* node = nullptr;
    std::shared_ptr<Private*> alive = std::make_shared<Private*>(this);
    std::unordered_map<MediaStream*, std::shared_ptr<MixerLeg>> legs;
    std::vector<std::shared_ptr<TapNode>> taps;
    std::shared_ptr<std::move_only_function<void(MediaStream&, bool)>> on_talking;
    const Codec* codec = nullptr;
    std::uint32_t generation = 0;
    bool playing = false;
    MediaStream::Ended ended;
};

Mixer::Mixer(MixerSettings settings) : private_(std::make_unique<Private>(*this, settings)) {
    Private& own = *private_;
    if (MediaEngine* const engine = MediaEngine::instance()) own.loop = engine->internals().choose();
    own.node = new MixerNode(own.loop, settings);
    own.node->owner = &own;
    own.choose_rate();
}

Mixer::~Mixer() {
    Private& own = *private_;
    while (!own.legs.empty()) remove(*own.legs.begin()->first);
    *own.alive = nullptr;
    own.node->owner = nullptr;
    if (!own.loop) {
        delete own.node;
        return;
    }
    own.command([node = own.node] { node->close(); });
    MediaEngine::instance()->internals().released(own.loop);
}

void Mixer::Private::choose_rate() {
    SampleRate rate = settings.rate;
    if (rate.hz == 0) {
        rate = {8000};
        for (const auto& [stream, leg] : legs)
            for (const Codec* each : {stream->read_codec(), stream->write_codec()})
                if (each && each->rate.hz > rate.hz && each->rate.hz <= highest_rate.hz) rate = each->rate;
    }
    const Codec* const linear = linear_codec(rate);
    if (!linear || linear == codec) return;
    codec = linear;
    command([node = node, linear] { node->set_codec(linear); });
}

Result<void> Mixer::add(MediaStream& stream) {
    Private& own = *private_;
    if (own.legs.contains(&stream)) return {};
    MediaStream::Private& member = stream.internals();
    if (member.type != MediaType::audio) return fail(ErrorCode::unsupported, "only audio can be mixed");
    for (const auto& [from, to] : {std::pair(member.read, own.codec), std::pair(own.codec, member.write)})
        if (from && to && from != to && !path_cost(from, to))
            return fail(ErrorCode::unsupported, "there is no translation from {} to {}; load the codecs' modules",
                        from->name, to->name);
    stream.disconnect();
    member.move_to(own.loop);
    member.mixer = this;
    member.on_talking = MediaStream::Private::keep<void(bool)>([this, &stream](bool talking) {
        if (const auto function = private_->on_talking) (*function)(stream, talking);
    });
    auto leg = std::make_shared<MixerLeg>();
    leg->mixer = own.node;
    leg->stream = member.node;
    own.legs.emplace(&stream, leg);
    own.choose_rate();
    if (member.read && member.read != own.codec) member.prepare(PathRole::mix, member.read, own.codec);
    if (member.write && member.write != own.codec) member.prepare(PathRole::from_peer, own.codec, member.write);
    member.command([node = own.node, leg] { node->add(*leg); });
    return {};
}

void Mixer::remove(MediaStream& stream) {
    Private& own = *private_;
    const auto found = own.legs.find(&stream);
    if (found == own.legs.end()) return;
    MediaStream::Private& member = stream.internals();
    member.mixer = nullptr;
    member.on_talking = nullptr;
    member.read_path.clear();
    member.write_path.clear();
    member.command([node = own.node, leg = std::move(found->second)] { node->remove(*leg); });
    own.legs.erase(found);
    own.choose_rate();
}

void Mixer::set_listen_only(MediaStream& stream, bool on) {
    const auto found = private_->legs.find(&stream);
    if (found == private_->legs.end()) return;
    private_->command([leg = found->second, on] { leg->listen_only = on; });
}

void Mixer::set_gain(MediaStream& stream, double listen, double talk) {
    const auto found = private_->legs.find(&stream);
    if (found == private_->legs.end()) return;
    private_->command([leg = found->second, listen = static_cast<float>(listen), talk = static_cast<float>(talk)] {
        leg->listen_gain = listen;
        leg->talk_gain = talk;
    });
}

void Mixer::on_talking(std::move_only_function<void(MediaStream&, bool talking)> function) {
    private_->on_talking =
        function ? std::make_shared<std::move_only_function<void(MediaStream&, bool)>>(std::move(function)) : nullptr;
}

void Mixer::play(std::unique_ptr<Source> source, MediaStream::Ended ended) {
    Private& own = *private_;
    if (!source) return stop_playing();
    ++own.generation;
    own.playing = true;
    own.ended = std::move(ended);
    own.command([node = own.node, source = std::move(source), generation = own.generation]() mutable {
        node->play(source, generation);
    });
}

void Mixer::stop_playing() {
    Private& own = *private_;
    if (!own.playing) return;
    own.playing = false;
    own.ended = nullptr;
    own.command([node = own.node, source = std::unique_ptr<Source>(), generation = ++own.generation]() mutable {
        node->play(source, generation);
    });
}

std::unique_ptr<MediaStream::Attached> Mixer::add(std::unique_ptr<Tap> tap) {
    Private& own = *private_;
    auto added = std::make_shared<TapNode>();
    added->tap = std::move(tap);
    own.taps.push_back(added);
    own.command([node = own.node, added] { node->taps.push_back(added); });
    return std::make_unique<MixerAttached>([alive = own.alive, added] {
        if (!*alive) return;
        std::erase((*alive)->taps, added);
        (*alive)->command([node = (*alive)->node, added] { std::erase(node->taps, added); });
    });
}

std::size_t Mixer::members() const { return private_->legs.size(); }

void Mixer::Private::serve_paths() {
    const Codec *from, *to;
    const auto serve = [&](PathSlot& slot) {
        if (!slot.take_request(from, to)) return;
        // The slot belongs to the node, which takes its commands in order and closes last.
        command([&slot, from, to, path = make_path(from, to)]() mutable { slot.install(from, to, path); });
    };
    serve(node->source_path);
    for (PathSlot& slot : node->shared_paths) serve(slot);
    for (const auto& tap : taps) {
        if (!tap->read.take_request(from, to)) continue;
        command([tap, from, to, path = make_path(from, to)]() mutable { tap->read.install(from, to, path); });
    }
}

void Mixer::Private::node_events(std::uint32_t bits) {
    if (bits & node_paths) serve_paths();
    if (!(bits & node_source_ended) || !playing || node->ended_generation.load(std::memory_order_relaxed) != generation)
        return;
    MediaStream::Ended function = std::move(ended);
    self.stop_playing();
    if (function) function();
}

void MixerNode::posted() {
    const std::uint32_t bits = events_.exchange(0, std::memory_order_acquire);
    if (owner) owner->node_events(bits);
    if (bits & node_closed) delete this;
}

}  // namespace jackfield
