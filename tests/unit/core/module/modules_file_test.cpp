// modules.conf.
#include "core/module/modules_file.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/base/strings.hpp"

using namespace jackfield;

namespace {

class ModulesFileTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ModulesFileTest);
    CPPUNIT_TEST(loads_everything_without_a_file);
    CPPUNIT_TEST(reads_the_lists_in_order);
    CPPUNIT_TEST(reports_an_unknown_key_with_its_line);
    CPPUNIT_TEST_SUITE_END();

    void loads_everything_without_a_file() {
        Diagnostics findings;
        CPPUNIT_ASSERT(read_module_settings(ConfigFile(), findings).autoload);
        CPPUNIT_ASSERT(findings.empty());
    }
    void reads_the_lists_in_order() {
        Diagnostics findings;
        const ModuleSettings settings = read("[modules]\nautoload=no\nload = b.so\nload => a.so\nrequire = r\n"
                                             "preload = p\npreload-require = q\nnoload = n.so\n",
                                             findings);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings.to_string());
        CPPUNIT_ASSERT(!settings.autoload);
        CPPUNIT_ASSERT_EQUAL(std::string("b.so a.so"), join(settings.load, " "));
        CPPUNIT_ASSERT_EQUAL(std::string("r"), join(settings.require, " "));
        CPPUNIT_ASSERT_EQUAL(std::string("p"), join(settings.preload, " "));
        CPPUNIT_ASSERT_EQUAL(std::string("q"), join(settings.preload_require, " "));
        CPPUNIT_ASSERT_EQUAL(std::string("n.so"), join(settings.noload, " "));
    }
    void reports_an_unknown_key_with_its_line() {
        Diagnostics findings;
        read("[modules]\n\nautolaod = yes\n", findings);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings.errors());
        CPPUNIT_ASSERT_EQUAL(3u, findings.list().at(0).line);
        CPPUNIT_ASSERT(findings.list().at(0).text.find("autoload") != std::string::npos);
    }

    static ModuleSettings read(std::string text, Diagnostics& findings) {
        const MemoryFiles files;
        const ConfigFile file = parse_config_text("modules.conf", std::move(text), files, {}, findings);
        return read_module_settings(file, findings);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ModulesFileTest);

}  // namespace
