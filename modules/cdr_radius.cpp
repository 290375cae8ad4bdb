// cdr_radius - call records to RADIUS servers: cdr.conf, section [radius].
#include <array>

#include "modules/res_cdr/radius_sink.hpp"

using namespace jackfield;

namespace {

using Kind = RadiusAttribute::Kind;

// Asterisk-Acc-Code and so on.
constexpr std::array<RadiusAttribute, 19> attributes{{
    {101, "accountcode"},
    {102, "src"},
    {103, "dst"},
    {104, "dcontext"},
    {105, "clid"},
    {106, "channel"},
    {107, "dstchannel"},
    {108, "lastapp"},
    {109, "lastdata"},
    {110, "start", Kind::time},
    {111, "answer", Kind::time},
    {112, "end", Kind::time},
    {113, "duration", Kind::number},
    {114, "billsec", Kind::number},
    {115, "disposition"},
    {116, "amaflags"},
    {117, "uniqueid", Kind::unique_id},
    {118, "userfield", Kind::user_field},
    {119, "linkedid", Kind::unique_id},
}};

Result<void> load(Module& module) {
    BackendSlot* slot = JF_TRY(backend_slot<CdrService>(module, "radius"));
    return module.add(radius_spec("cdr.conf", "channel", attributes, slot));
}

}  // namespace

JACKFIELD_MODULE("cdr_radius", "RADIUS CDR Backend", load, "res_cdr")
