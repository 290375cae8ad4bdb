// realtime ...: looking at the families of extconfig.conf and their rows, and changing them.
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/module/realtime.hpp"

namespace jackfield {
namespace {

Result<void> print_rows(Console& console, const std::vector<RealtimeRow>& rows) {
    if (rows.empty()) return console.write("No rows found matching search criteria.\n");
    for (const RealtimeRow& row : rows) {
        JF_TRY(console.print("{:>30}  {:<30}\n", "Column Name", "Column Value"));
        JF_TRY(console.print("{:>30}  {:<30}\n", "--------------------", "--------------------"));
        for (const auto& [name, value] : row) JF_TRY(console.print("{:>30}  {:<30}\n", name, value));
        JF_TRY(console.write("\n"));
    }
    return {};
}

Result<void> load_family(Console& console, CommandWords words) {
    if (words.size() != 3) return fail(ErrorCode::invalid, "Usage: realtime load FAMILY COLUMN VALUE");
    const auto rows = JF_TRY(realtime_load_all(words[0], {{words[1], words[2]}}));
    return print_rows(console, rows);
}

Result<void> update(Console& console, CommandWords words) {
    if (words.size() != 5)
        return fail(ErrorCode::invalid, "Usage: realtime update FAMILY MATCHCOLUMN MATCHVALUE COLUMN VALUE");
    const auto count = JF_TRY(realtime_update(words[0], {{words[1], words[2]}}, {{words[3], words[4]}}));
    return console.print("Updated {} RealTime record{}.\n", count, count == 1 ? "" : "s");
}

Result<void> store(Console& console, CommandWords words) {
    if (words.size() < 3 || words.size() % 2 == 0)
        return fail(ErrorCode::invalid, "Usage: realtime store FAMILY COLUMN VALUE [COLUMN VALUE]...");
    RealtimeFields values;
    for (std::size_t i = 1; i + 1 < words.size(); i += 2) values.emplace_back(words[i], words[i + 1]);
    const auto count = JF_TRY(realtime_store(words[0], std::move(values)));
    return console.print("Stored {} RealTime record{}.\n", count, count == 1 ? "" : "s");
}

Result<void> destroy(Console& console, CommandWords words) {
    if (words.size() != 3) return fail(ErrorCode::invalid, "Usage: realtime destroy FAMILY COLUMN VALUE");
    const auto count = JF_TRY(realtime_destroy(words[0], {{words[1], words[2]}}));
    return console.print("Removed {} RealTime record{}.\n", count, count == 1 ? "" : "s");
}

Result<void> show_drivers(Console& console, CommandWords) {
    Table table(console, {{"Family", 24}, {"Driver", 10}, {"Database", 24}, {"Table", 24}, {"Cache", 8, true}, {"Waiting", 8, true}});
    JF_TRY(table.header());
    for (const RealtimeFamilySummary& family : list_realtime())
        JF_TRY(table.row({family.family, family.driver, family.database, family.table,
                          family.expiry.count() ? fmt::format("{} s", family.expiry.count()) : std::string("-"),
                          std::to_string(family.waiting)}));
    return {};
}

Result<void> flush(Console& console, CommandWords words) {
    realtime_flush(words.empty() ? std::string_view() : std::string_view(words[0]));
    return console.write("Forgotten\n");
}

std::vector<std::string> family_names(CommandWords, std::size_t index, std::string_view) {
    std::vector<std::string> names;
    if (index == 0)
        for (const RealtimeFamilySummary& family : list_realtime()) names.push_back(family.family);
    return names;
}

}  // namespace

Result<void> add_realtime_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"realtime show", "List the realtime families", "As extconfig.conf maps them to databases."}, show_drivers));
    JF_TRY(core.add(CommandInfo{"realtime load FAMILY COLUMN VALUE", "Print rows of a realtime family",
                                "COLUMN may have an operator behind it: 'name LIKE'."},
                    load_family, family_names));
    JF_TRY(core.add(CommandInfo{"realtime update FAMILY MATCHCOLUMN MATCHVALUE COLUMN VALUE", "Change rows of a realtime family",
                                "Of every row whose MATCHCOLUMN has MATCHVALUE.", true},
                    update, family_names));
    JF_TRY(core.add(CommandInfo{"realtime store FAMILY COLUMN VALUE", "Make a row in a realtime family",
                                "Further pairs of COLUMN VALUE may follow.", true},
                    store, family_names));
    JF_TRY(core.add(CommandInfo{"realtime destroy FAMILY COLUMN VALUE", "Remove rows of a realtime family", "Those that match.", true},
                    destroy, family_names));
    return core.add(CommandInfo{"realtime flush [FAMILY]", "Forget what is cached of realtime families",
                                "Of one FAMILY, or of all."},
                    flush, family_names);
}

}  // namespace jackfield
