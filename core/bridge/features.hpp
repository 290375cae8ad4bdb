// features.conf: codes that bridged members press, and what runs then.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/bridge/bridge.hpp"
#include "core/module/module.hpp"

namespace jackfield {

struct FeatureSettings {                                  // features.conf; immutable snapshot
    std::chrono::milliseconds transfer_digit_timeout{3000}, feature_digit_timeout{1000}, attended_no_answer_timeout{15000};
    std::string blind_transfer = "#1", disconnect = "*0", attended_transfer, park_call, one_touch_monitor, one_touch_mixmonitor;
    std::string attended_abort = "*1", attended_complete = "*2", attended_threeway = "*3", attended_swap = "*4";
    std::string transfer_sound = "beep", fail_sound = "beeperr", transfer_announce_sound = "pbx-transfer";
    std::string transfer_retry_sound = "pbx-invalid", transfer_invalid_sound = "privacy-incorrect";
    unsigned transfer_attempts = 3;
    bool drop_call_when_attended_fails = false;           // atxferdropcall
    std::string pickup_extension = "*8", pickup_sound, pickup_fail_sound;
    std::string courtesy_tone, recording_fail_sound;      // of one-touch recording
    struct Dynamic {                                      // [applicationmap]
        std::string name, code, application, arguments, music_class;
        bool activated_by_self = true, activated_by_peer = false, run_on_self = true;
    };
    std::vector<Dynamic> dynamic;
    struct Group {                                        // any other section: features with codes of their own
        std::string name;
        std::vector<std::pair<std::string, std::string>> codes;  // name of [applicationmap], code; empty: the feature's
    };
    std::vector<Group> groups;
};
std::shared_ptr<const FeatureSettings> feature_settings();
void set_feature_settings(FeatureSettings settings);  // by value: what the core keeps is made by code that stays
// Those of one channel: what FEATURE() and FEATUREMAP() have set for it, else those of the file.
std::shared_ptr<const FeatureSettings> feature_settings(const Channel& channel);
// `inherit`: channels that this one calls have them too (inherit_features).
void set_feature_settings(Channel& channel, FeatureSettings settings, bool inherit);
bool features_inherited(const Channel& channel);
void inherit_features(const Channel& from, Channel& to);

// What a feature runs; on the member's service fiber; may wait.
using FeatureFunction = std::function<Result<void>(Channel& member, Bridge& bridge)>;
// Posts `run` to the member's service fiber as its feature: hang-up of the member is handled when it has ended. Never waits; nothing when the
// channel is no member of a bridge.
void run_feature(Channel& member, FeatureFunction run);
// As if the transferer had pressed atxferabort while it waits for the target or speaks with it. False: it does neither. Never waits.
bool cancel_attended_transfer(const Channel& transferer);
// Features of [featuremap] that modules carry out: "parkcall", "automon", "automixmon".
struct BuiltinFeature {
    std::string name;
    FeatureFunction run;
};
Result<Registration> register_in(Module& module, BuiltinFeature feature);

// Watches one member's keys in a bridge: collects with the feature timeout, runs what matches, replays what does not.
class FeatureDetector {
  public:
    FeatureDetector(Channel& member, const MemberFeatures& features);
    ~FeatureDetector();
    FeatureDetector(const FeatureDetector&) = delete;

  private:
    struct Private;
    std::unique_ptr<Private> private_;
};

// How a dynamic feature runs a dialplan application; set by core/dialplan.
void set_feature_application_runner(Result<void> (*runner)(Channel&, const std::string& application,
                                                           const std::string& arguments));

}  // namespace jackfield
