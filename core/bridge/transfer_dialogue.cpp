// Transfers by keys: the dialogues behind features.conf's blindxfer and atxfer. They run on the transferer's service fiber.
#include <algorithm>
#include <optional>

#include "core/bridge/bridge_member.hpp"
#include "core/bridge/code_collector.hpp"
#include "core/channel/dial.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

namespace {

constexpr std::string_view any_key = "0123456789*#ABCD";

// One attempt at an extension; empty: what was pressed can't be one, or nothing was.
Result<std::string> collect_once(Channel& transferer, const std::string& prompt, const std::string& context,
                                 std::chrono::milliseconds pause) {
    std::string keys;
    auto played = transferer.play(prompt, any_key);
    if (!played && ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    if (!played) log_warning("{}", played.error().text);
    if (played && *played) keys += *played;
    if (keys.empty()) (void)transferer.start_tone("dial");
    for (;;) {
        auto match = ExtensionMatch::partial;
        if (!keys.empty()) match = match_extension_digits(transferer, context, keys);
        if (match == ExtensionMatch::exact) return keys;
        if (match == ExtensionMatch::none) return std::string();
        auto key = transferer.read_digit(pause);
        transferer.stop_indication();
        const bool complete = match == ExtensionMatch::exact_and_longer;
        if (!key && key.error().code == ErrorCode::timeout) return complete ? keys : std::string();
        const char pressed = JF_TRY(std::move(key));
        if (pressed == '#' && complete) return keys;
        keys += pressed;
    }
}

// Asks for the extension to transfer to. Errors: invalid (all attempts failed), interruption.
Result<Place> ask_for_extension(Channel& transferer, const MemberFeatures& features, const FeatureSettings& settings) {
    Place place;
    place.context = transfer_context(transferer, features.transfer_context);
    for (unsigned attempt = 0; attempt < std::max(1U, settings.transfer_attempts); ++attempt) {
        const auto& prompt = attempt == 0 ? settings.transfer_announce_sound : settings.transfer_retry_sound;
        place.extension = JF_TRY(collect_once(transferer, prompt, place.context, settings.transfer_digit_timeout));
        transferer.stop_indication();
        if (!place.extension.empty()) return place;
    }
    (void)transferer.play(settings.transfer_invalid_sound);
    return fail(ErrorCode::invalid, "{} named no extension in {} to transfer to", transferer.name(), place.context);
}

// The transferer speaks with the target while the others hear music.
class Consultation {
  public:
    Consultation(Channel& transferer, std::shared_ptr<Bridge> bridge, std::shared_ptr<const FeatureSettings> settings)
        : transferer_(transferer), bridge_(std::move(bridge)), settings_(std::move(settings)) {
        collector_.set_codes({settings_->attended_abort, settings_->attended_complete, settings_->attended_threeway,
                              settings_->attended_swap});
        consultations().push_back(this);
    }
    ~Consultation() { std::erase(consultations(), this); }
    Consultation(const Consultation&) = delete;
    static std::vector<Consultation*>& consultations() {  // those that go on; few
        static std::vector<Consultation*> all;
        return all;
    }
    bool is_of(const Channel& transferer) const { return &transferer_ == &transferer; }
    void cancel() { cancelled_.push(0); }

    Result<void> run(const Place& place) {
        place_ = place;
        auto called = call();
        if (!called) return std::unexpected(std::move(called).error());
        if (*called != Step::talk) return {};
        return talk();
    }

  private:
    enum class Step : unsigned char { talk, ended };
    enum Code : std::size_t { abort, complete, threeway, swap };

    Result<Step> failed() {
        transferer_.stop_indication();
        JF_TRY(transferer_.play(settings_->fail_sound));
        tell(TransferResult::fail, nullptr, nullptr);
        return Step::ended;
    }

    // Rings the target until it answers.
    Result<Step> call() {
        DialRequest request;
        request.technology = "Local";
        request.destination = fmt::format("{}@{}", place_.extension, place_.context);
        request.requestor = &transferer_;
        request.dialled = place_.extension;
        HangupCause cause{};
        auto started = DialLeg::start(std::move(request), cause, [this](Channel& target) {
            target.set_variable("__TRANSFERERNAME", transferer_.name());
        });
        if (!started && ends_application(started.error().code)) return std::unexpected(std::move(started).error());
        if (!started) return failed();
        auto& leg = **started;
        (void)transferer_.start_tone("ring");
        const auto end = Clock::now() + settings_->attended_no_answer_timeout;
        for (;;) {
            while (leg.next_event()) {
            }
            if (leg.state() == DialLeg::State::answered) {
                transferer_.stop_indication();
                target_ = leg.take("transfer");
                return Step::talk;
            }
            if (leg.state() == DialLeg::State::failed) return failed();
            auto waited = select({&leg.events(), &transferer_.digits(), &cancelled_},
                                 std::max(Clock::duration::zero(), end - Clock::now()));
            if (!waited && waited.error().code == ErrorCode::timeout) return failed();
            if (!waited && waited.error().code == ErrorCode::hangup && !settings_->drop_call_when_attended_fails) {
                complete_early(leg);
                return Step::ended;
            }
            JF_TRY(std::move(waited));
            if (cancelled_.try_pop()) return failed();
            while (const auto key = transferer_.digits().try_pop())
                if (collector_.feed(*key, {}).matched == Code::abort) return failed();
        }
    }

    // The transferer has hung up while the target rings: those who were held hear it ring.
    void complete_early(DialLeg& leg) {
        const bool rings = leg.state() == DialLeg::State::ringing;
        Channel* waiting = transferer_.peer();
        const auto held = waiting ? waiting->share() : nullptr;
        target_ = leg.take("transfer");
        finish();
        if (held && rings) (void)held->indicate(Indication::ringing);
    }

    void tell(TransferResult result, Channel* transferee, Channel* target) {
        publish(Transferred{.attended = true, .result = result, .transferer = transferer_, .transferee = transferee, .bridge = &*bridge_,
                            .context = place_.context, .extension = place_.extension, .target = target});
    }

    void finish() {
        Channel* transferee = transferer_.peer();
        if (transferee) transferee->set_variable("ATTENDEDTRANSFER", transferer_.name());
        target_->set_variable("ATTENDEDTRANSFER", transferer_.name());
        const auto target = target_->share();
        const bool done = bridge_->replace(transferer_, std::move(target_)).has_value();
        tell(done ? TransferResult::success : TransferResult::fail, transferee, target.get());
        transferer_.hang_up(HangupCause::normal_clearing);
    }

    Result<void> speak_with_target() {
        on_target_ = true;
        if (auto* held = BridgeAccess::other(*bridge_, *BridgeAccess::member_of(transferer_)); held && swapped_) {
            BridgeAccess::set_hold(*held, true, {});
            (void)target_->indicate(Indication::unhold);
        }
        return MediaStream::connect(transferer_.media(), target_->media());
    }

    Result<void> speak_with_others() {
        auto* held = BridgeAccess::other(*bridge_, *BridgeAccess::member_of(transferer_));
        if (!held) return {};
        on_target_ = false;
        swapped_ = true;
        BridgeAccess::set_hold(*held, false, {});
        (void)target_->indicate(Indication::hold);
        return MediaStream::connect(transferer_.media(), held->channel->media());
    }

    // Ends the suspension's hold of the others once more, so that it finds what it made.
    void undo_swap() {
        if (on_target_) return;
        (void)speak_with_target();
    }

    Result<void> talk() {
        JF_TRY(speak_with_target());
        for (;;) {
            auto waited = select({&target_->events(), &transferer_.digits(), &cancelled_},
                                 collector_.empty() ? Timeout() : Timeout(settings_->feature_digit_timeout));
            if (!target_) return {};
            if (waited && cancelled_.try_pop()) {
                undo_swap();
                return carry_out(Code::abort);
            }
            CodeCollector::Outcome outcome;
            if (waited) {
                while (const auto event = target_->events().try_pop())
                    if (event->kind == ChannelEvent::Kind::hung_up) return target_gone();
                if (const auto key = transferer_.digits().try_pop())
                    outcome = collector_.feed(*key, std::chrono::milliseconds(100));
            } else if (waited.error().code == ErrorCode::timeout) {
                outcome = collector_.expire();
            } else if (waited.error().code == ErrorCode::hangup) {
                undo_swap();
                finish();
                return {};
            } else {
                return std::unexpected(std::move(waited).error());
            }
            for (const auto& key : outcome.unmatched) peer_media().send_digit(key.key, key.length);
            if (!outcome.matched) continue;
            if (*outcome.matched == Code::swap) {
                JF_TRY(on_target_ ? speak_with_others() : speak_with_target());
                continue;
            }
            undo_swap();
            return carry_out(static_cast<Code>(*outcome.matched));
        }
    }

    MediaStream& peer_media() {
        Channel* peer = transferer_.peer();
        return on_target_ || !peer ? target_->media() : peer->media();
    }

    Result<void> target_gone() {
        undo_swap();
        target_.release();
        JF_TRY(failed());
        return {};
    }

    Result<void> carry_out(Code code) {
        if (code == Code::abort) {
            target_->hang_up(HangupCause::normal_clearing);
            target_.release();
        } else if (code == Code::complete) {
            finish();
        } else {
            transferer_.media().disconnect();
            JF_TRY(bridge_->grow());
            bridge_->resume(transferer_);
            JF_TRY(bridge_->impart(std::move(target_)));
        }
        return {};
    }

    Channel& transferer_;
    std::shared_ptr<Bridge> bridge_;
    std::shared_ptr<const FeatureSettings> settings_;
    Place place_;
    CodeCollector collector_;
    Queue<int> cancelled_{1};
    Custody target_;
    bool on_target_ = true, swapped_ = false;
};

}  // namespace

bool cancel_attended_transfer(const Channel& transferer) {
    for (Consultation* each : Consultation::consultations()) {
        if (!each->is_of(transferer)) continue;
        each->cancel();
        return true;
    }
    return false;
}

Result<void> blind_transfer_dialogue(Channel& transferer, const MemberFeatures& features) {
    if (!transferer.bridge()) return fail(ErrorCode::not_found, "{} is in no bridge", transferer.name());
    const auto settings = feature_settings(transferer);
    const Suspension suspension(*transferer.bridge(), transferer);
    auto place = JF_TRY(ask_for_extension(transferer, features, *settings));
    if (blind_transfer(transferer, place) == TransferResult::success) return {};
    JF_TRY(transferer.play(settings->transfer_invalid_sound));
    return fail(ErrorCode::failed, "{} could not transfer to {}@{}", transferer.name(), place.extension, place.context);
}

Result<void> attended_transfer_dialogue(Channel& transferer, const MemberFeatures& features) {
    if (!transferer.bridge()) return fail(ErrorCode::not_found, "{} is in no bridge", transferer.name());
    const auto bridge = transferer.bridge()->shared_from_this();
    const auto settings = feature_settings(transferer);
    const Suspension suspension(*bridge, transferer);
    const auto place = JF_TRY(ask_for_extension(transferer, features, *settings));
    return Consultation(transferer, bridge, settings).run(place);
}

}  // namespace jackfield
