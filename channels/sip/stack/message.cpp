// Reading the fields of a received SIP message.
#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

std::string_view Message::header(HeaderName name) const {
    const std::uint8_t index = first_[static_cast<std::size_t>(name)];
    if (index == none) return {};
    const Entry& found = entry(index);
    return view(found.value_at, found.value_size);
}

std::string_view Message::header(std::string_view name) const {
    if (const HeaderName known = find_header_name(name); known != HeaderName::unknown) return header(known);
    for (std::size_t i = first_field(HeaderName::unknown); i != npos; i = next_field(i))
        if (const Entry& found = entry(i); grammar::same_word(view(found.name_at, found.name_size), name))
            return view(found.value_at, found.value_size);
    return {};
}

HeaderField Message::field(std::size_t index) const {
    const Entry& found = entry(index);
    return {found.name, view(found.name_at, found.name_size), view(found.value_at, found.value_size)};
}

std::size_t Message::first_field(HeaderName name) const {
    const std::uint8_t index = first_[static_cast<std::size_t>(name)];
    return index == none ? npos : index;
}

std::size_t Message::next_field(std::size_t index) const {
    const std::uint8_t next = entry(index).next;
    return next == none ? npos : next;
}

bool Message::Values::next() {
    while (field_ != npos) {
        if (next_list_item(rest_, item)) return true;
        field_ = message_.next_field(field_);
        if (field_ != npos) rest_ = message_.field(field_).value;
    }
    return false;
}

bool Message::lists(HeaderName name, std::string_view token) const {
    for (Values values(*this, name); values.next();)
        if (grammar::same_word(values.item, token)) return true;
    return false;
}

std::size_t Message::memory_used() const { return sizeof(*this) + size_ + more_entries_.capacity() * sizeof(Entry); }

}  // namespace jackfield::sip
