// Hang-up causes and SIP statuses (RFC 3398 sections 7.2.4.1 and 8.2.6.1, RFC 6432).
#include "channels/sip/ua/causes.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace jackfield::sip {
namespace {

using C = HangupCause;

constexpr std::array refusals{
    std::pair{C::unallocated, 404},          std::pair{C::no_route_transit_net, 404},   std::pair{C::no_route_destination, 404},
    std::pair{C::user_busy, 486},            std::pair{C::no_user_response, 408},       std::pair{C::no_answer, 480},
    std::pair{C::subscriber_absent, 480},    std::pair{C::call_rejected, 403},          std::pair{C::number_changed, 410},
    std::pair{C::answered_elsewhere, 487},   std::pair{C::destination_out_of_order, 502}, std::pair{C::invalid_number_format, 484},
    std::pair{C::facility_rejected, 501},    std::pair{C::normal_unspecified, 480},     std::pair{C::normal_circuit_congestion, 503},
    std::pair{C::network_out_of_order, 503}, std::pair{C::normal_temporary_failure, 503}, std::pair{C::switch_congestion, 503},
    std::pair{C::requested_chan_unavail, 503}, std::pair{C::bearercapability_notavail, 488}, std::pair{C::bearercapability_notimpl, 488},
    std::pair{C::chan_not_implemented, 503}, std::pair{C::incompatible_destination, 488}, std::pair{C::recovery_on_timer_expire, 504},
    std::pair{C::interworking, 500},         std::pair{C::outgoing_call_barred, 403},   std::pair{C::incoming_call_barred, 403},
};

constexpr std::array answers{
    std::pair{401, C::call_rejected},        std::pair{402, C::call_rejected},         std::pair{403, C::call_rejected},
    std::pair{404, C::unallocated},          std::pair{405, C::interworking},          std::pair{406, C::facility_rejected},
    std::pair{407, C::call_rejected},        std::pair{408, C::no_user_response},      std::pair{409, C::normal_temporary_failure},
    std::pair{410, C::number_changed},       std::pair{415, C::bearercapability_notavail}, std::pair{416, C::interworking},
    std::pair{420, C::interworking},         std::pair{480, C::no_answer},             std::pair{481, C::interworking},
    std::pair{482, C::interworking},         std::pair{483, C::no_answer},             std::pair{484, C::invalid_number_format},
    std::pair{485, C::unallocated},          std::pair{486, C::user_busy},             std::pair{487, C::normal_clearing},
    std::pair{488, C::bearercapability_notavail}, std::pair{500, C::network_out_of_order}, std::pair{501, C::facility_rejected},
    std::pair{502, C::destination_out_of_order}, std::pair{503, C::normal_circuit_congestion}, std::pair{504, C::recovery_on_timer_expire},
    std::pair{600, C::user_busy},            std::pair{603, C::call_rejected},         std::pair{604, C::unallocated},
    std::pair{606, C::bearercapability_notavail},
};

}  // namespace

int status_of(HangupCause cause) {
    for (const auto& [known, status] : refusals)
        if (known == cause) return status;
    return 603;
}

HangupCause cause_of(int status) {
    for (const auto& [known, cause] : answers)
        if (known == status) return cause;
    return status >= 600 ? C::call_rejected : status >= 500 ? C::normal_temporary_failure : C::normal_unspecified;
}

HangupCause cause_of(const Message& message) {
    for (Message::Values values(message, HeaderName::reason); values.next();) {
        const Reason reason = parse_reason(values.item);
        if (grammar::same_word(reason.protocol, "Q.850") && reason.cause && *reason.cause > 0 && *reason.cause <= 127)
            return static_cast<C>(*reason.cause);
        if (grammar::same_word(reason.protocol, "SIP") && reason.cause == 200u) return C::answered_elsewhere;
    }
    return message.is_response() ? cause_of(message.status()) : C::normal_clearing;
}

std::string reason_header(HangupCause cause) {
    return fmt::format("Q.850;cause={};text=\"{}\"", static_cast<int>(cause), to_string(cause));
}

}  // namespace jackfield::sip
