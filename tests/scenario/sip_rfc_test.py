"""Extensions of SIP, one RFC after the other, where no other scenario has them: identities and privacy, redirections, reasons, UUI,
merged requests, Target-Dialog; tests/README.md has the table of all."""
import random
import re
import socket
from xml.sax import saxutils

import fixture as jt
import sip_test

PLAN = """
[default]
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Wait(20)
exten => 700,1,Dial(PJSIP/bob,20)
exten => 800,1,Set(REDIRECTING(from-num)=5551)
 same => n,Set(REDIRECTING(reason)=cfb)
 same => n,Set(REDIRECTING(count)=1)
 same => n,Dial(PJSIP/bob,20)
exten => 801,1,Verbose(1,came from ${REDIRECTING(from-num)} by ${REDIRECTING(reason)} after ${REDIRECTING(count)})
 same => n,Answer()
 same => n,Wait(20)
exten => 802,1,Verbose(1,uui ${PJSIP_HEADER(read,User-to-User)})
 same => n,Set(PJSIP_INHERITABLE_HEADER(add,User-to-User)=${PJSIP_HEADER(read,User-to-User)})
 same => n,Dial(PJSIP/bob,20)
exten => 803,1,Dial(PJSIP/trusted,20)
exten => 900,1,Answer()
 same => n,Verbose(1,transferred to ${EXTEN})
 same => n,Echo()
"""
UUI = "56a390f3d2b7310023;encoding=hex"


class RfcTest(sip_test.SipTest):
    plan = PLAN
    agents = {"alice": "trust_id_inbound=yes", "bob": "send_history_info=yes\nsend_pai=yes", "trusted": "trust_id_outbound=yes\nsend_pai=yes\nsend_rpid=yes"}

    def raw(self, name, text, port=5070):
        """Sends a request from the address of an agent, and gives the function that waits for the next message that comes back."""
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind((self.where[name], port))
        ear.settimeout(5 * jt.SLOWNESS)
        self.addCleanup(ear.close)
        ear.sendto(text.encode(), (self.server, 5060))
        return lambda: ear.recv(65535).decode()

    def request(self, name, method, number, more="", call_id=None, tag="mine", cseq=1, port=5070):
        return (f"{method} sip:{number}@{self.server} SIP/2.0\r\nVia: SIP/2.0/UDP {self.where[name]}:{port};rport;branch=z9hG4bK{random.randrange(1 << 60):x}\r\n"
                f"From: <sip:{name}@{self.where[name]}>;tag={tag}\r\nTo: <sip:{number}@{self.server}>\r\nCall-ID: {call_id or f'{random.randrange(1 << 60):x}'}\r\n"
                f"CSeq: {cseq} {method}\r\nContact: <sip:{name}@{self.where[name]}:{port}>\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n")

    def called(self, number, first, second, to="bob", **values):
        """Alice calls; the INVITE to bob holds both expressions."""
        bob = self.agent(to, "callee_checks", first=saxutils.escape(first), second=saxutils.escape(second))
        alice = self.agent("alice", "caller_stays", number, **values)
        alice.told("tag")
        self.end_all()
        bob.finish()
        alice.finish()

    # --- RFC 3323, 3325 ---
    def test_who_asks_for_privacy_is_anonymous_to_others_and_known_to_the_trusted(self):
        private = 'P-Asserted-Identity: "Alice" <sip:5559@example.com>\n      Privacy: user;id'
        self.called("700", "From: .Anonymous. <sip:anonymous@anonymous.invalid>", "Max-Forwards: 70", extra=private)
        self.called("803", "P-Asserted-Identity: .*<sip:alice@", "Privacy: id", to="trusted", extra=private)

    # --- RFC 5806, 7044 ---
    def test_a_redirected_call_says_so_by_diversion_and_history(self):
        self.jackfield.ask("pjsip set logger on")
        self.called("800", "Diversion: .sip:5551@.*;reason=user-busy", "History-Info: .sip:5551@.*Reason=SIP%3Bcause%3D486.;index=1, .sip:bob@.*;index=1.1;mp=1")

    def test_histories_and_diversions_of_others_are_read(self):
        for extra, wanted in (("Diversion: <sip:5552@example.com>;reason=no-answer;counter=2", "came from 5552 by cfnr after 2"),
                              ("History-Info: <sip:5553@example.com?Reason=SIP%3Bcause%3D302>;index=1, <sip:801@example.com>;index=1.1;mp=1", "came from 5553 by cfu after 1")):
            alice = self.agent("alice", "caller_stays", "801", extra=extra)
            alice.told("tag")
            self.jackfield.wait_for_log(wanted)
            self.end_all()
            alice.finish()

    # --- RFC 7433 ---
    def test_user_to_user_information_goes_along(self):
        self.called("802", f"User-to-User: {UUI}", "User-Agent: Jackfield", extra=f"User-to-User: {UUI}")
        self.jackfield.wait_for_log(f"uui {UUI}")

    # --- RFC 3326 ---
    def test_the_end_of_a_call_has_its_reason(self):
        self.jackfield.ask("pjsip set logger on")
        alice = self.agent("alice", "caller_stays", "600")
        alice.told("tag")
        mark = len(self.jackfield.log_text())
        self.end_all()
        alice.finish()
        jt.wait_until(lambda: re.search(r"BYE sip:.*?Reason: Q\.850;cause=\d+", self.jackfield.log_text()[mark:], re.DOTALL), 5, "a BYE with its reason")

    # --- RFC 3261 8.2.2.2, RFC 5393 ---
    def test_an_invite_that_came_by_two_ways_is_served_once(self):
        same = {"call_id": f"merged{random.randrange(1 << 40):x}", "tag": "fork"}
        first = self.raw("alice", self.request("alice", "INVITE", "601", **same))
        self.assertIn("SIP/2.0 100", first())
        second = self.raw("alice", self.request("alice", "INVITE", "601", port=5071, **same), 5071)
        self.assertIn("SIP/2.0 482", second())
        self.wait_for_channels(1)
        self.end_all()
        # Max-Forwards ends what goes round.
        over = self.raw("alice", self.request("alice", "INVITE", "601", port=5072).replace("Max-Forwards: 70", "Max-Forwards: 0"), 5072)
        self.assertIn("SIP/2.0 483", over())

    # --- RFC 4488, 4538 ---
    def test_a_refer_from_elsewhere_names_its_dialog(self):
        alice = self.agent("alice", "caller_stays", "700")
        bob = self.agent("bob", "callee_stays")
        target = f"Target-Dialog: {alice.call_id};local-tag={alice.own_tag};remote-tag={alice.told('tag')}\r\n"
        refer_to = f"Refer-To: <sip:900@{self.server}>\r\n"
        def status(name, more, port):
            return int(self.raw(name, self.request(name, "REFER", "700", more, port=port), port)().split()[1])
        self.assertEqual(403, status("alice", refer_to, 5080))
        self.assertEqual(403, status("alice", refer_to + target, 5081))
        self.assertEqual(400, status("alice", refer_to + "Refer-Sub: false\r\nTarget-Dialog: x\r\n", 5082))
        self.assertEqual(481, status("alice", refer_to + f"Refer-Sub: false\r\nTarget-Dialog: {alice.call_id};local-tag=a;remote-tag=b\r\n", 5083))
        self.assertEqual(481, status("trusted", refer_to + "Refer-Sub: false\r\n" + target, 5084))  # somebody else's call
        accepted = self.raw("alice", self.request("alice", "REFER", "700", refer_to + "Refer-Sub: false\r\nRequire: tdialog\r\n" + target, port=5085), 5085)()
        self.assertIn("SIP/2.0 202", accepted)
        self.assertIn("Refer-Sub: false", accepted)
        self.jackfield.wait_for_log("transferred to 900")
        self.end_all()
        alice.finish()
        bob.finish()


if __name__ == "__main__":
    jt.main()
