// SIP: messages, session descriptions, transactions.
#include <deque>

#include "channels/sip/stack/message_writer.hpp"
#include "channels/sip/stack/offer_answer.hpp"
#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/sdp.hpp"
#include "channels/sip/stack/transaction.hpp"
#include "tests/bench/pieces/allocations.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

const std::string description =
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=call\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 9 0 8 3 101\r\n"
    "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:3 GSM/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

std::string request(std::string_view method, std::string_view branch, std::string_view body = {}) {
    return std::string(method) + " sip:6002@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=" + std::string(branch) +
           "\r\nMax-Forwards: 70\r\nFrom: \"Phone 6001\" <sip:6001@192.0.2.1>;tag=a73kszlfl\r\nTo: <sip:6002@192.0.2.1>\r\n"
           "Call-ID: f81d4fae-7dec-11d0-a765-00a0c91e6bf6@192.0.2.9\r\nCSeq: 1 " + std::string(method) +
           "\r\nContact: <sip:6001@192.0.2.9:5060>\r\nUser-Agent: A phone 1.0\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE\r\n"
           "Supported: replaces, timer\r\n" + (body.empty() ? "" : "Content-Type: application/sdp\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

void parse_invite(benchmark::State& state) {
    const std::string text = request("INVITE", "z9hG4bK776asdhds", description);
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(parse_message(text));
}
BENCHMARK(parse_invite);

void parse_bye(benchmark::State& state) {
    const std::string text = request("BYE", "z9hG4bK776asdhds");
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(parse_message(text));
}
BENCHMARK(parse_bye);

void serialise_200_to_invite(benchmark::State& state) {
    const ParseResult invite = parse_message(request("INVITE", "z9hG4bK776asdhds", description));
    std::string buffer;
    const bench::CountAllocations counted(state);
    for (auto _ : state) {
        MessageWriter writer(buffer);
        begin_response(writer, invite.message, 200, "OK", "8321234356", {"192.0.2.9", 5060});
        writer.header(HeaderName::contact, "<sip:192.0.2.1:5060>").header(HeaderName::allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE");
        writer.finish("application/sdp", description);
        benchmark::DoNotOptimize(buffer.data());
    }
}
BENCHMARK(serialise_200_to_invite);

void sdp_parse(benchmark::State& state) {
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(parse_sdp(description));
}
BENCHMARK(sdp_parse);

LocalDescription local() {
    LocalDescription made{.connection = {"192.0.2.1", false}};
    made.media.push_back({.port = 10000, .codecs = {{"PCMU", 8000, 1, 0, ""}, {"PCMA", 8000, 1, 8, ""}, {"telephone-event", 8000, 1, 101, "0-16"}}});
    return made;
}

void sdp_answer(benchmark::State& state) {
    const auto offer = parse_sdp(description);
    const LocalDescription ours = local();
    const bench::CountAllocations counted(state);
    for (auto _ : state) {
        const auto answer = make_answer(ours, *offer);
        benchmark::DoNotOptimize(write_sdp(answer->description));
    }
}
BENCHMARK(sdp_answer);

void sdp_offer(benchmark::State& state) {
    const LocalDescription ours = local();
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(write_sdp(make_offer(ours)));
}
BENCHMARK(sdp_offer);

// A network that takes everything and a core that answers every request with 200.
struct World : FlowSender, TransactionCore {
    Instant now{1h};
    StackTimers timers{now};
    TransactionLayer layer{*this, timers, *this};
    const Flow flow{1, false, SocketAddress::parse("192.0.2.9:5060").value()};
    std::size_t sent = 0;

    Result<void> send(const Flow&, std::string_view) override { return ++sent, Result<void>{}; }
    void on_request(IncomingRequest& incoming) override { (void)incoming.respond(200); }
    void on_ack(const Message&, const Flow&) override {}
    void on_late_success(const Message&, const Flow&) override {}
};

// Made, answered and left as a tombstone; those of the last 32 s stand in the table as at 10,000 requests a second.
void transaction_of_a_request(benchmark::State& state) {
    World world;
    std::uint64_t number = 0;
    const auto pass = [&] {
        const std::string text = request("OPTIONS", "z9hG4bKbench" + std::to_string(number++));
        world.layer.receive(std::move(parse_message(text).message), world.flow);
        if (number % 10 == 0) world.timers.advance(world.now += 1ms);
    };
    while (number < 400'000) pass();
    const bench::CountAllocations counted(state);
    for (auto _ : state) pass();
    state.counters["tombstones"] = static_cast<double>(world.layer.counts().tombstones);
}
BENCHMARK(transaction_of_a_request);

void retransmission_meets_a_tombstone(benchmark::State& state) {
    World world;
    std::vector<std::string> texts;
    for (int i = 0; i < state.range(0); ++i) {
        texts.push_back(request("OPTIONS", "z9hG4bKbench" + std::to_string(i)));
        world.layer.receive(std::move(parse_message(texts.back()).message), world.flow);
    }
    std::size_t next = 0;
    const bench::CountAllocations counted(state);
    for (auto _ : state) {
        world.layer.receive(std::move(parse_message(texts[next]).message), world.flow);
        next = next + 1 < texts.size() ? next + 1 : 0;
    }
}
BENCHMARK(retransmission_meets_a_tombstone)->Arg(100)->Arg(100'000);

}  // namespace
