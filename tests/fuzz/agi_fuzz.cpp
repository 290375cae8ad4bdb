// Feeds arbitrary bytes to the cutting of AGI commands into lines, once cut into pieces by a length byte each and once whole:
// the lines must be the same and within the limit, and so must be the words of each.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "modules/res_agi/command_line.hpp"

using namespace jackfield::agi;

namespace {

constexpr std::size_t limit = 60, most = 9;

void require(bool holds) {
    if (!holds) std::abort();
}

void take(LineCutter& cutter, std::vector<std::string>& lines) {
    while (const auto line = cutter.next()) {
        require(line->text.size() <= limit && !line->text.contains('\n') && !(line->too_long && !line->text.empty()));
        lines.push_back(line->too_long ? "\n" : line->text);
        const auto words = split_words(line->text, most);
        require(words.size() <= most);
        std::size_t letters = 0;
        for (const std::string& word : words) letters += word.size();
        require(letters <= line->text.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string whole;
    LineCutter cut(limit), uncut(limit);
    std::vector<std::string> of_pieces, of_whole;
    for (std::size_t at = 0; at < size;) {
        const std::size_t length = std::min<std::size_t>(bytes[at] % 32, size - at - 1);
        const std::string_view piece(reinterpret_cast<const char*>(bytes) + at + 1, length);
        at += 1 + length;
        whole += piece;
        cut.feed(piece);
        take(cut, of_pieces);
    }
    uncut.feed(whole);
    take(uncut, of_whole);
    require(of_whole == of_pieces);
    const auto left = cut.rest(), also_left = uncut.rest();
    require(left.has_value() == also_left.has_value());
    return 0;
}
