// What a tap on a media thread finds, told to the control thread.
#include "core/media/findings.hpp"

#include <atomic>
#include <utility>

#include "core/media/stream_node.hpp"
#include "core/runtime/control.hpp"

namespace jackfield {
namespace {

class PostedFindings final : public Findings, public Posted, public std::enable_shared_from_this<PostedFindings> {
  public:
    explicit PostedFindings(Function function) : function_(std::make_shared<Function>(std::move(function))) {}

    void tell(std::uint32_t finding) override {
        (void)ring_.push(finding);
        if (told_.exchange(true, std::memory_order_acq_rel)) return;
        self_ = shared_from_this();  // it lives until it has run
        post();
    }
    void end() override { function_ = nullptr; }

  private:
    void posted() override {
        const auto self = std::move(self_);
        told_.store(false, std::memory_order_release);
        std::uint32_t finding = 0;
        while (ring_.pop(finding))
            if (const auto function = function_) (*function)(finding);
    }

    DigitRing<std::uint32_t> ring_;
    std::atomic<bool> told_{false};
    std::shared_ptr<PostedFindings> self_;  // of who posts, then of the loop
    std::shared_ptr<Function> function_;
};

}  // namespace

std::shared_ptr<Findings> Findings::make(Function function) { return std::make_shared<PostedFindings>(std::move(function)); }

}  // namespace jackfield
