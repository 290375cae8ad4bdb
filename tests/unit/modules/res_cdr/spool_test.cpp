// Spool files: what survives the death of the process, and what is never given out twice without saying so.
#include "modules/res_cdr/spool.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "modules/res_cdr/text_file.hpp"

using namespace jackfield;
using namespace jackfield::cdr;

class SpoolTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SpoolTest);
    CPPUNIT_TEST(records_come_in_order_and_once);
    CPPUNIT_TEST(what_was_not_written_is_there_after_a_restart);
    CPPUNIT_TEST(an_interrupted_write_is_told_with_the_same_records);
    CPPUNIT_TEST(a_torn_end_is_left_out);
    CPPUNIT_TEST(the_limit_holds);
    CPPUNIT_TEST(files_that_are_read_go);
    CPPUNIT_TEST(text_that_was_partly_appended_is_completed);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        char name[] = "/tmp/jackfield-spool-XXXXXX";
        folder = mkdtemp(name);
    }
    void tearDown() override { std::filesystem::remove_all(folder); }

  private:
    static std::vector<Record> records(int from, int count, std::size_t padding = 0) {
        std::vector<Record> list;
        for (int i = from; i < from + count; ++i)
            list.push_back(RecordBuilder().add("n", static_cast<long>(i)).add("padding", std::string(padding, 'x')).take());
        return list;
    }
    std::unique_ptr<Spool> open(std::uint64_t limit = 1 << 30) {
        auto spool = std::make_unique<Spool>(folder, "test", limit);
        CPPUNIT_ASSERT(spool->open().has_value());
        return spool;
    }
    static std::string numbers(const Spool::Batch& batch) {
        std::string text;
        for (const Record& record : batch.records) text.append(record.get("n")).append(1, ' ');
        return text;
    }
    static Spool::Batch next(Spool& spool, std::size_t most = 100) {
        auto batch = spool.next(most);
        CPPUNIT_ASSERT_MESSAGE(batch ? "" : batch.error().text, batch.has_value());
        return std::move(*batch);
    }

    void records_come_in_order_and_once() {
        const auto spool = open();
        CPPUNIT_ASSERT(spool->empty());
        CPPUNIT_ASSERT(spool->append(records(0, 5)).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 "), numbers(next(*spool, 3)));
        CPPUNIT_ASSERT(spool->written().has_value());
        CPPUNIT_ASSERT(spool->append(records(5, 1)).has_value());
        const auto rest = next(*spool);
        CPPUNIT_ASSERT_EQUAL(std::string("3 4 5 "), numbers(rest));
        CPPUNIT_ASSERT(!rest.perhaps_written);
        CPPUNIT_ASSERT(spool->written().has_value());
        CPPUNIT_ASSERT(spool->empty());
        CPPUNIT_ASSERT(next(*spool).records.empty());
    }
    void what_was_not_written_is_there_after_a_restart() {
        {
            const auto spool = open();
            CPPUNIT_ASSERT(spool->append(records(0, 4)).has_value());
            (void)next(*spool, 2);
            CPPUNIT_ASSERT(spool->written().has_value());
        }
        const auto again = open();
        CPPUNIT_ASSERT(again->append(records(4, 1)).has_value());
        const auto batch = next(*again);
        CPPUNIT_ASSERT_EQUAL(std::string("2 3 "), numbers(batch));
        CPPUNIT_ASSERT(!batch.perhaps_written);
        CPPUNIT_ASSERT(again->written().has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("4 "), numbers(next(*again)));
    }
    void an_interrupted_write_is_told_with_the_same_records() {
        {
            const auto spool = open();
            CPPUNIT_ASSERT(spool->append(records(0, 3)).has_value());
            (void)next(*spool);  // and the process dies before it knows how that went
            CPPUNIT_ASSERT(spool->append(records(3, 3)).has_value());
        }
        {
            const auto again = open();
            const auto batch = next(*again);
            CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 "), numbers(batch));
            CPPUNIT_ASSERT(batch.perhaps_written);
            CPPUNIT_ASSERT(again->not_written().has_value());
            CPPUNIT_ASSERT(!next(*again, 1).perhaps_written);
            CPPUNIT_ASSERT(next(*again, 1).perhaps_written);  // not answered either
            CPPUNIT_ASSERT(again->written().has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("1 2 3 4 5 "), numbers(next(*again)));
        }
    }
    void a_torn_end_is_left_out() {
        {
            const auto spool = open();
            CPPUNIT_ASSERT(spool->append(records(0, 3)).has_value());
        }
        const std::string file = folder + "/test-00000001.spool";
        std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
        const auto again = open();
        CPPUNIT_ASSERT(again->append(records(3, 1)).has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 "), numbers(next(*again)));
        CPPUNIT_ASSERT(again->written().has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("3 "), numbers(next(*again)));
        CPPUNIT_ASSERT(again->written().has_value());
        CPPUNIT_ASSERT(again->empty());
    }
    void the_limit_holds() {
        const auto spool = open(10'000);
        CPPUNIT_ASSERT(spool->append(records(0, 1, 8000)).has_value());
        const auto refused = spool->append(records(1, 1, 8000));
        CPPUNIT_ASSERT(!refused && refused.error().code == ErrorCode::limit);
        CPPUNIT_ASSERT_EQUAL(std::string("0 "), numbers(next(*spool)));
    }
    void files_that_are_read_go() {
        const auto spool = open();
        for (int i = 0; i < 10; ++i) CPPUNIT_ASSERT(spool->append(records(i * 200, 200, 8000)).has_value());  // 16 MB
        int count = 0;
        for (auto batch = next(*spool); !batch.records.empty(); batch = next(*spool)) {
            CPPUNIT_ASSERT_EQUAL(std::to_string(count), std::string(batch.records.front().get("n")));
            count += static_cast<int>(batch.records.size());
            CPPUNIT_ASSERT(spool->written().has_value());
        }
        CPPUNIT_ASSERT_EQUAL(2000, count);
        CPPUNIT_ASSERT(spool->bytes() <= Spool::segment_bytes + 2'000'000);
        spool->tidy();
        CPPUNIT_ASSERT(std::filesystem::is_empty(folder));
    }
    void text_that_was_partly_appended_is_completed() {
        const std::string file = folder + "/log/Master.csv", text = "\"one\",1\n\"two\",2\n";
        for (std::size_t part = 0; part <= text.size(); ++part) {
            std::filesystem::remove(file);
            CPPUNIT_ASSERT(append_records(file, "\"before\",0\n" + text.substr(0, part), false).has_value());
            CPPUNIT_ASSERT(append_records(file, text, true).has_value());
            std::ifstream in(file);
            const std::string all((std::istreambuf_iterator<char>(in)), {});
            CPPUNIT_ASSERT_EQUAL("\"before\",0\n" + text, all);
        }
    }
    std::string folder;
};
CPPUNIT_TEST_SUITE_REGISTRATION(SpoolTest);
