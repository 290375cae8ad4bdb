// What the runtime's tests share: a loop of their own and a way to run a function on a fiber of it.
#pragma once

#include <cppunit/extensions/HelperMacros.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::testing {

// A failed assertion on a fiber ends at the fiber's entry; it is kept here and fails the test at its end.
class LoopTest : public CppUnit::TestFixture {
  public:
    void setUp() override { failures().clear(); }
    void tearDown() override {
        if (!failures().empty()) throw failures().front();
    }
    static std::vector<CppUnit::Exception>& failures() {
        static std::vector<CppUnit::Exception> list;
        return list;
    }
};

inline void start(std::string name, std::move_only_function<void()> body) {
    CPPUNIT_ASSERT(spawn({.name = std::move(name)}, [body = std::move(body)]() mutable {
        try {
            body();
        } catch (const CppUnit::Exception& failure) {
            LoopTest::failures().push_back(failure);
        }
    }));
}

// Runs `body` on a fiber until it has ended; fails the test when that takes longer than 20 s.
inline void run_on_fiber(ControlLoop& loop, std::move_only_function<void()> body) {
    bool done = false;
    start("test", [&] {
        const struct Done {
            bool& flag;
            ~Done() { flag = true; }
        } at_end{done};
        body();
    });
    CPPUNIT_ASSERT(loop.run_for(std::chrono::seconds(20), [&] { return done; }));
    loop.run_until_idle();
}

// Runs this program again with one test in it and JACKFIELD_TEST_CHILD set, for tests that end their process. Returns
// what it wrote to standard error and how it ended.
struct ChildRun {
    std::string output;
    int status;  // as waitpid
};
inline bool is_child() { return std::getenv("JACKFIELD_TEST_CHILD") != nullptr; }

inline ChildRun run_as_child(const std::string& test) {
    std::array<int, 2> ends{};
    CPPUNIT_ASSERT_EQUAL(0, pipe(ends.data()));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::vector<char*> environment;
    for (char** entry = environ; *entry; ++entry) environment.push_back(*entry);
    std::string mark = "JACKFIELD_TEST_CHILD=1";
    environment.push_back(mark.data());
    environment.push_back(nullptr);
    std::string program = "/proc/self/exe";
    std::string name = test;
    std::array<char*, 3> arguments{program.data(), name.data(), nullptr};
    pid_t pid = 0;
    CPPUNIT_ASSERT_EQUAL(0,
                         posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environment.data()));
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    ChildRun run{};
    std::array<char, 4096> buffer;
    for (ssize_t n; (n = read(ends[0], buffer.data(), buffer.size())) > 0;)
        run.output.append(buffer.data(), static_cast<std::size_t>(n));
    close(ends[0]);
    CPPUNIT_ASSERT_EQUAL(pid, waitpid(pid, &run.status, 0));
    return run;
}

}  // namespace jackfield::testing
