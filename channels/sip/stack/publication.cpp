// Published event state (RFC 3903 section 6).
#include "channels/sip/stack/publication.hpp"

#include <algorithm>
#include <utility>

#include "channels/sip/stack/identifiers.hpp"

namespace jackfield::sip {

using namespace std::chrono_literals;

PublicationTable::~PublicationTable() = default;

void PublicationTable::Publication::start(std::chrono::seconds duration) {
    expires = table.timers_.now() + duration;
    wait();
}

// In pieces of few different lengths, as subscriptions wait.
void PublicationTable::Publication::wait() {
    std::chrono::seconds piece = 1s;
    while (piece * 4 <= remaining()) piece *= 4;
    table.timers_.start(timer, piece);
}

std::chrono::seconds PublicationTable::Publication::remaining() const {
    return std::max(0s, std::chrono::ceil<std::chrono::seconds>(expires - table.timers_.now()));
}

void PublicationTable::Publication::on_timer() {
    if (table.timers_.now() < expires) return wait();
    table.expired(*this);
}

PublishResult PublicationTable::process(const std::string& resource, const PublishRequest& request) {
    const auto granted = grant(request.expires, times_);
    if (!granted) return {423, {}, times_.minimum};
    if (request.if_match.empty()) {
        if (request.body.empty()) return {400, {}, {}};
        if (*granted == 0s) return {200, new_tag(), 0s};  // published and gone at once
        auto& all = resources_[resource];
        if (all.size() >= most_per_resource) return {503, {}, {}};
        Publication& made = *all.emplace_front(std::make_unique<Publication>(*this, resource));
        ++size_;
        made.entity_tag = new_tag();
        made.body = request.body;
        made.start(*granted);
        PublishResult result{200, made.entity_tag, *granted};
        user_.on_published(resource, made.body);
        return result;
    }
    const auto known = resources_.find(resource);
    if (known == resources_.end()) return {412, {}, {}};
    auto& all = known->second;
    const auto found = std::ranges::find_if(all, [&](const auto& each) { return each->entity_tag == request.if_match; });
    if (found == all.end()) return {412, {}, {}};
    if (*granted == 0s) {
        erase(resource, found);
        return {200, new_tag(), 0s};
    }
    Publication& publication = **found;
    publication.entity_tag = new_tag();
    publication.start(*granted);
    PublishResult result{200, publication.entity_tag, *granted};
    if (request.body.empty()) return result;
    all.splice(all.begin(), all, found);
    if (std::exchange(publication.body, std::string(request.body)) != request.body || all.size() > 1) user_.on_published(resource, publication.body);
    return result;
}

void PublicationTable::remove(const std::string& resource) {
    const auto found = resources_.find(resource);
    if (found == resources_.end()) return;
    size_ -= found->second.size();
    resources_.erase(found);
    user_.on_published(resource, {});
}

std::string_view PublicationTable::body(const std::string& resource) const {
    const auto found = resources_.find(resource);
    return found == resources_.end() ? std::string_view() : std::string_view(found->second.front()->body);
}

void PublicationTable::erase(const std::string& resource, Publications::iterator which) {
    auto& all = resources_[resource];
    const bool counted = which == all.begin();
    all.erase(which);
    --size_;
    if (all.empty()) resources_.erase(resource);
    if (counted) user_.on_published(resource, body(resource));
}

void PublicationTable::expired(Publication& publication) {
    const std::string resource = publication.resource;
    auto& all = resources_[resource];
    erase(resource, std::ranges::find_if(all, [&](const auto& each) { return each.get() == &publication; }));
}

}  // namespace jackfield::sip
