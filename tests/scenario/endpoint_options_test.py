"""Options of pjsip.conf's endpoint and auth whose effect is seen in single messages."""
import random
import re
import socket
import struct

import fixture as jt
from presence_test import EventTest, Watcher

SDP = ("v=0\r\no=- 1 1 IN IP4 @WHERE@\r\ns=-\r\nc=IN IP4 @WHERE@\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")


class Agent(Watcher):
    """A user agent that calls and is called; requests that come are answered by the test."""

    def __init__(self, test, user, where):
        super().__init__(test, user, where)
        self.answer_with = None

    def reply(self, request, status, body="", tag="there", headers=""):
        echoed = "".join(f"{name}: {value}{f';tag={tag}' if name == 'to' and 'tag=' not in value else ''}\r\n"
                         for name, value in request.headers if name in ("via", "from", "to", "call-id", "cseq", "record-route"))
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(f"SIP/2.0 {status}\r\n{echoed}Contact: <sip:{self.user}@{self.where}:5060>\r\n{headers}{kind}Content-Length: {len(body)}\r\n\r\n{body}")

    def invite(self, number, headers="", sdp=SDP):
        """Sends an INVITE in a new dialog and returns at once."""
        self.new_dialog()
        self.cseq, body = 1, sdp.replace("@WHERE@", self.where)
        self.branch = f"z9hG4bK{random.randrange(1 << 60):x}"
        self.send(f"INVITE sip:{number}@{self.server} SIP/2.0\r\nVia: SIP/2.0/UDP {self.where}:5060;branch={self.branch}\r\n"
                  f"From: <sip:{self.user}@{self.server}>;tag={self.tag}\r\nTo: <sip:{number}@{self.server}>\r\nCall-ID: {self.call_id}\r\n"
                  f"CSeq: 1 INVITE\r\nContact: <sip:{self.user}@{self.where}:5060>\r\nMax-Forwards: 70\r\n{headers}"
                  f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    def final(self, seconds=10):
        """The final answer to it, acknowledged; what came before it is in `provisional`."""
        self.provisional = []

        def wanted(message):
            if 100 <= message.status < 200:
                self.provisional.append(message.status)
            return message.status >= 200 and message.get("cseq") == "1 INVITE"
        answer = self.receive(wanted, "the answer to INVITE", seconds)
        self.to_tag = answer.get("to").partition("tag=")[2]
        success = answer.status < 300
        branch = f"z9hG4bK{random.randrange(1 << 60):x}" if success else self.branch
        uri = re.search(r"<(.*?)>", answer.get("contact" if success else "to")).group(1)
        self.send(f"ACK {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self.where}:5060;branch={branch}\r\nFrom: <sip:{self.user}@{self.server}>;tag={self.tag}\r\n"
                  f"To: {answer.get('to')}\r\nCall-ID: {self.call_id}\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
        return answer


class EndpointOptions(EventTest):
    watchers = {"alice": "suppress_q850_reason_headers=yes\nrefer_blind_progress=no\nallow_overlap=yes\noverlap_context=numbers",
                "6001": "user_eq_phone=yes\nignore_183_without_sdp=yes\nsend_pai=yes", "6002": "rtcp_xr=yes\ncomfort_noise=yes"}
    objects = ("[global]\ntype=global\ndefault_auth_algorithms_uas=sha-512-256,md5\n"
               "[open](phone)\nauth=secret\nallow_unauthenticated_options=yes\n[shut](phone)\nauth=secret\n"
               "[secret]\ntype=auth\nusername=open\npassword=hard\n[plain]\ntype=auth\nusername=x\npassword=y\nsupported_algorithms_uas=SHA-256\n")
    files = {"extensions.conf": "[default]\nexten => _60XX,1,Dial(PJSIP/${EXTEN},20)\nexten => 600,1,Answer()\n same => n,Wait(60)\nexten => 601,1,Answer()\n same => n,Echo()\n"
                                "[numbers]\nexten => _77XXXX,1,NoOp()\n"}

    def agent(self, name):
        return Agent(self, name, self.where[name])

    def test_options_are_answered_without_a_challenge_where_that_is_allowed(self):
        agent = Agent(self, "open", self.address())
        self.assertEqual(200, agent.request("OPTIONS", "open", {}, to_tag="").status)
        agent.user = "shut"
        refused = agent.request("OPTIONS", "shut", {}, to_tag="")
        challenges = [value for name, value in refused.headers if name == "www-authenticate"]
        self.assertEqual(["SHA-512-256", "MD5"], [re.search(r"algorithm=([\w-]+)", value).group(1) for value in challenges])
        self.assertIn("SHA-256", self.jackfield.ask("pjsip show auth plain"))

    def test_a_183_without_a_description_and_causes_are_kept_to_ourselves(self):
        alice, phone = self.agent("alice"), self.agent("6001")
        for number, expected in (("6001", [180]), ("6002", [183])):
            callee = phone if number == "6001" else self.agent("6002")
            alice.invite(number)
            invite = callee.receive(lambda message: message.method == "INVITE", "INVITE")
            callee.reply(invite, "183 Session Progress")
            if number == "6001":
                callee.reply(invite, "180 Ringing")
            callee.reply(invite, "486 Busy Here")
            answer = alice.final()
            self.assertEqual((486, expected, ""), (answer.status, [each for each in alice.provisional if each > 100], answer.get("reason")))

    def test_comfort_noise_and_extended_reports_are_answered_and_offered_where_that_is_wanted(self):
        wanted = SDP.replace("AVP 0\r\n", "AVP 0 13\r\n") + "a=rtcp-xr:stat-summary=loss voip-metrics\r\n"
        alice, callees = self.agent("alice"), {name: self.agent(name) for name in ("6001", "6002")}
        for number, sdp, noise, reports in (("6001", SDP, False, False), ("6001", wanted, True, False), ("6002", SDP, True, True)):
            callee = callees[number]
            alice.invite(number, sdp=sdp)
            invite = callee.receive(lambda message: message.method == "INVITE", "INVITE")
            callee.reply(invite, "486 Busy Here")
            self.assertEqual(486, alice.final().status)
            self.assertEqual((noise, reports), (bool(re.search(r"^m=audio \d+ RTP/AVP .*\b13\b", invite.body, re.M)), "a=rtcp-xr:" in invite.body), invite.body)
        for sdp, line, reports in ((SDP, " 0", ""), (wanted, " 0 13", "a=rtcp-xr:stat-summary=loss,dup,jitt voip-metrics\r\n")):
            alice.invite("600", sdp=sdp)
            answer = alice.final()
            self.assertEqual(200, answer.status)
            self.assertRegex(answer.body, rf"m=audio \d+ RTP/AVP{line}\r\n")
            self.assertEqual(reports, "".join(re.findall(r"a=rtcp-xr:.*?\r\n", answer.body)))
            self.assertEqual(200, alice.request("BYE", "600", {}).status)

    def test_what_the_far_side_tells_of_quality_is_shown(self):
        alice = self.agent("alice")
        alice.invite("601")
        answer = alice.final()
        here = (self.server, int(re.search(r"m=audio (\d+)", answer.body)[1]))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reports:
            media.bind((alice.where, 6000))
            reports.bind((alice.where, 6001))
            media.settimeout(10 * jt.SLOWNESS)
            for sequence in range(20):  # until the source is learnt
                media.sendto(struct.pack(">BBHII", 0x80, 0, sequence, 160 * sequence, 9) + b"\x55" * 160, here)
            ours = media.recv(2048)[8:12]
            metrics = ours + bytes((64, 0, 128, 0)) + struct.pack(">HHHH", 500, 6000, 80, 40) + bytes((127, 127, 127, 16, 127, 127, 43, 127, 0, 0)) + bytes(6)
            reports.sendto(struct.pack(">BBHI", 0x80, 201, 1, 9) + struct.pack(">BBHI", 0x80, 207, 10, 9) + struct.pack(">BBH", 7, 0, 8) + metrics,
                           (here[0], here[1] + 1))
            jt.wait_until(lambda: "XR loss=0.250;discard=0.000;burstdensity=0.500;burstms=500;gapdensity=0.000;gapms=6000;rttms=80;delayms=40;moslq=4.3"
                          in self.jackfield.ask("pjsip show channelstats"), 10, "the report in channelstats")
        self.assertEqual(200, alice.request("BYE", "601", {}).status)

    def test_telephone_numbers_are_marked_as_such(self):
        phone = self.agent("6001")
        for name, marked in (("6002", True), ("alice", False)):
            caller = self.agent(name)
            caller.invite("6001")
            invite = phone.receive(lambda message: message.method == "INVITE", "INVITE")
            self.assertRegex(invite.start, r"^INVITE sip:6001@[\d.]+:5060;user=phone SIP")
            self.assertIn(";user=phone>", invite.get("to"))
            self.assertEqual((marked, marked), tuple(";user=phone>" in invite.get(header) for header in ("from", "p-asserted-identity")))
            phone.reply(invite, "486 Busy Here")
            self.assertEqual(486, caller.final().status)

    def test_a_number_that_may_be_dialled_on_is_known_by_the_context_for_that(self):
        alice = self.agent("alice")
        for number, status in (("77", 484), ("60", 404)):
            alice.invite(number)
            self.assertEqual(status, alice.final().status, number)

    def test_a_blind_transfer_succeeds_at_once_where_its_progress_is_not_wanted(self):
        alice = self.agent("alice")
        alice.invite("600")
        self.assertEqual(200, alice.final().status)
        alice.answer_with = "200 OK"
        self.assertEqual(202, alice.request("REFER", "600", {"Refer-To": f"<sip:600@{self.server}>"}).status)
        told = alice.wait_notify()
        self.assertEqual(("SIP/2.0 200 OK\r\n", True), (told.body, told.get("subscription-state").startswith("terminated")))
        alice.request("BYE", "600", {})


if __name__ == "__main__":
    jt.main()
