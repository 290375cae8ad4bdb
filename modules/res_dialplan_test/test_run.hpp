// One run of a call script through the dialplan.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/dialplan/plan.hpp"
#include "core/dialplan/stand_in.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_dialplan_test/test_channel.hpp"
#include "modules/res_dialplan_test/test_script.hpp"

namespace jackfield::dialplan_test {

// Makes the call, watches each application of its channels, plays the caller and compares with the script. One at a time.
class TestRun final : public ApplicationStandIn {
  public:
    TestRun(const Script& script, std::shared_ptr<const Dialplan> plan) : script_(script), plan_(std::move(plan)) {}

    // Waits until the call has ended or the limit has passed. Empty when everything came as expected, else what did not,
    // with file and line.
    std::string run(TestDriver& driver);
    // What the call did, one line a step.
    const std::vector<std::string>& story() const { return story_; }

    Result<bool> before(Channel& channel, std::string_view application, std::string& arguments) override;

  private:
    Result<void> start(Custody& caller);
    void heard(std::string_view prompt);
    void check_variables(Channel& channel);
    void expect_application(Channel& channel, std::string_view application, std::string_view arguments);
    void act(Channel& channel, std::string_view application);
    bool replaced(Channel& channel, std::string_view application);
    std::string scaled(std::string_view application, const std::string& arguments) const;
    std::string rewritten(std::string_view application, const std::string& arguments) const;
    std::optional<Destination> find_destination(std::string_view name);
    void finish(Channel& channel);
    void fail_at(const Step& step, std::string_view happened);
    void fail_with(unsigned line, std::string_view text);
    void tell(std::string line);
    const Step* current() const { return next_ < script_.steps.size() ? &script_.steps[next_] : nullptr; }

    const Script& script_;
    const std::shared_ptr<const Dialplan> plan_;
    std::size_t next_ = 0;  // step
    std::string failure_, linked_id_;
    std::vector<std::string> story_;
    ChannelId caller_;
    std::unique_ptr<Timer> hang_up_;
    Latch ended_;
};

}  // namespace jackfield::dialplan_test
