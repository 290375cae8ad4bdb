// The manager interface over HTTP: sessions by cookie or by digest, answers as text, HTML or XML.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/runtime/timer.hpp"
#include "modules/res_http/http.hpp"
#include "modules/res_manager/digest.hpp"
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {

class HttpFront {
  public:
    enum class Format : unsigned char { html, raw, xml };
    explicit HttpFront(Server& server);
    // /manager, /rawman, /mxml and the three of digest authentication. Errors: not_found, exists.
    Result<void> add_routes(Module& module);

  private:
    struct Entry {
        std::shared_ptr<Session> session;
        Instant last_used;
        std::uint64_t last_count = 0;    // nc of digest requests: each comes once
        std::shared_ptr<Latch> running;  // set when the request that runs has ended; null: none runs
    };
    using Entries = std::map<std::string, std::shared_ptr<Entry>, std::less<>>;

    Result<void> serve(HttpExchange& exchange, Format format, bool by_digest);
    // The session of the cookie, or a new one. Null: no more are allowed.
    std::shared_ptr<Entry> by_cookie(const HttpRequest& request, std::string& key);
    // Null: not authenticated, and that was answered.
    std::shared_ptr<Entry> by_digest(HttpExchange& exchange, std::string& key, Result<void>& answered);
    Result<std::string> run(Entry& entry, const HttpFields& fields);
    void sweep();
    void close(const std::string& key);

    Server& server_;
    NonceMaker nonces_;
    std::string realm_;
    Entries entries_;
    Timer sweeper_;
};

}  // namespace jackfield::manager
