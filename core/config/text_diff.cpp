// Differences between two texts, line by line.
#include "core/config/text_diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace jackfield {
namespace {

using Lines = std::vector<std::string_view>;
constexpr std::size_t context_lines = 3;
constexpr std::size_t most_cells = 4'000'000;  // of the table of common lines

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return lines;
}

// One line of the result: kept (in both), removed or added.
struct Edit {
    char sign;
    std::string_view line;
};

// The middle part, by the longest common subsequence; a table of 16 bit would overflow only beyond most_cells.
void compare(std::span<const std::string_view> a, std::span<const std::string_view> b, std::vector<Edit>& edits) {
    if (a.size() * b.size() > most_cells) {
        for (const auto line : a) edits.push_back({'-', line});
        for (const auto line : b) edits.push_back({'+', line});
        return;
    }
    const std::size_t width = b.size() + 1;
    std::vector<std::uint32_t> common((a.size() + 1) * width, 0);
    for (std::size_t i = a.size(); i-- > 0;)
        for (std::size_t j = b.size(); j-- > 0;)
            common[i * width + j] = a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                                                 : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
    std::size_t i = 0, j = 0;
    while (i < a.size() || j < b.size()) {
        if (i < a.size() && j < b.size() && a[i] == b[j]) {
            edits.push_back({' ', a[i++]});
            ++j;
        } else if (j == b.size() || (i < a.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
            edits.push_back({'-', a[i++]});
        } else {
            edits.push_back({'+', b[j++]});
        }
    }
}

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
    std::size_t head = 0, tail = 0;
    const std::size_t shorter = std::min(a.size(), b.size());
    while (head < shorter && a[head] == b[head]) ++head;
    while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < head; ++i) edits.push_back({' ', a[i]});
    compare(std::span(a).subspan(head, a.size() - head - tail), std::span(b).subspan(head, b.size() - head - tail), edits);
    for (std::size_t i = a.size() - tail; i < a.size(); ++i) edits.push_back({' ', a[i]});
    return edits;
}

// Lines [begin, end) of the edits that belong together, with their context.
void write_hunk(const std::vector<Edit>& edits, std::size_t begin, std::size_t end, std::size_t old_line,
                std::size_t new_line, std::string& out) {
    std::size_t old_count = 0, new_count = 0;
    for (std::size_t i = begin; i < end; ++i) {
        old_count += edits[i].sign != '+';
        new_count += edits[i].sign != '-';
    }
    out += fmt::format("@@ -{},{} +{},{} @@\n", old_count ? old_line : old_line - 1, old_count,
                       new_count ? new_line : new_line - 1, new_count);
    for (std::size_t i = begin; i < end; ++i) {
        out += edits[i].sign;
        out += edits[i].line;
        out += '\n';
    }
}

}  // namespace

std::string text_diff(std::string_view old_text, std::string_view new_text, std::string_view before,
                      std::string_view after) {
    if (old_text == new_text) return {};
    const Lines a = lines_of(old_text), b = lines_of(new_text);
    const std::vector<Edit> edits = edits_of(a, b);
    std::string out = fmt::format("--- {}\n+++ {}\n", before, after);
    std::size_t old_line = 1, new_line = 1;
    for (std::size_t i = 0; i < edits.size();) {
        if (edits[i].sign == ' ') {
            ++old_line, ++new_line, ++i;
            continue;
        }
        // To the last change that has no more than two contexts of kept lines before it.
        std::size_t last = i;
        for (std::size_t j = i; j < edits.size() && j - last <= 2 * context_lines; ++j)
            if (edits[j].sign != ' ') last = j;
        const std::size_t lead = std::min(i, context_lines);
        const std::size_t end = std::min(edits.size(), last + 1 + context_lines);
        write_hunk(edits, i - lead, end, old_line - lead, new_line - lead, out);
        for (; i < end; ++i) {
            old_line += edits[i].sign != '+';
            new_line += edits[i].sign != '-';
        }
    }
    return out;
}

}  // namespace jackfield
