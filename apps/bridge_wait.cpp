// BridgeWait: wait with others in a bridge where one hears music and nobody hears the others.
#include <map>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "BridgeWait",
    .syntax = "BridgeWait([name[,role[,options]]])",
    .synopsis = "Wait in a holding bridge",
    .text = "Bridges are told apart by name (`default`). Role `participant` hears music or silence until somebody takes it out; role "
            "`announcer` speaks to the participants. Answers the call.\n"
            "  m(class) - music class\n"
            "  e(m|s|h) - what a participant hears: music (m and h, the default) or silence\n"
            "  S(seconds) - leave after that time\n"
            "  n - do not answer"};

// By name, as long as somebody is in them.
using HoldingBridges = std::map<std::string, std::weak_ptr<Bridge>, std::less<>>;

std::shared_ptr<Bridge> bridge_named(HoldingBridges& bridges, const std::string& name) {
    std::erase_if(bridges, [](const auto& entry) { return entry.second.expired(); });
    auto found = bridges[name].lock();
    if (found) return found;
    auto made = Bridge::create(BridgeKind::holding, name);
    bridges[name] = made;
    return made;
}

Result<MemberOptions> read_options(const OptionLetters& options, std::string_view role) {
    MemberOptions member;
    if (equals_ignoring_case(role, "announcer")) {
        member.announcer = true;
    } else if (!role.empty() && !equals_ignoring_case(role, "participant")) {
        return fail(ErrorCode::invalid, "BridgeWait: role '{}' is neither participant nor announcer", role);
    }
    member.music_class = options.argument('m');
    if (options.has('e')) {
        const std::string_view kind = options.argument('e');
        if (kind == "r") return fail(ErrorCode::unsupported, "BridgeWait option e(r): ringing is not available, only music or silence");
        if (kind != "m" && kind != "s" && kind != "h")
            return fail(ErrorCode::invalid, "BridgeWait option e: '{}' is none of m, s, h", kind);
        member.silence_only = kind == "s";
    }
    if (options.has('S')) {
        const auto seconds = parse_number<unsigned>(trim(options.argument('S')));
        if (!seconds || !*seconds) return fail(ErrorCode::invalid, "BridgeWait option S: '{}' is no number of seconds", options.argument('S'));
        member.limit = std::chrono::seconds(*seconds);
    }
    return member;
}

Result<void> bridge_wait(HoldingBridges& bridges, Channel& channel, const Arguments& arguments) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[2], "meSn"));
    const MemberOptions member = JF_TRY(read_options(options, arguments[1]));
    if (!options.has('n')) JF_TRY(channel.answer());
    const auto bridge = bridge_named(bridges, std::string(arguments.has(0) ? arguments[0] : std::string_view("default")));
    JF_TRY(bridge->join(channel, member));
    return {};
}

Result<void> load(Module& module) {
    auto& bridges = module.own<HoldingBridges>();
    return module.add(info, [&bridges](Channel& channel, const Arguments& arguments) { return bridge_wait(bridges, channel, arguments); });
}

}  // namespace

JACKFIELD_MODULE("app_bridgewait", "Wait in a holding bridge", load)
