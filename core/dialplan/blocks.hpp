// Blocks of priorities such as While ... EndWhile: finding the other end of one.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "core/channel/channel.hpp"

namespace jackfield {

// Applications that begin and end a kind of block; blocks of the same kind within it are stepped over.
struct BlockKind {
    std::string_view begin, end;
};
struct BlockPlace {
    int priority = 0;
    std::string_view application;  // as the caller wrote it in its list, or kind.end
};

// From the channel's place on, in the extension that it is in: the end of the block around the place (or begun at it),
// or before that one of `parts` (Else, ElseIf) of the same block. Nothing when there is none.
std::optional<BlockPlace> find_block_end(Channel& channel, const BlockKind& kind,
                                         std::initializer_list<std::string_view> parts = {});
// The priority that began the block around the channel's place.
std::optional<int> find_block_begin(Channel& channel, const BlockKind& kind);

}  // namespace jackfield
