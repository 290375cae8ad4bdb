// The DTLS association of one component: its handshake in the pool, its keys for both directions.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/dtls.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_srtp/srtp_suite.hpp"

namespace jackfield::rtp {

// Control thread. Signatures are made on a thread of `lane`, one datagram batch after the other.
class DtlsAssociation {
  public:
    struct Keys {
        SrtpSuite suite;
        std::vector<std::uint8_t> encrypt, decrypt;  // master key and salt of our and of their direction (RFC 5764 4.2)
    };
    class User {
      public:
        virtual void send_dtls(unsigned component, std::span<const std::uint8_t> bytes) = 0;
        virtual void dtls_keyed(unsigned component, const Keys& keys) = 0;
        // The handshake failed, or the certificate is another one than described. It will not go on.
        virtual void dtls_failed(unsigned component, const std::string& why) = 0;
        virtual void dtls_closed(unsigned component) = 0;  // the far side has ended it

      protected:
        ~User() = default;
    };
    struct Settings {
        std::shared_ptr<const DtlsContext> context;
        DtlsSession::Role role = DtlsSession::Role::server;
        std::vector<Fingerprint> fingerprints;  // one is to fit; empty: any certificate will do
    };
    static constexpr std::size_t most_waiting = 16;  // datagrams; more are dropped

    DtlsAssociation(User& user, unsigned component, Settings settings, Lane& lane, Gate& gate);
    ~DtlsAssociation();
    DtlsAssociation(const DtlsAssociation&) = delete;
    DtlsAssociation& operator=(const DtlsAssociation&) = delete;

    void start();  // there is a way to the far side: a client begins
    void receive(std::vector<std::uint8_t> datagram);
    bool connected() const { return connected_; }
    bool failed() const { return failed_; }

  private:
    struct Job;
    void work();
    void worked(Job& job);

    User& user_;
    const unsigned component_;
    Lane& lane_;
    std::shared_ptr<Job> job_;  // with the pool while busy_
    std::vector<std::vector<std::uint8_t>> waiting_;
    Timer again_;
    bool busy_ = false, started_ = false, start_ = false, repeat_ = false, connected_ = false, failed_ = false;
};

}  // namespace jackfield::rtp
