// RADIUS accounting packets by RFC 2866.
#include "modules/res_cdr/radius_packet.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <openssl/evp.h>

#include "modules/res_cdr/radius_client.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace jackfield;
using namespace jackfield::radius;

namespace {

std::string md5_of(const std::string& text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr);
    return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace

class RadiusPacketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RadiusPacketTest);
    CPPUNIT_TEST(a_request_has_length_attributes_and_authenticator);
    CPPUNIT_TEST(what_does_not_fit_is_cut_or_left_out);
    CPPUNIT_TEST(only_the_servers_answer_is_one);
    CPPUNIT_TEST(the_clients_file_names_servers_and_secrets);
    CPPUNIT_TEST_SUITE_END();

    void a_request_has_length_attributes_and_authenticator() {
        AccountingRequest request;
        request.add(40, std::uint32_t{2}).add(44, "77.1").add(1, "").add_vendor(102, "ann").add_vendor(113, std::uint32_t{258});
        const std::string packet = request.packet(9, "secret");
        const std::string attributes("\x28\x06\0\0\0\x02" "\x2c\x06" "77.1" "\x1a\x0b\0\0\x58\xd0\x66\x05" "ann" "\x1a\x0c\0\0\x58\xd0\x71\x06\0\0\x01\x02", 35);
        const std::string header("\x04\x09\0\x37", 4);
        CPPUNIT_ASSERT_EQUAL(header, packet.substr(0, 4));
        CPPUNIT_ASSERT_EQUAL(attributes, packet.substr(20));
        CPPUNIT_ASSERT_EQUAL(md5_of(header + std::string(16, '\0') + attributes + "secret"), packet.substr(4, 16));
    }
    void what_does_not_fit_is_cut_or_left_out() {
        AccountingRequest request;
        request.add(1, std::string(1000, 'x')).add_vendor(101, std::string(1000, 'y'));
        CPPUNIT_ASSERT_EQUAL(std::size_t{20 + 255 + 255}, request.packet(1, "s").size());
        for (int i = 0; i < 100; ++i) request.add_vendor(101, std::string(1000, 'y'));
        const std::string packet = request.packet(1, "s");
        CPPUNIT_ASSERT(packet.size() <= 4096 && packet.size() > 3800);
        CPPUNIT_ASSERT_EQUAL(packet.size(), static_cast<std::size_t>(static_cast<unsigned char>(packet[2]) << 8 | static_cast<unsigned char>(packet[3])));
    }
    void only_the_servers_answer_is_one() {
        const std::string packet = AccountingRequest().add(44, "1").packet(7, "secret");
        const auto response = [&](char code, char identifier, const std::string& secret, const std::string& attributes = {}) {
            const std::string header{code, identifier, 0, static_cast<char>(20 + attributes.size())};
            return header + md5_of(header + packet.substr(4, 16) + attributes + secret) + attributes;
        };
        CPPUNIT_ASSERT(is_response(response(5, 7, "secret"), packet, "secret"));
        CPPUNIT_ASSERT(is_response(response(5, 7, "secret", "\x12\x04hi"), packet, "secret"));
        CPPUNIT_ASSERT(is_response(response(5, 7, "secret") + "padding", packet, "secret"));
        CPPUNIT_ASSERT(!is_response(response(5, 8, "secret"), packet, "secret"));
        CPPUNIT_ASSERT(!is_response(response(3, 7, "secret"), packet, "secret"));
        CPPUNIT_ASSERT(!is_response(response(5, 7, "other"), packet, "secret"));
        CPPUNIT_ASSERT(!is_response(response(5, 7, "secret", "\x12\x04hi").substr(0, 22), packet, "secret"));
        CPPUNIT_ASSERT(!is_response("", packet, "secret"));
    }
    void the_clients_file_names_servers_and_secrets() {
        char name[] = "/tmp/jackfield-radius-XXXXXX";
        const std::string folder = mkdtemp(name), path = folder + "/radiusclient.conf";
        const auto read = [&](const std::string& text) {
            std::ofstream(path) << text;
            return read_client_settings(path);
        };
        std::ofstream(folder + "/servers") << "# secrets\nfirst/here  one\n2001:db8::1\ttwo\n";
        const auto good = read("acctserver first, [2001:db8::1]:1646\nacctserver third:18:three # another\nservers " + folder +
                               "/servers\nradius_timeout 2\nradius_retries\t1\nbindaddr *\ndictionary /none\n");
        CPPUNIT_ASSERT_MESSAGE(good ? "" : good.error().text, good.has_value());
        std::string all;
        for (const auto& server : good->servers) all += server.host + " " + server.port + " " + server.secret + "\n";
        CPPUNIT_ASSERT_EQUAL(std::string("first 1813 one\n2001:db8::1 1646 two\nthird 18 three\n"), all);
        CPPUNIT_ASSERT(good->timeout == std::chrono::seconds(2) && good->retries == 1 && good->bind_address.empty());
        CPPUNIT_ASSERT(read("servers x\n").error().text.contains("no acctserver"));
        CPPUNIT_ASSERT(read("acctserver a::b\nradius_timeout soon\n").error().text.contains(path + ":2"));
        CPPUNIT_ASSERT(read("acctserver a\n").error().text.contains("a SECRET"));
        std::filesystem::remove_all(folder);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RadiusPacketTest);
