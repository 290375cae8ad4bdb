// An io_uring for the packets of one media thread.
#include "core/media/packet_ring.hpp"

#if __has_include(<linux/io_uring.h>)
#include <linux/io_uring.h>
#endif

#ifdef IORING_SETUP_DEFER_TASKRUN  // headers of Linux 6.1
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace jackfield {
namespace {

constexpr unsigned submissions = 256, completions = 4096;
constexpr unsigned buffers = 1024;  // a burst of so many packets between two turns; more stay in their sockets
constexpr std::size_t buffer_size = 2048;
constexpr std::size_t arena_size = 64 * 1024;  // of what waits to be sent
constexpr std::uint16_t buffer_group = 0;

// What the kernel writes in front of a packet: lengths, then room for the sender's address.
struct Received {
    std::uint32_t name_size, control_size, payload_size, flags;
    sockaddr_in6 from;
};
static_assert(sizeof(Received) + PacketRing::largest_packet <= buffer_size);
static_assert(offsetof(Received, from) == sizeof(io_uring_recvmsg_out));

// A mapping that ends with its owner.
class Mapping {
  public:
    Mapping() = default;
    Mapping(std::size_t size, int descriptor, off_t offset)
        : start_(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_POPULATE | (descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED), descriptor, offset)),
          size_(size) {}
    Mapping(Mapping&& other) noexcept : start_(std::exchange(other.start_, MAP_FAILED)), size_(other.size_) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(start_, other.start_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Mapping() {
        if (start_ != MAP_FAILED) munmap(start_, size_);
    }
    explicit operator bool() const { return start_ != MAP_FAILED; }
    template <class T = std::uint8_t>
    T* at(std::size_t offset = 0) const {
        return reinterpret_cast<T*>(static_cast<std::uint8_t*>(start_) + offset);
    }

  private:
    void* start_ = MAP_FAILED;
    std::size_t size_ = 0;
};

std::uint32_t acquire(std::uint32_t* shared) { return std::atomic_ref(*shared).load(std::memory_order_acquire); }
template <class T>
void release(T* shared, T value) {
    std::atomic_ref(*shared).store(value, std::memory_order_release);
}

std::unexpected<Error> not_had(const char* what, int error) {
    return fail(ErrorCode::unsupported, "{}: {}", what, std::strerror(error));
}

class KernelRing final : public PacketRing {
  public:
    Result<void> open();
    ~KernelRing() override {
        if (ring_ >= 0) close(ring_);
    }

    void receive(int socket, std::uint64_t tag) override;
    void watch(int descriptor, std::uint64_t tag) override;
    void cancel(std::uint64_t tag) override;
    std::uint8_t* room(std::size_t size) override;
    void send(int socket, std::span<const std::uint8_t> bytes, const SocketAddress* to) override;
    void wait(unsigned at_least, std::chrono::nanoseconds time) override;
    std::optional<Completion> next() override;
    std::optional<Completion> next_of(std::uint64_t tag) override;

  private:
    Result<void> map(const io_uring_params& parameters);
    Result<void> provide_buffers();
    bool full() { return prepared_ - acquire(submission_head_) > submission_mask_; }
    io_uring_sqe& submission(std::uint8_t operation, int descriptor, std::uint64_t tag);
    void enter(unsigned at_least, std::chrono::nanoseconds time);
    Completion take(io_uring_cqe& entry);
    void give_buffer(std::uint16_t buffer);
    void give_back_taken();

    int ring_ = -1;
    Mapping rings_, submission_entries_, buffer_ring_, buffers_, arena_;
    std::uint32_t *submission_head_ = nullptr, *submission_tail_ = nullptr, submission_mask_ = 0;
    std::uint32_t *completion_head_ = nullptr, *completion_tail_ = nullptr, completion_mask_ = 0;
    io_uring_cqe* completions_ = nullptr;
    std::uint32_t prepared_ = 0;  // the submission queue's tail as we count it
    std::uint16_t buffers_given_ = 0;
    int taken_buffer_ = -1;  // of the completion that was taken last
    std::size_t arena_used_ = 0;
    msghdr message_{};  // what every receive asks for
};

Result<void> KernelRing::open() {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CLAMP;
    parameters.cq_entries = completions;
    ring_ = static_cast<int>(syscall(SYS_io_uring_setup, submissions, &parameters));
    if (ring_ < 0) return not_had("io_uring_setup", errno);
    constexpr std::uint32_t needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
    if ((parameters.features & needed) != needed) return not_had("io_uring", ENOSYS);
    JF_TRY(map(parameters));
    message_.msg_namelen = sizeof(Received::from);
    return provide_buffers();
}

Result<void> KernelRing::map(const io_uring_params& parameters) {
    const auto &sq = parameters.sq_off;
    const auto &cq = parameters.cq_off;
    const std::size_t size = std::max<std::size_t>(sq.array + parameters.sq_entries * sizeof(std::uint32_t),
                                                   cq.cqes + parameters.cq_entries * sizeof(io_uring_cqe));
    rings_ = Mapping(size, ring_, IORING_OFF_SQ_RING);
    submission_entries_ = Mapping(parameters.sq_entries * sizeof(io_uring_sqe), ring_, IORING_OFF_SQES);
    buffer_ring_ = Mapping(buffers * sizeof(io_uring_buf), -1, 0);
    buffers_ = Mapping(buffers * buffer_size, -1, 0);
    arena_ = Mapping(arena_size, -1, 0);
    if (!rings_ || !submission_entries_ || !buffer_ring_ || !buffers_ || !arena_) return not_had("mmap", errno);
    submission_head_ = rings_.at<std::uint32_t>(sq.head);
    submission_tail_ = rings_.at<std::uint32_t>(sq.tail);
    submission_mask_ = *rings_.at<std::uint32_t>(sq.ring_mask);
    for (std::uint32_t i = 0; i < parameters.sq_entries; ++i) rings_.at<std::uint32_t>(sq.array)[i] = i;
    completion_head_ = rings_.at<std::uint32_t>(cq.head);
    completion_tail_ = rings_.at<std::uint32_t>(cq.tail);
    completion_mask_ = *rings_.at<std::uint32_t>(cq.ring_mask);
    completions_ = rings_.at<io_uring_cqe>(cq.cqes);
    return {};
}

Result<void> KernelRing::provide_buffers() {
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffer_ring_.at());
    registration.ring_entries = buffers;
    registration.bgid = buffer_group;
    if (syscall(SYS_io_uring_register, ring_, IORING_REGISTER_PBUF_RING, &registration, 1) != 0)
        return not_had("io_uring buffers", errno);
    for (unsigned i = 0; i < buffers; ++i) give_buffer(static_cast<std::uint16_t>(i));
    return {};
}

void KernelRing::give_buffer(std::uint16_t buffer) {
    // The first entry's last field is the tail of the queue.
    auto* const entries = buffer_ring_.at<io_uring_buf>();
    io_uring_buf& entry = entries[buffers_given_ & (buffers - 1)];
    entry.addr = reinterpret_cast<std::uintptr_t>(buffers_.at(buffer * buffer_size));
    entry.len = buffer_size;
    entry.bid = buffer;
    release(&entries[0].resv, ++buffers_given_);
}

void KernelRing::give_back_taken() {
    if (taken_buffer_ >= 0) give_buffer(static_cast<std::uint16_t>(std::exchange(taken_buffer_, -1)));
}

io_uring_sqe& KernelRing::submission(std::uint8_t operation, int descriptor, std::uint64_t tag) {
    while (full()) enter(0, {});
    io_uring_sqe& entry = submission_entries_.at<io_uring_sqe>()[prepared_++ & submission_mask_];
    std::memset(&entry, 0, sizeof(entry));
    entry.opcode = operation;
    entry.fd = descriptor;
    entry.user_data = tag;
    return entry;
}

void KernelRing::receive(int socket, std::uint64_t tag) {
    io_uring_sqe& entry = submission(IORING_OP_RECVMSG, socket, tag);
    entry.addr = reinterpret_cast<std::uintptr_t>(&message_);
    entry.len = 1;
    entry.ioprio = IORING_RECV_MULTISHOT;
    entry.flags = IOSQE_BUFFER_SELECT;
    entry.buf_group = buffer_group;
}

void KernelRing::watch(int descriptor, std::uint64_t tag) {
    io_uring_sqe& entry = submission(IORING_OP_POLL_ADD, descriptor, tag);
    entry.len = IORING_POLL_ADD_MULTI;
    entry.poll32_events = POLLIN;
}

void KernelRing::cancel(std::uint64_t tag) {
    io_uring_sqe& entry = submission(IORING_OP_ASYNC_CANCEL, -1, 0);
    entry.addr = tag;
    entry.flags = IOSQE_CQE_SKIP_SUCCESS;
}

std::uint8_t* KernelRing::room(std::size_t size) {
    // The kernel copies what it is given while it takes it, so after that the arena is empty.
    while (arena_used_ + size + 2 * sizeof(sockaddr_in6) > arena_size || full()) enter(0, {});
    return arena_.at(arena_used_);
}

void KernelRing::send(int socket, std::span<const std::uint8_t> bytes, const SocketAddress* to) {
    constexpr std::size_t alignment = 8;
    arena_used_ += (bytes.size() + alignment - 1) / alignment * alignment;
    std::uint8_t* const place = arena_.at(arena_used_);
    if (to) {
        std::memcpy(place, to->raw(), to->raw_size());
        arena_used_ += (sizeof(sockaddr_in6) + alignment - 1) / alignment * alignment;
    }
    io_uring_sqe& entry = submission(IORING_OP_SEND, socket, 0);
    entry.addr = reinterpret_cast<std::uintptr_t>(bytes.data());
    entry.len = static_cast<std::uint32_t>(bytes.size());
    entry.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    entry.flags = IOSQE_CQE_SKIP_SUCCESS;
    if (!to) return;
    entry.addr2 = reinterpret_cast<std::uintptr_t>(place);
    entry.addr_len = static_cast<std::uint16_t>(to->raw_size());
}

void KernelRing::enter(unsigned at_least, std::chrono::nanoseconds time) {
    release(submission_tail_, prepared_);
    const unsigned waiting = prepared_ - acquire(submission_head_);
    __kernel_timespec limit{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
    io_uring_getevents_arg argument{};
    argument.ts = reinterpret_cast<std::uintptr_t>(&limit);
    // Errors: time over, a signal; what was not taken is tried again with the next call.
    syscall(SYS_io_uring_enter, ring_, waiting, at_least, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument,
            sizeof(argument));
    if (acquire(submission_head_) == prepared_) arena_used_ = 0;
}

void KernelRing::wait(unsigned at_least, std::chrono::nanoseconds time) {
    give_back_taken();
    enter(time.count() > 0 ? at_least : 0, time);
}

PacketRing::Completion KernelRing::take(io_uring_cqe& entry) {
    Completion completion{.tag = std::exchange(entry.user_data, 0), .last = (entry.flags & IORING_CQE_F_MORE) == 0};
    if (entry.res < 0) completion.error = -entry.res;
    if (!(entry.flags & IORING_CQE_F_BUFFER)) return completion;
    taken_buffer_ = static_cast<int>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
    if (entry.res < static_cast<int>(sizeof(Received))) return completion;
    auto* const received = buffers_.at<Received>(static_cast<std::size_t>(taken_buffer_) * buffer_size);
    if (received->flags & MSG_TRUNC || received->name_size == 0) return completion;
    completion.packet = {reinterpret_cast<std::uint8_t*>(received + 1), received->payload_size};
    completion.from = reinterpret_cast<const sockaddr*>(&received->from);
    return completion;
}

std::optional<PacketRing::Completion> KernelRing::next() {
    give_back_taken();
    for (std::uint32_t head = *completion_head_; head != acquire(completion_tail_);) {
        io_uring_cqe& entry = completions_[head & completion_mask_];
        const Completion completion = take(entry);
        release(completion_head_, ++head);
        if (completion.tag) return completion;
        give_back_taken();
    }
    return {};
}

std::optional<PacketRing::Completion> KernelRing::next_of(std::uint64_t tag) {
    give_back_taken();
    const std::uint32_t tail = acquire(completion_tail_);
    for (std::uint32_t at = *completion_head_; at != tail; ++at) {
        io_uring_cqe& entry = completions_[at & completion_mask_];
        if (entry.user_data != tag) continue;
        const Completion completion = take(entry);
        entry.flags &= ~IORING_CQE_F_BUFFER;  // it is passed over later, and its buffer is ours already
        return completion;
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<PacketRing>> PacketRing::make() {
    auto ring = std::make_unique<KernelRing>();
    JF_TRY(ring->open());
    return ring;
}

}  // namespace jackfield
#else
namespace jackfield {

Result<std::unique_ptr<PacketRing>> PacketRing::make() {
    return fail(ErrorCode::unsupported, "built without it, for want of the headers of Linux 6.1");
}

}  // namespace jackfield
#endif
