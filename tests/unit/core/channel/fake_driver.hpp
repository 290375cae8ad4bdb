// A channel driver without a protocol: its phones speak tones, keep what they are told, and do what the test says.
#pragma once

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/generation.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/channel_events.hpp"
#include "core/module/module.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

namespace jackfield::testing {

// The far side of one call.
struct FakePhone {
    double hz = 0;                        // of the tone that it speaks
    const Codec* codec = find_codec("ulaw");
    std::set<Indication> supports;        // what its driver can do itself
    Result<void> call_result;
    DeviceState state = DeviceState::not_in_use;
    std::shared_ptr<Ear> ear = std::make_shared<Ear>();
    std::vector<std::string> log;         // "call", "answer", "ringing", "hang up 16", "bridged Fake/b-00000002", ...
    Channel* channel = nullptr;           // null: none, or destroyed
    Channel* half = nullptr;              // what optimizable_half() says

    bool was(const std::string& what) const { return std::ranges::count(log, what) > 0; }
    long times(const std::string& what) const { return std::ranges::count(log, what); }
    void press(char key) {
        channel->media().with_port<TestPort>([key](TestPort& port) {
            port.dial(key, false);
            port.dial(key, true);
        });
    }
    bool hears(const FakePhone& other) const { return ear->hears(other.hz); }
};

class FakeChannel final : public DriverChannel {
  public:
    explicit FakeChannel(FakePhone& phone) : phone_(phone) {}
    ~FakeChannel() override { phone_.channel = nullptr; }

    void open() {
        phone_.channel = &channel();
        channel().media().set_port(std::make_unique<TestPort>(phone_.codec, phone_.hz, phone_.ear));
        channel().media().set_formats(phone_.codec, phone_.codec, 20ms);
    }
    Result<void> call() override {
        phone_.log.emplace_back("call");
        open();
        return phone_.call_result;
    }
    Result<void> answer() override {
        phone_.log.emplace_back("answer");
        return {};
    }
    Result<void> indicate(Indication indication) override {
        phone_.log.emplace_back(to_string(indication));
        if (phone_.supports.contains(indication)) return {};
        return fail(ErrorCode::unsupported, "the phone can't");
    }
    void hang_up(HangupCause cause) override {
        phone_.log.push_back(fmt::format("hang up {}", static_cast<int>(cause)));
    }
    Result<void> send_text(std::string_view text, std::string_view) override {
        phone_.log.push_back(fmt::format("text {}", text));
        return {};
    }
    void bridged(Channel* peer) override {
        phone_.channel = &channel();
        phone_.log.push_back(fmt::format("bridged {}", peer ? peer->name() : "nobody"));
    }
    Channel* optimizable_half() override { return phone_.half; }

  private:
    FakePhone& phone_;
};

class FakeDriver final : public ChannelDriver {
  public:
    std::map<std::string, FakePhone> phones;
    std::string_view description() const override { return "Phones of the tests"; }
    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override {
        const auto found = phones.find(request.destination);
        if (found == phones.end()) {
            cause = HangupCause::subscriber_absent;
            return fail(ErrorCode::not_found, "no phone {}", request.destination);
        }
        return make(found->first, found->second);
    }
    static DriverChannelMade make(const std::string& name, FakePhone& phone) {
        DriverChannelMade made;
        made.channel = std::make_unique<FakeChannel>(phone);
        made.name = fmt::format("Fake/{}-{}", name, new_channel_suffix());
        return made;
    }
    DeviceState device_state(std::string_view device) override {
        const auto found = phones.find(std::string(device));
        return found == phones.end() ? DeviceState::invalid : found->second.state;
    }
};

class ChannelTest : public MediaTest {
  public:
    void setUp() override {
        MediaTest::setUp();
        module = std::make_unique<Module>("chan_fake");
        driver = &module->own<FakeDriver>();
        CPPUNIT_ASSERT(module->add("Fake", *driver).has_value());
        int hz = 500;
        for (const char* name : {"a", "b", "c", "d"}) {
            auto& phone = driver->phones[name];
            phone.hz = hz;
            phone.supports = {Indication::ringing, Indication::connected_line, Indication::redirecting, Indication::progress};
            hz += 300;
        }
    }
    void tearDown() override {
        loop->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), channel_count());
        // As the loader does: a module goes when nothing of it is inside any more, its ports on media threads included.
        CPPUNIT_ASSERT(wait_for([this] { return module->gate().inside() == 0; }));
        module.reset();
        MediaTest::tearDown();
    }
    FakePhone& phone(const char* name) { return driver->phones.at(name); }

    // A call that comes in from the phone; answered when `up`.
    Custody incoming(const char* name, bool up = true) {
        auto custody = Channel::create(FakeDriver::make(name, phone(name)), "test");
        CPPUNIT_ASSERT(custody.has_value());
        Channel& channel = custody->channel();
        static_cast<FakeChannel&>(channel.driver()).open();
        channel.caller().id = PartyId::of(name, std::string("Phone ") + name);
        channel.set_state(up ? ChannelState::up : ChannelState::ring);
        return std::move(*custody);
    }

    // Runs `body` on a fiber of its own; what it throws fails the test at finish().
    void start(std::move_only_function<void()> body) {
        ++running;
        CPPUNIT_ASSERT(spawn({.name = "test"}, [this, body = std::move(body)]() mutable {
            try {
                body();
            } catch (const CppUnit::Exception&) {
                if (!failure) failure = std::current_exception();
            }
            body = nullptr;
            --running;
        }));
    }
    void finish() {
        const bool ended = loop->run_for(10s, [this] { return running == 0 || failure; });
        if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
        CPPUNIT_ASSERT(ended);
    }
    void run(std::move_only_function<void()> body) {
        start(std::move(body));
        finish();
    }
    // On a fiber: waits until `condition` holds.
    bool until(const std::function<bool()>& condition, std::chrono::milliseconds limit = 5s) {
        const Shield shield;
        for (const auto end = std::chrono::steady_clock::now() + limit; !condition();) {
            if (std::chrono::steady_clock::now() > end) return false;
            (void)sleep_for(2ms);
        }
        return true;
    }

  protected:
    std::unique_ptr<Module> module;
    FakeDriver* driver = nullptr;
    int running = 0;
    std::exception_ptr failure;
};

template <class T>
ErrorCode code_of(const Result<T>& result) {
    CPPUNIT_ASSERT_MESSAGE("should have failed", !result.has_value());
    return result.error().code;
}

}  // namespace jackfield::testing
