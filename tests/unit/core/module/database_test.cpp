// The key/value database: what it keeps, over an end of any kind.
#include "core/module/database.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "core/base/strings.hpp"
#include "core/runtime/event_bus.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;

namespace {

namespace fs = std::filesystem;

class DatabaseTest : public testing::LoopTest {
    CPPUNIT_TEST_SUITE(DatabaseTest);
    CPPUNIT_TEST(gives_back_what_was_put);
    CPPUNIT_TEST(keeps_entries_over_a_restart);
    CPPUNIT_TEST(keeps_what_was_never_waited_for_at_an_orderly_end);
    CPPUNIT_TEST(keeps_everything_confirmed_when_killed);
    CPPUNIT_TEST(lists_a_family_with_those_below_it_and_no_sibling);
    CPPUNIT_TEST(deletes_a_tree_and_no_sibling);
    CPPUNIT_TEST(finds_a_key_in_all_families);
    CPPUNIT_TEST(refuses_names_and_values_beyond_the_limits);
    CPPUNIT_TEST(tells_subscribers_of_each_change);
    CPPUNIT_TEST(runs_only_statements_that_read);
    CPPUNIT_TEST(puts_a_file_that_is_no_database_aside);
    CPPUNIT_TEST(salvages_what_a_damaged_file_still_gives);
    CPPUNIT_TEST(reads_the_file_of_asterisk);
    CPPUNIT_TEST(reports_a_disk_that_refuses_and_writes_later);
    CPPUNIT_TEST_SUITE_END();

    void gives_back_what_was_put() {
        with_database([](Database& database) {
            CPPUNIT_ASSERT(!database.get("cidname", "6001"));
            CPPUNIT_ASSERT(database.put("cidname", "6001", "Alice").has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("Alice"), database.get("cidname", "6001").value());
            CPPUNIT_ASSERT(database.put("cidname", "6001", "").has_value());
            CPPUNIT_ASSERT_EQUAL(std::string(), database.get("cidname", "6001").value());
            CPPUNIT_ASSERT(database.del("cidname", "6001").has_value());
            CPPUNIT_ASSERT(!database.get("cidname", "6001"));
            CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, database.del("cidname", "6001").error().code);
        });
    }
    void keeps_entries_over_a_restart() {
        with_database([](Database& database) {
            CPPUNIT_ASSERT(database.put("a/b", "key", "1").has_value());
            CPPUNIT_ASSERT(database.put("a/b", "gone", "2").has_value());
            CPPUNIT_ASSERT(database.del("a/b", "gone").has_value());
        });
        with_database([](Database& database) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, database.size());
            CPPUNIT_ASSERT_EQUAL(std::string("1"), database.get("a/b", "key").value());
        });
    }
    void keeps_what_was_never_waited_for_at_an_orderly_end() {
        with_database([](Database& database) {
            CPPUNIT_ASSERT(database.put_later("f", "1", "one").has_value());
            CPPUNIT_ASSERT(database.put_later("f", "2", "two").has_value());
            database.del_later("f", "1");
        });
        with_database([](Database& database) {
            CPPUNIT_ASSERT(!database.get("f", "1"));
            CPPUNIT_ASSERT_EQUAL(std::string("two"), database.get("f", "2").value());
        });
    }
    // The child prints a number only after its put() has come back; each printed one must be there.
    void keeps_everything_confirmed_when_killed() {
        int confirmed_before = -1;
        for (int round = 0; round < 5; ++round) {
            std::array<int, 2> ends{};
            CPPUNIT_ASSERT_EQUAL(0, pipe2(ends.data(), O_CLOEXEC));
            posix_spawn_file_actions_t actions;
            posix_spawn_file_actions_init(&actions);
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
            std::string program = JF_DATABASE_WRITER, path = path_;
            std::array<char*, 3> arguments{program.data(), path.data(), nullptr};
            pid_t child = 0;
            CPPUNIT_ASSERT_EQUAL(0, posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ));
            posix_spawn_file_actions_destroy(&actions);
            close(ends[1]);
            std::string printed;
            std::array<char, 256> bytes;
            const std::size_t enough = 40 + 37 * static_cast<std::size_t>(round);
            for (ssize_t got; printed.size() < enough && (got = read(ends[0], bytes.data(), bytes.size())) > 0;)
                printed.append(bytes.data(), static_cast<std::size_t>(got));
            kill(child, SIGKILL);
            // What it had printed before it died counts as well.
            for (ssize_t got; (got = read(ends[0], bytes.data(), bytes.size())) > 0;)
                printed.append(bytes.data(), static_cast<std::size_t>(got));
            close(ends[0]);
            int status = 0;
            CPPUNIT_ASSERT_EQUAL(child, waitpid(child, &status, 0));
            CPPUNIT_ASSERT(WIFSIGNALED(status));

            printed.resize(printed.rfind('\n') + 1);
            const auto lines = split_list(printed, '\n');
            CPPUNIT_ASSERT(lines.size() > 5);
            const int last = parse_number<int>(lines.back()).value();
            with_database([&](Database& database) {
                for (int number = 0; number <= last; ++number)
                    CPPUNIT_ASSERT_EQUAL(fmt::format("value {}", number),
                                         database.get("numbers", std::to_string(number)).value_or("lost"));
            });
            confirmed_before = std::max(confirmed_before, last);
        }
        CPPUNIT_ASSERT(confirmed_before > 5);
    }
    void lists_a_family_with_those_below_it_and_no_sibling() {
        with_database([](Database& database) {
            fill(database);
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, database.list("fam").size());
            CPPUNIT_ASSERT_EQUAL(std::string("fam/sub"), database.list("fam").at(1).family);
            CPPUNIT_ASSERT_EQUAL(std::size_t{4}, database.list().size());
            const auto first = database.list({}, {}, 1);
            const auto rest = database.list({}, Database::path(first[0].family, first[0].key));
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, rest.size());
        });
    }
    void deletes_a_tree_and_no_sibling() {
        with_database([](Database& database) {
            fill(database);
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, database.del_tree("fam").value());
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, database.size());
            CPPUNIT_ASSERT_EQUAL(std::size_t{0}, database.del_tree("fam").value());
        });
        with_database([](Database& database) { CPPUNIT_ASSERT_EQUAL(std::size_t{2}, database.size()); });
    }
    void finds_a_key_in_all_families() {
        with_database([](Database& database) {
            fill(database);
            const auto found = database.find_key("key");
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, found.size());
        });
    }
    void refuses_names_and_values_beyond_the_limits() {
        with_database([](Database& database) {
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, database.put("", "key", "v").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, database.put("fam", "", "v").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid,
                                 database.put("fam", std::string(Database::longest_path, 'k'), "v").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::limit,
                                 database.put("fam", "k", std::string(Database::longest_value + 1, 'v')).error().code);
            CPPUNIT_ASSERT_EQUAL(std::size_t{0}, database.size());
        });
    }
    void tells_subscribers_of_each_change() {
        with_database([](Database& database) {
            std::vector<std::string> heard;
            const auto subscription = subscribe<DatabaseChanged>([&](const DatabaseChanged& change) {
                heard.push_back(fmt::format("{}|{}|{}", change.family, change.key, change.value ? *change.value : "-"));
            });
            CPPUNIT_ASSERT(database.put("a/b", "k", "1").has_value());
            CPPUNIT_ASSERT(database.del("a/b", "k").has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("a/b|k|1 a/b|k|-"), join(heard, " "));
        });
    }
    void runs_only_statements_that_read() {
        with_database([](Database& database) {
            fill(database);
            const auto rows = database.query("SELECT key, value FROM astdb WHERE key LIKE '/fam/%' ORDER BY key");
            CPPUNIT_ASSERT_EQUAL(std::string("/fam/key|1"), rows.value().at(0));
            CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, database.query("DELETE FROM astdb").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, database.query("SELEKT").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, database.query("").error().code);
        });
    }
    void puts_a_file_that_is_no_database_aside() {
        std::ofstream(path_) << std::string(10'000, 'x');
        with_database([](Database& database) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{0}, database.size());
            CPPUNIT_ASSERT(database.put("fam", "key", "1").has_value());
        });
        CPPUNIT_ASSERT_EQUAL(1, damaged_files());
        with_database([](Database& database) { CPPUNIT_ASSERT_EQUAL(std::size_t{1}, database.size()); });
    }
    void salvages_what_a_damaged_file_still_gives() {
        with_database([](Database& database) {
            for (int i = 0; i < 400; ++i)
                CPPUNIT_ASSERT(database.put_later("fam", fmt::format("{:04}", i), std::string(100, 'v')).has_value());
        });
        // Overwrite a leaf page near the end.
        const auto size = fs::file_size(path_);
        CPPUNIT_ASSERT(size > 6 * 4096);
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        for (const std::uint64_t page : {size / 4096 - 2, size / 4096 - 3}) {
            file.seekp(static_cast<std::streamoff>(page * 4096));
            file << std::string(4096, '\xff');
        }
        file.close();
        with_database([](Database& database) {
            CPPUNIT_ASSERT(database.size() > 50);
            CPPUNIT_ASSERT(database.size() < 400);
            for (const DatabaseEntry& entry : database.list())
                CPPUNIT_ASSERT_EQUAL(std::string(100, 'v'), entry.value);
        });
        CPPUNIT_ASSERT_EQUAL(1, damaged_files());
    }
    void reads_the_file_of_asterisk() {
        sqlite3* handle = nullptr;
        sqlite3_open(path_.c_str(), &handle);
        const char* made = "CREATE TABLE astdb(key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key));"
                           "INSERT INTO astdb VALUES('/registrar/contact/6001;@x', 'sip:6001');"
                           "INSERT INTO astdb VALUES('/cidname/5551234', 'Bob');";
        CPPUNIT_ASSERT_EQUAL(SQLITE_OK, sqlite3_exec(handle, made, nullptr, nullptr, nullptr));
        sqlite3_close(handle);
        with_database([](Database& database) {
            CPPUNIT_ASSERT_EQUAL(std::string("Bob"), database.get("cidname", "5551234").value());
            CPPUNIT_ASSERT_EQUAL(std::string("sip:6001"), database.get("registrar/contact", "6001;@x").value());
        });
    }
    void reports_a_disk_that_refuses_and_writes_later() {
        with_database([this](Database& database) {
            // Somebody else holds the write lock for longer than our patience.
            sqlite3* other = nullptr;
            sqlite3_open(path_.c_str(), &other);
            CPPUNIT_ASSERT_EQUAL(SQLITE_OK, sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr));
            CPPUNIT_ASSERT_EQUAL(ErrorCode::failed, database.put("fam", "key", "kept").error().code);
            CPPUNIT_ASSERT_EQUAL(std::string("kept"), database.get("fam", "key").value());
            sqlite3_close(other);
        });
        with_database([](Database& database) {
            CPPUNIT_ASSERT_EQUAL(std::string("kept"), database.get("fam", "key").value());
        });
    }

    static void fill(Database& database) {
        CPPUNIT_ASSERT(database.put("fam", "key", "1").has_value());
        CPPUNIT_ASSERT(database.put("fam/sub", "key", "2").has_value());
        CPPUNIT_ASSERT(database.put("fam-other", "key", "3").has_value());
        CPPUNIT_ASSERT(database.put("family", "other", "4").has_value());
    }
    int damaged_files() const {
        int count = 0;
        for (const auto& entry : fs::directory_iterator(folder_)) {
            const std::string name = entry.path().filename();
            count += name.find(".damaged-") != std::string::npos && !name.ends_with("-wal") && !name.ends_with("-shm");
        }
        return count;
    }
    void with_database(std::function<void(Database&)> body) {
        ControlLoop loop;
        auto database = Database::open(path_);
        CPPUNIT_ASSERT_MESSAGE(database ? std::string() : database.error().text, database.has_value());
        testing::run_on_fiber(loop, [&] { body(**database); });
    }

  public:
    void setUp() override {
        LoopTest::setUp();
        folder_ = fs::temp_directory_path() / fmt::format("database_test.{}", getpid());
        fs::create_directories(folder_);
        path_ = folder_ + "/astdb.sqlite3";
    }
    void tearDown() override {
        fs::remove_all(folder_);
        LoopTest::tearDown();
    }

  private:
    std::string folder_, path_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DatabaseTest);

}  // namespace
