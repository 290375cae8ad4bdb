// The control socket: connections, commands, completion, live log lines.
#include "core/console/console_server.hpp"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "core/base/clock.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/base/log_sink.hpp"
#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "core/console/console_protocol.hpp"
#include "core/console/version.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/stream.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_connections = 256;
constexpr std::size_t output_chunk = 4 * 1024;
constexpr auto longest_run = 1ms;                 // of a listing, until others may run
constexpr std::size_t log_backlog = 256 * 1024;   // bytes of log lines that wait for one console
constexpr std::size_t stream_backlog = 512 * 1024;
constexpr auto write_patience = 60s;              // a console that reads nothing for so long is dropped

// Log lines on their way from the writer thread to one connection.
class LogFeed : public std::enable_shared_from_this<LogFeed> {
  public:
    explicit LogFeed(Stream& stream) : stream_(&stream) {}

    // The log's writer thread.
    void add(const LogLine& line, bool colours) {
        std::string text = format_log_line(line, LogFormat::standard, true, colours);
        text += '\n';
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() + text.size() > log_backlog) {
            ++lost_;
            return;
        }
        waiting_ += text;
        if (std::exchange(posted_, true)) return;
        post([self = shared_from_this()] { self->flush(); });
    }
    void close() { stream_ = nullptr; }  // control thread

  private:
    void flush() {
        std::string lines;
        {
            const std::scoped_lock lock(mutex_);
            posted_ = false;
            lines.swap(waiting_);
            if (const auto lost = std::exchange(lost_, 0); lost > 0)
                lines += fmt::format("[{} log lines were too many for this console]\n", lost);
        }
        // A console that does not read loses log lines, and costs no more memory than this.
        if (stream_ && stream_->queued() + lines.size() < stream_backlog)
            (void)stream_->send(make_frame(FrameKind::log_line, lines));
    }

    Stream* stream_;
    std::mutex mutex_;  // between the log's writer and the control thread
    std::string waiting_;
    std::size_t lost_ = 0;
    bool posted_ = false;
};

// One console at the socket. All on the control thread, on the connection's fiber.
class Connection final : public Console {
  public:
    explicit Connection(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {
        stream_->set_queue_limit(2 * stream_backlog);
        if (const auto peer = stream_->credentials()) user_ = peer->uid;
        feed_ = std::make_shared<LogFeed>(*stream_);
    }
    ~Connection() override { feed_->close(); }

    Result<void> write(std::string_view text) override {
        output_ += text;
        if (output_.size() >= output_chunk) return flush();
        return {};
    }
    bool colours() const override { return colours_; }
    unsigned width() const override { return width_; }
    uid_t user() const override { return user_; }

    // Serves until the other side closes or the server ends.
    Result<void> serve() {
        JF_TRY(send(FrameKind::hello, fmt::format("{} {}\n{}\n{}\n{}\n{}", console_protocol_version, ::getpid(),
                                                  version(), host_name(), system_name(), verbose_level())));
        std::array<char, 1024> bytes;
        for (;;) {
            auto frame = JF_TRY(reader_.next());
            if (frame) {
                JF_TRY(handle(*frame));
                continue;
            }
            const std::size_t got = JF_TRY(stream_->read(bytes));
            if (got == 0) return {};
            reader_.feed({bytes.data(), got});
        }
    }
    void announce(const std::string& text) {
        if (logs_) (void)stream_->send(make_frame(FrameKind::log_line, text));
    }

  private:
    static std::string host_name() {
        std::array<char, 256> name{};
        return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
    }
    Result<void> send(FrameKind kind, std::string_view text) {
        return stream_->write(make_frame(kind, text), write_patience);
    }
    Result<void> flush() {
        if (output_.empty()) return {};
        const std::string text = std::exchange(output_, {});
        if (auto sent = send(FrameKind::output, text); !sent)
            return ends_application(sent.error().code) ? sent : fail(ErrorCode::closed, "the console has gone");
        // A reader that keeps up would let a long listing run without a wait.
        if (Clock::now() - last_pause_ < longest_run) return {};
        JF_TRY(yield());
        last_pause_ = Clock::now();
        return {};
    }
    Result<void> handle(const ConsoleFrame& frame) {
        switch (frame.kind) {
            case FrameKind::command: return run(frame.text);
            case FrameKind::complete: return complete(frame.text);
            case FrameKind::log_on: subscribe(frame.text); break;
            case FrameKind::verbosity: logs_.set_verbose(parse_number<int>(frame.text).value_or(0)); break;
            case FrameKind::mute: logs_.mute(frame.text == "1"); break;
            case FrameKind::terminal: set_terminal(frame.text); break;
            default: return fail(ErrorCode::invalid, "unknown frame of a console");
        }
        return {};
    }
    Result<void> run(const std::string& line) {
        auto result = run_command(*this, line);
        if (!result) {
            if (ends_application(result.error().code) || result.error().code == ErrorCode::closed) return result;
            JF_TRY(print("{}\n", result.error().text.empty() ? std::string(to_string(result.error().code))
                                                             : result.error().text));
        }
        JF_TRY(flush());
        return send(FrameKind::done, result ? "0" : "1");
    }
    Result<void> complete(const std::string& line) {
        constexpr std::size_t most = 2000;
        std::vector<std::string> words = complete_command(line);
        if (words.size() > most) words.resize(most);
        return send(FrameKind::completions, join(words, "\n"));
    }
    void subscribe(const std::string& levels) {
        logs_ = LogSubscription(levels, [feed = feed_, colours = colours_](const LogLine& line) {
            feed->add(line, colours);
        });
    }
    void set_terminal(const std::string& text) {
        const Halves halves = split_once(text, ' ');
        width_ = std::clamp(parse_number<unsigned>(halves.first).value_or(80), 20u, 1000u);
        colours_ = halves.second == "1";
    }

    std::unique_ptr<Stream> stream_;
    FrameReader reader_;
    std::string output_;
    Instant last_pause_ = Clock::now();
    uid_t user_ = static_cast<uid_t>(-1);
    bool colours_ = false;
    unsigned width_ = 80;
    std::shared_ptr<LogFeed> feed_;
    LogSubscription logs_;
};

Result<void> set_owner(const ConsoleServerSettings& settings) {
    uid_t owner = static_cast<uid_t>(-1);
    gid_t group = static_cast<gid_t>(-1);
    if (!settings.owner.empty()) {
        const passwd* entry = ::getpwnam(settings.owner.c_str());
        if (!entry) return fail(ErrorCode::failed, "astctlowner: there is no user {}", settings.owner);
        owner = entry->pw_uid;
    }
    if (!settings.group.empty()) {
        const struct group* entry = ::getgrnam(settings.group.c_str());
        if (!entry) return fail(ErrorCode::failed, "astctlgroup: there is no group {}", settings.group);
        group = entry->gr_gid;
    }
    if (settings.owner.empty() && settings.group.empty()) return {};
    if (::chown(settings.path.c_str(), owner, group) != 0)
        return fail(ErrorCode::failed, "can't change the owner of {}: {}", settings.path, ::strerror(errno));
    return {};
}

}  // namespace

struct ConsoleServer::Private {
    std::unique_ptr<Listener> listener;
    std::vector<Connection*> connections;
    TaskGroup fibers{"consoles"};

    void accept(std::unique_ptr<Stream> stream) {
        if (connections.size() >= most_connections) {
            log_warning("A console was refused: {} are connected", connections.size());
            return;
        }
        auto connection = std::make_shared<Connection>(std::move(stream));
        const auto started = fibers.spawn(fmt::format("console/uid {}", connection->user()), [this, connection] {
            connections.push_back(connection.get());
            const auto served = connection->serve();
            std::erase(connections, connection.get());
            if (!served && !ends_application(served.error().code) && served.error().code != ErrorCode::closed)
                log_debug(1, "A console connection ended: {}", served.error().text);
        });
        if (!started) log_warning("A console was refused: {}", started.error().text);
    }
};

ConsoleServer::ConsoleServer(std::unique_ptr<Private> made) : private_(std::move(made)) {}

ConsoleServer::~ConsoleServer() { private_->listener.reset(); }

Result<std::unique_ptr<ConsoleServer>> ConsoleServer::start(const ConsoleServerSettings& settings) {
    auto made = std::make_unique<Private>();
    Private* server = made.get();
    made->listener = JF_TRY(Listener::bind_unix(settings.path, settings.mode, [server](std::unique_ptr<Stream> stream) {
        server->accept(std::move(stream));
    }));
    JF_TRY(set_owner(settings));
    return std::unique_ptr<ConsoleServer>(new ConsoleServer(std::move(made)));
}

void ConsoleServer::announce(const std::string& text) {
    for (Connection* connection : private_->connections) connection->announce(text);
}

std::size_t ConsoleServer::connections() const { return private_->connections.size(); }

}  // namespace jackfield
