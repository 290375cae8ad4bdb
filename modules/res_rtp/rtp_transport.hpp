// The service interface of res_rtp: what lies below the media of a session, ICE (RFC 8445) and DTLS-SRTP (RFC 5763, RFC 5764).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/dtls.hpp"
#include "modules/res_rtp/ice.hpp"

namespace jackfield {

// What the far side described of its transport.
struct RtpRemoteTransport {
    bool ice = false;                           // false: it has none, media goes to the address in c= and m=
    bool ice_lite = false;
    IceCredentials credentials;
    std::vector<IceCandidate> candidates;
    bool dtls = false;
    bool verify_fingerprint = true;
    std::vector<Fingerprint> fingerprints;      // one of them is to fit
    bool rtcp_mux = false;                      // agreed upon
};

// Of sessions whose options asked for ICE or DTLS. Control thread; nothing waits. No media passes before there are keys, and
// none before a pair of candidates is selected.
class RtpTransport {
  public:
    virtual ~RtpTransport() = default;

    virtual bool has_ice() const = 0;
    virtual bool has_dtls() const = 0;
    // What is to be described. Candidates of RTCP are among them unless `rtcp_mux` is certain.
    virtual const IceCredentials& credentials() const = 0;
    virtual std::vector<IceCandidate> candidates(bool rtcp_mux) const = 0;
    virtual bool ice_lite() const = 0;
    virtual Fingerprint fingerprint(FingerprintHash hash) const = 0;
    // New credentials for the next description: the far side has new ones, or media is to find another way (RFC 8445 9).
    virtual void restart_ice() = 0;

    // Calls `done` when all candidates are known that there will be, at once if they are; it takes 400 ms at most, with a TURN
    // server 1,200 ms.
    virtual void when_gathered(std::function<void()> done) = 0;
    virtual bool gathered() const = 0;
    // Called when that is so, and again for each candidate that is found later: what was described before is to be added to.
    virtual void on_late_candidates(std::function<void()> more) = 0;

    // After each exchange of offer and answer. `offered`: the last offer of the call's first exchange was ours, so we control.
    // `active`: we begin the DTLS handshake (a=setup:active). An association goes on while the role and the fingerprints stay.
    virtual void set_remote(const RtpRemoteTransport& remote, bool offered, bool active) = 0;
    virtual void add_candidate(const IceCandidate& candidate) = 0;  // trickled (RFC 8838); of the description that holds

    // Called once when media can't pass any more: no pair works, consent has ended, the handshake failed or its certificate is
    // not the one described.
    virtual void on_failure(std::function<void(const std::string& why)> failed) = 0;
    virtual bool secured() const = 0;  // DTLS has made keys
    // For people: "ICE connected to 192.0.2.1:4000, DTLS connected (SRTP_AES128_CM_SHA1_80)".
    virtual std::string describe() const = 0;
};

}  // namespace jackfield
