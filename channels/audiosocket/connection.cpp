// A connection by AudioSocket. The socket lives on the media thread of its port.
#include "channels/audiosocket/connection.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/strings.hpp"
#include "core/media/media_stream.hpp"
#include "core/runtime/resolver.hpp"
#include "core/runtime/stream.hpp"

namespace jackfield::audiosocket {
namespace {

constexpr std::chrono::milliseconds interval{20};
constexpr unsigned most_intervals = 100;             // of audio that waits to be heard; then the sender has to wait
constexpr std::size_t most_pending = 32 * 1024;      // bytes that the other side does not read; then audio is lost

class AudioSocketPort final : public Port, Pollable, MediaThread::Ticked {
  public:
    AudioSocketPort(int descriptor, const Codec* codec)
        : descriptor_(descriptor),
          codec_(codec),
          kind_(*audio_kind(codec)),
          frame_bytes_(codec->rate.hz * interval.count() / 1000 * 2) {
        waiting_.reserve(frame_bytes_ * most_intervals + largest_payload);
        pending_.reserve(most_pending);
    }
    ~AudioSocketPort() override {
        if (!closed_) send_message(static_cast<std::uint8_t>(Kind::terminate), {});
        ::close(descriptor_);
    }

    void write(const Frame& frame) override {
        if (frame.codec == codec_ && !frame.payload.empty()) send_message(kind_, frame.payload);
    }
    bool write_digit(const Digit& digit) override {
        const auto key = static_cast<std::uint8_t>(digit.key);
        if (digit.end) send_message(static_cast<std::uint8_t>(Kind::digit), {&key, 1});
        return true;
    }
    void attach(MediaThread& thread) override {
        thread_ = &thread;
        thread.add_ticked(*this, interval);
        poll(!closed_);
    }
    void detach() override {
        poll(false);
        std::exchange(thread_, nullptr)->remove_ticked(*this);
    }

  private:
    void poll(bool on) {
        if (on == std::exchange(polled_, on)) return;
        if (on)
            thread_->add(descriptor_, *this);
        else
            thread_->remove(descriptor_);
    }
    void end() {
        if (std::exchange(closed_, true)) return;
        poll(false);
        report(closed_event);
    }
    void readable() override {
        const auto scratch = thread_->scratch();
        const ssize_t size = ::recv(descriptor_, scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size <= 0) return end();
        reader_.feed(scratch.first(static_cast<std::size_t>(size)), [this](const MessageReader::Message& message) {
            if (message.kind == kind_)
                waiting_.insert(waiting_.end(), message.payload.begin(), message.payload.end());
            else if (message.kind == static_cast<std::uint8_t>(Kind::digit) && message.payload.size() == 1)
                hear_digit(static_cast<char>(message.payload[0]));
            else if (message.kind == static_cast<std::uint8_t>(Kind::terminate) ||
                     message.kind == static_cast<std::uint8_t>(Kind::error))
                end();
            return !closed_;
        });
        // Who sends faster than it can be heard waits: TCP tells it.
        if (waiting() > frame_bytes_ * most_intervals) poll(false);
    }
    void hear_digit(char key) {
        if (!std::string_view("0123456789*#ABCD").contains(key)) return;
        receive_digit({key, false, 0});
        receive_digit({key, true, 100});
    }
    std::size_t waiting() const { return waiting_.size() - read_; }
    void tick(std::uint64_t) override {
        flush();
        if (waiting() >= frame_bytes_) {
            Frame frame;
            frame.codec = codec_;
            frame.payload = std::span<const std::uint8_t>(waiting_).subspan(read_, frame_bytes_);
            frame.samples = static_cast<std::uint16_t>(frame_bytes_ / 2);
            frame.timestamp = timestamp_ += frame.samples;
            frame.source = name_;
            receive(frame);
            read_ += frame_bytes_;
        }
        if (read_ > frame_bytes_ * 8 || waiting() < frame_bytes_) {  // now and then, not each time
            waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(read_));
            read_ = 0;
        }
        if (!closed_ && waiting() < frame_bytes_ * most_intervals / 2) poll(true);
    }
    void send_message(std::uint8_t kind, std::span<const std::uint8_t> payload) {
        if (closed_ || payload.size() > largest_payload) return;
        const auto head = header(kind, payload.size());
        if (pending_.size() + head.size() + payload.size() > most_pending) return;  // whole messages only
        pending_.insert(pending_.end(), head.begin(), head.end());
        pending_.insert(pending_.end(), payload.begin(), payload.end());
        flush();
    }
    void flush() {
        if (pending_.empty() || closed_) return;
        const ssize_t sent = ::send(descriptor_, pending_.data(), pending_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            pending_.erase(pending_.begin(), pending_.begin() + sent);
        else if (sent < 0 && errno != EAGAIN && errno != EINTR)
            end();
    }

    const int descriptor_;
    const Codec* const codec_;
    const std::uint8_t kind_;
    const std::size_t frame_bytes_;
    MediaThread* thread_ = nullptr;
    bool polled_ = false, closed_ = false;
    MessageReader reader_;
    std::vector<std::uint8_t> waiting_, pending_;  // to be heard, from `read_` on; to be sent
    std::size_t read_ = 0;
    std::uint32_t timestamp_ = 0;
    const std::uint32_t name_ = new_frame_source();
};

}  // namespace

Result<std::unique_ptr<Port>> connect(std::string_view host_and_port, const Uuid& uuid, const Codec* linear, Timeout timeout) {
    const auto colon = host_and_port.rfind(':');
    const auto port = colon == host_and_port.npos ? std::nullopt : parse_number<std::uint16_t>(host_and_port.substr(colon + 1));
    if (!port || *port == 0 || colon == 0)
        return fail(ErrorCode::invalid, "AudioSocket: '{}' is not HOST:PORT", host_and_port);
    if (!audio_kind(linear)) return fail(ErrorCode::unsupported, "AudioSocket carries linear audio only, as slin or slin16");
    std::string host(host_and_port.substr(0, colon));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto addresses = JF_TRY(resolve_address(host));
    auto stream = JF_TRY(Stream::connect(addresses.front().with_port(*port), timeout));
    const auto head = header(static_cast<std::uint8_t>(Kind::uuid), uuid.size());
    std::string first(head.begin(), head.end());
    first.append(uuid.begin(), uuid.end());
    JF_TRY(stream->write(first, timeout));
    const int descriptor = ::fcntl(stream->descriptor(), F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) return fail(ErrorCode::limit, "AudioSocket: no descriptor: {}", std::strerror(errno));
    return std::make_unique<AudioSocketPort>(descriptor, linear);
}

}  // namespace jackfield::audiosocket
