// ChanSpy and ExtenSpy: listen to calls, whisper to a side of them, or join them.
#include "apps/chanspy/spy_session.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace jackfield::chanspy;

namespace {

#define OPTIONS                                                                                                            \
    "  b - only channels that are in a bridge with another one\n"                                                         \
    "  B - barge: what the spy says is heard by both sides\n"                                                             \
    "  c(key) - the key for the next channel, instead of *\n"                                                             \
    "  d - keys choose what is done: 4 listen, 5 whisper, 6 barge\n"                                                      \
    "  e(ext[:...]) - only channels of these extensions\n"                                                                \
    "  E - leave when the channel that was listened to hangs up\n"                                                        \
    "  g(group[:...]) - only channels one of whose groups in the variable SPYGROUP (separated by colons) is named\n"      \
    "  l - accepted and without effect: the audio's way has one length\n"                                                 \
    "  o - only what the channel says, and not what it hears\n"                                                           \
    "  q - no beep and no name before listening\n"                                                                        \
    "  r([name]) - record what the spy hears to name.TIME.raw, below the folder monitor of the spool directory\n"         \
    "  s - say the name without the technology\n"                                                                         \
    "  S - leave when there is no channel left\n"                                                                         \
    "  u - the argument is a whole channel name or a unique id\n"                                                         \
    "  v(volume) - how loud, from -4 to 4, in steps of 3 dB\n"                                                            \
    "  w - whisper: what the spy says is heard by the channel, and not by its peer\n"                                     \
    "  W - whisper and hear nothing\n"                                                                                    \
    "  x(key) - the key that ends it\n"                                                                                   \
    "  X - a key that is an extension of the context (SPY_EXIT_CONTEXT, or the channel's) goes there\n"                   \
    "Option n of Asterisk needs mailboxes and is refused. SPY_CHANNEL is the name of the channel last listened to. The "    \
    "spied call is not held up by it, and goes on when either side is transferred."

constexpr ApplicationInfo chan_info{
    .name = "ChanSpy",
    .syntax = "ChanSpy([chanprefix[,options]])",
    .synopsis = "Listen to a call, and whisper into it",
    .text = "Answers, and listens to the channels whose names begin with `chanprefix`, one after the other. Keys: * the next channel, "
            "# the next volume, digits and # the channel chanprefix/digits.\n" OPTIONS};
constexpr ApplicationInfo exten_info{
    .name = "ExtenSpy",
    .syntax = "ExtenSpy(exten[@context][,options])",
    .synopsis = "Listen to the calls of an extension, and whisper into them",
    .text = "As ChanSpy, for the channels that are at that extension of the context (by default the channel's own), or were called "
            "from there. Keys: * the next channel, # the next volume.\n" OPTIONS};

Result<void> chan_spy(Spies& spies, Channel& channel, const Arguments& arguments) {
    SpyOptions options = JF_TRY(SpyOptions::parse("ChanSpy", arguments.rest(1)));
    options.prefix = arguments[0];
    if (options.unique && options.prefix.empty())
        return fail(ErrorCode::invalid, "ChanSpy: option u needs the name of a channel or its unique id");
    JF_TRY(channel.answer());
    SpySession session(channel, std::move(options), spies);
    return session.run();
}

Result<void> exten_spy(Spies& spies, Channel& channel, const Arguments& arguments) {
    SpyOptions options = JF_TRY(SpyOptions::parse("ExtenSpy", arguments.rest(1)));
    const Halves halves = split_once(arguments[0], '@');
    options.extension = trim(halves.first);
    options.context = halves.second.empty() ? channel.place().context : std::string(trim(halves.second));
    if (options.extension.empty()) return fail(ErrorCode::invalid, "ExtenSpy needs an extension: ExtenSpy(6001@default)");
    JF_TRY(channel.answer());
    SpySession session(channel, std::move(options), spies);
    return session.run();
}

Result<void> load(Module& module) {
    Spies& spies = module.own<Spies>();
    JF_TRY(module.add(chan_info, [&spies](Channel& channel, const Arguments& arguments) {
        return chan_spy(spies, channel, arguments);
    }));
    return module.add(exten_info, [&spies](Channel& channel, const Arguments& arguments) {
        return exten_spy(spies, channel, arguments);
    });
}

}  // namespace

JACKFIELD_MODULE("app_chanspy", "Listen to calls", load)
