// Dialogs (RFC 3261 section 12): who talks to whom, by which route, with which numbers. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/stack/flow.hpp"
#include "channels/sip/stack/identity_table.hpp"
#include "channels/sip/stack/message.hpp"
#include "channels/sip/stack/message_writer.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

class DialogTable;

// One dialog. Owned by whoever uses it (a call, a subscription); in a DialogTable while it can be met.
class Dialog : public IdentityNode {
  public:
    enum class Role : std::uint8_t { uac, uas };
    enum class State : std::uint8_t { early, confirmed };

    // On receiving a request that makes a dialog; `local_tag` is that of our responses. Errors: invalid (no usable
    // Contact or Record-Route: 400).
    static Result<Dialog> from_request(const Message& request, std::string_view local_tag);
    // On receiving a response with a To tag to such a request of ours. Errors: invalid (the same; drop or BYE it).
    static Result<Dialog> from_response(const Message& response);

    ~Dialog();
    Dialog(Dialog&& other) noexcept;  // only while it is in no table
    Dialog& operator=(Dialog&&) = delete;

    Role role() const { return role_; }
    State state() const { return state_; }
    const std::string& call_id() const { return call_id_; }
    const std::string& local_tag() const { return local_tag_; }
    const std::string& remote_tag() const { return remote_tag_; }             // empty: an RFC 2543 client
    const std::string& remote_target() const { return remote_target_; }       // a URI
    const std::vector<std::string>& route_set() const { return route_set_; }  // Route values, nearest first
    std::uint32_t local_cseq() const { return local_cseq_; }
    std::uint32_t remote_cseq() const { return remote_cseq_.value_or(0); }

    // A 2xx came or was sent; for a UAC the route set is taken anew from it (RFC 3261 13.2.2.4).
    void confirm() { state_ = State::confirmed; }
    void confirm(const Message& response);
    // A target refresh: the Contact of a re-INVITE or UPDATE, or of a 2xx to one, becomes the remote target. A message
    // without a usable Contact changes nothing.
    void refresh_target(const Message& message);

    // Checks a request within the dialog, ACK and CANCEL apart, and takes its number. False: out of order, answer 500
    // (RFC 3261 12.2.2).
    bool accept_cseq(const Message& request);
    // The number of the next own request; ACK and CANCEL take that of their INVITE.
    std::uint32_t next_cseq() { return ++local_cseq_; }
    // Own requests go on behind that number: after a restart, when the last one is not known.
    void resume_cseq(std::uint32_t number) { local_cseq_ = number; }

    // What has to be resolved to send a request: the first route or the remote target; a URI.
    std::string_view next_hop() const;
    // Request line, Via, Max-Forwards, From, To, Call-ID, CSeq and Route of a request (RFC 3261 12.2.1.1). Other
    // headers, Contact among them, and finish() are the caller's.
    void begin_request(MessageWriter& writer, std::string_view method, std::uint32_t cseq, std::string_view via) const;

    // From or To as the dialog's requests carry them; identity updates may change the local one (RFC 4916).
    const std::string& local_header() const { return local_header_; }
    const std::string& remote_header() const { return remote_header_; }
    void set_local_header(std::string_view name_address) { local_header_ = name_address; }

  private:
    friend class DialogTable;
    Dialog() = default;

    DialogTable* table_ = nullptr;
    Role role_ = Role::uac;
    State state_ = State::early;
    std::uint32_t local_cseq_ = 0;
    std::optional<std::uint32_t> remote_cseq_;
    std::string call_id_;
    std::string local_tag_;
    std::string remote_tag_;
    std::string local_header_;  // name-addr without tag
    std::string remote_header_;
    std::string remote_target_;
    std::vector<std::string> route_set_;
};

// Finds the dialog of a message. Dialogs leave it by themselves when they are destroyed.
class DialogTable {
  public:
    DialogTable() : hash_(KeyedHash::random_key()) {}
    ~DialogTable();
    DialogTable(const DialogTable&) = delete;
    DialogTable& operator=(const DialogTable&) = delete;

    void insert(Dialog& dialog);
    void remove(Dialog& dialog);
    // The dialog that a received request or response belongs to; null when there is none.
    Dialog* find(const Message& message) const;
    // By its parts, as Replaces, Join and Target-Dialog name it: `local_tag` is ours.
    Dialog* find(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag) const;
    std::size_t size() const { return table_.size(); }

  private:
    Identity identity(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag) const;

    KeyedHash hash_;
    IdentityTable<Dialog> table_;
    mutable std::string scratch_;
};

}  // namespace jackfield::sip
