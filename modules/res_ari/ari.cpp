// The interface's state, and its end.
#include "modules/res_ari/ari.hpp"

namespace jackfield::ari {

Ari::Ari() { restart(); }

Result<void> Ari::stop() {
    if (!controls_.empty()) return fail(ErrorCode::busy, "{} channels are in Stasis applications", controls_.size());
    applications_.drop_sessions();
    if (fibers_) {
        fibers_->cancel();
        JF_TRY(fibers_->join());
        fibers_.reset();
    }
    auto bridges = std::move(bridges_);
    bridges_.clear();
    for (const auto& [id, record] : bridges) record->bridge->dissolve();
    return {};
}

}  // namespace jackfield::ari
