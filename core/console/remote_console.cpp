// The console at a terminal, over libedit.
#include "core/console/remote_console.hpp"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cwchar>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/strings.hpp"
#include "core/console/console_client.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr auto reconnect_patience = 30s;
constexpr auto reconnect_interval = 200ms;
constexpr int history_lines = 1000;

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

unsigned terminal_width() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string history_file() {
    const char* home = ::getenv("HOME");
    return home && *home ? std::string(home) + "/.jackfield_history" : std::string();
}

// What all listed words begin with.
std::string common_start(const std::vector<std::string_view>& words) {
    std::string_view start = words.front();
    for (const std::string_view word : words) {
        const auto same = std::ranges::mismatch(start, word);
        start = start.substr(0, static_cast<std::size_t>(same.in1 - start.begin()));
    }
    return std::string(start);
}

void print_in_columns(const std::vector<std::string_view>& words) {
    std::size_t widest = 1;
    for (const std::string_view word : words) widest = std::max(widest, word.size());
    const std::size_t columns = std::max<std::size_t>(1, terminal_width() / (widest + 2));
    std::string text = "\n";
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool last = (i + 1) % columns == 0 || i + 1 == words.size();
        text += words[i];
        text.append(last ? 0 : widest + 2 - words[i].size(), ' ');
        if (last) text += '\n';
    }
    print(text);
}

class Terminal {
  public:
    Terminal(const RemoteConsoleSettings& settings, ConsoleClient client)
        : settings_(settings), client_(std::move(client)) {}
    int run();

  private:
    struct EndEdit {
        void operator()(EditLine* edit) const { ::el_end(edit); }
    };
    struct EndHistory {
        void operator()(History* history) const { ::history_end(history); }
    };
    static Terminal& of(EditLine* edit) {
        void* terminal = nullptr;
        ::el_get(edit, EL_CLIENTDATA, &terminal);
        return *static_cast<Terminal*>(terminal);
    }
    static char* prompt_of(EditLine* edit) { return of(edit).prompt_.data(); }
    static int read_character(EditLine* edit, wchar_t* character) { return of(edit).next_character(*character); }
    static unsigned char complete_word(EditLine* edit, int) { return of(edit).complete(); }

    void set_up_editor();
    Result<void> greet();
    int next_character(wchar_t& character);
    unsigned char complete();
    bool run_line(std::string line);  // false: leave
    Result<void> run_on_daemon(const std::string& line);
    void print_beside_line(std::string_view text);
    bool drain();                     // prints log lines that have come; false: disconnected
    bool reconnect();
    int edit_lines();
    int run_without_terminal();

    const RemoteConsoleSettings& settings_;
    ConsoleClient client_;
    std::unique_ptr<EditLine, EndEdit> edit_;
    std::unique_ptr<History, EndHistory> history_;
    std::string prompt_;
    bool colours_ = false, lost_ = false;
};

void Terminal::set_up_editor() {
    edit_.reset(::el_init("jackfield", stdin, stdout, stderr));
    ::el_set(edit_.get(), EL_CLIENTDATA, this);
    ::el_set(edit_.get(), EL_PROMPT, prompt_of);
    ::el_set(edit_.get(), EL_EDITOR, "emacs");
    ::el_set(edit_.get(), EL_GETCFN, read_character);
    ::el_set(edit_.get(), EL_ADDFN, "jackfield-complete", "complete a command", complete_word);
    ::el_set(edit_.get(), EL_BIND, "\t", "jackfield-complete", nullptr);
    ::el_set(edit_.get(), EL_BIND, "^R", "em-inc-search-prev", nullptr);
    ::el_set(edit_.get(), EL_SIGNAL, 0);
    history_.reset(::history_init());
    HistEvent event;
    ::history(history_.get(), &event, H_SETSIZE, history_lines);
    ::history(history_.get(), &event, H_SETUNIQUE, 1);
    ::el_set(edit_.get(), EL_HIST, ::history, history_.get());
    if (const std::string file = history_file(); !file.empty()) ::history(history_.get(), &event, H_LOAD, file.c_str());
}

Result<void> Terminal::greet() {
    const DaemonIdentity& daemon = client_.daemon();
    prompt_ = fmt::format("{}*CLI> ", daemon.system_name.empty() ? daemon.host_name : daemon.system_name);
    if (!settings_.quiet)
        print(fmt::format("{}\nConnected to the daemon on {} (pid = {}). `core show help` lists the commands.\n",
                          daemon.version, daemon.host_name, daemon.pid));
    JF_TRY(client_.send(FrameKind::terminal, fmt::format("{} {}", terminal_width(), colours_ ? 1 : 0)));
    JF_TRY(client_.send(FrameKind::log_on, {}));
    if (settings_.verbose) JF_TRY(client_.send(FrameKind::verbosity, std::to_string(*settings_.verbose)));
    if (settings_.mute) JF_TRY(client_.send(FrameKind::mute, "1"));
    return {};
}

// Log lines push the line that is being typed down.
void Terminal::print_beside_line(std::string_view text) {
    print("\r\033[K");
    print(text);
    if (edit_) ::el_set(edit_.get(), EL_REFRESH);
}

bool Terminal::drain() {
    for (;;) {
        auto frame = client_.receive(0ms);
        if (!frame) return false;
        if (!*frame) return true;
        if ((*frame)->kind == FrameKind::log_line) print_beside_line((*frame)->text);
    }
}

// libedit asks for one character; meanwhile log lines are shown as they come.
int Terminal::next_character(wchar_t& character) {
    std::mbstate_t state{};
    for (;;) {
        std::array<pollfd, 2> waited{{{STDIN_FILENO, POLLIN, 0}, {client_.descriptor(), POLLIN, 0}}};
        if (::poll(waited.data(), waited.size(), -1) < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        if (waited[1].revents && !drain()) {
            lost_ = true;
            return -1;
        }
        if (!waited[0].revents) continue;
        char byte;
        const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return static_cast<int>(got);
        const std::size_t converted = std::mbrtowc(&character, &byte, 1, &state);
        if (converted == static_cast<std::size_t>(-2)) continue;  // the first bytes of a longer character
        if (converted == static_cast<std::size_t>(-1)) {
            state = {};
            continue;
        }
        return 1;
    }
}

unsigned char Terminal::complete() {
    const LineInfo* info = ::el_line(edit_.get());
    const std::string line(info->buffer, info->cursor);
    if (!client_.send(FrameKind::complete, line)) return CC_ERROR;
    std::string answer;
    for (;;) {
        auto frame = client_.receive(5s);
        if (!frame || !*frame) return CC_ERROR;
        if ((*frame)->kind == FrameKind::log_line) print_beside_line((*frame)->text);
        if ((*frame)->kind != FrameKind::completions) continue;
        answer = std::move((*frame)->text);
        break;
    }
    if (answer.empty()) return CC_ERROR;
    const auto words = split(answer, '\n');
    const std::size_t blank = line.find_last_of(" \t");
    const std::size_t typed = line.size() - (blank == std::string::npos ? 0 : blank + 1);
    std::string start = common_start(words);
    if (words.size() == 1) start += ' ';
    if (start.size() > typed) {
        // A word that differs in letter case only is replaced as a whole.
        ::el_deletestr(edit_.get(), static_cast<int>(typed));
        ::el_insertstr(edit_.get(), start.c_str());
        return CC_REFRESH;
    }
    print_in_columns(words);
    return CC_REDISPLAY;
}

Result<void> Terminal::run_on_daemon(const std::string& line) {
    JF_TRY(client_.send(FrameKind::command, line));
    for (;;) {
        const auto frame = JF_TRY(client_.receive());
        if (frame->kind == FrameKind::output || frame->kind == FrameKind::log_line) print(frame->text);
        if (frame->kind == FrameKind::done) return {};
    }
}

bool Terminal::run_line(std::string line) {
    line = trim(line);
    if (line.empty()) return true;
    if (line.front() == '!') {
        const std::string command = line.size() > 1 ? line.substr(1) : "exec ${SHELL:-/bin/sh}";
        if (::system(command.c_str()) < 0) print("The shell could not be started\n");
        return true;
    }
    if (line == "exit" || line == "quit") {
        if (!settings_.local) return false;
        line = "core stop now";
    }
    if (!run_on_daemon(line)) lost_ = true;
    return true;
}

bool Terminal::reconnect() {
    lost_ = false;
    if (settings_.local) return false;
    print("\nThe daemon has gone; waiting for it to come back ...\n");
    const auto end = std::chrono::steady_clock::now() + reconnect_patience;
    while (std::chrono::steady_clock::now() < end) {
        if (auto again = ConsoleClient::connect(settings_.socket)) {
            client_ = std::move(*again);
            return static_cast<bool>(greet());
        }
        std::this_thread::sleep_for(reconnect_interval);
    }
    print("It did not come back\n");
    return false;
}

// Commands from a file or a pipe: no editing, no log lines.
int Terminal::run_without_terminal() {
    char* line = nullptr;
    std::size_t space = 0;
    bool failed = false;
    while (!failed && ::getline(&line, &space, stdin) >= 0) {
        if (!run_line(line)) break;
        failed = lost_;
    }
    ::free(line);
    return failed ? 1 : 0;
}

// The exit code.
int Terminal::edit_lines() {
    for (;;) {
        int length = 0;
        const char* typed = ::el_gets(edit_.get(), &length);
        if (typed && length > 0) {
            const std::string line(typed, static_cast<std::size_t>(length));
            HistEvent event;
            if (!trim(line).empty()) ::history(history_.get(), &event, H_ENTER, line.c_str());
            if (!run_line(line)) return 0;
        } else if (!lost_) {
            print("\n");
            if (settings_.local) (void)run_line("exit");
            return 0;  // end of input
        }
        if (lost_ && !reconnect()) return settings_.local ? 0 : 1;
    }
}

int Terminal::run() {
    if (!::isatty(STDIN_FILENO)) return run_without_terminal();
    ::setlocale(LC_CTYPE, "");
    const char* kind = ::getenv("TERM");
    colours_ = settings_.colours && ::isatty(STDOUT_FILENO) && kind && std::string_view(kind) != "dumb";
    if (!greet()) return 1;
    set_up_editor();
    const int code = edit_lines();
    HistEvent event;
    if (const std::string file = history_file(); !file.empty()) ::history(history_.get(), &event, H_SAVE, file.c_str());
    return code;
}

Result<ConsoleClient> connect(const RemoteConsoleSettings& settings) {
    auto client = ConsoleClient::connect(settings.socket);
    if (!client)
        print(fmt::format("Unable to connect to the daemon: {}. Is it running, with this configuration file (-C)?\n",
                          client.error().text));
    return client;
}

}  // namespace

int run_remote_command(const RemoteConsoleSettings& settings, const std::string& command) {
    auto client = connect(settings);
    if (!client || !client->send(FrameKind::command, command)) return 1;
    for (;;) {
        const auto frame = client->receive();
        if (!frame) return 1;
        if ((*frame)->kind == FrameKind::output) print((*frame)->text);
        if ((*frame)->kind == FrameKind::done) return (*frame)->text == "0" ? 0 : 1;
    }
}

int run_remote_console(const RemoteConsoleSettings& settings) {
    auto client = connect(settings);
    if (!client) return 1;
    return Terminal(settings, std::move(*client)).run();
}

}  // namespace jackfield
