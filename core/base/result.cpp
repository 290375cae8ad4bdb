// The words of error codes.
#include "core/base/result.hpp"

namespace jackfield {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::failed: return "failed";
        case ErrorCode::hangup: return "hangup";
        case ErrorCode::redirected: return "redirected";
        case ErrorCode::taken: return "taken";
        case ErrorCode::unloading: return "unloading";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::not_found: return "not found";
        case ErrorCode::invalid: return "invalid";
        case ErrorCode::busy: return "busy";
        case ErrorCode::refused: return "refused";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::exists: return "exists";
        case ErrorCode::closed: return "closed";
        case ErrorCode::limit: return "limit";
    }
    return "unknown";
}

}  // namespace jackfield
