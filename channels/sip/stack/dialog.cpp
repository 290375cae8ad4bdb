// Dialogs (RFC 3261 section 12).
#include "channels/sip/stack/dialog.hpp"

#include <algorithm>

#include "core/base/generation.hpp"

namespace jackfield::sip {

namespace {

constexpr std::size_t most_routes = 32;

// From or To without its parameters: the tag is written from what the dialog knows.
std::string without_tag(const NameAddress& address) {
    const std::string_view name = grammar::strip(address.raw_name);
    std::string text;
    text.reserve(name.size() + address.uri.text.size() + sizeof " <>");
    text.append(name).append(name.empty() ? "<" : " <").append(address.uri.text).append(">");
    return text;
}

Result<std::vector<std::string>> record_routes(const Message& message) {
    std::vector<std::string> routes;
    for (Message::Values values(message, HeaderName::record_route); values.next();) {
        const auto route = parse_name_address(values.item);
        if (!route || !route->bracketed) return fail(ErrorCode::invalid, "Malformed Record-Route");
        if (routes.size() == most_routes) return fail(ErrorCode::invalid, "Too many Record-Routes");
        routes.emplace_back(values.item);
    }
    return routes;
}

// The first Contact's URI; empty when there is none that requests could be sent to.
std::string contact_uri(const Message& message) {
    Message::Values values(message, HeaderName::contact);
    if (!values.next()) return {};
    const auto contact = parse_name_address(values.item);
    if (!contact || !contact->uri.is_sip()) return {};
    return std::string(contact->uri.text);
}

std::string_view uri_of(std::string_view route) {
    const auto address = parse_name_address(route);
    return address ? address->uri.text : std::string_view{};
}

}  // namespace

Result<Dialog> Dialog::from_request(const Message& request, std::string_view local_tag) {
    Dialog dialog;
    dialog.role_ = Role::uas;
    dialog.route_set_ = JF_TRY(record_routes(request));
    dialog.remote_target_ = contact_uri(request);
    if (dialog.remote_target_.empty()) return fail(ErrorCode::invalid, "Missing or unusable Contact");
    dialog.call_id_ = request.call_id();
    dialog.local_tag_ = local_tag;
    dialog.remote_tag_ = request.from_tag();
    dialog.local_header_ = without_tag(request.to());
    dialog.remote_header_ = without_tag(request.from());
    dialog.remote_cseq_ = request.cseq().number;
    // RFC 3261 8.1.1.5 wants it below 2^31; a random start keeps dialogs of two runs apart.
    dialog.local_cseq_ = static_cast<std::uint32_t>(random_number(1u << 15));
    return dialog;
}

Result<Dialog> Dialog::from_response(const Message& response) {
    Dialog dialog;
    dialog.role_ = Role::uac;
    dialog.state_ = response.status() < 200 ? State::early : State::confirmed;
    dialog.route_set_ = JF_TRY(record_routes(response));
    std::ranges::reverse(dialog.route_set_);
    dialog.remote_target_ = contact_uri(response);
    // Some gateways leave the Contact out of a 180; the address that was called stands in until the 2xx.
    if (dialog.remote_target_.empty() && dialog.state_ == State::early && response.to().uri.is_sip())
        dialog.remote_target_ = response.to().uri.text;
    if (dialog.remote_target_.empty()) return fail(ErrorCode::invalid, "Missing or unusable Contact");
    dialog.call_id_ = response.call_id();
    dialog.local_tag_ = response.from_tag();
    dialog.remote_tag_ = response.to_tag();
    dialog.local_header_ = without_tag(response.from());
    dialog.remote_header_ = without_tag(response.to());
    dialog.local_cseq_ = response.cseq().number;
    return dialog;
}

Dialog::~Dialog() {
    if (table_ != nullptr) table_->remove(*this);
}

Dialog::Dialog(Dialog&& other) noexcept = default;

void Dialog::confirm(const Message& response) {
    state_ = State::confirmed;
    if (role_ == Role::uac)
        if (auto routes = record_routes(response)) {
            std::ranges::reverse(*routes);
            route_set_ = std::move(*routes);
        }
    refresh_target(response);
}

void Dialog::refresh_target(const Message& message) {
    if (std::string target = contact_uri(message); !target.empty()) remote_target_ = std::move(target);
}

bool Dialog::accept_cseq(const Message& request) {
    const std::uint32_t number = request.cseq().number;
    if (remote_cseq_ && number < *remote_cseq_) return false;
    remote_cseq_ = number;
    return true;
}

std::string_view Dialog::next_hop() const { return route_set_.empty() ? remote_target_ : uri_of(route_set_.front()); }

void Dialog::begin_request(MessageWriter& writer, std::string_view method, std::uint32_t cseq,
                           std::string_view via) const {
    const auto first =
        route_set_.empty() ? Result<NameAddress>(fail(ErrorCode::not_found)) : parse_name_address(route_set_.front());
    const bool strict = first && !first->uri.is_loose_router();
    writer.request_line(method, strict ? first->uri.text : std::string_view(remote_target_));
    writer.header(HeaderName::via, via);
    writer.header(HeaderName::max_forwards, 70);
    for (std::size_t i = strict ? 1 : 0; i < route_set_.size(); ++i) writer.header(HeaderName::route, route_set_[i]);
    if (strict) writer.header(HeaderName::route, {"<", remote_target_, ">"});
    const auto address = [&](HeaderName name, const std::string& value, const std::string& tag) {
        writer.header(name, {value, tag.empty() ? "" : ";tag=", tag});
    };
    address(HeaderName::from, local_header_, local_tag_);
    address(HeaderName::to, remote_header_, remote_tag_);
    writer.header(HeaderName::call_id, call_id_);
    writer.cseq(cseq, method);
}

DialogTable::~DialogTable() {
    table_.for_each([this](Dialog& dialog) { remove(dialog); });
}

Identity DialogTable::identity(std::string_view call_id, std::string_view local_tag,
                               std::string_view remote_tag) const {
    scratch_.assign(call_id).append(1, '\0').append(local_tag).append(1, '\0').append(remote_tag);
    return hash_(scratch_);
}

void DialogTable::insert(Dialog& dialog) {
    if (dialog.table_ != nullptr) dialog.table_->remove(dialog);
    dialog.identity = identity(dialog.call_id_, dialog.local_tag_, dialog.remote_tag_);
    dialog.table_ = this;
    table_.insert(dialog);
}

void DialogTable::remove(Dialog& dialog) {
    if (dialog.table_ != this) return;
    table_.remove(dialog);
    dialog.table_ = nullptr;
}

Dialog* DialogTable::find(const Message& message) const {
    return message.is_request() ? find(message.call_id(), message.to_tag(), message.from_tag())
                                : find(message.call_id(), message.from_tag(), message.to_tag());
}

Dialog* DialogTable::find(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag) const {
    return table_.find(identity(call_id, local_tag, remote_tag));
}

}  // namespace jackfield::sip
