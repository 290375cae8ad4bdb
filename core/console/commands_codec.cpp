// core show codecs|codec|translation|file formats
#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/media/format.hpp"
#include "core/media/sound_file.hpp"
#include "core/media/translator.hpp"

namespace jackfield {
namespace {

std::string_view type_name(MediaType type) {
    switch (type) {
        case MediaType::audio: return "audio";
        case MediaType::video: return "video";
        case MediaType::image: return "image";
        case MediaType::text: return "text";
    }
    return "";
}

Result<void> show_codecs(Console& console, CommandWords words) {
    JF_TRY(console.print("{:>8} {:<5} {:<12} {:<16} {}\n", "ID", "TYPE", "NAME", "FORMAT", "DESCRIPTION"));
    JF_TRY(console.write("-----------------------------------------------------------------------------------\n"));
    std::size_t number = 0;
    for (const Codec* codec : list_codecs()) {
        ++number;
        if (!words.empty() && words[0] != type_name(codec->type)) continue;
        JF_TRY(console.print("{:>8} {:<5} {:<12} {:<16} ({})\n", number, type_name(codec->type), codec->name,
                             codec->name, codec->description));
    }
    return {};
}

std::vector<const Codec*> translatable() {
    std::vector<const Codec*> codecs;
    for (const Codec* codec : list_codecs())
        if (codec->type == MediaType::audio) {
            const Codec* linear = linear_codec({8000});
            if (codec->linear || (linear && (path_cost(codec, linear) || path_cost(linear, codec))))
                codecs.push_back(codec);
        }
    return codecs;
}

std::string cost_text(const Codec* from, const Codec* to) {
    if (from == to) return "-";
    const auto cost = path_cost(from, to);
    return cost ? std::to_string(cost->cost_us) : "-";
}

Result<void> show_translation(Console& console, CommandWords words) {
    if (words.size() == 2 && words[0] == "paths") {
        const Codec* from = find_codec(words[1]);
        if (!from) return fail(ErrorCode::not_found, "there is no codec {}", words[1]);
        JF_TRY(console.print("--- Translation paths SRC Codec \"{}\" sample rate {} ---\n", from->name, from->rate.hz));
        for (const Codec* to : translatable()) {
            if (to == from) continue;
            const auto path = TranslationPath::find(from, to);
            JF_TRY(console.print("  {:>10} To {:<10}: {}\n", from->name, to->name,
                                 path ? (*path)->describe() : "No Translation Path"));
        }
        return {};
    }
    if (!words.empty()) return fail(ErrorCode::invalid, "Usage: core show translation [paths CODEC]");
    const auto codecs = translatable();
    JF_TRY(console.write("Translation times between formats (in microseconds) for one second of data\n"
                         "          Source Format (Rows) Destination Format (Columns)\n\n"));
    std::string line = fmt::format("{:>10}", "");
    for (const Codec* to : codecs) line += fmt::format(" {:>8}", to->name);
    JF_TRY(console.print("{}\n", line));
    for (const Codec* from : codecs) {
        line = fmt::format("{:>10}", from->name);
        for (const Codec* to : codecs) line += fmt::format(" {:>8}", cost_text(from, to));
        JF_TRY(console.print("{}\n", line));
    }
    return {};
}

Result<void> show_file_formats(Console& console, CommandWords) {
    JF_TRY(console.print("{:<10} {:<10} {:<20}\n", "Format", "Name", "Extensions"));
    std::size_t count = 0;
    for (const SoundFileFormat* format : list_sound_formats()) {
        JF_TRY(console.print("{:<10} {:<10} {:<20}\n", format->codec, format->name, join(format->extensions, "|")));
        ++count;
    }
    return console.print("{} file formats registered.\n", count);
}

std::vector<std::string> codec_names(CommandWords words, std::size_t index, std::string_view) {
    if (index == 0) return {"paths"};
    std::vector<std::string> names;
    if (index == 1 && words[0] == "paths")
        for (const Codec* codec : translatable()) names.push_back(codec->name);
    return names;
}

}  // namespace

Result<void> add_codec_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"core show codecs [audio|video|image|text]", "List the codecs that are known",
                                "Known ones can be passed through; `core show translation` tells which can be translated."},
                    show_codecs));
    JF_TRY(core.add(CommandInfo{"core show translation [paths] [CODEC]", "Show what translation costs",
                                "A table of all, or with `paths` the steps from one codec to the others."},
                    show_translation, codec_names));
    return core.add(CommandInfo{"core show file formats", "List the formats of sound files",
                                "Prompts are played from them and recordings written to them."},
                    show_file_formats);
}

}  // namespace jackfield
