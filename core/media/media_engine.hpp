// The media threads as the control side of streams and mixers uses them. Private to core/media.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/media/media_stream.hpp"
#include "core/media/media_thread.hpp"
#include "core/media/stream_node.hpp"

namespace jackfield {

// Control thread.
struct MediaEngine::Private {
    std::vector<std::unique_ptr<MediaLoop>> loops;
    std::vector<std::size_t> residents;  // streams and mixers on each
    bool flush_planned = false;

    MediaLoop* choose();  // the loop with the fewest residents; counts one more there
    void released(const MediaLoop* loop) { --residents[loop->index()]; }
    void moved(const MediaLoop* from, const MediaLoop* to) {
        --residents[from->index()];
        ++residents[to->index()];
    }
    // The command starts when the present turn ends. A null loop (no media threads): destroyed unrun.
    static void submit(MediaLoop* loop, std::unique_ptr<MediaCommand> command);
};

// A command for up to two nodes, which runs when they are on the thread.
template <class F>
class NodeCommand final : public MediaCommand {
  public:
    NodeCommand(StreamNode* first, StreamNode* second, F function)
        : first_(first), second_(second), function_(std::move(function)) {}
    bool ready(const MediaLoop& loop) const override { return first_->here(loop) && (!second_ || second_->here(loop)); }
    void run(MediaLoop&) override { function_(); }

  private:
    StreamNode *first_, *second_;
    F function_;
};

// Any command that need not wait for anything.
template <class F>
class PlainCommand final : public MediaCommand {
  public:
    explicit PlainCommand(F function) : function_(std::move(function)) {}
    void run(MediaLoop&) override { function_(); }

  private:
    F function_;
};

template <class F>
void submit_to(MediaLoop* loop, StreamNode* first, StreamNode* second, F function) {
    MediaEngine::Private::submit(loop, std::make_unique<NodeCommand<F>>(first, second, std::move(function)));
}
template <class F>
void submit_to(MediaLoop* loop, F function) {
    MediaEngine::Private::submit(loop, std::make_unique<PlainCommand<F>>(std::move(function)));
}

// Makes the path that a slot asked for; null, with a warning at most once a second, when there is no way.
std::unique_ptr<TranslationPath> make_path(const Codec* from, const Codec* to);

}  // namespace jackfield
