#include "core/config/options.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

enum class Mode { rfc4733, info, inband };

struct Settings {
    std::uint16_t port = 0;
    std::int32_t gain = 0;
    std::uint64_t big = 0;
    bool tcp = false;
    double share = 0;
    std::string realm;
    std::chrono::seconds expiry{};
    std::chrono::milliseconds pause{};
    Mode mode{};
    std::vector<std::string> allow;
    int sum = 0;
    std::string transport;
};

const Options<Settings>& table() {
    static const Options<Settings> options{
        {"port", &Settings::port, 5060, Range{1, 65535}, "UDP port to listen on"},
        {"gain", &Settings::gain, -3, Range{-20, 20}, "Gain in dB"},
        {"big", &Settings::big, 7, "Any number"},
        {"tcp", &Settings::tcp, true, "Listen on TCP too"},
        {"share", &Settings::share, 0.5, Range{0.0, 1.0}, "Share"},
        {"realm", &Settings::realm, "jackfield;x", "Realm of digests"},
        {"expiry", &Settings::expiry, 60s, Range{1s, 1h}, "Registrations end after this time"},
        {"pause", &Settings::pause, 250ms, Range{0ms, 10s}, "Pause between digits"},
        {"mode", &Settings::mode, Mode::rfc4733,
         Words<Mode>{{"rfc4733", Mode::rfc4733}, {"rfc2833", Mode::rfc4733}, {"info", Mode::info}, {"inband", Mode::inband}},
         "How digits travel"},
        {"allow", &Settings::allow, {}, "Codecs"},
        {"add", [](Settings& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             const auto number = parse_number<int>(value);
             if (!number) return fail(ErrorCode::invalid, "\"{}\" is no number", value);
             settings.sum += *number;
             return {};
         }, "0", "Adds up"},
        Option<Settings>::alias("bindport", "port"),
        Option<Settings>::ignored("pedantic", "it is always on"),
        Option<Settings>::absent("videosupport", "use topology = video"),
        Option<Settings>{"transport", &Settings::transport, "", "Old"}.deprecated("bind"),
    };
    return options;
}

struct Read {
    Settings settings;
    Diagnostics findings;
    ConfigFile file;
};

Read read(const std::string& lines) {
    Read result;
    result.file = parse_config_text("a.conf", "[s]\n" + lines, MemoryFiles(), {}, result.findings);
    result.settings = table().read(result.file, "s", result.findings, {"type"});
    return result;
}

void expect_only(const std::string& lines, const std::string& text) {
    const auto result = read(lines);
    CPPUNIT_ASSERT_EQUAL(text + "\n", result.findings.to_string());
}

}  // namespace

class OptionsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OptionsTest);
    CPPUNIT_TEST(defaults_hold_without_the_section);
    CPPUNIT_TEST(reads_every_type);
    CPPUNIT_TEST(a_wrong_value_keeps_the_default_and_says_what_was_expected);
    CPPUNIT_TEST(an_unknown_key_gets_the_nearest_word);
    CPPUNIT_TEST(old_names_and_foreign_options_are_told_apart);
    CPPUNIT_TEST(durations_take_units_and_never_overflow);
    CPPUNIT_TEST(the_sample_reads_back_as_the_defaults);
    CPPUNIT_TEST(help_shows_the_present_values);
    CPPUNIT_TEST(typed_sections_need_a_known_type);
    CPPUNIT_TEST_SUITE_END();

    void defaults_hold_without_the_section() {
        Diagnostics findings;
        const auto settings = table().read(ConfigFile(), "s", findings);
        CPPUNIT_ASSERT_EQUAL(5060, static_cast<int>(settings.port));
        CPPUNIT_ASSERT(settings.tcp && settings.expiry == 60s && settings.pause == 250ms && settings.realm == "jackfield;x");
        CPPUNIT_ASSERT(findings.empty());
    }
    void reads_every_type() {
        const auto [settings, findings, file] = read(
            "type=x\nPort=1\nport=65535\ngain=-20\nbig=18446744073709551615\ntcp=off\nshare=0.25\nrealm=a b\nexpiry=2m\n"
            "pause=1.5 s\nmode=RFC2833\nallow=ulaw, alaw\nallow=gsm\nadd=1\nadd=2\n");
        CPPUNIT_ASSERT_EQUAL(std::string(), findings.to_string());
        CPPUNIT_ASSERT_EQUAL(65535, static_cast<int>(settings.port));
        CPPUNIT_ASSERT_EQUAL(-20, settings.gain);
        CPPUNIT_ASSERT_EQUAL(~std::uint64_t{0}, settings.big);
        CPPUNIT_ASSERT(!settings.tcp && settings.share == 0.25 && settings.realm == "a b");
        CPPUNIT_ASSERT(settings.expiry == 120s && settings.pause == 1500ms && settings.mode == Mode::rfc4733);
        CPPUNIT_ASSERT(settings.allow == (std::vector<std::string>{"ulaw", "alaw", "gsm"}));
        CPPUNIT_ASSERT_EQUAL(3, settings.sum);
    }
    void a_wrong_value_keeps_the_default_and_says_what_was_expected() {
        expect_only("port=0\n", "a.conf:2: error: port: expected a number from 1 to 65535, not \"0\"");
        expect_only("port=65536\n", "a.conf:2: error: port: expected a number from 1 to 65535, not \"65536\"");
        expect_only("port=5060x\n", "a.conf:2: error: port: expected a number from 1 to 65535, not \"5060x\"");
        expect_only("gain=21\n", "a.conf:2: error: gain: expected a number from -20 to 20, not \"21\"");
        expect_only("tcp=maybe\n", "a.conf:2: error: tcp: expected yes or no, not \"maybe\"");
        expect_only("share=nan\n", "a.conf:2: error: share: expected a number from 0 to 1, not \"nan\"");
        expect_only("mode=inbnd\n", "a.conf:2: error: mode: expected one of rfc4733, rfc2833, info or inband, not \"inbnd\"; "
                                    "did you mean \"inband\"?");
        expect_only("expiry=2h\n", "a.conf:2: error: expiry: expected a time from 1 to 3600 (seconds, or with a unit: ms s min h d), "
                                   "not \"2h\"");
        expect_only("add=x\n", "a.conf:2: error: add: \"x\" is no number");
        CPPUNIT_ASSERT_EQUAL(5060, static_cast<int>(read("port=0\n").settings.port));
        CPPUNIT_ASSERT(read("port=" + std::string(100000, '9') + "\n").findings.to_string().size() < 300);
    }
    void an_unknown_key_gets_the_nearest_word() {
        expect_only("\nprot=1\n", "a.conf:3: error: unknown option \"prot\"; did you mean \"port\"?");
        expect_only("zzzzzz=1\n", "a.conf:2: error: unknown option \"zzzzzz\"");
    }
    void old_names_and_foreign_options_are_told_apart() {
        CPPUNIT_ASSERT_EQUAL(7, static_cast<int>(read("bindport=7\n").settings.port));
        CPPUNIT_ASSERT(read("bindport=7\n").findings.empty());
        expect_only("pedantic=yes\n", "a.conf:2: notice: pedantic is ignored: it is always on");
        expect_only("videosupport=yes\n",
                    "a.conf:2: error: videosupport is known from Asterisk but not available here: use topology = video");
        const auto old = read("transport=udp\n");
        CPPUNIT_ASSERT_EQUAL(std::string("a.conf:2: warning: transport is outdated: use bind\n"), old.findings.to_string());
        CPPUNIT_ASSERT(!old.findings.has_errors() && old.settings.transport == "udp");
    }
    void durations_take_units_and_never_overflow() {
        CPPUNIT_ASSERT(parse_duration("3", 1s) == 3s && parse_duration("0.5", 1s) == 500ms && parse_duration("20ms", 1s) == 20ms);
        CPPUNIT_ASSERT(parse_duration("2 Days", 1s) == 48h && parse_duration("-1", 1s) == -1s);
        for (const auto text : {"", "s", "1x", "1e30d", "99999999999999999999999h", "1..2", "--1", "inf", "nan"})
            CPPUNIT_ASSERT_MESSAGE(text, !parse_duration(text, 1s));
        CPPUNIT_ASSERT_EQUAL(std::string("90"), print_duration(90s, 1s));
        CPPUNIT_ASSERT_EQUAL(std::string("250 ms"), print_duration(250ms, 1s));
    }
    void the_sample_reads_back_as_the_defaults() {
        auto sample = table().sample();
        CPPUNIT_ASSERT(sample.find("; UDP port to listen on (a number from 1 to 65535)\n;port = 5060\n") != std::string::npos);
        CPPUNIT_ASSERT(sample.find("videosupport") == std::string::npos && sample.find("transport") == std::string::npos);
        std::string enabled;
        for (const auto line : split(sample, '\n'))
            if (line.starts_with(';') && !line.starts_with("; ")) enabled += std::string(line.substr(1)) + '\n';
        const auto result = read(enabled);
        CPPUNIT_ASSERT_EQUAL(std::string(), result.findings.to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("jackfield;x"), result.settings.realm);
        CPPUNIT_ASSERT(result.settings.pause == 250ms);
    }
    void help_shows_the_present_values() {
        Settings settings = table().defaults();
        settings.mode = Mode::info;
        settings.pause = 300ms;
        const auto help = table().help(&settings);
        CPPUNIT_ASSERT_EQUAL(std::size_t{12}, help.size());
        CPPUNIT_ASSERT_EQUAL(std::string("5060"), help[0].value);
        CPPUNIT_ASSERT_EQUAL(std::string("300"), help[7].value);
        CPPUNIT_ASSERT_EQUAL(std::string("info"), help[8].value);
        CPPUNIT_ASSERT(table().knows("BINDPORT") && !table().knows("nothing"));
    }
    void typed_sections_need_a_known_type() {
        Diagnostics findings;
        const auto file = parse_config_text("a.conf", "[1]\ntype=Endpoint\n[2]\ntype=endpiont\n[3]\nx=1\n", MemoryFiles(), {}, findings);
        const std::vector<std::string> types{"endpoint", "aor"};
        CPPUNIT_ASSERT(section_type(*file.find("1"), types, findings) == "endpoint");
        CPPUNIT_ASSERT(!section_type(*file.find("2"), types, findings));
        CPPUNIT_ASSERT(!section_type(*file.find("3"), types, findings));
        unknown_section(*file.find("3"), {"general"}, findings);
        CPPUNIT_ASSERT_EQUAL(std::string("a.conf:4: error: type: expected one of endpoint or aor, not \"endpiont\"; "
                                         "did you mean \"endpoint\"?\n"
                                         "a.conf:5: error: [3] has no type: write type = endpoint\n"
                                         "a.conf:5: error: unknown section [3]\n"),
                             findings.to_string());
        CPPUNIT_ASSERT(!findings.to_result());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OptionsTest);
