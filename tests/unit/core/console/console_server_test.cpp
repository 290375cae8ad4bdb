// The control socket with real clients on threads of their own.
#include "core/console/console_server.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "core/base/log.hpp"
#include "core/base/log_sink.hpp"
#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "core/console/console_client.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

struct Answer {
    std::string output, status;
};

Answer ask(ConsoleClient& client, std::string_view command) {
    Answer answer;
    if (!client.send(FrameKind::command, command)) return {"", "lost"};
    for (;;) {
        const auto frame = client.receive(10s);
        if (!frame || !*frame) return {answer.output, "lost"};
        if ((*frame)->kind == FrameKind::output) answer.output += (*frame)->text;
        if ((*frame)->kind == FrameKind::done) {
            answer.status = (*frame)->text;
            return answer;
        }
    }
}

class ConsoleServerTest : public testing::LoopTest {
    CPPUNIT_TEST_SUITE(ConsoleServerTest);
    CPPUNIT_TEST(frames_survive_any_cutting);
    CPPUNIT_TEST(refuses_a_frame_beyond_the_limit);
    CPPUNIT_TEST(answers_commands_with_output_and_status);
    CPPUNIT_TEST(completes_for_the_client);
    CPPUNIT_TEST(delivers_long_answers_whole);
    CPPUNIT_TEST(serves_one_console_while_anothers_command_waits);
    CPPUNIT_TEST(shows_log_lines_as_they_come);
    CPPUNIT_TEST(drops_a_client_that_talks_nonsense);
    CPPUNIT_TEST(gives_the_socket_its_mode_and_removes_it);
    CPPUNIT_TEST(ends_connections_when_it_ends);
    CPPUNIT_TEST(tells_who_is_missing_when_nobody_listens);
    CPPUNIT_TEST_SUITE_END();

    void frames_survive_any_cutting() {
        const std::string bytes = make_frame(FrameKind::command, "core show version") + make_frame(FrameKind::mute, "") +
                                  make_frame(FrameKind::output, std::string(300, 'x'));
        for (const std::size_t piece : {1ul, 2ul, 5ul, 7ul, 1000ul}) {
            FrameReader reader;
            std::vector<ConsoleFrame> frames;
            for (std::size_t at = 0; at < bytes.size(); at += piece) {
                reader.feed(std::string_view(bytes).substr(at, piece));
                while (auto frame = reader.next().value()) frames.push_back(std::move(*frame));
            }
            CPPUNIT_ASSERT_EQUAL(std::size_t{3}, frames.size());
            CPPUNIT_ASSERT_EQUAL(std::string("core show version"), frames[0].text);
            CPPUNIT_ASSERT(frames[1].kind == FrameKind::mute && frames[1].text.empty());
            CPPUNIT_ASSERT_EQUAL(std::size_t{300}, frames[2].text.size());
        }
    }
    void refuses_a_frame_beyond_the_limit() {
        FrameReader reader;
        reader.feed("\xff\xff\xff\xff"
                    "C");
        CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, reader.next().error().code);
    }
    void answers_commands_with_output_and_status() {
        with_client([](ConsoleClient& client) {
            const Answer good = ask(client, "test echo hello");
            check(good.output == "hello\n" && good.status == "0", "echo");
            const Answer bad = ask(client, "test fail");
            check(bad.output == "the line is cut\n" && bad.status == "1", "fail");
            check(ask(client, "no such thing").status == "1", "unknown");
            check(ask(client, "").status == "0", "empty");
        });
    }
    void completes_for_the_client() {
        with_client([](ConsoleClient& client) {
            check(client.send(FrameKind::complete, "test e").has_value(), "send");
            check(client.receive(10s).value()->text == "echo", "completion");
        });
    }
    void delivers_long_answers_whole() {
        with_client([](ConsoleClient& client) {
            const Answer answer = ask(client, "test count 200000");
            check(answer.status == "0", "status");
            check(answer.output.ends_with("\n199999\n"), "end");
            check(split(answer.output, '\n').size() == 200001, "lines");
        });
    }
    void serves_one_console_while_anothers_command_waits() {
        with_client([this](ConsoleClient& client) {
            check(client.send(FrameKind::command, "test wait").has_value(), "send");
            auto other = ConsoleClient::connect(path_);
            check(ask(*other, "test echo beside").output == "beside\n", "second console");
            check(ask(*other, "test release").status == "0", "release");
            check(client.receive(10s).value()->text == "released\n", "first console");
        });
    }
    void shows_log_lines_as_they_come() {
        with_client([](ConsoleClient& client) {
            check(client.send(FrameKind::log_on, "notice,warning").has_value(), "subscribe");
            check(ask(client, "test echo x").status == "0", "in order");
            check(client.send(FrameKind::command, "test log").has_value(), "send");
            bool seen = false;
            for (int frames = 0; frames < 20 && !seen; ++frames) {
                const auto frame = client.receive(10s);
                if (!frame || !*frame) break;
                seen = (*frame)->kind == FrameKind::log_line && (*frame)->text.find("the lamp burns") != std::string::npos;
            }
            check(seen, "log line");
        });
    }
    void drops_a_client_that_talks_nonsense() {
        with_client([this](ConsoleClient& client) {
            check(client.send(static_cast<FrameKind>('?'), "x").has_value(), "send");
            check(!client.receive(10s).has_value(), "closed");
            auto other = ConsoleClient::connect(path_);
            check(ask(*other, "test echo y").output == "y\n", "others stay");
        });
    }
    void gives_the_socket_its_mode_and_removes_it() {
        with_client([this](ConsoleClient&) {
            struct stat status {};
            check(::stat(path_.c_str(), &status) == 0 && (status.st_mode & 0777) == 0660, "mode");
        });
        CPPUNIT_ASSERT(!std::filesystem::exists(path_));
    }
    void ends_connections_when_it_ends() {
        bool closed = false;
        run_with_server(
            [&] {
                auto client = ConsoleClient::connect(path_);
                (void)client->send(FrameKind::command, "test leave");
                while (client->receive(10s)) {}
                closed = true;
            },
            true);
        CPPUNIT_ASSERT(closed);
    }
    void tells_who_is_missing_when_nobody_listens() {
        CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, ConsoleClient::connect(path_).error().code);
    }

    // Assertions on the client's thread are collected here.
    static void check(bool good, const char* what) {
        if (!good) problems().push_back(what);
    }
    static std::vector<std::string>& problems() {
        static std::vector<std::string> list;
        return list;
    }

    void with_client(std::function<void(ConsoleClient&)> body) {
        run_with_server([&] {
            auto client = ConsoleClient::connect(path_);
            if (client)
                body(*client);
            else
                problems().push_back(client.error().text);
        });
        CPPUNIT_ASSERT_EQUAL(std::string(), join(problems(), ", "));
    }

    void run_with_server(std::function<void()> client, bool server_leaves_first = false) {
        problems().clear();
        ControlLoop loop;
        Module module("test");
        Latch released, leave, finished;
        add_commands(module, released, leave);
        testing::run_on_fiber(loop, [&] {
            auto server = ConsoleServer::start({path_, 0660, "", ""});
            CPPUNIT_ASSERT_MESSAGE(server ? std::string() : server.error().text, server.has_value());
            std::thread thread([&] {
                client();
                post([&] { finished.set(); });
            });
            if (server_leaves_first) {
                (void)leave.wait();
                server->reset();
            }
            (void)finished.wait();
            thread.join();
        });
    }
    static void add_commands(Module& module, Latch& released, Latch& leave) {
        const auto add = [&](const CommandInfo& info, CommandFunction function) {
            CPPUNIT_ASSERT(module.add(info, std::move(function)).has_value());
        };
        add({"test echo [words...]", "s", "t"},
            [](Console& console, CommandWords words) { return console.print("{}\n", join(words, " ")); });
        add({"test fail", "s", "t"},
            [](Console&, CommandWords) -> Result<void> { return fail(ErrorCode::failed, "the line is cut"); });
        add({"test count NUMBER", "s", "t"}, [](Console& console, CommandWords words) -> Result<void> {
            for (int i = 0; i < parse_number<int>(words[0]).value(); ++i) JF_TRY(console.print("{}\n", i));
            return {};
        });
        add({"test wait", "s", "t"}, [&released](Console& console, CommandWords) -> Result<void> {
            JF_TRY(released.wait());
            return console.write("released\n");
        });
        add({"test release", "s", "t"}, [&released](Console&, CommandWords) -> Result<void> {
            released.set();
            return {};
        });
        add({"test leave", "s", "t"}, [&leave](Console&, CommandWords) -> Result<void> {
            leave.set();
            return {};
        });
        add({"test log", "s", "t"}, [](Console&, CommandWords) -> Result<void> {
            log_notice("the lamp burns");
            return {};
        });
    }

  public:
    void setUp() override {
        LoopTest::setUp();
        path_ = std::filesystem::temp_directory_path() / fmt::format("console_server_test.{}.ctl", getpid());
    }

  private:
    std::string path_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConsoleServerTest);

}  // namespace
