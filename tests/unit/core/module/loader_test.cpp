// The module loader, with the tiny modules of modules/.
#include "core/module/loader.hpp"

#include <fstream>
#include <sstream>

#include "core/module/abi_tag.hpp"
#include "core/module/module_config.hpp"
#include "tests/unit/core/module/modules/counter_service.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

bool is_mapped(const std::string& name) {
    std::ifstream maps("/proc/self/maps");
    std::stringstream text;
    text << maps.rdbuf();
    return text.str().find("/" + name + ".so") != std::string::npos;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

class LoaderTest : public testing::LoopTest {
    CPPUNIT_TEST_SUITE(LoaderTest);
    CPPUNIT_TEST(offers_a_service_while_it_is_loaded);
    CPPUNIT_TEST(adds_to_a_service_whichever_of_both_loads_first);
    CPPUNIT_TEST(leaves_no_mapping_behind_when_loaded_twice);
    CPPUNIT_TEST(refuses_another_abi_and_names_both_tags);
    CPPUNIT_TEST(refuses_to_unload_a_busy_module_and_counts_the_calls);
    CPPUNIT_TEST(refuses_to_unload_what_another_module_needs);
    CPPUNIT_TEST(loads_what_a_module_needs_first);
    CPPUNIT_TEST(reports_a_circle_of_needs);
    CPPUNIT_TEST(undoes_what_a_failed_load_had_registered);
    CPPUNIT_TEST(survives_an_exception_of_a_load_function);
    CPPUNIT_TEST(refuses_a_module_whose_name_is_not_its_files);
    CPPUNIT_TEST(keeps_a_module_that_refuses_to_unload);
    CPPUNIT_TEST(does_not_load_excluded_modules_even_when_needed);
    CPPUNIT_TEST(fails_the_start_when_a_required_module_fails);
    CPPUNIT_TEST(refuses_names_that_lead_out_of_the_folder);
    CPPUNIT_TEST(waits_for_the_barrier_before_the_code_goes);
    CPPUNIT_TEST(applies_files_and_then_calls_on_reload);
    CPPUNIT_TEST(keeps_settings_when_a_file_has_an_error);
    CPPUNIT_TEST(unloads_users_before_what_they_need_at_the_end);
    CPPUNIT_TEST_SUITE_END();

    void offers_a_service_while_it_is_loaded() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(!find_service<CounterService>());
            CPPUNIT_ASSERT(loader.load("plain.so").has_value());
            CPPUNIT_ASSERT(loader.loaded("plain"));
            CPPUNIT_ASSERT_EQUAL(ErrorCode::exists, loader.load("plain").error().code);
            {
                auto counter = find_service<CounterService>();
                CPPUNIT_ASSERT(counter.has_value());
                CPPUNIT_ASSERT_EQUAL(1, (*counter)->next());
                CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, loader.list().at(0).uses);
            }
            CPPUNIT_ASSERT(loader.unload("plain").has_value());
            CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, find_service<CounterService>().error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, loader.unload("plain").error().code);
        });
    }
    void adds_to_a_service_whichever_of_both_loads_first() {
        with_loader([](ModuleLoader& loader) {
            int there = 0, came = 0;
            Module user("user");
            const auto offer = [&](CounterService&) -> Result<Registration> {
                ++there, ++came;
                return Registration([&] { --there; });
            };
            user.keep(offer_to<CounterService>(user, offer).value());
            CPPUNIT_ASSERT_EQUAL(0, came);
            CPPUNIT_ASSERT(loader.load("plain").has_value());
            CPPUNIT_ASSERT_EQUAL(1, there);
            {
                const auto late = offer_to<CounterService>(user, offer);
                CPPUNIT_ASSERT(late.has_value());
                CPPUNIT_ASSERT_EQUAL(2, there);
            }
            CPPUNIT_ASSERT_EQUAL(1, there);
            CPPUNIT_ASSERT(loader.unload("plain").has_value());  // nobody holds it
            CPPUNIT_ASSERT_EQUAL(0, there);
            CPPUNIT_ASSERT(loader.load("plain").has_value());
            CPPUNIT_ASSERT_EQUAL(1, there);
            CPPUNIT_ASSERT_EQUAL(3, came);
            const auto refused = offer_to<CounterService>(
                user, [](CounterService&) -> Result<Registration> { return fail(ErrorCode::exists, "the name is taken"); });
            CPPUNIT_ASSERT_EQUAL(ErrorCode::exists, refused.error().code);
            CPPUNIT_ASSERT(loader.unload("plain").has_value());
        });
    }
    void leaves_no_mapping_behind_when_loaded_twice() {
        with_loader([](ModuleLoader& loader) {
            for (int round = 0; round < 2; ++round) {
                CPPUNIT_ASSERT(loader.load("plain").has_value());
                CPPUNIT_ASSERT(is_mapped("plain"));
                CPPUNIT_ASSERT(loader.unload("plain").has_value());
                CPPUNIT_ASSERT(!is_mapped("plain"));
            }
        });
    }
    void refuses_another_abi_and_names_both_tags() {
        with_loader([](ModuleLoader& loader) {
            const auto refused = loader.load("other_abi");
            CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, refused.error().code);
            CPPUNIT_ASSERT(contains(refused.error().text, fmt::format("'{}'", own_abi_tag())));
            CPPUNIT_ASSERT(contains(refused.error().text, fmt::format("'{}+other'", own_abi_tag())));
            CPPUNIT_ASSERT(!is_mapped("other_abi"));
        });
    }
    void refuses_to_unload_a_busy_module_and_counts_the_calls() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("plain").has_value());
            {
                std::vector<Service<CounterService>> users;
                for (int i = 0; i < 3; ++i) users.push_back(std::move(*find_service<CounterService>()));
                const auto refused = loader.unload("plain", 0ms);
                CPPUNIT_ASSERT_EQUAL(ErrorCode::busy, refused.error().code);
                CPPUNIT_ASSERT_EQUAL(std::string("busy: 3 calls"), refused.error().text);
                CPPUNIT_ASSERT(find_service<CounterService>().has_value());  // open again
            }
            CPPUNIT_ASSERT(loader.unload("plain", 0ms).has_value());
        });
    }
    void refuses_to_unload_what_another_module_needs() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("needs_plain").has_value());
            const auto refused = loader.unload("plain");
            CPPUNIT_ASSERT_EQUAL(ErrorCode::busy, refused.error().code);
            CPPUNIT_ASSERT(contains(refused.error().text, "needs_plain"));
            CPPUNIT_ASSERT(loader.unload("needs_plain").has_value());
            CPPUNIT_ASSERT(loader.unload("plain").has_value());
        });
    }
    void loads_what_a_module_needs_first() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("needs_plain").has_value());
            CPPUNIT_ASSERT(loader.loaded("plain"));
            for (const ModuleSummary& module : loader.list())
                CPPUNIT_ASSERT_EQUAL(std::uint64_t(module.name == "plain" ? 1 : 0), module.uses);
        });
    }
    void reports_a_circle_of_needs() {
        with_loader([](ModuleLoader& loader) {
            const auto refused = loader.load("circle_a");
            CPPUNIT_ASSERT(!refused.has_value());
            CPPUNIT_ASSERT(contains(refused.error().text, "circle_a -> circle_b -> circle_a"));
            CPPUNIT_ASSERT(loader.list().empty());
            CPPUNIT_ASSERT(!is_mapped("circle_a") && !is_mapped("circle_b"));
        });
    }
    void undoes_what_a_failed_load_had_registered() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT_EQUAL(std::string("the line is cut"), loader.load("fails_late").error().text);
            CPPUNIT_ASSERT(!find_service<CounterService>());
            CPPUNIT_ASSERT(!is_mapped("fails_late"));
            CPPUNIT_ASSERT(loader.load("plain").has_value());  // the name is free again
        });
    }
    void survives_an_exception_of_a_load_function() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(contains(loader.load("throws").error().text, "a fault of its own"));
            CPPUNIT_ASSERT(!is_mapped("throws"));
        });
    }
    void refuses_a_module_whose_name_is_not_its_files() {
        with_loader([](ModuleLoader& loader) {
            const auto refused = loader.load("named_wrongly");
            CPPUNIT_ASSERT_EQUAL(ErrorCode::refused, refused.error().code);
            CPPUNIT_ASSERT(contains(refused.error().text, "right_name"));
        });
    }
    void keeps_a_module_that_refuses_to_unload() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("patient").has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("a conference is going on"), loader.unload("patient").error().text);
            CPPUNIT_ASSERT(loader.loaded("patient"));
            CPPUNIT_ASSERT(loader.unload("patient").has_value());
        });
    }
    void does_not_load_excluded_modules_even_when_needed() {
        with_loader([](ModuleLoader& loader) {
            ModuleSettings settings;
            settings.autoload = false;
            settings.load = {"needs_plain.so", "patient"};
            settings.noload = {"plain.so"};
            CPPUNIT_ASSERT(loader.load_all(settings).has_value());
            CPPUNIT_ASSERT(!loader.loaded("plain"));
            CPPUNIT_ASSERT(!loader.loaded("needs_plain"));
            CPPUNIT_ASSERT(loader.loaded("patient"));
        });
    }
    void fails_the_start_when_a_required_module_fails() {
        with_loader([](ModuleLoader& loader) {
            ModuleSettings settings;
            settings.autoload = false;
            settings.require = {"fails_late"};
            const auto failed = loader.load_all(settings);
            CPPUNIT_ASSERT(!failed.has_value());
            CPPUNIT_ASSERT(contains(failed.error().text, "fails_late"));
        });
    }
    void refuses_names_that_lead_out_of_the_folder() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, loader.load("../test-modules/plain").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, loader.load("").error().code);
            CPPUNIT_ASSERT_EQUAL(ErrorCode::not_found, loader.load("nothing_there").error().code);
        });
    }
    void waits_for_the_barrier_before_the_code_goes() {
        with_loader([](ModuleLoader& loader) {
            bool mapped = false, offered = true;
            loader.set_unload_barrier([&]() -> Result<void> {
                mapped = is_mapped("plain");
                offered = find_service<CounterService>().has_value();
                return {};
            });
            CPPUNIT_ASSERT(loader.load("plain").has_value());
            CPPUNIT_ASSERT(loader.unload("plain").has_value());
            CPPUNIT_ASSERT(mapped);
            CPPUNIT_ASSERT(!offered);
        });
    }
    void applies_files_and_then_calls_on_reload() {
        files->set("/etc/configured.conf", "[general]\nstart = 5\n");
        with_loader([this](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("configured").has_value());
            CPPUNIT_ASSERT_EQUAL(5, value());
            files->set("/etc/configured.conf", "[general]\nstart = 7\n");
            CPPUNIT_ASSERT(loader.reload("configured").has_value());
            CPPUNIT_ASSERT_EQUAL(1007, value());
            CPPUNIT_ASSERT(loader.reload_all().has_value());
            CPPUNIT_ASSERT_EQUAL(2007, value());
        });
    }
    void keeps_settings_when_a_file_has_an_error() {
        files->set("/etc/configured.conf", "[general]\nstart = 5\n");
        with_loader([this](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("configured").has_value());
            files->set("/etc/configured.conf", "[general]\nstart = 7000\n");
            const auto refused = loader.reload("configured");
            CPPUNIT_ASSERT_EQUAL(ErrorCode::invalid, refused.error().code);
            CPPUNIT_ASSERT(contains(refused.error().text, "configured.conf:2"));
            CPPUNIT_ASSERT_EQUAL(5, value());
            const auto findings = loader.check();
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings->errors());
            // A module with a wrong file is not loaded at all.
            CPPUNIT_ASSERT(loader.unload("configured").has_value());
            CPPUNIT_ASSERT(!loader.load("configured").has_value());
            CPPUNIT_ASSERT(!find_service<CounterService>());
        });
    }
    void unloads_users_before_what_they_need_at_the_end() {
        with_loader([](ModuleLoader& loader) {
            CPPUNIT_ASSERT(loader.load("plain").has_value());
            CPPUNIT_ASSERT(loader.load("needs_plain").has_value());
            CPPUNIT_ASSERT(loader.load("patient").has_value());
            CPPUNIT_ASSERT(!loader.unload_all().has_value());  // patient refuses once
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, loader.list().size());
            CPPUNIT_ASSERT(loader.unload_all().has_value());
            CPPUNIT_ASSERT(loader.list().empty());
        });
    }

    static int value() { return (*find_service<CounterService>())->next(); }

    void with_loader(std::function<void(ModuleLoader&)> body) {
        ControlLoop loop;
        ParseOptions options;
        options.folder = "/etc";
        ConfigManager manager(files, options);
        set_config_manager(&manager);
        {
            ModuleLoader loader(JF_TEST_MODULES);
            testing::run_on_fiber(loop, [&] {
                body(loader);
                (void)loader.unload_all();
                (void)loader.unload_all();  // patient
                CPPUNIT_ASSERT(loader.list().empty());
            });
        }
        set_config_manager(nullptr);
    }

  public:
    void setUp() override {
        LoopTest::setUp();
        files = std::make_shared<MemoryFiles>();
    }

  private:
    std::shared_ptr<MemoryFiles> files;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LoaderTest);

}  // namespace
