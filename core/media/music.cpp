// Music on hold: whoever provides it, and what is played when nobody does.
#include "core/media/music.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "core/media/tone.hpp"

namespace jackfield {
namespace {

// Control thread.
struct Provider {
    MusicProvider* provider = nullptr;
    Gate* gate = nullptr;
};
Provider& registered() {
    static Provider the_provider;
    return the_provider;
}

// A source whose code is in the provider's module keeps that loaded.
class HeldSource final : public Source {
  public:
    HeldSource(Gate::Pass pass, std::unique_ptr<Source> source) : pass_(std::move(pass)), source_(std::move(source)) {}
    const Codec* codec() const override { return source_->codec(); }
    Frame next(unsigned samples) override { return source_->next(samples); }

  private:
    Gate::Pass pass_;  // before the source, so that it is given back after it
    std::unique_ptr<Source> source_;
};

Result<std::unique_ptr<Source>> open_of(const std::string& music_class, const Codec* wanted) {
    const Provider now = registered();
    if (!now.provider) return fail(ErrorCode::not_found, "no loaded module provides hold music");
    auto pass = JF_TRY(now.gate->enter());
    auto source = JF_TRY(now.provider->open(music_class, wanted));
    return std::make_unique<HeldSource>(std::move(pass), std::move(source));
}

}  // namespace

Result<Registration> register_in(Module& module, MusicProvider& provider) {
    if (registered().provider)
        return fail(ErrorCode::exists, "music is provided already by {}", registered().gate->name());
    registered() = {&provider, &module.gate()};
    return Registration([] { registered() = {}; });
}

Result<std::unique_ptr<Source>> open_music(const std::string& music_class, const Codec* wanted) {
    const std::string name = music_class.empty() ? "default" : music_class;
    auto source = open_of(name, wanted);
    if (!source && !ends_application(source.error().code) && name != "default") {
        log_warning("music class {}: {}; class default is played instead", name, source.error().text);
        source = open_of("default", wanted);
    }
    if (source || ends_application(source.error().code)) return source;
    log_warning("music on hold: {}; silence is played instead", source.error().text);
    return make_silence(wanted && linear_codec(wanted->rate) ? wanted->rate : SampleRate{8000});
}

}  // namespace jackfield
