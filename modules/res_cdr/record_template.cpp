// Templates over records.
#include "modules/res_cdr/record_template.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/strings.hpp"
#include "core/dialplan/arguments.hpp"
#include "modules/res_cdr/text_file.hpp"

namespace jackfield {
namespace {

constexpr std::array<std::string_view, 5> known_functions_of_records{"CDR", "CSV_QUOTE", "QUOTE", "CHANNEL", "CALLERID"};

// What CHANNEL() and CALLERID() of Asterisk's event mappings name, and where a CEL record has it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> event_items{{
    {"name", "cid_name"}, {"num", "cid_num"}, {"ANI", "cid_ani"}, {"RDNIS", "cid_rdnis"}, {"DNID", "cid_dnid"},
}};

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

class RecordSource final : public VariableSource {
  public:
    RecordSource(const Record& record, const RecordTime& style) : record_(record), style_(style) {}

    std::optional<std::string> variable(std::string_view name) override {
        if (equals_ignoring_case(name, "BRIDGEPEER")) name = "peer";
        if (equals_ignoring_case(name, "eventextra")) name = "extra";
        return record_text(record_, name, style_, {});
    }
    Result<std::string> call_function(std::string_view name, std::string_view text) override {
        if (equals_ignoring_case(name, "CSV_QUOTE")) return csv_quoted(text);
        if (equals_ignoring_case(name, "QUOTE")) return quoted(text);
        const Arguments arguments{std::string(text)};
        if (equals_ignoring_case(name, "CDR")) return record_text(record_, arguments[0], style_, arguments[1]);
        for (const auto& [item, field] : event_items)
            if (equals_ignoring_case(item, arguments[0])) return std::string(record_.get(field));
        return std::string(record_.get(arguments[0]));
    }
    void warn(std::string_view) override {}

  private:
    const Record& record_;
    const RecordTime& style_;
};

}  // namespace

RecordTemplate::RecordTemplate(std::string_view text, const ConfigEntry& entry, Diagnostics& findings) {
    std::vector<std::string> problems;
    std::vector<Template::FunctionCall> calls;
    template_ = Template::compile(text, &problems);
    for (const std::string& problem : problems) findings.error(entry.place(), "{}: {}", entry.key, problem);
    template_.collect_functions(calls);
    const std::vector<std::string> known(known_functions_of_records.begin(), known_functions_of_records.end());
    for (const auto& [name, arguments] : calls) {
        if (std::ranges::any_of(known, [&](const auto& each) { return equals_ignoring_case(each, name); })) continue;
        const auto near = nearest_word(name, known);
        findings.error(entry.place(), "{}: the function {} is not at hand where records are written; there are {}{}", entry.key, name,
                       join(known, ", "), near ? "; did you mean " + *near + "?" : std::string());
    }
}

std::string RecordTemplate::fill(const Record& record, const RecordTime& style) const {
    RecordSource source(record, style);
    return template_.evaluate(source).value_or(std::string());
}

}  // namespace jackfield
