// func_odbc.conf: the table of options.
#include "modules/func_odbc/settings.hpp"

#include <algorithm>

namespace jackfield::func_odbc {
namespace {

Result<void> set_databases(std::vector<std::string>& list, std::string_view value) {
    list.clear();
    for (const std::string_view name : split_list(value)) list.emplace_back(name);
    if (list.empty()) return fail(ErrorCode::invalid, "a section of res_odbc.conf is expected");
    return {};
}

const Options<Definition>& definition_options() {
    using D = Definition;
    using O = Option<D>;
    static const Options<D> options{
        {"dsn",
         [](D& d, std::string_view value, const ConfigEntry&) -> Result<void> {
             JF_TRY(set_databases(d.read_from, value));
             return set_databases(d.write_to, value);
         },
         "", "Sections of res_odbc.conf, tried in order, for reading and writing"},
        {"readhandle", [](D& d, std::string_view value, const ConfigEntry&) { return set_databases(d.read_from, value); }, "",
         "The same for reading only"},
        {"writehandle", [](D& d, std::string_view value, const ConfigEntry&) { return set_databases(d.write_to, value); }, "",
         "The same for writing only"},
        {"readsql", &D::read, "", "The statement of ${FUNCTION(...)}; ${ARG1} and so on are what stands in the parentheses"},
        {"writesql", &D::write, "", "The statement of Set(FUNCTION(...)=...); ${VALUE} is the value, ${VAL1} and so on its parts"},
        {"insertsql", &D::insert, "", "What is done when writesql changed no row"},
        {"prefix", &D::prefix, "ODBC", "What stands before the section's name, with _ between; empty: nothing"},
        {"escapecommas", &D::escape_commas, true, "Put backslashes before commas and backslashes of columns"},
        {"mode",
         [](D& d, std::string_view value, const ConfigEntry&) -> Result<void> {
             if (!value.empty() && !equals_ignoring_case(value, "multirow")) return fail(ErrorCode::invalid, "expected multirow, or nothing");
             d.several_rows = !value.empty();
             return {};
         },
         "", "multirow: reading gives a number for ODBC_FETCH"},
        {"rowlimit", &D::most_rows, 0, Range{0, 1000000}, "Rows that multirow keeps at most; 0: 10000"},
        {"minargs", &D::least_arguments, 0, Range{0, 100}, "With fewer arguments the function fails"},
        {"syntax", &D::syntax, "", "Arguments, for `core show function`"},
        {"synopsis", &D::synopsis, "", "What it does, for `core show function`"},
        O::alias("read", "readsql"),
        O::alias("write", "writesql"),
        O::alias("insert", "insertsql"),
    };
    return options;
}

}  // namespace

std::vector<Definition> read_definitions(const ConfigFile& file, Diagnostics& findings) {
    std::vector<Definition> list;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "general")) {
            for (const ConfigEntry& entry : category.entries())
                if (!equals_ignoring_case(entry.key, "single_db_connection"))
                    findings.error(entry.place(), "[general] has no option {}", entry.key);
            continue;
        }
        Definition definition = definition_options().read(category, findings);
        definition.name = to_upper(definition.prefix.empty() ? std::string(category.name()) : fmt::format("{}_{}", definition.prefix, category.name()));
        if (definition.read.empty() && definition.write.empty())
            findings.error(category.place(), "[{}] needs readsql or writesql", category.name());
        if (!definition.read.empty() && definition.read_from.empty())
            findings.error(category.place(), "[{}] needs dsn or readhandle, a section of res_odbc.conf", category.name());
        if (!definition.write.empty() && definition.write_to.empty())
            findings.error(category.place(), "[{}] needs dsn or writehandle, a section of res_odbc.conf", category.name());
        if (std::ranges::any_of(list, [&](const Definition& other) { return other.name == definition.name; }))
            findings.error(category.place(), "the function {} stands in this file twice", definition.name);
        list.push_back(std::move(definition));
    }
    return list;
}

}  // namespace jackfield::func_odbc
