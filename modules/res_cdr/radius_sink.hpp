// The service interface of res_cdr: records to RADIUS servers (RFC 2866), as Asterisk's attributes (section [radius]).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"

namespace jackfield {

// One attribute of the vendor Digium and the record's field that it holds.
struct RadiusAttribute {
    enum class Kind : unsigned char { text, number, time, unique_id, user_field };  // the last two on demand: loguniqueid, loguserfield
    std::uint8_t type = 0;
    std::string_view field;
    Kind kind = Kind::text;
};

// `file` is cdr.conf or cel.conf; `channel_field` holds the channel's name, which becomes User-Name. Without the section nothing is
// sent. `attributes` outlive the module.
ConfigFileSpec radius_spec(std::string file, std::string_view channel_field, std::span<const RadiusAttribute> attributes, BackendSlot* slot);

}  // namespace jackfield
