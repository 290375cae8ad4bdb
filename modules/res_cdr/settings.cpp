// The table of cdr.conf's options.
#include "modules/res_cdr/settings.hpp"

namespace jackfield::cdr {

using namespace std::chrono_literals;

const Options<Settings>& settings_options() {
    using S = Settings;
    static const Options<S> options{
        {"enable", &S::enable, true, "Make call records at all"},
        {"channeldefaultenabled", &S::channel_default_enabled, true, "Channels have records unless CDR_PROP(disable) says otherwise"},
        {"unanswered", &S::unanswered, false, "Also record calls that reached nobody: no second channel and no answer"},
        {"congestion", &S::congestion, false, "Disposition CONGESTION for congested calls, not FAILED"},
        {"endbeforehexten", &S::end_before_h, true, "The record ends before the h extension and hang-up handlers run"},
        {"initiatedseconds", &S::initiated_seconds, false, "billsec counts a second that was begun"},
        {"ignorestatechanges", &S::ignore_state_changes, false, "Bridges make no further records (transfers, parking)"},
        {"ignoredialchanges", &S::ignore_dial_changes, false, "Dialled channels make no further records (ring groups)"},
        {"batch", &S::batch, false, "Keep records in memory and write many at once; a crash then loses those"},
        {"size", &S::size, 100, Range{1, 100000}, "Of a batch: written when it has so many records"},
        {"time", &S::time, 300s, Range{1s, 86400s}, "Of a batch: written after this time at the latest"},
        {"spoolsize", &S::spool_size, 256, Range{1, 65536},
         "MiB on disk for the records that a backend has still to get; beyond that it loses the oldest (Jackfield's own)"},
        Option<S>::ignored("safeshutdown", "a batch is always written when the daemon stops"),
        Option<S>::ignored("scheduleronly", "records are always written by threads of their own"),
    };
    return options;
}

}  // namespace jackfield::cdr
