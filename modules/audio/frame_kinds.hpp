// The kinds of frames that FRAME_DROP and FRAME_TRACE name.
#pragma once

#include <string_view>

#include "core/sdk.hpp"

namespace jackfield::audio {

// A set of kinds, and what is known of the names.
class FrameKinds {
  public:
    enum Kind : std::uint8_t { dtmf_begin = 1, dtmf_end = 2, voice = 4, video = 8, text = 16, image = 32, cng = 64 };

    // "DTMF_BEGIN,DTMF_END", letter case aside. Errors: invalid; unsupported names those of Asterisk's kinds that are no media
    // here (control, null and the like).
    static Result<FrameKinds> parse(std::string_view function, std::string_view list);
    static FrameKinds all() { return FrameKinds(127); }
    bool has(Kind kind) const { return (kinds_ & kind) != 0; }
    bool empty() const { return kinds_ == 0; }
    FrameKinds others() const { return FrameKinds(static_cast<std::uint8_t>(~kinds_ & 127)); }
    static Kind kind_of(const Frame& frame, MediaType type) {
        if (type == MediaType::video) return video;
        if (type == MediaType::text) return text;
        if (type == MediaType::image) return image;
        return frame.silence ? cng : voice;
    }
    static std::string_view name_of(Kind kind);

    FrameKinds() = default;

  private:
    explicit FrameKinds(std::uint8_t kinds) : kinds_(kinds) {}
    std::uint8_t kinds_ = 0;
};

}  // namespace jackfield::audio
