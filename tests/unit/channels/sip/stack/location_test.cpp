// Registrations.
#include "channels/sip/stack/location.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <malloc.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

struct Locations : LocationListener {
    Instant now{100h};
    LocationTable table{now, this};
    RegistrationLimits settings{.max_contacts = 2};
    Flow flow{1, false, SocketAddress::parse("192.0.2.9:5070").value()};
    std::string log;
    unsigned cseq = 0;

    void on_bound(const Binding& binding, bool refreshed) override {
        log += (refreshed ? "~" : "+") + std::string(binding.contact().substr(4)) + " ";
    }
    void on_unbound(const Binding& binding, Unbound why) override {
        log += (why == Unbound::expired    ? "x"
                : why == Unbound::replaced ? "!"
                                           : "-") +
               std::string(binding.contact().substr(4)) + " ";
    }

    RegisterResult send(std::string_view headers, unsigned number = 0, std::string_view call_id = "c") {
        ParseResult request = parse_message(
            "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nTo: <sip:a@pbx>\r\nFrom: "
            "<sip:a@pbx>;tag=f\r\n"
            "Call-ID: " +
            std::string(call_id) + "\r\nCSeq: " + std::to_string(number != 0 ? number : ++cseq) + " REGISTER\r\n" +
            std::string(headers) + "Content-Length: 0\r\n\r\n");
        CPPUNIT_ASSERT(request.verdict == Verdict::accept);
        return table.process("a", settings, request.message, flow, now);
    }
    std::string took() { return std::exchange(log, {}); }
};

class LocationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LocationTest);
    CPPUNIT_TEST(binds_refreshes_and_removes);
    CPPUNIT_TEST(expirations_are_bounded);
    CPPUNIT_TEST(the_wildcard_removes_all_under_its_rules);
    CPPUNIT_TEST(old_requests_change_nothing);
    CPPUNIT_TEST(contacts_beyond_the_maximum_are_refused);
    CPPUNIT_TEST(or_push_out_the_first_to_expire);
    CPPUNIT_TEST(or_only_the_unavailable);
    CPPUNIT_TEST(equivalent_uris_are_one_contact);
    CPPUNIT_TEST(a_flow_is_known_by_instance_and_reg_id);
    CPPUNIT_TEST(flows_need_a_client_and_a_first_hop_that_keep_them);
    CPPUNIT_TEST(path_is_told_to_who_supports_it);
    CPPUNIT_TEST(bad_contacts_change_nothing);
    CPPUNIT_TEST(of_a_contact_given_twice_the_last_counts);
    CPPUNIT_TEST(bindings_expire_in_time);
    CPPUNIT_TEST(expiry_goes_on_where_it_stopped);
    CPPUNIT_TEST(the_response_lists_all_contacts);
    CPPUNIT_TEST(contacts_come_by_preference);
    CPPUNIT_TEST(paths_and_restored_bindings_are_kept);
    CPPUNIT_TEST(a_hundred_thousand_fit_in_200_mebibytes);
    CPPUNIT_TEST_SUITE_END();

  public:
    void binds_refreshes_and_removes() {
        Locations world;
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.send("Contact: <sip:1@h>\r\n").bindings.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.send("Contact: <sip:2@h>;expires=60\r\n").bindings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h +2@h "), world.took());
        world.now += 30s;
        const auto result = world.send("Contact: <sip:2@h>\r\nExpires: 120\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("~2@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(120l, long(world.table.find("a", "sip:2@h")->remaining(world.now).count()));
        CPPUNIT_ASSERT_EQUAL(3570l, long(world.table.find("a", "sip:1@h")->remaining(world.now).count()));
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.send("").bindings.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.send("Contact: <sip:1@h>;expires=0\r\n").bindings.size());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.send("Contact: <sip:2@h>\r\nExpires: 0\r\n").bindings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("-1@h -2@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.table.addresses());
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: <sip:2@h>;expires=0\r\n").status);
    }

    void expirations_are_bounded() {
        Locations world;
        const auto brief = world.send("Contact: <sip:1@h>;expires=59\r\n");
        CPPUNIT_ASSERT_EQUAL(423, brief.status);
        CPPUNIT_ASSERT(brief.min_expires == 60s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.table.bindings());
        world.send("Contact: <sip:1@h>;expires=10000000000000000000\r\n");
        CPPUNIT_ASSERT_EQUAL(7200l, long(world.table.find("a", "sip:1@h")->remaining(world.now).count()));
    }

    void the_wildcard_removes_all_under_its_rules() {
        Locations world;
        world.send("Contact: <sip:1@h>, <sip:2@h>\r\n");
        CPPUNIT_ASSERT_EQUAL(400, world.send("Contact: *\r\n").status);
        CPPUNIT_ASSERT_EQUAL(400, world.send("Contact: *\r\nExpires: 60\r\n").status);
        CPPUNIT_ASSERT_EQUAL(400, world.send("Contact: *, <sip:1@h>\r\nExpires: 0\r\n").status);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.table.bindings());
        CPPUNIT_ASSERT(world.send("Contact: *\r\nExpires: 0\r\n").bindings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h +2@h -1@h -2@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: *\r\nExpires: 0\r\n").status);
    }

    void old_requests_change_nothing() {
        Locations world;
        world.send("Contact: <sip:1@h>\r\n", 10);
        CPPUNIT_ASSERT_EQUAL(500, world.send("Contact: <sip:1@h>;expires=0\r\n", 9).status);
        CPPUNIT_ASSERT_EQUAL(500, world.send("Contact: *\r\nExpires: 0\r\n", 9).status);
        CPPUNIT_ASSERT_EQUAL(500, world.send("Contact: <sip:2@h>, <sip:1@h>\r\n", 9).status);
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h "), world.took());
        // The same one again is harmless, and another Call-ID counts for itself.
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: <sip:1@h>\r\n", 10).status);
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: <sip:1@h>;expires=0\r\n", 1, "other").status);
    }

    void contacts_beyond_the_maximum_are_refused() {
        Locations world;
        world.send("Contact: <sip:1@h>, <sip:2@h>\r\n");
        CPPUNIT_ASSERT_EQUAL(403, world.send("Contact: <sip:3@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: <sip:2@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: <sip:2@h>;expires=0, <sip:3@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(403, world.send("Contact: <sip:4@h>, <sip:5@h>, <sip:6@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h +2@h ~2@h -2@h +3@h "), world.took());
        Locations closed;
        closed.settings.max_contacts = 0;
        CPPUNIT_ASSERT_EQUAL(403, closed.send("Contact: <sip:1@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(200, closed.send("").status);
    }

    void or_push_out_the_first_to_expire() {
        Locations world;
        world.settings.remove_existing = true;
        world.send("Contact: <sip:1@h>;expires=600, <sip:2@h>;expires=300\r\n");
        const auto result = world.send("Contact: <sip:3@h>\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h +2@h !2@h +3@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), result.bindings.size());
        world.table.find("a", "sip:3@h")->set_available(false);
        world.settings.remove_unavailable = true;
        world.send("Contact: <sip:4@h>\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("!3@h +4@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(403, world.send("Contact: <sip:5@h>, <sip:6@h>, <sip:7@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(std::string(), world.took());
    }

    void or_only_the_unavailable() {
        Locations world;
        world.settings.remove_unavailable = true;
        world.send("Contact: <sip:1@h>, <sip:2@h>\r\n");
        CPPUNIT_ASSERT_EQUAL(403, world.send("Contact: <sip:3@h>\r\n").status);
        world.table.find("a", "sip:2@h")->set_available(false);
        CPPUNIT_ASSERT_EQUAL(200, world.send("Contact: <sip:3@h>\r\n").status);
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h +2@h !2@h +3@h "), world.took());
    }

    void equivalent_uris_are_one_contact() {
        Locations world;
        world.send("Contact: <sip:1@host.example.com;transport=TCP>\r\n");
        world.send("Contact: <sip:%31@HOST.example.com;transport=tcp>\r\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.table.bindings());
        world.send("Contact: <sip:1@host.example.com>\r\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.table.bindings());
    }

    void a_flow_is_known_by_instance_and_reg_id() {
        Locations world;
        world.settings.max_contacts = 3;
        const std::string outbound = "Supported: outbound\r\nContact: <sip:1@h:";
        CPPUNIT_ASSERT(world.send(outbound + "5>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n", 9, "c1").outbound);
        world.send(outbound + "5>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n", 1, "c2");  // after a restart: an older CSeq
        world.send(outbound + "6>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h:5 ~1@h:5 !1@h:5 +1@h:6 "), world.took());
        // One contact by two flows; another device at the same address.
        world.send(outbound + "6>;reg-id=2;+sip.instance=\"<urn:uuid:1>\"\r\n");
        world.send(outbound + "6>;reg-id=1;+sip.instance=\"<urn:uuid:2>\"\r\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t(3), world.table.bindings());
        const Binding* const flow = world.table.find("a", "\"<urn:uuid:1>\";reg-id=2");
        CPPUNIT_ASSERT(flow && flow->outbound() && flow->contact() == "sip:1@h:6");
        CPPUNIT_ASSERT(world.table.has_instance("a", "\"<urn:uuid:2>\"", world.now) && !world.table.has_instance("a", "\"<urn:uuid:3>\"", world.now));
        world.send(outbound + "6>;reg-id=2;+sip.instance=\"<urn:uuid:1>\";expires=0\r\n");
        CPPUNIT_ASSERT(!world.table.find("a", "\"<urn:uuid:1>\";reg-id=2") && world.table.find("a", "\"<urn:uuid:1>\";reg-id=1"));
    }

    void flows_need_a_client_and_a_first_hop_that_keep_them() {
        Locations world;
        const std::string contact = "Contact: <sip:1@h:5>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n", hop = "Via: SIP/2.0/UDP far;branch=z9hG4bKb\r\n";
        auto result = world.send(contact);
        CPPUNIT_ASSERT(result.status == 200 && !result.outbound && !result.bindings.front()->outbound());
        result = world.send("Supported: outbound\r\nContact: <sip:1@h:5>;reg-id=1\r\n");
        CPPUNIT_ASSERT(result.status == 200 && !result.outbound);
        CPPUNIT_ASSERT_EQUAL(400, world.send("Supported: outbound\r\nContact: <sip:2@h>\r\n" + contact).status);
        CPPUNIT_ASSERT_EQUAL(439, world.send("Supported: outbound\r\n" + hop + contact).status);
        CPPUNIT_ASSERT_EQUAL(439, world.send("Supported: outbound, path\r\nPath: <sip:edge;lr>\r\n" + hop + contact).status);
        CPPUNIT_ASSERT(world.send("Supported: outbound, path\r\nPath: <sip:token@edge;lr;ob>\r\n" + hop + contact).outbound);
    }

    void path_is_told_to_who_supports_it() {
        Locations world;
        const std::string path = "Path: <sip:p2;lr>\r\nPath: <sip:p1;lr>\r\nContact: <sip:1@h>;expires=60\r\n";
        std::string text;
        MessageWriter writer(text);
        LocationTable::write(writer, world.send("Supported: path\r\n" + path), world.now, [](const Binding&) { return ";more"; });
        CPPUNIT_ASSERT_EQUAL(std::string("Path: <sip:p2;lr>, <sip:p1;lr>\r\nContact: <sip:1@h>;expires=60;more\r\n"), text);
        const auto silent = world.send(path);
        CPPUNIT_ASSERT(silent.path.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("<sip:p2;lr>, <sip:p1;lr>"), std::string(silent.bindings.front()->path()));
    }

    void bad_contacts_change_nothing() {
        Locations world;
        for (const std::string_view bad :
             {"Contact: <sip:1@h>, <sip:2@\r\n", "Contact: <sip:1@h>, <mailto:x@y>\r\n",
              "Contact: <sip:1@h>, sip:user@h?Route=%3Csip:x%3E\r\n", "Contact: <sip:1@h>;q=7\r\n"})
            CPPUNIT_ASSERT_EQUAL(400, world.send(bad).status);
        std::string many = "Contact: <sip:0@h>";
        for (int i = 1; i < 65; ++i) many += ", <sip:" + std::to_string(i) + "@h>";
        CPPUNIT_ASSERT_EQUAL(400, world.send(many + "\r\n").status);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.table.bindings());
    }

    void of_a_contact_given_twice_the_last_counts() {
        Locations world;
        world.send("Contact: <sip:1@h>\r\n");
        world.send("Contact: <sip:1@h>;expires=0, <sip:1@h>;expires=0\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h -1@h "), world.took());
        world.send("Contact: <sip:2@h>;expires=60, <sip:2@h>;expires=70, <sip:3@h>\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("+2@h +3@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(70l, long(world.table.find("a", "sip:2@h")->remaining(world.now).count()));
    }

    void bindings_expire_in_time() {
        Locations world;
        world.settings.maximum_expiration = 10000s;
        world.send("Contact: <sip:1@h>;expires=60, <sip:2@h>;expires=9000\r\n");
        for (int i = 0; i < 60; ++i) {
            world.table.expire(world.now += 1s);
            CPPUNIT_ASSERT_EQUAL(std::size_t(i < 59 ? 2 : 1), world.table.find("a", world.now).size());
        }
        for (int i = 60; i < 9000; ++i) {
            CPPUNIT_ASSERT(world.table.bindings() >= 1);
            world.table.expire(world.now += 1s);
        }
        world.table.expire(world.now += 2s);
        CPPUNIT_ASSERT_EQUAL(std::string("+1@h +2@h x1@h x2@h "), world.took());
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.table.addresses());
        // Also after a stop longer than the calendar, and when a REGISTER finds it first.
        world.send("Contact: <sip:1@h>;expires=60\r\n");
        world.now += 100h;
        CPPUNIT_ASSERT(world.send("").bindings.empty());
        world.send("Contact: <sip:1@h>;expires=60\r\n");
        world.now += 100h;
        world.table.expire(world.now);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.table.bindings());
    }

    void expiry_goes_on_where_it_stopped() {
        Locations world;
        world.settings.max_contacts = 10;
        world.send("Contact: <sip:1@h>;expires=60, <sip:2@h>;expires=60, <sip:3@h>;expires=61\r\n");
        world.now += 70s;
        CPPUNIT_ASSERT(world.table.expire(world.now, 2));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.table.bindings());
        CPPUNIT_ASSERT(!world.table.expire(world.now, 2));
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), world.table.bindings());
    }

    void the_response_lists_all_contacts() {
        Locations world;
        world.send("Contact: <sip:1@h>;q=0.5;expires=100\r\n");
        world.now += 500ms;
        const auto result = world.send("Supported: outbound\r\nContact: <sip:2@h>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n");
        std::string text;
        MessageWriter writer(text);
        LocationTable::write(writer, result, world.now);
        CPPUNIT_ASSERT_EQUAL(std::string("Require: outbound\r\nContact: <sip:2@h>;expires=3600;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n"
                                         "Contact: <sip:1@h>;expires=100;q=0.500\r\n"),
                             text);
        std::string refused;
        MessageWriter other(refused);
        LocationTable::write(other, world.send("Contact: <sip:2@h>;expires=1\r\n"), world.now);
        CPPUNIT_ASSERT_EQUAL(std::string("Min-Expires: 60\r\n"), refused);
    }

    void contacts_come_by_preference() {
        Locations world;
        world.settings.max_contacts = 3;
        world.send("Contact: <sip:1@h>;q=0.1, <sip:2@h>, <sip:3@h>;q=0.7\r\n");
        const auto found = world.table.find("a", world.now);
        CPPUNIT_ASSERT(found[0]->contact() == "sip:2@h" && found[1]->contact() == "sip:3@h" &&
                       found[2]->contact() == "sip:1@h");
        CPPUNIT_ASSERT(world.table.find("b", world.now).empty());
    }

    void paths_and_restored_bindings_are_kept() {
        Locations world;
        world.send("Contact: <sip:1@h>\r\nPath: <sip:p1;lr>\r\nPath: <sip:p2;lr>\r\nUser-Agent: Phone\r\n");
        const Binding& binding = *world.table.find("a", "sip:1@h");
        CPPUNIT_ASSERT(binding.path() == "<sip:p1;lr>, <sip:p2;lr>");
        CPPUNIT_ASSERT(binding.user_agent() == "Phone" && binding.call_id() == "c" && binding.aor() == "a");
        CPPUNIT_ASSERT(binding.flow() == world.flow);
        world.table.restore("b", {.contact = "sip:9@h", .call_id = "x", .cseq = 4}, world.now + 60s);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), world.table.addresses());
        std::size_t seen = 0;
        world.table.for_each([&](const Binding&) { ++seen; });
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), seen);
        world.table.remove(*world.table.find("b", "sip:9@h"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), world.table.addresses());
    }

    void a_hundred_thousand_fit_in_200_mebibytes() {
        Locations world;
        const std::size_t before = mallinfo2().uordblks;
        for (int i = 0; i < 100'000; ++i) {
            const std::string aor = "extension-" + std::to_string(i);
            world.table.restore(aor,
                                {.contact = "sip:extension@192.0.2.99:50600;transport=udp;ob;line=0123456789abcdef",
                                 .call_id = "0123456789abcdef0123456789abcdef@192.0.2.99",
                                 .user_agent = "Some Phone Model 123 with firmware 1.2.3.4",
                                 .instance = "\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\""},
                                world.now + 1h);
            world.log.clear();
        }
        const std::size_t used = mallinfo2().uordblks - before;
        CPPUNIT_ASSERT_EQUAL(std::size_t(100'000), world.table.bindings());
        CPPUNIT_ASSERT(used < 200u * 1024 * 1024);
        CPPUNIT_ASSERT(world.table.find("extension-77777", world.now).size() == 1);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(LocationTest);

}  // namespace
