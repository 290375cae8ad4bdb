// TLS handshakes on I/O threads of their own: a signature costs a millisecond, which the control thread has not. Private.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/runtime/descriptor.hpp"
#include "core/runtime/tls.hpp"
#include "core/runtime/tls_session.hpp"

namespace jackfield {

// Belongs to the control loop; made on first use. Control thread.
class TlsHandshakes {
  public:
    struct Secured {
        Descriptor descriptor;
        std::unique_ptr<TlsSession> session;
    };
    // Runs on the control thread, not on a fiber. Errors: timeout, failed (what the peer or its certificate has wrong), limit.
    using Done = std::move_only_function<void(Result<Secured>)>;

    static constexpr std::size_t kMost = 4096;  // under way at once; then the oldest gives way, so who only connects blocks nobody

    explicit TlsHandshakes(unsigned threads);
    ~TlsHandshakes();  // ends what is under way, unheard
    static TlsHandshakes& of_the_loop();

    // Never waits. `done` may be called long after whoever asked has gone.
    void start(Descriptor descriptor, std::shared_ptr<const TlsContext> context, const std::string& name,
               std::chrono::nanoseconds timeout, Done done);

  private:
    struct Job;
    class Worker;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::size_t next_ = 0;
};

}  // namespace jackfield
