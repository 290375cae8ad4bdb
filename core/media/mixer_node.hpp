// The half of a Mixer that lives on a media thread. Private to core/media.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/media/even_queue.hpp"
#include "core/media/mixer.hpp"
#include "core/media/stream_node.hpp"

namespace jackfield {

struct MixerNode;

// A member. Made and destroyed on the control thread.
struct MixerLeg {
    MixerNode* mixer = nullptr;
    StreamNode* stream = nullptr;
    bool listen_only = false;
    float listen_gain = 1, talk_gain = 1;
    // Media thread:
    std::size_t position = 0;  // in the mixer's list
    EvenQueue queue;
    std::vector<std::int16_t> own;  // what it said in this interval
    std::uint64_t audible_until = 0, talked_at = 0;
    bool talking = false, in_mix = false;
};

struct MixerNode final : MediaThread::Ticked, Posted {
    MixerNode(MediaLoop* its_loop, MixerSettings its_settings) : loop(its_loop), settings(its_settings) {}

    // Media thread.
    void add(MixerLeg& leg);
    void remove(MixerLeg& leg);
    void set_codec(const Codec* linear);  // the format of the mix
    void play(std::unique_ptr<Source>& source, std::uint32_t generation);
    void close();
    void hear(MixerLeg& leg, const Frame& frame);
    void tick(std::uint64_t now) override;
    void raise(std::uint32_t bits) {
        events_.fetch_or(bits, std::memory_order_release);
        post();
    }

    // Control thread.
    void posted() override;
    NodeOwner* owner = nullptr;

    MediaLoop* const loop;
    const MixerSettings settings;
    std::vector<std::shared_ptr<TapNode>> taps;  // media thread
    std::atomic<std::uint32_t> ended_generation{0};
    PathSlot source_path;
    static constexpr std::size_t most_codecs = 8;
    std::array<PathSlot, most_codecs> shared_paths;  // from the mix to a listeners' codec

  private:
    struct Shared {  // the mix for those who only listen, encoded once
        const Codec* codec = nullptr;
        std::vector<std::uint8_t> bytes;
        Frame frame;
        bool made = false;
    };

    void gather(MixerLeg& leg, std::uint64_t now);
    void gather_source();
    void judge(MixerLeg& leg, std::uint64_t now);
    void give_own(MixerLeg& leg);
    void give_shared(MixerLeg& leg, const Frame& mix);
    const Frame* shared_frame(const Codec* codec, const Frame& mix);

    const Codec* codec_ = nullptr;
    std::size_t samples_ = 0;  // of one interval
    std::vector<MixerLeg*> legs_;
    std::vector<std::int32_t> sum_;
    std::vector<std::int16_t> mix_, part_;
    std::array<Shared, most_codecs> shared_;
    std::uint32_t timestamp_ = 0, name_ = 0;
    std::unique_ptr<Source> source_;
    Source* playing_ = nullptr;
    EvenQueue source_queue_;
    std::uint32_t generation_ = 0, source_name_ = 0, source_timestamp_ = 0;
    bool ticking_ = false;
    std::atomic<std::uint32_t> events_{0};
};

}  // namespace jackfield
