// func_realtime - REALTIME, REALTIME_FIELD, REALTIME_HASH, REALTIME_STORE, REALTIME_DESTROY.
#include "core/dialplan/dialplan_only.hpp"
#include "core/module/realtime.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo realtime_info{
    .name = "REALTIME",
    .syntax = "REALTIME(family,fieldmatch[,matchvalue[,delim1|field[,delim2]]])",
    .synopsis = "Read or change a row of a realtime family",
    .text = "Reads: the row of the family (extconfig.conf) whose column fieldmatch has matchvalue, as name and value joined by "
            "delim2 (=), the columns by delim1 (,). Set(REALTIME(family,fieldmatch,matchvalue,field)=value) changes a column. "
            "Nothing when there is no such row; a database that is away is told in the log."};
constexpr FunctionInfo field_info{.name = "REALTIME_FIELD",
                                  .syntax = "REALTIME_FIELD(family,fieldmatch,matchvalue,fieldname)",
                                  .synopsis = "One column of a row of a realtime family",
                                  .text = "Empty when there is no such row or column."};
constexpr FunctionInfo hash_info{
    .name = "REALTIME_HASH",
    .syntax = "REALTIME_HASH(family,fieldmatch,matchvalue)",
    .synopsis = "A row of a realtime family for HASH()",
    .text = "The values joined by commas; Set(HASH(row)=${REALTIME_HASH(family,fieldmatch,matchvalue)}) then has them by their "
            "columns' names, which are left in the variable ~ODBCFIELDS~."};
constexpr FunctionInfo store_info{
    .name = "REALTIME_STORE",
    .syntax = "REALTIME_STORE(family,field1[,field2...])",
    .synopsis = "Make a row in a realtime family",
    .text = "Set(REALTIME_STORE(family,field1,field2)=value1,value2). REALTIMECOUNT has the number of rows made, -1 on failure."};
constexpr FunctionInfo destroy_info{
    .name = "REALTIME_DESTROY",
    .syntax = "REALTIME_DESTROY(family,fieldmatch[,matchvalue[,delim1[,delim2]]])",
    .synopsis = "Remove the rows of a realtime family that match",
    .text = "As a reading it gives the row as it was and removes it; Set(REALTIME_DESTROY(family,fieldmatch,matchvalue)=) only "
            "removes it. Reading is for the dialplan only, unless live_dangerously is set."};

std::string or_default(std::string_view text, std::string_view otherwise) {
    return std::string(text.empty() ? otherwise : text);
}

Result<std::vector<RealtimeCondition>> match_of(const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1)) return fail(ErrorCode::invalid, "a family and the column to match are needed");
    return std::vector<RealtimeCondition>{{std::string(arguments[1]), std::string(arguments[2])}};
}

std::string row_text(const RealtimeRow& row, const std::string& between, const std::string& equals) {
    std::string text;
    for (const auto& [name, value] : row) text += (text.empty() ? "" : between) + name + equals + value;
    return text;
}

Result<std::string> read_row(Channel*, const Arguments& arguments) {
    auto match = JF_TRY(match_of(arguments));
    const auto row = JF_TRY(realtime_load(arguments[0], std::move(match)));
    if (!row) return std::string();
    return row_text(*row, or_default(arguments[3], ","), or_default(arguments[4], "="));
}

Result<void> write_row(Channel*, const Arguments& arguments, std::string_view value) {
    auto match = JF_TRY(match_of(arguments));
    if (!arguments.has(3)) return fail(ErrorCode::invalid, "REALTIME needs the column to set");
    RealtimeFields values;
    values.emplace_back(arguments[3], value);
    JF_TRY(realtime_update(arguments[0], std::move(match), std::move(values)));
    return {};
}

Result<std::string> read_field(Channel*, const Arguments& arguments) {
    auto match = JF_TRY(match_of(arguments));
    if (!arguments.has(3)) return fail(ErrorCode::invalid, "REALTIME_FIELD needs the column to read");
    const auto row = JF_TRY(realtime_load(arguments[0], std::move(match)));
    if (row)
        for (const auto& [name, value] : *row)
            if (equals_ignoring_case(name, arguments[3])) return value;
    return std::string();
}

// A value as HASH() takes it apart again.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || c == '"' || c == ',') text += '\\';
        text += c;
    }
    return text;
}

Result<std::string> read_hash(Channel* channel, const Arguments& arguments) {
    auto match = JF_TRY(match_of(arguments));
    const auto row = JF_TRY(realtime_load(arguments[0], std::move(match)));
    if (!row) return std::string();
    std::string names, values;
    for (const auto& [name, value] : *row) {
        names.append(names.empty() ? "" : ",").append(name);
        values.append(&name == &row->front().first ? "" : ",").append(escaped(value));
    }
    if (channel) channel->set_variable("~ODBCFIELDS~", names);
    return values;
}

Result<void> store(Channel* channel, const Arguments& arguments, std::string_view value) {
    const std::vector<std::string> values = split_arguments(value);
    if (arguments.size() < 2 || values.size() + 1 != arguments.size())
        return fail(ErrorCode::invalid, "REALTIME_STORE needs as many values as columns");
    RealtimeFields fields;
    for (std::size_t i = 0; i < values.size(); ++i) fields.emplace_back(arguments[i + 1], values[i]);
    const auto count = realtime_store(arguments[0], std::move(fields));
    if (channel) channel->set_variable("REALTIMECOUNT", count ? std::to_string(*count) : "-1");
    if (!count) return std::unexpected(count.error());
    return {};
}

Result<std::string> read_and_destroy(Channel* channel, const Arguments& arguments) {
    std::string text = JF_TRY(read_row(channel, arguments));
    auto match = JF_TRY(match_of(arguments));
    JF_TRY(realtime_destroy(arguments[0], std::move(match)));
    return text;
}

Result<void> destroy(Channel*, const Arguments& arguments, std::string_view) {
    auto match = JF_TRY(match_of(arguments));
    JF_TRY(realtime_destroy(arguments[0], std::move(match)));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(realtime_info, FunctionBody{read_row, write_row}));
    JF_TRY(module.add(field_info, FunctionBody{read_field}));
    JF_TRY(module.add(hash_info, FunctionBody{read_hash}));
    JF_TRY(module.add(store_info, FunctionBody{nullptr, store}));
    JF_TRY(module.add(DialplanOnly{"REALTIME_DESTROY", FunctionUse::read}));
    return module.add(destroy_info, FunctionBody{read_and_destroy, destroy});
}

}  // namespace

JACKFIELD_MODULE("func_realtime", "Functions of realtime families", load)
