// The registrar's data (RFC 3261 section 10.3).
#include "channels/sip/stack/location.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::sip {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_contacts_in_request = 64;

// RFC 5626 section 6 for a flow, else RFC 3261 19.1.4.
bool same_contact(const Binding& binding, const Uri& uri, std::string_view instance, std::uint32_t reg_id) {
    if (reg_id != 0) return binding.reg_id() == reg_id && binding.instance() == instance;
    if (binding.contact() == uri.text) return true;
    const auto known = parse_uri(binding.contact());
    return known && equivalent(*known, uri);
}

// Of a contact that is to be a flow; 0: an ordinary one (RFC 5626 section 6: without an instance reg-id means nothing).
std::uint32_t reg_id_of(const Message& request, const Parameters& parameters) {
    if (parameters.value("+sip.instance").empty() || !request.lists(HeaderName::supported, "outbound")) return 0;
    return grammar::exact_number(parameters.value("reg-id")).value_or(0);
}

// Whether who is next to the client keeps its flow: we, or a proxy that says so in its Path.
bool first_hop_keeps_flows(const Message& request) {
    std::size_t hops = 0;
    for (Message::Values values(request, HeaderName::via); values.next();) ++hops;
    if (hops < 2) return true;
    for (Message::Values values(request, HeaderName::path); values.next();)
        if (const auto path = parse_name_address(values.item); path && path->uri.parameters.has("ob")) return true;
    return false;
}

std::string path_of(const Message& request) {
    std::string path;
    for (Message::Values values(request, HeaderName::path); values.next();) {
        if (!path.empty()) path += ", ";
        path += values.item;
    }
    return path;
}

}  // namespace

// An address of record; there while it has bindings.
struct Binding::Record : IdentityNode {
    std::string name;
    std::vector<std::unique_ptr<Binding>> bindings;
};

// One Contact of a REGISTER.
struct LocationTable::Update {
    ContactValue contact;
    std::chrono::seconds expires{0};
    Binding* existing = nullptr;
    std::uint32_t reg_id = 0;
};

std::string_view Binding::aor() const { return record_->name; }

std::string Binding::key() const { return outbound() ? fmt::format("{};reg-id={}", instance(), reg_id_) : std::string(contact()); }

std::string_view Binding::text(unsigned index) const {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return {texts_.get() + start, ends_[index] - start};
}

std::chrono::seconds Binding::remaining(Instant now) const {
    return std::max(0s, std::chrono::ceil<std::chrono::seconds>(expires_ - now));
}

void Binding::set(const BindingFields& fields, Instant expires) {
    const std::string_view parts[] = {fields.contact, fields.call_id, fields.path, fields.user_agent, fields.instance};
    std::size_t size = 0;
    std::array<std::uint16_t, 5> ends{};
    // Header fields are at most 8 KiB, so that only a path of many can reach the limit: then the rest is left out.
    for (unsigned i = 0; i < 5; ++i) {
        if (size + parts[i].size() <= 0xffff) size += parts[i].size();
        ends[i] = static_cast<std::uint16_t>(size);
    }
    auto texts = std::make_unique_for_overwrite<char[]>(size);
    for (unsigned i = 0; i < 5; ++i) {
        const std::size_t start = i == 0 ? 0 : ends[i - 1];
        std::copy_n(parts[i].data(), ends[i] - start, texts.get() + start);
    }
    texts_ = std::move(texts);
    ends_ = ends;
    q_ = fields.q;
    cseq_ = fields.cseq;
    reg_id_ = fields.reg_id;
    flow_ = fields.flow;
    expires_ = expires;
}

std::size_t Binding::memory_used() const { return sizeof(*this) + ends_.back(); }

LocationTable::LocationTable(Instant now, LocationListener* listener)
    : listener_(listener), hash_(KeyedHash::random_key()), calendar_(calendar_size), start_(now) {}

LocationTable::~LocationTable() {
    records_.for_each([this](Record& record) {
        records_.remove(record);
        delete &record;
    });
}

LocationTable::Record* LocationTable::record(std::string_view aor) const { return records_.find(hash_(aor)); }

LocationTable::Record& LocationTable::make_record(std::string_view aor) {
    if (Record* const found = record(aor)) return *found;
    auto* const made = new Record;
    made->identity = hash_(aor);
    made->name = aor;
    records_.insert(*made);
    return *made;
}

std::int64_t LocationTable::second_of(Instant when) const {
    return std::chrono::duration_cast<std::chrono::seconds>(when - start_).count();
}

void LocationTable::schedule(Binding& binding) {
    // One second later, so that the slot is cleared when all in it is over; never in a slot that was cleared already.
    const std::int64_t second = std::max(second_of(binding.expires_) + 1, swept_ + 1);
    Binding*& slot = calendar_[static_cast<std::size_t>(second) % calendar_size];
    binding.next_ = slot;
    binding.place_ = &slot;
    if (slot != nullptr) slot->place_ = &binding.next_;
    slot = &binding;
}

void LocationTable::unschedule(Binding& binding) {
    *binding.place_ = binding.next_;
    if (binding.next_ != nullptr) binding.next_->place_ = binding.place_;
    binding.place_ = nullptr;
    binding.next_ = nullptr;
}

void LocationTable::take_out(Binding& binding, Unbound why) {
    if (listener_ != nullptr) listener_->on_unbound(binding, why);
    unschedule(binding);
    Record& record = *binding.record_;
    std::erase_if(record.bindings, [&](const auto& held) { return held.get() == &binding; });
    --bindings_;
    if (!record.bindings.empty()) return;
    records_.remove(record);
    delete &record;
}

// Reads and checks the contacts; status 200 when they can be carried out.
RegisterResult LocationTable::read(std::string_view aor, const RegistrationLimits& settings, const Message& request,
                                   std::vector<Update>& updates) const {
    const Record* const known = record(aor);
    const auto stale = [&](const Binding& binding) {
        return binding.call_id() == request.call_id() && request.cseq().number < binding.cseq();
    };
    bool wildcard = false;
    std::size_t contacts = 0;
    for (Message::Values values(request, HeaderName::contact); values.next();) {
        auto contact = parse_contact(values.item);
        if (!contact) return {.status = 400, .reason = "Malformed Contact"};
        if (contact->wildcard) {
            wildcard = true;
            continue;
        }
        if (!contact->address.uri.is_sip()) return {.status = 400, .reason = "Contact is not a SIP URI"};
        if (updates.size() == most_contacts_in_request) return {.status = 400, .reason = "Too many Contacts"};
        Update update{.contact = *contact};
        const Parameters& parameters = contact->address.parameters;
        update.reg_id = reg_id_of(request, parameters);
        ++contacts;
        if (known != nullptr)
            for (const auto& binding : known->bindings)
                if (same_contact(*binding, contact->address.uri, parameters.value("+sip.instance"), update.reg_id))
                    update.existing = binding.get();
        if (update.existing != nullptr && stale(*update.existing))
            return {.status = 500, .reason = "CSeq out of order"};

        const auto asked = contact->expires ? contact->expires : request.expires();
        update.expires = asked ? std::chrono::seconds(*asked) : settings.default_expiration;
        if (update.expires > 0s && update.expires < settings.minimum_expiration)
            return {.status = 423, .min_expires = settings.minimum_expiration};
        update.expires = std::min(update.expires, settings.maximum_expiration);
        // Of a contact that stands twice in one request the last mention counts.
        std::erase_if(updates, [&](const Update& earlier) {
            return (update.existing != nullptr && earlier.existing == update.existing) ||
                   equivalent(earlier.contact.address.uri, contact->address.uri);
        });
        updates.push_back(update);
    }
    if (std::ranges::any_of(updates, [](const Update& update) { return update.reg_id != 0; })) {
        if (contacts > 1) return {.status = 400, .reason = "Several Contacts with reg-id"};
        if (!first_hop_keeps_flows(request)) return {.status = 439};
    }
    if (!wildcard) return {};
    if (!updates.empty() || request.expires() != 0u)
        return {.status = 400, .reason = "Contact * needs Expires 0 and no other Contact"};
    if (known == nullptr) return {};
    for (const auto& binding : known->bindings) {
        if (stale(*binding)) return {.status = 500, .reason = "CSeq out of order"};
        updates.push_back({.existing = binding.get()});
    }
    return {};
}

// Finds whom new contacts push out; false when there is no room for them.
bool LocationTable::make_room(std::string_view aor, const RegistrationLimits& settings,
                              const std::vector<Update>& updates, std::vector<Binding*>& victims) const {
    std::vector<Binding*> others;
    if (const Record* const known = record(aor))
        for (const auto& binding : known->bindings)
            if (std::ranges::find(updates, binding.get(), &Update::existing) == updates.end())
                others.push_back(binding.get());
    const auto wanted = static_cast<std::size_t>(
        std::ranges::count_if(updates, [](const Update& update) { return update.expires > 0s; }));
    if (wanted == 0) return true;
    if (wanted > settings.max_contacts) return false;
    const std::size_t room = settings.max_contacts - wanted;
    if (others.size() <= room) return true;
    // Those that may go, the first ones first.
    std::ranges::sort(others, [&](const Binding* a, const Binding* b) {
        if (settings.remove_unavailable && a->available() != b->available()) return !a->available();
        return a->expires() < b->expires();
    });
    for (Binding* const other : others) {
        if (others.size() - victims.size() <= room) break;
        if (settings.remove_existing || (settings.remove_unavailable && !other->available())) victims.push_back(other);
    }
    return others.size() - victims.size() <= room;
}

RegisterResult LocationTable::process(std::string_view aor, const RegistrationLimits& settings, const Message& request,
                                      const Flow& from, Instant now) {
    if (const Record* known = record(aor)) {
        std::vector<Binding*> over;
        for (const auto& binding : known->bindings)
            if (binding->expires() <= now) over.push_back(binding.get());
        for (Binding* const binding : over) take_out(*binding, Unbound::expired);
    }
    std::vector<Update> updates;
    std::vector<Binding*> victims;
    RegisterResult result = read(aor, settings, request, updates);
    if (result.status != 200) return result;
    if (!make_room(aor, settings, updates, victims)) return {.status = 403, .reason = "Too many contacts"};

    for (Binding* const victim : victims) take_out(*victim, Unbound::replaced);
    const std::string path = path_of(request);
    for (Update& update : updates) {
        if (update.expires <= 0s) {
            if (update.existing != nullptr) take_out(*update.existing, Unbound::removed);
            continue;
        }
        const Parameters& parameters = update.contact.address.parameters;
        const BindingFields fields{.contact = update.contact.address.uri.text,
                                   .call_id = request.call_id(),
                                   .path = path,
                                   .user_agent = request.header(HeaderName::user_agent),
                                   .instance = parameters.value("+sip.instance"),
                                   .reg_id = update.reg_id,
                                   .cseq = request.cseq().number,
                                   .q = update.contact.q,
                                   .flow = from};
        result.outbound = result.outbound || update.reg_id != 0;
        // Whoever listens knows bindings by their contacts.
        if (update.existing != nullptr && update.existing->contact() != fields.contact) take_out(*std::exchange(update.existing, nullptr), Unbound::replaced);
        if (update.existing == nullptr) {
            restore(aor, fields, now + update.expires);
        } else {
            unschedule(*update.existing);
            update.existing->set(fields, now + update.expires);
            schedule(*update.existing);
            if (listener_ != nullptr) listener_->on_bound(*update.existing, true);
        }
    }
    result.bindings = find(aor, now);
    if (request.lists(HeaderName::supported, "path")) result.path = path;
    return result;
}

void LocationTable::write(MessageWriter& writer, const RegisterResult& result, Instant now, const ContactParameters& parameters) {
    if (result.outbound) writer.header(HeaderName::require, "outbound");
    if (result.min_expires > 0s)
        writer.header(HeaderName::min_expires, static_cast<std::uint32_t>(result.min_expires.count()));
    if (!result.path.empty()) writer.header(HeaderName::path, result.path);
    for (const Binding* const binding : result.bindings) {
        std::string value = fmt::format("<{}>;expires={}", binding->contact(), binding->remaining(now).count());
        if (binding->q() != 1000) value += fmt::format(";q=0.{:03}", binding->q());
        if (!binding->instance().empty()) value += fmt::format(";+sip.instance={}", binding->instance());
        if (binding->reg_id() != 0) value += fmt::format(";reg-id={}", binding->reg_id());
        if (parameters) value += parameters(*binding);
        writer.header(HeaderName::contact, value);
    }
}

std::vector<const Binding*> LocationTable::find(std::string_view aor, Instant now) const {
    std::vector<const Binding*> found;
    if (const Record* const known = record(aor))
        for (const auto& binding : known->bindings)
            if (binding->expires() > now) found.push_back(binding.get());
    std::ranges::stable_sort(found, std::ranges::greater{}, &Binding::q_);
    return found;
}

Binding* LocationTable::find(std::string_view aor, std::string_view key) const {
    if (const Record* const known = record(aor))
        for (const auto& binding : known->bindings)
            if (binding->outbound() ? binding->key() == key : binding->contact() == key) return binding.get();
    return nullptr;
}

bool LocationTable::has_instance(std::string_view aor, std::string_view instance, Instant now) const {
    const Record* const known = record(aor);
    return known != nullptr && std::ranges::any_of(known->bindings, [&](const auto& binding) {
        return binding->expires() > now && binding->instance() == instance;
    });
}

void LocationTable::restore(std::string_view aor, const BindingFields& fields, Instant expires) {
    Record& record = make_record(aor);
    record.bindings.push_back(std::make_unique<Binding>());
    Binding& binding = *record.bindings.back();
    binding.record_ = &record;
    binding.set(fields, expires);
    schedule(binding);
    ++bindings_;
    if (listener_ != nullptr) listener_->on_bound(binding, false);
}

void LocationTable::remove(Binding& binding) { take_out(binding, Unbound::removed); }

bool LocationTable::expire(Instant now, std::size_t most) {
    const std::int64_t second = second_of(now);
    // After a long stop once round the calendar is enough.
    swept_ = std::max(swept_, second - static_cast<std::int64_t>(calendar_size));
    for (; swept_ < second; ++swept_) {
        Binding* binding = calendar_[static_cast<std::size_t>(swept_ + 1) % calendar_size];
        while (binding != nullptr) {
            Binding* const next = binding->next_;
            if (binding->expires_ <= now) {
                if (most-- == 0) return true;
                take_out(*binding, Unbound::expired);
            }
            binding = next;
        }
    }
    return false;
}

}  // namespace jackfield::sip
