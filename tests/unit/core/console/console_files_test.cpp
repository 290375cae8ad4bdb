// logger.conf, cli_permissions.conf and cli_aliases.conf.
#include <cppunit/extensions/HelperMacros.h>

#include "core/base/strings.hpp"
#include "core/console/cli_files.hpp"
#include "core/console/logger_file.hpp"

using namespace jackfield;

namespace {

class ConsoleFilesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConsoleFilesTest);
    CPPUNIT_TEST(reads_log_channels_and_settings);
    CPPUNIT_TEST(logs_somewhere_without_a_file);
    CPPUNIT_TEST(reports_a_wrong_level_with_its_line);
    CPPUNIT_TEST(reads_permissions_of_users_and_groups);
    CPPUNIT_TEST(reads_only_the_alias_templates_that_are_chosen);
    CPPUNIT_TEST(reports_an_alias_template_that_is_not_there);
    CPPUNIT_TEST(reads_startup_commands_in_order);
    CPPUNIT_TEST_SUITE_END();

    void reads_log_channels_and_settings() {
        LoggerSettings base;
        base.directory = "/var/log/jackfield";
        const LoggerSettings settings =
            read_logger_settings(parse("[general]\ndateformat=%F %T.%3q\nrotatestrategy=timestamp\nuse_callids=no\n"
                                       "[logfiles]\nconsole => notice,warning\nfull => [json]*\nsyslog.local0 = error\n"),
                                 base, findings_);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings_.to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("/var/log/jackfield"), settings.directory);
        CPPUNIT_ASSERT_EQUAL(std::string("%F %T.%3q"), settings.date_format);
        CPPUNIT_ASSERT(settings.rotation == LogRotation::timestamp);
        CPPUNIT_ASSERT(!settings.use_call_ids);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, settings.sinks.size());
        CPPUNIT_ASSERT_EQUAL(std::string("full"), settings.sinks[1].name);
        CPPUNIT_ASSERT_EQUAL(std::string("[json]*"), settings.sinks[1].levels);
    }
    void logs_somewhere_without_a_file() {
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, read_logger_settings(ConfigFile(), {}, findings_).sinks.size());
        CPPUNIT_ASSERT(findings_.empty());
    }
    void reports_a_wrong_level_with_its_line() {
        read_logger_settings(parse("[logfiles]\nfull => notice,warnin-g\n[generall]\n"), {}, findings_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, findings_.errors());
        CPPUNIT_ASSERT_EQUAL(2u, findings_.list().at(0).line);
        CPPUNIT_ASSERT_EQUAL(3u, findings_.list().at(1).line);
    }
    void reads_permissions_of_users_and_groups() {
        const CommandPermissions permissions = read_command_permissions(
            parse("[general]\ndefault_perm = deny\n[@admin]\npermit=all\ndeny = core stop\n[bob]\npermit=core  show\n"),
            findings_);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings_.to_string());
        CPPUNIT_ASSERT(permissions.allows("eve", {"admin"}, "module load", true));
        CPPUNIT_ASSERT(!permissions.allows("eve", {"admin"}, "core stop now", true));
        CPPUNIT_ASSERT(permissions.allows("bob", {}, "core show channels", false));
        CPPUNIT_ASSERT(!permissions.allows("bob", {}, "module show", false));
    }
    void reads_only_the_alias_templates_that_are_chosen() {
        const auto aliases = read_command_aliases(
            parse("[general]\ntemplate = friendly\n[friendly]\nreload = core reload\nhangup request = channel request "
                  "hangup\n[other]\nstop = core stop now\n"),
            findings_);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings_.to_string());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, aliases.size());
        CPPUNIT_ASSERT_EQUAL(std::string("hangup request"), aliases[1].first);
        CPPUNIT_ASSERT_EQUAL(std::string("channel request hangup"), aliases[1].second);
    }
    void reports_an_alias_template_that_is_not_there() {
        read_command_aliases(parse("[general]\ntemplate = nowhere\n"), findings_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.errors());
    }

    void reads_startup_commands_in_order() {
        const auto commands = read_startup_commands(
            parse("[startup_commands]\ncore set verbose 3 = yes\ncore show version = no\nmodule load x = yes\n"),
            findings_);
        CPPUNIT_ASSERT_EQUAL(std::string("core set verbose 3|module load x"), join(commands, "|"));
        read_startup_commands(parse("[startup_commands]\ncore show version = perhaps\n"), findings_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings_.errors());
    }

    ConfigFile parse(std::string text) {
        const MemoryFiles files;
        return parse_config_text("test.conf", std::move(text), files, {}, findings_);
    }
    Diagnostics findings_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConsoleFilesTest);

}  // namespace
