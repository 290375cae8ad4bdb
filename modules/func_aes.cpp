// func_aes: AES_ENCRYPT and AES_DECRYPT (FIPS 197, 128 bits, block by block).
#include <openssl/evp.h>

#include <memory>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo encrypt_info{.name = "AES_ENCRYPT",
                                    .syntax = "AES_ENCRYPT(key,text)",
                                    .synopsis = "The text encrypted by AES-128, in base64",
                                    .text = "The key has 16 characters. Each block of 16 bytes is encrypted by itself (ECB) and the last "
                                            "one filled with zeros, so equal blocks can be seen to be equal: not for secrets that last."};
constexpr FunctionInfo decrypt_info{.name = "AES_DECRYPT",
                                    .syntax = "AES_DECRYPT(key,text)",
                                    .synopsis = "What AES_ENCRYPT encrypted",
                                    .text = "The key has 16 characters, the text is in base64. The zeros that filled the last block go."};

constexpr std::size_t block = 16;

Result<std::string> run_cipher(std::string_view key, std::string text, bool encrypt) {
    if (key.size() != block) return fail(ErrorCode::invalid, "AES: the key has {} characters instead of 16", key.size());
    text.resize((text.size() + block - 1) / block * block);
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    std::string result(text.size() + block, '\0');
    int size = 0;
    const auto bytes = [](const std::string_view of) { return reinterpret_cast<const unsigned char*>(of.data()); };
    const bool done = cipher &&
                      EVP_CipherInit_ex(cipher.get(), EVP_aes_128_ecb(), nullptr, bytes(key), nullptr, encrypt) == 1 &&
                      EVP_CIPHER_CTX_set_padding(cipher.get(), 0) == 1 &&
                      EVP_CipherUpdate(cipher.get(), reinterpret_cast<unsigned char*>(result.data()), &size, bytes(text),
                                       static_cast<int>(text.size())) == 1;
    if (!done) return fail(ErrorCode::failed, "AES: the cryptographic library failed");
    result.resize(static_cast<std::size_t>(size));
    return result;
}

Result<std::string> aes_encrypt(Channel*, const Arguments& arguments) {
    const auto parts = split_raw_arguments(arguments.raw(), ',', 2);
    if (parts.size() < 2) return fail(ErrorCode::invalid, "AES_ENCRYPT needs a key and a text");
    const std::string secret = JF_TRY(run_cipher(parts[0], parts[1], true));
    return base64_encode(secret);
}

Result<std::string> aes_decrypt(Channel*, const Arguments& arguments) {
    const auto parts = split_raw_arguments(arguments.raw(), ',', 2);
    if (parts.size() < 2) return fail(ErrorCode::invalid, "AES_DECRYPT needs a key and a text");
    auto secret = base64_decode(parts[1]);
    if (!secret || secret->size() % block) return fail(ErrorCode::invalid, "AES_DECRYPT: '{}' is not what AES_ENCRYPT gives", parts[1]);
    std::string text = JF_TRY(run_cipher(parts[0], *std::move(secret), false));
    text.resize(text.find_last_not_of('\0') + 1);
    return text;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(encrypt_info, FunctionBody{aes_encrypt}));
    return module.add(decrypt_info, FunctionBody{aes_decrypt});
}

}  // namespace

JACKFIELD_MODULE("func_aes", "AES encryption of texts", load)
