// The command line of the daemon.
#include "core/main/invocation.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using namespace jackfield;

namespace {

class InvocationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(InvocationTest);
    CPPUNIT_TEST(knows_every_letter);
    CPPUNIT_TEST(counts_verbose_and_debug);
    CPPUNIT_TEST(takes_a_command_in_both_spellings);
    CPPUNIT_TEST(names_what_is_wrong);
    CPPUNIT_TEST(forgets_nothing_between_two_lines);
    CPPUNIT_TEST_SUITE_END();

    void knows_every_letter() {
        const Invocation got = parse({"-f", "-g", "-q", "-m", "-n", "-c", "-p", "-U", "pbx", "-G", "voice", "-C",
                                      "/etc/x.conf", "-s", "/run/x.ctl", "-M", "30", "-X", "-T", "-F"});
        CPPUNIT_ASSERT(got.foreground && got.dump_core && got.quiet && got.mute && got.no_colours && got.console);
        CPPUNIT_ASSERT(got.realtime && got.exec_includes && got.time_stamps && got.always_fork);
        CPPUNIT_ASSERT_EQUAL(std::string("pbx"), got.user);
        CPPUNIT_ASSERT_EQUAL(std::string("voice"), got.group);
        CPPUNIT_ASSERT_EQUAL(std::string("/etc/x.conf"), got.configuration);
        CPPUNIT_ASSERT_EQUAL(std::string("/run/x.ctl"), got.socket);
        CPPUNIT_ASSERT_EQUAL(30u, got.max_calls.value());
        CPPUNIT_ASSERT(parse({"--check"}).check);
        CPPUNIT_ASSERT(parse({"-V"}).show_version && parse({"--version"}).show_version);
        CPPUNIT_ASSERT(parse({"-h"}).show_help && parse({"--help"}).show_help);
        CPPUNIT_ASSERT(!parse({}).foreground);
    }
    void counts_verbose_and_debug() {
        const Invocation got = parse({"-vvvcd", "-v", "-dd"});
        CPPUNIT_ASSERT_EQUAL(4, got.verbose);
        CPPUNIT_ASSERT_EQUAL(3, got.debug);
        CPPUNIT_ASSERT(got.console);
    }
    void takes_a_command_in_both_spellings() {
        for (const auto& line : std::vector<std::vector<std::string>>{
                 {"-rx", "core show version"}, {"-r", "-x", "core show version"}, {"-x", "core show version"}}) {
            const Invocation got = parse(line);
            CPPUNIT_ASSERT(got.remote);
            CPPUNIT_ASSERT_EQUAL(std::string("core show version"), got.command.value());
        }
        CPPUNIT_ASSERT(!parse({"-r"}).command);
    }
    void names_what_is_wrong() {
        CPPUNIT_ASSERT_EQUAL(std::string("unknown option -Z"), error({"-fZ"}));
        CPPUNIT_ASSERT_EQUAL(std::string("unknown option --nothing"), error({"--nothing"}));
        CPPUNIT_ASSERT_EQUAL(std::string("option -C needs a value"), error({"-C"}));
        CPPUNIT_ASSERT_EQUAL(std::string("'start' is not an option"), error({"-f", "start"}));
        CPPUNIT_ASSERT(error({"-M", "many"}).find("'many'") != std::string::npos);
        CPPUNIT_ASSERT(!error({"-r", "-c"}).empty());
        CPPUNIT_ASSERT(!error({"-rx", "x", "--check"}).empty());
    }
    // getopt keeps its place in globals.
    void forgets_nothing_between_two_lines() {
        CPPUNIT_ASSERT(!error({"-vZ"}).empty());
        CPPUNIT_ASSERT_EQUAL(2, parse({"-vv"}).verbose);
    }

    static Invocation parse(std::vector<std::string> line) { return parse_invocation(line).value(); }
    static std::string error(std::vector<std::string> line) {
        const auto got = parse_invocation(line);
        return got ? std::string() : got.error().text;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(InvocationTest);

}  // namespace
