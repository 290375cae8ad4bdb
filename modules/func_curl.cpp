// func_curl - CURL and CURLOPT: what web servers answer.
#include <filesystem>
#include <fstream>
#include <map>

#include "core/channel/per_call.hpp"
#include "core/dialplan/dialplan_only.hpp"
#include "core/sdk.hpp"
#include "modules/res_curl/http_client.hpp"
#include "modules/res_http/http.hpp"

using namespace jackfield;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_file = 64 << 20;

constexpr FunctionInfo curl_info{
    .name = "CURL",
    .syntax = "CURL(url[,post-data])",
    .synopsis = "What a web server answers",
    .text = "A GET, or with post-data a POST of a form; http, https, ftp and ftps. At most 1 MiB, a line's end at the end is left out. Empty "
            "when the server is away, does not answer in time, or answers with one of CURLOPT(failurecodes); the log says why. The call "
            "waits, nothing else does; CURLOPT sets time limits and more. Set(CURL(url)=file) writes the answer to a file, up to 64 MiB; the file "
            "is there when it is complete, and stays as it was otherwise; that is for the dialplan only, unless live_dangerously is set."};
constexpr FunctionInfo option_info{
    .name = "CURLOPT",
    .syntax = "CURLOPT(key)",
    .synopsis = "Options for CURL in this call",
    .text = "Keys: conntimeout, dnstimeout, httptimeout, ftptimeout (seconds), followlocation, maxredirs, header (the answer's head too), "
            "httpheader (Name: value, may be set again to add one), useragent, userpwd (user:password), referer, cookie, proxy, proxyport, "
            "proxytype (http, socks4, socks5), proxyuserpwd, ftptext, ssl_verifypeer, ssl_verifyhost, failurecodes (a list of HTTP codes), "
            "hashcompat (yes: the answer is a form, taken apart for HASH(); legacy: the same with + left as it is)."};

struct CurlOptions {
    std::map<std::string, std::string, CaseInsensitiveLess> values;  // as they were set
    HttpFetch request{.url = {}, .post = {}, .headers = {}};
    std::vector<long> failure_codes;
    enum class Hash : unsigned char { no, yes, legacy } hash = Hash::no;
};

Result<void> set_time(std::chrono::milliseconds& time, std::string_view value) {
    const auto parsed = parse_duration(value, 1s);
    if (!parsed || *parsed < 1ms || *parsed > 1h) return fail(ErrorCode::invalid, "'{}' is no time from 0.001 to 3600 seconds", value);
    time = std::chrono::ceil<std::chrono::milliseconds>(*parsed);
    return {};
}
Result<void> set_switch(bool& flag, std::string_view value) {
    const auto on = parse_bool(value);
    if (!on && !parse_number<long>(value)) return fail(ErrorCode::invalid, "'{}' is neither 1 nor 0", value);
    flag = on.value_or(parse_number<long>(value).value_or(0) != 0);
    return {};
}
Result<void> set_number(unsigned& number, std::string_view value, unsigned most) {
    const auto parsed = parse_number<unsigned>(value);
    if (!parsed || *parsed > most) return fail(ErrorCode::invalid, "'{}' is no number up to {}", value, most);
    number = *parsed;
    return {};
}
Result<void> set_failure_codes(CurlOptions& options, std::string_view value) {
    options.failure_codes.clear();
    for (const std::string_view part : split_list(value)) {
        const auto code = parse_number<long>(part);
        if (!code) return fail(ErrorCode::invalid, "'{}' is no HTTP code", part);
        options.failure_codes.push_back(*code);
    }
    return {};
}
Result<void> set_hash(CurlOptions& options, std::string_view value) {
    using enum CurlOptions::Hash;
    options.hash = equals_ignoring_case(value, "legacy") ? legacy : parse_bool(value).value_or(false) ? yes : no;
    return {};
}

using Set = Result<void> (*)(CurlOptions&, std::string_view);
const std::map<std::string_view, Set, CaseInsensitiveLess>& option_table() {
    static const std::map<std::string_view, Set, CaseInsensitiveLess> table{
        {"conntimeout", [](CurlOptions& o, std::string_view v) { return set_time(o.request.connect_limit, v); }},
        {"dnstimeout", [](CurlOptions& o, std::string_view v) { return set_time(o.request.connect_limit, v); }},
        {"httptimeout", [](CurlOptions& o, std::string_view v) { return set_time(o.request.time_limit, v); }},
        {"ftptimeout", [](CurlOptions& o, std::string_view v) { return set_time(o.request.time_limit, v); }},
        {"followlocation", [](CurlOptions& o, std::string_view v) { return set_switch(o.request.follow, v); }},
        {"maxredirs", [](CurlOptions& o, std::string_view v) { return set_number(o.request.most_redirections, v, 100); }},
        {"header", [](CurlOptions& o, std::string_view v) { return set_switch(o.request.with_head, v); }},
        {"httpheader", [](CurlOptions& o, std::string_view v) -> Result<void> {
             if (o.request.headers.size() >= 50) return fail(ErrorCode::limit, "there are 50 headers already");
             o.request.headers.emplace_back(v);
             return {};
         }},
        {"useragent", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.user_agent = v; return {}; }},
        {"userpwd", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.user_password = v; return {}; }},
        {"referer", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.referer = v; return {}; }},
        {"cookie", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.cookie = v; return {}; }},
        {"proxy", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.proxy = v; return {}; }},
        {"proxyport", [](CurlOptions& o, std::string_view v) { return set_number(o.request.proxy_port, v, 65535); }},
        {"proxytype", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.proxy_type = v; return {}; }},
        {"proxyuserpwd", [](CurlOptions& o, std::string_view v) -> Result<void> { o.request.proxy_user_password = v; return {}; }},
        {"ftptext", [](CurlOptions& o, std::string_view v) { return set_switch(o.request.ftp_text, v); }},
        {"ssl_verifypeer", [](CurlOptions& o, std::string_view v) { return set_switch(o.request.verify_peer, v); }},
        {"ssl_verifyhost", [](CurlOptions& o, std::string_view v) { return set_switch(o.request.verify_host, v); }},
        {"failurecodes", set_failure_codes},
        {"hashcompat", set_hash},
    };
    return table;
}

Result<std::string> read_option(PerCall<CurlOptions>& calls, Channel* channel, const Arguments& arguments) {
    if (!option_table().contains(arguments[0])) return fail(ErrorCode::invalid, "CURLOPT has no key '{}'", arguments[0]);
    const CurlOptions* options = calls.find(channel);
    const auto found = options ? options->values.find(std::string(arguments[0])) : decltype(options->values.find(""))();
    return options && found != options->values.end() ? found->second : std::string();
}

Result<void> write_option(PerCall<CurlOptions>& calls, Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "CURLOPT needs a channel");
    const auto found = option_table().find(arguments[0]);
    if (found == option_table().end()) return fail(ErrorCode::invalid, "CURLOPT has no key '{}'", arguments[0]);
    CurlOptions& options = calls.of(channel);
    JF_TRY(found->second(options, value));
    options.values[std::string(arguments[0])] = value;
    return {};
}

// A form as values for HASH(), whose names are left in ~ODBCFIELDS~.
std::string taken_apart(Channel* channel, const std::string& body, bool plus_is_blank) {
    std::string names, values;
    for (const std::string_view part : split(body, '&')) {
        const Halves halves = split_once(part, '=');
        const std::string_view separator = names.empty() ? "" : ",";
        names += separator;
        names += url_decode(halves.first, plus_is_blank).value_or(std::string(halves.first));
        values += separator;
        for (const char c : url_decode(halves.second, plus_is_blank).value_or(std::string(halves.second))) {
            if (c == ',' || c == '"' || c == '\\') values += '\\';
            values += c;
        }
    }
    if (channel) channel->set_variable("~ODBCFIELDS~", names);
    return values;
}

CurlOptions options_of(PerCall<CurlOptions>& calls, const Channel* channel) {
    const CurlOptions* own = calls.find(channel);
    return own ? *own : CurlOptions();
}

Result<HttpFetched> fetch_answer(const CurlOptions& options, HttpFetch request) {
    const std::string url = request.url;
    const auto client = JF_TRY(find_service<HttpClient>());
    HttpFetched answer = JF_TRY(client->fetch(std::move(request)));
    for (const long code : options.failure_codes)
        if (code == answer.status) return fail(ErrorCode::failed, "{} answered {}", url, code);
    return answer;
}

// Beside the file first, so that whoever reads it never sees half of it.
Result<void> write_file(const std::string& path, const std::string& body) {
    const std::string part = path + ".part";
    std::error_code error;
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(body.data(), static_cast<std::streamsize>(body.size()));
    file.close();
    if (file) std::filesystem::rename(part, path, error);
    if (file && !error) return {};
    std::filesystem::remove(part, error);
    return fail(ErrorCode::failed, "CURL can't write {}", path);
}

Result<void> fetch_to_file(PerCall<CurlOptions>& calls, Channel* channel, const Arguments& arguments, std::string_view path) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "CURL needs an address");
    if (trim(path).empty()) return fail(ErrorCode::invalid, "Set(CURL({})=...) needs the path of a file", arguments[0]);
    const CurlOptions options = options_of(calls, channel);
    HttpFetch request = options.request;
    request.url = arguments[0];
    request.body_limit = longest_file;
    HttpFetched answer = JF_TRY(fetch_answer(options, std::move(request)));
    return offload([path = std::string(trim(path)), body = std::move(answer.body)] { return write_file(path, body); });
}

Result<std::string> fetch(PerCall<CurlOptions>& calls, Channel* channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "CURL needs an address");
    const CurlOptions options = options_of(calls, channel);
    HttpFetch request = options.request;
    request.url = arguments[0];
    if (arguments.size() > 1) request.post = arguments.rest(1);
    HttpFetched answer = JF_TRY(fetch_answer(options, std::move(request)));
    if (answer.body.ends_with('\n')) answer.body.pop_back();
    if (answer.body.ends_with('\r')) answer.body.pop_back();
    if (options.hash == CurlOptions::Hash::no) return std::move(answer.body);
    return taken_apart(channel, answer.body, options.hash == CurlOptions::Hash::yes);
}

Result<void> load(Module& module) {
    auto& calls = module.own<PerCall<CurlOptions>>();
    JF_TRY(module.add(curl_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) { return fetch(calls, channel, arguments); },
                                               [&calls](Channel* channel, const Arguments& arguments, std::string_view value) {
                                                   return fetch_to_file(calls, channel, arguments, value);
                                               }}));
    JF_TRY(module.add(DialplanOnly{"CURL", FunctionUse::write}));
    return module.add(option_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) { return read_option(calls, channel, arguments); },
                                                [&calls](Channel* channel, const Arguments& arguments, std::string_view value) {
                                                    return write_option(calls, channel, arguments, value);
                                                }});
}

}  // namespace

JACKFIELD_MODULE("func_curl", "What web servers answer", load, "res_curl")
