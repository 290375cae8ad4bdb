// Globally routable URIs of user agents (RFC 5627).
#include "channels/sip/stack/gruu.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <cstring>
#include <memory>

namespace jackfield::sip {
namespace {

constexpr std::string_view prefix = "tgruu.";

// The URN in "<urn:...>", as +sip.instance has it.
std::string_view urn_of(std::string_view instance) {
    if (!instance.starts_with("\"<urn:") || !instance.ends_with(">\"")) return {};
    return instance.substr(2, instance.size() - 4);
}

}  // namespace

std::string public_gruu(const Uri& aor, std::string_view instance) {
    const std::string_view urn = urn_of(instance);
    if (urn.empty()) return {};
    return make_uri(aor.scheme, aor.decoded_user(), aor.bare_host(), aor.port, ";gr=" + escape_parameter(urn));
}

std::string instance_of_gruu(const Uri& gruu) {
    const std::string_view value = gruu.parameters.value("gr");
    return value.empty() ? std::string() : "\"<" + unescape(value) + ">\"";
}

std::string TemporaryGruus::name(std::string_view aor, std::string_view instance) {
    return std::string(aor).append(1, '\n').append(instance);
}

// One block of AES, so that an entry's number does not show (RFC 5627 appendix A.2).
TemporaryGruus::Block TemporaryGruus::crypt(const Block& block, bool encrypt) const {
    Block out{};
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int size = 0;
    if (context && EVP_CipherInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key_.data(), nullptr, encrypt ? 1 : 0) == 1) {
        EVP_CIPHER_CTX_set_padding(context.get(), 0);
        EVP_CipherUpdate(context.get(), out.data(), &size, block.data(), static_cast<int>(block.size()));
    }
    return out;
}

std::string TemporaryGruus::issue(std::string_view aor, std::string_view instance, std::string_view call_id) {
    std::string both = name(aor, instance);
    auto known = numbers_.find(both);
    if (known != numbers_.end() && instances_.at(known->second).call_id != call_id) {
        forget(aor, instance);
        known = numbers_.end();
    }
    if (known == numbers_.end()) {
        known = numbers_.emplace(std::move(both), ++last_).first;
        instances_.emplace(last_, Instance{std::string(aor), std::string(instance), std::string(call_id)});
    }
    Block block{};  // the zeros that are left prove it ours
    ++issued_;
    std::memcpy(block.data(), &known->second, sizeof known->second);
    std::memcpy(block.data() + sizeof known->second, &issued_, sizeof issued_);
    return std::string(prefix) + to_hex(crypt(block, true));
}

const TemporaryGruus::Instance* TemporaryGruus::find(std::string_view user) const {
    Block block{};
    if (!user.starts_with(prefix) || user.size() != prefix.size() + 2 * block.size()) return nullptr;
    user.remove_prefix(prefix.size());
    for (std::size_t i = 0; i < block.size(); ++i) {
        const char* const digits = user.data() + 2 * i;
        const auto [end, error] = std::from_chars(digits, digits + 2, block[i], 16);
        if (error != std::errc{} || end != digits + 2) return nullptr;
    }
    block = crypt(block, false);
    std::uint64_t proof = 1;
    std::memcpy(&proof, block.data() + sizeof proof, sizeof proof);
    std::uint32_t number = 0;
    std::memcpy(&number, block.data(), sizeof number);
    const auto found = proof == 0 ? instances_.find(number) : instances_.end();
    return found == instances_.end() ? nullptr : &found->second;
}

void TemporaryGruus::forget(std::string_view aor, std::string_view instance) {
    const auto known = numbers_.find(name(aor, instance));
    if (known == numbers_.end()) return;
    instances_.erase(known->second);
    numbers_.erase(known);
}

}  // namespace jackfield::sip
