// ExternalIVR: a program or a server that hears of each key and fills a queue of prompts.
#include "core/sdk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <optional>
#include <utility>

#include "core/runtime/process.hpp"
#include "core/runtime/resolver.hpp"
#include "core/runtime/stream.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

constexpr ApplicationInfo info{
    .name = "ExternalIVR",
    .syntax = "ExternalIVR(command|ivr://host[:port][(arg1[,arg2[,...]])][,options])",
    .synopsis = "Let a program or a server choose what the caller hears",
    .text = "Answers. Each key is told as `1,<seconds since 1970>`, each prompt that has ended as `F,<time>,<name>`; the far side writes lines "
            "such as `S,prompt` (empty the queue and play), `A,prompt` (add), `I,` (stop), `T,` (answer), `D,digits` (send), `G,name`, "
            "`V,name=value`, `P,`, `L,text`, `O,autoclear`, `E,` (go on in the dialplan) and `H,` (hang up). Port 2949 by default.\n"
            "  n - do not answer\n"
            "  i - go on after a hang-up, which is told as `I,<time>,HANGUP`\n"
            "  d - run on a call that has been hung up"};

constexpr std::size_t longest_line = 1024, most_prompts = 1000;

struct Request {
    std::vector<std::string> words;  // the command, then its arguments
    OptionLetters options;
};

Result<Request> parse(const Arguments& arguments) {
    Request request;
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "ExternalIVR needs a command");
    std::string_view command = arguments[0];
    if (const std::size_t open = command.find('('); open != std::string_view::npos) {
        if (!command.ends_with(')')) return fail(ErrorCode::invalid, "ExternalIVR: the parenthesis after the command is not closed");
        const std::string_view inside = command.substr(open + 1, command.size() - open - 2);
        command = command.substr(0, open);
        request.words = split_arguments(inside);
    }
    request.words.insert(request.words.begin(), std::string(command));
    request.options = JF_TRY(OptionLetters::parse(arguments[1], "nid"));
    return request;
}

// --- the far side ----------------------------------------------------------------------------------------------------

struct FarSide {
    std::unique_ptr<Stream> stream;
    std::unique_ptr<Process> process;  // null: a server
};

Result<FarSide> start_program(const std::vector<std::string>& words) {
    std::array<int, 2> input{-1, -1}, output{-1, -1};
    if (pipe2(input.data(), O_CLOEXEC) != 0) return fail(ErrorCode::limit, "no more descriptors for {}", words[0]);
    if (pipe2(output.data(), O_CLOEXEC) != 0) {
        for (const int end : input) close(end);
        return fail(ErrorCode::limit, "no more descriptors for {}", words[0]);
    }
    FarSide side;
    side.stream = Stream::of_pipes(output[0], input[1]);
    ProcessOptions options;
    options.arguments = words;
    options.child_descriptors = {input[0], output[1], STDERR_FILENO};
    auto process = Process::start(std::move(options));
    for (const int end : {input[0], output[1]}) close(end);
    if (!process) return std::unexpected(std::move(process).error());
    side.process = *std::move(process);
    side.process->let_go();  // it may outlive the call
    return side;
}

Result<FarSide> connect_server(std::string_view host) {
    std::uint16_t port = 2949;
    if (const auto parts = split_once(host, ':'); parts.found && !host.starts_with('[')) {
        const auto number = parse_number<std::uint16_t>(parts.second);
        if (!number) return fail(ErrorCode::invalid, "ExternalIVR: '{}' is no port", parts.second);
        port = *number;
        host = parts.first;
    }
    const auto addresses = JF_TRY(resolve_address(std::string(host)));
    Error last{ErrorCode::not_found, fmt::format("{} has no address", host)};
    for (const SocketAddress& address : addresses) {
        auto stream = Stream::connect(address.with_port(port), 2s);
        if (stream) return FarSide{*std::move(stream), nullptr};
        if (ends_application(stream.error().code)) return std::unexpected(std::move(stream).error());
        last = std::move(stream).error();
    }
    return std::unexpected(std::move(last));
}

Result<FarSide> reach(const std::vector<std::string>& words) {
    constexpr std::string_view scheme = "ivr://";
    if (words[0].starts_with(scheme)) return connect_server(std::string_view(words[0]).substr(scheme.size()));
    return start_program(words);
}

// --- the conversation --------------------------------------------------------------------------------------------------

class Conversation {
  public:
    Conversation(Channel& channel, const Request& request, FarSide& side) : channel_(channel), request_(request), side_(side) {}

    Result<void> run();

  private:
    enum class Then : unsigned char { go_on, leave, hang_up };
    Result<Then> converse();
    Result<Then> obey(const std::string& line);
    void tell(std::string_view event, std::string_view more = {}, bool with_more = false);
    void tell_prompt(std::string_view event, std::string_view prompt) { tell(event, prompt, true); }
    bool playable();
    Result<void> queue_prompt(const std::string& prompt);
    void interrupt();
    void start_player();
    void play_queue();
    void read_lines();
    Result<Then> answer();
    void get_variables(std::string_view names);
    void set_variables(std::string_view assignments);
    void send_keys(const std::string& text);

    Channel& channel_;
    const Request& request_;
    FarSide& side_;
    bool autoclear_ = false, dead_ = false;
    std::deque<std::string> prompts_;  // the first one plays
    bool playing_ = false;
    Queue<std::string> lines_{64}, finished_{most_prompts};
    std::unique_ptr<TaskGroup> player_;
    TaskGroup reader_{"ExternalIVR"};  // last: its fibre uses the rest
};

// "F,1767225600,hello": the time is as wide as ten digits.
void Conversation::tell(std::string_view event, std::string_view more, bool with_more) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    std::string line = fmt::format("{},{:>10}", event, seconds);
    if (with_more) line.append(",").append(more);
    for (char& c : line)
        if (c == '\n' || c == '\r' || c == '\0') c = ' ';
    if (auto sent = side_.stream->send(line + '\n'); !sent && sent.error().code == ErrorCode::limit)
        log_warning("{}: ExternalIVR does not read its events: {}", channel_.name(), sent.error().text);
}

bool Conversation::playable() {
    if (!dead_ && channel_.state() == ChannelState::up && !channel_.hung_up()) return true;
    tell("Z");
    return false;
}

// On a fiber of its own, until the far side closes. What is not taken waits in the stream.
void Conversation::read_lines() {
    std::string part(1024, '\0'), pending;
    for (;;) {
        const auto size = side_.stream->read(part);
        if (!size || *size == 0) break;
        pending.append(part, 0, *size);
        for (std::size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
            while (!lines_.push(std::string(trim(std::string_view(pending).substr(0, std::min(end, longest_line))))))
                if (!sleep_for(5ms)) return;
        if (pending.size() > longest_line) pending.resize(longest_line);  // the rest of an endless line is nobody's
    }
    lines_.close();
}

// On a fiber of its own: plays the queue to its end.
void Conversation::play_queue() {
    while (!prompts_.empty()) {
        auto source = open_prompt(prompts_.front(), channel_.attributes().language, channel_.media().write_codec());
        const auto played = source ? channel_.play_source(*std::move(source)) : std::unexpected(source.error());
        if (!played && ends_application(played.error().code)) return;
        if (!played) log_warning("{}: ExternalIVR: {}", channel_.name(), played.error().text);
        if (played) finished_.push(prompts_.front());
        prompts_.pop_front();
    }
    playing_ = false;
}

void Conversation::start_player() {
    if (playing_ || prompts_.empty()) return;
    player_ = std::make_unique<TaskGroup>("ExternalIVR plays");
    playing_ = player_->spawn("ExternalIVR plays", [this] { play_queue(); }).has_value();
}

// Stops what plays and empties the queue; tells of each prompt.
void Conversation::interrupt() {
    const bool was_playing = std::exchange(playing_, false);
    player_.reset();
    for (bool first = was_playing; !prompts_.empty(); first = false) {
        tell_prompt(first ? "T" : "D", prompts_.front());
        prompts_.pop_front();
    }
}

Result<void> Conversation::queue_prompt(const std::string& prompt) {
    if (!prompt_exists(prompt, channel_.attributes().language) || prompts_.size() >= most_prompts)
        tell_prompt("Z", prompt);
    else
        prompts_.push_back(prompt);
    start_player();
    return {};
}

Result<Conversation::Then> Conversation::answer() {
    auto answered = channel_.answer();
    if (!answered && ends_application(answered.error().code)) return std::unexpected(std::move(answered).error());
    if (!answered) tell_prompt("Z", "ANSWER_FAILURE");
    return Then::go_on;
}

void Conversation::get_variables(std::string_view names) {
    std::string values;
    for (const std::string_view name : split(names, ',')) {
        if (name.empty()) continue;
        values.append(values.empty() ? "" : ",").append(name).append("=").append(channel_.variable(name));
    }
    tell_prompt("G", values);
}

void Conversation::set_variables(std::string_view assignments) {
    for (const std::string_view part : split(assignments, ',')) {
        const Halves halves = split_once(part, '=');
        if (!halves.first.empty()) channel_.set_variable(halves.first, std::string(halves.second));
    }
}

// "digits[,milliseconds between[,length]]"
void Conversation::send_keys(const std::string& text) {
    const Arguments arguments(text);
    const auto between = parse_number<unsigned>(arguments[1]).value_or(250), length = parse_number<unsigned>(arguments[2]).value_or(100);
    channel_.send_digits(arguments[0], std::chrono::milliseconds(std::min(length, 10'000u)), std::chrono::milliseconds(std::min(between, 10'000u)));
}

Result<Conversation::Then> Conversation::obey(const std::string& line) {
    if (line.size() < 2) return Then::go_on;
    const std::string rest = line.size() > 2 ? line.substr(2) : std::string();
    switch (line[0]) {
        case 'S':
            if (!playable()) break;
            interrupt();
            JF_TRY(queue_prompt(rest));
            break;
        case 'A':
            if (playable()) JF_TRY(queue_prompt(rest));
            break;
        case 'I':
            if (playable()) interrupt();
            break;
        case 'T': return answer();
        case 'D': send_keys(rest); break;
        case 'G': get_variables(rest); break;
        case 'V': set_variables(rest); break;
        case 'P': tell_prompt("P", join(request_.words, ",")); break;
        case 'L': log_notice("{}: ExternalIVR: {}", channel_.name(), rest); break;
        case 'O':
            if (playable()) autoclear_ = equals_ignoring_case(rest, "autoclear");
            break;
        case 'E': tell("E"); return Then::leave;
        case 'X': return Then::leave;
        case 'H': tell("H"); return Then::hang_up;
        default: log_warning("{}: ExternalIVR: unknown command '{}'", channel_.name(), line);
    }
    return Then::go_on;
}

Result<Conversation::Then> Conversation::converse() {
    for (;;) {
        JF_TRY(select({&lines_, &channel_.digits(), &finished_}));
        while (const auto prompt = finished_.try_pop()) tell_prompt("F", *prompt);
        while (const auto key = channel_.digits().try_pop()) {
            tell(std::string(1, *key));
            if (autoclear_) interrupt();
        }
        while (const auto line = lines_.try_pop())
            if (const Then then = JF_TRY(obey(*line)); then != Then::go_on) return then;
        if (lines_.ready()) return fail(ErrorCode::failed, "ExternalIVR: {} went away", request_.words[0]);  // closed
    }
}

Result<void> Conversation::run() {
    dead_ = channel_.hung_up();
    JF_TRY(reader_.spawn("ExternalIVR", [this] { read_lines(); }));
    auto then = converse();
    if (!then && then.error().code == ErrorCode::hangup) {
        if (request_.options.has('i')) {
            tell_prompt("I", "HANGUP");
            dead_ = true;
            const Shield shield;
            then = converse();
        } else {
            tell("H");
        }
    }
    player_.reset();
    if (!then) return std::unexpected(std::move(then).error());
    if (*then == Then::leave && !dead_) return {};
    if (!dead_) channel_.hang_up(HangupCause::normal_clearing);
    return fail(ErrorCode::hangup);
}

Result<void> external_ivr(Channel& channel, const Arguments& arguments) {
    const Request request = JF_TRY(parse(arguments));
    if (channel.hung_up() && !request.options.has('d')) return fail(ErrorCode::hangup);
    if (!channel.hung_up() && !request.options.has('n')) JF_TRY(channel.answer());
    FarSide side = JF_TRY(reach(request.words));
    return Conversation(channel, request, side).run();
}

Result<void> load(Module& module) { return module.add(info, external_ivr); }

}  // namespace

JACKFIELD_MODULE("app_externalivr", "External IVR interface", load)
