// Subscriptions and delivery of events.
#include "modules/res_ari/applications.hpp"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/base/log.hpp"
#include "core/console/daemon_control.hpp"

namespace jackfield::ari {
namespace {

std::string hardware_address() {
    std::string found = "00:00:00:00:00:00";
    const int probe = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex* interfaces = ::if_nameindex();
    for (auto* each = interfaces; each && each->if_name && probe >= 0; ++each) {
        ifreq request{};
        std::strncpy(request.ifr_name, each->if_name, IFNAMSIZ - 1);
        if (::ioctl(probe, SIOCGIFHWADDR, &request) != 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER) continue;
        const auto* bytes = reinterpret_cast<const unsigned char*>(request.ifr_hwaddr.sa_data);
        found = fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3],
                            bytes[4], bytes[5]);
        break;
    }
    if (interfaces) ::if_freenameindex(interfaces);
    if (probe >= 0) ::close(probe);
    return found;
}

bool names_type(const JsonArray& filter, std::string_view type) {
    return std::ranges::any_of(filter, [&](const Json& each) { return text_of(each.as_object().at("type")) == type; });
}

// By eventFilter: what is disallowed goes to nobody, and when something is allowed nothing else goes.
bool passes(const Application& application, std::string_view type) {
    return !names_type(application.disallowed, type) &&
           (application.allowed.empty() || names_type(application.allowed, type));
}

bool wants(const Application& application, const Subjects& subjects) {
    if (application.all) return true;
    const auto any = [](const auto& wanted, const std::vector<std::string>& ids) {
        return std::ranges::any_of(ids, [&](const std::string& id) { return wanted.contains(id); });
    };
    return any(application.channels, subjects.channels) || any(application.bridges, subjects.bridges) ||
           (!subjects.endpoint.empty() && application.endpoints.contains(subjects.endpoint)) ||
           (!subjects.device.empty() && application.devices.contains(subjects.device));
}

JsonArray keys(const std::map<std::string, unsigned, std::less<>>& map) {
    JsonArray list;
    for (const auto& [key, count] : map) list.emplace_back(to_json(key));
    return list;
}

}  // namespace

const std::string& system_id() {
    static const std::string id = [] {
        const DaemonControl* daemon = DaemonControl::instance();
        const std::string configured = daemon ? daemon->settings().options.entity_id : std::string();
        return configured.empty() ? hardware_address() : configured;
    }();
    return id;
}

void Applications::connect(Session& session, const std::vector<std::string>& names, bool all) {
    sessions_.push_back(&session);
    for (const std::string& name : names) {
        auto& application = applications_[name];
        if (!application) {
            application = std::make_unique<Application>();
            application->name = name;
        } else if (application->session && application->session != &session) {
            send(*application, "ApplicationReplaced", {});
        }
        application->session = &session;
        application->all = all;
    }
}

void Applications::disconnect(Session& session) {
    std::erase(sessions_, &session);
    std::vector<std::string> left;
    for (auto& [name, application] : applications_)
        if (application->session == &session) {
            application->session = nullptr;
            left.push_back(name);
        }
    for (const std::string& name : left) remove_if_idle(name);
}

// An application without client is kept while channels are in it: a client that comes back finds them.
void Applications::remove_if_idle(std::string_view name) {
    const auto found = applications_.find(name);
    if (found != applications_.end() && !found->second->session && found->second->channels.empty())
        applications_.erase(found);
}

Application* Applications::find(std::string_view name) {
    const auto found = applications_.find(name);
    return found == applications_.end() ? nullptr : found->second.get();
}

bool Applications::active(std::string_view name) {
    const Application* application = find(name);
    return application && application->session && !application->session->dropped;
}

void Applications::drop_sessions() {
    for (Session* session : sessions_) session->drop();
}

bool Applications::send(Application& application, std::string_view type, JsonObject event) {
    Session* session = application.session;
    if (!session || session->dropped || !passes(application, type)) return false;
    event["type"] = to_json(type);
    event["timestamp"] = json_time(wall_now());
    event["asterisk_id"] = system_id();
    event["application"] = application.name;
    const auto sent = session->socket->send(to_text(event));
    if (sent) return true;
    if (sent.error().code == ErrorCode::limit)
        log_warning("The client of Stasis application {} at {} reads too slowly, so it is disconnected",
                    application.name, session->socket->stream().peer().to_string());
    session->drop();
    return false;
}

bool Applications::wanted(const Subjects& subjects) const {
    return std::ranges::any_of(applications_, [&](const auto& entry) { return entry.second->session && wants(*entry.second, subjects); });
}

bool Applications::publish(std::string_view type, JsonObject event, const Subjects& subjects) {
    bool any = false;
    for (auto& [name, application] : applications_)
        if (application->session && wants(*application, subjects)) any |= send(*application, type, event);
    return any;
}

void Applications::subscribe_channel(std::string_view name, const std::string& id) {
    if (Application* application = find(name)) ++application->channels[id];
}

void Applications::unsubscribe_channel(std::string_view name, const std::string& id) {
    Application* application = find(name);
    if (!application) return;
    const auto found = application->channels.find(id);
    if (found == application->channels.end()) return;
    if (--found->second == 0) application->channels.erase(found);
    remove_if_idle(name);
}

void Applications::forget_channel(const std::string& id) {
    std::vector<std::string> names;
    for (auto& [name, application] : applications_)
        if (application->channels.erase(id)) names.push_back(name);
    for (const std::string& name : names) remove_if_idle(name);
}

void Applications::forget_bridge(const std::string& id) {
    for (auto& [name, application] : applications_) application->bridges.erase(id);
}

JsonObject to_json(const Application& application) {
    JsonObject object;
    object["name"] = application.name;
    object["channel_ids"] = keys(application.channels);
    object["bridge_ids"] = keys(application.bridges);
    object["endpoint_ids"] = keys(application.endpoints);
    object["device_names"] = keys(application.devices);
    object["events_allowed"] = application.allowed;
    object["events_disallowed"] = application.disallowed;
    return object;
}

}  // namespace jackfield::ari
