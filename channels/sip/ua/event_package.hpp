// What an event package of RFC 6665 gives: what can be watched, and how it is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/config/settings.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

// What a source told somebody last; the source's own.
struct ToldState {
    virtual ~ToldState() = default;
};

// Who watches, as a package sees it.
struct Watcher {
    std::shared_ptr<const EndpointSettings> endpoint;
    std::string resource;      // user part of the SUBSCRIBE's Request-URI: what is watched
    std::string entity;        // that as a URI without parameters: "sip:6001@pbx.example"
    std::string host;          // its host
    std::string content_type;  // one of the package's
    std::uint32_t version = 0;  // of the body to be made: grows by one from NOTIFY to NOTIFY
    bool full = true;           // it is to tell all: the first one, after a SUBSCRIBE, and after one that was refused
    std::shared_ptr<const ToldState> told;  // for sources that else tell what has changed
};

// The body of one NOTIFY. `content_type`: the watcher's unless the body says otherwise (multipart).
struct EventBody {
    std::string content_type, text;
};

// One state that is watched, shared by all who subscribed to it. Control thread; nothing waits.
class EventSource {
  public:
    virtual ~EventSource() = default;
    virtual bool exists() const { return true; }  // false: subscriptions to it end (noresource)
    virtual EventBody body(Watcher& watcher) const = 0;
};

class EventPackage {
  public:
    virtual ~EventPackage() = default;
    virtual std::string_view name() const = 0;
    virtual std::vector<std::string_view> content_types() const = 0;  // the first is that of a SUBSCRIBE without Accept
    virtual std::chrono::seconds expiry() const { return std::chrono::hours(1); }
    // The key of what is to be watched: equal keys share their source. Errors: not_found (404), refused (403).
    virtual Result<std::string> key(const Watcher& watcher) const = 0;
    // `changed` is to be called for every change; it may be called often in a turn, and costs next to nothing.
    virtual std::unique_ptr<EventSource> open(const std::string& key, std::function<void()> changed) = 0;
};

}  // namespace jackfield::sip
