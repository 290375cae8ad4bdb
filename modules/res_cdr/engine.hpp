// The rules of call records: which events begin, pair and end them. Pure: told of events, it gives records.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_cdr/call_record.hpp"
#include "modules/res_cdr/settings.hpp"

namespace jackfield::cdr {

// Asterisk's: a channel has a chain of records, of which it is the first party (A). A record pairs it with one other (B). The
// older, not dialled channel of two is A. All of a channel's records are given out when it ends. Work per event does not
// grow with the number of calls, only with the members of the bridge. Control thread.
class Engine {
  public:
    using Output = std::function<void(Record)>;
    explicit Engine(Output output) : output_(std::move(output)) {}

    void set(const Settings& settings) { settings_ = settings; }
    const Settings& settings() const { return settings_; }

    // --- events
    void channel_created(const ChannelView& channel);
    void channel_changed(const ChannelView& channel);     // state, identity, name
    // A step of the dialplan: `after_hangup` in the h extension and hang-up handlers, `subroutine` in a Gosub of the core's.
    void dialplan_step(const ChannelView& channel, bool after_hangup, bool subroutine = false);
    void dial_began(const ChannelView* caller, const ChannelView& called);
    void dial_ended(const ChannelView* caller, const ChannelView& called, std::string_view status);
    // `members`: of the bridge, the channel among them.
    void bridge_entered(std::string_view bridge, const ChannelView& channel, std::span<const std::uint64_t> members);
    void bridge_left(std::string_view bridge, const ChannelView& channel);
    void channel_ended(const ChannelView& channel);

    // --- applications and functions. Errors: not_found (the channel has no records).
    struct ForkOptions {
        bool set_answer = false, end_original = false, reset = false, no_variables = false;
    };
    Result<void> fork(const ChannelView& channel, const ForkOptions& options);
    Result<void> reset(const ChannelView& channel, bool keep_variables);
    Result<void> set_disabled(const ChannelView& channel, bool disabled);
    Result<void> set_prefers_a(const ChannelView& channel, bool prefers);
    Result<void> set_variable(const ChannelView& channel, std::string_view name, std::string_view value);
    Result<void> set_user_field(const ChannelView& channel, std::string_view value);
    // The channel's last record as it would be given out now.
    Result<Record> current(const ChannelView& channel);

    // --- listings
    bool knows(std::uint64_t number) const { return parties_.contains(number); }
    std::size_t channels() const { return parties_.size(); }
    std::vector<std::uint64_t> numbers() const;
    // What the records of that channel would be now; empty when it has none.
    std::vector<Record> records_of(std::uint64_t number) const;

  private:
    Party& party(const ChannelView& channel);
    std::shared_ptr<Party> shared(std::uint64_t number) const;
    CallRecord& append(Party& party);
    void refresh(Party& party, const ChannelView& channel);
    void check_answer(CallRecord& record);
    void finish(CallRecord& record);          // end and disposition; may be taken back
    void finalize(CallRecord& record);        // for good
    void set_b(CallRecord& record, const std::shared_ptr<Party>& b);
    void drop_b(CallRecord& record);
    bool begin_dial(CallRecord& record, const std::shared_ptr<Party>& caller, const std::shared_ptr<Party>& called);
    bool enter(CallRecord& record, const std::vector<std::shared_ptr<Party>>& others);
    bool pair_single(CallRecord& record, CallRecord& candidate);
    void pair_all(CallRecord& record, const std::vector<std::shared_ptr<Party>>& others);
    bool pair_with(CallRecord& record, Party& other);
    void add_pair(CallRecord& record, const std::shared_ptr<Party>& b);
    Record made(const CallRecord& record) const;
    void give_out(Party& party);

    Settings settings_;
    Output output_;
    std::uint64_t sequence_ = 0;
    WallTime now_{};                          // of the event
    std::unordered_map<std::uint64_t, std::shared_ptr<Party>> parties_;
};

}  // namespace jackfield::cdr
