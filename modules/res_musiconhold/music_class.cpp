// musiconhold.conf: one section a class.
#include "modules/res_musiconhold/music_class.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/config/options.hpp"

namespace jackfield::res_musiconhold {
namespace {

namespace fs = std::filesystem;

enum class Mode { files, playlist };

struct Settings {
    Mode mode;
    std::string directory;
    Order order;
    bool random, shared_position;
    std::vector<std::string> entries;
};

const Options<Settings>& options() {
    static const Options<Settings> table{
        {"mode",
         [](Settings& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             if (equals_ignoring_case(value, "files"))
                 settings.mode = Mode::files;
             else if (equals_ignoring_case(value, "playlist"))
                 settings.mode = Mode::playlist;
             else
                 return fail(ErrorCode::invalid,
                             "is \"{}\", but only files (of a folder) and playlist (of entries) can be played; convert "
                             "what a program played into files",
                             value);
             return {};
         },
         "files", "files: all of a folder; playlist: the entries below"},
        {"directory", &Settings::directory, "", "Folder of the files, absolute or below the sounds' folder"},
        {"entry",
         [](Settings& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             if (value.find("://") != std::string_view::npos)
                 return fail(ErrorCode::invalid, "is an address; copy the file and name its path");
             settings.entries.emplace_back(value);
             return {};
         },
         "", "A file of a playlist without its extension; one line each, in order"},
        {"sort", &Settings::order, Order::alphabetical,
         Words<Order>{{"alpha", Order::alphabetical}, {"random", Order::random}, {"randstart", Order::random_start}},
         "Order of the files; randstart: by name, from a random one on"},
        {"position", &Settings::shared_position, false, Words<bool>{{"own", false}, {"shared", true}},
         "own: each listener hears the music from its start; shared: all hear the same place, as from one player"},
        Option<Settings>(Option<Settings>("random", &Settings::random, false, "Old form of sort=random"))
            .deprecated("sort = random"),
        Option<Settings>::absent("application", "programs that play music are not run; convert their music into files"),
        Option<Settings>::ignored("format", "the best of the files' formats is chosen for each call"),
        Option<Settings>::ignored("digit", "music is chosen by the dialplan"),
        Option<Settings>::ignored("announcement", "use a queue's periodic announcements"),
        Option<Settings>::ignored("answeredonly", "music is played as the dialplan says"),
        Option<Settings>::ignored("loop_last", "a playlist is played again from its first entry"),
        Option<Settings>::ignored("kill_escalation_delay", "no program plays music"),
        Option<Settings>::ignored("kill_method", "no program plays music"),
    };
    return table;
}

std::string absolute(const std::string& sounds, std::string_view path) {
    return path.starts_with('/') ? std::string(path) : sounds + "/" + std::string(path);
}

// Every file of the folder without its extension, by name.
std::vector<std::string> list_files(const std::string& directory, std::error_code& error) {
    std::set<std::string> names;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename();
        if (name.starts_with('.') || !entry->path().has_extension()) continue;
        std::error_code ignored;
        if (entry->is_regular_file(ignored))
            names.insert((entry->path().parent_path() / entry->path().stem()).string());
    }
    return {names.begin(), names.end()};
}

}  // namespace

MusicClasses read_classes(const ConfigFile& file, const std::string& sounds, Diagnostics& findings) {
    MusicClasses classes;
    for (const ConfigCategory& section : file.categories()) {
        if (section.is_template()) continue;
        if (equals_ignoring_case(section.name(), "general")) {
            // What Asterisk has here tunes how it caches classes; there is nothing to tune.
            for (const ConfigEntry& entry : section.entries())
                if (!equals_ignoring_case(entry.key, "cachertclasses") &&
                    !equals_ignoring_case(entry.key, "preferchannelclass"))
                    findings.error(entry.place(), "[general] knows cachertclasses and preferchannelclass, not \"{}\"",
                                   entry.key);
            continue;
        }
        const Settings settings = options().read(section, findings);
        auto made = std::make_shared<MusicClass>();
        made->name = section.name();
        made->mode = settings.mode == Mode::files ? "files" : "playlist";
        made->order = settings.random ? Order::random : settings.order;
        made->shared_position = settings.shared_position;
        made->started = Clock::now();
        if (settings.mode == Mode::playlist) {
            for (const std::string& entry : settings.entries) made->files.push_back(absolute(sounds, entry));
            if (made->files.empty())
                findings.error(section.place(), "[{}] is a playlist without an entry", section.name());
        } else if (settings.directory.empty()) {
            findings.error(section.place(), "[{}] needs a directory", section.name());
        } else {
            std::error_code error;
            made->directory = absolute(fs::path(sounds).parent_path(), settings.directory);
            made->files = list_files(made->directory, error);
            const ConfigEntry* where = section.find("directory");
            if (error)
                findings.warning(where->place(), "directory {}: {}", made->directory, error.message());
            else if (made->files.empty())
                findings.warning(where->place(), "directory {} has no files", made->directory);
        }
        if (!classes.emplace(made->name, made).second)
            findings.error(section.place(), "there are two sections [{}]", section.name());
    }
    return classes;
}

}  // namespace jackfield::res_musiconhold
