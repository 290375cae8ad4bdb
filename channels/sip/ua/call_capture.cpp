// Capture files of single calls: the SIP messages of all legs and, if wanted, their RTP, for Wireshark and its like.
#include "channels/sip/ua/call_capture.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <sys/stat.h>

#include <algorithm>

#include "channels/sip/stack/packet_queue.hpp"
#include "channels/sip/stack/pcap.hpp"
#include "channels/sip/ua/call.hpp"
#include "core/console/daemon_control.hpp"
#include "core/runtime/descriptor.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_message_bytes = 1024 * 1024;   // bytes of messages between two writes
constexpr std::size_t queue_bytes = 256 * 1024;     // of a leg's packets: two seconds of both directions at ten times G.711's rate
constexpr auto write_interval = 200ms, look_interval = 1000ms;
constexpr auto after_the_end = 2s;  // the answer to a BYE, and what is repeated until it comes

bool good_name(std::string_view name) {
    constexpr std::size_t longest = 200;
    return !name.empty() && name.size() <= longest && name.front() != '.' && std::ranges::all_of(name, [](unsigned char each) {
        return std::isalnum(each) || each == '.' || each == '-' || each == '_';
    });
}

std::string made_name(std::string_view channel) {
    std::string name(channel);
    for (char& each : name)
        if (!std::isalnum(static_cast<unsigned char>(each)) && each != '-') each = '_';
    const std::time_t now = std::chrono::system_clock::to_time_t(wall_now());
    std::tm parts{};
    localtime_r(&now, &parts);
    return fmt::format("{}-{:%Y%m%d-%H%M%S}.pcap", name.substr(0, 100), parts);
}

std::string directory_of(const GlobalSettings& global) {
    if (!global.capture_directory.empty()) return global.capture_directory;
    const DaemonControl* const daemon = DaemonControl::instance();
    return (daemon ? daemon->settings().directories.spool : std::string(".")) + "/capture";
}

// Nothing for what is no SIP call, and for one that has not begun.
std::optional<std::string> call_id_of_leg(const SipCall* call) {
    auto id = call ? call->property("pjsip,call-id") : Result<std::string>();
    return id && !id->empty() ? std::optional(*std::move(id)) : std::nullopt;
}

}  // namespace

// Takes packets of media on the media thread; the writer takes them out.
class CallCaptures::Sink final : public RtpPacketSink {
  public:
    explicit Sink(Gate& gate) : pass_(gate.hold()) {}
    void packet(const Packet& packet) override {
        queue.put({static_cast<std::uint64_t>(wall_now().time_since_epoch().count()), packet.local, packet.remote, packet.sent, 0}, packet.bytes);
    }
    void transport_packet(const Packet& packet) override {
        if (transport_bytes + packet.bytes.size() > most_message_bytes) {
            ++transport_lost;
            return;
        }
        transport_bytes += packet.bytes.size();
        transport.push_back({wall_now(), packet.local, packet.remote, packet.sent, {packet.bytes.begin(), packet.bytes.end()}});
    }
    PacketQueue queue{queue_bytes};
    struct TransportPacket {
        WallTime time;
        SocketAddress local, remote;
        bool sent;
        std::string bytes;
    };
    std::vector<TransportPacket> transport;  // control thread: since it was written last
    std::size_t transport_bytes = 0;
    std::uint64_t transport_lost = 0;

  private:
    Gate::Pass pass_;
};

struct CallCaptures::Capture {
    std::string file, path, channel;
    bool media = true, look = true;              // look: a channel of the call has come
    std::uint64_t most_bytes = 0;
    Instant ends{}, looked{}, alive{};           // the longest end; when legs were looked for; when one was there
    std::set<std::string, std::less<>> linked;
    std::map<std::string, Leg, std::less<>> legs;  // by Call-ID
    std::vector<Waiting> waiting;
    std::size_t waiting_bytes = 0;
    Latch stop, ended;
    Descriptor descriptor;                         // the writer's
    std::uint64_t packets = 0, bytes = 0, lost_messages = 0, lost_packets = 0;
    bool full = false;
    std::uint64_t lost() const { return lost_messages + lost_packets; }
};

CallCaptures::CallCaptures(UserAgent& agent, const MessageHistory& history, Gate& gate) : agent_(agent), history_(history), gate_(gate) {}
CallCaptures::~CallCaptures() = default;

Result<std::string> CallCaptures::start(const Request& request) {
    const auto objects = agent_.objects();
    const GlobalSettings& global = objects->global;
    const std::string directory = directory_of(global);
    Channel* const channel = find_channel(request.channel);
    if (!channel) return fail(ErrorCode::not_found, "{} is not a known channel", request.channel);
    if (captures_.size() >= global.capture_max_calls) return fail(ErrorCode::limit, "{} calls are captured already (capture_max_calls)", captures_.size());
    if (std::ranges::any_of(captures_, [&](const auto& each) { return each->linked.contains(channel->linked_id()); }))
        return fail(ErrorCode::exists, "the call of {} is captured already; `channel show captures` tells where", request.channel);
    auto capture = std::make_shared<Capture>();
    capture->channel = channel->name();
    capture->file = request.file.empty() ? made_name(channel->name()) : request.file;
    if (!good_name(capture->file))
        return fail(ErrorCode::invalid, "'{}' is no name for a file of {}: write letters, digits, '-', '_' and '.'", capture->file, directory);
    if (!capture->file.ends_with(".pcap")) capture->file += ".pcap";
    capture->path = directory + "/" + capture->file;
    capture->media = request.media;
    capture->most_bytes = std::uint64_t{global.capture_max_size} << 20;
    capture->ends = Clock::now() + global.capture_max_time;
    capture->linked.insert(channel->linked_id());
    if (!find_legs(*capture)) return fail(ErrorCode::not_found, "the call of {} has no SIP channel", request.channel);
    for (const auto& entry : history_.entries())
        if (const auto leg = capture->legs.find(entry.call_id()); leg != capture->legs.end())
            capture->waiting.push_back({entry.time, entry.sent ? entry.local : entry.remote, entry.sent ? entry.remote : entry.local, entry.text});
    captures_.push_back(capture);  // from here on messages are kept
    listen();
    if (!lane_) lane_ = std::make_unique<Lane>("call captures", 1, 256);
    auto opened = offload(*lane_, [&]() -> Result<void> {
        (void)::mkdir(directory.c_str(), 0750);  // else open() says what is wrong
        capture->descriptor = Descriptor(::open(capture->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!capture->descriptor && errno == EEXIST) return fail(ErrorCode::exists, "{} exists; write another name", capture->path);
        if (!capture->descriptor) return system_failure(capture->path);
        const std::string header = pcap_file_header();
        capture->bytes = header.size();
        return ::write(capture->descriptor.get(), header.data(), header.size()) == static_cast<ssize_t>(header.size()) ? Result<void>() : system_failure(capture->path);
    });
    if (opened) opened = fibers_.spawn("capture " + capture->file, [this, capture] { run(capture); });
    if (opened) return capture->path;
    release(capture);
    return std::unexpected(std::move(opened).error());
}

Result<void> CallCaptures::stop(std::string_view name) {
    const Channel* const channel = find_channel(name);
    const auto found = std::ranges::find_if(captures_, [&](const auto& each) {
        return each->file == name || each->path == name || each->channel == name || (channel && each->linked.contains(channel->linked_id()));
    });
    if (found == captures_.end()) return fail(ErrorCode::not_found, "nothing of {} is captured; `channel show captures` lists what is", name);
    const auto capture = *found;
    capture->stop.set();
    return capture->ended.wait();
}

std::vector<CallCaptures::Summary> CallCaptures::list() const {
    std::vector<Summary> all;
    for (const auto& each : captures_) all.push_back({each->path, each->channel, each->packets, each->bytes, each->lost(), each->media});
    return all;
}

// --- what is seen -----------------------------------------------------------------------------------------------------------

void CallCaptures::listen() {
    if (captures_.empty()) {
        seen_ = {};
        created_ = {};
        return;
    }
    seen_ = subscribe<SipMessageSeen>([this](const SipMessageSeen& event) { add(event); });
    // Its Call-ID comes later: it is looked for with the next message.
    created_ = subscribe<ChannelCreated>([this](const ChannelCreated& event) {
        for (const auto& each : captures_) each->look |= each->linked.contains(event.channel.linked_id());
    });
}

void CallCaptures::add(const SipMessageSeen& seen) {
    const std::string_view call_id = call_id_of(seen.message);
    for (const auto& each : captures_) {
        if (each->look && !each->legs.contains(call_id)) find_legs(*each);
        const auto leg = each->legs.find(call_id);
        if (leg == each->legs.end()) continue;
        if (each->waiting_bytes + seen.message.size() > most_message_bytes) {
            ++each->lost_messages;
            continue;
        }
        each->waiting_bytes += seen.message.size();
        each->waiting.push_back({wall_now(), seen.sent ? seen.local : seen.remote, seen.sent ? seen.remote : seen.local, std::string(seen.message)});
    }
}

// Takes new legs in; true when the call has any.
bool CallCaptures::find_legs(Capture& capture) {
    capture.look = false;
    capture.looked = Clock::now();
    bool any = false;
    for_each_channel([&](Channel& channel) {
        auto* const call = dynamic_cast<SipCall*>(&channel.driver());
        const auto id = call_id_of_leg(call);
        if (!id) {
            capture.look |= call && capture.linked.contains(channel.linked_id());
            return;
        }
        const bool known = capture.legs.contains(*id);
        if (!known && !capture.linked.contains(channel.linked_id())) return;
        any = true;
        capture.linked.insert(channel.linked_id());  // it changes when calls become one
        if (known) return;
        Leg leg;
        if (const auto local = call->property("pjsip,local_addr"))
            if (auto address = SocketAddress::parse(*local)) leg.local = *address;
        if (capture.media) {
            leg.sink = std::make_shared<Sink>(gate_);
            call->capture(leg.sink);
        }
        capture.legs.emplace(*id, std::move(leg));
    });
    if (any) capture.alive = Clock::now();
    return any;
}

// --- the writer -------------------------------------------------------------------------------------------------------------

void CallCaptures::run(const std::shared_ptr<Capture>& capture) {
    std::string_view why = "it was stopped";
    for (;;) {
        const auto waited = capture->stop.wait(write_interval);
        const bool goes_on = !waited && waited.error().code == ErrorCode::timeout;
        if (capture->look || Clock::now() - capture->looked >= look_interval) find_legs(*capture);
        if (auto written = write(*capture); !written) {
            log_warning("{}: {}", capture->path, written.error().text);
            why = "it can't be written";
            break;
        }
        if (!goes_on) break;
        if (capture->full) {
            why = "it has reached capture_max_size";
            break;
        }
        if (Clock::now() >= capture->ends) {
            why = "capture_max_time is over";
            break;
        }
        if (Clock::now() - capture->alive > after_the_end) {
            why = "the call has ended";
            break;
        }
    }
    release(capture);
    log_notice("{}: {} packets, {} bytes, {} lost: {}", capture->path, capture->packets, capture->bytes, capture->lost(), why);
    capture->ended.set();
}

// Nobody looks at its packets and messages any more.
void CallCaptures::release(const std::shared_ptr<Capture>& capture) {
    if (capture->media)
        for_each_channel([&](Channel& channel) {
            auto* const call = dynamic_cast<SipCall*>(&channel.driver());
            const auto id = call_id_of_leg(call);
            if (id && capture->legs.contains(*id)) call->capture(nullptr);
        });
    std::erase(captures_, capture);
    listen();
}

Result<void> CallCaptures::write(Capture& capture) {
    auto waiting = std::exchange(capture.waiting, {});
    capture.waiting_bytes = 0;
    std::vector<std::pair<SocketAddress, std::shared_ptr<Sink>>> sinks;
    std::string text;
    std::uint64_t packets = 0, lost = 0;
    // A socket of all addresses has the one that its signalling has.
    const auto put = [&waiting](WallTime time, const SocketAddress& signalling, const SocketAddress& local, const SocketAddress& remote, bool sent, std::string bytes) {
        const SocketAddress own = local.is_any() && signalling.family() == remote.family() ? signalling.with_port(local.port()) : local;
        waiting.push_back({time, sent ? own : remote, sent ? remote : own, std::move(bytes)});
    };
    for (const auto& [id, leg] : capture.legs) {
        if (!leg.sink) continue;
        sinks.emplace_back(leg.local, leg.sink);
        for (auto& each : std::exchange(leg.sink->transport, {})) put(each.time, leg.local, each.local, each.remote, each.sent, std::move(each.bytes));
        leg.sink->transport_bytes = 0;
        lost += leg.sink->transport_lost;
    }
    JF_TRY(offload(*lane_, [&]() -> Result<void> {
        PacketQueue::Packet packet{};
        std::vector<std::uint8_t> bytes;
        for (const auto& [local, sink] : sinks) {
            while (sink->queue.take(packet, bytes))
                put(WallTime(std::chrono::nanoseconds(packet.time)), local, packet.local, packet.remote, packet.sent, std::string(bytes.begin(), bytes.end()));
            lost += sink->queue.lost();
        }
        std::ranges::stable_sort(waiting, {}, &Waiting::time);
        for (const Waiting& each : waiting) {
            const std::size_t before = text.size();
            append_pcap_packet(text, each.time, each.source, each.destination, each.payload);
            if (capture.bytes + text.size() > capture.most_bytes) {
                text.resize(before);
                break;
            }
            ++packets;
        }
        for (std::string_view rest = text; !rest.empty();) {
            const ssize_t written = ::write(capture.descriptor.get(), rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return system_failure("write");
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }));
    capture.full = packets < waiting.size();
    capture.packets += packets;
    capture.bytes += text.size();
    capture.lost_packets = lost;
    return {};
}

}  // namespace jackfield::sip
