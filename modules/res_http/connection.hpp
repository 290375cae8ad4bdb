// One client's connection: requests in, answers out, until it is handed over or ends.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "modules/res_http/http.hpp"
#include "modules/res_http/request_reader.hpp"
#include "modules/res_http/settings.hpp"

namespace jackfield::http {

std::string_view reason_phrase(unsigned status);

// Runs on its own fiber. Answers one request at a time; what a client sends ahead waits in its socket, but for one
// read.
class Connection final : public HttpExchange {
  public:
    Connection(std::unique_ptr<Stream> stream, bool secure, const Settings& settings);

    // Waits for the next request. False: the client has gone, was silent for too long, or broke the rules and was told.
    Result<bool> receive();
    // After an answer to a broken request: waits a moment for the client to have read it, since closing with bytes
    // unread resets the connection.
    void linger();
    bool goes_on() const { return stream_ && keep_alive_; }
    bool answered() const { return answered_; }
    bool handed_over() const { return !stream_; }
    unsigned status() const { return status_; }
    std::size_t bytes_sent() const { return bytes_sent_; }
    void strip_prefix(std::size_t size) { request_.path.erase(0, size); }
    const SocketAddress& peer() const { return peer_; }

    const HttpRequest& request() const override { return request_; }
    Result<void> respond(HttpResponse response) override;
    Result<void> begin(HttpResponse head) override;
    Result<void> write(std::string_view part) override;
    Result<void> end() override;
    Result<std::unique_ptr<WebSocket>> upgrade_to_websocket(std::string_view protocol,
                                                            std::size_t message_limit) override;

  private:
    std::string head(const HttpResponse& response, std::string_view framing);
    Result<void> send(std::string_view bytes);
    Result<std::size_t> read_more(Instant deadline, bool idle);

    std::unique_ptr<Stream> stream_;
    const bool secure_;
    const SocketAddress peer_, local_;
    const Settings& settings_;  // the server's: a reload changes it
    RequestReader reader_;
    std::string bytes_;  // one read
    HttpRequest request_;
    bool keep_alive_ = true, answered_ = false, chunked_ = false;
    unsigned status_ = 0;
    std::size_t bytes_sent_ = 0;
};

}  // namespace jackfield::http
