// Feeds arbitrary bytes to the framing of manager requests, once cut into pieces by a length byte each and once whole: the
// requests must be the same, and within the limits. Their variables are read as Originate would.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "modules/res_manager/request_parser.hpp"

using namespace jackfield;
using namespace jackfield::manager;

namespace {

constexpr RequestLimits limits{.line = 100, .lines = 6};

void require(bool holds) {
    if (!holds) std::abort();
}

// False when the session would end here.
bool take(RequestParser& parser, std::vector<ManagerRequest::Fields>& requests) {
    for (;;) {
        auto request = parser.next();
        if (!request) return false;
        if (!*request) return true;
        (void)(*request)->action();
        (void)(*request)->variables();
        require(!(*request)->fields().empty() && (*request)->fields().size() <= limits.lines);
        ManagerFields back;
        for (const auto& [key, value] : (*request)->fields()) {
            require(key.size() + value.size() <= limits.line);
            back.add(key, value);
        }
        require(back.text().find("\r\n\r\n") == std::string::npos);
        requests.push_back((*request)->fields());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    std::string whole;
    RequestParser cut(limits);
    std::vector<ManagerRequest::Fields> of_pieces, of_whole;
    bool goes_on = true;
    for (std::size_t at = 0; at < size;) {
        const std::size_t length = std::min<std::size_t>(bytes[at] % 32, size - at - 1);
        const std::string_view piece(reinterpret_cast<const char*>(bytes) + at + 1, length);
        at += 1 + length;
        whole += piece;
        if (!goes_on) continue;
        cut.feed(piece);
        goes_on = take(cut, of_pieces);
    }
    RequestParser parser(limits);
    parser.feed(whole);
    require(take(parser, of_whole) == goes_on);
    require(of_whole == of_pieces);
    return 0;
}
