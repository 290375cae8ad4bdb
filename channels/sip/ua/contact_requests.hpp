// Requests to an endpoint's contacts that belong to no dialog: NOTIFYs that nobody subscribed to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "channels/sip/ua/registrar.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::sip {

struct ContactRequest {
    Method method = Method::notify;
    std::vector<std::pair<std::string, std::string>> headers;  // besides those that every request has
    std::string content_type, body;
    std::function<std::string(const std::string& host)> write_body;  // instead of `body`: with our address as the contact knows it
    std::string from_user;  // empty: the endpoint's from_user, else default_from_user
};

// Control thread. Destroying it drops what is under way.
class ContactRequests {
  public:
    explicit ContactRequests(UserAgent& agent);
    ~ContactRequests();
    // Sends it; a challenge is answered by outbound_auth, any other response is logged and that is all. A contact that is a
    // name is looked up first, on a fiber. Never waits. False: more than `most` are under way, and it is not sent.
    bool send(std::shared_ptr<const EndpointSettings> endpoint, const Contact& contact, std::shared_ptr<const ContactRequest> request);
    bool has_room() const { return running_.size() < most; }

    static constexpr std::size_t most = 2000;

  private:
    class Running;
    UserAgent& agent_;
    std::unordered_map<const Running*, std::unique_ptr<Running>> running_;
    TaskGroup fibers_{"SIP requests to contacts"};
};

}  // namespace jackfield::sip
