// Codecs interned by name, and lists of formats as `allow` and `disallow` build them.
#include "core/media/format.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "core/base/strings.hpp"
#include "core/media/codec_table.hpp"
#include "core/media/comfort_noise.hpp"

namespace jackfield {
namespace {

// Codecs are looked up when configuration is read, by any thread, and never removed; frames carry the pointers.
struct Codecs {
    std::shared_mutex mutex;
    std::vector<std::unique_ptr<Codec>> all;

    Codecs() {
        for (Codec& codec : built_in_codecs()) all.push_back(std::make_unique<Codec>(std::move(codec)));
    }
    template <class Matches>
    const Codec* find(Matches matches) {
        const std::shared_lock lock(mutex);
        const auto found = std::find_if(all.begin(), all.end(), [&](const auto& codec) { return matches(*codec); });
        return found == all.end() ? nullptr : found->get();
    }
};
Codecs& codecs() {
    static auto* const the_codecs = new Codecs;  // never destroyed: frames of late threads may still name a codec
    return *the_codecs;
}

// Names that older configuration files use.
std::string_view present_name(std::string_view name) {
    constexpr std::pair<std::string_view, std::string_view> older[] = {
        {"slinear", "slin"}, {"slin8", "slin"},   {"slinear16", "slin16"}, {"g723.1", "g723"},
        {"speex8", "speex"}, {"g726-32", "g726"}, {"g722.1", "siren7"}};
    for (const auto& [old, present] : older)
        if (equals_ignoring_case(old, name)) return present;
    return name;
}

std::unexpected<Error> unknown_codec(std::string_view name) {
    std::vector<std::string> words{"all"};
    for (const Codec* codec : list_codecs()) words.push_back(codec->name);
    const auto nearest = nearest_word(name, words);
    if (nearest)
        return fail(ErrorCode::invalid, "there is no codec \"{}\"; the nearest name is \"{}\"", name, *nearest);
    return fail(ErrorCode::invalid, "there is no codec \"{}\"; `core show codecs` lists them", name);
}

// "ulaw" or "ulaw:40".
Result<Format> parse_format(std::string_view word) {
    const auto [name, time, timed] = split_once(word, ':');
    Format format{.codec = find_codec(trim(name))};
    if (!format.codec) return unknown_codec(trim(name));
    if (!timed) return format;
    const auto milliseconds = parse_number<unsigned>(trim(time));
    const auto longest = static_cast<unsigned>(format.codec->maximum_packet_time.count());
    if (!milliseconds || *milliseconds < 10 || *milliseconds > longest || *milliseconds % 10 != 0)
        return fail(ErrorCode::invalid,
                    "\"{}\" is not a packet time for {}; write milliseconds in steps of 10, from 10 to {}", trim(time),
                    format.codec->name, longest / 10 * 10);
    format.packet_time = std::chrono::milliseconds(*milliseconds);
    return format;
}

void set_format(std::vector<Format>& formats, Format format) {
    const auto found =
        std::find_if(formats.begin(), formats.end(), [&](const Format& other) { return other.codec == format.codec; });
    if (found == formats.end())
        formats.push_back(std::move(format));
    else if (format.packet_time.count())
        found->packet_time = format.packet_time;
}

// One word of a list: adds or removes what it names.
Result<void> apply(std::vector<Format>& formats, std::string_view word, bool adding) {
    if (word.starts_with('!')) {
        adding = !adding;
        word = trim(word.substr(1));
    }
    if (equals_ignoring_case(word, "all")) {
        if (!adding) {
            formats.clear();
            return {};
        }
        for (const Codec* codec : list_codecs())
            if (!codec->encoding.empty()) set_format(formats, Format{.codec = codec});  // what can stand in an offer
        return {};
    }
    Format format = JF_TRY(parse_format(word));
    if (adding)
        set_format(formats, std::move(format));
    else
        std::erase_if(formats, [&](const Format& other) { return other.codec == format.codec; });
    return {};
}

}  // namespace

const Codec comfort_noise{.name = "cn", .description = "Comfort noise", .encoding = "CN"};

const Codec* find_codec(std::string_view name) {
    name = present_name(name);
    return codecs().find([&](const Codec& codec) { return equals_ignoring_case(codec.name, name); });
}

const Codec* find_codec(std::string_view encoding, std::uint32_t rtp_clock, unsigned channels) {
    if (encoding.empty()) return nullptr;
    // RFC 7587 4.1: Opus is always announced with two channels. Some phones announce G.722 with its true rate.
    if (equals_ignoring_case(encoding, "opus") && channels == 2) channels = 1;
    if (equals_ignoring_case(encoding, "G722") && rtp_clock == 16000) rtp_clock = 8000;
    return codecs().find([&](const Codec& codec) {
        return codec.rtp_clock.hz == rtp_clock && codec.channels == std::max(channels, 1u) &&
               equals_ignoring_case(codec.encoding, encoding);
    });
}

const Codec* find_static_payload(int payload_type) {
    if (payload_type < 0) return nullptr;
    return codecs().find([&](const Codec& codec) { return codec.static_payload_type == payload_type; });
}

std::vector<const Codec*> list_codecs() {
    const std::shared_lock lock(codecs().mutex);
    std::vector<const Codec*> list;
    list.reserve(codecs().all.size());
    for (const auto& codec : codecs().all) list.push_back(codec.get());
    return list;
}

const Codec* linear_codec(SampleRate rate) {
    return codecs().find([&](const Codec& codec) { return codec.linear && codec.rate == rate && codec.channels == 1; });
}

Result<const Codec*> add_codec(Codec codec) {
    if (codec.name.empty()) return fail(ErrorCode::invalid, "a codec needs a name");
    Codecs& known = codecs();
    const std::unique_lock lock(known.mutex);
    for (const auto& other : known.all)
        if (equals_ignoring_case(other->name, codec.name))
            return fail(ErrorCode::exists, "there is a codec {} already", codec.name);
    known.all.push_back(std::make_unique<Codec>(std::move(codec)));
    return known.all.back().get();
}

Result<void> FormatList::allow(std::string_view list) {
    std::vector<Format> changed = formats_;
    for (std::string_view word : split_list(list)) JF_TRY(apply(changed, word, true));
    formats_ = std::move(changed);
    return {};
}

Result<void> FormatList::disallow(std::string_view list) {
    std::vector<Format> changed = formats_;
    for (std::string_view word : split_list(list)) JF_TRY(apply(changed, word, false));
    formats_ = std::move(changed);
    return {};
}

const Format* FormatList::find(const Codec* codec) const {
    const auto found =
        std::find_if(formats_.begin(), formats_.end(), [&](const Format& format) { return format.codec == codec; });
    return found == formats_.end() ? nullptr : &*found;
}

const Format* FormatList::best(MediaType type) const {
    const auto found = std::find_if(formats_.begin(), formats_.end(),
                                    [&](const Format& format) { return format.codec->type == type; });
    return found == formats_.end() ? nullptr : &*found;
}

FormatList FormatList::joint(const FormatList& other) const {
    FormatList both;
    for (const Format& format : formats_)
        if (other.has(format.codec)) both.formats_.push_back(format);
    return both;
}

FormatList FormatList::of_type(MediaType type) const {
    FormatList list;
    for (const Format& format : formats_)
        if (format.codec->type == type) list.formats_.push_back(format);
    return list;
}

void FormatList::add(Format format) {
    const auto found = std::find_if(formats_.begin(), formats_.end(),
                                    [&](const Format& other) { return other.codec == format.codec; });
    if (found == formats_.end())
        formats_.push_back(std::move(format));
    else
        *found = std::move(format);
}

std::string FormatList::to_string() const {
    if (formats_.empty()) return "(nothing)";
    std::string text;
    for (const Format& format : formats_) text += (text.empty() ? '(' : '|') + format.codec->name;
    return text + ')';
}

}  // namespace jackfield
