#include "core/config/daemon_settings.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace std::chrono_literals;

class DaemonSettingsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DaemonSettingsTest);
    CPPUNIT_TEST(reads_what_asterisk_conf_says);
    CPPUNIT_TEST(state_follows_the_folder_that_was_moved);
    CPPUNIT_TEST(relative_folders_start_at_the_file);
    CPPUNIT_TEST(wrong_lines_are_named);
    CPPUNIT_TEST_SUITE_END();

    Diagnostics findings_;
    DaemonSettings read(const std::string& text, const std::string& base = {}) {
        findings_ = {};
        const auto file = parse_config_text("jackfield.conf", text, MemoryFiles(), {}, findings_);
        return read_daemon_settings(file, default_directories(), base, findings_);
    }
    void reads_what_asterisk_conf_says() {
        const auto settings = read(
            "[directories](!)\nastetcdir => /etc/x\nastlogdir => /var/log/x/\n[options]\nverbose = 3\ndebug=yes\nrunuser=pbx\n"
            "maxcalls=10\nmaxload=0.9\nmindtmfduration=100\nexecincludes=yes\nsystemname=pbx1\ninitcrypto=yes\n"
            "[files]\nastctlpermissions = 0660\nastctl = pbx.ctl\n");
        CPPUNIT_ASSERT_EQUAL(std::string("jackfield.conf:13: notice: initcrypto is ignored: keys that need a passphrase are asked "
                                         "for when they are used\n"),
                             findings_.to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("/etc/x"), settings.directories.etc);
        CPPUNIT_ASSERT_EQUAL(std::string("/var/log/x"), settings.directories.log);
        CPPUNIT_ASSERT_EQUAL(std::string("/var/spool/jackfield"), settings.directories.spool);
        CPPUNIT_ASSERT_EQUAL(3U, settings.options.verbose);
        CPPUNIT_ASSERT_EQUAL(1U, settings.options.debug);
        CPPUNIT_ASSERT(settings.options.exec_includes && settings.options.max_load == 0.9 && settings.options.max_calls == 10);
        CPPUNIT_ASSERT(settings.options.shortest_digit == 100ms);
        CPPUNIT_ASSERT_EQUAL(std::string("pbx1"), settings.options.effective_system_name());
        CPPUNIT_ASSERT_EQUAL(0660U, settings.socket.permissions);
        CPPUNIT_ASSERT_EQUAL(std::string("pbx.ctl"), settings.socket.name);
    }
    void state_follows_the_folder_that_was_moved() {
        const auto settings = read("[directories]\nastvarlibdir=/srv\nastkeydir=/keys\n");
        CPPUNIT_ASSERT_EQUAL(std::string("/srv"), settings.directories.database);
        CPPUNIT_ASSERT_EQUAL(std::string("/keys"), settings.directories.keys);
        CPPUNIT_ASSERT_EQUAL(std::string("/srv/agi-bin"), settings.directories.agi);
    }
    void relative_folders_start_at_the_file() {
        const auto settings = read("[directories]\nastrundir=run\n", "/home/me/demo");
        CPPUNIT_ASSERT_EQUAL(std::string("/home/me/demo/run"), settings.directories.run);
        CPPUNIT_ASSERT_EQUAL(std::string("/etc/jackfield"), settings.directories.etc);
    }
    void wrong_lines_are_named() {
        read("[directorys]\n[options]\nmaxcall=1\nverbose=much\n[files]\nastctlpermissions=0999\n");
        CPPUNIT_ASSERT_EQUAL(
            std::string("jackfield.conf:1: error: unknown section [directorys]; did you mean \"directories\"?\n"
                        "jackfield.conf:3: error: unknown option \"maxcall\"; did you mean \"maxcalls\"?\n"
                        "jackfield.conf:4: error: verbose: expected a level from 0 to 255, not \"much\"\n"
                        "jackfield.conf:6: error: astctlpermissions: expected permissions in octal, such as 0660, not \"0999\"\n"),
            findings_.to_string());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DaemonSettingsTest);
