// res_config_ldap - Realtime in LDAP directories (res_ldap.conf; RFC 4511, filters by RFC 4515).
#include <ldap.h>

#include <algorithm>
#include <map>
#include <memory>

#include "core/module/keep_library.hpp"
#include "core/module/realtime.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr int patience = 4;  // seconds of one step of the library: less than a look-up waits

// A section of res_ldap.conf, which extconfig.conf names as the table.
struct LdapTable {
    std::map<std::string, std::string, CaseInsensitiveLess> attributes;  // by the name that realtime has for it
    std::string filter;                                                 // "(objectClass=person)"
};
struct Directory {
    std::string url, user, password;
    int version = 3;
    std::map<std::string, LdapTable, CaseInsensitiveLess> tables;
};
std::shared_ptr<const Directory>& directory() {
    static std::shared_ptr<const Directory> instance = std::make_shared<Directory>();
    return instance;
}

const Options<Directory>& general_options() {
    using D = Directory;
    using O = Option<D>;
    static const Options<D> options{
        {"url", &D::url, "", "ldap://host:389 or ldaps://host; several with blanks between are tried in order"},
        {"user", &D::user, "", "Distinguished name to log in as; empty: nobody"},
        {"pass", &D::password, "", "Its password"},
        {"protocol", &D::version, 3, Range{2, 3}, "Version of the protocol"},
        O::alias("password", "pass"),
        O::alias("version", "protocol"),
        O::absent("host", "write url = ldap://HOST:PORT instead"),
        O::absent("port", "write url = ldap://HOST:PORT instead"),
        O::ignored("basedn", "extconfig.conf has it: family => ldap,\"dc=example,dc=org\",table"),
    };
    return options;
}

std::shared_ptr<const Directory> read_directory(const ConfigFile& file, Diagnostics& findings) {
    auto made = std::make_shared<Directory>(general_options().defaults());
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "_general")) {
            general_options().apply(category, *made, findings);
            if (made->url.empty()) findings.error(category.place(), "[_general] needs url = ldap://HOST");
            continue;
        }
        LdapTable& table = made->tables[std::string(category.name())];
        for (const ConfigEntry& entry : category.entries()) {
            if (equals_ignoring_case(entry.key, "additionalFilter")) {
                const std::string_view text = trim(entry.value);
                table.filter = text.starts_with('(') ? std::string(text) : fmt::format("({})", text);
                if (std::ranges::count(table.filter, '(') != std::ranges::count(table.filter, ')'))
                    findings.error(entry.place(), "the parentheses of '{}' do not match", table.filter);
            } else if (trim(entry.value).empty()) {
                findings.error(entry.place(), "{} needs the attribute that it stands for", entry.key);
            } else {
                table.attributes[std::string(entry.key)] = std::string(trim(entry.value));
            }
        }
    }
    return made;
}

// RFC 4515 3: what would be part of the filter's own syntax; with `pattern`, the % of SQL are the * of filters.
std::string filter_value(std::string_view value, bool pattern) {
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        char c = value[i];
        if (pattern && c == '\\' && i + 1 < value.size()) {
            c = value[++i];
        } else if (pattern && c == '%') {
            text += '*';
            continue;
        }
        if (c == '*' || c == '(' || c == ')' || c == '\\' || static_cast<unsigned char>(c) < ' ')
            text += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
        else
            text += c;
    }
    return text;
}

std::string attribute_of(const LdapTable& table, std::string_view name) {
    const auto found = table.attributes.find(std::string(name));
    return found == table.attributes.end() ? std::string(name) : found->second;
}

bool is_attribute(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == ';' || c == '.' || c == '_'; });
}

// "name LIKE" and "a%" to "(cn=a*)".
Result<std::string> filter_of(const LdapTable& table, const RealtimeCondition& condition) {
    const Halves halves = split_once(trim(condition.field), ' ');
    const std::string attribute = attribute_of(table, halves.first);
    if (!is_attribute(attribute)) return fail(ErrorCode::invalid, "'{}' is no name of an attribute", attribute);
    const std::string how = to_upper(trim(halves.second));
    const std::string value = filter_value(condition.value, how.ends_with("LIKE"));
    if (how.empty() || how == "=" || how == "LIKE") {
        if (condition.value.empty()) return fmt::format("(!({}=*))", attribute);
        return fmt::format("({}={})", attribute, value);
    }
    if (how == "!=" || how == "<>" || how == "NOT LIKE")
        return condition.value.empty() ? fmt::format("({}=*)", attribute) : fmt::format("(!({}={}))", attribute, value);
    if (how == ">=" || how == "<=") return fmt::format("({}{}{})", attribute, how, value);
    if (how == ">" || how == "<") return fmt::format("(!({}{}={}))", attribute, how == ">" ? "<" : ">", value);
    return fail(ErrorCode::invalid, "there is no operator '{}'", how);
}

struct Free {
    void operator()(LDAP* ldap) const { ldap_unbind_ext_s(ldap, nullptr, nullptr); }
    void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
    void operator()(berval** values) const { ldap_value_free_len(values); }
    void operator()(BerElement* element) const { ber_free(element, 0); }
    void operator()(char* text) const { ldap_memfree(text); }
};

class Connection final : public RealtimeConnection {
  public:
    Connection(std::shared_ptr<const Directory> directory, std::string base) : directory_(std::move(directory)), base_(std::move(base)) {}

    Result<void> open() {
        LDAP* raw = nullptr;
        int code = ldap_initialize(&raw, directory_->url.c_str());
        ldap_.reset(raw);
        if (code != LDAP_SUCCESS) return failed(code);
        const timeval limit{patience, 0};
        const int client_limit = patience;
        ldap_set_option(raw, LDAP_OPT_PROTOCOL_VERSION, &directory_->version);
        ldap_set_option(raw, LDAP_OPT_NETWORK_TIMEOUT, &limit);
        ldap_set_option(raw, LDAP_OPT_TIMEOUT, &limit);
        ldap_set_option(raw, LDAP_OPT_TIMELIMIT, &client_limit);
        ldap_set_option(raw, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
        berval password{.bv_len = directory_->password.size(), .bv_val = const_cast<char*>(directory_->password.c_str())};
        code = ldap_sasl_bind_s(raw, directory_->user.empty() ? nullptr : directory_->user.c_str(), LDAP_SASL_SIMPLE, &password, nullptr, nullptr,
                                nullptr);
        if (code != LDAP_SUCCESS) return fail(ErrorCode::closed, "{}: {}", directory_->url, ldap_err2string(code));
        return {};
    }

    Result<std::vector<RealtimeRow>> select(const std::string& table, std::span<const RealtimeCondition> conditions, std::size_t most) override {
        const LdapTable& mapping = JF_TRY(find(table));
        const auto found = JF_TRY(search(mapping, conditions, most));
        std::vector<RealtimeRow> rows;
        for (LDAPMessage* entry = ldap_first_entry(ldap_.get(), found.get()); entry; entry = ldap_next_entry(ldap_.get(), entry))
            rows.push_back(row_of(mapping, entry));
        if (!conditions.empty()) {
            const std::string by(split_once(trim(conditions[0].field), ' ').first);
            const auto key = [&](const RealtimeRow& row) {
                for (const auto& [name, value] : row)
                    if (equals_ignoring_case(name, by)) return std::string_view(value);
                return std::string_view();
            };
            std::ranges::stable_sort(rows, [&](const RealtimeRow& a, const RealtimeRow& b) { return key(a) < key(b); });
        }
        return rows;
    }
    Result<std::uint64_t> update(const std::string& table, std::span<const RealtimeCondition> conditions, const RealtimeFields& values) override {
        const LdapTable& mapping = JF_TRY(find(table));
        const auto found = JF_TRY(search(mapping, conditions, 10000));
        std::uint64_t changed = 0;
        for (LDAPMessage* entry = ldap_first_entry(ldap_.get(), found.get()); entry; entry = ldap_next_entry(ldap_.get(), entry)) {
            JF_TRY(modify(mapping, entry, values));
            ++changed;
        }
        return changed;
    }
    Result<std::uint64_t> store(const std::string&, const RealtimeFields&) override {
        return fail(ErrorCode::unsupported, "entries of a directory are not made by the daemon: their names and classes are the directory's affair");
    }
    Result<std::uint64_t> destroy(const std::string&, std::span<const RealtimeCondition>) override {
        return fail(ErrorCode::unsupported, "entries of a directory are not removed by the daemon");
    }

  private:
    using Found = std::unique_ptr<LDAPMessage, Free>;

    std::unexpected<Error> failed(int code) const {
        const bool away = code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT || code == LDAP_CONNECT_ERROR || code == LDAP_UNAVAILABLE;
        return fail(away ? ErrorCode::closed : ErrorCode::failed, "{}", ldap_err2string(code));
    }
    Result<std::reference_wrapper<const LdapTable>> find(const std::string& table) const {
        const auto found = directory_->tables.find(table);
        if (found == directory_->tables.end()) return fail(ErrorCode::failed, "res_ldap.conf has no section [{}]", table);
        return std::cref(found->second);
    }
    Result<Found> search(const LdapTable& table, std::span<const RealtimeCondition> conditions, std::size_t most) const {
        std::string filter = "(&" + table.filter;
        for (const RealtimeCondition& condition : conditions) filter += JF_TRY(filter_of(table, condition));
        filter += ")";
        LDAPMessage* raw = nullptr;
        const timeval limit{patience, 0};
        const int code = ldap_search_ext_s(ldap_.get(), base_.c_str(), LDAP_SCOPE_SUBTREE, filter.c_str(), nullptr, 0, nullptr, nullptr,
                                           const_cast<timeval*>(&limit), static_cast<int>(std::min<std::size_t>(most, 100000)), &raw);
        Found found(raw);
        if (code == LDAP_NO_SUCH_OBJECT) return Found();
        if (code != LDAP_SUCCESS && code != LDAP_SIZELIMIT_EXCEEDED) return failed(code);
        return found;
    }
    // Attributes under the names that the table has for them, else under their own; several values with semicolons between.
    RealtimeRow row_of(const LdapTable& table, LDAPMessage* entry) const {
        RealtimeRow row;
        BerElement* raw = nullptr;
        std::unique_ptr<char, Free> attribute(ldap_first_attribute(ldap_.get(), entry, &raw));
        const std::unique_ptr<BerElement, Free> element(raw);
        for (; attribute; attribute.reset(ldap_next_attribute(ldap_.get(), entry, raw))) {
            const std::unique_ptr<berval*, Free> values(ldap_get_values_len(ldap_.get(), entry, attribute.get()));
            std::string text;
            for (std::size_t i = 0; values && values.get()[i]; ++i)
                text.append(i > 0 ? ";" : "").append(values.get()[i]->bv_val, values.get()[i]->bv_len);
            bool mapped = false;
            for (const auto& [name, meant] : table.attributes) {
                if (!equals_ignoring_case(meant, attribute.get())) continue;
                const bool hash = equals_ignoring_case(name, "md5secret") && starts_with_ignoring_case(text, "{md5}");
                row.emplace_back(name, hash ? text.substr(5) : text);
                mapped = true;
            }
            if (!mapped) row.emplace_back(attribute.get(), std::move(text));
        }
        return row;
    }
    Result<void> modify(const LdapTable& table, LDAPMessage* entry, const RealtimeFields& values) const {
        struct Change {
            std::string attribute;
            berval value;
            berval* list[2];
            LDAPMod modification;
        };
        std::vector<std::unique_ptr<Change>> changes;
        std::vector<LDAPMod*> list;
        for (const auto& [name, value] : values) {
            auto change = std::make_unique<Change>();
            change->attribute = attribute_of(table, name);
            change->value = {.bv_len = value.size(), .bv_val = const_cast<char*>(value.c_str())};
            change->list[0] = value.empty() ? nullptr : &change->value;  // without a value the attribute goes
            change->list[1] = nullptr;
            change->modification.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
            change->modification.mod_type = change->attribute.data();
            change->modification.mod_bvalues = change->list;
            list.push_back(&change->modification);
            changes.push_back(std::move(change));
        }
        list.push_back(nullptr);
        const std::unique_ptr<char, Free> name(ldap_get_dn(ldap_.get(), entry));
        const int code = ldap_modify_ext_s(ldap_.get(), name.get(), list.data(), nullptr, nullptr);
        if (code != LDAP_SUCCESS) return failed(code);
        return {};
    }

    std::shared_ptr<const Directory> directory_;
    std::string base_;
    std::unique_ptr<LDAP, Free> ldap_;
};

class Driver final : public RealtimeDriver {
  public:
    Result<Connect> open(const std::string& database) override {
        if (directory()->url.empty()) return fail(ErrorCode::not_found, "res_ldap.conf has no [_general] with url");
        return Connect([directory = directory(), base = database]() -> Result<std::unique_ptr<RealtimeConnection>> {
            auto connection = std::make_unique<Connection>(directory, base);
            JF_TRY(connection->open());
            return connection;
        });
    }
};

Result<void> load(Module& module) {
    JF_TRY(keep_library(reinterpret_cast<const void*>(&ldap_initialize)));  // as those that it is built on
    JF_TRY(module.add(ConfigFileSpec{.file = "res_ldap.conf", .prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [fresh = read_directory(file, findings)] { directory() = fresh; };
    }}));
    return module.add("ldap", module.own<Driver>());
}

}  // namespace

JACKFIELD_MODULE("res_config_ldap", "Realtime in LDAP directories", load)
