// Certificates made by the tests: an authority, and what it signs.
#pragma once

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace jackfield::testing {

// A folder with ca.pem and NAME.pem, NAME.key for each that was issued; gone with the object.
class TestCertificates {
  public:
    TestCertificates() {
        std::string pattern = "/tmp/jackfield-certificates-XXXXXX";
        CPPUNIT_ASSERT(mkdtemp(pattern.data()));
        folder_ = pattern;
        authority_key_ = EVP_EC_gen("P-256");
        authority_ = make("Test Authority", "", authority_key_, nullptr);
        write_certificate("ca.pem", authority_);
    }
    ~TestCertificates() {
        X509_free(authority_);
        EVP_PKEY_free(authority_key_);
        std::filesystem::remove_all(folder_);
    }
    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;

    std::string path(const std::string& file) const { return folder_ + "/" + file; }

    // `alternative_names` as OpenSSL writes them: "DNS:pbx.test,IP:127.0.0.1".
    void issue(const std::string& name, const std::string& alternative_names, long days = 30) {
        EVP_PKEY* key = EVP_EC_gen("P-256");
        X509* certificate = make(name, alternative_names, key, authority_, days);
        write_certificate(name + ".pem", certificate);
        FILE* file = std::fopen(path(name + ".key").c_str(), "w");
        PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }

  private:
    X509* make(const std::string& name, const std::string& alternative_names, EVP_PKEY* key, X509* issuer, long days = 30) {
        X509* certificate = X509_new();
        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -86400 * 60);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86400 * days);
        X509_NAME* subject = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
        X509_set_pubkey(certificate, key);
        if (!issuer) extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
        if (!alternative_names.empty()) extend(certificate, NID_subject_alt_name, alternative_names);
        X509_sign(certificate, issuer ? authority_key_ : key, EVP_sha256());
        return certificate;
    }
    static void extend(X509* certificate, int what, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
        CPPUNIT_ASSERT(extension);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }
    void write_certificate(const std::string& name, X509* certificate) const {
        FILE* file = std::fopen(path(name).c_str(), "w");
        PEM_write_X509(file, certificate);
        std::fclose(file);
    }

    std::string folder_;
    EVP_PKEY* authority_key_;
    X509* authority_;
    long serial_ = 0;
};

}  // namespace jackfield::testing
