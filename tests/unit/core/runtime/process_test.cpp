#include "core/runtime/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <functional>
#include <string>

#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

// What the loop does not watch is looked at every few milliseconds.
bool seen_within(ControlLoop& loop, std::chrono::milliseconds limit, const std::function<bool()>& seen) {
    for (auto left = limit; left > 0ms; left -= 5ms) {
        if (seen()) return true;
        loop.run_for(5ms, [] { return false; });
    }
    return seen();
}

}  // namespace

class ProcessTest : public LoopTest {
    CPPUNIT_TEST_SUITE(ProcessTest);
    CPPUNIT_TEST(returns_output_and_exit_code);
    CPPUNIT_TEST(tells_the_signal_that_ended_it);
    CPPUNIT_TEST(names_a_missing_program);
    CPPUNIT_TEST(gives_exactly_the_wanted_descriptors);
    CPPUNIT_TEST(places_descriptors_that_overlap);
    CPPUNIT_TEST(sets_environment_and_directory);
    CPPUNIT_TEST(ends_a_program_and_its_children_at_the_timeout);
    CPPUNIT_TEST(bounds_the_output);
    CPPUNIT_TEST(does_not_wait_for_what_a_program_leaves_behind);
    CPPUNIT_TEST(kills_what_still_runs_when_the_loop_ends);
    CPPUNIT_TEST(lets_a_program_go_on_after_a_last_signal);
    CPPUNIT_TEST_SUITE_END();

    static ProcessOptions shell(std::string command) {
        ProcessOptions options;
        options.arguments = {"sh", "-c", std::move(command)};
        return options;
    }

  public:
    void returns_output_and_exit_code() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            const auto output = Process::run_shell("echo one; echo two; exit 3", 20s).value();
            CPPUNIT_ASSERT_EQUAL(std::string("one\ntwo\n"), output.text);
            CPPUNIT_ASSERT_EQUAL(3, output.exit_code);
        });
    }

    void tells_the_signal_that_ended_it() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            // Not by a shell: dash may lose a SIGINT that comes while it starts its command.
            ProcessOptions options;
            options.arguments = {"sleep", "100"};
            const auto process = Process::start(std::move(options)).value();
            CPPUNIT_ASSERT(process->wait(1ms).error().code == ErrorCode::timeout);
            process->signal(SIGINT);
            CPPUNIT_ASSERT_EQUAL(128 + SIGINT, process->wait(20s).value());
            CPPUNIT_ASSERT_EQUAL(128 + SIGINT, process->wait(20s).value());
        });
    }

    void names_a_missing_program() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            ProcessOptions options;
            options.arguments = {"jackfield-no-such-program"};
            const auto missing = Process::start(std::move(options));
            CPPUNIT_ASSERT(missing.error().code == ErrorCode::not_found);
            CPPUNIT_ASSERT(missing.error().text.find("jackfield-no-such-program") != std::string::npos);
            CPPUNIT_ASSERT(Process::start({}).error().code == ErrorCode::invalid);
        });
    }

    void gives_exactly_the_wanted_descriptors() {
        ControlLoop loop;
        const int leaked = fcntl(STDERR_FILENO, F_DUPFD, 50);  // without close-on-exec
        run_on_fiber(loop, [leaked] {
            const auto list = fmt::format("cd /proc/$$/fd; for n in 0 1 2 {}; do test -e $n && echo $n; done", leaked);
            CPPUNIT_ASSERT_EQUAL(std::string("0\n1\n2\n"), Process::run_shell(list, 20s)->text);
            const auto input = Process::run_shell("cat; readlink /proc/self/fd/0", 20s).value();
            CPPUNIT_ASSERT_EQUAL(std::string("/dev/null\n"), input.text);
        });
        close(leaked);
    }

    void places_descriptors_that_overlap() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            std::array<int, 2> first{}, second{};
            CPPUNIT_ASSERT_EQUAL(0, pipe2(first.data(), O_CLOEXEC));
            CPPUNIT_ASSERT_EQUAL(0, pipe2(second.data(), O_CLOEXEC));
            auto options = shell("echo to-three >&3; echo to-four >&4");
            options.child_descriptors = {-1, STDERR_FILENO, STDERR_FILENO, second[1], first[1]};
            const auto process = Process::start(std::move(options)).value();
            CPPUNIT_ASSERT_EQUAL(0, process->wait(20s).value());
            std::array<char, 32> text{};
            const auto got = [&](int descriptor) {
                return std::string(text.data(), static_cast<std::size_t>(read(descriptor, text.data(), text.size())));
            };
            CPPUNIT_ASSERT_EQUAL(std::string("to-three\n"), got(second[0]));
            CPPUNIT_ASSERT_EQUAL(std::string("to-four\n"), got(first[0]));
            for (const int end : {first[0], first[1], second[0], second[1]}) close(end);
        });
    }

    void sets_environment_and_directory() {
        ControlLoop loop;
        setenv("JACKFIELD_TEST_VALUE", "ours", 1);
        run_on_fiber(loop, [] {
            auto options = shell("echo $JACKFIELD_TEST_VALUE $agi_channel; pwd");
            options.environment = {"JACKFIELD_TEST_VALUE=replaced", "agi_channel=SIP/1"};
            options.directory = "/";
            CPPUNIT_ASSERT_EQUAL(std::string("replaced SIP/1\n/\n"), Process::run(std::move(options), 20s)->text);
        });
        unsetenv("JACKFIELD_TEST_VALUE");
    }

    void ends_a_program_and_its_children_at_the_timeout() {
        ControlLoop loop;
        std::array<int, 2> alive{};
        CPPUNIT_ASSERT_EQUAL(0, pipe2(alive.data(), O_CLOEXEC));
        run_on_fiber(loop, [&] {
            auto options = shell("sleep 1000 & sleep 1000");
            options.child_descriptors = {-1, -1, -1, alive[1]};
            CPPUNIT_ASSERT(Process::run(std::move(options), 50ms).error().code == ErrorCode::timeout);
        });
        close(alive[1]);
        // The pipe ends when the last process that holds it has ended.
        fcntl(alive[0], F_SETFL, O_NONBLOCK);
        char byte = 0;
        CPPUNIT_ASSERT(seen_within(loop, 20s, [&] { return read(alive[0], &byte, 1) == 0; }));
        close(alive[0]);
    }

    void bounds_the_output() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            const auto output = Process::run_shell("head -c 1000000 /dev/zero; exit 7", 20s, 1000).value();
            CPPUNIT_ASSERT_EQUAL(std::size_t{1000}, output.text.size());
            CPPUNIT_ASSERT_EQUAL(7, output.exit_code);
        });
    }

    void does_not_wait_for_what_a_program_leaves_behind() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            const auto output = Process::run_shell("sleep 30 & echo started $!", 20s).value();
            CPPUNIT_ASSERT(output.text.starts_with("started "));
            kill(std::stoi(output.text.substr(8)), SIGKILL);
        });
    }

    void kills_what_still_runs_when_the_loop_ends() {
        pid_t pid = 0;
        {
            ControlLoop loop;
            run_on_fiber(loop, [&] {
                std::array<int, 2> ready{};
                CPPUNIT_ASSERT_EQUAL(0, pipe2(ready.data(), O_CLOEXEC));
                auto options = shell("trap '' TERM; echo ready >&3; while :; do sleep 1; done");
                options.child_descriptors = {-1, -1, -1, ready[1]};
                const auto process = Process::start(std::move(options)).value();
                std::array<char, 8> text{};
                CPPUNIT_ASSERT(read(ready[0], text.data(), text.size()) > 0);
                close(ready[0]);
                close(ready[1]);
                pid = process->pid();
            });
        }
        CPPUNIT_ASSERT(kill(pid, 0) != 0);
    }

    void lets_a_program_go_on_after_a_last_signal() {
        ControlLoop loop;
        std::array<int, 2> told{};
        CPPUNIT_ASSERT_EQUAL(0, pipe2(told.data(), O_CLOEXEC));
        fcntl(told[0], F_SETFL, O_NONBLOCK);
        std::string text;
        const auto hear = [&] {
            std::array<char, 64> buffer{};
            const ssize_t n = read(told[0], buffer.data(), buffer.size());
            if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
            return n == 0;
        };
        run_on_fiber(loop, [&] {
            auto options = shell("trap 'echo hangup >&3' HUP; echo ready >&3; while :; do sleep 0.1; [ $((n += 1)) = 3 ] && break; done; "
                                 "echo done >&3");
            options.child_descriptors = {-1, -1, -1, told[1]};
            const auto process = Process::start(std::move(options)).value();
            close(told[1]);
            while (!text.contains("ready")) {
                (void)hear();
                CPPUNIT_ASSERT(sleep_for(1ms));
            }
            process->signal_alone(SIGHUP);
            process->let_go();
        });
        CPPUNIT_ASSERT(seen_within(loop, 20s, hear));
        CPPUNIT_ASSERT_EQUAL(std::string("ready\nhangup\ndone\n"), text);
        close(told[0]);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProcessTest);
