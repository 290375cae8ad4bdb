// HTTP requests, by Boost.Beast's parser: the one file that includes it.
#include "modules/res_http/request_reader.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace jackfield::http {

namespace beast = boost::beast::http;

class RequestReader::Parser final : public beast::basic_parser<true> {
  public:
    using View = boost::beast::string_view;
    using ErrorOut = boost::beast::error_code;

    explicit Parser(const RequestLimits& limits) : limits_(limits) {
        header_limit(static_cast<std::uint32_t>(limits.header));
        body_limit(limits.body);
        eager(true);
    }
    HttpRequest request;

  private:
    void on_request_impl(beast::verb, View method, View target, int version, ErrorOut&) override {
        request.method = std::string_view(method.data(), method.size());
        request.target = std::string_view(target.data(), target.size());
        request.version_1_0 = version == 10;
    }
    void on_response_impl(int, View, int, ErrorOut&) override {}
    void on_field_impl(beast::field, View name, View value, ErrorOut& error) override {
        if (request.headers.size() >= limits_.headers)
            error = beast::error::header_limit;
        else
            request.headers.emplace_back(std::string_view(name.data(), name.size()),
                                         std::string_view(value.data(), value.size()));
    }
    void on_header_impl(ErrorOut&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorOut&) override {}
    std::size_t on_body_impl(View bytes, ErrorOut&) override {
        request.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, ErrorOut&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View bytes, ErrorOut& error) override {
        return on_body_impl(bytes, error);
    }
    void on_finish_impl(ErrorOut&) override {}

    const RequestLimits limits_;
};

namespace {

// What ends a chunked body at least: "0\r\n\r\n".
constexpr std::size_t shortest_chunked_end = 5;

unsigned status_of(const boost::beast::error_code& error) {
    if (error == beast::error::header_limit) return 431;
    if (error == beast::error::body_limit) return 413;
    if (error == beast::error::bad_version) return 505;
    return 400;
}

// "GET http://host/path?query" too (RFC 9112 3.2.2). False when it is none of the forms that have a path.
bool split_target(HttpRequest& request) {
    std::string_view target = request.target;
    if (request.method == "OPTIONS" && target == "*") {
        request.path = "*";
        return true;
    }
    for (const std::string_view scheme : {"http://", "https://"})
        if (starts_with_ignoring_case(target, scheme)) {
            const std::size_t slash = target.find('/', scheme.size());
            target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
            break;
        }
    if (!target.starts_with('/')) return false;
    target = target.substr(0, target.find('#'));
    const Halves halves = split_once(target, '?');
    request.path = halves.first;
    request.query = halves.second;
    return true;
}

}  // namespace

RequestReader::RequestReader(RequestLimits limits) : limits_(limits), parser_(std::make_unique<Parser>(limits)) {}
RequestReader::~RequestReader() = default;

void RequestReader::feed(std::string_view bytes) { buffer_.append(bytes); }

bool RequestReader::in_body() const { return parser_->is_header_done(); }

bool RequestReader::take_expectation() {
    if (told_to_continue_ || !in_body() || !buffer_.empty() || !parser_->request.body.empty() ||
        !equals_ignoring_case(parser_->request.header("Expect"), "100-continue"))
        return false;
    told_to_continue_ = true;
    return true;
}

Result<std::optional<HttpRequest>> RequestReader::next() {
    if (broken_) return fail(ErrorCode::closed, "nothing is read after an error");
    const auto refuse = [&](unsigned status, ErrorCode code, std::string_view why) {
        broken_ = true;
        status_ = status;
        return fail(code, "HTTP request: {}", why);
    };
    if (!parser_->got_some())  // empty lines before a request are passed over (RFC 9112 2.2)
        buffer_.erase(0, std::min(buffer_.find_first_not_of("\r\n"), buffer_.size()));
    while (!buffer_.empty() && !parser_->is_done()) {
        // Beast 1.81 asserts that it is not asked again with less once it has seen "0\r\n" (boostorg/beast basic_parser.ipp).
        if (parser_->is_header_done() && parser_->chunked() && buffer_.size() < shortest_chunked_end) break;
        boost::beast::error_code error;
        const std::size_t taken = parser_->put(boost::asio::const_buffer(buffer_.data(), buffer_.size()), error);
        buffer_.erase(0, taken);
        if (error == beast::error::need_more || (!error && taken == 0)) break;
        if (error)
            return refuse(status_of(error), status_of(error) == 400 ? ErrorCode::invalid : ErrorCode::limit,
                          error.message());
    }
    if (!parser_->is_done()) {
        if (buffer_.size() <= limits_.header) return std::nullopt;  // in a body: of the line before a chunk
        return refuse(431, ErrorCode::limit, "a line or the headers are too long");
    }
    HttpRequest request = std::move(parser_->request);
    request.keep_alive = parser_->keep_alive();
    parser_ = std::make_unique<Parser>(limits_);
    told_to_continue_ = false;
    if (!split_target(request)) return refuse(400, ErrorCode::invalid, "the target has no path");
    if (!request.version_1_0 && request.header("Host").empty())
        return refuse(400, ErrorCode::invalid, "there is no Host header");
    return request;
}

}  // namespace jackfield::http
