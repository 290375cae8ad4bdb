// Somebody who sees each application before a channel runs it: tests of a dialplan, which put simulations in its place.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"

namespace jackfield {

class ApplicationStandIn {
  public:
    virtual ~ApplicationStandIn() = default;
    // Before `application` runs with `arguments`, which may be changed. False: it is not run and counts as done. May wait.
    // The application need not exist.
    virtual Result<bool> before(Channel& channel, std::string_view application, std::string& arguments) = 0;
};

// Null: nobody. The one that is set must stay until it is replaced and no channel is inside it. Control thread.
void set_application_stand_in(ApplicationStandIn* stand_in);
ApplicationStandIn* application_stand_in();

}  // namespace jackfield
