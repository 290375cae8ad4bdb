// The technology Test/: callers and dialled destinations that exist only in a call script.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/channel/channel.hpp"
#include "core/channel/driver.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_dialplan_test/test_script.hpp"

namespace jackfield::dialplan_test {

// The driver's half of a caller, who hangs up after half a minute of busy tone, or of a called party, which behaves as the
// script says. The script's seconds are `speed` times shorter than real ones. No media, no port.
class TestChannel final : public DriverChannel {
  public:
    explicit TestChannel(unsigned speed) : speed_(speed) {}
    TestChannel(Destination destination, unsigned speed) : destination_(std::move(destination)), speed_(speed) {}

    Result<void> call() override;
    Result<void> answer() override { return {}; }
    Result<void> indicate(Indication indication) override;
    void hang_up(HangupCause) override { next_.reset(); }
    Result<void> send_text(std::string_view, std::string_view) override { return {}; }

  private:
    void ring();
    void end(HangupCause cause);
    void later(std::chrono::milliseconds time, void (TestChannel::*what)());
    void answered();
    void talked() { end(HangupCause::normal_clearing); }

    std::optional<Destination> destination_;
    unsigned speed_ = 1;
    std::unique_ptr<Timer> next_;
};

// What Dial reaches by Test/TECHNOLOGY/NAME: asks `find` for the destination of that name. Registered while the module is
// loaded; `find` is empty while no test runs, and every destination is unavailable then.
class TestDriver final : public ChannelDriver {
  public:
    using Find = std::function<std::optional<Destination>(std::string_view name)>;
    void set_test(Find find, unsigned speed) {
        find_ = std::move(find);
        speed_ = speed;
    }
    std::string_view description() const override { return "Parties of dialplan tests"; }
    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override;
    DeviceState device_state(std::string_view) override { return DeviceState::not_in_use; }

  private:
    Find find_;
    unsigned speed_ = 1;
};

// A half with its name and an audio stream, ready for Channel::create().
DriverChannelMade test_half(std::unique_ptr<TestChannel> channel, std::string_view name);

}  // namespace jackfield::dialplan_test
