#include "apps/mixmonitor/monitors.hpp"

#include <algorithm>
#include <array>

#include "core/runtime/process.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::mixmonitor {
namespace {

// Leaves out or silences what is heard, as the gates say.
class GatedTap final : public Tap {
  public:
    GatedTap(std::unique_ptr<Tap> inner, std::shared_ptr<const Gates> gates)
        : Tap(inner->direction(), inner->place()), inner_(std::move(inner)), gates_(std::move(gates)) {}
    const Codec* wants() const override { return inner_->wants(); }
    void hear(const Frame& frame, Direction direction) override {
        if (!gates_->audible.load(std::memory_order_relaxed)) return;
        const auto& muted = direction == Direction::read ? gates_->read_muted : gates_->write_muted;
        if (!muted.load(std::memory_order_relaxed)) return inner_->hear(frame, direction);
        static constexpr std::array<std::uint8_t, 8192> silence{};  // linear, as a recording wants it: 85 ms at 48 kHz
        Frame silent = frame;
        silent.payload = std::span(silence).first(std::min(frame.payload.size(), silence.size()));
        inner_->hear(silent, direction);
    }

  private:
    std::unique_ptr<Tap> inner_;
    std::shared_ptr<const Gates> gates_;
};

Result<void> record(Channel& channel, Monitor& monitor, const std::string& file, Tap::Direction direction) {
    const auto dot = file.rfind('.');
    auto recording = JF_TRY(Recording::create(file.substr(0, dot), file.substr(dot + 1), monitor.order.append, direction));
    monitor.taps.push_back(channel.media().add(std::make_unique<GatedTap>(recording->tap(), monitor.gates)));
    monitor.recordings.push_back(std::move(recording));
    return {};
}

void tell(std::string_view event, Channel& channel, const ManagerFields& more = {}) {
    const auto manager = find_service<ManagerService>();
    if (!manager || !(*manager)->wanted(manager_class::call)) return;
    const auto known = [](const std::string& text) { return text.empty() ? std::string("<unknown>") : text; };
    const ChannelSnapshot seen = snapshot(channel);
    ManagerFields fields;
    fields.add("Channel", seen.name).add("ChannelState", static_cast<int>(seen.state)).add("ChannelStateDesc", to_string(seen.state));
    fields.add("CallerIDNum", known(seen.caller_number)).add("CallerIDName", known(seen.caller_name));
    fields.add("ConnectedLineNum", known(seen.connected_number)).add("ConnectedLineName", known(seen.connected_name));
    fields.add("Language", seen.language).add("AccountCode", seen.account_code).add("Context", seen.context);
    fields.add("Exten", seen.extension).add("Priority", seen.priority).add("Uniqueid", seen.unique_id).add("Linkedid", seen.linked_id);
    (*manager)->publish(event, manager_class::call, fields.add(more));
}

}  // namespace

void beep(Channel& channel) {
    auto posted = channel.post_work([](Channel& beeping) { (void)beeping.play("beep"); });
    if (!posted) log_debug(1, "MixMonitor: no beep on {}: {}", channel.name(), posted.error().text);
}

Monitors::Monitors()
    : ended_(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { channel_ended(event.channel); })),
      entered_(subscribe<BridgeEntered>([this](const BridgeEntered& event) { bridged(event.channel, true); })),
      left_(subscribe<BridgeLeft>([this](const BridgeLeft& event) { bridged(event.channel, false); })) {}

Result<std::string> Monitors::start(Channel& channel, Order order) {
    Monitor monitor;
    monitor.id = fmt::format("0x{:x}", ++last_id_);
    monitor.order = std::move(order);
    monitor.gates = std::make_shared<Gates>();
    monitor.gates->audible = !monitor.order.only_bridged || channel.bridge();
    const Order& wanted = monitor.order;
    if (!wanted.mixed.empty()) JF_TRY(record(channel, monitor, wanted.mixed, Tap::Direction::both));
    if (!wanted.said.empty()) JF_TRY(record(channel, monitor, wanted.said, Tap::Direction::read));
    if (!wanted.heard.empty()) JF_TRY(record(channel, monitor, wanted.heard, Tap::Direction::write));
    if (channel.ended()) return fail(ErrorCode::closed, "the channel has ended");  // while the files were opened
    std::string id = monitor.id;
    by_channel_[channel.id().number].push_back(std::move(monitor));
    tell("MixMonitorStart", channel);
    return id;
}

bool Monitors::stop(Channel& channel, std::string_view id) {
    const auto found = by_channel_.find(channel.id().number);
    if (found == by_channel_.end()) return false;
    auto& monitors = found->second;
    auto place = monitors.end() - 1;
    if (!id.empty()) place = std::find_if(monitors.begin(), monitors.end(), [&](const Monitor& one) { return one.id == id; });
    if (place == monitors.end()) return false;
    std::vector<Monitor> stopped;
    stopped.push_back(std::move(*place));
    monitors.erase(place);
    if (monitors.empty()) by_channel_.erase(found);
    if (stopped.front().order.end_beep) beep(channel);
    tell("MixMonitorStop", channel);
    finish(std::move(stopped), channel.name());
    return true;
}

const Monitor* Monitors::find(Channel& channel, std::string_view id) const {
    const auto found = by_channel_.find(channel.id().number);
    if (found == by_channel_.end()) return nullptr;
    for (const Monitor& monitor : found->second)
        if (monitor.id == id) return &monitor;
    return nullptr;
}

bool Monitors::mute(Channel& channel, std::string_view id, Tap::Direction direction, bool on) {
    const auto found = by_channel_.find(channel.id().number);
    if (found == by_channel_.end()) return false;
    bool any = false;
    for (const Monitor& monitor : found->second) {
        if (!id.empty() && monitor.id != id) continue;
        any = true;
        if (direction != Tap::Direction::write) monitor.gates->read_muted = on;
        if (direction != Tap::Direction::read) monitor.gates->write_muted = on;
    }
    if (!any) return false;
    ManagerFields more;
    more.add("Direction", direction == Tap::Direction::read ? "read" : direction == Tap::Direction::write ? "write" : "both");
    tell("MixMonitorMute", channel, more.add("State", on ? 1 : 0));
    return true;
}

void Monitors::channel_ended(Channel& channel) {
    auto found = by_channel_.extract(channel.id().number);
    if (!found) return;
    for (std::size_t i = 0; i < found.mapped().size(); ++i) tell("MixMonitorStop", channel);
    finish(std::move(found.mapped()), channel.name());
}

void Monitors::bridged(Channel& channel, bool on) {
    const auto found = by_channel_.find(channel.id().number);
    if (found == by_channel_.end()) return;
    for (Monitor& monitor : found->second)
        if (monitor.order.only_bridged) monitor.gates->audible.store(on, std::memory_order_relaxed);
}

void Monitors::finish(std::vector<Monitor> monitors, const std::string& channel_name) {
    auto body = [monitors = std::move(monitors), channel_name]() mutable {
        for (Monitor& monitor : monitors) {
            monitor.taps.clear();
            for (auto& recording : monitor.recordings)
                if (auto closed = recording->close(); !closed) log_warning("MixMonitor of {}: {}", channel_name, closed.error().text);
            if (monitor.order.command.empty()) continue;
            log_verbose(2, "MixMonitor of {} runs {}", channel_name, monitor.order.command);
            const auto ran = Process::run_shell(monitor.order.command, {});
            if (!ran || ran->exit_code)
                log_warning("MixMonitor of {}: {} failed: {}", channel_name, monitor.order.command,
                            ran ? fmt::format("exit code {}", ran->exit_code) : ran.error().text);
        }
    };
    // Without a fiber the recordings close in the pool, and the command is not run.
    if (auto spawned = spawn({.name = "MixMonitor " + channel_name}, std::move(body)); !spawned)
        log_error("MixMonitor of {}: {}", channel_name, spawned.error().text);
}

}  // namespace jackfield::mixmonitor
