// Calls of fake phones through plans that use the built modules.
#pragma once

#include <dlfcn.h>

#include <deque>
#include <string>

#include "tests/unit/core/dialplan/dialplan_fixture.hpp"

namespace jackfield::testing {

class ModulesTest : public DialplanTest {
  public:
    void setUp() override {
        DialplanTest::setUp();
        own = std::make_unique<Module>("app_test");
        constexpr ApplicationInfo mark{.name = "Mark", .syntax = "Mark(text)", .synopsis = "Keeps it", .text = "For tests."};
        CPPUNIT_ASSERT(own->add(mark, [this](Channel&, const Arguments& arguments) -> Result<void> {
                              trace.emplace_back(arguments.raw());
                              return {};
                          }).has_value());
    }
    void tearDown() override {
        wait_for([] { return channel_count() == 0; });
        end_dialplan();
        own.reset();
        // On a fiber, as the loader does it.
        run([this] {
            while (!loaded.empty()) loaded.pop_back();
        });
        DialplanTest::tearDown();
    }
    // The code stays mapped until the process ends; the loader's own tests unmap.
    void load(const std::string& name) {
        void* handle = dlopen((JACKFIELD_MODULE_OUTPUT "/" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
        CPPUNIT_ASSERT_MESSAGE(handle ? "" : dlerror(), handle);
        const auto* descriptor = static_cast<const ModuleDescriptor*>(dlsym(handle, "jackfield_module_descriptor"));
        CPPUNIT_ASSERT_MESSAGE(name, descriptor);
        Module& module = *loaded.emplace_back(std::make_unique<Module>(name));
        run([&] {
            const auto done = descriptor->load(module);
            CPPUNIT_ASSERT_MESSAGE(done ? name : done.error().text, done.has_value());
        });
    }

  protected:
    std::unique_ptr<Module> own;
    std::deque<std::unique_ptr<Module>> loaded;
};

}  // namespace jackfield::testing
