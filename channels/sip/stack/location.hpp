// The registrar's data: which contacts an address of record has (RFC 3261 section 10.3, RFC 3327, RFC 5626). Pure: time
// comes in as an argument. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/stack/flow.hpp"
#include "channels/sip/stack/identity_table.hpp"
#include "channels/sip/stack/message.hpp"
#include "channels/sip/stack/message_writer.hpp"
#include "core/base/clock.hpp"

namespace jackfield::sip {

// What pjsip.conf says of one address of record (type=aor).
struct RegistrationLimits {
    unsigned max_contacts = 0;        // 0: nobody may register
    bool remove_existing = false;     // a new contact beyond the maximum pushes out the one that expires first
    bool remove_unavailable = false;  // contacts that did not answer their qualification go first, or alone
    std::chrono::seconds minimum_expiration{60};
    std::chrono::seconds maximum_expiration{7200};
    std::chrono::seconds default_expiration{3600};
};

// What a binding is made of; views that binding copies.
struct BindingFields {
    std::string_view contact;  // URI as registered
    std::string_view call_id;
    std::string_view path;  // Route values to put before requests (RFC 3327), comma-separated; may be empty
    std::string_view user_agent;
    std::string_view instance;  // +sip.instance (RFC 5626), with its quotes; may be empty
    std::uint32_t reg_id = 0;   // RFC 5626; 0: none
    std::uint32_t cseq = 0;
    std::uint16_t q = 1000;  // thousandths
    Flow flow;               // where the REGISTER came from
};

class LocationTable;

// One contact of an address of record: a few words and one piece of memory for all its texts.
class Binding {
  public:
    std::string_view aor() const;
    std::string_view contact() const { return text(0); }
    std::string_view call_id() const { return text(1); }
    std::string_view path() const { return text(2); }
    std::string_view user_agent() const { return text(3); }
    std::string_view instance() const { return text(4); }
    std::uint32_t reg_id() const { return reg_id_; }
    // By one of several flows of its user agent: requests go by that flow alone (RFC 5626).
    bool outbound() const { return reg_id_ != 0; }
    // What tells it from the others of its address of record: the contact, or instance and reg-id.
    std::string key() const;
    std::uint32_t cseq() const { return cseq_; }
    std::uint16_t q() const { return q_; }
    const Flow& flow() const { return flow_; }
    Instant expires() const { return expires_; }
    std::chrono::seconds remaining(Instant now) const;

    // Whether the contact answers its qualification; set by whoever qualifies.
    bool available() const { return available_; }
    void set_available(bool available) { available_ = available; }

    std::size_t memory_used() const;

  private:
    friend class LocationTable;
    struct Record;
    std::string_view text(unsigned index) const;
    void set(const BindingFields& fields, Instant expires);

    Record* record_ = nullptr;
    Binding** place_ = nullptr;  // in the calendar
    Binding* next_ = nullptr;
    std::unique_ptr<char[]> texts_;
    std::array<std::uint16_t, 5> ends_{};  // of each text
    std::uint16_t q_ = 1000;
    bool available_ = true;
    std::uint32_t cseq_ = 0;
    std::uint32_t reg_id_ = 0;
    Instant expires_{};
    Flow flow_;
};

enum class Unbound : std::uint8_t { removed, expired, replaced };

// Told of each change, while it happens: it may look but not touch the table.
class LocationListener {
  public:
    virtual void on_bound(const Binding& binding, bool refreshed) = 0;
    virtual void on_unbound(const Binding& binding, Unbound why) = 0;

  protected:
    ~LocationListener() = default;
};

struct RegisterResult {
    int status = 200;                      // 400, 403, 423, 439, 500 when nothing was changed
    std::string_view reason;               // a literal; empty: the usual one
    std::chrono::seconds min_expires{0};   // of a 423
    std::vector<const Binding*> bindings;  // all that the address of record has now; valid until the next change
    bool outbound = false;                 // a flow was registered as RFC 5626 has it: the response requires that
    std::string path;                      // to be told to a client that supports Path (RFC 3327 5.3)
};

class LocationTable {
  public:
    explicit LocationTable(Instant now, LocationListener* listener = nullptr);
    ~LocationTable();
    LocationTable(const LocationTable&) = delete;
    LocationTable& operator=(const LocationTable&) = delete;

    // Carries out a REGISTER that was authenticated, for the address of record `aor` (any key; the To header is not
    // looked at). All of its contacts are taken or none.
    RegisterResult process(std::string_view aor, const RegistrationLimits& settings, const Message& request,
                           const Flow& from, Instant now);
    // Writes Contact, Path and Require of the 200, or Min-Expires of a 423. `parameters`: more of a contact, with the semicolon.
    using ContactParameters = std::function<std::string(const Binding&)>;
    static void write(MessageWriter& writer, const RegisterResult& result, Instant now, const ContactParameters& parameters = {});

    // The contacts of an address of record that have not expired, highest q first.
    std::vector<const Binding*> find(std::string_view aor, Instant now) const;
    Binding* find(std::string_view aor, std::string_view key) const;  // by Binding::key(); null when absent
    bool has_instance(std::string_view aor, std::string_view instance, Instant now) const;

    // Puts a binding in as it was stored before a restart.
    void restore(std::string_view aor, const BindingFields& fields, Instant expires);
    void remove(Binding& binding);
    // Takes out what has expired, at most `most` bindings; true when there is more to do at once. Call every second.
    bool expire(Instant now, std::size_t most = 1000);

    std::size_t bindings() const { return bindings_; }
    std::size_t addresses() const { return records_.size(); }
    template <class Use>  // use(const Binding&), in no order; must not change the table
    void for_each(Use&& use) const {
        for (const Binding* const slot : calendar_)
            for (const Binding* binding = slot; binding != nullptr; binding = binding->next_) use(*binding);
    }

  private:
    using Record = Binding::Record;
    struct Update;
    // A slot for each second, gone round like a clock's face: a binding beyond the horizon is met and left alone.
    static constexpr std::size_t calendar_size = 4096;

    Record* record(std::string_view aor) const;
    Record& make_record(std::string_view aor);
    std::int64_t second_of(Instant when) const;
    void schedule(Binding& binding);
    void unschedule(Binding& binding);
    void take_out(Binding& binding, Unbound why);
    RegisterResult read(std::string_view aor, const RegistrationLimits& settings, const Message& request,
                        std::vector<Update>& updates) const;
    bool make_room(std::string_view aor, const RegistrationLimits& settings, const std::vector<Update>& updates,
                   std::vector<Binding*>& victims) const;

    LocationListener* listener_;
    KeyedHash hash_;
    IdentityTable<Record> records_;
    std::vector<Binding*> calendar_;
    Instant start_;
    std::int64_t swept_ = 0;  // the last second that was cleared
    std::size_t bindings_ = 0;
};

}  // namespace jackfield::sip
