// The SQL of realtime look-ups.
#include "core/module/realtime_sql.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// A table or column, its parts (schema.table) quoted each.
Result<std::string> identifier(std::string_view name) {
    const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.'; };
    if (name.empty() || name.size() > 128 || !std::ranges::all_of(name, allowed) || name.starts_with('.') ||
        name.ends_with('.') || name.contains(".."))
        return fail(ErrorCode::invalid, "'{}' is no name of a table or column", name);
    std::string quoted = "\"";
    for (const char c : name) quoted += c == '.' ? std::string("\".\"") : std::string(1, c);
    return quoted + '"';
}

class Builder {
  public:
    explicit Builder(SqlPlaceholders placeholders) : placeholders_(placeholders) {}
    Builder& add(std::string_view text) {
        command_.text += text;
        return *this;
    }
    Builder& bind(std::string value) {
        command_.values.push_back(std::move(value));
        command_.text += placeholders_ == SqlPlaceholders::numbered ? '$' + std::to_string(command_.values.size()) : "?";
        return *this;
    }
    Result<void> where(std::span<const RealtimeCondition> conditions) {
        for (const RealtimeCondition& condition : conditions) {
            add(&condition == &conditions.front() ? " WHERE " : " AND ");
            JF_TRY(compare(condition));
        }
        return {};
    }
    SqlCommand take() { return std::move(command_); }

  private:
    // "name" is "name =".
    Result<void> compare(const RealtimeCondition& condition) {
        static constexpr std::array<std::string_view, 8> operators{"=", "LIKE", "!=", "<>", "<", ">", "<=", ">="};
        const Halves halves = split_once(trim(condition.field), ' ');
        const std::string_view word = halves.found ? trim(halves.second) : "=";
        const auto known = std::ranges::find_if(operators, [&](std::string_view each) { return equals_ignoring_case(each, word); });
        if (known == operators.end()) return fail(ErrorCode::invalid, "'{}' is no comparison", word);
        const std::string column = JF_TRY(identifier(halves.first));
        add(column).add(" ").add(*known).add(" ").bind(condition.value);
        if (*known == "LIKE") add(" ESCAPE '\\'");
        return {};
    }

    const SqlPlaceholders placeholders_;
    SqlCommand command_;
};

}  // namespace

Result<SqlCommand> select_command(const std::string& table, std::span<const RealtimeCondition> conditions, std::size_t most,
                                  SqlPlaceholders placeholders) {
    Builder builder(placeholders);
    const std::string name = JF_TRY(identifier(table));
    builder.add("SELECT * FROM ").add(name);
    JF_TRY(builder.where(conditions));
    if (!conditions.empty()) {
        const std::string column = JF_TRY(identifier(split_once(trim(conditions.front().field), ' ').first));
        builder.add(" ORDER BY ").add(column);
    }
    builder.add(" LIMIT ").add(std::to_string(most));
    return builder.take();
}

Result<SqlCommand> update_command(const std::string& table, std::span<const RealtimeCondition> conditions,
                                  const RealtimeFields& values, SqlPlaceholders placeholders) {
    if (values.empty()) return fail(ErrorCode::invalid, "an update needs a value");
    Builder builder(placeholders);
    const std::string name = JF_TRY(identifier(table));
    builder.add("UPDATE ").add(name).add(" SET ");
    for (const auto& [field, value] : values) {
        const std::string column = JF_TRY(identifier(field));
        if (&field != &values.front().first) builder.add(", ");
        builder.add(column).add(" = ").bind(value);
    }
    JF_TRY(builder.where(conditions));
    return builder.take();
}

Result<SqlCommand> store_command(const std::string& table, const RealtimeFields& values, SqlPlaceholders placeholders) {
    if (values.empty()) return fail(ErrorCode::invalid, "a new row needs a value");
    Builder builder(placeholders);
    const std::string name = JF_TRY(identifier(table));
    std::string columns;
    for (const auto& [field, value] : values) {
        const std::string column = JF_TRY(identifier(field));
        columns += (columns.empty() ? "" : ", ") + column;
    }
    builder.add("INSERT INTO ").add(name).add(" (").add(columns).add(") VALUES (");
    for (const auto& [field, value] : values) {
        if (&field != &values.front().first) builder.add(", ");
        builder.bind(value);
    }
    builder.add(")");
    return builder.take();
}

Result<SqlCommand> destroy_command(const std::string& table, std::span<const RealtimeCondition> conditions,
                                   SqlPlaceholders placeholders) {
    if (conditions.empty()) return fail(ErrorCode::invalid, "removing every row of a table is refused");
    Builder builder(placeholders);
    const std::string name = JF_TRY(identifier(table));
    builder.add("DELETE FROM ").add(name);
    JF_TRY(builder.where(conditions));
    return builder.take();
}

Result<std::vector<RealtimeRow>> SqlRealtimeConnection::select(const std::string& table, std::span<const RealtimeCondition> conditions,
                                                               std::size_t most) {
    const SqlCommand command = JF_TRY(select_command(table, conditions, most, placeholders_));
    return rows(command, most);
}
Result<std::uint64_t> SqlRealtimeConnection::update(const std::string& table, std::span<const RealtimeCondition> conditions,
                                                    const RealtimeFields& values) {
    const SqlCommand command = JF_TRY(update_command(table, conditions, values, placeholders_));
    return change(command);
}
Result<std::uint64_t> SqlRealtimeConnection::store(const std::string& table, const RealtimeFields& values) {
    const SqlCommand command = JF_TRY(store_command(table, values, placeholders_));
    return change(command);
}
Result<std::uint64_t> SqlRealtimeConnection::destroy(const std::string& table, std::span<const RealtimeCondition> conditions) {
    const SqlCommand command = JF_TRY(destroy_command(table, conditions, placeholders_));
    return change(command);
}

}  // namespace jackfield
