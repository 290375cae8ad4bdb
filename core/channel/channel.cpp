// A channel's life: creation, states, events of the driver, hang-up, redirection, exchange, mailbox.
#include "core/channel/channel.hpp"

#include <algorithm>
#include <array>

#include "core/base/generation.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/channel_private.hpp"
#include "core/channel/device_state.hpp"
#include "core/channel/flash_event.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {

namespace {

constexpr std::array<std::string_view, 10> state_names{
    "Down", "Rsrvd", "OffHook", "Dialing", "Ring", "Ringing", "Up", "Busy", "Dialing Offhook", "Pre-ring"};

constexpr std::size_t mailbox_limit = 256;  // works that may wait for a channel's service fiber

void (*dialplan_starter)(Custody) = nullptr;

// Also undone when the runtime kills the fiber.
class ServiceRuns {
  public:
    explicit ServiceRuns(bool& running) : running_(running) {}
    ~ServiceRuns() { running_ = false; }

  private:
    bool& running_;
};

Gate::Pass pass_of_running_module() {
    Gate* gate = running_gate();
    return gate ? gate->hold() : Gate::Pass();
}

}  // namespace

std::string_view to_string(ChannelState state) { return state_names[static_cast<std::size_t>(state)]; }

// --- creation ------------------------------------------------------------------------------------------------------

Channel::Channel(DriverChannelMade made, CallId call_id)
    : number_(next_channel_number()),
      name_(std::move(made.name)),
      unique_id_(new_unique_id()),
      linked_id_(unique_id_),
      call_id_(call_id),
      created_(wall_now()),
      topology_(std::move(made.topology)),
      driver_(std::move(made.channel)),
      audio_(std::make_unique<MediaStream>(MediaType::audio)),
      private_(std::make_unique<Private>()) {
    // Two drivers under one technology name could count alike; names are keys, so the later one gets another number.
    while (name_taken(name_)) name_ = fmt::format("{}-{}", device_of(name_), new_channel_suffix());
    for (const auto& stream : topology_)
        if (stream.type != MediaType::audio) other_streams_.push_back(std::make_unique<MediaStream>(stream.type));
    driver_->channel_ = this;
    audio_->on_digit([this](const Digit& digit) { take_digit(digit, false); });
}

Channel::~Channel() {
    const RunningGate in(private_->driver_pass.gate());
    audio_.reset();
    other_streams_.clear();
    driver_.reset();
}

Result<Custody> Channel::create(DriverChannelMade made, std::string holder, CallId call_id) {
    JF_TRY(admit_call());
    std::shared_ptr<Channel> channel(new Channel(std::move(made), call_id ? call_id : new_call_id()));
    channel->private_->self = channel;
    channel->private_->driver_pass = pass_of_running_module();
    add_to_table(*channel);
    at_end_of_turn([id = channel->id()] {
        if (auto found = find_channel(id)) found->get().announce();
    });
    return Custody::take(*channel, std::move(holder));
}

Result<Custody> Channel::request(DialRequest request, std::string holder, HangupCause& cause) {
    cause = HangupCause::requested_chan_unavail;
    auto* slot = channel_drivers().find(request.technology);
    if (!slot) {
        cause = HangupCause::chan_not_implemented;
        return fail(ErrorCode::not_found, "no channel driver for {}/{} is loaded", request.technology, request.destination);
    }
    if (!channel_limits().accept_new) return fail(ErrorCode::limit, "no new calls: stopping or overloaded");
    auto pass = JF_TRY(slot->enter());
    const auto requestor = request.requestor ? request.requestor->share() : nullptr;
    const RunningGate in(pass.gate());
    auto made = JF_TRY((*slot->value)->request(request, cause));

    CallId call_id = requestor ? requestor->call_id() : current_call_id();
    if (!call_id) call_id = new_call_id();
    std::shared_ptr<Channel> channel(new Channel(std::move(made), call_id));
    channel->private_->self = channel;
    channel->private_->driver_pass = std::move(pass);
    channel->outgoing_ = true;
    channel->caller_.id.number.text = request.dialled;
    channel->caller_.id.number.valid = !request.dialled.empty();
    if (requestor) {
        channel->linked_id_ = requestor->linked_id();
        channel->variables_.inherit_from(requestor->variables());
        auto& attributes = channel->attributes_;
        attributes.language = requestor->attributes().language;
        attributes.music_class = requestor->attributes().music_class;
        if (attributes.account_code.empty()) attributes.account_code = requestor->attributes().peer_account;
        attributes.peer_account = requestor->attributes().account_code;
        // An outgoing channel is connected with who calls: its driver shows that to the far side.
        channel->connected_.id = requestor->caller().id;
        channel->connected_.ani = requestor->caller().ani;
        if (requestor->redirecting_) channel->redirecting() = *requestor->redirecting_;
        channel->caller_.dialled_plan = requestor->caller().dialled_plan;
    }
    add_to_table(*channel);
    at_end_of_turn([id = channel->id()] {
        if (auto found = find_channel(id)) found->get().announce();
    });
    cause = HangupCause::not_defined;
    return Custody::take(*channel, std::move(holder));
}

// Published a little after creation, so that subscribers see the identity that the driver sets next.
void Channel::announce() {
    if (std::exchange(private_->announced, true)) return;
    publish(ChannelCreated{*this});
    device_state_changed(device_of(name_));
}

std::shared_ptr<Channel> Channel::share() const { return private_->self.lock(); }

std::string_view Channel::technology() const {
    const std::string_view name = name_;
    return name.substr(0, name.find('/'));
}

void Channel::rename(std::string name) {
    if (name == name_) return;
    announce();
    rename_in_table(*this, name);
    auto old_name = std::exchange(name_, std::move(name));
    publish(ChannelRenamed{*this, std::move(old_name)});
}

void Channel::set_state(ChannelState state) {
    if (state_ == state) return;
    state_ = state;
    if (state == ChannelState::up && !answered_at_) answered_at_ = wall_now();
    if (!private_->announced) return;  // ChannelCreated will tell it
    publish(ChannelStateChanged{*this});
    device_state_changed(device_of(name_));
}

void Channel::set_variable(std::string_view name, std::string value) {
    variables_.set(name, std::move(value));
    if (!wanted<VariableSet>()) return;
    announce();
    const auto* stored = variables_.find(name);
    publish(VariableSet{this, name, stored ? std::string_view(*stored) : std::string_view()});
}

std::string Channel::variable(std::string_view name) const {
    const auto* value = variables_.find(name);
    return value ? *value : std::string();
}

MediaStream* Channel::stream(MediaType type, std::size_t index) {
    if (type == MediaType::audio && index-- == 0) return audio_.get();
    for (auto& stream : other_streams_)
        if (stream->type() == type && index-- == 0) return stream.get();
    return nullptr;
}

MediaStream& Channel::need_stream(MediaType type, std::size_t index) {
    for (;;) {
        if (MediaStream* const found = stream(type, index)) return *found;
        other_streams_.push_back(std::make_unique<MediaStream>(type));
    }
}

// `visit` gets each of the other streams with its place among those of its type.
template <class F>
void Channel::for_each_other_stream(F&& visit) {
    std::array<std::size_t, 4> next{1, 0, 0, 0};  // by MediaType; the first audio stream stands apart
    for (auto& stream : other_streams_) visit(*stream, next.at(static_cast<std::size_t>(stream->type()))++);
}

void Channel::connect_other_streams(Channel& a, Channel& b) {
    a.for_each_other_stream([&b](MediaStream& stream, std::size_t index) {
        if (MediaStream* const other = b.stream(stream.type(), index)) (void)MediaStream::connect(stream, *other);
    });
}

void Channel::disconnect_other_streams() {
    for (auto& stream : other_streams_) stream->disconnect();
}

void Channel::loop_back_other_streams(bool on) {
    for (auto& stream : other_streams_) stream->loop_back(on);
}

// --- identities ------------------------------------------------------------------------------------------------------

void Channel::update_connected(ConnectedIdentity identity) {
    connected_ = std::move(identity);
    tell_identity(true, false);
}

RedirectingIdentity& Channel::redirecting() {
    if (!redirecting_) redirecting_ = std::make_unique<RedirectingIdentity>();
    return *redirecting_;
}

void Channel::update_redirecting(RedirectingIdentity identity) {
    redirecting() = std::move(identity);
    tell_identity(false, true);
}

void Channel::update_caller(CallerIdentity identity) {
    caller_ = std::move(identity);
    tell_identity(false, false);
    if (Channel* other = peer()) {
        ConnectedIdentity connected;
        connected.id = caller_.id;
        connected.ani = caller_.ani;
        connected.source = "unknown";
        other->update_connected(std::move(connected));
    }
}

// Several changes in one turn become one message to the far side.
void Channel::tell_identity(bool connected, bool redirecting) {
    private_->connected_changed |= connected;
    private_->redirecting_changed |= redirecting;
    if (std::exchange(private_->identity_posted, true)) return;
    post([id = id()] {
        auto found = find_channel(id);
        if (!found) return;
        Channel& channel = found->get();
        auto& changes = *channel.private_;
        changes.identity_posted = false;
        channel.announce();
        if (std::exchange(changes.connected_changed, false)) (void)channel.indicate(Indication::connected_line);
        if (std::exchange(changes.redirecting_changed, false)) (void)channel.indicate(Indication::redirecting);
        publish(ChannelIdentityChanged{channel});
    });
}

// --- events of the driver ----------------------------------------------------------------------------------------------

// Nobody may read the events while an application runs; the newest then count.
void Channel::push_event(ChannelEvent event) {
    while (events_.size() >= 255) (void)events_.try_pop();
    events_.push(std::move(event));
    tell_keeper();
}

void Channel::tell_keeper() {
    if (!keeper_ || std::exchange(private_->keeper_posted, true)) return;
    post([channel = share()] {
        channel->private_->keeper_posted = false;
        if (channel->keeper_) channel->keeper_->channel_has_events();
    });
}

void Channel::remote_event(ChannelEvent event) {
    if (ended_) return;
    using Kind = ChannelEvent::Kind;
    switch (event.kind) {
        case Kind::ringing:
            if (state_ != ChannelState::up) set_state(ChannelState::ringing);
            break;
        case Kind::answered:
            set_state(ChannelState::up);
            break;
        case Kind::busy:
            set_state(ChannelState::busy);
            break;
        case Kind::hold:
        case Kind::unhold:
            announce();
            if (attributes_.intercept_hold) return publish(ChannelHeld{*this, event.kind == Kind::hold, event.text});
            held_ = event.kind == Kind::hold;
            hold_class_ = held_ ? event.text : std::string();
            publish(ChannelHeld{*this, held_, event.text});
            break;
        case Kind::connected_line:
            tell_identity(false, false);
            break;
        case Kind::flash:
            announce();
            publish(ChannelFlashed{*this});
            break;
        case Kind::transfer:
            // Only a bridge can carry out a transfer; nobody else would ever answer it.
            if (!keeper_ && transfer_request) {
                auto request = std::move(*transfer_request);
                transfer_request.reset();
                if (request.done) request.done(false);
                return;
            }
            break;
        case Kind::hung_up:
            return remote_hung_up(event.cause);
        default:
            break;
    }
    push_event(std::move(event));
}

void Channel::remote_answered() {
    if (ended_ || hung_up_) return;
    set_state(ChannelState::up);
    push_event({ChannelEvent::Kind::answered, {}, HangupCause::not_defined});
}

void Channel::remote_hung_up(HangupCause cause) {
    if (private_->driver_gone) return;
    private_->driver_gone = true;
    if (attributes_.hangup_source.empty()) attributes_.hangup_source = name_;
    hang_up(cause);
}

// --- ending and moving ---------------------------------------------------------------------------------------------------

void Channel::hang_up(HangupCause cause) {
    if (hung_up_ || ended_) return;
    hung_up_ = true;
    if (cause_ == HangupCause::not_defined || cause != HangupCause::not_defined) cause_ = cause;
    if (wanted<ChannelHangupRequested>()) {
        announce();
        publish(ChannelHangupRequested{*this, cause_, private_->driver_gone});
    }
    private_->hangup.interrupt(ErrorCode::hangup);
    if (custody_) custody_->interrupter.interrupt(ErrorCode::hangup);
    push_event({ChannelEvent::Kind::hung_up, {}, cause_});
}

void Channel::end() {
    if (ended_) return;
    announce();
    const auto alive = share();
    if (!hung_up_) {
        hung_up_ = true;
        private_->hangup.interrupt(ErrorCode::hangup);
        push_event({ChannelEvent::Kind::hung_up, {}, cause_});
    }
    if (cause_ == HangupCause::not_defined) cause_ = HangupCause::normal_clearing;
    ended_ = true;
    if (custody_) std::exchange(custody_, nullptr)->interrupter.interrupt(ErrorCode::hangup);
    if (keeper_) keeper_->channel_taken();
    if (transfer_request && transfer_request->done) std::exchange(transfer_request->done, nullptr)(false);
    private_->works.clear();
    ChannelAccess::stop(*this);
    (void)ChannelAccess::in_driver(*this, [this](DriverChannel& driver) -> Result<void> {
        driver.hang_up(cause_);
        return {};
    });
    private_->driver_gone = true;
    remove_from_table(*this);
    publish(ChannelHungUp{*this});
    state_ = ChannelState::down;
    device_state_changed(device_of(name_));
}

void Channel::set_dialplan_starter(void (*starter)(Custody)) { dialplan_starter = starter; }

Result<void> Channel::redirect(Place place) {
    if (hung_up_ || ended_) return fail(ErrorCode::hangup, "{} has been hung up", name_);
    if (outgoing_ && state_ != ChannelState::up)
        return fail(ErrorCode::busy, "{} is being called; redirect it when it has answered", name_);
    if (keeper_ && keeper_->holds_custody()) {
        auto custody = Custody::take(*this, "dialplan");
        place_ = std::move(place);
        if (dialplan_starter)
            dialplan_starter(std::move(custody));
        else
            log_error("{} can't be redirected: no dialplan runs in this process", name_);
        return {};
    }
    redirection_ = std::move(place);
    if (custody_) custody_->interrupter.interrupt(ErrorCode::redirected);
    return {};
}

std::optional<Place> Channel::take_redirection() { return std::exchange(redirection_, std::nullopt); }

void Channel::set_bridge(Bridge* bridge, ChannelKeeper* keeper) {
    bridge_ = bridge;
    keeper_ = keeper;
    if (keeper_ && (!events_.empty() || hung_up_)) tell_keeper();
}

void Channel::exchange(Channel& a, Channel& b) {
    if (&a == &b) return;
    std::swap(a.driver_, b.driver_);
    std::swap(a.private_->driver_pass, b.private_->driver_pass);
    std::swap(a.private_->driver_gone, b.private_->driver_gone);
    a.driver_->moved_to(a);
    b.driver_->moved_to(b);
    a.audio_->exchange_ports(*b.audio_);
    for (const auto& [from, to] : {std::pair(&a, &b), std::pair(&b, &a)})
        from->for_each_other_stream([to](MediaStream& stream, std::size_t index) { (void)to->need_stream(stream.type(), index); });
    a.for_each_other_stream([&b](MediaStream& stream, std::size_t index) { stream.exchange_ports(*b.stream(stream.type(), index)); });
    std::swap(a.topology_, b.topology_);
    std::swap(a.held_, b.held_);
    std::swap(a.hold_class_, b.hold_class_);
    const auto state = a.state_;
    a.set_state(b.state_);
    b.set_state(state);
}

// --- mailbox ---------------------------------------------------------------------------------------------------------------

Result<void> Channel::post_work(std::move_only_function<void(Channel&)> work) {
    if (ended_) return {};
    if (private_->works.size() >= mailbox_limit) return fail(ErrorCode::limit, "the mailbox of {} is full", name_);
    private_->works.push_back({std::move(work), pass_of_running_module()});
    if (private_->service_running) return {};
    private_->service_running = true;
    auto started = spawn({.name = name_ + " service", .call_id = call_id_}, [channel = share()] {
        auto& internals = *channel->private_;
        const ServiceRuns runs(internals.service_running);
        const InterruptScope scope(internals.hangup);
        while (!internals.works.empty()) {
            auto next = std::move(internals.works.front());
            internals.works.pop_front();
            const RunningGate in(next.pass.gate());
            next.run(*channel);
            next.run = nullptr;  // before the pass is given back
        }
    });
    if (!started) {
        private_->service_running = false;
        private_->works.pop_back();
    }
    return started;
}

bool Channel::working() const { return private_->service_running; }

// --- attachments -------------------------------------------------------------------------------------------------------------

std::shared_ptr<void>& Channel::attachment_slot(const char* type) {
    auto& all = private_->attachments;
    const auto found = std::ranges::find_if(all, [type](const auto& each) { return each.type == type; });
    if (found != all.end()) return found->value;
    all.push_front({type, nullptr, pass_of_running_module()});
    return all.front().value;
}

void* Channel::find_attachment(const char* type) const {
    const auto& all = private_->attachments;
    const auto found = std::ranges::find_if(all, [type](const auto& each) { return each.type == type; });
    return found == all.end() ? nullptr : found->value.get();
}

}  // namespace jackfield
