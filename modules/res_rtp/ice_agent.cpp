// The connectivity checks of ICE (RFC 8445) and consent (RFC 7675).
#include "modules/res_rtp/ice_agent.hpp"

#include <algorithm>

namespace jackfield::rtp {
namespace {

constexpr std::size_t most_early = 16;
constexpr unsigned most_transmissions = 7;  // Rc of RFC 8489 6.2.1
// Nomination waits so long for a better pair than the first that works.
constexpr std::chrono::milliseconds patience{150};
// When nothing has worked for so long, and nothing comes, it has failed: peers that trickle may take their time.
constexpr std::chrono::seconds give_up_after{40};
constexpr std::string_view ice_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

// RFC 8445 6.1.2.3.
std::uint64_t pair_priority(std::uint32_t controlling, std::uint32_t controlled) {
    return (std::uint64_t{std::min(controlling, controlled)} << 32) + 2 * std::uint64_t{std::max(controlling, controlled)} + (controlling > controlled);
}

std::uint32_t own_priority(IceBase base, unsigned component) {
    return candidate_priority(base == IceBase::relay ? IceCandidate::Kind::relayed : IceCandidate::Kind::host, 65535, component);
}

}  // namespace

IceAgent::IceAgent(User& user, Settings settings) : user_(user), settings_(settings) {
    tie_breaker_ = random_64();
    restart();
}

std::uint64_t IceAgent::random_64() {
    std::array<std::uint8_t, 8> bytes;
    user_.fill_random(bytes);
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes) number = number << 8 | byte;
    return number;
}

StunTransaction IceAgent::new_transaction() {
    StunTransaction transaction;
    user_.fill_random(transaction);
    return transaction;
}

void IceAgent::restart() {
    previous_local_ = local_;
    std::array<std::uint8_t, 32> bytes;  // 8 characters of user, 24 of password: 48 and 144 bits
    user_.fill_random(bytes);
    std::string text;
    for (const std::uint8_t byte : bytes) text += ice_characters[byte % ice_characters.size()];
    local_ = {text.substr(0, 8), text.substr(8)};
}

void IceAgent::start(const Remote& remote, bool controlling, Instant now) {
    component_count_ = std::clamp(remote.components, 1u, 2u);
    relays_ = remote.relays;
    if (remote.credentials != remote_) {
        remote_ = remote.credentials;
        remote_lite_ = remote.lite;
        controlling_ = settings_.lite ? controlling && remote.lite : controlling || remote.lite;
        pairs_.clear();
        remote_count_ = 0;
        components_ = {};
        state_ = State::checking;
        started_ = next_check_ = now;
        first_valid_ = {};
    }
    for (const IceCandidate& candidate : remote.candidates) add_pairs(candidate);
    if (state_ == State::connected && component_count_ == 2 && components_[1].selected < 0) {  // its first candidate came late
        state_ = State::checking;
        started_ = next_check_ = now;
    }
    for (const Early& request : std::exchange(early_, {})) request_came(request, now);
    tick(now);
}

void IceAgent::stop() {
    remote_ = {};
    pairs_.clear();
    components_ = {};
    state_ = State::waiting;
    next_.reset();
}

void IceAgent::add_pairs(const IceCandidate& candidate) {
    if (candidate.component > component_count_ || candidate.component == 0 || remote_count_ >= most_remote) return;
    if (find_pair(candidate.component, IceBase::socket, candidate.address) < 0 && find_pair(candidate.component, IceBase::relay, candidate.address) < 0)
        ++remote_count_;
    if (settings_.direct) add_pair(candidate.component, IceBase::socket, candidate.address, candidate.priority);
    if (relays_) add_pair(candidate.component, IceBase::relay, candidate.address, candidate.priority);
}

int IceAgent::find_pair(unsigned component, IceBase base, const SocketAddress& remote) const {
    for (std::size_t i = 0; i < pairs_.size(); ++i)
        if (pairs_[i].component == component && pairs_[i].base == base && pairs_[i].remote == remote) return static_cast<int>(i);
    return -1;
}

int IceAgent::add_pair(unsigned component, IceBase base, const SocketAddress& remote, std::uint32_t priority) {
    if (const int known = find_pair(component, base, remote); known >= 0) return known;
    if (pairs_.size() >= most_pairs) return -1;
    Pair pair;
    pair.component = component;
    pair.base = base;
    pair.remote = remote;
    pair.remote_priority = priority;
    pairs_.push_back(pair);
    order_priorities();
    return static_cast<int>(pairs_.size()) - 1;
}

void IceAgent::order_priorities() {
    for (Pair& pair : pairs_) {
        const std::uint32_t own = own_priority(pair.base, pair.component);
        pair.priority = controlling_ ? pair_priority(own, pair.remote_priority) : pair_priority(pair.remote_priority, own);
    }
}

// --- what comes ---------------------------------------------------------------------------------------------------------------

void IceAgent::receive(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message, Instant now) {
    if (message.method != StunMethod::binding || component == 0 || component > 2) return;
    if (base == IceBase::socket && !settings_.direct) return;
    if (message.kind == StunClass::request)
        hear_request(component, base, from, message, now);
    else if (message.kind != StunClass::indication)
        hear_response(component, base, from, message, now);
    plan(now);
}

void IceAgent::refuse(unsigned component, IceBase base, const SocketAddress& to, const StunMessage& request, int code, std::string_view reason) {
    StunWriter writer(StunMethod::binding, StunClass::error, request.transaction);
    writer.error(code, reason);
    if (code == 420) writer.unknown(request.unknown);
    user_.send_check(component, base, to, writer.finish(local_.password));
}

void IceAgent::hear_request(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message, Instant now) {
    // Who does not know our password gets no answer: an error would tell anybody that somebody is here.
    const std::string_view user = message.username.substr(0, message.username.find(':'));
    const bool previous = !previous_local_.empty() && user == previous_local_.user;
    const std::string& password = previous ? previous_local_.password : local_.password;
    if ((!previous && user != local_.user) || !has_integrity(message, password)) return;
    ++requests_heard_;
    if (!message.unknown.empty()) return refuse(component, base, from, message, 420, "Unknown Attribute");
    if (!previous && !settle_roles(component, base, from, message)) return;
    StunWriter writer(StunMethod::binding, StunClass::success, message.transaction);
    writer.address(StunAttribute::xor_mapped_address, from);
    user_.send_check(component, base, from, writer.finish(password));
    if (previous) return;
    const Early request{component, base, from, message.priority.value_or(0), message.use_candidate};
    if (!remote_.empty())
        request_came(request, now);
    else if (early_.size() < most_early)
        early_.push_back(request);
}

// RFC 8445 7.3.1.1. False: it was refused.
bool IceAgent::settle_roles(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message) {
    if (remote_.empty()) return true;  // which role we have, their description tells
    if (controlling_ && message.controlling) {
        if (tie_breaker_ >= *message.controlling) return refuse(component, base, from, message, 487, "Role Conflict"), false;
        controlling_ = false;
        order_priorities();
    } else if (!controlling_ && message.controlled) {
        if (tie_breaker_ < *message.controlled) return refuse(component, base, from, message, 487, "Role Conflict"), false;
        controlling_ = true;
        order_priorities();
    }
    return true;
}

void IceAgent::request_came(const Early& request, Instant now) {
    if (request.component > component_count_) return;
    int index = find_pair(request.component, request.base, request.from);
    if (index < 0) index = add_pair(request.component, request.base, request.from, request.priority);  // peer reflexive (7.3.1.3)
    if (index < 0) return;
    Pair& pair = pairs_[static_cast<std::size_t>(index)];
    const bool nominates = request.use_candidate && !controlling_;
    if (settings_.lite) {
        pair.check = Check::succeeded;
        if (nominates) select(index, now);
        return;
    }
    if (nominates) {
        pair.nominating = true;
        if (pair.check == Check::succeeded) return select(index, now);
    }
    if (pair.check == Check::succeeded || state_ == State::connected) {
        if (nominates && pair.check != Check::in_progress) begin_check(pair, now);
        return;
    }
    // RFC 8445 7.3.1.4: a triggered check, also of a pair that has failed or whose check was lost.
    if (pair.check == Check::in_progress && now < pair.again && pair.sent < 2) return;
    pair.check = Check::waiting;
    pair.triggered = true;
}

void IceAgent::hear_response(unsigned component, IceBase base, const SocketAddress& from, const StunMessage& message, Instant now) {
    if (hear_consent(component, from, message, now)) return;
    const auto found = std::ranges::find_if(pairs_, [&](const Pair& pair) {
        return pair.check == Check::in_progress && pair.component == component && pair.base == base && pair.transaction == message.transaction;
    });
    if (found == pairs_.end() || !has_integrity(message, remote_.password)) return;
    if (message.kind == StunClass::error) {
        if (message.error == 487) {  // RFC 8445 7.2.5.1
            controlling_ = !controlling_;
            order_priorities();
            found->nominating = false;
            found->check = Check::waiting;
            found->triggered = true;
        } else {
            found->check = Check::failed;
        }
        return;
    }
    if (!(from == found->remote) || !message.mapped) {  // 7.2.5.2.1: the way back is another one
        found->check = Check::failed;
        return;
    }
    succeeded(static_cast<int>(found - pairs_.begin()), now);
}

bool IceAgent::hear_consent(unsigned component, const SocketAddress& from, const StunMessage& message, Instant now) {
    Component& mine = of(component);
    const auto count = std::min(mine.consent_count, mine.consents.size());
    if (message.kind != StunClass::success || !(from == mine.consent_to) ||
        std::find(mine.consents.begin(), mine.consents.begin() + static_cast<std::ptrdiff_t>(count), message.transaction) ==
            mine.consents.begin() + static_cast<std::ptrdiff_t>(count))
        return false;
    if (has_integrity(message, remote_.password)) mine.consent_at = now;
    return true;
}

// --- checks -------------------------------------------------------------------------------------------------------------------

std::span<const std::uint8_t> IceAgent::write_request(StunWriter& writer, bool use_candidate, unsigned component) {
    writer.text(StunAttribute::username, remote_.user + ":" + local_.user)
        .number(StunAttribute::priority, candidate_priority(IceCandidate::Kind::peer_reflexive, 65535, component))
        .number_64(controlling_ ? StunAttribute::ice_controlling : StunAttribute::ice_controlled, tie_breaker_);
    if (use_candidate) writer.flag(StunAttribute::use_candidate);
    return writer.finish(remote_.password);
}

void IceAgent::send_request(Pair& pair, Instant now) {
    StunWriter writer(StunMethod::binding, StunClass::request, pair.transaction);
    user_.send_check(pair.component, pair.base, pair.remote, write_request(writer, controlling_ && pair.nominating, pair.component));
    // RFC 8489 6.2.1: 0, 1, 3, 7 ... times RTO; after the last one, 16 of them.
    ++pair.sent;
    pair.again = now + settings_.retransmit * (pair.sent >= most_transmissions ? 16 : 1 << (pair.sent - 1));
}

void IceAgent::begin_check(Pair& pair, Instant now) {
    pair.transaction = new_transaction();
    pair.check = Check::in_progress;
    pair.triggered = false;
    pair.sent = 0;
    send_request(pair, now);
}

void IceAgent::succeeded(int index, Instant now) {
    Pair& pair = pairs_[static_cast<std::size_t>(index)];
    pair.check = Check::succeeded;
    of(pair.component).any_valid = true;
    if (first_valid_ == Instant{}) first_valid_ = now;
    if (pair.nominating) select(index, now);
    else if (controlling_) nominate(now);
}

// Regular nomination (RFC 8445 8.1.1): one pair for each component, when each has one that works.
void IceAgent::nominate(Instant now) {
    for (unsigned component = 1; component <= component_count_; ++component) {
        if (!of(component).any_valid) return;
    }
    for (unsigned component = 1; component <= component_count_; ++component) {
        if (of(component).selected >= 0) continue;
        int best = -1;
        bool better_pending = false, under_way = false;
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            const Pair& pair = pairs_[i];
            if (pair.component != component) continue;
            under_way |= pair.nominating && pair.check == Check::in_progress;
            if (pair.check == Check::succeeded && (best < 0 || pair.priority > pairs_[static_cast<std::size_t>(best)].priority)) best = static_cast<int>(i);
        }
        if (best < 0 || under_way) continue;
        for (const Pair& pair : pairs_)
            better_pending |= pair.component == component && (pair.check == Check::waiting || pair.check == Check::in_progress) &&
                              pair.priority > pairs_[static_cast<std::size_t>(best)].priority;
        if (better_pending && now - first_valid_ < patience) continue;
        pairs_[static_cast<std::size_t>(best)].nominating = true;
        begin_check(pairs_[static_cast<std::size_t>(best)], now);
    }
}

// The pair is nominated and works. Of several (aggressive nomination) the best one counts.
void IceAgent::select(int index, Instant now) {
    Pair& pair = pairs_[static_cast<std::size_t>(index)];
    Component& mine = of(pair.component);
    pair.nominated = true;
    if (mine.selected >= 0 && (mine.selected == index || pairs_[static_cast<std::size_t>(mine.selected)].priority > pair.priority)) return;
    mine.selected = index;
    mine.consent_to = pair.remote;
    mine.consent_base = pair.base;
    mine.consent_at = now;
    mine.consent_due = now + settings_.consent;
    user_.selected(pair.component, pair.base, pair.remote);
    for (unsigned component = 1; component <= component_count_; ++component)
        if (of(component).selected < 0) return;
    state_ = State::connected;
}

// RFC 7675 5.1: each with a transaction of its own, at times that nobody can foretell.
void IceAgent::send_consent(unsigned component, Instant now) {
    Component& mine = of(component);
    const StunTransaction transaction = new_transaction();
    mine.consents[mine.consent_count++ % mine.consents.size()] = transaction;
    StunWriter writer(StunMethod::binding, StunClass::request, transaction);
    user_.send_check(component, mine.consent_base, mine.consent_to, write_request(writer, false, component));
    mine.consent_due = now + settings_.consent * (80 + random_64() % 41) / 100;
}

void IceAgent::check_end(Instant now) {
    if (state_ != State::checking) return;
    const bool pending = std::ranges::any_of(pairs_, [](const Pair& pair) { return pair.check == Check::waiting || pair.check == Check::in_progress; });
    if (pending || now - started_ < give_up_after) return;
    state_ = State::failed;
    user_.ice_failed("no pair of candidates works");
}

void IceAgent::tick(Instant now) {
    if (state_ == State::checking && !settings_.lite) {
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            Pair& pair = pairs_[i];
            if (pair.check != Check::in_progress || now < pair.again) continue;
            if (pair.sent >= most_transmissions)
                pair.check = Check::failed;
            else
                send_request(pair, now);
        }
        if (now >= next_check_) {
            Pair* best = nullptr;
            for (Pair& pair : pairs_)
                if (pair.check == Check::waiting && (!best || std::pair(pair.triggered, pair.priority) > std::pair(best->triggered, best->priority))) best = &pair;
            if (best) {
                begin_check(*best, now);
                next_check_ = now + settings_.pace;
            }
        }
        if (controlling_ && first_valid_ != Instant{}) nominate(now);
    }
    if (state_ == State::connected && !settings_.lite) {
        for (Pair& pair : pairs_)  // a nomination that came late
            if (pair.check == Check::in_progress && now >= pair.again) {
                if (pair.sent >= most_transmissions) pair.check = Check::failed;
                else if (pair.nominating) send_request(pair, now);
                else pair.check = Check::failed;
            }
        for (unsigned component = 1; component <= component_count_; ++component) {
            if (now - of(component).consent_at >= settings_.consent_lost) {
                state_ = State::failed;
                user_.ice_failed("the far side does not answer any more (consent, RFC 7675)");
                break;
            }
            if (now >= of(component).consent_due) send_consent(component, now);
        }
    }
    check_end(now);
    plan(now);
}

void IceAgent::plan(Instant now) {
    next_.reset();
    const auto at = [this](Instant when) {
        if (!next_ || when < *next_) next_ = when;
    };
    if (settings_.lite || state_ == State::waiting || state_ == State::failed) return;
    for (const Pair& pair : pairs_) {
        if (pair.check == Check::in_progress) at(pair.again);
        if (pair.check == Check::waiting && state_ == State::checking) at(std::max(next_check_, now));
    }
    if (state_ == State::checking) {
        at(std::max(started_ + give_up_after, now + std::chrono::milliseconds(100)));
        if (controlling_ && first_valid_ != Instant{} && now - first_valid_ < patience) at(first_valid_ + patience);
    } else {
        for (unsigned component = 1; component <= component_count_; ++component)
            at(std::min(of(component).consent_due, of(component).consent_at + settings_.consent_lost));
    }
}

}  // namespace jackfield::rtp
