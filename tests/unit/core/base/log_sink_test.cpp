#include "core/base/log_sink.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "core/base/strings.hpp"

using namespace jackfield;

namespace {

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

class LogSinkTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogSinkTest);
    CPPUNIT_TEST(a_file_gets_its_levels_only);
    CPPUNIT_TEST(the_call_id_is_on_the_line);
    CPPUNIT_TEST(json_lines_are_one_object_each);
    CPPUNIT_TEST(text_from_the_network_cannot_forge_a_line);
    CPPUNIT_TEST(a_sink_has_its_own_verbose_level);
    CPPUNIT_TEST(debug_can_be_set_for_one_module);
    CPPUNIT_TEST(rotation_numbers_archives_as_asked);
    CPPUNIT_TEST(a_command_runs_after_rotation);
    CPPUNIT_TEST(added_levels_reach_sinks_that_named_them_before);
    CPPUNIT_TEST(a_full_queue_drops_and_counts);
    CPPUNIT_TEST(sinks_come_and_go_at_run_time);
    CPPUNIT_TEST(wrong_levels_are_refused_by_name);
    CPPUNIT_TEST(a_file_that_cannot_be_opened_does_not_stop_the_others);
    CPPUNIT_TEST(dates_have_milliseconds_when_asked);
    CPPUNIT_TEST(long_lines_arrive_whole_and_endless_ones_cut);
    CPPUNIT_TEST(lines_of_many_threads_all_arrive);
    CPPUNIT_TEST(a_muted_listener_hears_nothing);
    CPPUNIT_TEST_SUITE_END();

    std::filesystem::path folder_;
    LoggerSettings settings_;

    void configure(std::vector<LogSinkSettings> sinks) {
        settings_.sinks = std::move(sinks);
        CPPUNIT_ASSERT(configure_log(settings_));
    }
    std::string written(const std::string& name) {
        flush_log();
        return contents(folder_ / name);
    }

  public:
    void setUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "jf-log-XXXXXX").string();
        CPPUNIT_ASSERT(::mkdtemp(name.data()));
        folder_ = name;
        settings_ = {};
        settings_.directory = name;
    }
    void tearDown() override {
        stop_log();
        set_current_call_id({});
        set_verbose_level(0);
        set_debug_level(0);
        std::filesystem::remove_all(folder_);
    }

  private:
    void a_file_gets_its_levels_only() {
        configure({{"messages.log", "notice,error"}, {"all", "*"}});
        log_notice("one {}", 1);
        log_warning("two");
        log_error("three");
        const auto text = written("messages.log");
        CPPUNIT_ASSERT(contains(text, "] NOTICE[") && contains(text, "log_sink_test.cpp: one 1\n"));
        CPPUNIT_ASSERT(!contains(text, "two") && contains(text, "three"));
        CPPUNIT_ASSERT(contains(written("all"), "two"));
        const auto sinks = log_sinks();
        CPPUNIT_ASSERT_EQUAL(std::string("NOTICE ERROR"), sinks[0].levels);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, sinks[0].written);
    }
    void the_call_id_is_on_the_line() {
        configure({{"f", "notice"}});
        log_notice("outside");
        const auto call = new_call_id();
        CPPUNIT_ASSERT(call != new_call_id());
        set_current_call_id(call);
        std::thread([] { log_notice("elsewhere"); }).join();
        log_notice("inside");
        const auto lines = written("f");
        const auto parts = split(lines, '\n');
        CPPUNIT_ASSERT(!contains(std::string(parts[0]), "[C-") && !contains(std::string(parts[1]), "[C-"));
        CPPUNIT_ASSERT(contains(std::string(parts[2]), "[C-0000"));
        settings_.use_call_ids = false;
        configure({{"g", "notice"}});
        log_notice("inside");
        CPPUNIT_ASSERT(!contains(written("g"), "[C-"));
    }
    void json_lines_are_one_object_each() {
        configure({{"f", "[json]notice"}});
        set_current_call_id({0x2a});
        log_notice("say \"hi\"\nagain");
        const auto text = written("f");
        CPPUNIT_ASSERT(contains(text, R"("level":"NOTICE","message":"say \"hi\"\nagain"}})"));
        CPPUNIT_ASSERT(contains(text, R"("callid":"C-0000002a")"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, static_cast<std::size_t>(std::ranges::count(text, '\n')));
    }
    void text_from_the_network_cannot_forge_a_line() {
        configure({{"f", "notice"}});
        log_notice("{}", "a\r\n[Jan  1 00:00:00] ERROR[1] x.c: forged\x1b[2J");
        const auto text = written("f");
        CPPUNIT_ASSERT(contains(text, "a\n    [Jan  1") && contains(text, "forged\\x1b[2J\n"));
    }
    void a_sink_has_its_own_verbose_level() {
        configure({{"own", "verbose(3)"}, {"general", "verbose"}});
        log_verbose(3, "three");
        log_verbose(4, "four");
        CPPUNIT_ASSERT(contains(written("own"), "    -- three"));
        CPPUNIT_ASSERT(!contains(written("own"), "four"));
        CPPUNIT_ASSERT_EQUAL(std::string(), written("general"));
        set_verbose_level(4);
        log_verbose(4, "four");
        CPPUNIT_ASSERT(contains(written("general"), "four") && !contains(written("own"), "four"));
        configure({});
        set_verbose_level(0);
        CPPUNIT_ASSERT_EQUAL(0, detail::verbose_level.load());
    }
    void debug_can_be_set_for_one_module() {
        configure({{"f", "debug"}});
        set_debug_level(5, "other");
        log_debug(1, "no");
        set_debug_level(5, "log_sink_test");
        log_debug(5, "by stem");
        log_debug(6, "too deep");
        set_debug_level(0, "log_sink_test");
        set_debug_level(2, "tests/unit/core");
        log_debug(2, "by folder");
        set_debug_level(0, "tests/unit/core");
        name_log_module("res_test", "tests/unit/core/base/log_sink_test.cpp");
        set_debug_level(2, "res_test.so");
        CPPUNIT_ASSERT_EQUAL(2, debug_level("res_test"));
        log_debug(2, "by name");
        set_debug_level(0, "res_test");
        set_debug_level(0, "other");
        CPPUNIT_ASSERT_EQUAL(0, detail::highest_debug_level.load());
        const auto text = written("f");
        CPPUNIT_ASSERT(!contains(text, "no") && !contains(text, "deep"));
        CPPUNIT_ASSERT(contains(text, "by stem") && contains(text, "by folder") && contains(text, "by name"));
    }
    void rotation_numbers_archives_as_asked() {
        const auto rotate_twice = [&](LogRotation strategy) {
            std::filesystem::remove_all(folder_);
            std::filesystem::create_directory(folder_);
            settings_.rotation = strategy;
            configure({{"f", "notice"}});
            for (const char* text : {"first", "second", "third"}) {
                log_notice("{}", text);
                flush_log();
                if (std::string_view(text) != "third") CPPUNIT_ASSERT(rotate_log());
                flush_log();
            }
        };
        rotate_twice(LogRotation::sequential);
        CPPUNIT_ASSERT(contains(contents(folder_ / "f.0"), "first") && contains(contents(folder_ / "f.1"), "second"));
        CPPUNIT_ASSERT(contains(contents(folder_ / "f"), "third"));
        rotate_twice(LogRotation::rotate);
        CPPUNIT_ASSERT(contains(contents(folder_ / "f.0"), "second") && contains(contents(folder_ / "f.1"), "first"));
        rotate_twice(LogRotation::timestamp);
        CPPUNIT_ASSERT(!std::filesystem::exists(folder_ / "f.0"));
        const auto files = std::distance(std::filesystem::directory_iterator(folder_), {});
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{3}, files);
        rotate_twice(LogRotation::none);
        CPPUNIT_ASSERT(contains(contents(folder_ / "f"), "first") && contains(contents(folder_ / "f"), "third"));
        CPPUNIT_ASSERT(rotate_log("nothing").error().code == ErrorCode::not_found);
    }
    void a_command_runs_after_rotation() {
        // A pipe tells when the command has run: nothing has to be waited for by time.
        CPPUNIT_ASSERT_EQUAL(0, ::mkfifo((folder_ / "told").c_str(), 0600));
        settings_.exec_after_rotate = "echo \"$filename\" > " + (folder_ / "told").string();
        configure({{"a b;c", "notice"}});
        log_notice("x");
        CPPUNIT_ASSERT(rotate_log("a b;c"));
        CPPUNIT_ASSERT_EQUAL((folder_ / "a b;c.0").string() + "\n", contents(folder_ / "told"));
    }
    void added_levels_reach_sinks_that_named_them_before() {
        configure({{"f", "notice,billing"}, {"all", "*"}});
        const auto level = add_log_level("Billing");
        CPPUNIT_ASSERT(level);
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(*level), static_cast<int>(*add_log_level("billing")));
        log_text(*level, "paid");
        CPPUNIT_ASSERT(contains(written("f"), "] BILLING[") && contains(written("all"), "paid"));
        CPPUNIT_ASSERT(add_log_level("a b").error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(remove_log_level("notice").error().code == ErrorCode::refused);
        for (int i = 0; i < 15; ++i) CPPUNIT_ASSERT(add_log_level("level" + std::to_string(i)));
        CPPUNIT_ASSERT(add_log_level("onemore").error().code == ErrorCode::limit);
        for (int i = 0; i < 15; ++i) CPPUNIT_ASSERT(remove_log_level("level" + std::to_string(i)));
        CPPUNIT_ASSERT(remove_log_level("billing"));
        CPPUNIT_ASSERT(!find_log_level("billing"));
    }
    void a_full_queue_drops_and_counts() {
        settings_.queue_limit = 10;
        configure({{"f", "notice,warning"}});
        const auto before = lost_log_lines();
        std::mutex mutex;
        std::condition_variable change;
        bool inside = false, release = false;
        {
            LogSubscription blocker("notice", [&](const LogLine&) {
                std::unique_lock lock(mutex);
                inside = true;
                change.notify_all();
                change.wait(lock, [&] { return release; });
            });
            log_notice("first");
            {
                std::unique_lock lock(mutex);
                change.wait(lock, [&] { return inside; });
            }
            // The writer is held: ten lines wait (one of them in its hands), the rest is lost.
            for (int i = 0; i < 100; ++i) log_notice("line {}", i);
            {
                const std::lock_guard lock(mutex);
                release = true;
            }
            change.notify_all();
            flush_log();
        }
        CPPUNIT_ASSERT_EQUAL(before + 91, lost_log_lines());
        CPPUNIT_ASSERT(contains(written("f"), "91 log lines were lost"));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{91}, log_sinks()[0].lost);
    }
    void sinks_come_and_go_at_run_time() {
        configure({{"f", "notice"}});
        CPPUNIT_ASSERT(add_log_sink({"g", "warning"}));
        CPPUNIT_ASSERT(add_log_sink({"g", "warning"}).error().code == ErrorCode::exists);
        log_warning("hello");
        CPPUNIT_ASSERT(contains(written("g"), "hello"));
        configure({{"f", "notice"}});  // a reload keeps what was added by hand
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, log_sinks().size());
        CPPUNIT_ASSERT(remove_log_sink("f").error().code == ErrorCode::refused);
        CPPUNIT_ASSERT(remove_log_sink("g"));
        CPPUNIT_ASSERT(remove_log_sink("g").error().code == ErrorCode::not_found);
    }
    void wrong_levels_are_refused_by_name() {
        CPPUNIT_ASSERT(contains(check_log_sink({"f", "notice,verbose(x)"}).error().text, "\"verbose(x)\""));
        CPPUNIT_ASSERT(contains(check_log_sink({"f", "[xml]notice"}).error().text, "[xml]"));
        CPPUNIT_ASSERT(contains(check_log_sink({"syslog.locl0", "notice"}).error().text, "local0"));
        for (const char* levels : {"verbose(", "verbose()", "verbose(1", "notice(3)", "[json", "a b", "verbose(99999999999)"})
            CPPUNIT_ASSERT_MESSAGE(levels, !check_log_sink({"f", levels}));
        CPPUNIT_ASSERT(check_log_sink({"syslog.local7", " error , dtmf,verbose( 3 )"}));
    }
    void a_file_that_cannot_be_opened_does_not_stop_the_others() {
        settings_.sinks = {{"no/such/folder", "notice"}, {"f", "notice"}};
        const auto result = configure_log(settings_);
        CPPUNIT_ASSERT(!result && contains(result.error().text, "no/such/folder"));
        log_notice("here");
        CPPUNIT_ASSERT(contains(written("f"), "here"));
        CPPUNIT_ASSERT(!log_sinks()[0].enabled && log_sinks()[1].enabled);
    }
    void dates_have_milliseconds_when_asked() {
        const ManualClock clock(WallTime(std::chrono::milliseconds(1'767'225'600'042)));
        settings_.date_format = "%Y.%3q%%q";
        configure({{"f", "notice"}});
        log_notice("x");
        CPPUNIT_ASSERT(contains(written("f"), ".042%q] NOTICE"));
    }
    void long_lines_arrive_whole_and_endless_ones_cut() {
        configure({{"f", "notice"}});
        log_notice("{}", std::string(20000, 'x') + "end");
        CPPUNIT_ASSERT(contains(written("f"), "xend\n"));
        log_notice("{}", std::string(10'000'000, 'y'));
        CPPUNIT_ASSERT(written("f").size() < 100'000);
    }
    void lines_of_many_threads_all_arrive() {
        settings_.queue_limit = 4096;
        configure({{"f", "notice"}});
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([] { for (int i = 0; i < 500; ++i) log_notice("line {} {}", i, std::string(200, 'z')); });
        for (auto& thread : threads) thread.join();
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{2000}, std::ranges::count(written("f"), '\n'));
    }
    void a_muted_listener_hears_nothing() {
        configure({});
        std::vector<std::string> heard;
        LogSubscription console("", [&](const LogLine& line) {
            heard.push_back(format_log_line(line, LogFormat::standard, true, false));
        });
        log_warning("one");
        log_verbose(2, "two");
        flush_log();
        console.set_verbose(2);
        log_verbose(2, "three");
        flush_log();
        console.mute(true);
        log_warning("four");
        flush_log();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, heard.size());
        CPPUNIT_ASSERT(contains(heard[0], "a_muted_listener_hears_nothing") && contains(heard[0], ": one"));
        CPPUNIT_ASSERT_EQUAL(std::string("  == three"), heard[1]);
        console = {};
        log_warning("five");
        flush_log();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, heard.size());
        CPPUNIT_ASSERT_EQUAL(0, detail::verbose_level.load());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LogSinkTest);
