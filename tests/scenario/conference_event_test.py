"""Joining calls (RFC 3911) and the conference event package (RFC 4575)."""
import xml.etree.ElementTree as xml

import ami_fixture as ami
import fixture as jt
from endpoint_options_test import SDP, Agent
from presence_test import EventTest

CONFERENCE = "{urn:ietf:params:xml:ns:conference-info}"


class Conferences(EventTest):
    watchers = {"alice": "callerid=\"Alice\" <4001>", "6001": "", "chief": "allow_join=yes\ncallerid=\"Chief\" <4002>", "panel": "watch_conferences=yes"}
    files = {"extensions.conf": "[default]\nexten => _60XX,1,Dial(PJSIP/${EXTEN},20)\nexten => 600,1,Answer()\n same => n,Wait(60)\n",
             "manager.conf": "[general]\nenabled=yes\nbindaddr=@ADDRESS@\nport=5038\n[admin]\nsecret=secret\nread=all\nwrite=all\n"}

    def agent(self, name):
        return Agent(self, name, self.where[name])

    def call(self):
        """Alice and 6001 talk; Alice, and her dialog as Join names it."""
        alice, phone = self.agent("alice"), self.agent("6001")
        alice.invite("6001")
        invite = phone.receive(lambda message: message.method == "INVITE", "INVITE")
        phone.reply(invite, "200 OK", SDP.replace("@WHERE@", phone.where))
        self.assertEqual(200, alice.final().status)
        jt.wait_until(lambda: self.bridges(), 10, "the bridge")
        return alice, f"{alice.call_id};to-tag={alice.to_tag};from-tag={alice.tag}"

    def bridges(self):
        client = ami.Client(self.server).login("admin", "secret")
        try:
            return [item.get("BridgeUniqueid") for item in client.items("BridgeList", "BridgeListComplete")[0]]
        finally:
            client.close()

    def users(self, notify):
        """Version, names and count; of a partial state the names of those who are new or changed."""
        tree = xml.fromstring(notify.body)
        names = [user.find(f"{CONFERENCE}display-text") for user in tree.iter(f"{CONFERENCE}user")]
        return int(tree.get("version")), sorted(name.text for name in names if name is not None), int(tree.find(f".//{CONFERENCE}user-count").text)

    def test_a_call_is_joined_and_the_conference_watched(self):
        alice, dialog = self.call()
        chief, panel = self.agent("chief"), self.agent("panel")
        chief.invite("6001", f"Join: {dialog}\r\nRequire: join\r\n")
        self.assertEqual(200, chief.final().status)
        bridge, = self.bridges()
        panel.answer_with = "200 OK"
        self.assertEqual(200, panel.subscribe(bridge, "conference").status)
        told = panel.wait_notify()
        self.assertEqual(("application/conference-info+xml", "conference"), (told.get("content-type"), told.get("event")))
        version, names, count = self.users(told)
        self.assertEqual((3, True, True), (count, "Alice" in names, "Chief" in names))
        self.assertEqual(200, chief.request("BYE", "6001", {}).status)
        told = panel.wait_notify(lambda message: message.body and self.users(message)[2] == 2, "two who are left")
        tree = xml.fromstring(told.body)
        self.assertEqual((version + 1, []), self.users(told)[:2])
        self.assertEqual(("partial", [("sip:4002@", "deleted")]),
                         (tree.get("state"), [(user.get("entity").partition("@")[0] + "@", user.get("state")) for user in tree.iter(f"{CONFERENCE}user")]))
        # A SUBSCRIBE within the dialog asks for all of it.
        self.assertEqual(200, panel.subscribe(bridge, "conference").status)
        told = panel.wait_notify(lambda message: message.body and self.users(message)[0] == version + 2, "the whole state again")
        self.assertEqual(("full", 2), (xml.fromstring(told.body).get("state"), len(list(xml.fromstring(told.body).iter(f"{CONFERENCE}user")))))
        # One who is not there may not watch it, and what is no conference can't be watched.
        chief.new_dialog()
        self.assertEqual(403, chief.subscribe(bridge, "conference").status)
        panel.new_dialog()
        self.assertEqual(404, panel.subscribe("nowhere", "conference").status)
        alice.request("BYE", "6001", {})
        panel.wait_notify(lambda message: message.get("subscription-state").startswith("terminated"), "the end")

    def test_calls_and_bridges_are_made_seen_and_ended_at_the_console(self):
        self.jackfield.ask("channel originate Local/600@default extension 600@default")
        self.jackfield.ask("channel originate Local/600@default application Wait 60")
        jt.wait_until(lambda: self.jackfield.channels() == 4 and "Wait(60)" in self.jackfield.ask("core show channels"), 10, "two calls of two channels")
        self.assertNotEqual(0, self.jackfield.cli("channel originate nonsense application Wait", check=False).returncode)
        self.jackfield.ask("channel originate Local/nowhere@default application Wait 1")
        self.jackfield.wait_for_log("channel originate Local/nowhere@default: CHANUNAVAIL")
        self.jackfield.ask("channel request hangup all")
        self.jackfield.wait_idle()
        self.call()
        bridge, = self.bridges()
        self.assertRegex(self.jackfield.ask("bridge show all"), rf"(?m)^{bridge} +2 basic +simple_bridge +00:00:")
        shown = self.jackfield.ask(f"bridge show {bridge}")
        self.assertIn(f"Id: {bridge}\nType: basic\nTechnology: simple_bridge\n", shown)
        names = [line.split()[1] for line in shown.splitlines() if line.startswith("Channel: ")]
        self.assertEqual(2, len(names))
        self.assertNotEqual(0, self.jackfield.cli(f"bridge kick {bridge} nobody", check=False).returncode)
        self.assertIn(f"Kicking channel '{names[0]}' from bridge '{bridge}'", self.jackfield.ask(f"bridge kick {bridge} {names[0]}"))
        jt.wait_until(lambda: not self.bridges(), 10, "the end of the bridge")
        self.jackfield.wait_idle()
        self.assertNotEqual(0, self.jackfield.cli(f"bridge destroy {bridge}", check=False).returncode)

    def test_what_can_not_be_joined_is_refused_as_rfc_3911_says(self):
        alice, dialog = self.call()
        chief, panel = self.agent("chief"), self.agent("panel")
        for who, headers, status in ((panel, f"Join: {dialog}", 403), (chief, "Join: nothing;to-tag=a;from-tag=b", 481), (chief, "Join: nonsense", 400),
                                     (chief, f"Join: {dialog}\r\nJoin: {dialog}", 400), (chief, f"Join: {dialog}\r\nReplaces: {dialog}", 400)):
            who.invite("6001", headers + "\r\n")
            self.assertEqual(status, who.final().status, headers)
        alice.request("BYE", "6001", {})
        self.jackfield.ask("channel request hangup all")
        self.jackfield.wait_idle()
        alice.invite("600")
        self.assertEqual(200, alice.final().status)
        chief.invite("600", f"Join: {alice.call_id};to-tag={alice.to_tag};from-tag={alice.tag}\r\n")
        self.assertEqual(488, chief.final().status)
        alice.request("BYE", "600", {})


if __name__ == "__main__":
    jt.main()
