// Device and mailbox states exchanged with other servers by PUBLISH: type=asterisk-publication.
#include "channels/sip/ua/state_exchange.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "core/base/log.hpp"
#include "core/channel/remote_device_state.hpp"
#include "core/console/daemon_control.hpp"
#include "core/dialplan/expression_regex.hpp"

namespace jackfield::sip {
namespace {

constexpr std::size_t most_remote_mailboxes = 200'000;

bool passes_filter(const std::string& expression, const std::string& name) {
    if (expression.empty()) return true;
    const auto found = match_posix(name, expression, false);
    return found && found->matched;
}

bool knows_nothing(DeviceState state) { return state == DeviceState::invalid || state == DeviceState::unknown; }

}  // namespace

// What one outbound-publish has to send: one state a PUBLISH, each once with what it is then.
class ExchangeSource final : public EventSource {
  public:
    ExchangeSource(StateExchange& exchange, bool devices, std::string publish, std::function<void()> changed)
        : exchange_(exchange), devices_(devices), publish_(std::move(publish)), changed_(std::move(changed)) {
        exchange_.sources_.insert(this);
        if (devices_)
            event_ = subscribe<DeviceStateChange>([this](const DeviceStateChange& change) { add(change.device); });
        else
            event_ = subscribe<MailboxChanged>([this](const MailboxChanged& change) { add(change.mailbox); });
    }
    ~ExchangeSource() override { exchange_.sources_.erase(this); }

    EventBody body(Watcher& watcher) const override {
        const auto waiting = [this] { return !order_.empty(); };
        ExchangedState state;
        state.server = StateExchange::entity_id();
        if (watcher.full || !waiting()) {  // first the others are asked for what they know
            collect();
            if (waiting()) changed_();
            return {std::string(StateExchange::content_type), exchanged_state_body(state)};
        }
        state.name = std::move(order_.front());
        order_.pop_front();
        queued_.erase(state.name);
        if (devices_) {
            state.kind = ExchangedState::Kind::device;
            const DeviceState now = local_device_state(state.name);
            told_[state.name] = now;
            state.device_state = to_string(now);
        } else {
            state.kind = ExchangedState::Kind::mailbox;
            const MailboxCounts counts = mailbox_counts(state.name).value_or(MailboxCounts());
            state.fresh = counts.fresh;
            state.old = counts.old;
        }
        if (waiting()) changed_();
        return {std::string(StateExchange::content_type), exchanged_state_body(state)};
    }
    // All of it again, for one who has just come.
    void tell_all() {
        collect();
        if (!order_.empty()) changed_();
    }
    const std::string& publish() const { return publish_; }
    // That asterisk-publication sends by it.
    bool serves(const ExchangeSettings& settings) const {
        return devices_ ? settings.device_state && settings.devicestate_publish == publish_ : settings.mailbox_state && settings.mailboxstate_publish == publish_;
    }

  private:
    bool wanted(const std::string& name) const {
        if (!devices_ && exchange_.remote_mailboxes_.contains(name)) return false;
        const auto objects = exchange_.agent_.objects();
        for (const auto& [key, settings] : objects->exchanges)
            if (serves(*settings) && passes_filter(devices_ ? settings->device_state_filter : settings->mailbox_state_filter, name)) return true;
        return false;
    }
    bool queue(const std::string& name) const {
        if (!wanted(name) || !queued_.insert(name).second) return false;
        order_.push_back(name);
        return true;
    }
    void add(const std::string& name) {
        if (devices_) {  // of another server's change nothing is told
            const DeviceState now = local_device_state(name);
            const auto told = told_.find(name);
            if (told == told_.end() ? knows_nothing(now) : told->second == now) return;
        }
        if (queue(name)) changed_();
    }
    void collect() const {
        if (!devices_) {
            for (const std::string& mailbox : mailbox_names()) queue(mailbox);
            return;
        }
        for (const std::string& device : known_devices())
            if (!knows_nothing(local_device_state(device)) || told_.contains(device)) queue(device);
    }

    StateExchange& exchange_;
    const bool devices_;
    const std::string publish_;
    std::function<void()> changed_;
    mutable std::deque<std::string> order_;        // names to be told of; bounded by the devices and mailboxes that there are
    mutable std::set<std::string> queued_;
    mutable std::unordered_map<std::string, DeviceState> told_;
    Subscription event_;
};

class StateExchange::Package final : public EventPackage {
  public:
    Package(StateExchange& exchange, bool devices) : exchange_(exchange), devices_(devices) {}
    std::string_view name() const override { return devices_ ? device_event : mailbox_event; }
    std::vector<std::string_view> content_types() const override { return {content_type}; }
    Result<std::string> key(const Watcher& watcher) const override { return watcher.resource; }
    std::unique_ptr<EventSource> open(const std::string& key, std::function<void()> changed) override {
        return std::make_unique<ExchangeSource>(exchange_, devices_, key, std::move(changed));
    }

  private:
    StateExchange& exchange_;
    const bool devices_;
};

StateExchange::StateExchange(UserAgent& agent) : agent_(agent), devices_(std::make_unique<Package>(*this, true)), mailboxes_(std::make_unique<Package>(*this, false)) {
    // What is set here is ours again. Subscribed before any source, so that it is known to them.
    mailbox_changed_ = subscribe<MailboxChanged>([this](const MailboxChanged& change) {
        if (!applied_ || *applied_ != change.mailbox) remote_mailboxes_.erase(change.mailbox);
    });
}

StateExchange::~StateExchange() = default;

EventPackage* StateExchange::package(std::string_view event) {
    return event == device_event ? devices_.get() : event == mailbox_event ? mailboxes_.get() : nullptr;
}

void StateExchange::received(const std::string& resource, const std::string& publication, const ExchangedState& state) {
    if (state.server == entity_id()) return;
    if (state.kind == ExchangedState::Kind::refresh) return refresh(publication);
    const auto objects = agent_.objects();
    const auto found = objects->exchanges.find(publication);
    if (found == objects->exchanges.end()) return;
    const ExchangeSettings& settings = *found->second;
    const bool device = state.kind == ExchangedState::Kind::device;
    if (!(device ? settings.device_state : settings.mailbox_state) || !passes_filter(device ? settings.device_state_filter : settings.mailbox_state_filter, state.name)) return;
    constexpr std::size_t most_servers = 100;  // of one resource
    auto& servers = servers_[resource];
    if (servers.size() >= most_servers && !servers.contains(state.server)) return;
    servers.insert(state.server);
    Result<void> done;
    if (device) {
        const auto parsed = parse_device_state(state.device_state);
        done = parsed ? set_remote_device_state(state.server, state.name, *parsed) : Result<void>(std::unexpected(parsed.error()));
    } else if (remote_mailboxes_.size() >= most_remote_mailboxes) {
        done = fail(ErrorCode::limit, "{} mailboxes of other servers are known already", remote_mailboxes_.size());
    } else {
        const std::string name = full_mailbox_name(state.name);
        applied_ = &name;
        remote_mailboxes_[name] = state.server;
        done = set_mailbox_counts(name, {state.fresh, state.old, 0, 0});
        if (!done) remote_mailboxes_.erase(name);
        applied_ = nullptr;
    }
    if (!done) log_notice("PUBLISH for '{}': {}: {}", resource, state.name, done.error().text);
}

void StateExchange::ended(const std::string& resource) {
    const auto found = servers_.find(resource);
    if (found == servers_.end()) return;
    const std::set<std::string> gone = std::move(found->second);
    servers_.erase(found);
    for (const std::string& server : gone) {
        const bool elsewhere = std::ranges::any_of(servers_, [&](const auto& each) { return each.second.contains(server); });
        if (elsewhere) continue;
        forget_remote_device_states(server);
        std::vector<std::string> boxes;
        for (const auto& [mailbox, told_by] : remote_mailboxes_)
            if (told_by == server) boxes.push_back(mailbox);
        for (const std::string& mailbox : boxes) {
            forget_mailbox(mailbox);
            remote_mailboxes_.erase(mailbox);
        }
    }
}

void StateExchange::refresh(const std::string& publication) {
    const auto objects = agent_.objects();
    const auto settings = objects->exchanges.find(publication);
    if (settings == objects->exchanges.end()) return;
    for (ExchangeSource* source : sources_)
        if (source->serves(*settings->second)) {
            source->tell_all();
            if (on_peer_) on_peer_(source->publish());
        }
}

const std::string& StateExchange::entity_id() {
    static const std::string id = [] {
        const DaemonControl* const daemon = DaemonControl::instance();
        std::string configured = daemon ? daemon->settings().options.entity_id : std::string();
        if (!configured.empty()) return configured;
        // The same after a restart, and another one for each daemon of a host. 02: not one of a manufacturer's.
        std::array<char, 256> host{};
        (void)::gethostname(host.data(), host.size() - 1);
        std::uint64_t number = std::hash<std::string>()(std::string(host.data()) + (daemon ? daemon->settings().directories.run : std::string()));
        std::string made = "02";
        for (unsigned i = 0; i < 5; ++i, number >>= 8) made += fmt::format(":{:02x}", number & 0xff);
        return made;
    }();
    return id;
}

}  // namespace jackfield::sip
