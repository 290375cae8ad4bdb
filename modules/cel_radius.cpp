// cel_radius - call events to RADIUS servers: cel.conf, section [radius].
#include <array>

#include "modules/res_cdr/radius_sink.hpp"

using namespace jackfield;

namespace {

using Kind = RadiusAttribute::Kind;

// Asterisk's numbers, which differ from those of call records. It sends no name of the event: 120 is an addition.
constexpr std::array<RadiusAttribute, 18> attributes{{
    {101, "accountcode"},
    {102, "cid_num"},
    {103, "cid_name"},
    {104, "cid_ani"},
    {105, "cid_rdnis"},
    {106, "cid_dnid"},
    {107, "exten"},
    {108, "context"},
    {109, "channame"},
    {110, "appname"},
    {111, "appdata"},
    {112, "eventtime", Kind::time},
    {113, "amaflags"},
    {114, "uniqueid", Kind::unique_id},
    {115, "userfield", Kind::user_field},
    {116, "linkedid", Kind::unique_id},
    {117, "extra"},
    {120, "eventtype"},
}};

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CelService>(module, "radius"));
    return module.add(radius_spec("cel.conf", "channame", attributes, slot));
}

}  // namespace

JACKFIELD_MODULE("cel_radius", "RADIUS CEL Backend", load, "res_cel")
