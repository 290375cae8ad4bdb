// The dialplan in force: reloads through the configuration, changes meanwhile, globals.
#include "core/dialplan/dialplan_store.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/dialplan/application.hpp"
#include "core/dialplan/evaluator.hpp"
#include "tests/unit/core/dialplan/dialplan_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class DialplanStoreTest : public DialplanTest {
  public:
    void setUp() override {
        DialplanTest::setUp();
        files = std::make_shared<MemoryFiles>();
        manager = std::make_unique<ConfigManager>(files, ParseOptions{});
        set_config_manager(manager.get());
        part = std::make_unique<Module>("pbx_test");
    }
    void tearDown() override {
        part.reset();
        set_config_manager(nullptr);
        manager.reset();
        DialplanTest::tearDown();
    }
    void write(const std::string& text) { files->set("extensions.conf", text); }
    void declare() {
        run([this] { CPPUNIT_ASSERT(part->add(extensions_file("pbx_test")).has_value()); });
    }
    Result<void> reload() {
        Result<void> result;
        run([&] { result = reload_configuration({"extensions.conf"}); });
        return result;
    }
    static bool has(std::string_view context, std::string_view extension) {
        return current_dialplan()->exists({.context = context, .extension = extension});
    }

    void a_file_comes_into_force_with_its_globals() {
        write("[globals]\nTRUNK=Fake/${GLOBAL(X)}b\n[a]\nexten => 1,1,NoOp()\n");
        declare();
        CPPUNIT_ASSERT(has("a", "1"));
        CPPUNIT_ASSERT_EQUAL(std::string("Fake/b"), *global_variables().find("TRUNK"));
        CPPUNIT_ASSERT_EQUAL(std::string("pbx_test"), current_dialplan()->context("a")->registrar.text());
    }
    void a_file_with_an_error_changes_nothing() {
        write("[a]\nexten => 1,1,NoOp()\n");
        declare();
        write("[b]\nexten => 2,n,NoOp()\n");
        const auto result = reload();
        CPPUNIT_ASSERT(!result);
        CPPUNIT_ASSERT_MESSAGE(result.error().text, result.error().text.contains("extensions.conf:2"));
        CPPUNIT_ASSERT(has("a", "1"));
        CPPUNIT_ASSERT(!current_dialplan()->context("b"));
    }
    void a_reload_keeps_globals_unless_the_file_says_otherwise() {
        write("[globals]\nA=1\n[a]\nexten => 1,1,NoOp()\n");
        declare();
        set_global_variable("B", "2");
        write("[globals]\nA=3\n[a]\nexten => 1,1,NoOp(x)\n");
        CPPUNIT_ASSERT(reload());
        CPPUNIT_ASSERT_EQUAL(std::string("3"), *global_variables().find("A"));
        CPPUNIT_ASSERT(global_variables().find("B"));
        write("[general]\nclearglobalvars=yes\n[globals]\nC=1\n[a]\nexten => 1,1,NoOp(y)\n");
        CPPUNIT_ASSERT(reload());
        CPPUNIT_ASSERT(!global_variables().find("A") && !global_variables().find("B") && global_variables().find("C"));
    }
    void a_change_made_during_a_reload_is_not_lost() {
        write("[a]\nexten => 1,1,NoOp()\n");
        declare();
        write("[a]\nexten => 2,1,NoOp()\n");
        ConfigTransaction transaction = manager->begin();
        transaction.prepare();
        CPPUNIT_ASSERT(change_dialplan([](DialplanBuilder& builder) {
            return builder.add({.context = "park", .extension = "700", .priority = 1, .application = "NoOp",
                                .origin = {Name("res_test"), Name(), 0}});
        }));
        CPPUNIT_ASSERT(has("a", "1"));
        CPPUNIT_ASSERT(manager->commit(std::move(transaction)));
        CPPUNIT_ASSERT(has("a", "2") && !has("a", "1") && has("park", "700"));
        CPPUNIT_ASSERT(change_dialplan([](DialplanBuilder& builder) { return builder.remove_context("park"); }));
        write("[a]\nexten => 3,1,NoOp()\n");
        CPPUNIT_ASSERT(reload());
        CPPUNIT_ASSERT(has("a", "3") && !has("park", "700"));
    }
    void a_failed_change_changes_nothing() {
        write("[a]\nexten => 1,1,NoOp()\n");
        declare();
        const auto before = current_dialplan();
        CPPUNIT_ASSERT(!change_dialplan([](DialplanBuilder& builder) -> Result<void> {
            JF_TRY(builder.add_include("a", "b", {}));
            return fail(ErrorCode::invalid);
        }));
        CPPUNIT_ASSERT(before == current_dialplan());
    }
    void what_the_file_brought_goes_with_its_module() {
        write("[a]\nexten => 1,1,NoOp()\n");
        declare();
        CPPUNIT_ASSERT(change_dialplan([](DialplanBuilder& builder) {
            return builder.add({.context = "a", .extension = "700", .priority = 1, .application = "NoOp",
                                .origin = {Name("res_test"), Name(), 0}});
        }));
        remove_extensions_file();
        CPPUNIT_ASSERT(!has("a", "1") && has("a", "700"));
    }
    void reloads_tell_what_cannot_work() {
        constexpr ApplicationInfo info{.name = "NoOp", .syntax = "NoOp()", .synopsis = "Nothing", .text = "Nothing."};
        CPPUNIT_ASSERT(part->add(info, [](Channel&, const Arguments&) -> Result<void> { return {}; }).has_value());
        write("[a]\nexten => 1,1,NoOpp()\n");
        declare();
        CPPUNIT_ASSERT(has("a", "1"));
        run([this] {
            const auto findings = check_current_dialplan();
            CPPUNIT_ASSERT(findings && findings->to_string().contains("did you mean NoOp?"));
            write("[a]\nexten => 1,1,NoOpps()\n");
            const Diagnostics checked = check_configuration();
            CPPUNIT_ASSERT_MESSAGE(checked.to_string(), checked.to_string().contains("there is no application NoOpps"));
        });
    }

    CPPUNIT_TEST_SUITE(DialplanStoreTest);
    CPPUNIT_TEST(a_file_comes_into_force_with_its_globals);
    CPPUNIT_TEST(a_file_with_an_error_changes_nothing);
    CPPUNIT_TEST(a_reload_keeps_globals_unless_the_file_says_otherwise);
    CPPUNIT_TEST(a_change_made_during_a_reload_is_not_lost);
    CPPUNIT_TEST(a_failed_change_changes_nothing);
    CPPUNIT_TEST(what_the_file_brought_goes_with_its_module);
    CPPUNIT_TEST(reloads_tell_what_cannot_work);
    CPPUNIT_TEST_SUITE_END();

  private:
    std::shared_ptr<MemoryFiles> files;
    std::unique_ptr<ConfigManager> manager;
    std::unique_ptr<Module> part;
};
CPPUNIT_TEST_SUITE_REGISTRATION(DialplanStoreTest);

}  // namespace
