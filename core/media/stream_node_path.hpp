// A place for a translation that is made on demand: the media thread names what it needs, control makes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "core/media/translator.hpp"

namespace jackfield {

class PathSlot {
  public:
    // Media thread. The path from one codec to the other; null while control has not made it, or when there is none.
    // `request` becomes true when control has to be asked.
    TranslationPath* get(const Codec* from, const Codec* to, bool& request) {
        if (from_ == from && to_ == to) [[likely]]
            return path_.get();
        if (asked_from_ != from || asked_to_ != to) {
            asked_from_ = from;
            asked_to_ = to;
            wanted_from_.store(from, std::memory_order_relaxed);
            wanted_to_.store(to, std::memory_order_relaxed);
            request = true;
        }
        return nullptr;
    }
    // Media thread. A path that is null means that there is no way. What was there before is in `path` afterwards.
    void install(const Codec* from, const Codec* to, std::unique_ptr<TranslationPath>& path) {
        from_ = from;
        to_ = to;
        asked_from_ = asked_to_ = nullptr;
        path_.swap(path);
        started_ = false;
    }
    // Media thread. False: the frame is older than what has been translated and must be left out.
    bool accept(const Frame& in) {
        if (!started_ || in.source != in_source_) {
            started_ = true;
            in_source_ = in.source;
            out_source_ = new_frame_source();
        } else if (const auto step = static_cast<std::int32_t>(in.timestamp - in_timestamp_);
                   step <= 0 && step > -static_cast<std::int32_t>(in.codec->rtp_clock.hz)) {
            return false;
        }
        in_timestamp_ = in.timestamp;
        return true;
    }
    std::uint32_t out_source() const { return out_source_; }

    // Control thread: what was asked for, once.
    bool take_request(const Codec*& from, const Codec*& to) {
        from = wanted_from_.exchange(nullptr, std::memory_order_relaxed);
        to = wanted_to_.exchange(nullptr, std::memory_order_relaxed);
        return from && to;
    }

  private:
    const Codec *from_ = nullptr, *to_ = nullptr;
    std::unique_ptr<TranslationPath> path_;
    const Codec *asked_from_ = nullptr, *asked_to_ = nullptr;
    std::uint32_t in_source_ = 0, in_timestamp_ = 0, out_source_ = 0;
    bool started_ = false;
    // Two words that control reads apart from each other: a pair that does not belong together makes a path that
    // nobody uses, and the right one is asked for again.
    std::atomic<const Codec*> wanted_from_{nullptr}, wanted_to_{nullptr};
};

// Calls `out` with what the slot's path makes of `frame`, or with the frame itself when nothing is to be done. False:
// the frame was dropped (late, or the path is not there yet; `request` as in PathSlot::get).
template <class F>
bool translate_frame(PathSlot& slot, const Frame& frame, const Codec* to, bool& request, F&& out) {
    if (frame.codec == to) {
        out(frame);
        return true;
    }
    TranslationPath* const path = slot.get(frame.codec, to, request);
    if (!path || !slot.accept(frame)) return false;
    struct Stamp {  // two words, trivially copied: std::function keeps it without allocating
        std::remove_reference_t<F>* out;
        std::uint32_t source;
        bool marker;
        void operator()(const Frame& made) const {
            Frame stamped = made;
            stamped.source = source;
            stamped.marker = marker;
            stamped.has_sequence = false;
            (*out)(stamped);
        }
    };
    static_assert(sizeof(Stamp) <= 2 * sizeof(void*) && std::is_trivially_copyable_v<Stamp>);
    path->translate(frame, Stamp{&out, slot.out_source(), frame.marker});
    return true;
}

}  // namespace jackfield
