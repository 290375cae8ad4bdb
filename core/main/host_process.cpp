// The daemon as a process of its host.
#include "core/main/host_process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/runtime/control.hpp"

namespace jackfield {
namespace {

Result<uid_t> user_id(const std::string& name) {
    const passwd* entry = ::getpwnam(name.c_str());
    if (!entry) return fail(ErrorCode::not_found, "there is no user {} (runuser, -U)", name);
    return entry->pw_uid;
}

Result<gid_t> group_id(const std::string& name) {
    const group* entry = ::getgrnam(name.c_str());
    if (!entry) return fail(ErrorCode::not_found, "there is no group {} (rungroup, -G)", name);
    return entry->gr_gid;
}

}  // namespace

std::string program_directory() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::string() : path.parent_path().string();
}

Result<void> make_directories(const DirectorySettings& directories, const std::string& user,
                              const std::string& group) {
    uid_t owner = static_cast<uid_t>(-1);
    gid_t owner_group = static_cast<gid_t>(-1);
    if (!user.empty()) owner = JF_TRY(user_id(user));
    if (!group.empty()) owner_group = JF_TRY(group_id(group));
    for (const std::string* path : {&directories.var_lib, &directories.database, &directories.data, &directories.spool,
                                    &directories.run, &directories.log}) {
        std::error_code error;
        const bool made = std::filesystem::create_directories(*path, error);
        if (error) return fail(ErrorCode::failed, "can't make the directory {}: {}", *path, error.message());
        if (made && ::geteuid() == 0 && ::chown(path->c_str(), owner, owner_group) != 0)
            return fail(ErrorCode::failed, "can't change the owner of {}: {}", *path, ::strerror(errno));
    }
    return {};
}

Result<void> become_user(const std::string& user, const std::string& group) {
    if (!group.empty()) {
        const gid_t id = JF_TRY(group_id(group));
        if (id != ::getegid() && (::setgid(id) != 0 || (user.empty() && ::setgroups(0, nullptr) != 0)))
            return fail(ErrorCode::refused, "can't run as group {}: {}", group, ::strerror(errno));
    }
    if (!user.empty()) {
        const passwd* entry = ::getpwnam(user.c_str());
        if (!entry) return fail(ErrorCode::not_found, "there is no user {} (runuser, -U)", user);
        if (entry->pw_uid == ::geteuid()) return {};
        const gid_t main_group = group.empty() ? entry->pw_gid : ::getegid();
        if (::setgid(main_group) != 0 || ::initgroups(user.c_str(), main_group) != 0 || ::setuid(entry->pw_uid) != 0)
            return fail(ErrorCode::refused, "can't run as user {}: {}", user, ::strerror(errno));
        // Without this a process that gave up root writes no core file.
        ::prctl(PR_SET_DUMPABLE, 1);
    }
    return {};
}

void set_limits(unsigned wanted_files, bool dump_core) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        rlimit wanted = files;
        wanted.rlim_cur = wanted_files > 0 ? wanted_files : files.rlim_max;
        if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_max = wanted.rlim_cur;  // root may
        if (::setrlimit(RLIMIT_NOFILE, &wanted) != 0) {
            log_warning("The limit of open files stays at {} (maxfiles = {}): {}", files.rlim_cur, wanted_files,
                        ::strerror(errno));
        }
    }
    if (dump_core) {
        rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_CORE, &unlimited) != 0) {
            ::getrlimit(RLIMIT_CORE, &unlimited);
            unlimited.rlim_cur = unlimited.rlim_max;
            ::setrlimit(RLIMIT_CORE, &unlimited);
        }
        ::prctl(PR_SET_DUMPABLE, 1);
    }
}

Result<void> set_realtime_priority() {
    sched_param priority{};
    priority.sched_priority = 10;
    if (::sched_setscheduler(0, SCHED_RR, &priority) != 0)
        return fail(ErrorCode::refused, "no real-time priority: {}", ::strerror(errno));
    return {};
}

Result<PidFile> PidFile::take(const std::string& path) {
    PidFile file;
    file.descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file.descriptor_ < 0) return fail(ErrorCode::failed, "can't write {}: {}", path, ::strerror(errno));
    if (::flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        std::array<char, 32> text{};
        const ssize_t got = ::pread(file.descriptor_, text.data(), text.size(), 0);
        const std::string_view pid = trim({text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
        return fail(ErrorCode::exists, "a daemon with this configuration runs already (process {}, {}); use -r", pid,
                    path);
    }
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.descriptor_, 0) != 0 ||
        ::pwrite(file.descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return fail(ErrorCode::failed, "can't write {}: {}", path, ::strerror(errno));
    file.path_ = path;
    return file;
}

PidFile::PidFile(PidFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::exchange(other.path_, {})) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}

PidFile::~PidFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> Background::enter() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::failed, "pipe: {}", ::strerror(errno));
    const pid_t child = ::fork();
    if (child < 0) return fail(ErrorCode::failed, "fork: {}", ::strerror(errno));
    if (child > 0) {
        ::close(ends[1]);
        char success = 0;
        ssize_t got;
        do got = ::read(ends[0], &success, 1);
        while (got < 0 && errno == EINTR);
        ::_exit(got == 1 && success == 1 ? 0 : 1);
    }
    ::close(ends[0]);
    report_ = ends[1];
    ::setsid();
    return {};
}

void Background::ready(bool success) {
    if (report_ < 0) return;
    if (success) {
        const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, stream);
        if (nothing > STDERR_FILENO) ::close(nothing);
    }
    const char word = success ? 1 : 0;
    if (::write(report_, &word, 1) < 0) log_debug(1, "Who started the daemon has gone already");
    ::close(std::exchange(report_, -1));
}

// --- Signals ------------------------------------------------------------------------------------------------------

namespace {

// Handed to the control thread by the handler: posting takes two atomic operations and a write(), all of which a signal
// handler may do.
class SignalInbox final : public Posted {
  public:
    std::atomic<unsigned> pending{0};
    SignalActions actions;

  private:
    void posted() override {
        const unsigned signals = pending.exchange(0);
        if (signals & 1u << SIGUSR2 && actions.rotate) actions.rotate();
        if (signals & 1u << SIGHUP && actions.reload) actions.reload();
        if (signals & (1u << SIGTERM | 1u << SIGINT) && actions.stop) actions.stop();
    }
};

SignalInbox& signal_inbox() {
    static SignalInbox inbox;
    return inbox;
}

void on_signal(int number) {
    const int saved = errno;
    signal_inbox().pending.fetch_or(1u << number);
    signal_inbox().post();
    errno = saved;
}

}  // namespace

void watch_signals(SignalActions actions) {
    signal_inbox().actions = std::move(actions);
    struct sigaction handler {};
    handler.sa_handler = on_signal;
    handler.sa_flags = SA_RESTART;
    sigemptyset(&handler.sa_mask);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) ::sigaction(number, &handler, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR1, SIG_IGN);
}

void unwatch_signals() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) ::signal(number, SIG_IGN);
    signal_inbox().actions = {};
}

}  // namespace jackfield
