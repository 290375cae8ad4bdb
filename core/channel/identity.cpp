// Presentation names (Q.931 octet 3a) and the `"name" <number>` notation.
#include "core/channel/identity.hpp"

#include <algorithm>
#include <array>

#include "core/base/strings.hpp"

namespace jackfield {

namespace {

struct PresentationName {
    Presentation value;
    std::string_view name;
};
constexpr std::array presentation_names{
    PresentationName{Presentation::allowed_not_screened, "allowed_not_screened"},
    PresentationName{Presentation::allowed_passed_screen, "allowed_passed_screen"},
    PresentationName{Presentation::allowed_failed_screen, "allowed_failed_screen"},
    PresentationName{Presentation::allowed, "allowed"},
    PresentationName{Presentation::prohib_not_screened, "prohib_not_screened"},
    PresentationName{Presentation::prohib_passed_screen, "prohib_passed_screen"},
    PresentationName{Presentation::prohib_failed_screen, "prohib_failed_screen"},
    PresentationName{Presentation::prohib, "prohib"},
    PresentationName{Presentation::unavailable, "unavailable"},
};

bool looks_like_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || std::string_view("+*#-.() ").contains(c);
    });
}

// Removes the quotes around a name and what escapes the quotes in it.
std::string unquote(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
    std::string result;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '\\' && i + 2 < text.size()) ++i;
        result += text[i];
    }
    return result;
}

}  // namespace

std::string_view to_string(Presentation presentation) {
    for (const auto& each : presentation_names)
        if (each.value == presentation) return each.name;
    return "unknown";
}

Result<Presentation> parse_presentation(std::string_view text) {
    const auto number = parse_number<int>(trim(text));
    for (const auto& each : presentation_names)
        if (number ? static_cast<int>(each.value) == *number : equals_ignoring_case(each.name, trim(text)))
            return each.value;
    std::vector<std::string> names;
    for (const auto& each : presentation_names) names.emplace_back(each.name);
    const auto nearest = nearest_word(text, names);
    return fail(ErrorCode::invalid, "{} is no caller presentation{}", text,
                nearest ? fmt::format("; did you mean {}?", *nearest) : "");
}

PartyId PartyId::of(std::string_view number, std::string_view name) {
    PartyId id;
    id.number.text = number;
    id.number.valid = !number.empty();
    id.name.text = name;
    id.name.valid = !name.empty();
    return id;
}

PartyId PartyId::parse(std::string_view text) {
    text = trim(text);
    const auto open = text.rfind('<');
    if (open != std::string_view::npos && text.ends_with('>')) {
        const auto number = trim(text.substr(open + 1, text.size() - open - 2));
        return of(number, unquote(trim(text.substr(0, open))));
    }
    if (looks_like_number(text)) return of(text);
    return of({}, unquote(text));
}

std::string PartyId::to_string() const {
    const bool has_name = name.valid && !name.text.empty();
    if (!number.valid || number.text.empty()) return has_name ? fmt::format("\"{}\"", name.text) : std::string();
    return has_name ? fmt::format("\"{}\" <{}>", name.text, number.text) : fmt::format("<{}>", number.text);
}

}  // namespace jackfield
