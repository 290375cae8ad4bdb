// HTTP digest authentication (RFC 7616, MD5 with qop=auth) with nonces that need no memory.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"

namespace jackfield::manager {

// Compares in a time that does not depend on where the first difference is; their lengths may show. Pure.
bool equal_in_constant_time(std::string_view a, std::string_view b);

using DigestFields = std::map<std::string, std::string, CaseInsensitiveLess>;
// Of an Authorization header's value; empty when it is no well-formed "Digest ...". Pure.
DigestFields parse_digest(std::string_view header);
// Whether `fields` hold the response that who knows `secret` gives. Pure.
bool digest_fits(const DigestFields& fields, std::string_view method, std::string_view realm, std::string_view secret);

// Makes nonces and knows its own: a time, and a code over it by a key of this process.
class NonceMaker {
  public:
    NonceMaker();
    std::string make(Instant now) const;
    enum class Verdict : unsigned char { good, stale, foreign };
    Verdict judge(std::string_view nonce, Instant now, std::chrono::seconds lifetime) const;

  private:
    std::string code(std::string_view time) const;
    std::array<std::uint8_t, 32> key_{};
};

}  // namespace jackfield::manager
