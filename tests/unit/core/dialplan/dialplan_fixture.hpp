// Calls of fake phones through a plan written in the test.
#pragma once

#include <string>
#include <vector>

#include "core/dialplan/application.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/loader.hpp"
#include "tests/unit/core/channel/fake_driver.hpp"

namespace jackfield::testing {

class DialplanTest : public ChannelTest {
  public:
    void setUp() override {
        ChannelTest::setUp();
        initialise_dialplan();
    }
    void tearDown() override {
        // A test that failed may have left a call that never ends by itself.
        for_each_channel([](Channel& channel) { channel.hang_up(HangupCause::normal_clearing); });
        wait_for([] { return channel_count() == 0; });
        loop->run_until_idle();
        end_dialplan();
        ChannelTest::tearDown();
    }

    // The text of an extensions.conf comes into force in place of the last one.
    static Diagnostics plan(const std::string& text) {
        const MemoryFiles files;
        Diagnostics findings;
        const ConfigFile file = parse_config_text("extensions.conf", text, files, {}, findings);
        CPPUNIT_ASSERT(change_dialplan([&](DialplanBuilder& builder) -> Result<void> {
            builder.remove_registrar(file_registrar());
            load_dialplan(file, builder, findings, {.registrar = file_registrar().text()});
            return {};
        }));
        return findings;
    }

    // A phone calls an extension of [default].
    ChannelId call(const char* phone_name, std::string extension, bool up = true, std::string context = "default") {
        Custody custody = incoming(phone_name, up);
        const ChannelId id = custody->id();
        custody->place() = Place{std::move(context), std::move(extension), 1};
        CPPUNIT_ASSERT(start_dialplan(std::move(custody)).has_value());
        return id;
    }
    static Channel& channel_of(ChannelId id) {
        auto found = find_channel(id);
        CPPUNIT_ASSERT(found.has_value());
        return found->get();
    }
    // Until no call is left.
    void wait_for_end() { CPPUNIT_ASSERT(wait_for([] { return channel_count() == 0; })); }
    void run_call(std::string extension, bool up = true) {
        call("a", std::move(extension), up);
        wait_for_end();
    }
    std::string traced() const {
        std::string all;
        for (const std::string& each : trace) all += (all.empty() ? "" : " ") + each;
        return all;
    }

    std::vector<std::string> trace;
};

}  // namespace jackfield::testing
