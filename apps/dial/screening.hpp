// Options p, P, n, N of Dial: who calls says a name, who is called hears it and decides.
#pragma once

#include <string>
#include <string_view>

#include "apps/dial/dial_options.hpp"
#include "core/channel/channel.hpp"

namespace jackfield::dial {

// Lives on the caller's fiber for one Dial.
class Screening {
  public:
    Screening(Channel& caller, const DialOptions& options);
    ~Screening();  // removes the recorded name where it is not to be kept
    Screening(const Screening&) = delete;
    Screening& operator=(const Screening&) = delete;

    // Looks up what the called side decided before (P), and has the caller say a name when it will be asked. Returns the DIALSTATUS
    // with which the call ends already, or nothing. Waits. Errors: hangup and its like.
    Result<std::string> begin();
    // Asks who answered. Returns the DIALSTATUS when the call is not wanted, or nothing. Waits under the caller's custody. Errors:
    // hangup and its like of the caller.
    Result<std::string> ask(Channel& called);

  private:
    std::string family() const;
    void remember(std::string_view decision) const;

    Channel& caller_;
    const DialOptions& options_;
    std::string key_, intro_;   // of the caller in the database; prompt of the name, without extension
    bool asking_ = false, recorded_ = false;
};

}  // namespace jackfield::dial
