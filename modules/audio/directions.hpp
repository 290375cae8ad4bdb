// The two directions of a channel's audio, as functions of the dialplan name them.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "core/sdk.hpp"

namespace jackfield::audio {

// rx: what comes from the channel; tx: what goes to it.
struct Directions {
    bool rx = false, tx = false;
};

// "rx", "tx" and, when `both` is given, that word; letter case aside. Errors: invalid, naming function and words.
inline Result<Directions> parse_directions(std::string_view function, std::string_view text, std::string_view both = {}) {
    text = trim(text);
    if (equals_ignoring_case(text, "rx")) return Directions{.rx = true};
    if (equals_ignoring_case(text, "tx")) return Directions{.tx = true};
    if (!both.empty() && equals_ignoring_case(text, both)) return Directions{.rx = true, .tx = true};
    return fail(ErrorCode::invalid, "{}: the direction is rx (from the channel){} tx (to it){}{}, not '{}'", function,
                both.empty() ? " or" : ",", both.empty() ? "" : " or ", both, text);
}

// What is added to a channel's audio, for each direction.
struct Added {
    std::unique_ptr<MediaStream::Attached> rx, tx;
    bool empty() const { return !rx && !tx; }
};

inline Result<Channel*> channel_for(Channel* channel, std::string_view function) {
    if (!channel) return fail(ErrorCode::invalid, "{} needs a channel", function);
    return channel;
}

}  // namespace jackfield::audio
