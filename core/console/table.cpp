// Aligned columns for listings.
#include "core/console/command.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {
namespace {

// Characters as a terminal counts them, near enough: UTF-8 continuation bytes take no place.
std::size_t shown_width(std::string_view text) {
    std::size_t width = 0;
    for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return width;
}

void append_cell(std::string& line, const Table::Column& column, std::string_view cell, bool last) {
    const std::size_t shown = shown_width(cell);
    const std::size_t padding = column.width > shown ? column.width - shown : 0;
    if (column.right) line.append(padding, ' ');
    line += cell;
    if (!column.right && !last) line.append(padding, ' ');
    line += last ? '\n' : ' ';
}

}  // namespace

Table::Table(Console& console, std::vector<Column> columns) : console_(console), columns_(std::move(columns)) {}

Result<void> Table::header() {
    if (std::exchange(header_written_, true)) return {};
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    return row(std::move(titles));
}

Result<void> Table::row(std::vector<std::string> cells) {
    JF_TRY(header());
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i)
        append_cell(line, columns_[i], i < cells.size() ? std::string_view(cells[i]) : std::string_view(),
                    i + 1 == columns_.size());
    JF_TRY(console_.write(line));
    // A listing of 100,000 rows must not hold up calls.
    if (on_fiber() && ++rows_ % 64 == 0) JF_TRY(yield());
    return {};
}

}  // namespace jackfield
