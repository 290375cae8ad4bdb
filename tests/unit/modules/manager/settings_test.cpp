#include "modules/res_manager/settings.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "core/config/parser.hpp"

using namespace jackfield;
using namespace jackfield::manager;

class ManagerSettingsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ManagerSettingsTest);
    CPPUNIT_TEST(reads_users_with_their_templates);
    CPPUNIT_TEST(the_last_fitting_line_of_an_access_list_decides);
    CPPUNIT_TEST(names_what_is_wrong_and_where);
    CPPUNIT_TEST(tls_needs_files_that_are_there);
    CPPUNIT_TEST(a_user_needs_a_secret_and_stands_once);
    CPPUNIT_TEST_SUITE_END();

    static Settings read(const std::string& text, Diagnostics& findings) {
        return read_settings(parse_config_text("manager.conf", text, MemoryFiles(), {}, findings), findings);
    }
    static SocketAddress address(std::string_view text) { return *SocketAddress::parse(text); }

    void reads_users_with_their_templates() {
        Diagnostics findings;
        const Settings settings = read("[general]\nenabled=yes\nport=6000\nallowmultiplelogin=no\ndisabledevents=VarSet,Newexten\n"
                                       "channelvars=A,B\n[base](!)\nread=call\nwrite=call,originate\n"
                                       "[crm](base)\nsecret=x\nread=user\nsetvar=S=1=2\nacl=office,home\n", findings);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings.to_string());
        CPPUNIT_ASSERT(settings.enabled && settings.port == 6000);
        CPPUNIT_ASSERT(settings.disables("varset") && !settings.disables("Hangup"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, settings.channel_variables.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, settings.users.size());
        const User& user = *settings.users.at("crm");
        CPPUNIT_ASSERT_EQUAL(manager_class::call | manager_class::user, user.read);
        CPPUNIT_ASSERT_EQUAL(manager_class::call | manager_class::originate, user.write);
        CPPUNIT_ASSERT(!user.multiple_login);
        CPPUNIT_ASSERT(user.acl == (std::vector<std::string>{"office", "home"}));
        CPPUNIT_ASSERT_EQUAL(std::string("1=2"), user.channel_variables.at(0).second);
    }
    void the_last_fitting_line_of_an_access_list_decides() {
        AccessList list;
        CPPUNIT_ASSERT(list.allows(address("192.0.2.1")));
        CPPUNIT_ASSERT(list.add(false, "0.0.0.0/0.0.0.0"));
        CPPUNIT_ASSERT(list.add(true, "192.0.2.0/255.255.255.0,!192.0.2.7"));
        CPPUNIT_ASSERT(list.allows(address("192.0.2.1")));
        CPPUNIT_ASSERT(!list.allows(address("192.0.2.7")));
        CPPUNIT_ASSERT(!list.allows(address("198.51.100.1")));
        CPPUNIT_ASSERT(!list.add(true, "nowhere"));
    }

    void tls_needs_files_that_are_there() {
        Diagnostics none, missing, off;
        read("[general]\nenabled=yes\ntlsenable=yes\n", none);
        CPPUNIT_ASSERT(none.to_string().find("tlsenable = yes needs tlscertfile") != std::string::npos);
        read("[general]\nenabled=yes\ntlsenable=yes\ntlscertfile=/nowhere/pbx.pem\n", missing);
        CPPUNIT_ASSERT(missing.to_string().find("manager.conf:4: error: /nowhere/pbx.pem: No such file") != std::string::npos);
        const Settings settings = read("[general]\nenabled=yes\ntlsbindaddr=192.0.2.1\ntlscertfile=/nowhere/pbx.pem\ntlsdisablev12=yes\n", off);
        CPPUNIT_ASSERT_EQUAL(std::string(), off.to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1:5039"), settings.tls.address.to_string());
    }

    void names_what_is_wrong_and_where() {
        Diagnostics findings;
        (void)read("[general]\nenabeld=yes\nport=70000\ntlsdisablev1=maybe\nwebenabled=no\nchannelvars=CDR(x)\n"
                   "[crm]\nsecret=x\nread=cal\npermit=nowhere\neventfilter=(\n", findings);
        const std::string text = findings.to_string();
        for (const char* part : {"manager.conf:2", "enabled", "manager.conf:3", "manager.conf:4", "tlsdisablev1", "manager.conf:6", "CDR(x)",
                                 "manager.conf:9", "did you mean call?", "manager.conf:10", "manager.conf:11"})
            CPPUNIT_ASSERT_MESSAGE(std::string(part) + " in " + text, text.contains(part));
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, findings.errors());
    }
    void a_user_needs_a_secret_and_stands_once() {
        Diagnostics findings;
        (void)read("[a]\nread=call\n[b]\nsecret=1\n[B]\nsecret=2\n", findings);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, findings.errors());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ManagerSettingsTest);
