// Globally routable URIs of user agents (RFC 5627), as a registrar gives them. Pure but for the key; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "channels/sip/stack/uri.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {

// The public one of an instance (+sip.instance, with its quotes): "sip:alice@example.com;gr=urn:uuid:..."; empty when the
// instance is no quoted URN.
std::string public_gruu(const Uri& address_of_record, std::string_view instance);
// The instance that a public one names, with quotes and brackets as in +sip.instance; empty when it has no gr=value.
std::string instance_of_gruu(const Uri& gruu);

// The temporary ones: anonymous, two of one instance have nothing in common. What is kept is one entry for each registered
// instance, however many were given.
class TemporaryGruus {
  public:
    static constexpr std::size_t key_size = 16;
    explicit TemporaryGruus(std::array<std::uint8_t, key_size> key) : key_(key) {}

    // The user part of a new one. Those before stay good while the REGISTERs of the instance have that Call-ID (RFC 5627 5.3).
    std::string issue(std::string_view aor, std::string_view instance, std::string_view call_id);
    struct Instance {
        std::string aor, instance, call_id;
    };
    // Whose it is; null when it is none of ours, or not good any more.
    const Instance* find(std::string_view user) const;
    // The instance is not registered any more.
    void forget(std::string_view aor, std::string_view instance);
    std::size_t size() const { return instances_.size(); }

  private:
    using Block = std::array<std::uint8_t, 16>;
    Block crypt(const Block& block, bool encrypt) const;
    static std::string name(std::string_view aor, std::string_view instance);

    std::array<std::uint8_t, key_size> key_;
    std::unordered_map<std::uint32_t, Instance> instances_;
    std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> numbers_;  // by aor and instance
    std::uint32_t last_ = 0, issued_ = 0;
};

}  // namespace jackfield::sip
