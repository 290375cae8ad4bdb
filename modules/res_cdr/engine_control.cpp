// What the dialplan may do to records: fork, reset, variables; and listings.
#include <algorithm>

#include "core/base/strings.hpp"
#include "modules/res_cdr/engine.hpp"

namespace jackfield::cdr {
namespace {

constexpr std::size_t most_variables = 100;

void set_value(NamedValues& values, std::string_view name, std::string_view value) {
    const auto found = std::ranges::find_if(values, [&](const auto& each) { return equals_ignoring_case(each.first, name); });
    if (found != values.end())
        found->second = value;
    else if (values.size() < most_variables)
        values.emplace_back(name, value);
}

// A final record is changed only while it is the last of its chain.
bool may_change(const Party& party, const CallRecord& record) {
    return !record.final() || party.records.back().get() == &record;
}

}  // namespace

Result<void> Engine::fork(const ChannelView& channel, const ForkOptions& options) {
    Party& a = party(channel);
    if (a.records.empty()) return fail(ErrorCode::not_found, "{} has no record to fork", channel.name);
    CallRecord& original = *a.records.back();
    const RecordState state = original.state;
    CallRecord& forked = append(a);
    CallRecord& last = *a.records[a.records.size() - 2];
    forked.state = state == RecordState::finalized ? RecordState::single : state;
    forked.bridge = last.bridge;
    forked.start = last.start;
    forked.answer = last.answer;
    if (last.b && state != RecordState::finalized) set_b(forked, last.b);
    if (options.no_variables) forked.variables.clear();
    if ((options.set_answer || options.reset) && a.up) forked.answer = now_;
    if (options.reset) forked.start = now_;
    if (options.end_original)
        for (const auto& record : a.records)
            if (record.get() != &forked) finalize(*record);
    return {};
}

Result<void> Engine::reset(const ChannelView& channel, bool keep_variables) {
    Party& a = party(channel);
    for (const auto& record : a.records) {
        if (!keep_variables) {
            record->variables.clear();
            record->b_variables.clear();
        }
        record->start = now_;
        record->answer = record->end = {};
        check_answer(*record);
        if (record->final()) record->end = now_;
    }
    return {};
}

Result<void> Engine::set_disabled(const ChannelView& channel, bool disabled) {
    party(channel).disabled = disabled;
    return {};
}

Result<void> Engine::set_prefers_a(const ChannelView& channel, bool prefers) {
    party(channel).prefers_a = prefers;
    return {};
}

Result<void> Engine::set_variable(const ChannelView& channel, std::string_view name, std::string_view value) {
    Party& a = party(channel);
    for (const auto& record : a.records)
        if (may_change(a, *record)) set_value(record->variables, name, value);
    for (CallRecord* record : a.second_of) set_value(record->b_variables, name, value);
    return {};
}

Result<void> Engine::set_user_field(const ChannelView& channel, std::string_view value) {
    Party& a = party(channel);
    for (const auto& record : a.records)
        if (may_change(a, *record)) record->user_field = value;
    for (CallRecord* record : a.second_of) record->b_user_field = value;
    return {};
}

Result<Record> Engine::current(const ChannelView& channel) {
    Party& a = party(channel);
    if (a.records.empty()) return fail(ErrorCode::not_found, "{} has no record", channel.name);
    return made(*a.records.back());
}

std::vector<std::uint64_t> Engine::numbers() const {
    std::vector<std::uint64_t> list;
    for (const auto& [number, party] : parties_) list.push_back(number);
    std::ranges::sort(list);
    return list;
}

std::vector<Record> Engine::records_of(std::uint64_t number) const {
    std::vector<Record> list;
    if (const auto found = shared(number))
        for (const auto& record : found->records) list.push_back(made(*record));
    return list;
}

}  // namespace jackfield::cdr
