// Finding the channel that a request names.
#pragma once

#include "core/channel/channel.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::manager {

// By name or unique id, in the request's field `key`. The reference is good until the next wait. Errors: invalid (the
// field is missing), not_found.
inline Result<std::reference_wrapper<Channel>> channel_of(const ManagerRequest& request, std::string_view key = "Channel") {
    const std::string_view name = request.get(key);
    if (name.empty()) return fail(ErrorCode::invalid, "{} not specified", key);
    Channel* channel = find_channel(name);
    if (!channel) return fail(ErrorCode::not_found, "No such channel");
    return std::ref(*channel);
}

// Errors: invalid naming the field.
inline Result<std::string> needed(const ManagerRequest& request, std::string_view key) {
    const std::string_view value = request.get(key);
    if (value.empty()) return fail(ErrorCode::invalid, "{} not specified", key);
    return std::string(value);
}

}  // namespace jackfield::manager
