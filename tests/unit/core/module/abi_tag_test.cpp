// The reader of ABI tags, on good and on damaged files.
#include "core/module/abi_tag.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

using namespace jackfield;

namespace {

const std::string good_file = JF_TEST_MODULES "/plain.so";

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class AbiTagTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AbiTagTest);
    CPPUNIT_TEST(reads_the_tag_of_a_module);
    CPPUNIT_TEST(tells_a_missing_file_from_one_that_is_no_module);
    CPPUNIT_TEST(refuses_a_file_cut_anywhere_in_its_tables);
    CPPUNIT_TEST(refuses_offsets_beyond_the_file);
    CPPUNIT_TEST(never_fails_worse_than_by_an_error_on_damaged_bytes);
    CPPUNIT_TEST_SUITE_END();

    void reads_the_tag_of_a_module() {
        CPPUNIT_ASSERT_EQUAL(std::string(own_abi_tag()), read_abi_tag(good_file).value());
        CPPUNIT_ASSERT_EQUAL(std::string(own_abi_tag()) + "+other",
                             read_abi_tag(JF_TEST_MODULES "/other_abi.so").value());
    }
    void tells_a_missing_file_from_one_that_is_no_module() {
        CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, read_abi_tag("/nowhere/nothing.so").error().code);
        CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, read_abi_tag("/etc/passwd").error().code);
        CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, read_abi_tag("/tmp").error().code);
        CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, tag_of("").error().code);
        // A shared object, but no module.
        CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, read_abi_tag("/lib/x86_64-linux-gnu/libm.so.6").error().code);
    }
    void refuses_a_file_cut_anywhere_in_its_tables() {
        const std::string whole = read_file(good_file);
        for (const std::size_t kept : {1ul, 16ul, sizeof(Elf64_Ehdr) - 1, sizeof(Elf64_Ehdr), whole.size() / 2,
                                       whole.size() - 1})
            CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, tag_of(whole.substr(0, kept)).error().code);
    }
    void refuses_offsets_beyond_the_file() {
        for (const std::uint64_t offset : {~std::uint64_t{0}, std::uint64_t{1} << 63, ~std::uint64_t{0} - 63}) {
            std::string bytes = read_file(good_file);
            Elf64_Ehdr header;
            std::memcpy(&header, bytes.data(), sizeof header);
            header.e_shoff = offset;
            std::memcpy(bytes.data(), &header, sizeof header);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, tag_of(bytes).error().code);
        }
    }
    void never_fails_worse_than_by_an_error_on_damaged_bytes() {
        const std::string whole = read_file(good_file);
        Elf64_Ehdr header;
        std::memcpy(&header, whole.data(), sizeof header);
        std::mt19937 random(7);
        unsigned refused = 0;
        for (int round = 0; round < 400; ++round) {
            std::string bytes = whole;
            // Half in the header, half in the section table: what the reader looks at.
            const std::size_t start = round % 2 ? 0 : header.e_shoff;
            const std::size_t length = round % 2 ? sizeof header : bytes.size() - header.e_shoff;
            for (int i = 0; i < 8; ++i) bytes[start + random() % length] = static_cast<char>(random());
            if (!tag_of(bytes)) ++refused;
        }
        CPPUNIT_ASSERT(refused > 50);
    }

    Result<std::string> tag_of(const std::string& bytes) {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
        return read_abi_tag(path_);
    }

  public:
    void setUp() override {
        path_ = std::filesystem::temp_directory_path() / ("abi_tag_test." + std::to_string(::getpid()));
    }
    void tearDown() override { std::filesystem::remove(path_); }

  private:
    std::string path_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AbiTagTest);

}  // namespace
