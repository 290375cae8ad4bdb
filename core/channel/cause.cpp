// The table of hang-up causes (ITU-T Q.850).
#include "core/channel/cause.hpp"

#include <array>

#include "core/base/strings.hpp"

namespace jackfield {

namespace {

struct CauseName {
    int number;
    std::string_view name, text;
};
constexpr std::array cause_names{
    CauseName{0, "NOTDEFINED", "Unknown"},
    CauseName{1, "UNALLOCATED", "Unallocated (unassigned) number"},
    CauseName{2, "NO_ROUTE_TRANSIT_NET", "No route to specified transmit network"},
    CauseName{3, "NO_ROUTE_DESTINATION", "No route to destination"},
    CauseName{5, "MISDIALLED_TRUNK_PREFIX", "Misdialed trunk prefix"},
    CauseName{6, "CHANNEL_UNACCEPTABLE", "Channel unacceptable"},
    CauseName{7, "CALL_AWARDED_DELIVERED", "Call awarded and being delivered in an established channel"},
    CauseName{8, "PRE_EMPTED", "Pre-empted"},
    CauseName{14, "NUMBER_PORTED_NOT_HERE", "Number ported elsewhere"},
    CauseName{16, "NORMAL_CLEARING", "Normal Clearing"},
    CauseName{17, "USER_BUSY", "User busy"},
    CauseName{18, "NO_USER_RESPONSE", "No user responding"},
    CauseName{19, "NO_ANSWER", "User alerting, no answer"},
    CauseName{20, "SUBSCRIBER_ABSENT", "Subscriber absent"},
    CauseName{21, "CALL_REJECTED", "Call Rejected"},
    CauseName{22, "NUMBER_CHANGED", "Number changed"},
    CauseName{23, "REDIRECTED_TO_NEW_DESTINATION", "Redirected to new destination"},
    CauseName{26, "ANSWERED_ELSEWHERE", "Answered elsewhere"},
    CauseName{27, "DESTINATION_OUT_OF_ORDER", "Destination out of order"},
    CauseName{28, "INVALID_NUMBER_FORMAT", "Invalid number format"},
    CauseName{29, "FACILITY_REJECTED", "Facility rejected"},
    CauseName{30, "RESPONSE_TO_STATUS_ENQUIRY", "Response to STATus ENQuiry"},
    CauseName{31, "NORMAL_UNSPECIFIED", "Normal, unspecified"},
    CauseName{34, "NORMAL_CIRCUIT_CONGESTION", "Circuit/channel congestion"},
    CauseName{38, "NETWORK_OUT_OF_ORDER", "Network out of order"},
    CauseName{41, "NORMAL_TEMPORARY_FAILURE", "Temporary failure"},
    CauseName{42, "SWITCH_CONGESTION", "Switching equipment congestion"},
    CauseName{43, "ACCESS_INFO_DISCARDED", "Access information discarded"},
    CauseName{44, "REQUESTED_CHAN_UNAVAIL", "Requested channel not available"},
    CauseName{50, "FACILITY_NOT_SUBSCRIBED", "Facility not subscribed"},
    CauseName{52, "OUTGOING_CALL_BARRED", "Outgoing call barred"},
    CauseName{54, "INCOMING_CALL_BARRED", "Incoming call barred"},
    CauseName{57, "BEARERCAPABILITY_NOTAUTH", "Bearer capability not authorized"},
    CauseName{58, "BEARERCAPABILITY_NOTAVAIL", "Bearer capability not available"},
    CauseName{65, "BEARERCAPABILITY_NOTIMPL", "Bearer capability not implemented"},
    CauseName{66, "CHAN_NOT_IMPLEMENTED", "Channel not implemented"},
    CauseName{69, "FACILITY_NOT_IMPLEMENTED", "Facility not implemented"},
    CauseName{81, "INVALID_CALL_REFERENCE", "Invalid call reference value"},
    CauseName{88, "INCOMPATIBLE_DESTINATION", "Incompatible destination"},
    CauseName{95, "INVALID_MSG_UNSPECIFIED", "Invalid message unspecified"},
    CauseName{96, "MANDATORY_IE_MISSING", "Mandatory information element is missing"},
    CauseName{97, "MESSAGE_TYPE_NONEXIST", "Message type nonexist."},
    CauseName{98, "WRONG_MESSAGE", "Wrong message"},
    CauseName{99, "IE_NONEXIST", "Info. element nonexist or not implemented"},
    CauseName{100, "INVALID_IE_CONTENTS", "Invalid information element contents"},
    CauseName{101, "WRONG_CALL_STATE", "Message not compatible with call state"},
    CauseName{102, "RECOVERY_ON_TIMER_EXPIRE", "Recover on timer expiry"},
    CauseName{103, "MANDATORY_IE_LENGTH_ERROR", "Mandatory IE length error"},
    CauseName{111, "PROTOCOL_ERROR", "Protocol error, unspecified"},
    CauseName{127, "INTERWORKING", "Interworking, unspecified"},
};

const CauseName& entry(HangupCause cause) {
    for (const auto& each : cause_names)
        if (each.number == static_cast<int>(cause)) return each;
    return cause_names.front();
}

}  // namespace

std::string_view to_string(HangupCause cause) { return entry(cause).text; }
std::string_view short_name(HangupCause cause) { return entry(cause).name; }

HangupCause parse_cause(std::string_view text) {
    text = trim(text);
    const auto number = parse_number<int>(text);
    for (const auto& each : cause_names)
        if (number ? each.number == *number : equals_ignoring_case(each.name, text))
            return static_cast<HangupCause>(each.number);
    return HangupCause::not_defined;
}

}  // namespace jackfield
