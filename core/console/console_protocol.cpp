// Frames of the control socket.
#include "core/console/console_protocol.hpp"

namespace jackfield {
namespace {

constexpr std::size_t header_size = 5;

}  // namespace

std::string make_frame(FrameKind kind, std::string_view text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    std::string frame;
    frame.reserve(header_size + text.size());
    for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(length >> shift & 0xff);
    frame += static_cast<char>(kind);
    frame += text;
    return frame;
}

Result<std::optional<ConsoleFrame>> FrameReader::next() {
    if (buffer_.size() - used_ < header_size) {
        buffer_.erase(0, used_);
        used_ = 0;
        return std::optional<ConsoleFrame>();
    }
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(buffer_[used_ + i]);
    if (length > largest_frame) return fail(ErrorCode::invalid, "a frame of {} bytes", length);
    if (buffer_.size() - used_ < header_size + length) return std::optional<ConsoleFrame>();
    ConsoleFrame frame{static_cast<FrameKind>(buffer_[used_ + 4]), buffer_.substr(used_ + header_size, length)};
    used_ += header_size + length;
    return std::optional<ConsoleFrame>(std::move(frame));
}

}  // namespace jackfield
