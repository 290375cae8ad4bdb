// MP3Player: play MP3 by the program mpg123.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "apps/mp3_player/sample_pipe.hpp"
#include "core/runtime/process.hpp"
#include "core/runtime/stream.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace jackfield::mp3;
using namespace std::chrono_literals;

namespace {

constexpr ApplicationInfo info{
    .name = "MP3Player",
    .syntax = "MP3Player(location[,format])",
    .synopsis = "Play an MP3 file, stream or playlist",
    .text = "By the program mpg123, which ends with the application: at the end, by any key, or at hang-up. `location`: a file, an address "
            "(http://...), or either of a playlist (.m3u, .pls). `format` is accepted for old plans: the sound is as wide as the call's "
            "codec. Does not answer."};

constexpr auto first_sound = 10s;  // an address that says nothing for so long is given up

std::vector<std::string> command(std::string_view location, unsigned rate) {
    std::vector<std::string> words{"mpg123", "-q", "-s", "--mono", "-r", std::to_string(rate)};
    const std::string_view name = location.substr(0, location.find('?'));
    if (name.ends_with(".m3u") || name.ends_with(".pls")) words.emplace_back("-@");
    else words.emplace_back("--");  // a name is never an option
    words.emplace_back(location);
    return words;
}

struct Player {
    std::unique_ptr<Process> process;
    std::unique_ptr<Stream> output;
};

Result<Player> start(std::string_view location, unsigned rate) {
    std::array<int, 2> output{-1, -1};
    if (pipe2(output.data(), O_CLOEXEC) != 0) return fail(ErrorCode::limit, "no more descriptors for mpg123");
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    Player player;
    player.output = Stream::of_pipes(output[0], nothing);
    ProcessOptions options;
    options.arguments = command(location, rate);
    options.child_descriptors = {-1, output[1], -1};
    auto process = Process::start(std::move(options));
    close(output[1]);
    if (!process) {
        if (process.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "MP3Player needs the program mpg123 (the package of that name)");
        return std::unexpected(std::move(process).error());
    }
    player.process = *std::move(process);
    return player;
}

// On a fiber of its own: what the program writes, as fast as it is played.
Result<void> carry(Stream& from, SamplePipe& to) {
    std::array<char, 960> bytes{};
    std::array<std::int16_t, 480> samples{};
    std::size_t kept = 0;  // half a sample may come
    bool heard = false;
    for (;;) {
        const std::size_t size = JF_TRY(from.read(std::span(bytes).subspan(kept), heard ? Timeout() : Timeout(first_sound)));
        if (size == 0) return {};
        heard = true;
        const std::size_t all = kept + size, count = all / 2;
        std::memcpy(samples.data(), bytes.data(), count * 2);
        kept = all % 2;
        if (kept) bytes[0] = bytes[all - 1];
        for (auto left = std::span<const std::int16_t>(samples).first(count); !left.empty();) {
            left = left.subspan(to.write(left));
            if (!left.empty()) JF_TRY(sleep_for(100ms));
        }
    }
}

Result<void> play(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "MP3Player needs a file or an address");
    const Codec* written = channel.media().write_codec();
    const unsigned rate = written && written->rate.hz > 8000 ? 16000 : 8000;
    Player player = JF_TRY(start(arguments[0], rate));
    const auto pipe = std::make_shared<SamplePipe>(linear_codec({rate}));
    Queue<int> ended;
    TaskGroup reader{"MP3Player"};
    JF_TRY(reader.spawn("mpg123 for " + channel.name(), [&] {
        if (auto carried = carry(*player.output, *pipe); !carried && !ends_application(carried.error().code))
            log_warning("MP3Player on {}: {} gives no sound: {}", channel.name(), arguments[0], carried.error().text);
        pipe->end();
    }));
    channel.media().play(std::make_unique<PipedSource>(pipe), [&ended] { ended.push(0); });
    auto waited = select({&channel.digits(), &ended});
    channel.media().stop_playing();
    reader.cancel();
    if (!waited) return std::unexpected(std::move(waited).error());
    (void)channel.digits().try_pop();
    return {};
}

Result<void> load(Module& module) { return module.add(info, play); }

}  // namespace

JACKFIELD_MODULE("app_mp3", "MP3 by an outside player", load)
