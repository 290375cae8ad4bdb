// The kinds of frames that FRAME_DROP and FRAME_TRACE name.
#include "modules/audio/frame_kinds.hpp"

#include <algorithm>
#include <array>

namespace jackfield::audio {
namespace {

constexpr std::array<std::pair<std::string_view, FrameKinds::Kind>, 8> known{{{"DTMF_BEGIN", FrameKinds::dtmf_begin},
                                                                              {"DTMF_END", FrameKinds::dtmf_end},
                                                                              {"VOICE", FrameKinds::voice},
                                                                              {"VIDEO", FrameKinds::video},
                                                                              {"TEXT", FrameKinds::text},
                                                                              {"TEXT_DATA", FrameKinds::text},
                                                                              {"IMAGE", FrameKinds::image},
                                                                              {"CNG", FrameKinds::cng}}};
// Signalling is events of the channel here and does not pass with the media.
constexpr std::array<std::string_view, 5> elsewhere{"CONTROL", "NULL", "IAX", "HTML", "MODEM"};

}  // namespace

std::string_view FrameKinds::name_of(Kind kind) {
    return std::ranges::find(known, kind, [](const auto& each) { return each.second; })->first;
}

Result<FrameKinds> FrameKinds::parse(std::string_view function, std::string_view list) {
    FrameKinds kinds;
    for (const std::string& part : split_arguments(list)) {
        const std::string_view word = trim(part);
        if (word.empty()) continue;
        const auto same = [&](std::string_view name) { return equals_ignoring_case(word, name); };
        if (const auto found = std::ranges::find_if(known, same, [](const auto& each) { return each.first; }); found != known.end())
            kinds.kinds_ |= found->second;
        else if (std::ranges::any_of(elsewhere, same))
            return fail(ErrorCode::unsupported, "{}: frames of the kind {} do not pass with the media here", function, word);
        else
            return fail(ErrorCode::invalid,
                        "{}: '{}' is no kind of frame; there are DTMF_BEGIN, DTMF_END, VOICE, VIDEO, TEXT, IMAGE and CNG", function, word);
    }
    return kinds;
}

}  // namespace jackfield::audio
