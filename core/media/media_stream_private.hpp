// What a MediaStream keeps on the control thread. Private to core/media.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/media/media_engine.hpp"
#include "core/media/mixer.hpp"
#include "core/media/stream_node.hpp"

namespace jackfield {

struct MediaStream::Private final : NodeOwner {
    Private(MediaStream& stream, MediaType its_type);

    void node_events(std::uint32_t bits) override;

    template <class F>
    using Kept = std::shared_ptr<std::move_only_function<F>>;
    template <class F>
    static Kept<F> keep(std::move_only_function<F> function) {
        return std::make_shared<std::move_only_function<F>>(std::move(function));
    }
    // Runs `function` on the node's thread, in order with the stream's other commands.
    template <class F>
    void command(F function) {
        submit_to(loop, node, nullptr, std::move(function));
    }
    template <class F>
    void command_with(Private& other, F function) {
        submit_to(loop, node, other.node, std::move(function));
    }
    void move_to(MediaLoop* target);  // the stream is neither connected nor mixed
    void send_formats();
    void send_signalling();
    void prepare(PathRole role, const Codec* from, const Codec* to);
    void prepare_connection();  // what the peer says to what this channel takes
    void serve_paths();
    void serve_tap(const std::shared_ptr<TapNode>& tap);
    void drain_digits();
    void source_ended();
    void tell_silence();
    // Adds something to a list of the node or of its extras, and gives what takes it out again.
    template <class N, class Owner>
    std::unique_ptr<Attached> attach(std::shared_ptr<N> added, std::vector<std::shared_ptr<N>> Owner::*list);
    void need_extras();
    void use_changed();  // here, and so for the peer
    void note_path(PathRole role, const TranslationPath* path);

    MediaStream& self;
    const MediaType type;
    MediaLoop* loop = nullptr;
    StreamNode* node;                 // lives until it is closed on its thread and has said so
    std::shared_ptr<Private*> alive;  // null inside once the stream is gone

    bool has_port = false;
    const Codec *read = nullptr, *write = nullptr;
    std::chrono::milliseconds packet_time{20};
    MediaStream* peer = nullptr;  // itself when looped
    Mixer* mixer = nullptr;
    bool playing = false;
    std::uint32_t generation = 0;  // of play()
    Ended ended;
    Kept<void(const Digit&)> on_digit, on_signalled_digit;
    Kept<void(std::uint32_t)> on_port_event;
    Kept<void(bool)> on_talking;  // set by the mixer
    Kept<void()> on_use_changed;
    DigitMode digit_mode = DigitMode::pass;
    bool muted = false, detecting = false, jitter = false;
    std::vector<std::shared_ptr<TapNode>> taps;
    std::vector<std::shared_ptr<SilenceNode>> silence_watches;
    StreamExtras* extras = nullptr;  // the node's; null: none yet
    unsigned attached = 0;  // of everything that listens, speaks or changes
    std::string read_path, write_path;
};

// Calls a function that may destroy the stream, or replace or remove itself.
template <class F, class... A>
void call_kept(const std::shared_ptr<MediaStream::Private*>& alive, std::shared_ptr<F> MediaStream::Private::*kept,
               A&&... arguments) {
    if (!*alive) return;
    if (const std::shared_ptr<F> function = (*alive)->*kept; function && *function)
        (*function)(std::forward<A>(arguments)...);
}

}  // namespace jackfield
