// chan_local - Local channels: two halves back to back, one dialled, the other running the dialplan.
#include <array>
#include <atomic>
#include <cstring>
#include <map>

#include "core/base/generation.hpp"
#include "core/runtime/control.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

// --- media: what one half writes, the other receives -------------------------------------------------------------------

class LocalPort;

// Carries frames between two media threads, when transfers have drawn the halves apart. One writer, one reader.
class FrameRing {
  public:
    // What there is no room for is lost.
    void push(const Frame& frame) {
        if (frame.payload.size() <= bytes_per_slot)
            push(Kind::frame, [&frame](Slot& slot) {
                slot.frame = frame;
                slot.size = frame.payload.size();
                std::memcpy(slot.bytes.data(), frame.payload.data(), frame.payload.size());
            });
    }
    void push(const Digit& digit) {
        push(Kind::digit, [&digit](Slot& slot) { slot.digit = digit; });
    }
    void push(const Feedback& feedback) {
        push(Kind::feedback, [&feedback](Slot& slot) { slot.feedback = feedback; });
    }
    // To `receiver`, which takes each kind.
    template <class R>
    void drain(R&& receiver) {
        for (auto at = read_.load(std::memory_order_relaxed); at != written_.load(std::memory_order_acquire);) {
            Slot& slot = slots_[at % slots_.size()];
            if (slot.kind == Kind::frame) {
                slot.frame.payload = {slot.bytes.data(), slot.size};
                receiver(slot.frame);
            } else if (slot.kind == Kind::digit) {
                receiver(slot.digit);
            } else {
                receiver(slot.feedback);
            }
            read_.store(++at, std::memory_order_release);
        }
    }

  private:
    static constexpr std::size_t bytes_per_slot = 1920;  // 20 ms of linear audio at 48 kHz
    enum class Kind : std::uint8_t { frame, digit, feedback };
    struct Slot {
        Kind kind = Kind::frame;
        Frame frame;
        Digit digit;
        Feedback feedback;
        std::size_t size = 0;
        std::array<std::uint8_t, bytes_per_slot> bytes;
    };
    template <class F>
    void push(Kind kind, F&& fill) {
        const auto at = written_.load(std::memory_order_relaxed);
        if (at - read_.load(std::memory_order_acquire) == slots_.size()) return;
        Slot& slot = slots_[at % slots_.size()];
        slot.kind = kind;
        fill(slot);
        written_.store(at + 1, std::memory_order_release);
    }
    std::array<Slot, 16> slots_;
    std::atomic<std::uint32_t> written_{0}, read_{0};
};

// What the two ports share. A port stands here while it is attached; both fields of a side are written on its thread.
struct LocalLink {
    struct Side {
        std::atomic<MediaThread*> thread{nullptr};
        LocalPort* port = nullptr;                   // valid for a reader on `thread`
        std::unique_ptr<FrameRing> ring;             // towards this side, made when first needed
        std::atomic<FrameRing*> ready_ring{nullptr};
    };
    std::array<Side, 2> sides;
};

class LocalPort final : public Port, public MediaThread::Ticked {
  public:
    LocalPort(std::shared_ptr<LocalLink> link, unsigned side) : link_(std::move(link)), side_(side) {}

    void write(const Frame& frame) override { hand_over(frame); }
    bool write_digit(const Digit& digit) override { return hand_over(digit), true; }
    void ask(const Feedback& feedback) override { hand_over(feedback); }
    void attach(MediaThread& thread) override {
        thread_ = &thread;
        own().port = this;
        own().thread.store(&thread, std::memory_order_release);
        thread.add_ticked(*this, std::chrono::milliseconds(20));
    }
    void detach() override {
        thread_->remove_ticked(*this);
        own().thread.store(nullptr, std::memory_order_release);
        thread_ = nullptr;
    }
    void tick(std::uint64_t) override {
        FrameRing* ring = own().ready_ring.load(std::memory_order_acquire);
        if (!ring) return;
        ring->drain([this](const auto& what) { take(what); });
    }

  private:
    template <class T>
    void hand_over(const T& what) {
        // Both halves may be looped back; a frame must not go round for ever within one call.
        if (writing_) return;
        writing_ = true;
        if (LocalPort* far = near_thread())
            far->take(what);
        else if (FrameRing* ring = ring_to_far())
            ring->push(what);
        writing_ = false;
    }
    void take(const Frame& frame) { receive(frame); }
    void take(const Digit& digit) { receive_digit(digit); }
    void take(const Feedback& feedback) { receive_feedback(feedback); }

    LocalLink::Side& own() { return link_->sides[side_]; }
    LocalLink::Side& far() { return link_->sides[1 - side_]; }
    // The other port when it lives on this thread, where it can't go away meanwhile.
    LocalPort* near_thread() {
        return thread_ && far().thread.load(std::memory_order_acquire) == thread_ ? far().port : nullptr;
    }
    FrameRing* ring_to_far() {
        if (!far().thread.load(std::memory_order_acquire)) return nullptr;
        if (!far().ring) {
            far().ring = std::make_unique<FrameRing>();
            far().ready_ring.store(far().ring.get(), std::memory_order_release);
        }
        return far().ring.get();
    }

    const std::shared_ptr<LocalLink> link_;
    const unsigned side_;
    MediaThread* thread_ = nullptr;
    bool writing_ = false;
};

// --- the two halves --------------------------------------------------------------------------------------------------------

class LocalHalf;

struct LocalCall {
    std::string extension, context, name;  // name without ;1 or ;2
    bool optimize = true;
    const Codec* codec = nullptr;
    Topology topology;                     // audio, and what the requestor has beside it
    ChannelId requestor;
    std::array<LocalHalf*, 2> halves{};    // null: ended
    ~LocalCall();
};

// How many calls each "extension@context" has, for its device state.
std::map<std::string, unsigned, std::less<>>& calls_by_device() {
    static std::map<std::string, unsigned, std::less<>> calls;
    return calls;
}

std::string device_name(const LocalCall& call) { return fmt::format("{}@{}", call.extension, call.context); }

LocalCall::~LocalCall() {
    auto& calls = calls_by_device();
    if (const auto found = calls.find(device_name(*this)); found != calls.end() && --found->second == 0)
        calls.erase(found);
}

class LocalHalf final : public DriverChannel {
  public:
    LocalHalf(std::shared_ptr<LocalCall> call, unsigned side) : call_(std::move(call)), side_(side) {
        call_->halves[side_] = this;
    }
    ~LocalHalf() override {
        if (call_->halves[side_] == this) call_->halves[side_] = nullptr;
    }

    Result<void> call() override;

    Result<void> answer() override {
        if (LocalHalf* far = other()) far->channel().remote_answered();
        return {};
    }
    Result<void> indicate(Indication indication) override;

    void hang_up(HangupCause cause) override {
        call_->halves[side_] = nullptr;
        if (LocalHalf* far = other()) far->channel().remote_hung_up(cause);
    }
    Result<void> send_text(std::string_view text, std::string_view) override {
        tell({ChannelEvent::Kind::text, std::string(text)});
        return {};
    }
    // What stands behind this half stands behind the other one too.
    void expect(Channel& peer) override {
        LocalHalf* const far = other();
        if (!far || call_->topology.size() < 2) return;
        Topology told{call_->topology.front()};
        const Topology& its = peer.topology();
        if (!its.empty()) told.insert(told.end(), its.begin() + 1, its.end());
        far->channel().set_topology(std::move(told));
    }
    void bridged(Channel* peer) override {
        if (peer && optimizable_half()) post([call = std::weak_ptr(call_)] { optimize(call); });
    }
    Channel* optimizable_half() override {
        LocalHalf* far = other();
        return far && call_->optimize ? &far->channel() : nullptr;
    }
    // Dialled with /n: the halves may drop out all the same, now if both are bridged.
    void allow_optimization() {
        call_->optimize = true;
        post([call = std::weak_ptr(call_)] { optimize(call); });
    }

  private:
    LocalHalf* other() const { return call_->halves[1 - side_]; }
    void tell(ChannelEvent event) {
        if (LocalHalf* far = other()) far->channel().remote_event(std::move(event));
    }
    using Links = std::vector<std::shared_ptr<LocalLink>>;  // one for each stream
    void open_media(const MediaStream* near, const Links& links) {
        auto& media = channel().media();
        media.set_port(std::make_unique<LocalPort>(links.front(), side_), near);
        media.set_formats(call_->codec, call_->codec, std::chrono::milliseconds(20));
        std::array<std::size_t, 4> next{1, 0, 0, 0};  // by MediaType
        for (std::size_t i = 1; i < links.size(); ++i) {
            const MediaType type = call_->topology[i].type;
            channel().need_stream(type, next.at(static_cast<std::size_t>(type))++).set_port(std::make_unique<LocalPort>(links[i], side_), &media);
        }
    }
    // When both halves are bridged, their bridges become one and the halves are dropped.
    static void optimize(const std::weak_ptr<LocalCall>& weak) {
        const auto call = weak.lock();
        if (!call || !call->halves[0] || !call->halves[1]) return;
        Channel &one = call->halves[0]->channel(), &two = call->halves[1]->channel();
        if (!one.bridge() || !two.bridge() || one.bridge() == two.bridge()) return;
        if (one.state() != ChannelState::up || two.state() != ChannelState::up) return;
        if (one.bridge()->size() < 2 || two.bridge()->size() < 2) return;
        if (auto merged = one.bridge()->merge(*two.bridge()); !merged)
            log_debug(1, "{} stays in the path: {}", call->name, merged.error().text);
    }

    const std::shared_ptr<LocalCall> call_;
    const unsigned side_;
};

// The dialled half is called: the other one is made and goes through the dialplan.
Result<void> LocalHalf::call() {
    Channel& owner = channel();
    DriverChannelMade made;
    made.channel = std::make_unique<LocalHalf>(call_, 1);
    made.name = call_->name + ";2";
    made.topology = call_->topology;
    auto custody = JF_TRY(Channel::create(std::move(made), "dialplan", owner.call_id()));
    Channel& runner = custody.channel();
    runner.set_linked_id(owner.linked_id());
    runner.attributes() = owner.attributes();
    runner.variables() = owner.variables();
    runner.caller().id = owner.connected().id;
    runner.caller().ani = owner.connected().ani;
    runner.caller().dnid = call_->extension;
    runner.connected().id = owner.caller().id;
    if (owner.redirected()) runner.redirecting() = owner.redirecting();
    runner.place() = {call_->context, call_->extension, 1};
    if (!extension_exists(runner, call_->context, call_->extension)) {
        owner.set_cause(HangupCause::no_route_destination);
        runner.set_cause(HangupCause::no_route_destination);
        return fail(ErrorCode::not_found, "there is no extension {} in context {}", call_->extension, call_->context);
    }
    Links links(call_->topology.size());
    for (auto& link : links) link = std::make_shared<LocalLink>();
    auto requestor = find_channel(call_->requestor);
    open_media(requestor ? &requestor->get().media() : nullptr, links);
    call_->halves[1]->open_media(&owner.media(), links);
    runner.set_state(ChannelState::ring);
    return start_dialplan(std::move(custody));
}

Result<void> LocalHalf::indicate(Indication indication) {
    LocalHalf* far = other();
    if (!far) return {};
    using Kind = ChannelEvent::Kind;
    switch (indication) {
        case Indication::ringing: tell({Kind::ringing}); break;
        case Indication::progress: tell({Kind::progress}); break;
        case Indication::proceeding: tell({Kind::proceeding}); break;
        case Indication::busy: tell({Kind::busy, {}, HangupCause::user_busy}); break;
        case Indication::congestion:
        case Indication::incomplete: tell({Kind::congestion, {}, HangupCause::normal_circuit_congestion}); break;
        case Indication::hold: tell({Kind::hold, channel().hold_class()}); break;
        case Indication::unhold: tell({Kind::unhold}); break;
        case Indication::flash: tell({Kind::flash}); break;
        case Indication::connected_line:
            // Whom this half is connected with is who stands behind the other one.
            far->channel().caller().id = channel().connected().id;
            far->channel().caller().ani = channel().connected().ani;
            tell({Kind::connected_line});
            break;
        case Indication::redirecting:
            far->channel().redirecting() = channel().redirecting();
            tell({Kind::redirecting});
            break;
        case Indication::source_update:
        case Indication::video_update:
        case Indication::stop: break;
    }
    return {};
}

// --- the technology ----------------------------------------------------------------------------------------------------------

class LocalDriver final : public ChannelDriver {
  public:
    std::string_view description() const override { return "Local proxy channel driver"; }

    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override {
        auto call = std::make_shared<LocalCall>();
        const auto [extension, rest, at] = split_once(request.destination, '@');
        const auto [context, options, slash] = split_once(at ? rest : std::string_view("default"), '/');
        const auto plain = at ? Halves{extension, options, slash} : split_once(extension, '/');
        call->extension = plain.first;
        call->context = context;
        if (call->extension.empty() || call->context.empty()) {
            cause = HangupCause::invalid_number_format;
            return fail(ErrorCode::invalid, "Local/{} is not Local/EXTENSION@CONTEXT[/OPTIONS]", request.destination);
        }
        call->optimize = !plain.second.contains('n');
        const Format* wanted = request.formats.best(MediaType::audio);
        call->codec = wanted ? wanted->codec : linear_codec({8000});
        call->name = fmt::format("Local/{}-{}", device_name(*call), new_channel_suffix());
        if (request.requestor) call->requestor = request.requestor->id();
        StreamInfo audio;
        audio.formats.add({.codec = call->codec});
        call->topology.push_back(std::move(audio));
        if (request.requestor && request.requestor->topology().size() > 1)
            call->topology.insert(call->topology.end(), request.requestor->topology().begin() + 1, request.requestor->topology().end());
        ++calls_by_device()[device_name(*call)];

        DriverChannelMade made;
        made.name = call->name + ";1";
        made.topology = call->topology;
        made.channel = std::make_unique<LocalHalf>(call, 0);
        return made;
    }
    DeviceState device_state(std::string_view device) override {
        const auto name = device.substr(0, device.find('/'));
        return calls_by_device().contains(name) ? DeviceState::in_use : DeviceState::not_in_use;
    }
};

constexpr ManagerActionInfo optimize_info{
    "LocalOptimizeAway", manager_class::system | manager_class::call, "Let the halves of a Local channel drop out of a call",
    "Channel: one half of a Local channel that was dialled with /n. Where both halves are bridged, their bridges become one."};

Result<void> optimize_away(const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Channel").empty()) return fail(ErrorCode::invalid, "'Channel' not specified.");
    Channel* channel = find_channel(request.get("Channel"));
    if (!channel || channel->ended()) return fail(ErrorCode::not_found, "Channel does not exist.");
    auto* half = dynamic_cast<LocalHalf*>(&channel->driver());
    if (!half) return fail(ErrorCode::invalid, "{} is not a Local channel", channel->name());
    half->allow_optimization();
    reply.success("Queued channel to be optimized away");
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add("Local", module.own<LocalDriver>()));
    return module.add(optimize_info, optimize_away);
}

}  // namespace

JACKFIELD_MODULE("chan_local", "Local channels, which dial into the dialplan", load)
