// res_dialplan_test - `dialplan test`: call scripts that run through the dialplan without any phone.
#include "core/console/daemon_control.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/loader.hpp"
#include "core/sdk.hpp"
#include "modules/res_dialplan_test/test_run.hpp"

using namespace jackfield;
using namespace jackfield::dialplan_test;

namespace {

TestDriver& driver() {
    static TestDriver instance;
    return instance;
}

// One test at a time: they are seconds long at most, and each watches every application.
bool& running() {
    static bool now = false;
    return now;
}
class Turn {
  public:
    Turn() : mine_(!std::exchange(running(), true)) {}
    ~Turn() {
        if (mine_) running() = false;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    explicit operator bool() const { return mine_; }

  private:
    const bool mine_;
};

Result<void> print_findings(Console& console, const Diagnostics& findings) {
    for (const Diagnostic& finding : findings.list()) JF_TRY(console.print("{}\n", finding.to_string()));
    return findings.to_result();
}

// Reads a file on the pool. Errors: not_found, and those of its syntax.
Result<std::shared_ptr<const ConfigFile>> read(Console& console, const std::string& name) {
    ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "there is no configuration");
    Diagnostics findings;
    auto file = JF_TRY(offload([&] { return std::make_shared<const ConfigFile>(manager->read(name, findings)); }));
    if (!file->exists()) return fail(ErrorCode::not_found, "can't read {}", name);
    JF_TRY(print_findings(console, findings));
    return file;
}

// The plan in force, or another extensions.conf in its place.
Result<std::shared_ptr<const Dialplan>> plan_to_test(Console& console, const std::string& name) {
    if (name.empty()) return current_dialplan();
    const auto file = JF_TRY(read(console, name));
    Diagnostics findings;
    auto plan = JF_TRY(offload([&]() -> std::shared_ptr<const Dialplan> {
        return reload_dialplan(*file, current_dialplan(), findings, {.registrar = file_registrar().text()});
    }));
    JF_TRY(print_findings(console, findings));
    return plan;
}

Result<bool> run_one(Console& console, const Script& script, const std::shared_ptr<const Dialplan>& plan) {
    const auto begin = std::chrono::steady_clock::now();
    TestRun run(script, plan);
    const std::string failure = run.run(driver());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    if (failure.empty()) {
        JF_TRY(console.print("PASS {} ({} ms)\n", script.name, took.count()));
        return true;
    }
    JF_TRY(console.print("FAIL {} ({} ms)\n  {}\n", script.name, took.count(), failure));
    for (const std::string& line : run.story()) JF_TRY(console.print("    {}\n", line));
    return false;
}

struct Request {
    std::string file, test, plan;
};
Result<Request> parse(CommandWords words) {
    Request request;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "with" && i + 1 < words.size() && i > 0)
            request.plan = words[++i];
        else if (request.file.empty())
            request.file = words[i];
        else if (request.test.empty())
            request.test = words[i];
        else
            return fail(ErrorCode::invalid, "Usage: dialplan test FILE [TEST] [with PLAN]");
    }
    if (request.file.empty()) return fail(ErrorCode::invalid, "Usage: dialplan test FILE [TEST] [with PLAN]");
    return request;
}

Result<void> test(Console& console, CommandWords words) {
    const Request request = JF_TRY(parse(words));
    const Turn turn;
    if (!turn) return fail(ErrorCode::busy, "another dialplan test runs");
    const auto file = JF_TRY(read(console, request.file));
    Diagnostics findings;
    const std::vector<Script> scripts = read_scripts(*file, findings);
    JF_TRY(print_findings(console, findings));
    const auto plan = JF_TRY(plan_to_test(console, request.plan));
    std::size_t ran = 0, failed = 0;
    for (const Script& script : scripts) {
        if (!request.test.empty() && !matches_glob(script.name, request.test)) continue;
        ++ran;
        if (!JF_TRY(run_one(console, script, plan))) ++failed;
    }
    if (ran == 0) return fail(ErrorCode::not_found, "{} has no test {}", request.file, request.test);
    JF_TRY(console.print("{} tests, {} failed\n", ran, failed));
    if (failed) return fail(ErrorCode::failed, "{} of {} tests failed", failed, ran);
    return {};
}

Result<void> test_help(Console& console, CommandWords) {
    return console.print("Each section of the file is a test; steps are followed in their order.\n{}", script_help());
}

Result<void> load(Module& module) {
    JF_TRY(module.add("Test", driver()));
    JF_TRY(module.add(CommandInfo{"dialplan test help", "The keys of a dialplan test", "One line a key."}, test_help));
    return module.add(
        CommandInfo{"dialplan test FILE", "Run call scripts through the dialplan",
                    "dialplan test FILE [TEST] [with PLAN]: every test of FILE (in the configuration folder), or those whose "
                    "names match TEST, through the plan in force or through another extensions.conf, PLAN, before it goes "
                    "live. Callers and dialled parties are simulated, prompts take no time. Exit status 1 when one fails. "
                    "`dialplan test help` lists what a test may say; dialplan_test.conf is a sample."},
        test);
}

}  // namespace

JACKFIELD_MODULE("res_dialplan_test", "Tests of the dialplan", load)
