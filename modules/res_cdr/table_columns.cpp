// Fields of records as values of columns.
#include "modules/res_cdr/table_columns.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "modules/res_cdr/backend_slot.hpp"

namespace jackfield {
namespace {

std::string_view field_of(std::string_view column, const ColumnMapping& mapping) {
    if (const auto found = mapping.field_of.find(std::string(column)); found != mapping.field_of.end()) return found->second;
    if (equals_ignoring_case(column, "calldate")) return "start";
    if (equals_ignoring_case(column, "eventextra")) return "extra";
    return column;
}

// UTF-8 is not cut within a character.
std::string cut(std::string text, std::size_t longest) {
    if (!longest) return text;
    std::size_t characters = 0, place = 0;
    for (; place < text.size(); ++place) {
        const bool begins = (static_cast<unsigned char>(text[place]) & 0xc0) != 0x80;
        if (begins && characters++ == longest) break;
    }
    text.resize(place);
    return text;
}

}  // namespace

bool ColumnMapping::read(const ConfigEntry& entry) {
    const Halves halves = split_once(entry.key, ' ');
    std::string_view what = trim(halves.second);
    if (equals_ignoring_case(halves.first, "alias") && !what.empty()) {
        field_of[std::string(entry.value)] = what;
        return true;
    }
    if (!equals_ignoring_case(halves.first, "static") || what.empty()) return false;
    if (what.size() > 1 && what.starts_with('"') && what.ends_with('"')) what = what.substr(1, what.size() - 2);
    fixed[std::string(entry.value)] = what;
    return true;
}

bool column_wanted(const TableColumn& column, const ColumnMapping& mapping) {
    // Serial keys are the database's own affair.
    return mapping.fixed.contains(column.name) || mapping.field_of.contains(column.name) ||
           (!equals_ignoring_case(column.name, "id") && !equals_ignoring_case(column.name, "AcctId"));
}

std::optional<std::string> column_value(const Record& record, const TableColumn& column, const ColumnMapping& mapping,
                                        const RecordTime& time) {
    if (const auto fixed = mapping.fixed.find(column.name); fixed != mapping.fixed.end()) return fixed->second;
    const std::string_view field = field_of(column.name, mapping);
    if (!record.has(field)) return {};
    const bool number = column.kind == ColumnKind::whole || column.kind == ColumnKind::fraction;
    std::string text = record_text(record, field, time, column.kind == ColumnKind::fraction ? "uf" : number ? "u" : "");
    if (equals_ignoring_case(field, "eventtime") && column.kind == ColumnKind::time) text = time_text(record.time(field), time);
    if (column.kind == ColumnKind::whole) text.resize(std::min(text.size(), text.find('.')));
    if (text.empty() && column.kind != ColumnKind::text) return {};
    return column.kind == ColumnKind::text ? cut(std::move(text), column.longest) : text;
}

std::int64_t writer_lock(std::string_view table) {
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const char c : fmt::format("jackfield {} {} {}", host.data(), record_log_folder(), table))
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return static_cast<std::int64_t>(hash);
}

}  // namespace jackfield
