// res_config_curl - Realtime from web servers, by Asterisk's protocol: URL/single, multi, store, update, destroy, static, require.
#include "core/module/realtime.hpp"
#include "core/sdk.hpp"
#include "modules/res_curl/http_client.hpp"
#include "modules/res_http/http.hpp"

using namespace jackfield;

namespace {

std::string form_of(const RealtimeFields& fields) {
    std::string text;
    for (const auto& [name, value] : fields)
        text += fmt::format("{}{}={}", text.empty() ? "" : "&", percent_encode(name), percent_encode(value));
    return text;
}

RealtimeFields fields_of(std::span<const RealtimeCondition> conditions) {
    RealtimeFields fields;
    for (const RealtimeCondition& condition : conditions) fields.emplace_back(condition.field, condition.value);
    return fields;
}

// A web server; its address says all, so extconfig.conf's table means nothing.
class Server final : public RealtimeConnection {
  public:
    Server(HttpClient& client, std::string url) : client_(client), url_(std::move(url)) {}

    Result<std::vector<RealtimeRow>> select(const std::string&, std::span<const RealtimeCondition> conditions, std::size_t most) override {
        // A whole file is asked for by its name only.
        const bool file = conditions.size() == 1 && conditions[0].field == "filename";
        const std::string answer = file ? JF_TRY(ask("/static?file=" + percent_encode(conditions[0].value), {}))
                                        : JF_TRY(ask(most == 1 ? "/single" : "/multi", form_of(fields_of(conditions))));
        std::vector<RealtimeRow> rows;
        for (const std::string_view line : split(answer, '\n')) {
            if (trim(line).empty()) continue;
            if (rows.size() >= most) break;
            rows.push_back(parse_form(trim(line)));
        }
        return rows;
    }
    Result<std::uint64_t> update(const std::string&, std::span<const RealtimeCondition> conditions, const RealtimeFields& values) override {
        return change("/update?" + form_of(fields_of(conditions)), form_of(values));
    }
    Result<std::uint64_t> store(const std::string&, const RealtimeFields& values) override { return change("/store", form_of(values)); }
    Result<std::uint64_t> destroy(const std::string&, std::span<const RealtimeCondition> conditions) override {
        if (conditions.empty()) return fail(ErrorCode::invalid, "a condition is needed");
        return change("/destroy?" + form_of(fields_of(conditions.first(1))), form_of(fields_of(conditions.subspan(1))));
    }

  private:
    Result<std::string> ask(const std::string& what, std::optional<std::string> post) const {
        HttpFetch request{.url = url_ + what, .post = std::move(post), .headers = {}};
        auto answer = client_.fetch_here(request);
        if (!answer) return std::unexpected(std::move(answer).error());
        if (answer->status == 404) return std::string();  // that is how scripts say that there is nothing
        if (answer->status >= 300) return fail(ErrorCode::failed, "{} answered {}", url_ + what.substr(0, what.find('?')), answer->status);
        return std::move(answer->body);
    }
    Result<std::uint64_t> change(const std::string& what, std::string post) const {
        const std::string answer = JF_TRY(ask(what, std::move(post)));
        const auto count = parse_number<std::int64_t>(trim(answer));
        if (!count || *count < 0) return fail(ErrorCode::failed, "{} answered '{}' instead of a number of rows", url_ + what, trim(answer).substr(0, 80));
        return static_cast<std::uint64_t>(*count);
    }
    HttpClient& client_;  // its module can't be unloaded before this one
    std::string url_;
};

class Driver final : public RealtimeDriver {
  public:
    Result<Connect> open(const std::string& database) override {
        if (!starts_with_ignoring_case(database, "http://") && !starts_with_ignoring_case(database, "https://"))
            return fail(ErrorCode::not_found, "'{}' is no address of a web server: http://... is expected", database);
        const auto client = JF_TRY(find_service<HttpClient>());
        return Connect([client = &*client, url = database]() -> Result<std::unique_ptr<RealtimeConnection>> {
            return std::make_unique<Server>(*client, url);
        });
    }
};

Result<void> load(Module& module) { return module.add("curl", module.own<Driver>()); }

}  // namespace

JACKFIELD_MODULE("res_config_curl", "Realtime from web servers", load, "res_curl")
