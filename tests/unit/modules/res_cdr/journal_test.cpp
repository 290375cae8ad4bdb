// The journal: what survives the death of the process, what each backend gets, and what is never given out twice without saying so.
#include "modules/res_cdr/journal.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include <filesystem>
#include <fstream>

#include "modules/res_cdr/journal_cursor.hpp"
#include "modules/res_cdr/text_file.hpp"

using namespace jackfield;
using namespace jackfield::cdr;

class JournalTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JournalTest);
    CPPUNIT_TEST(records_come_in_order_and_once);
    CPPUNIT_TEST(every_backend_gets_every_record_at_its_own_pace);
    CPPUNIT_TEST(what_was_not_written_is_there_after_a_restart);
    CPPUNIT_TEST(an_interrupted_write_is_told_with_the_same_records);
    CPPUNIT_TEST(a_closed_backend_keeps_what_it_had_to_get_and_no_more);
    CPPUNIT_TEST(a_closed_backend_keeps_it_beyond_the_process);
    CPPUNIT_TEST(a_torn_end_is_left_out_by_all);
    CPPUNIT_TEST(a_damaged_cursor_loses_nothing);
    CPPUNIT_TEST(at_the_limit_the_slowest_backend_loses_the_oldest);
    CPPUNIT_TEST(a_batch_that_was_written_while_its_file_went_is_not_lost);
    CPPUNIT_TEST(files_that_all_have_read_go);
    CPPUNIT_TEST(text_that_was_partly_appended_is_completed);
    CPPUNIT_TEST(equal_lines_of_an_earlier_batch_are_not_taken_for_this_one);
    CPPUNIT_TEST_SUITE_END();

  public:
    void setUp() override {
        char name[] = "/tmp/jackfield-journal-XXXXXX";
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
    // A process with its journal and, unless it has none, one backend.
    struct Process {
        std::shared_ptr<Journal> journal;
        std::shared_ptr<JournalCursor> cursor;
        Process(const std::string& folder, const char* backend = "test", std::uint64_t limit = 1 << 30)
            : journal(std::make_shared<Journal>(folder, limit)), cursor(open(backend)) {}
        ~Process() { cursor = nullptr; }
        std::shared_ptr<JournalCursor> open(const char* name) const {
            auto made = std::make_shared<JournalCursor>(name);
            const auto opened = journal->open(made);
            CPPUNIT_ASSERT_MESSAGE(opened ? "" : opened.error().text, opened.has_value());
            return made;
        }
        void append(int from, int count, std::size_t padding = 0) const {
            const auto appended = journal->append(records(from, count, padding));
            CPPUNIT_ASSERT_MESSAGE(appended ? "" : appended.error().text, appended.has_value());
        }
        std::string take(std::size_t most = 100) const { return JournalTest::take(*cursor, most); }
    };
    static std::string numbers(const JournalCursor::Batch& batch) {
        std::string text;
        for (const Record& record : batch.records) text.append(record.get("n")).append(1, ' ');
        return text;
    }
    static JournalCursor::Batch next(JournalCursor& cursor, std::size_t most = 100) {
        auto batch = cursor.next(most);
        CPPUNIT_ASSERT_MESSAGE(batch ? "" : batch.error().text, batch.has_value());
        return std::move(*batch);
    }
    static std::string take(JournalCursor& cursor, std::size_t most = 100) {
        const auto batch = next(cursor, most);
        if (!batch.records.empty()) CPPUNIT_ASSERT(cursor.written().has_value());
        return numbers(batch);
    }
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
    }

    void records_come_in_order_and_once() {
        const Process process(folder);
        CPPUNIT_ASSERT(process.cursor->empty());
        process.append(0, 5);
        CPPUNIT_ASSERT(process.cursor->waiting_bytes() > 0);
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 "), process.take(3));
        process.append(5, 1);
        const auto rest = next(*process.cursor);
        CPPUNIT_ASSERT_EQUAL(std::string("3 4 5 "), numbers(rest));
        CPPUNIT_ASSERT(!rest.perhaps_written);
        CPPUNIT_ASSERT(process.cursor->written().has_value());
        CPPUNIT_ASSERT(process.cursor->empty());
        CPPUNIT_ASSERT_EQUAL(std::string(), process.take());
    }
    void every_backend_gets_every_record_at_its_own_pace() {
        const Process process(folder);
        process.append(0, 2);
        const auto later = process.open("later");  // of what was before it came it gets nothing
        CPPUNIT_ASSERT(later->empty());
        process.append(2, 2);
        CPPUNIT_ASSERT_EQUAL(std::string("2 3 "), take(*later));
        CPPUNIT_ASSERT(later->empty());
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 3 "), process.take());
    }
    void what_was_not_written_is_there_after_a_restart() {
        {
            const Process process(folder);
            const auto fast = process.open("fast");
            process.append(0, 4);
            CPPUNIT_ASSERT_EQUAL(std::string("0 1 "), process.take(2));
            CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 3 "), take(*fast));
        }
        const Process again(folder);
        const auto fast = again.open("fast");
        again.append(4, 1);
        const auto batch = next(*again.cursor);
        CPPUNIT_ASSERT_EQUAL(std::string("2 3 "), numbers(batch));
        CPPUNIT_ASSERT(!batch.perhaps_written);
        CPPUNIT_ASSERT(again.cursor->written().has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("4 "), again.take());
        CPPUNIT_ASSERT_EQUAL(std::string("4 "), take(*fast));
    }
    void an_interrupted_write_is_told_with_the_same_records() {
        {
            const Process process(folder);
            process.append(0, 3);
            (void)next(*process.cursor);  // and the process dies before it knows how that went
            process.append(3, 3);
        }
        const Process again(folder);
        const auto batch = next(*again.cursor);
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 "), numbers(batch));
        CPPUNIT_ASSERT(batch.perhaps_written);
        CPPUNIT_ASSERT(again.cursor->not_written().has_value());
        CPPUNIT_ASSERT(!next(*again.cursor, 1).perhaps_written);
        CPPUNIT_ASSERT(next(*again.cursor, 1).perhaps_written);  // not answered either
        CPPUNIT_ASSERT(again.cursor->written().has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("1 2 3 4 5 "), again.take());
    }
    void a_closed_backend_keeps_what_it_had_to_get_and_no_more() {
        const Process process(folder, "stays");
        {
            const auto leaves = process.open("leaves");
            process.append(0, 3);
            CPPUNIT_ASSERT_EQUAL(std::string("0 "), take(*leaves, 1));
            process.journal->close(leaves);
            CPPUNIT_ASSERT(std::filesystem::exists(folder + "/leaves.cursor"));
        }
        process.append(3, 2);
        {
            const auto back = process.open("leaves");
            process.append(5, 1);
            CPPUNIT_ASSERT_EQUAL(std::string("1 2 "), take(*back));
            CPPUNIT_ASSERT_EQUAL(std::string("5 "), take(*back));
            process.journal->close(back);
            CPPUNIT_ASSERT(!std::filesystem::exists(folder + "/leaves.cursor"));  // all is written
        }
        process.append(6, 1);
        CPPUNIT_ASSERT(process.open("leaves")->empty());
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 3 4 5 6 "), process.take());
    }
    void a_closed_backend_keeps_it_beyond_the_process() {
        {
            const Process process(folder);
            process.append(0, 2);
            process.journal->close(process.cursor);
        }
        {
            const Process other(folder, "other");
            other.append(2, 1);
            CPPUNIT_ASSERT_EQUAL(std::string("2 "), other.take());
        }
        const Process again(folder);
        again.append(3, 1);
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 "), again.take());
        CPPUNIT_ASSERT_EQUAL(std::string("3 "), again.take());
    }
    void a_torn_end_is_left_out_by_all() {
        {
            const Process process(folder);
            const auto second = process.open("second");
            process.append(0, 3);
        }
        const std::string file = folder + "/journal-00000001.spool";
        std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
        const Process again(folder);
        const auto second = again.open("second");
        again.append(3, 1);
        for (JournalCursor* cursor : {again.cursor.get(), second.get()}) {
            CPPUNIT_ASSERT_EQUAL(std::string("0 1 "), take(*cursor));
            CPPUNIT_ASSERT_EQUAL(std::string("3 "), take(*cursor));
            CPPUNIT_ASSERT(cursor->empty());
        }
    }
    void a_damaged_cursor_loses_nothing() {
        {
            const Process process(folder);
            process.append(0, 3);
            CPPUNIT_ASSERT_EQUAL(std::string("0 "), process.take(1));
        }
        std::filesystem::resize_file(folder + "/test.cursor", 7);
        CPPUNIT_ASSERT_EQUAL(std::string("0 1 2 "), Process(folder).take());
    }
    void at_the_limit_the_slowest_backend_loses_the_oldest() {
        const Process process(folder, "slow", 100'000);
        const auto fast = process.open("fast");
        std::string all;
        for (int i = 0; i < 100; ++i) {
            process.append(i, 1, 8000);
            CPPUNIT_ASSERT_EQUAL(std::to_string(i) + " ", take(*fast));
            CPPUNIT_ASSERT(process.journal->bytes() <= 100'000);
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, fast->lost());
        std::string got;
        int count = 0;
        while (!process.cursor->empty()) {
            got += process.take(1);
            ++count;
        }
        CPPUNIT_ASSERT(got.ends_with("98 99 "));
        CPPUNIT_ASSERT(count >= 9);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t(100 - count), process.cursor->lost());
    }
    void a_batch_that_was_written_while_its_file_went_is_not_lost() {
        const Process process(folder, "slow", 100'000);
        process.append(0, 1, 8000);
        CPPUNIT_ASSERT_EQUAL(std::string("0 "), numbers(next(*process.cursor)));
        for (int i = 1; i < 100; ++i) process.append(i, 1, 8000);
        const auto lost = process.cursor->lost();
        CPPUNIT_ASSERT(lost > 50);
        CPPUNIT_ASSERT(process.cursor->written().has_value());
        CPPUNIT_ASSERT_EQUAL(lost - 1, process.cursor->lost());
        const std::string rest = process.take(1);
        CPPUNIT_ASSERT_EQUAL(std::to_string(lost) + " ", rest);
    }
    void files_that_all_have_read_go() {
        const Process process(folder);
        const auto second = process.open("second");
        for (int i = 0; i < 10; ++i) process.append(i * 200, 200, 8000);  // 16 MB
        for (JournalCursor* cursor : {process.cursor.get(), second.get()}) {
            CPPUNIT_ASSERT(process.journal->bytes() > 15'000'000);
            int count = 0;
            for (auto batch = next(*cursor); !batch.records.empty(); batch = next(*cursor)) {
                CPPUNIT_ASSERT_EQUAL(std::to_string(count), std::string(batch.records.front().get("n")));
                count += static_cast<int>(batch.records.size());
                CPPUNIT_ASSERT(cursor->written().has_value());
            }
            CPPUNIT_ASSERT_EQUAL(2000, count);
            process.append(2000, 0);
        }
        CPPUNIT_ASSERT(process.journal->bytes() <= Journal::most_of_file + 2'000'000);
        process.journal->close(process.cursor);
        process.journal->close(second);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, files());
    }
    void text_that_was_partly_appended_is_completed() {
        const std::string file = folder + "/log/Master.csv", text = "\"one\",1\n\"two\",2\n";
        for (std::size_t part = 0; part <= text.size(); ++part) {
            std::filesystem::remove(file);
            append(file, "\"before\",0\n", 1, false);
            append(file, text, 2, false);
            std::filesystem::resize_file(file, std::filesystem::file_size(file) - part);  // as a death in the middle leaves it
            append(file, text, 2, true);
            CPPUNIT_ASSERT_EQUAL("\"before\",0\n" + text, content(file));
        }
    }
    void equal_lines_of_an_earlier_batch_are_not_taken_for_this_one() {
        const std::string file = folder + "/log/custom.csv", line = "100,answered\n";
        append(file, line + line, 1, false);
        const char value = 0;
        if (::setxattr(file.c_str(), "user.jackfield.test", &value, 1, 0) != 0) return;  // a file system without attributes
        // The earlier try has died before it came to this file, and a second one behind its first line.
        append(file, line + line, 2, true);
        CPPUNIT_ASSERT_EQUAL(line + line + line + line, content(file));
        std::filesystem::resize_file(file, 3 * line.size());
        append(file, line + line, 2, true);
        CPPUNIT_ASSERT_EQUAL(line + line + line + line, content(file));
        append(file, line + line, 2, true);
        CPPUNIT_ASSERT_EQUAL(line + line + line + line, content(file));
        append(file, line, 3, false);
        CPPUNIT_ASSERT_EQUAL(5 * line.size(), content(file).size());
    }
    static void append(const std::string& file, const std::string& text, std::uint64_t number, bool perhaps_written) {
        const std::atomic<bool> stopping{false};
        const auto done = append_records(file, text, {{}, perhaps_written, number, stopping});
        CPPUNIT_ASSERT_MESSAGE(done ? "" : done.error().text, done.has_value());
    }
    static std::string content(const std::string& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string folder;
};
CPPUNIT_TEST_SUITE_REGISTRATION(JournalTest);
