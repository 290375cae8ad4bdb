// res_curl - Requests to web servers by libcurl: time limits, bounded answers, threads of its own for each host.
#include <curl/curl.h>

#include <map>
#include <memory>

#include "core/module/keep_library.hpp"
#include "core/sdk.hpp"
#include "modules/res_curl/http_client.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t most_hosts = 64;       // with threads of their own; those beyond share some
constexpr unsigned threads_of_a_host = 4;
constexpr std::size_t most_waiting = 256;    // requests for a host

struct CleanUp {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

struct Body {
    std::string text;
    std::size_t limit;
    bool too_long = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
    auto& body = *static_cast<Body*>(into);
    if (body.text.size() + size * count > body.limit) {
        body.too_long = true;
        return 0;
    }
    body.text.append(data, size * count);
    return size * count;
}

curl_proxytype proxy_type(std::string_view name) {
    if (equals_ignoring_case(name, "socks4")) return CURLPROXY_SOCKS4;
    if (equals_ignoring_case(name, "socks5")) return CURLPROXY_SOCKS5;
    return CURLPROXY_HTTP;
}

void set_options(CURL* handle, const HttpFetch& request) {
    const auto text = [&](CURLoption option, const std::string& value) {
        if (!value.empty()) curl_easy_setopt(handle, option, value.c_str());
    };
    const auto number = [&](CURLoption option, long value) { curl_easy_setopt(handle, option, value); };
    text(CURLOPT_URL, request.url);
    text(CURLOPT_PROTOCOLS_STR, "http,https,ftp,ftps");
    text(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    number(CURLOPT_NOSIGNAL, 1);
    number(CURLOPT_CONNECTTIMEOUT_MS, request.connect_limit.count());
    number(CURLOPT_TIMEOUT_MS, request.time_limit.count());
    number(CURLOPT_FOLLOWLOCATION, request.follow ? 1 : 0);
    number(CURLOPT_MAXREDIRS, static_cast<long>(request.most_redirections));
    number(CURLOPT_HEADER, request.with_head ? 1 : 0);
    number(CURLOPT_SSL_VERIFYPEER, request.verify_peer ? 1 : 0);
    number(CURLOPT_SSL_VERIFYHOST, request.verify_host ? 2 : 0);
    number(CURLOPT_TRANSFERTEXT, request.ftp_text ? 1 : 0);
    text(CURLOPT_USERAGENT, request.user_agent);
    text(CURLOPT_USERPWD, request.user_password);
    text(CURLOPT_REFERER, request.referer);
    text(CURLOPT_COOKIE, request.cookie);
    text(CURLOPT_PROXY, request.proxy);
    text(CURLOPT_PROXYUSERPWD, request.proxy_user_password);
    number(CURLOPT_PROXYTYPE, proxy_type(request.proxy_type));
    if (request.proxy_port) number(CURLOPT_PROXYPORT, static_cast<long>(request.proxy_port));
    if (request.post) {
        number(CURLOPT_POST, 1);
        number(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.post->size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.post->c_str());
    }
}

ErrorCode code_of(CURLcode code) {
    switch (code) {
        case CURLE_URL_MALFORMAT: case CURLE_UNSUPPORTED_PROTOCOL: return ErrorCode::invalid;
        case CURLE_OPERATION_TIMEDOUT: return ErrorCode::timeout;
        case CURLE_REMOTE_ACCESS_DENIED: case CURLE_LOGIN_DENIED: case CURLE_REMOTE_FILE_NOT_FOUND: return ErrorCode::failed;
        default: return ErrorCode::closed;
    }
}

// "https://crm.example.com:8443"; empty when the URL has no host.
std::string host_of(const std::string& address) {
    const std::unique_ptr<CURLU, CleanUp> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, address.c_str(), CURLU_GUESS_SCHEME) != CURLUE_OK) return {};
    std::string host;
    for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
        char* found = nullptr;
        if (curl_url_get(url.get(), part, &found, CURLU_DEFAULT_PORT) == CURLUE_OK && found) host += std::string(found) + " ";
        curl_free(found);
    }
    return host;
}

class Client final : public HttpClient {
  public:
    explicit Client(Module& module) : module_(module) {}

    Result<HttpFetched> fetch(HttpFetch request) override {
        const std::string host = host_of(request.url);
        if (host.empty()) return fail(ErrorCode::invalid, "'{}' is no address of a web server", request.url);
        Lane& lane = lane_of(host);
        const RunningGate in(&module_.gate());  // the job holds it, also when nobody waits any more
        return offload_detached(lane, [this, request = std::move(request)] { return fetch_here(request); });
    }

    Result<HttpFetched> fetch_here(const HttpFetch& request) override {
        const std::unique_ptr<CURL, CleanUp> handle(curl_easy_init());
        if (!handle) return fail(ErrorCode::failed, "libcurl does not start");
        std::unique_ptr<curl_slist, CleanUp> headers;
        for (const std::string& header : request.headers) {
            if (header.find_first_of("\r\n") != std::string::npos) return fail(ErrorCode::invalid, "a header can't have several lines");
            headers.reset(curl_slist_append(headers.release(), header.c_str()));
        }
        Body body{.text = {}, .limit = request.body_limit};
        char reason[CURL_ERROR_SIZE] = "";
        set_options(handle.get(), request);
        curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, reason);
        curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &body);
        const CURLcode code = curl_easy_perform(handle.get());
        if (body.too_long) return fail(ErrorCode::limit, "the answer is longer than {} bytes", request.body_limit);
        if (code != CURLE_OK) return fail(code_of(code), "{}", *reason ? reason : curl_easy_strerror(code));
        HttpFetched fetched{.status = 0, .body = std::move(body.text)};
        curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &fetched.status);
        return fetched;
    }

  private:
    Lane& lane_of(const std::string& host) {
        const std::string& key = lanes_.contains(host) || lanes_.size() < most_hosts ? host : others_;
        auto& lane = lanes_[key];
        if (!lane) lane = std::make_unique<Lane>("curl " + key, threads_of_a_host, most_waiting);
        return *lane;
    }
    Module& module_;
    const std::string others_ = "others";
    std::map<std::string, std::unique_ptr<Lane>> lanes_;  // for as long as the module; their threads sleep
};

Result<void> load(Module& module) {
    // Its own libraries (GnuTLS or OpenSSL, Kerberos, ...) have functions that run at the end of threads.
    JF_TRY(keep_library(reinterpret_cast<const void*>(&curl_easy_init)));
    JF_TRY(offload([]() -> Result<void> {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail(ErrorCode::failed, "libcurl does not start");
        return {};
    }));
    return module.provide<HttpClient>(module.own<Client>(module));
}

}  // namespace

JACKFIELD_MODULE("res_curl", "Requests to web servers", load)
