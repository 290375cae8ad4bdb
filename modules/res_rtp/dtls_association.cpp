// The DTLS association of one component: its handshake in the pool, its keys for both directions.
#include "modules/res_rtp/dtls_association.hpp"

#include <algorithm>

#include "core/runtime/control.hpp"

namespace jackfield::rtp {
namespace {

// RFC 5764 4.1.2 and RFC 7714 14.2.
std::optional<SrtpSuite> suite_of_profile(std::uint16_t profile) {
    switch (profile) {
        case 0x0001: return SrtpSuite::aes_cm_128_hmac_sha1_80;
        case 0x0002: return SrtpSuite::aes_cm_128_hmac_sha1_32;
        case 0x0007: return SrtpSuite::aead_aes_128_gcm;
        case 0x0008: return SrtpSuite::aead_aes_256_gcm;
        default: return {};
    }
}

// RFC 5764 4.2: the keys of both, then the salts of both, client's first.
DtlsAssociation::Keys keys_of(SrtpSuite suite, const DtlsSession& session, DtlsSession::Role role) {
    const bool gcm = suite == SrtpSuite::aead_aes_128_gcm || suite == SrtpSuite::aead_aes_256_gcm;
    const std::size_t salt = gcm ? 12 : 14, key = key_size(suite) - salt;
    const auto material = session.srtp_keys(2 * (key + salt));
    DtlsAssociation::Keys keys{suite, {}, {}};
    if (material.empty()) return keys;
    const auto part = [&](bool client) {
        std::vector<std::uint8_t> one(material.begin() + static_cast<std::ptrdiff_t>(client ? 0 : key),
                                      material.begin() + static_cast<std::ptrdiff_t>((client ? 0 : key) + key));
        const auto from = material.begin() + static_cast<std::ptrdiff_t>(2 * key + (client ? 0 : salt));
        one.insert(one.end(), from, from + static_cast<std::ptrdiff_t>(salt));
        return one;
    };
    const bool client = role == DtlsSession::Role::client;
    keys.encrypt = part(client);
    keys.decrypt = part(!client);
    return keys;
}

}  // namespace

// What the pool works on. It goes back and forth; who has it is its only user.
struct DtlsAssociation::Job {
    Job(Settings its_settings, Gate::Pass its_pass)
        : pass(std::move(its_pass)), settings(std::move(its_settings)),
          session(settings.context, settings.role, [this](std::span<const std::uint8_t> bytes) { out.emplace_back(bytes.begin(), bytes.end()); }) {}

    void run() {  // pool thread
        const bool was_connected = session.state() == DtlsSession::State::connected;
        if (start) session.start();
        if (repeat) session.timed_out();
        for (const auto& datagram : in) session.receive(datagram);
        in.clear();
        if (was_connected || session.state() != DtlsSession::State::connected) return;
        const auto suite = suite_of_profile(session.srtp_profile());
        const auto fits = [this](const Fingerprint& fingerprint) { return session.peer_has(fingerprint); };
        if (!settings.fingerprints.empty() && std::ranges::none_of(settings.fingerprints, fits))
            error = "the certificate is not the one whose fingerprint was described";
        else if (!suite)
            error = "the SRTP profile is not known";
        else
            keys = keys_of(*suite, session, settings.role);
    }

    Gate::Pass pass;  // our code runs in the pool; goes last
    const Settings settings;
    DtlsAssociation* owner = nullptr;  // control thread
    bool start = false, repeat = false;
    std::vector<std::vector<std::uint8_t>> in, out;
    std::optional<Keys> keys;
    std::string error;
    DtlsSession session;
};

DtlsAssociation::DtlsAssociation(User& user, unsigned component, Settings settings, Lane& lane, Gate& gate)
    : user_(user), component_(component), lane_(lane), job_(std::make_shared<Job>(std::move(settings), gate.hold())), again_([this] {
          repeat_ = true;
          work();
      }) {
    job_->owner = this;
}

DtlsAssociation::~DtlsAssociation() { job_->owner = nullptr; }

void DtlsAssociation::start() {
    if (std::exchange(started_, true) || job_->settings.role != DtlsSession::Role::client) return;
    start_ = true;
    work();
}

void DtlsAssociation::receive(std::vector<std::uint8_t> datagram) {
    if (failed_ || waiting_.size() >= most_waiting) return;
    waiting_.push_back(std::move(datagram));
    work();
}

void DtlsAssociation::work() {
    if (busy_ || failed_) return;
    Job& job = *job_;
    job.start = std::exchange(start_, false);
    job.repeat = std::exchange(repeat_, false);
    job.in = std::exchange(waiting_, {});
    job.out.clear();
    job.keys.reset();
    busy_ = lane_.submit([shared = job_]() mutable {
        shared->run();
        // The last reference may be this one: it ends on the control thread.
        post([back = std::move(shared)] {
            const RunningGate running(back->pass.gate());
            if (back->owner) back->owner->worked(*back);
        });
    });
    if (!busy_) again_.start(std::chrono::seconds(1));  // the lane is full: as if the packets were lost
}

void DtlsAssociation::worked(Job& job) {
    busy_ = false;
    const auto keep = job_;  // what is told may destroy us
    const auto sent = std::move(job.out);
    for (const auto& datagram : sent) user_.send_dtls(component_, datagram);
    if (!job.error.empty() || job.session.state() == DtlsSession::State::failed) {
        failed_ = true;
        again_.stop();
        return user_.dtls_failed(component_, job.error.empty() ? job.session.error() : job.error);
    }
    if (job.session.state() == DtlsSession::State::closed) {
        failed_ = true;
        return user_.dtls_closed(component_);
    }
    if (const auto timeout = job.session.timeout())
        again_.start(*timeout + std::chrono::milliseconds(1));
    else
        again_.stop();
    if (job.keys) {
        connected_ = true;
        const Keys keys = std::move(*job.keys);
        user_.dtls_keyed(component_, keys);
    }
    if (keep->owner && (!waiting_.empty() || start_ || repeat_)) work();
}

}  // namespace jackfield::rtp
