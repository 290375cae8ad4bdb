// CDR, CDR_PROP, ForkCDR, ResetCDR, NoCDR.
#include <array>

#include "core/base/strings.hpp"
#include "core/dialplan/application.hpp"
#include "modules/res_cdr/recorder.hpp"

namespace jackfield::cdr {
namespace {

constexpr FunctionInfo cdr_info{
    .name = "CDR",
    .syntax = "CDR(name[,options])",
    .synopsis = "A field or variable of the call's record",
    .text = "Fields: accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, duration, "
            "billsec, disposition, amaflags, uniqueid, userfield, linkedid, peeraccount, sequence. Of these accountcode, amaflags and "
            "userfield can be set, and any other name as a variable of the record, which backends may write.\n"
            "  f - duration and billsec with a fraction\n"
            "  u - as it is kept: times as epoch with a fraction, disposition and amaflags as numbers"};
constexpr FunctionInfo property_info{
    .name = "CDR_PROP",
    .syntax = "CDR_PROP(name)",
    .synopsis = "Set a property of the channel's records",
    .text = "Properties, to be set to 1 or 0: `party_a` - this channel comes first when it is paired with one that does not have "
            "this property; `disable` - no records for this channel."};
constexpr ApplicationInfo fork_info{
    .name = "ForkCDR",
    .syntax = "ForkCDR([options])",
    .synopsis = "A further record for what follows",
    .text = "The new record begins as a copy of the channel's last one.\n"
            "  a - its answer time is now, if the channel is answered\n"
            "  e - the earlier records end\n"
            "  r - its start and answer times are now\n"
            "  v - it has none of the variables of the earlier one"};
constexpr ApplicationInfo reset_info{.name = "ResetCDR",
                                     .syntax = "ResetCDR([options])",
                                     .synopsis = "Set the times of the call's record to now",
                                     .text = "Start, and the answer of an answered channel, are now. Its variables are removed.\n"
                                             "  v - they are kept"};
constexpr ApplicationInfo none_info{.name = "NoCDR",
                                    .syntax = "NoCDR()",
                                    .synopsis = "No record for this call",
                                    .text = "The same as Set(CDR_PROP(disable)=1), which is the newer way to write it."};

constexpr std::array<std::string_view, 18> read_only{"clid",    "lastdata",    "disposition", "src",      "start",    "dst",
                                                     "answer",  "dcontext",    "end",         "uniqueid", "dstchannel", "duration",
                                                     "lastapp", "billsec",     "channel",     "sequence", "linkedid", "peeraccount"};

Result<Channel*> needs_channel(Channel* channel, std::string_view what) {
    if (!channel) return fail(ErrorCode::invalid, "{} needs a channel", what);
    return channel;
}

Result<std::string> read_cdr(Recorder& recorder, Channel* maybe, const Arguments& arguments) {
    const Channel* channel = JF_TRY(needs_channel(maybe, "CDR"));
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "CDR needs the name of a field or variable");
    const Record record = JF_TRY(recorder.engine().current(view_of(*channel)));
    return record_text(record, arguments[0], {}, arguments[1]);
}

Result<void> write_cdr(Recorder& recorder, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(needs_channel(maybe, "CDR"));
    const std::string_view name = arguments[0];
    if (name.empty()) return fail(ErrorCode::invalid, "CDR needs the name of a field or variable");
    for (const auto each : read_only)
        if (equals_ignoring_case(each, name)) return fail(ErrorCode::refused, "CDR({}) can't be set", name);
    if (equals_ignoring_case(name, "accountcode")) {
        channel->attributes().account_code = value;
        return {};
    }
    if (equals_ignoring_case(name, "amaflags")) {
        const int number = amaflags_number(value);
        if (number < 1 || number > 3)
            return fail(ErrorCode::invalid, "'{}' is no AMA flag; there are OMIT (1), BILLING (2) and DOCUMENTATION (3)", value);
        channel->attributes().amaflags = amaflags_text(number);
        return {};
    }
    if (equals_ignoring_case(name, "userfield")) return recorder.engine().set_user_field(view_of(*channel), value);
    return recorder.engine().set_variable(view_of(*channel), name, value);
}

Result<void> write_property(Recorder& recorder, Channel* maybe, const Arguments& arguments, std::string_view value) {
    const Channel* channel = JF_TRY(needs_channel(maybe, "CDR_PROP"));
    const bool on = parse_bool(value).value_or(false);
    if (equals_ignoring_case(arguments[0], "party_a")) return recorder.engine().set_prefers_a(view_of(*channel), on);
    if (equals_ignoring_case(arguments[0], "disable")) return recorder.engine().set_disabled(view_of(*channel), on);
    return fail(ErrorCode::invalid, "CDR_PROP has the properties party_a and disable, not '{}'", arguments[0]);
}

Result<void> fork_cdr(Recorder& recorder, Channel& channel, const Arguments& arguments) {
    const OptionLetters letters = JF_TRY(OptionLetters::parse(arguments[0], "aerv"));
    return recorder.engine().fork(view_of(channel), {.set_answer = letters.has('a'),
                                                     .end_original = letters.has('e'),
                                                     .reset = letters.has('r'),
                                                     .no_variables = letters.has('v')});
}

Result<void> reset_cdr(Recorder& recorder, Channel& channel, const Arguments& arguments) {
    const OptionLetters letters = JF_TRY(OptionLetters::parse(arguments[0], "v"));
    return recorder.engine().reset(view_of(channel), letters.has('v'));
}

}  // namespace

Result<void> add_functions(Module& module, Recorder& recorder) {
    JF_TRY(module.add(cdr_info, FunctionBody{[&recorder](Channel* channel, const Arguments& arguments) {
                                                 return read_cdr(recorder, channel, arguments);
                                             },
                                             [&recorder](Channel* channel, const Arguments& arguments, std::string_view value) {
                                                 return write_cdr(recorder, channel, arguments, value);
                                             }}));
    return module.add(property_info,
                      FunctionBody{nullptr, [&recorder](Channel* channel, const Arguments& arguments, std::string_view value) {
                                       return write_property(recorder, channel, arguments, value);
                                   }});
}

Result<void> add_applications(Module& module, Recorder& recorder) {
    JF_TRY(module.add(fork_info, [&recorder](Channel& channel, const Arguments& arguments) {
        return fork_cdr(recorder, channel, arguments);
    }));
    JF_TRY(module.add(reset_info, [&recorder](Channel& channel, const Arguments& arguments) {
        return reset_cdr(recorder, channel, arguments);
    }));
    return module.add(none_info, [&recorder](Channel& channel, const Arguments&) {
        return recorder.engine().set_disabled(view_of(channel), true);
    });
}

}  // namespace jackfield::cdr
