#include "core/runtime/resolver.hpp"

#include <arpa/nameser.h>

#include <map>
#include <set>

#include "core/base/clock.hpp"
#include "core/runtime/datagram.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

std::string number(unsigned value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
}
std::string label(const std::string& text) { return number(static_cast<unsigned>(text.size()), 1) + text; }
std::string domain(const std::string& name) {
    std::string out;
    for (std::size_t at = 0; at < name.size();) {
        const auto dot = std::min(name.find('.', at), name.size());
        out += label(name.substr(at, dot - at));
        at = dot + 1;
    }
    return out + '\0';
}
std::string service(unsigned priority, unsigned weight, unsigned port, const std::string& target) {
    return number(priority, 2) + number(weight, 2) + number(port, 2) + domain(target);
}

// A name server on loopback with a zone that the test fills in: (type, name) -> data of the records.
class NameServer {
  public:
    NameServer() {
        socket_ = Datagram::bind(SocketAddress::parse("127.0.0.1").value(), [this](auto batch) {
                      for (const auto& packet : batch) answer(packet);
                  }).value();
        CPPUNIT_ASSERT(set_name_servers({socket_->local().to_string()}));
    }
    void add(int type, const std::string& name, std::string data) { zone_[{type, name}].push_back(std::move(data)); }
    bool silent = false;
    unsigned time_to_live = 60;
    int questions = 0;

  private:
    void answer(const ReceivedDatagram& packet) {
        ++questions;
        if (silent) return;
        const std::string query(packet.bytes.begin(), packet.bytes.end());
        std::string name;
        std::size_t at = 12;
        for (; query[at] != 0; at += static_cast<unsigned char>(query[at]) + 1U)
            name += (name.empty() ? "" : ".") + query.substr(at + 1, static_cast<unsigned char>(query[at]));
        const int type = static_cast<unsigned char>(query[at + 1]) << 8 | static_cast<unsigned char>(query[at + 2]);
        const auto found = zone_.find({type, name});
        const bool known = std::any_of(zone_.begin(), zone_.end(), [&](auto& e) { return e.first.second == name; });
        std::string records;
        unsigned count = 0;
        if (found != zone_.end())
            for (const auto& data : found->second) {
                records += number(0xC00C, 2) + number(static_cast<unsigned>(type), 2) + number(1, 2) +
                           number(time_to_live, 4) + number(static_cast<unsigned>(data.size()), 2) + data;
                ++count;
            }
        const std::string reply = query.substr(0, 2) + number(known ? 0x8180 : 0x8183, 2) + number(1, 2) +
                                  number(count, 2) + number(0, 4) + query.substr(12, at + 5 - 12) + records;
        CPPUNIT_ASSERT(socket_->send({reply.data(), reply.size()}, packet.from));
    }
    std::unique_ptr<Datagram> socket_;
    std::map<std::pair<int, std::string>, std::vector<std::string>> zone_;
};

}  // namespace

class ResolverTest : public LoopTest {
    CPPUNIT_TEST_SUITE(ResolverTest);
    CPPUNIT_TEST(answers_numbers_without_asking);
    CPPUNIT_TEST(finds_addresses_and_caches_them);
    CPPUNIT_TEST(asks_once_for_all_who_ask_at_the_same_time);
    CPPUNIT_TEST(sorts_services_by_priority_and_draws_by_weight);
    CPPUNIT_TEST(finds_naptr_and_txt);
    CPPUNIT_TEST(tells_unknown_names_and_refuses_bad_servers);
    CPPUNIT_TEST(leaves_a_question_behind_when_hung_up);
    CPPUNIT_TEST_SUITE_END();

  public:
    void answers_numbers_without_asking() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.1"), resolve_address("192.0.2.1").value()[0].host());
            CPPUNIT_ASSERT_EQUAL(std::string("2001:db8::1"), resolve_address("2001:db8::1").value()[0].host());
            CPPUNIT_ASSERT(!resolve_address("192.0.2.1", AF_INET6));
            CPPUNIT_ASSERT_EQUAL(0, server.questions);
        });
    }

    void finds_addresses_and_caches_them() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            server.add(ns_t_a, "sip.example.org", {"\xC0\x00\x02\x07", 4});
            server.add(ns_t_a, "sip.example.org", {"\xC0\x00\x02\x08", 4});
            const auto found = resolve_address("sip.example.org", AF_INET).value();
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, found.size());
            const int asked = server.questions;
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, resolve_address("SIP.example.org", AF_INET).value().size());
            CPPUNIT_ASSERT_EQUAL(asked, server.questions);
            CPPUNIT_ASSERT_EQUAL(std::string("127.0.0.1"), resolve_address("localhost", AF_INET).value()[0].host());
        });
    }

    void asks_once_for_all_who_ask_at_the_same_time() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            server.add(ns_t_txt, "example.org", label("x"));
            int good = 0;
            TaskGroup group("askers");
            for (int i = 0; i < 20; ++i)
                CPPUNIT_ASSERT(group.spawn("asker", [&] { good += resolve_txt("example.org").has_value(); }));
            CPPUNIT_ASSERT(group.join(10s));
            CPPUNIT_ASSERT_EQUAL(20, good);
            CPPUNIT_ASSERT_EQUAL(1, server.questions);
        });
    }

    void sorts_services_by_priority_and_draws_by_weight() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            const std::string name = "_sip._udp.example.org";
            server.add(ns_t_srv, name, service(20, 0, 5062, "backup.example.org"));
            server.add(ns_t_srv, name, service(10, 10, 5061, "small.example.org"));
            server.add(ns_t_srv, name, service(10, 90, 5060, "large.example.org"));
            int large_first = 0;
            for (int i = 0; i < 1000; ++i) {
                const auto records = resolve_srv(name).value();
                CPPUNIT_ASSERT_EQUAL(std::size_t{3}, records.size());
                CPPUNIT_ASSERT_EQUAL(std::string("backup.example.org"), records[2].target);
                CPPUNIT_ASSERT(records[0].target != records[1].target);
                large_first += records[0].port == 5060;
            }
            CPPUNIT_ASSERT(large_first > 800 && large_first < 980);
            server.add(ns_t_srv, "_sip._tcp.example.org", service(0, 0, 0, "."));
            CPPUNIT_ASSERT(resolve_srv("_sip._tcp.example.org").error().code == ErrorCode::not_found);
        });
    }

    void finds_naptr_and_txt() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            const auto pointer = [](unsigned order, const std::string& kind, const std::string& target) {
                return number(order, 2) + number(50, 2) + label("s") + label(kind) + label("") + domain(target);
            };
            server.add(ns_t_naptr, "example.org", pointer(20, "SIP+D2T", "_sip._tcp.example.org"));
            server.add(ns_t_naptr, "example.org", pointer(10, "SIP+D2U", "_sip._udp.example.org"));
            const auto pointers = resolve_naptr("example.org").value();
            CPPUNIT_ASSERT_EQUAL(std::size_t{2}, pointers.size());
            CPPUNIT_ASSERT_EQUAL(std::string("SIP+D2U"), pointers[0].service);
            CPPUNIT_ASSERT_EQUAL(std::string("_sip._udp.example.org"), pointers[0].replacement);
            server.add(ns_t_txt, "text.example.org", label("one ") + label("text"));
            CPPUNIT_ASSERT_EQUAL(std::string("one text"), resolve_txt("text.example.org").value()[0]);
        });
    }

    void tells_unknown_names_and_refuses_bad_servers() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            CPPUNIT_ASSERT(resolve_srv("_sip._udp.nowhere.org").error().code == ErrorCode::not_found);
            CPPUNIT_ASSERT(set_name_servers({"nonsense"}).error().code == ErrorCode::invalid);
            CPPUNIT_ASSERT(!set_name_servers({}));
        });
    }

    void leaves_a_question_behind_when_hung_up() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            NameServer server;
            server.silent = true;
            Interrupter channel;
            std::optional<ErrorCode> ended;
            TaskGroup group("asker");
            CPPUNIT_ASSERT(group.spawn("asker", [&] {
                const InterruptScope scope(channel);
                ended = resolve_address("silent.example.org").error().code;
            }));
            CPPUNIT_ASSERT(sleep_for(5ms));
            CPPUNIT_ASSERT(server.questions > 0);
            channel.interrupt(ErrorCode::hangup);
            CPPUNIT_ASSERT(group.join(10s));
            CPPUNIT_ASSERT(ended == ErrorCode::hangup);
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ResolverTest);
