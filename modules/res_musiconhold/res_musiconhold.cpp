// res_musiconhold - hold music from folders and playlists (musiconhold.conf).
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/generation.hpp"
#include "core/console/command.hpp"
#include "core/media/music.hpp"
#include "core/media/playlist.hpp"
#include "core/media/sound_file.hpp"
#include "core/module/module.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_musiconhold/applications.hpp"
#include "modules/res_musiconhold/music_class.hpp"

using namespace jackfield;

namespace jackfield::res_musiconhold {
namespace {

using std::chrono::milliseconds;

// Files by chance, but in one order for all who listen at one position.
std::vector<std::string> order_of(const MusicClass& music) {
    std::vector<std::string> files = music.files;
    if (music.order != Order::random || !music.shared_position) return files;
    // The order stays for as long as the class does: it follows from when it was made.
    auto seed = static_cast<std::uint64_t>(music.started.time_since_epoch().count());
    for (std::size_t i = files.size(); i > 1; --i) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        std::swap(files[i - 1], files[(seed >> 33) % i]);
    }
    return files;
}

// Where a player that began when the class was made would be now. Waits the first time.
void go_to_shared_position(const MusicClass& music, Playlist& playlist, const Codec* wanted) {
    if (music.lengths.size() != playlist.files.size()) music.lengths = playlist_lengths(playlist, wanted);
    const milliseconds total = std::accumulate(music.lengths.begin(), music.lengths.end(), milliseconds(0));
    if (total <= milliseconds(0)) return;
    auto at = std::chrono::duration_cast<milliseconds>(Clock::now() - music.started) % total;
    for (playlist.first = 0; at >= music.lengths[playlist.first]; ++playlist.first) at -= music.lengths[playlist.first];
    playlist.start = at;
}

class HoldMusic final : public MusicProvider {
  public:
    Result<std::unique_ptr<Source>> open(const std::string& music_class, const Codec* wanted) override {
        const auto found = classes_.find(music_class);
        if (found == classes_.end()) {
            std::vector<std::string> names;
            for (const auto& [name, music] : classes_) names.push_back(name);
            const auto nearest = nearest_word(music_class, names);
            return fail(ErrorCode::not_found, "musiconhold.conf has no class {}{}", music_class,
                        nearest ? "; the nearest is " + *nearest : std::string());
        }
        const std::shared_ptr<const MusicClass> music = found->second;  // a reload may replace it while this waits
        if (music->files.empty())
            return fail(ErrorCode::not_found, "class {} has no files in {}", music->name, music->directory);
        Playlist playlist{.files = order_of(*music)};
        playlist.random = music->order == Order::random && !music->shared_position;
        if (music->shared_position)
            go_to_shared_position(*music, playlist, wanted);
        else if (music->order != Order::alphabetical)
            playlist.first = random_number(playlist.files.size());
        auto source = open_playlist(std::move(playlist), wanted);
        if (!source && source.error().code == ErrorCode::not_found)
            return fail(ErrorCode::not_found, "class {}: {}", music->name, source.error().text);
        return source;
    }
    void set(MusicClasses classes) { classes_ = std::move(classes); }
    const MusicClasses& classes() const { return classes_; }

  private:
    MusicClasses classes_;
};

constexpr CommandInfo classes_info{.words = "moh show classes",
                                   .synopsis = "List the classes of hold music",
                                   .text = "With the folder and the order of each."};
constexpr CommandInfo files_info{.words = "moh show files",
                                 .synopsis = "List the files of each class of hold music",
                                 .text = "As they were found when musiconhold.conf was read; `moh reload` looks anew."};
constexpr CommandInfo reload_info{.words = "moh reload",
                                  .synopsis = "Read musiconhold.conf and its folders anew",
                                  .text = "Music that plays goes on as it is."};

const char* name_of(Order order) {
    return order == Order::random ? "random" : order == Order::random_start ? "randstart" : "alpha";
}

Result<void> show_classes(Console& console, const HoldMusic& music) {
    const MusicClasses classes = music.classes();  // the list may wait for its reader
    for (const auto& [name, one] : classes) {
        JF_TRY(console.print("Class: {}\n\tMode: {}\n\tSort: {}\n", name, one->mode, name_of(one->order)));
        if (!one->directory.empty()) JF_TRY(console.print("\tDirectory: {}\n", one->directory));
        if (one->shared_position) JF_TRY(console.write("\tPosition: shared\n"));
    }
    return {};
}

Result<void> show_files(Console& console, const HoldMusic& music) {
    const MusicClasses classes = music.classes();
    for (const auto& [name, one] : classes) {
        JF_TRY(console.print("Class: {}\n", name));
        for (const std::string& file : one->files) JF_TRY(console.print("\tFile: {}\n", file));
    }
    return {};
}

Result<void> load(Module& module) {
    auto& music = module.own<HoldMusic>();
    const auto& directories = sound_settings().directories;
    const std::string sounds = directories.empty() ? "/usr/share/asterisk/sounds" : directories.front();
    JF_TRY(module.add(ConfigFileSpec{
        .file = "musiconhold.conf",
        .prepare = [&music, sounds](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return
                [&music, classes = read_classes(file, sounds, findings)]() mutable { music.set(std::move(classes)); };
        }}));
    JF_TRY(module.add(static_cast<MusicProvider&>(music)));
    JF_TRY(add_applications(module));
    JF_TRY(module.add(classes_info, [&music](Console& console, CommandWords) { return show_classes(console, music); }));
    JF_TRY(module.add(files_info, [&music](Console& console, CommandWords) { return show_files(console, music); }));
    return module.add(reload_info, [](Console& console, CommandWords) -> Result<void> {
        JF_TRY(reload_configuration({"musiconhold.conf"}));
        return console.write("Reloaded.\n");
    });
}

}  // namespace
}  // namespace jackfield::res_musiconhold

JACKFIELD_MODULE("res_musiconhold", "Music On Hold Resource", jackfield::res_musiconhold::load);
