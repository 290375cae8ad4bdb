"""What we subscribe to at other servers: a second Jackfield, and a server that behaves as the test says."""
import re

import ami_fixture as ami
import dns_fixture
import fixture as jt
from presence_test import Watcher

SYSTEM = "[system]\ntype=system\ntimer_t1=50\ntimer_b=3200\n"
MANAGER = "[general]\nenabled=yes\nbindaddr=@ADDRESS@\nport=5038\n[admin]\nsecret=secret\nread=all\nwrite=all\n"


def subscription(name, uri, event, extra=""):
    return f"[{name}]\ntype=outbound-subscription\nserver_uri={uri}\nevent={event}\n{extra}\n"


class Server(Watcher):
    """The notifier's side of one subscription: answers SUBSCRIBE as told, and sends NOTIFYs."""

    def __init__(self, test, where, server=None):
        super().__init__(test, "server", where)
        self.server = server or test.server
        self.answer_with, self.own_cseq = None, 100

    def wait_subscribe(self, seconds=10):
        return self.wait_request("SUBSCRIBE", seconds)

    def wait_request(self, method, seconds=10):
        def wanted(message):
            return message.method == method and self.key(message) not in self.seen
        message = self.receive(wanted, method, seconds)
        self.seen.add(self.key(message))
        return message

    @staticmethod
    def key(message):
        return message.get("call-id"), message.get("cseq")

    def reply(self, request, status, **headers):
        echoed = "".join(f"{name}: {value}{';tag=server' if name == 'to' and 'tag=' not in value else ''}\r\n"
                         for name, value in request.headers if name in ("via", "from", "to", "call-id", "cseq"))
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.send(f"SIP/2.0 {status}\r\n{echoed}Contact: <sip:server@{self.where}:5060>\r\n{more}Content-Length: 0\r\n\r\n")

    def notify(self, subscribe, state, body="", kind="application/dialog-info+xml", event=None, dialog=True):
        """Sends a NOTIFY within the dialog of that SUBSCRIBE and returns the status of its answer."""
        self.own_cseq += 1
        target = re.search(r"<(.*?)>", subscribe.get("contact")).group(1)
        own = subscribe.get("to") if "tag=" in subscribe.get("to") else subscribe.get("to") + ";tag=server"
        self.send(f"NOTIFY {target} SIP/2.0\r\nVia: SIP/2.0/UDP {self.where}:5060;branch=z9hG4bK{self.own_cseq}{self.where}\r\nFrom: {own}\r\n"
                  f"To: {subscribe.get('from')}\r\nCall-ID: {subscribe.get('call-id') if dialog else 'other'}\r\nCSeq: {self.own_cseq} NOTIFY\r\n"
                  f"Contact: <sip:server@{self.where}:5060>\r\nMax-Forwards: 70\r\nEvent: {event or subscribe.get('event')}\r\nSubscription-State: {state}\r\n"
                  + (f"Content-Type: {kind}\r\n" if body else "") + f"Content-Length: {len(body)}\r\n\r\n{body}")
        return self.receive(lambda message: message.status >= 200 and message.get("cseq") == f"{self.own_cseq} NOTIFY", "the answer to NOTIFY").status


def dialogs(*states, full=True, version=0):
    inner = "".join(f"<dialog id='{name}' direction='recipient'><state>{state}</state></dialog>" for name, state in states)
    return (f"<?xml version='1.0'?><dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='{version}' state='{'full' if full else 'partial'}' "
            f"entity='sip:lamp@x'>{inner}</dialog-info>")


class Subscribing(jt.ScenarioTest):
    def state(self, name="remote", daemon=None):
        return (daemon or self.jackfield).ask(f"dialplan eval function DEVICE_STATE(Remote:{name})")

    def wait_state(self, wanted, name="remote", daemon=None):
        jt.wait_until(lambda: wanted in self.state(name, daemon), 10, f"{wanted} of {name}")

    def begin(self, *objects, system=SYSTEM, **options):
        self.jackfield = self.daemon({"pjsip.conf": jt.TRANSPORT + system + jt.PHONE_TEMPLATE + "".join(objects), "manager.conf": MANAGER,
                                      "extensions.conf": "[default]\nexten => lamp,hint,Remote:remote\n"}, **options)

    def test_states_of_another_jackfield_are_seen_here(self):
        other = self.address()
        branch = "[branch](phone)\nauth=branch\nsubscribe_context=default\n[branch]\ntype=auth\nusername=branch\npassword=secret\n"
        there = self.daemon({"pjsip.conf": jt.TRANSPORT + SYSTEM + jt.PHONE_TEMPLATE + branch + "[box]\ntype=aor\nmailboxes=7@far\n", "manager.conf": MANAGER,
                             "extensions.conf": "[default]\nexten => lamp,hint,Custom:lamp,CustomPresence:ann\n"}, address=other)
        common = f"from_uri=sip:branch@{other}\noutbound_auth=far\n"
        far = ami.Client(other).login("admin", "secret")
        self.addCleanup(far.close)
        far.ask("MWIUpdate", Mailbox="7@far", NewMessages=2, OldMessages=1)
        self.begin("[far]\ntype=auth\nusername=branch\npassword=secret\n", subscription("remote", f"sip:lamp@{other}", "dialog", common),
                   subscription("ann", f"sip:lamp@{other}", "presence", common), subscription("box", f"sip:box@{other}", "message-summary", common + "mailbox=9@near\n"))
        near = ami.Client(self.server).login("admin", "secret")
        self.addCleanup(near.close)
        self.wait_state("NOT_INUSE")
        for word, seen in (("INUSE", "INUSE"), ("RINGING", "RINGING"), ("ONHOLD", "ONHOLD"), ("NOT_INUSE", "NOT_INUSE")):
            there.ask(f"devstate change Custom:lamp {word}")
            self.wait_state(seen)
            self.wait_state(seen, "ann")
        self.assertIn("Remote:remote", self.jackfield.ask("core show hints"))
        there.ask("dialplan eval function DEVICE_STATE(Custom:lamp)")
        count = lambda: [near.ask("MailboxCount", Mailbox="9@near").get(key) for key in ("NewMessages", "OldMessages")]
        jt.wait_until(lambda: count() == ["2", "1"], 10, "the counts")
        far.ask("MWIUpdate", Mailbox="7@far", NewMessages=5, OldMessages=1)
        jt.wait_until(lambda: count() == ["5", "1"], 10, "the new counts")
        items, _ = near.items("PJSIPShowSubscriptionsOutbound", "OutboundSubscriptionDetailComplete")
        self.assertEqual([["ann", "ACTIVE", "presence"], ["box", "ACTIVE", "message-summary"], ["remote", "ACTIVE", "dialog"]],
                         [[item.get(key) for key in ("Endpoint", "State", "SubscriptionType")] for item in items])
        self.assertEqual(3, there.ask("pjsip show subscriptions inbound").count("Endpoint: branch"))
        # One that is taken out is ended there too; the others stay.
        text = (self.jackfield.etc / "pjsip.conf").read_text()
        (self.jackfield.etc / "pjsip.conf").write_text(text[:text.index("[ann]")] + text[text.index("[box]"):])
        self.jackfield.ask("core reload")
        jt.wait_until(lambda: there.ask("pjsip show subscriptions inbound").count("Endpoint: branch") == 2, 10, "the end of one")
        self.assertIn("INVALID", self.state("ann"))
        # And all of them when this one stops.
        self.jackfield.stop()
        jt.wait_until(lambda: "0 active subscriptions" in there.ask("pjsip show subscriptions inbound"), 10, "the end of all")

    def test_two_servers_tell_each_other_states_of_devices_and_mailboxes(self):
        other = self.address()

        def objects(peer):
            publish = "".join(f"[{name}]\ntype=outbound-publish\nserver_uri=sip:states@{peer}\nevent=asterisk-{event}\n" for name, event in (("devices", "devicestate"), ("boxes", "mwi")))
            return (f"[peer](phone)\naors=peer\n[peer]\ntype=aor\ncontact=sip:{peer}:5060\n[peer]\ntype=identify\nendpoint=peer\nmatch={peer}\n{publish}"
                    "[states]\ntype=inbound-publication\nendpoint=peer\nevent_asterisk-devicestate=exchange\nevent_asterisk-mwi=exchange\n"
                    "[exchange]\ntype=asterisk-publication\ndevicestate_publish=devices\nmailboxstate_publish=boxes\ndevice_state=yes\nmailbox_state=yes\n"
                    "device_state_filter=^Custom:[^x]\n")

        def wait_device(daemon, name, wanted):
            jt.wait_until(lambda: f" {wanted}" in " " + daemon.ask(f"dialplan eval function DEVICE_STATE(Custom:{name})"), 10, f"{wanted} of {name}")

        def wait_box(client, name, wanted):
            jt.wait_until(lambda: [client.ask("MailboxCount", Mailbox=name).get(key) for key in ("NewMessages", "OldMessages")] == wanted, 10, f"the counts of {name}")
        there = self.daemon({"pjsip.conf": jt.TRANSPORT + SYSTEM + jt.PHONE_TEMPLATE + objects(self.server), "manager.conf": MANAGER, "extensions.conf": "[default]\n"}, address=other)
        there.ask("devstate change Custom:before INUSE")  # nobody is there yet to be told
        self.begin(objects(other))
        far, near = (ami.Client(where).login("admin", "secret") for where in (other, self.server))
        self.addCleanup(far.close)
        self.addCleanup(near.close)
        wait_device(self.jackfield, "before", "INUSE")
        there.ask("devstate change Custom:xsecret INUSE")
        there.ask("devstate change Custom:before RINGING")
        wait_device(self.jackfield, "before", "RINGING")
        self.jackfield.ask("devstate change Custom:after ONHOLD")
        wait_device(there, "after", "ONHOLD")
        self.assertNotIn("INUSE", self.jackfield.ask("dialplan eval function DEVICE_STATE(Custom:xsecret)"))
        far.ask("MWIUpdate", Mailbox="7@far", NewMessages=2, OldMessages=1)
        wait_box(near, "7@far", ["2", "1"])
        near.ask("MWIUpdate", Mailbox="8@near", NewMessages=4, OldMessages=0)
        wait_box(far, "8@near", ["4", "0"])
        there.stop()
        jt.wait_until(lambda: "RINGING" not in self.jackfield.ask("dialplan eval function DEVICE_STATE(Custom:before)"), 10, "the end of what it told")

    def test_partial_states_add_up_and_wrong_notifies_are_refused(self):
        server = Server(self, self.address())
        self.begin(subscription("remote", f"sip:lamp@{server.where}", "dialog"))
        subscribe = server.wait_subscribe()
        self.assertEqual(("dialog", "3600", "application/dialog-info+xml"), tuple(subscribe.get(name) for name in ("event", "expires", "accept")))
        # The NOTIFY overtakes the answer.
        self.assertEqual(200, server.notify(subscribe, "active;expires=3600", dialogs(("a", "confirmed"))))
        server.reply(subscribe, "200 OK", Expires=3600)
        self.wait_state("INUSE")
        self.assertEqual(200, server.notify(subscribe, "active", dialogs(("b", "early"), full=False, version=1)))
        self.wait_state("RINGINUSE")
        self.assertEqual(200, server.notify(subscribe, "active", dialogs(("a", "terminated"), full=False, version=2)))
        self.wait_state("RINGING")
        self.assertEqual(400, server.notify(subscribe, "active", "nonsense"))
        self.assertEqual(415, server.notify(subscribe, "active", "x", kind="text/plain"))
        self.assertEqual(489, server.notify(subscribe, "active", event="presence"))
        self.assertEqual(481, server.notify(subscribe, "active", dialog=False))
        self.assertIn("RINGING", self.state())
        # A state that is over is not known any more; `deactivated` wants us back at once, and only at once.
        self.assertEqual(200, server.notify(subscribe, "terminated;reason=deactivated"))
        again = server.wait_subscribe()
        self.assertNotEqual(subscribe.get("call-id"), again.get("call-id"))
        server.reply(again, "200 OK", Expires=3600)
        self.assertEqual(200, server.notify(again, "active;expires=3600", dialogs()))
        self.wait_state("NOT_INUSE")
        self.assertEqual(200, server.notify(again, "terminated;reason=noresource"))
        self.wait_state("UNAVAILABLE")
        self.assertIn("REJECTED", self.jackfield.ask("pjsip show subscriptions outbound"))
        self.jackfield.wait_for_log("ended it (noresource)")

    def test_intervals_refreshes_and_lost_subscriptions(self):
        server = Server(self, self.address())
        self.begin(subscription("remote", f"sip:lamp@{server.where}", "dialog", "expiration=10"))
        first = server.wait_subscribe()
        server.reply(first, "423 Interval Too Brief", Min_Expires=11)
        longer = server.wait_subscribe()
        self.assertEqual(("11", first.get("call-id")), (longer.get("expires"), longer.get("call-id")))
        server.reply(longer, "200 OK", Expires=1)
        server.notify(longer, "active;expires=1", dialogs(("a", "confirmed")))
        self.wait_state("INUSE")
        refresh = server.wait_subscribe()
        self.assertEqual((longer.get("call-id"), True), (refresh.get("call-id"), "tag=server" in refresh.get("to")))
        # The server has forgotten it: it begins anew.
        server.reply(refresh, "481 Subscription Does Not Exist")
        fresh = server.wait_subscribe()
        self.assertNotEqual(longer.get("call-id"), fresh.get("call-id"))
        self.assertNotIn("tag=", fresh.get("to"))
        server.reply(fresh, "200 OK", Expires=60)
        server.notify(fresh, "active;expires=60", dialogs(("a", "early")))
        self.wait_state("RINGING")

    def test_refusals_are_tried_again_or_told(self):
        server, other = Server(self, self.address()), Server(self, self.address())
        self.begin(subscription("remote", f"sip:lamp@{server.where}", "dialog", "retry_interval=1"), subscription("gone", f"sip:x@{other.where}", "presence"))
        server.reply(server.wait_subscribe(), "404 Not Found")
        other.reply(other.wait_subscribe(), "489 Bad Event")
        again = server.wait_subscribe()
        server.reply(again, "200 OK", Expires=60)
        server.notify(again, "active", dialogs())
        self.wait_state("NOT_INUSE")
        jt.wait_until(lambda: "REJECTED" in self.jackfield.ask("pjsip show subscriptions outbound"), 10, "the rejection")
        self.jackfield.wait_for_log("answered 489")

    def test_the_server_that_works_is_found(self):
        dead, out_of_service, server, name_server = self.address(), Server(self, self.address()), Server(self, self.address()), self.address()
        zone = {("SRV", "_sip._udp.provider.test"): [(place, 0, 5060, f"host{place}.provider.test") for place in range(3)]}
        zone |= {("A", f"host{place}.provider.test"): [where] for place, where in enumerate((dead, out_of_service.where, server.where))}
        names = dns_fixture.NameServer(name_server, zone)
        self.addCleanup(names.close)
        self.begin(subscription("remote", "sip:lamp@provider.test", "dialog"), system=SYSTEM.replace("3200", "500"),
                   wrapper=dns_fixture.wrapper(self.folder, name_server))
        refused = out_of_service.wait_subscribe()
        out_of_service.reply(refused, "503 Service Unavailable")
        taken = server.wait_subscribe()
        self.assertEqual(refused.get("call-id"), taken.get("call-id"))
        server.reply(taken, "200 OK", Expires=60)
        server.notify(taken, "active", dialogs(("a", "confirmed")))
        self.wait_state("INUSE")


class Publishing(jt.ScenarioTest):
    plan = "[default]\nexten => lamp,hint,Custom:lamp\nexten => other,hint,Custom:other\n[private]\nexten => lamp2,hint,Custom:lamp2\n"

    def begin(self, extra="", auth=""):
        self.jackfield = self.daemon({"pjsip.conf": jt.TRANSPORT + SYSTEM + auth + f"[out]\ntype=outbound-publish\n@context=^default$\n@exten=^lamp\n{extra}",
                                      "extensions.conf": self.plan})

    def test_another_jackfield_sees_our_hints(self):
        other = self.address()
        sections = "[branch](phone)\nauth=branch\n[branch]\ntype=auth\nusername=branch\npassword=secret\n[lamp]\ntype=inbound-publication\nendpoint=branch\nevent_presence=yes\n"
        there = self.daemon({"pjsip.conf": jt.TRANSPORT + SYSTEM + jt.PHONE_TEMPLATE + sections, "extensions.conf": "[default]\nexten => 1,1,NoOp()\n"}, address=other)
        self.begin(f"server_uri=sip:{other}\nevent=presence\nmulti_user=yes\noutbound_auth=branch\n",
                   "[branch]\ntype=auth\nusername=branch\npassword=secret\n")
        # From is sip:lamp@..., of which no endpoint is known there: it is refused as a stranger.
        self.jackfield.wait_for_log("not tried again until a reload")
        there.write("pjsip.conf", (there.etc / "pjsip.conf").read_text() + "[branch]\ntype=identify\nendpoint=branch\nmatch=" + self.server + "\n")
        there.ask("core reload")
        self.jackfield.write("pjsip.conf", (self.jackfield.etc / "pjsip.conf").read_text() + "expiration=600\n")
        self.jackfield.ask("core reload")
        seen = lambda field: there.cli(f"dialplan eval function PRESENCE_STATE(PJSIP:lamp,{field})", check=False).stdout
        jt.wait_until(lambda: "Ready" in seen("message"), 10, "the first state")
        self.jackfield.ask("devstate change Custom:lamp INUSE")
        jt.wait_until(lambda: "On the phone" in seen("message"), 10, "the call")
        shown = self.jackfield.ask("pjsip show publications outbound")
        self.assertIn(f"lamp@default at sip:lamp@{other}: Published (last answer 200)", shown)
        self.assertIn("\n1 publications", shown)
        self.jackfield.stop()
        jt.wait_until(lambda: "not_set" in seen("value"), 10, "the end")

    def test_entity_tags_intervals_and_lost_publications(self):
        server = Server(self, self.address())
        self.begin(f"server_uri=sip:states@{server.where}\nevent=dialog\n")
        first = server.wait_request("PUBLISH")
        self.assertEqual(("dialog", "", "application/dialog-info+xml", "3600"), tuple(first.get(name) for name in ("event", "sip-if-match", "content-type", "expires")))
        self.assertIn("sip:states@", first.start)
        server.reply(first, "423 Interval Too Brief", Min_Expires=7200)
        longer = server.wait_request("PUBLISH")
        self.assertEqual(("7200", first.body), (longer.get("expires"), longer.body))
        server.reply(longer, "200 OK", SIP_ETag="one", Expires=1)
        refresh = server.wait_request("PUBLISH")
        self.assertEqual(("one", ""), (refresh.get("sip-if-match"), refresh.body))
        server.reply(refresh, "200 OK", SIP_ETag="two", Expires=600)
        self.jackfield.ask("devstate change Custom:other INUSE")
        self.jackfield.ask("devstate change Custom:lamp INUSE")
        change = server.wait_request("PUBLISH")
        self.assertEqual("two", change.get("sip-if-match"))
        self.assertIn("<state>confirmed</state>", change.body)
        server.reply(change, "412 Conditional Request Failed")
        anew = server.wait_request("PUBLISH")
        self.assertEqual("", anew.get("sip-if-match"))
        self.assertIn("<state>confirmed</state>", anew.body)
        server.reply(anew, "200 OK", SIP_ETag="three", Expires=600)
        # A hint that is gone is not published any more.
        self.jackfield.write("extensions.conf", self.plan.replace("exten => lamp,hint,Custom:lamp\n", ""))
        self.jackfield.ask("core reload")
        gone = server.wait_request("PUBLISH")
        self.assertEqual(("three", "0", ""), (gone.get("sip-if-match"), gone.get("expires"), gone.body))
        server.reply(gone, "200 OK", SIP_ETag="four", Expires=0)


if __name__ == "__main__":
    jt.main()
