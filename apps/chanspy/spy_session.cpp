// One run of ChanSpy or ExtenSpy: from channel to channel.
#include "apps/chanspy/spy_session.hpp"

#include "core/dialplan/evaluator.hpp"
#include "core/media/say.hpp"

namespace jackfield::chanspy {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t slice = 256;  // channels looked at without a pause
constexpr milliseconds between_rounds{1000};

SampleRate rate_for(Channel& spy) {
    const Codec* const codec = spy.media().write_codec();
    return codec && codec->rate.hz >= 8000 && codec->rate.hz <= 48000 ? codec->rate : SampleRate{8000};
}

// Tells that it has begun, and at its end that it has ended.
class Told {
  public:
    Told(Channel& spy, Channel& spied) : spy_(spy.share()), spied_(spied.share()) { publish(ChannelSpied{*spy_, *spied_, true}); }
    ~Told() { publish(ChannelSpied{*spy_, *spied_, false}); }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;

  private:
    std::shared_ptr<Channel> spy_, spied_;
};

}  // namespace

SpySession::SpySession(Channel& spy, SpyOptions options, Spies& spies)
    : spy_(spy), options_(std::move(options)), spies_(spies), number_(spy.id().number) {
    spies_.insert(number_);
}

SpySession::~SpySession() { spies_.erase(number_); }

bool SpySession::suits(Channel& channel) const {
    if (channel.id().number == number_ || channel.hung_up() || channel.ended() || spies_.contains(channel.id().number)) return false;
    if (channel.state() != ChannelState::up && !channel.bridge() && !options_.unique) return false;
    if (options_.bridged && (!channel.bridge() || channel.bridge()->size() < 2)) return false;
    if (!options_.groups.empty() && !shares_group(options_.groups, channel.variable("SPYGROUP"))) return false;
    if (!is_enforced(options_, channel.name())) return false;
    if (!options_.extension.empty())
        return channel.place().extension == options_.extension && channel.place().context == options_.context;
    if (options_.unique) return channel.unique_id() == options_.prefix || equals_ignoring_case(channel.name(), options_.prefix);
    return starts_with_ignoring_case(channel.name(), options_.prefix);
}

Result<ChannelId> SpySession::choose() {
    if (!wanted_.empty()) {
        const std::string name = options_.prefix + "/" + std::exchange(wanted_, {});
        ChannelId found;
        for_each_channel([&](Channel& channel) {
            if (!found && (equals_ignoring_case(device_of(channel.name()), name) || equals_ignoring_case(channel.name(), name)) &&
                suits(channel))
                found = channel.id();
        });
        if (found) return found;
    }
    for (;;) {
        ChannelId found;
        std::size_t seen = 0;
        std::uint64_t newest = last_;
        for_each_channel(
            [&](Channel& channel) {
                ++seen;
                newest = channel.id().number;
                if (!found && suits(channel)) found = channel.id();
            },
            last_, slice);
        if (found) {
            last_ = found.number;
            return found;
        }
        if (seen < slice) {
            last_ = 0;
            return ChannelId{};
        }
        last_ = newest;
        JF_TRY(yield());
    }
}

void SpySession::say_name(const std::string& channel_name) {
    const Halves halves = split_once(device_of(channel_name), '/');
    PromptNames names;
    const std::string& language = spy_.attributes().language;
    std::string technology = "spy-";
    for (const char c : halves.first) technology += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!options_.no_technology && prompt_exists(technology, language)) names.push_back(technology);
    const auto letters = parse_number<std::uint64_t>(halves.second) ? say_digits(halves.second, language)
                                                                     : say_letters(halves.second, language);
    names.insert(names.end(), letters.begin(), letters.end());
    // A prompt that is missing does not keep anybody from listening.
    std::erase_if(names, [&](const std::string& name) { return !prompt_exists(name, language); });
    if (!names.empty()) (void)spy_.play_names(names);
}

void SpySession::set_mode(char key, Snoop& snoop) {
    snoop.set_hear(options_.only_said ? SnoopWays::in : SnoopWays::both);
    snoop.set_whisper(key == '4' ? SnoopWays::none : key == '5' ? SnoopWays::out : SnoopWays::both);
}

Result<std::optional<SpySession::Next>> SpySession::key_pressed(char key, Snoop* snoop) {
    if (options_.exit_to_extension) {
        std::string context = spy_.variable("SPY_EXIT_CONTEXT");
        if (context.empty()) context = spy_.place().context;
        if (const std::string extension(1, key); extension_exists(spy_, context, extension)) {
            go_to(spy_, Place{context, extension, 1});
            return Next::leave;
        }
    }
    if (options_.exit_key && key == options_.exit_key) return Next::leave;
    if (key == options_.next_key) {
        pressed_.clear();
        return Next::another;
    }
    if (options_.modes_by_key && snoop) {
        if (key >= '4' && key <= '6') set_mode(key, *snoop);
        return std::optional<Next>();
    }
    if (key == '#') {
        if (!pressed_.empty()) {
            wanted_ = std::exchange(pressed_, {});
            return Next::another;
        }
        options_.volume = options_.volume >= 4 ? -4 : options_.volume + 1;
        if (snoop) snoop->set_volume(volume_factor(options_.volume));
        return std::optional<Next>();
    }
    const bool builds_names =
        !options_.unique && !options_.modes_by_key && !options_.exit_to_extension && options_.extension.empty();
    if (builds_names && key >= '0' && key <= '9' && pressed_.size() < 32) pressed_ += key;
    return std::optional<Next>();
}

Result<SpySession::Next> SpySession::listen(Snoop& snoop, Latch& over) {
    for (;;) {
        JF_TRY(select({&spy_.digits(), &over}));
        while (const auto key = spy_.digits().try_pop())
            if (const auto next = JF_TRY(key_pressed(*key, &snoop))) return *next;
        if (over.is_set()) return options_.exit_on_hangup ? Next::leave : Next::another;
    }
}

Result<void> SpySession::begin() {
    if (options_.record) {
        std::string name = options_.record_name;
        if (!name.starts_with('/'))
            name = fmt::format("{}/monitor/{}", constant_variable("ASTSPOOLDIR").value_or("/tmp"), name);
        name += fmt::format(".{}", std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
        recording_ = JF_TRY(Recording::create(name, "raw", false, Tap::Direction::read));
        recorded_ = ear_.add(recording_->tap());
    }
    return MediaStream::connect(spy_.media(), ear_);
}

Result<SpySession::Next> SpySession::spy_on(ChannelId id) {
    const auto found = find_channel(id);
    if (!found) return Next::another;
    if (!options_.quiet) {
        const std::string name = found->get().name();
        (void)spy_.play("beep");
        say_name(name);
    }
    Latch over;
    const auto ends = [&over, id](Channel& channel) {
        if (channel.id() == id) over.set();
    };
    const Subscription asked = subscribe<ChannelHangupRequested>([&](const ChannelHangupRequested& event) { ends(event.channel); });
    const Subscription ended = subscribe<ChannelHungUp>([&](const ChannelHungUp& event) { ends(event.channel); });
    Subscription left;
    if (options_.bridged) left = subscribe<BridgeLeft>([&](const BridgeLeft& event) { ends(event.channel); });
    const auto again = find_channel(id);  // it may have gone while its name was said
    if (!again || !suits(again->get())) return Next::another;
    Channel& spied = again->get();
    spy_.set_variable("SPY_CHANNEL", spied.name());
    Snoop snoop(spied.media(), {.hear = options_.hears(),
                                .whisper = options_.whispers(),
                                .rate = rate_for(spy_),
                                .volume = volume_factor(options_.volume)});
    ear_.set_port(snoop.take_port());
    ear_.set_formats(snoop.codec(), snoop.codec(), milliseconds(20));
    const Told told(spy_, spied);
    auto next = listen(snoop, over);
    ear_.set_port(nullptr);
    return next;
}

Result<SpySession::Next> SpySession::wait_for_another() {
    const Instant until = Clock::now() + between_rounds;
    while (Clock::now() < until) {
        auto key = spy_.digits().pop(until - Clock::now());
        if (!key && key.error().code == ErrorCode::timeout) break;
        if (const auto next = JF_TRY(key_pressed(JF_TRY(std::move(key)), nullptr)); next && *next == Next::leave) return Next::leave;
    }
    return Next::another;
}

Result<void> SpySession::run() {
    JF_TRY(begin());
    for (;;) {
        const ChannelId id = JF_TRY(choose());
        if (id) {
            heard_any_ = true;
            if (JF_TRY(spy_on(id)) == Next::leave) return {};
        } else if (!std::exchange(heard_any_, false)) {  // a whole round without anybody
            if (options_.stop_when_none || JF_TRY(wait_for_another()) == Next::leave) return {};
        }
    }
}

}  // namespace jackfield::chanspy
