// A SIP message as it was received: one owned buffer and views into it (RFC 3261 section 7). Pure; one thread at a
// time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "channels/sip/stack/headers.hpp"
#include "channels/sip/stack/uri.hpp"

namespace jackfield::sip {

// One header field: its name as written and its value, stripped, folds turned into blanks.
struct HeaderField {
    HeaderName name = HeaderName::unknown;
    std::string_view name_text;
    std::string_view value;
};

// Made by parse_message (parser.hpp) only. Moving keeps every view into it valid; copying is not possible.
class Message {
  public:
    Message() = default;
    Message(Message&& other) noexcept = default;
    Message& operator=(Message&& other) noexcept = default;

    bool is_request() const { return status_ == 0; }
    bool is_response() const { return status_ != 0; }

    // Of a request. A response has the method of its CSeq.
    Method method() const { return method_; }
    std::string_view method_name() const { return method_name_; }
    const Uri& request_uri() const { return request_uri_; }

    // Of a response; 0 for a request.
    int status() const { return status_; }
    std::string_view reason() const { return reason_; }

    // The headers that every message has; checked by the parser, so they are always there.
    const Via& top_via() const { return via_; }
    const NameAddress& from() const { return from_; }
    const NameAddress& to() const { return to_; }
    std::string_view from_tag() const { return from_.tag(); }
    std::string_view to_tag() const { return to_.tag(); }
    std::string_view call_id() const { return call_id_; }
    const CSeq& cseq() const { return cseq_; }
    unsigned max_forwards() const { return max_forwards_; }  // 70 when the header is absent

    // Value of the first field of that name; empty when absent.
    std::string_view header(HeaderName name) const;
    std::string_view header(std::string_view name) const;  // any name, letter case aside
    bool has(HeaderName name) const { return first_[static_cast<std::size_t>(name)] != none; }

    // All fields in the order of the message.
    std::size_t field_count() const { return count_; }
    HeaderField field(std::size_t index) const;
    // Index of the first field of that name, and of the next after one; npos at the end.
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    std::size_t first_field(HeaderName name) const;
    std::size_t next_field(std::size_t index) const;

    // Comma-separated values of all fields of that name: for (Values v(message, HeaderName::route); v.next();) v.item
    class Values {
      public:
        Values(const Message& message, HeaderName name) : message_(message), field_(message.first_field(name)) {
            if (field_ != npos) rest_ = message_.field(field_).value;
        }
        bool next();
        std::string_view item;

      private:
        const Message& message_;
        std::size_t field_;
        std::string_view rest_;
    };

    // True when a list of tokens (Supported, Require, Allow, ...) has this one, letter case aside.
    bool lists(HeaderName name, std::string_view token) const;
    // Expires header in seconds.
    std::optional<std::uint32_t> expires() const { return parse_delta_seconds(header(HeaderName::expires)); }

    std::string_view body() const { return body_; }
    // "application/sdp", without parameters; empty when the header is absent.
    std::string_view content_type() const { return parse_token_value(header(HeaderName::content_type)).token; }

    // The whole message as it lies in the buffer (folds are blanks).
    std::string_view text() const { return {buffer_.get(), size_}; }
    // Bytes of memory that it holds, itself included.
    std::size_t memory_used() const;

  private:
    friend class MessageParser;

    static constexpr std::uint8_t none = 0xff;  // so at most 254 fields
    static constexpr std::size_t inline_fields = 24;

    struct Entry {
        std::uint32_t name_at = 0;
        std::uint32_t value_at = 0;
        std::uint32_t value_size = 0;
        std::uint16_t name_size = 0;
        HeaderName name = HeaderName::unknown;
        std::uint8_t next = none;  // of the same name
    };

    const Entry& entry(std::size_t index) const {
        return index < inline_fields ? entries_[index] : more_entries_[index - inline_fields];
    }
    Entry& entry(std::size_t index) {
        return index < inline_fields ? entries_[index] : more_entries_[index - inline_fields];
    }
    std::string_view view(std::uint32_t at, std::uint32_t size) const { return {buffer_.get() + at, size}; }

    std::unique_ptr<char[]> buffer_;
    std::uint32_t size_ = 0;
    std::uint16_t status_ = 0;
    Method method_ = Method::unknown;
    std::uint8_t count_ = 0;
    std::uint8_t max_forwards_ = 70;
    std::array<std::uint8_t, header_name_count> first_ = filled();
    std::array<Entry, inline_fields> entries_;
    std::vector<Entry> more_entries_;  // beyond the inline ones: rare
    std::string_view method_name_;
    std::string_view reason_;
    std::string_view call_id_;
    std::string_view body_;
    Uri request_uri_;
    Via via_;
    NameAddress from_;
    NameAddress to_;
    CSeq cseq_;

    static constexpr std::array<std::uint8_t, header_name_count> filled() {
        std::array<std::uint8_t, header_name_count> array{};
        for (auto& value : array) value = none;
        return array;
    }
};

}  // namespace jackfield::sip
