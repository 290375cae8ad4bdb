// The service interface of res_cdr: how the columns of a database's table get their values from records.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield {

enum class ColumnKind : unsigned char { text, whole, fraction, time };
struct TableColumn {
    std::string name;
    ColumnKind kind = ColumnKind::text;
    std::size_t longest = 0;           // characters; 0: no limit
};

// What a configuration says of a table's columns: `alias src => source` writes a field into a column of another name, `static
// "text" => column` the same text into each row.
struct ColumnMapping {
    std::map<std::string, std::string, CaseInsensitiveLess> field_of;  // by column
    std::map<std::string, std::string, CaseInsensitiveLess> fixed;     // by column
    // One line of the file; false: it is neither of them.
    bool read(const ConfigEntry& entry);
};

// The value of a column: the field of its name (calldate is start), numbers for what is counted, nothing for a time that is
// not set, empty text of a number, and a column that the record has nothing for. Text is cut to what fits.
std::optional<std::string> column_value(const Record& record, const TableColumn& column, const ColumnMapping& mapping,
                                        const RecordTime& time);
// Whether records can have anything for the column: an unknown one keeps its default.
bool column_wanted(const TableColumn& column, const ColumnMapping& mapping);

// The number of the advisory lock that a writer holds in PostgreSQL while a transaction of its records is under way: the same after
// a restart, another one for other tables and on other machines, which need not wait for us.
std::int64_t writer_lock(std::string_view table);

}  // namespace jackfield
