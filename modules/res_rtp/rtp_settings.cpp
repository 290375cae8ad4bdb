// rtp.conf: the table of options.
#include "modules/res_rtp/rtp_settings.hpp"

namespace jackfield::rtp {

const Options<Settings>& settings_options() {
    using namespace std::chrono_literals;
    static const char* const no_ice = "ICE, STUN and TURN are not built into this res_rtp; remove the line";
    static const Options<Settings> options{
        {"rtpstart", &Settings::first_port, 10000, Range{1024, 65534}, "First UDP port used for media"},
        {"rtpend", &Settings::last_port, 20000, Range{1025, 65535}, "Last UDP port used for media"},
        {"strictrtp", &Settings::strict, Strictness::on,
         Words<Strictness>{{"yes", Strictness::on},
                           {"no", Strictness::off},
                           {"seqno", Strictness::sequence},
                           {"true", Strictness::on},
                           {"on", Strictness::on},
                           {"1", Strictness::on},
                           {"false", Strictness::off},
                           {"off", Strictness::off},
                           {"0", Strictness::off}},
         "Learn the address that media comes from and drop packets from elsewhere"},
        {"probation", &Settings::probation, 4, Range{1, 50}, "Packets in sequence before a source is believed"},
        {"rtcpinterval", &Settings::rtcp_interval, 5000ms, Range{500ms, 60000ms}, "Mean time between RTCP reports"},
        {"dtmftimeout", &Settings::digit_timeout, 3000, Range{160, 64000},
         "A digit whose end was lost ends after this many timestamp units without a packet"},
        {"io_uring", &Settings::transport, PacketTransport::automatic,
         Words<PacketTransport>{{"auto", PacketTransport::automatic},
                                {"yes", PacketTransport::io_uring},
                                {"no", PacketTransport::epoll}},
         "Move packets in batches by io_uring instead of a system call for each (of calls that begin from now on)"},
        {"rtpchecksums", &Settings::checksums, true, "Send UDP checksums"},
        Option<Settings>::ignored("icesupport", "phones on plain UDP do not need it, and none is offered here"),
        Option<Settings>::ignored("learning_min_sequential", "it is called probation"),
        Option<Settings>::ignored("srtpreplayprotection", "no SRTP is offered here"),
        Option<Settings>::ignored("dtls_mtu", "no DTLS is offered here"),
        Option<Settings>::ignored("rtp_pt_dynamic", "payload types are settled by offer and answer"),
        Option<Settings>::absent("stunaddr", no_ice),
        Option<Settings>::absent("turnaddr", no_ice),
        Option<Settings>::absent("turnusername", no_ice),
        Option<Settings>::absent("turnpassword", no_ice),
        Option<Settings>::ignored("stun_blacklist", "no STUN is used"),
        Option<Settings>::ignored("stun_deny", "no STUN is used"),
        Option<Settings>::ignored("stun_permit", "no STUN is used"),
        Option<Settings>::ignored("ice_blacklist", "no ICE is used"),
        Option<Settings>::ignored("ice_deny", "no ICE is used"),
        Option<Settings>::ignored("ice_permit", "no ICE is used"),
    };
    return options;
}

}  // namespace jackfield::rtp
