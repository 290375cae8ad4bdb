// STUN messages (RFC 8489): reading and writing them.
#include "modules/res_rtp/stun_message.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>

#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {
namespace {

constexpr std::uint32_t magic_cookie = 0x2112a442;
constexpr std::size_t integrity_size = 20, fingerprint_size = 4, attribute_header = 4;
constexpr std::size_t most_unknown = 8, most_attributes = 64;
constexpr std::uint32_t fingerprint_mask = 0x5354554e;

// CRC-32 of ITU-T V.42, as FINGERPRINT has it (RFC 8489 14.7).
constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = value & 1 ? 0xedb88320 ^ value >> 1 : value >> 1;
        table[i] = value;
    }
    return table;
}();

std::uint32_t crc_32(std::span<const std::uint8_t> bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) crc = crc_table[(crc ^ byte) & 0xff] ^ crc >> 8;
    return ~crc;
}

std::array<std::uint8_t, integrity_size> hmac_sha1(std::string_view key, std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, integrity_size> digest{};
    unsigned size = 0;
    HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), digest.data(), &size);
    return digest;
}

std::uint64_t read_64(const std::uint8_t* bytes) { return std::uint64_t{read_32(bytes)} << 32 | read_32(bytes + 4); }

// RFC 8489 14.1 and 14.2; the mask is of zeros for an address in plain.
std::optional<SocketAddress> read_address(std::span<const std::uint8_t> value, std::span<const std::uint8_t, 16> mask) {
    if (value.size() < 8) return {};
    std::array<std::uint8_t, 16> host{};
    const std::size_t size = value[1] == 1 ? 4 : value[1] == 2 ? 16 : 0;
    if (size == 0 || value.size() != 4 + size) return {};
    for (std::size_t i = 0; i < size; ++i) host[i] = value[4 + i] ^ mask[i];
    const auto port = static_cast<std::uint16_t>(read_16(&value[2]) ^ read_16(mask.data()));
    if (size == 4) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        std::memcpy(&address.sin_addr, host.data(), 4);
        return SocketAddress(reinterpret_cast<const sockaddr*>(&address));
    }
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    std::memcpy(&address.sin6_addr, host.data(), 16);
    return SocketAddress(reinterpret_cast<const sockaddr*>(&address));
}

std::string_view as_text(std::span<const std::uint8_t> value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

struct Reader {
    StunMessage& message;

    void take(std::uint16_t name, std::span<const std::uint8_t> value) const {
        constexpr std::array<std::uint8_t, 16> plain{};
        const std::span<const std::uint8_t, 16> mask(message.bytes.data() + 4, 16);  // the cookie and the transaction
        switch (static_cast<StunAttribute>(name)) {
            case StunAttribute::username: message.username = as_text(value); return;
            case StunAttribute::realm: message.realm = as_text(value); return;
            case StunAttribute::nonce: message.nonce = as_text(value); return;
            case StunAttribute::data: message.data = value; return;
            case StunAttribute::use_candidate: message.use_candidate = true; return;
            case StunAttribute::xor_mapped_address: message.mapped = read_address(value, mask); return;
            case StunAttribute::xor_peer_address: message.peer = read_address(value, mask); return;
            case StunAttribute::xor_relayed_address: message.relayed = read_address(value, mask); return;
            case StunAttribute::mapped_address:
                if (!message.mapped) message.mapped = read_address(value, plain);
                return;
            case StunAttribute::priority: return number(value, message.priority);
            case StunAttribute::lifetime: return number(value, message.lifetime);
            case StunAttribute::ice_controlling: return number_64(value, message.controlling);
            case StunAttribute::ice_controlled: return number_64(value, message.controlled);
            case StunAttribute::error_code:
                if (value.size() >= 4 && (value[2] & 7) >= 3 && value[3] < 100) message.error = (value[2] & 7) * 100 + value[3];
                return;
            case StunAttribute::unknown_attributes: return;
            case StunAttribute::channel_number:
                if (value.size() == 4) message.channel = read_16(value.data());
                return;
            case StunAttribute::requested_transport:
                if (value.size() == 4) message.transport = value[0];
                return;
            default:
                if (name < 0x8000 && message.unknown.size() < most_unknown) message.unknown.push_back(name);
        }
    }
    static void number(std::span<const std::uint8_t> value, std::optional<std::uint32_t>& into) {
        if (value.size() == 4) into = read_32(value.data());
    }
    static void number_64(std::span<const std::uint8_t> value, std::optional<std::uint64_t>& into) {
        if (value.size() == 8) into = read_64(value.data());
    }
};

}  // namespace

std::optional<StunMessage> parse_stun(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < stun_header_size || bytes.size() > largest_stun_message || !is_stun(bytes[0])) return {};
    if (read_32(&bytes[4]) != magic_cookie || read_16(&bytes[2]) + stun_header_size != bytes.size() || bytes.size() % 4 != 0) return {};
    StunMessage message;
    const std::uint16_t type = read_16(bytes.data());
    message.kind = static_cast<StunClass>((type >> 7 & 2) | (type >> 4 & 1));
    message.method = static_cast<StunMethod>((type & 0x000f) | (type >> 1 & 0x0070) | (type >> 2 & 0x0f80));
    std::copy_n(bytes.begin() + 8, message.transaction.size(), message.transaction.begin());
    message.bytes = bytes;
    const Reader reader{message};
    std::size_t count = 0;
    for (std::size_t at = stun_header_size; at < bytes.size();) {
        if (bytes.size() - at < attribute_header || ++count > most_attributes) return {};
        const std::uint16_t name = read_16(&bytes[at]), size = read_16(&bytes[at + 2]);
        const std::size_t padded = (size + std::size_t{3}) & ~std::size_t{3};
        if (bytes.size() - at - attribute_header < padded) return {};
        const auto value = bytes.subspan(at + attribute_header, size);
        if (static_cast<StunAttribute>(name) == StunAttribute::fingerprint) {
            // It covers all before it and is the last one.
            if (size != fingerprint_size || at + attribute_header + padded != bytes.size()) return {};
            if ((crc_32(bytes.first(at)) ^ fingerprint_mask) != read_32(value.data())) return {};
            message.has_fingerprint = true;
        } else if (static_cast<StunAttribute>(name) == StunAttribute::message_integrity) {
            if (size != integrity_size) return {};
            if (message.integrity_at == 0) message.integrity_at = at;
        } else if (message.integrity_at == 0) {
            reader.take(name, value);
        }
        at += attribute_header + padded;
    }
    return message;
}

bool has_integrity(const StunMessage& message, std::string_view key) {
    if (message.integrity_at == 0) return false;
    // RFC 8489 14.5: as if MESSAGE-INTEGRITY were the last attribute.
    std::vector<std::uint8_t> covered(message.bytes.begin(), message.bytes.begin() + static_cast<std::ptrdiff_t>(message.integrity_at));
    write_16(&covered[2], static_cast<std::uint16_t>(message.integrity_at + attribute_header + integrity_size - stun_header_size));
    const auto digest = hmac_sha1(key, covered);
    return CRYPTO_memcmp(digest.data(), message.bytes.data() + message.integrity_at + attribute_header, integrity_size) == 0;
}

std::string long_term_key(std::string_view user, std::string_view realm, std::string_view password) {
    std::string text;
    text.append(user).append(":").append(realm).append(":").append(password);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
    return {reinterpret_cast<const char*>(digest.data()), size};
}

StunWriter::StunWriter(StunMethod method, StunClass kind, const StunTransaction& transaction) {
    const unsigned number = static_cast<unsigned>(method), bits = static_cast<unsigned>(kind);
    write_16(buffer_.data(), static_cast<std::uint16_t>((number & 0x000f) | (number & 0x0070) << 1 | (number & 0x0f80) << 2 |
                                                        (bits & 1) << 4 | (bits & 2) << 7));
    write_32(buffer_.data() + 4, magic_cookie);
    std::ranges::copy(transaction, buffer_.begin() + 8);
}

std::uint8_t* StunWriter::add(StunAttribute name, std::size_t size) {
    const std::size_t padded = (size + 3) & ~std::size_t{3};
    // Room for what finish() adds is kept.
    constexpr std::size_t end = attribute_header + integrity_size + attribute_header + fingerprint_size;
    const bool last = name == StunAttribute::message_integrity || name == StunAttribute::fingerprint;
    if (size_ + attribute_header + padded + (last ? 0 : end) > buffer_.size()) return nullptr;
    std::uint8_t* const at = buffer_.data() + size_;
    write_16(at, static_cast<std::uint16_t>(name));
    write_16(at + 2, static_cast<std::uint16_t>(size));
    std::fill_n(at + attribute_header, padded, std::uint8_t{0});
    size_ += attribute_header + padded;
    return at + attribute_header;
}

StunWriter& StunWriter::bytes(StunAttribute name, std::span<const std::uint8_t> value) {
    if (std::uint8_t* const at = add(name, value.size())) std::ranges::copy(value, at);
    return *this;
}
StunWriter& StunWriter::text(StunAttribute name, std::string_view value) {
    return bytes(name, {reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
}
StunWriter& StunWriter::number(StunAttribute name, std::uint32_t value) {
    if (std::uint8_t* const at = add(name, 4)) write_32(at, value);
    return *this;
}
StunWriter& StunWriter::number_64(StunAttribute name, std::uint64_t value) {
    if (std::uint8_t* const at = add(name, 8)) {
        write_32(at, static_cast<std::uint32_t>(value >> 32));
        write_32(at + 4, static_cast<std::uint32_t>(value));
    }
    return *this;
}

StunWriter& StunWriter::address(StunAttribute name, const SocketAddress& value) {
    const bool v6 = value.is_v6();
    std::uint8_t* const at = add(name, v6 ? 20 : 8);
    if (!at) return *this;
    at[1] = v6 ? 2 : 1;
    write_16(at + 2, static_cast<std::uint16_t>(value.port() ^ magic_cookie >> 16));
    const std::uint8_t* const host = v6 ? reinterpret_cast<const sockaddr_in6*>(value.raw())->sin6_addr.s6_addr
                                        : reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(value.raw())->sin_addr);
    for (std::size_t i = 0; i < (v6 ? 16u : 4u); ++i) at[4 + i] = host[i] ^ buffer_[4 + i];
    return *this;
}

StunWriter& StunWriter::error(int code, std::string_view reason) {
    reason = reason.substr(0, 127);
    if (std::uint8_t* const at = add(StunAttribute::error_code, 4 + reason.size())) {
        at[2] = static_cast<std::uint8_t>(code / 100);
        at[3] = static_cast<std::uint8_t>(code % 100);
        std::ranges::copy(reason, at + 4);
    }
    return *this;
}

StunWriter& StunWriter::unknown(std::span<const std::uint16_t> names) {
    if (std::uint8_t* at = add(StunAttribute::unknown_attributes, 2 * names.size()))
        for (const std::uint16_t name : names) {
            write_16(at, name);
            at += 2;
        }
    return *this;
}

void StunWriter::set_length(std::size_t behind_header) { write_16(buffer_.data() + 2, static_cast<std::uint16_t>(behind_header)); }

std::span<const std::uint8_t> StunWriter::finish(std::string_view key, bool fingerprint) {
    if (!key.empty()) {
        set_length(size_ - stun_header_size + attribute_header + integrity_size);
        const auto digest = hmac_sha1(key, std::span(buffer_).first(size_));
        bytes(StunAttribute::message_integrity, digest);
    }
    if (fingerprint) {
        set_length(size_ - stun_header_size + attribute_header + fingerprint_size);
        number(StunAttribute::fingerprint, crc_32(std::span(buffer_).first(size_)) ^ fingerprint_mask);
    }
    set_length(size_ - stun_header_size);
    return std::span(buffer_).first(size_);
}

}  // namespace jackfield::rtp
