// Events in, records out: the states of Asterisk's call records.
#include "modules/res_cdr/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::cdr {
namespace {

constexpr std::size_t most_pairs = 64;        // of one who comes into a bridge: a conference of hundreds has no pairs worth a record
constexpr std::size_t most_records = 1000;    // of one channel

void assign(std::string& to, std::string_view from) {
    if (to != from) to.assign(from);
}

// Who of two is the first party of their record: not the dialled one, else who wants to be, else the older.
bool comes_first(const Party& one, const Party& two) {
    if (one.dialed != two.dialed) return two.dialed;
    if (one.prefers_a != two.prefers_a) return one.prefers_a;
    if (one.created != two.created) return one.created < two.created;
    return one.number < two.number;
}

Disposition disposition_of(std::string_view dial_status, bool congestion) {
    if (dial_status == "ANSWER") return Disposition::answered;
    if (dial_status == "BUSY") return Disposition::busy;
    if (dial_status == "CANCEL" || dial_status == "NOANSWER") return Disposition::no_answer;
    if (dial_status == "CONGESTION" && congestion) return Disposition::congestion;
    return Disposition::failed;
}

Disposition disposition_of(HangupCause cause, bool congestion) {
    switch (cause) {
        case HangupCause::not_defined:
        case HangupCause::no_route_destination:
        case HangupCause::subscriber_absent: return Disposition::failed;
        case HangupCause::user_busy: return Disposition::busy;
        case HangupCause::normal_circuit_congestion: return congestion ? Disposition::congestion : Disposition::failed;
        case HangupCause::normal_clearing:
        case HangupCause::no_answer: return Disposition::no_answer;
        default: return Disposition::none;
    }
}

std::string caller_text(std::string_view name, std::string_view number) {
    if (name.empty()) return std::string(number);
    if (number.empty()) return std::string(name);
    return fmt::format("\"{}\" <{}>", name, number);
}

CallRecord::Frozen freeze(const CallRecord& record) {
    const Party& a = *record.a;
    return {a.name, a.account, a.caller_number, a.caller_name, a.amaflags, a.linked_id,
            record.b ? record.b->name : std::string(), record.b ? record.b->account : std::string()};
}

long seconds_between(WallTime from, WallTime until, bool initiated) {
    if (from == WallTime{} || until <= from) return 0;
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(until - from).count();
    return static_cast<long>(time / 1000 + (initiated && time % 1000 ? 1 : 0));
}

}  // namespace

std::string_view to_string(Disposition disposition) {
    switch (disposition) {
        case Disposition::failed: return "FAILED";
        case Disposition::busy: return "BUSY";
        case Disposition::answered: return "ANSWERED";
        case Disposition::congestion: return "CONGESTION";
        default: return "NO ANSWER";
    }
}

void Party::take(const ChannelView& view) {
    assign(name, view.name);
    assign(unique_id, view.unique_id);
    assign(linked_id, view.linked_id);
    assign(caller_number, view.caller_number);
    assign(caller_name, view.caller_name);
    assign(account, view.account);
    assign(amaflags, view.amaflags);
    up = view.up;
    cause = view.cause;
}

// --- parties and their records -------------------------------------------------------------------------------------------

std::shared_ptr<Party> Engine::shared(std::uint64_t number) const {
    const auto found = parties_.find(number);
    return found == parties_.end() ? nullptr : found->second;
}

// Of the channel, as it is now; the first event of a channel makes its first record.
Party& Engine::party(const ChannelView& channel) {
    now_ = wall_now();
    auto& slot = parties_[channel.number];
    if (!slot) {
        slot = std::make_shared<Party>();
        slot->number = channel.number;
        slot->created = channel.created;
        slot->disabled = !settings_.channel_default_enabled;
        slot->take(channel);
        CallRecord& first = append(*slot);
        first.start = channel.created;
        assign(first.context, channel.context);
        assign(first.extension, channel.extension);
    }
    refresh(*slot, channel);
    return *slot;
}

void Engine::refresh(Party& party, const ChannelView& channel) {
    party.take(channel);
    for (const auto& record : party.records)
        if (!record->final()) check_answer(*record);
}

// A further record of the chain begins with what the last one has.
CallRecord& Engine::append(Party& party) {
    auto record = std::make_unique<CallRecord>(party);
    record->start = now_;
    record->sequence = sequence_++;
    if (!party.records.empty()) {
        const CallRecord& last = *party.records.back();
        record->application = last.application;
        record->arguments = last.arguments;
        record->context = last.context;
        record->extension = last.extension;
        record->application_locked = last.application_locked;
        record->user_field = last.user_field;
        record->variables = last.variables;
    }
    if (party.records.size() >= most_records) {  // what is final goes out early, so that no call grows without end
        std::vector<std::unique_ptr<CallRecord>> kept;
        Party done;
        done.disabled = party.disabled;
        done.dialed = party.dialed;
        for (auto& each : party.records) (each->final() ? done.records : kept).push_back(std::move(each));
        party.records = std::move(kept);
        give_out(done);
    }
    check_answer(*record);
    return *party.records.emplace_back(std::move(record));
}

void Engine::check_answer(CallRecord& record) {
    if (record.a->up && record.answer == WallTime{}) record.answer = now_;
}

void Engine::set_b(CallRecord& record, const std::shared_ptr<Party>& b) {
    if (record.b == b) return;
    drop_b(record);
    record.b = b;
    b->second_of.push_back(&record);
}

void Engine::drop_b(CallRecord& record) {
    if (record.b) std::erase(record.b->second_of, &record);
    record.b.reset();
}

void Engine::finish(CallRecord& record) {
    if (record.end != WallTime{}) return;
    record.end = now_;
    if (record.disposition != Disposition::none) return;
    record.disposition = record.answer != WallTime{} ? Disposition::answered : disposition_of(record.a->cause, settings_.congestion);
}

void Engine::finalize(CallRecord& record) {
    if (record.final()) return;
    finish(record);
    record.frozen = std::make_unique<CallRecord::Frozen>(freeze(record));
    record.state = RecordState::finalized;
    if (record.b) std::erase(record.b->second_of, &record);
}

// --- channels and dialplan -----------------------------------------------------------------------------------------------

void Engine::channel_created(const ChannelView& channel) { party(channel).last_event = now_; }

void Engine::channel_changed(const ChannelView& channel) { party(channel).last_event = now_; }

void Engine::dialplan_step(const ChannelView& channel, bool after_hangup, bool subroutine) {
    Party& a = party(channel);
    if (after_hangup && settings_.end_before_h) {
        now_ = std::max(a.last_event, a.created);
        for (const auto& record : a.records) finalize(*record);
        return;
    }
    a.last_event = now_;
    // After an answered Dial more dialplan means that its record has ended.
    for (const auto& record : a.records)
        if (record->state == RecordState::dialed_pending) {
            if (record->b)
                finalize(*record);
            else
                record->state = RecordState::single;
        }
    if (std::ranges::all_of(a.records, [](const auto& record) { return record->final(); })) {
        CallRecord& next = append(a);
        next.application_locked = false;
        next.application.clear();
        next.arguments.clear();
    }
    const bool stands_in = starts_with_ignoring_case(channel.application, "AppDial");
    for (const auto& record : a.records) {
        if (record->final()) continue;
        if (!channel.application.empty() && !stands_in && !record->application_locked) {
            assign(record->application, channel.application);
            assign(record->arguments, channel.arguments);
            record->application_locked = channel.application == "Dial";
        }
        if (subroutine) continue;
        assign(record->context, channel.context);
        assign(record->extension, channel.extension);
    }
}

void Engine::channel_ended(const ChannelView& channel) {
    Party& a = party(channel);
    const auto keep = shared(channel.number);
    for (const auto& record : a.records) finalize(*record);
    while (!a.second_of.empty()) finalize(*a.second_of.back());
    a.ended = true;
    parties_.erase(channel.number);
    give_out(a);
    a.records.clear();
}

// --- dialling ------------------------------------------------------------------------------------------------------------

bool Engine::begin_dial(CallRecord& record, const std::shared_ptr<Party>& caller, const std::shared_ptr<Party>& called) {
    if (record.state != RecordState::single) return false;
    if (caller) set_b(record, called);
    record.state = RecordState::dial;
    return true;
}

void Engine::dial_began(const ChannelView* caller, const ChannelView& called) {
    Party& target = party(called);
    target.last_event = now_;
    target.dialed = caller != nullptr;
    Party& a = caller ? party(*caller) : target;
    a.last_event = now_;
    if (settings_.ignore_dial_changes) return;
    const auto calling = caller ? shared(caller->number) : nullptr, dialled = shared(called.number);
    bool handled = false;
    for (std::size_t i = 0; i < a.records.size(); ++i) {
        if (a.records[i]->state == RecordState::dialed_pending)
            finalize(*a.records[i]);
        else
            handled |= begin_dial(*a.records[i], calling, dialled);
    }
    if (!handled) begin_dial(append(a), calling, dialled);
}

void Engine::dial_ended(const ChannelView* caller, const ChannelView& called, std::string_view status) {
    Party& target = party(called);
    target.last_event = now_;
    Party& a = caller ? party(*caller) : target;
    a.last_event = now_;
    if (settings_.ignore_dial_changes) return;
    for (const auto& record : a.records) {
        if (record->state != RecordState::dial || (record->b && record->b.get() != &target)) continue;
        record->disposition = disposition_of(status, settings_.congestion);
        if (record->disposition == Disposition::answered)
            record->state = RecordState::dialed_pending;
        else
            finalize(*record);
    }
}

// --- bridges -------------------------------------------------------------------------------------------------------------

// A record of somebody in the bridge: takes its first party, or its second one, as ours when we come first.
bool Engine::pair_single(CallRecord& record, CallRecord& candidate) {
    if (candidate.state != RecordState::bridge || candidate.bridge != record.bridge) return false;
    if (comes_first(*record.a, *candidate.a)) {
        set_b(record, shared(candidate.a->number));
        if (!candidate.b) finish(candidate);  // taken; it may come back to life with a second party of its own
        return true;
    }
    if (!candidate.b || candidate.b.get() == record.a || candidate.b->ended || !comes_first(*record.a, *candidate.b)) return false;
    set_b(record, candidate.b);
    return true;
}

// True when the record has a second party in the bridge.
bool Engine::enter(CallRecord& record, const std::vector<std::shared_ptr<Party>>& others) {
    const bool dialled = record.state != RecordState::single && record.b;
    const bool single = record.state == RecordState::single;
    bool paired = false;
    for (const auto& other : others) {
        for (std::size_t i = 0; i < other->records.size() && !paired; ++i) {
            CallRecord& candidate = *other->records[i];
            if (single) {
                paired = pair_single(record, candidate);
            } else if (dialled && record.b == other && candidate.state == RecordState::bridge && candidate.bridge == record.bridge) {
                if (!candidate.b) finish(candidate);
                paired = true;
            }
        }
    }
    record.state = RecordState::bridge;
    return paired;
}

void Engine::bridge_entered(std::string_view bridge, const ChannelView& channel, std::span<const std::uint64_t> members) {
    Party& a = party(channel);
    a.last_event = now_;
    if (settings_.ignore_state_changes) return;
    std::vector<std::shared_ptr<Party>> others;
    for (const auto number : members) {
        auto other = number == channel.number ? nullptr : shared(number);
        if (other && others.size() < most_pairs) others.push_back(std::move(other));
    }
    CallRecord* handled = nullptr;
    auto bring_in = [&](CallRecord& record) {
        record.bridge = bridge;
        // Nobody for whom it is the first party: it ends here, unless somebody comes who is its second one.
        if (!enter(record, others) && !others.empty()) finish(record);
        if (!handled) handled = &record;
    };
    for (std::size_t i = 0; i < a.records.size(); ++i)
        if (!a.records[i]->final() && a.records[i]->state != RecordState::bridge) bring_in(*a.records[i]);
    if (!handled) bring_in(append(a));
    pair_all(*handled, others);
}

void Engine::pair_all(CallRecord& record, const std::vector<std::shared_ptr<Party>>& others) {
    for (const auto& other : others)
        if (record.b != other) (void)pair_with(record, *other);
}

bool Engine::pair_with(CallRecord& record, Party& other) {
    for (std::size_t i = 0; i < other.records.size(); ++i) {
        CallRecord& candidate = *other.records[i];
        if (candidate.bridge != record.bridge) continue;
        const auto us = shared(record.a->number), them = shared(other.number);
        if (comes_first(*record.a, other)) {
            add_pair(record, them);
        } else if (candidate.final() || (candidate.b && candidate.b != us)) {
            add_pair(candidate, us);
        } else {
            set_b(candidate, us);
            candidate.end = {};
            if (candidate.answer == WallTime{}) candidate.disposition = Disposition::none;
        }
        return true;
    }
    return false;
}

void Engine::add_pair(CallRecord& record, const std::shared_ptr<Party>& b) {
    const std::string bridge = record.bridge;
    CallRecord& added = append(*record.a);
    added.bridge = bridge;
    added.state = RecordState::bridge;
    set_b(added, b);
}

void Engine::bridge_left(std::string_view bridge, const ChannelView& channel) {
    Party& a = party(channel);
    a.last_event = now_;
    if (settings_.ignore_state_changes) return;
    const auto ends = [&](const CallRecord& record) { return record.state == RecordState::bridge && record.bridge == bridge; };
    for (const auto& record : a.records)
        if (ends(*record)) finalize(*record);
    const auto second_of = a.second_of;
    for (CallRecord* record : second_of)
        if (ends(*record)) finalize(*record);
}

// --- giving out ----------------------------------------------------------------------------------------------------------

Record Engine::made(const CallRecord& record) const {
    const CallRecord::Frozen parties = record.frozen ? *record.frozen : freeze(record);
    const WallTime end = record.end != WallTime{} ? record.end : wall_now();
    std::string user_field = record.user_field;
    if (!record.b_user_field.empty()) user_field.append(";").append(record.b_user_field);
    RecordBuilder builder;
    builder.add("accountcode", parties.account)
        .add("src", parties.caller_number)
        .add("dst", record.extension)
        .add("dcontext", record.context)
        .add("clid", caller_text(parties.caller_name, parties.caller_number))
        .add("channel", parties.channel)
        .add("dstchannel", parties.b_channel)
        .add("lastapp", record.application)
        .add("lastdata", record.arguments)
        .add("start", record.start)
        .add("answer", record.answer)
        .add("end", record.end)
        .add("duration", seconds_between(record.start, end, false))
        .add("billsec", seconds_between(record.answer, end, settings_.initiated_seconds))
        .add("disposition", to_string(record.disposition == Disposition::none && record.answer != WallTime{} ? Disposition::answered
                                                                                                          : record.disposition))
        .add("amaflags", parties.amaflags)
        .add("uniqueid", record.a->unique_id)
        .add("userfield", user_field)
        .add("linkedid", parties.linked_id)
        .add("peeraccount", parties.b_account)
        .add("sequence", static_cast<long>(record.sequence));
    for (const auto& [name, value] : record.variables) builder.add(name, value);
    for (const auto& [name, value] : record.b_variables)
        if (std::ranges::none_of(record.variables, [&](const auto& own) { return equals_ignoring_case(own.first, name); }))
            builder.add(name, value);
    return builder.take();
}

void Engine::give_out(Party& party) {
    if (!settings_.enable || party.disabled) return;
    for (const auto& record : party.records) {
        if (party.dialed && !record->b) continue;  // the caller's record tells of it
        const bool reached = record->disposition == Disposition::answered || record->disposition == Disposition::congestion;
        if (!settings_.unanswered && !reached && !record->b) continue;
        output_(made(*record));
    }
}

}  // namespace jackfield::cdr
