// What the tests of bridges share: calls that are bridged, hold music that can be heard, short feature timeouts.
#pragma once

#include "core/bridge/bridge.hpp"
#include "core/bridge/features.hpp"
#include "core/media/music.hpp"
#include "tests/unit/core/channel/fake_driver.hpp"

namespace jackfield::testing {

inline constexpr double music_hz = 2300;

class TestMusic final : public MusicProvider {
  public:
    Result<std::unique_ptr<Source>> open(const std::string& music_class, const Codec*) override {
        asked.push_back(music_class);
        return std::make_unique<ToneSource>(music_hz, 1'000'000);
    }
    std::vector<std::string> asked;
};

// A call of the fixture whose own fiber joins a bridge, as Dial does.
struct Joined {
    Channel* channel = nullptr;
    std::optional<Result<LeaveReason>> result;
};

class BridgeTest : public ChannelTest {
  public:
    void setUp() override {
        ChannelTest::setUp();
        music = &module->own<TestMusic>();
        CPPUNIT_ASSERT(module->add(*static_cast<MusicProvider*>(music)).has_value());
        auto settings = std::make_shared<FeatureSettings>();
        settings->feature_digit_timeout = 60ms;
        settings->transfer_digit_timeout = 200ms;
        settings->attended_transfer = "*2";
        settings->transfer_sound = settings->fail_sound = settings->transfer_announce_sound = "";
        settings->transfer_retry_sound = settings->transfer_invalid_sound = "";
        set_feature_settings(*settings);
        set_extension_matcher([](Channel&, std::string_view context, std::string_view extension) {
            if (context != "default") return ExtensionMatch::none;
            if (extension == "200") return ExtensionMatch::exact;
            return std::string_view("200").starts_with(extension) ? ExtensionMatch::partial : ExtensionMatch::none;
        });
        Channel::set_dialplan_starter([](Custody custody) { dialplan().push_back(std::move(custody)); });
    }
    void tearDown() override {
        dialplan().clear();
        set_feature_settings({});
        set_extension_matcher(nullptr);
        Channel::set_dialplan_starter(nullptr);
        // No bridge outlives its members.
        loop->run_until_idle();
        CPPUNIT_ASSERT(Bridge::list().empty());
        ChannelTest::tearDown();
    }
    // Calls that went to the dialplan.
    static std::vector<Custody>& dialplan() {
        static std::vector<Custody> calls;
        return calls;
    }
    // The call of that phone joins on a fiber of its own.
    std::shared_ptr<Joined> join(const std::shared_ptr<Bridge>& bridge, const char* name, MemberOptions options = {}) {
        auto joined = std::make_shared<Joined>();
        start([this, bridge, name, options, joined] {
            auto custody = incoming(name);
            joined->channel = &custody.channel();
            const InterruptScope scope(custody.interrupter());
            joined->result = bridge->join(custody.channel(), options);
            joined->channel = nullptr;
        });
        return joined;
    }
    Channel& impart(const std::shared_ptr<Bridge>& bridge, const char* name, MemberOptions options = {},
                    Bridge::After after = {}) {
        auto custody = incoming(name);
        Channel& channel = custody.channel();
        const auto imparted = bridge->impart(std::move(custody), options, std::move(after));
        CPPUNIT_ASSERT_MESSAGE(imparted ? "" : imparted.error().text, imparted.has_value());
        return channel;
    }
    bool talk(const char* one, const char* two) {
        return until([&] { return phone(one).hears(phone(two)) && phone(two).hears(phone(one)); });
    }
    bool hears_music(const char* name) {
        return until([&] { return phone(name).ear->hears(music_hz); });
    }
    // All that is still up ends.
    void end_all() {
        for_each_channel([](Channel& channel) { channel.hang_up(HangupCause::normal_clearing); });
        dialplan().clear();
    }

  protected:
    TestMusic* music = nullptr;
};

}  // namespace jackfield::testing
