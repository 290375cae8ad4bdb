#include "modules/res_ccss/settings.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "core/config/parser.hpp"

using namespace jackfield;
using namespace jackfield::ccss;
using namespace std::chrono_literals;

class CompletionSettingsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CompletionSettingsTest);
    CPPUNIT_TEST(a_device_goes_before_its_technology);
    CPPUNIT_TEST(states_are_mapped);
    CPPUNIT_TEST(names_what_is_wrong);
    CPPUNIT_TEST(options_are_read_and_set_by_name);
    CPPUNIT_TEST_SUITE_END();

    static Settings read(const std::string& text, Diagnostics& findings) {
        return read_settings(parse_config_text("ccss.conf", text, MemoryFiles(), {}, findings), findings);
    }

    void a_device_goes_before_its_technology() {
        Diagnostics findings;
        const Settings settings = read("[general]\ncc_max_requests = 3\n[PJSIP]\ncc_agent_policy = generic\ncc_monitor_policy = always\n"
                                       "[PJSIP/door]\ncc_monitor_policy = never\ncc_offer_timer = 90\n", findings);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings.to_string());
        CPPUNIT_ASSERT_EQUAL(3u, settings.max_requests);
        CPPUNIT_ASSERT(AgentPolicy::generic == settings.of("PJSIP/6001").agent);
        CPPUNIT_ASSERT(MonitorPolicy::always == settings.of("pjsip/6001").monitor);
        CPPUNIT_ASSERT(AgentPolicy::never == settings.of("PJSIP/Door").agent);
        CPPUNIT_ASSERT(90s == settings.of("PJSIP/Door").offer_timer);
        CPPUNIT_ASSERT(AgentPolicy::never == settings.of("Local/1@default").agent);
    }

    void states_are_mapped() {
        Diagnostics findings;
        const Settings settings = read("[general]\ncc_caller_busy_devstate = INUSE\n", findings);
        CPPUNIT_ASSERT_EQUAL(std::string(), findings.to_string());
        CPPUNIT_ASSERT(DeviceState::in_use == settings.device_states[static_cast<std::size_t>(State::caller_busy)]);
        CPPUNIT_ASSERT(DeviceState::ringing == settings.device_states[static_cast<std::size_t>(State::recalling)]);
        CPPUNIT_ASSERT(DeviceState::on_hold == Settings().device_states[static_cast<std::size_t>(State::caller_busy)]);
    }

    void names_what_is_wrong() {
        for (const char* text : {"[general]\ncc_max_requests = none\n", "[general]\ncc_active_devstate = asleep\n", "[PJSIP/1]\ncc_agent_policy = sometimes\n",
                                 "[PJSIP/1]\ncc_callback_macro = x\n", "[PJSIP/1]\ncc_offer_timer = 0\n"}) {
            Diagnostics findings;
            read(text, findings);
            CPPUNIT_ASSERT_MESSAGE(text, findings.has_errors());
        }
    }

    void options_are_read_and_set_by_name() {
        Parameters parameters;
        CPPUNIT_ASSERT(write_parameter(parameters, "CC_Agent_Policy", "generic"));
        CPPUNIT_ASSERT_EQUAL(std::string("generic"), *read_parameter(parameters, "cc_agent_policy"));
        CPPUNIT_ASSERT(write_parameter(parameters, "cc_offer_timer", "45"));
        CPPUNIT_ASSERT_EQUAL(std::string("45"), *read_parameter(parameters, "cc_offer_timer"));
        CPPUNIT_ASSERT(!write_parameter(parameters, "cc_offer_timer", "soon"));
        CPPUNIT_ASSERT(45s == parameters.offer_timer);
        CPPUNIT_ASSERT(!read_parameter(parameters, "cc_colour"));
        CPPUNIT_ASSERT(!write_parameter(parameters, "cc_callback_macro", "x"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CompletionSettingsTest);
