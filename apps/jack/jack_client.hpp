// A client of a JACK server with one port in each direction.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/media/audio_ring.hpp"
#include "core/media/even_queue.hpp"
#include "core/media/findings.hpp"

namespace jackfield::jack {

// Between libjack's real-time thread and a media thread. A quarter of a second each; what does not fit is left out.
struct Rings {
    explicit Rings(SampleRate its_rate) : rate(its_rate), said(its_rate.hz / 4), heard(its_rate.hz / 4) {}
    const SampleRate rate;
    AudioRing said, heard;  // to the port "output"; from the port "input"
};

struct ClientOptions {
    std::string server, name;             // an empty server is the default one
    std::string connect_input, connect_output;  // another's input port for our output, another's output port for our input; may be empty
};

class Client {
  public:
    // Connects to a server that runs already; `ended` is told once when it goes away. Blocks as long as the server lets it, as
    // does the destructor: in the pool. Errors: failed (no server, no such port), unsupported (its sample rate).
    static Result<std::unique_ptr<Client>> open(const ClientOptions& options, std::shared_ptr<Findings> ended);
    virtual ~Client() = default;
    virtual const std::shared_ptr<Rings>& rings() const = 0;
};

}  // namespace jackfield::jack
