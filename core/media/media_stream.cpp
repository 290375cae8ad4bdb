// One stream of a channel: the control side. What it does is done by its StreamNode on a media thread.
#include "core/media/media_stream.hpp"

#include <algorithm>
#include <utility>

#include "core/media/media_stream_private.hpp"

namespace jackfield {
namespace {

// Takes a node off one thread and lets it go on on another.
class MoveCommand final : public MediaCommand {
  public:
    MoveCommand(StreamNode* node, MediaLoop* target) : node_(node), target_(target) {}
    bool ready(const MediaLoop& loop) const override { return node_->here(loop); }
    void run(MediaLoop&) override {
        node_->leave();
        node_->home.store(target_, std::memory_order_release);
        target_->wake();
    }

  private:
    StreamNode* node_;
    MediaLoop* target_;
};

// A port between two threads.
struct PortTransit {
    std::atomic<bool> there{false};
    std::unique_ptr<Port> port;
};

class PutPortCommand final : public MediaCommand {
  public:
    PutPortCommand(StreamNode* node, std::shared_ptr<PortTransit> transit)
        : node_(node), transit_(std::move(transit)) {}
    bool ready(const MediaLoop& loop) const override {
        return node_->here(loop) && transit_->there.load(std::memory_order_acquire);
    }
    void run(MediaLoop&) override { node_->set_port(std::move(transit_->port)); }

  private:
    StreamNode* node_;
    std::shared_ptr<PortTransit> transit_;
};

class TakePortCommand final : public MediaCommand {
  public:
    TakePortCommand(StreamNode* node, std::unique_ptr<Port>& taken, Latch& done)
        : node_(node), taken_(taken), done_(done) {}
    bool ready(const MediaLoop& loop) const override { return node_->here(loop); }
    void run(MediaLoop&) override { port_ = node_->release_port(); }
    void finished() override {
        taken_ = std::move(port_);
        done_.set();
    }

  private:
    StreamNode* node_;
    std::unique_ptr<Port>& taken_;
    Latch& done_;
    std::unique_ptr<Port> port_;
};

// Removes its tap or injector when destroyed.
class Removal final : public MediaStream::Attached {
  public:
    explicit Removal(std::move_only_function<void()> remove) : remove_(std::move(remove)) {}
    ~Removal() override { remove_(); }

  private:
    std::move_only_function<void()> remove_;
};

const Codec* linear_of(const Codec* codec) {
    return codec && codec->type == MediaType::audio ? linear_codec(codec->rate) : nullptr;
}

}  // namespace

MediaStream::Private::Private(MediaStream& stream, MediaType its_type)
    : self(stream), type(its_type), alive(std::make_shared<Private*>(this)) {
    if (MediaEngine* const engine = MediaEngine::instance()) loop = engine->internals().choose();
    node = new StreamNode(nullptr);
    node->owner = this;
    if (!loop) return;
    node->home.store(loop, std::memory_order_release);
    command([made = node, to = loop] { made->arrive(*to); });
}

MediaStream::MediaStream(MediaType type) : private_(std::make_unique<Private>(*this, type)) {}

MediaStream::~MediaStream() {
    Private& own = *private_;
    disconnect();
    *own.alive = nullptr;
    own.node->owner = nullptr;
    if (!own.loop) {
        delete own.node;
        return;
    }
    own.command([node = own.node] { node->close(); });
    MediaEngine::instance()->internals().released(own.loop);
}

MediaType MediaStream::type() const { return private_->type; }

// --- the port ---------------------------------------------------------------------------------------------------

void MediaStream::Private::move_to(MediaLoop* target) {
    if (target == loop || !target || !loop) return;
    MediaEngine::Private::submit(loop, std::make_unique<MoveCommand>(node, target));
    MediaEngine::instance()->internals().moved(loop, target);
    loop = target;
    command([moved = node, target] { moved->arrive(*target); });
}

void MediaStream::set_port(std::unique_ptr<Port> port, const MediaStream* near) {
    Private& own = *private_;
    if (near && !own.peer && !own.mixer) own.move_to(near->private_->loop);
    own.has_port = port != nullptr;
    own.command([node = own.node, port = std::move(port)]() mutable {
        auto old = node->release_port();
        node->set_port(std::move(port));
        node->destroy(std::move(old));
    });
}

std::unique_ptr<Port> MediaStream::take_port() {
    Private& own = *private_;
    if (!std::exchange(own.has_port, false) || !own.loop) return nullptr;
    const Shield shield;
    std::unique_ptr<Port> taken;
    Latch done;
    MediaEngine::Private::submit(own.loop, std::make_unique<TakePortCommand>(own.node, taken, done));
    if (const auto waited = done.wait(); !waited) return nullptr;
    return taken;
}

void MediaStream::exchange_ports(MediaStream& other) {
    Private &a = *private_, &b = *other.private_;
    if (&a == &b) return;
    std::swap(a.has_port, b.has_port);
    std::swap(a.read, b.read);
    std::swap(a.write, b.write);
    std::swap(a.packet_time, b.packet_time);
    std::swap(a.on_port_event, b.on_port_event);
    std::swap(a.on_use_changed, b.on_use_changed);
    if (a.on_signalled_digit || b.on_signalled_digit) {
        std::swap(a.on_signalled_digit, b.on_signalled_digit);
        a.send_signalling();
        b.send_signalling();
    }
    const auto take = [](Private& from, MediaLoop* to) {
        auto transit = std::make_shared<PortTransit>();
        from.command([node = from.node, transit, to] {
            transit->port = node->release_port();
            transit->there.store(true, std::memory_order_release);
            to->wake();
        });
        return transit;
    };
    if (a.loop) {
        auto from_a = take(a, b.loop);
        auto from_b = take(b, a.loop);
        MediaEngine::Private::submit(a.loop, std::make_unique<PutPortCommand>(a.node, std::move(from_b)));
        MediaEngine::Private::submit(b.loop, std::make_unique<PutPortCommand>(b.node, std::move(from_a)));
    }
    a.send_formats();
    b.send_formats();
    a.use_changed();
    b.use_changed();
}

bool MediaStream::has_port() const { return private_->has_port; }

void MediaStream::command_port(std::move_only_function<void(Port&)> function) {
    private_->command([node = private_->node, function = std::move(function)]() mutable {
        if (Port* const port = node->port()) function(*port);
    });
}

void MediaStream::on_port_event(std::move_only_function<void(std::uint32_t)> function) {
    private_->on_port_event = Private::keep(std::move(function));
}

void MediaStream::Private::send_formats() {
    command([node = node, read = read, write = write, linear = linear_of(write), time = packet_time] {
        node->set_formats(read, write, linear, time);
    });
    prepare_connection();
    if (peer && peer != &self) peer->private_->prepare_connection();
}

void MediaStream::set_formats(const Codec* read, const Codec* write, std::chrono::milliseconds packet_time) {
    Private& own = *private_;
    own.read = read;
    own.write = write;
    own.packet_time = packet_time.count() > 0 ? packet_time : std::chrono::milliseconds(20);
    own.send_formats();
}

const Codec* MediaStream::read_codec() const { return private_->read; }
const Codec* MediaStream::write_codec() const { return private_->write; }

// --- translation ------------------------------------------------------------------------------------------------

void MediaStream::Private::note_path(PathRole role, const TranslationPath* path) {
    std::string text = path ? path->describe() : std::string();
    if (role == PathRole::from_peer || role == PathRole::encode) write_path = std::move(text);
    if (role == PathRole::read_linear || role == PathRole::mix) read_path = std::move(text);
}

void MediaStream::Private::prepare(PathRole role, const Codec* from, const Codec* to) {
    auto path = make_path(from, to);
    note_path(role, path.get());
    command(
        [node = node, role, from, to, path = std::move(path)]() mutable { node->path(role).install(from, to, path); });
}

void MediaStream::Private::prepare_connection() {
    if (!peer) return;
    const Codec* const from = peer->private_->read;
    if (!from || !write || from == write)
        write_path.clear();
    else if (path_cost(from, write))
        prepare(PathRole::from_peer, from, write);
}

void MediaStream::Private::serve_tap(const std::shared_ptr<TapNode>& tap) {
    for (PathSlot TapNode::*slot : {&TapNode::read, &TapNode::write}) {
        const Codec *from, *to;
        if (!(tap.get()->*slot).take_request(from, to)) continue;
        command([tap, slot, from, to, path = make_path(from, to)]() mutable {
            (tap.get()->*slot).install(from, to, path);
        });
    }
}

void MediaStream::Private::serve_paths() {
    for (std::size_t i = 0; i < node->paths.size(); ++i) {
        const Codec *from, *to;
        if (node->paths[i].take_request(from, to)) prepare(static_cast<PathRole>(i), from, to);
    }
    for (const auto& tap : taps) serve_tap(tap);
    const Codec *from, *to;
    if (extras && extras->silence.take_request(from, to))
        command([slot = &extras->silence, from, to, path = make_path(from, to)]() mutable { slot->install(from, to, path); });
}

// --- connections ------------------------------------------------------------------------------------------------

Result<void> MediaStream::connect(MediaStream& a, MediaStream& b) {
    if (&a == &b) return fail(ErrorCode::invalid, "a stream can't be connected with itself");
    Private &one = *a.private_, &two = *b.private_;
    if (one.type != two.type) return fail(ErrorCode::unsupported, "streams of two media types can't be connected");
    const auto possible = [](const Codec* from, const Codec* to) {
        return !from || !to || from == to || path_cost(from, to).has_value();
    };
    for (const auto& [from, to] : {std::pair(one.read, two.write), std::pair(two.read, one.write)})
        if (!possible(from, to))
            return fail(ErrorCode::unsupported, "there is no translation from {} to {}; load the codecs' modules",
                        from->name, to->name);
    if (one.peer == &b) return {};
    a.disconnect();
    b.disconnect();
    two.move_to(one.loop);
    one.peer = &b;
    two.peer = &a;
    one.prepare_connection();
    two.prepare_connection();
    one.command_with(two, [first = one.node, second = two.node] { StreamNode::link(*first, *second); });
    one.use_changed();
    return {};
}

void MediaStream::disconnect() {
    Private& own = *private_;
    if (own.mixer) own.mixer->remove(*this);
    if (!own.peer) return;
    Private& other = *std::exchange(own.peer, nullptr)->private_;
    other.peer = nullptr;
    for (Private* side : {&own, &other}) side->write_path.clear();
    own.command([node = own.node] { node->unlink(); });
    own.use_changed();
    if (&other != &own) other.use_changed();
}

bool MediaStream::connected() const { return private_->peer && private_->peer != this; }

void MediaStream::loop_back(bool on) {
    Private& own = *private_;
    if (on == (own.peer == this)) return;
    disconnect();
    if (!on) return;
    own.peer = this;
    own.prepare_connection();
    own.command([node = own.node] { StreamNode::link(*node, *node); });
}

void MediaStream::hold_outgoing(bool silent) {
    private_->command([node = private_->node, silent] {
        node->hold_outgoing = silent;
        node->refresh();
    });
}

void MediaStream::Private::use_changed() {
    for (Private* side : {this, peer && peer != &self ? peer->private_.get() : nullptr})
        if (side && side->on_use_changed && *side->on_use_changed) (*side->on_use_changed)();
}

bool MediaStream::only_passes() const {
    const auto passes = [](const Private& side) {
        return side.attached == 0 && !side.playing && !side.muted && !side.detecting && !side.jitter && side.digit_mode == DigitMode::pass;
    };
    return connected() && passes(*private_) && passes(*private_->peer->private_);
}

void MediaStream::on_use_changed(std::move_only_function<void()> function) {
    private_->on_use_changed = function ? Private::keep(std::move(function)) : nullptr;
}

void MediaStream::mute(bool read, bool write) {
    private_->muted = read || write;
    private_->use_changed();
    private_->command([node = private_->node, read, write] {
        node->mute_read = read;
        node->mute_write = write;
        node->refresh();
    });
}

// --- playing ----------------------------------------------------------------------------------------------------

void MediaStream::play(std::unique_ptr<Source> source, Ended ended) {
    Private& own = *private_;
    if (!source) return stop_playing();
    ++own.generation;
    own.playing = true;
    own.use_changed();
    own.ended = std::move(ended);
    if (const Codec* const codec = source->codec();
        codec && own.write && codec != own.write && path_cost(codec, own.write))
        own.prepare(PathRole::from_source, codec, own.write);
    own.command([node = own.node, source = std::move(source), generation = own.generation]() mutable {
        node->play(source, generation);
    });
}

void MediaStream::stop_playing() {
    Private& own = *private_;
    if (!own.playing) return;
    own.playing = false;
    own.use_changed();
    own.ended = nullptr;
    own.command([node = own.node, source = std::unique_ptr<Source>(), generation = ++own.generation]() mutable {
        node->play(source, generation);
    });
}

bool MediaStream::playing() const { return private_->playing; }

void MediaStream::Private::source_ended() {
    if (!playing || node->ended_generation.load(std::memory_order_relaxed) != generation) return;
    Ended function = std::move(ended);
    self.stop_playing();  // brings the source back to this thread
    if (function) function();
}

// --- digits ----------------------------------------------------------------------------------------------------

void MediaStream::set_digit_mode(DigitMode mode) {
    private_->digit_mode = mode == DigitMode::replay ? DigitMode::pass : mode;
    private_->use_changed();
    private_->command([node = private_->node, mode] { node->set_digit_mode(mode); });
}

void MediaStream::on_digit(std::move_only_function<void(const Digit&)> function) {
    private_->on_digit = Private::keep(std::move(function));
}

void MediaStream::detect_inband_digits(bool on) {
    private_->detecting = on;
    private_->use_changed();
    private_->command([node = private_->node, detector = on ? std::make_unique<DigitDetector>() : nullptr]() mutable {
        node->detector.swap(detector);
        node->refresh();
    });
}

void MediaStream::signal_digits(std::move_only_function<void(const Digit&)> function) {
    if (!function && !private_->on_signalled_digit) return;
    private_->on_signalled_digit = function ? Private::keep(std::move(function)) : nullptr;
    private_->send_signalling();
}

void MediaStream::Private::send_signalling() {
    command([node = node, on = on_signalled_digit != nullptr] { node->signal_digits = on; });
}

void MediaStream::send_digit(char key, std::chrono::milliseconds length) {
    private_->command([node = private_->node, key, length] { node->queue_digit(key, length); });
}

// --- what listens, speaks and changes -------------------------------------------------------------------------------------------

void MediaStream::Private::need_extras() {
    if (extras || !loop) return;
    auto made = std::make_unique<StreamExtras>();
    extras = made.get();
    command([node = node, made = std::move(made)]() mutable { node->extras = std::move(made); });
}

template <class N, class Owner>
std::unique_ptr<MediaStream::Attached> MediaStream::Private::attach(std::shared_ptr<N> added,
                                                                    std::vector<std::shared_ptr<N>> Owner::*list) {
    constexpr auto owner_of = [](StreamNode& node) -> Owner& {
        if constexpr (std::is_same_v<Owner, StreamNode>)
            return node;
        else
            return *node.extras;
    };
    if constexpr (std::is_same_v<Owner, StreamExtras>) need_extras();
    ++attached;
    use_changed();
    command([node = node, added, list, owner_of] {
        if constexpr (std::is_same_v<N, ProcessorNode>) return node->add(added);
        (owner_of(*node).*list).push_back(added);
        node->refresh();
    });
    return std::make_unique<Removal>([alive = alive, added, list, owner_of] {
        if (!*alive) return;
        Private& stream = **alive;
        --stream.attached;
        stream.use_changed();
        if constexpr (std::is_same_v<N, TapNode>) std::erase(stream.taps, added);
        if constexpr (std::is_same_v<N, SilenceNode>) {
            std::erase(stream.silence_watches, added);
            added->ended = true;
        }
        stream.command([node = stream.node, added, list, owner_of] {
            std::erase(owner_of(*node).*list, added);
            node->refresh();
        });
    });
}

std::unique_ptr<MediaStream::Attached> MediaStream::add(std::unique_ptr<Tap> tap) {
    auto added = std::make_shared<TapNode>();
    added->tap = std::move(tap);
    private_->taps.push_back(added);
    return private_->attach(std::move(added), &StreamNode::taps);
}

std::unique_ptr<MediaStream::Attached> MediaStream::add(std::unique_ptr<Injector> injector) {
    return private_->attach(std::make_shared<InjectorNode>(std::move(injector)), &StreamNode::injectors);
}

std::unique_ptr<MediaStream::Attached> MediaStream::add(std::unique_ptr<AudioProcessor> processor) {
    return private_->attach(std::make_shared<ProcessorNode>(std::move(processor)), &StreamExtras::processors);
}

std::unique_ptr<MediaStream::Attached> MediaStream::add(std::unique_ptr<FrameFilter> filter) {
    return private_->attach(std::make_shared<FilterNode>(std::move(filter)), &StreamExtras::filters);
}

std::unique_ptr<MediaStream::Attached> MediaStream::watch_silence(
    unsigned threshold, std::move_only_function<void(const SilenceEvent&)> function) {
    auto added = std::make_shared<SilenceNode>(std::max(threshold, 1u), std::move(function));
    private_->silence_watches.push_back(added);
    return private_->attach(std::move(added), &StreamExtras::silence_watches);
}

void MediaStream::Private::tell_silence() {
    const auto still = alive;
    const auto watches = silence_watches;  // each call may end watches, or the stream
    for (const auto& each : watches) {
        const std::uint64_t state = each->state.load(std::memory_order_relaxed);
        if (!(state & SilenceNode::news) || each->ended) continue;
        // What the media thread writes meanwhile is news of its own.
        std::uint64_t seen = state;
        each->state.compare_exchange_strong(seen, state & ~SilenceNode::news, std::memory_order_relaxed);
        each->function({(state & 1) != 0, std::chrono::milliseconds((state & ~SilenceNode::news) >> 1)});
        if (!*still) return;
    }
}

void MediaStream::set_jitter_buffer(std::optional<JitterSettings> settings) {
    if (!settings && !private_->extras) return;
    private_->jitter = settings.has_value();
    private_->use_changed();
    private_->need_extras();
    private_->command([node = private_->node,
                       jitter = settings ? std::make_unique<StreamJitter>(*private_->node, *settings) : nullptr]() mutable {
        node->set_jitter(jitter);
    });
}

bool MediaStream::has_taps() const { return private_->attached > 0; }

// --- events -----------------------------------------------------------------------------------------------------

void MediaStream::Private::drain_digits() {
    const auto still = alive;
    StreamNode* const its_node = node;
    Digit digit;
    while (*still && its_node->digits.pop(digit)) call_kept(still, &Private::on_digit, digit);
    while (*still && its_node->signalled_digits.pop(digit)) call_kept(still, &Private::on_signalled_digit, digit);
}

void MediaStream::Private::node_events(std::uint32_t bits) {
    // Each of these may destroy the stream; the node lives until it has reported that it is closed.
    const auto still = alive;
    StreamNode* const its_node = node;
    if (bits & node_paths) serve_paths();
    if (bits & node_read_codec) read = its_node->heard_codec.load(std::memory_order_relaxed);
    if (bits & node_digits) drain_digits();
    if (*still && (bits & node_source_ended)) source_ended();
    if (*still && (bits & node_silence)) tell_silence();
    if (bits & node_talking) call_kept(still, &Private::on_talking, its_node->talking.load(std::memory_order_relaxed));
    if (bits & node_port_event)
        call_kept(still, &Private::on_port_event, its_node->port_events.exchange(0, std::memory_order_relaxed));
}

void StreamNode::posted() {
    const std::uint32_t bits = events_.exchange(0, std::memory_order_acquire);
    if (owner) owner->node_events(bits);
    if (bits & node_closed) delete this;
}

StreamStatistics MediaStream::statistics() const {
    const StreamNode& node = *private_->node;
    return {.frames_in = node.frames_in.get(),
            .frames_out = node.frames_out.get(),
            .bytes_in = node.bytes_in.get(),
            .bytes_out = node.bytes_out.get(),
            .relayed = node.relayed.load(std::memory_order_relaxed),
            .read_path = private_->read_path,
            .write_path = private_->write_path};
}

unsigned MediaStream::thread_index() const { return private_->loop ? private_->loop->index() : 0; }

}  // namespace jackfield
