"""What networks do to the messages of a call: repeated, lost, late and crossing requests and responses, forks; and requests that may
not be served as they come (RFC 3261, 3262, 3311, 3428, 3515, 3581, 4028, 5626, 5630, 7433). One daemon for all, peers by UDP."""
import re
import socket
import struct

import fixture as jt
from sip_line import Line, SharedDaemon

PLAN = """
[default]
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Wait(0.2)
 same => n,Answer()
 same => n,Echo()
exten => 700,1,Dial(PJSIP/bob,20)
exten => 701,1,Ringing()
 same => n,Progress()
 same => n,Answer()
 same => n,Echo()
exten => 702,1,Ringing()
 same => n,Wait(60)
exten => 703,1,Verbose(1,uui ${USERUSERINFO})
 same => n,Answer()
 same => n,Wait(60)
exten => 704,1,Dial(PJSIP/bob/sips:bob@@BOB@:5060,5)
 same => n,Verbose(1,sips ended ${DIALSTATUS} ${HANGUPCAUSE})
 same => n,Hangup()
exten => 705,1,MessageSend(pjsip:bob/sips:bob@@BOB@)
 same => n,Verbose(1,message ended ${MESSAGE_SEND_STATUS})
 same => n,Hangup()
exten => 706,1,Dial(PJSIP/behind,20)
exten => lamp,hint,Custom:lamp
exten => 900,1,Verbose(1,transferred to ${EXTEN})
 same => n,Answer()
 same => n,Wait(60)
[texts]
exten => _X.,1,Verbose(1,text ${MESSAGE(body)} for ${EXTEN})
"""
OBJECTS = """
[system]
type=system
timer_t1=100
[alice](phone)
message_context=texts
100rel=peer_supported
[desk](phone)
aors=desk
[desk]
type=aor
max_contacts=2
[bob](phone)
aors=bob
moh_suggest=default
[bob]
type=aor
contact=sip:bob@@BOB@:5060
[still](phone)
suppress_moh_on_sendonly=yes
[behind](phone)
aors=behind
outbound_proxy=sip:@BOB@:5060\\;lr
[behind]
type=aor
contact=sip:desk@192.0.2.77:5070
"""


class Dialogs(SharedDaemon):
    files = {"extensions.conf": PLAN, "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + OBJECTS}

    # --- RFC 3261: repeated, lost, crossing ---
    def test_a_cancel_that_crosses_our_200_changes_nothing(self):
        alice = self.alice
        alice.invite("600")
        answer = alice.learn(alice.until("SIP/2.0 200"))
        tag, alice.to_tag = alice.to_tag, ""
        alice.put(alice.request_text("CANCEL", cseq=alice.invited, branch=alice.invite_branch))
        self.assertEqual(200, alice.until("SIP/2.0", f"CSeq: {alice.invited} CANCEL").status)
        alice.to_tag = tag
        alice.ack()
        self.wait_for_channels(1)
        self.assertIn("m=audio", answer.body)
        alice.hang_up()

    def test_a_cancel_that_comes_twice_ends_the_invite_once(self):
        alice = self.alice
        invite = alice.invite("702")
        alice.until("SIP/2.0 180")
        cancel = alice.request_text("CANCEL", cseq=alice.invited, branch=alice.invite_branch)
        alice.put(cancel, cancel)
        seen = [alice.until("SIP/2.0") for _ in range(3)]  # two for the CANCEL, one for the INVITE; in any order
        self.assertEqual([200, 200, 487], sorted(one.status for one in seen))
        self.assertEqual(1, len({re.search("tag=([^;]+)", one["To"])[1] for one in seen}))
        self.assertEqual(487, alice.until("SIP/2.0 487").status)  # its ACK was lost
        alice.learn(seen[-1])
        alice.ack_failure()
        alice.put(invite)  # late: absorbed
        alice.quiet()
        self.jackfield.wait_idle()
        alice.put(cancel.replace(alice.call_id, "unknown").replace(alice.invite_branch, "z9hG4bKunknown"))
        self.assertEqual(481, alice.until("SIP/2.0").status)

    def test_byes_that_cross_are_both_answered(self):
        alice = self.alice
        alice.call("600")
        self.wait_for_channels(1)
        self.jackfield.ask("channel request hangup all")
        theirs = alice.until("BYE")
        ours = alice.request_text("BYE")
        alice.put(ours)
        self.assertIn(alice.until("SIP/2.0", "BYE").status, (200, 481))
        alice.answer(theirs, 200)
        self.jackfield.wait_idle()
        alice.quiet()

    def test_a_bye_again_gets_its_answer_again_and_a_later_one_none_of_it(self):
        alice = self.alice
        alice.call("600")
        bye = alice.request_text("BYE")
        for _ in range(3):
            alice.put(bye)
            self.assertEqual(200, alice.until("SIP/2.0", "BYE").status)
        self.assertEqual(481, alice.ask_within("BYE").status)

    def test_a_200_that_comes_again_gets_the_same_ack_again(self):
        alice, bob = self.alice, self.bob()
        alice.invite("700")
        invite = bob.until("INVITE")
        bob.answer(invite, 180)
        success = bob.answer(invite, 200, body=bob.sdp())
        first = bob.until("ACK")
        bob.put(success)  # as if that ACK had been lost
        second = bob.until("ACK")
        self.assertEqual((first["Via"], first["CSeq"]), (second["Via"], second["CSeq"]))
        alice.learn(alice.until("SIP/2.0 200"))
        alice.ack()
        self.wait_for_channels(2)
        alice.hang_up()
        bob.answer(bob.until("BYE"), 200)

    def test_a_second_fork_that_answers_is_acknowledged_and_ended(self):
        alice, bob = self.alice, self.bob()
        alice.invite("700")
        invite = bob.until("INVITE")
        for tag in ("one", "two"):
            bob.answer(invite, 180, tag)
        bob.answer(invite, 200, "one", body=bob.sdp())
        self.assertIn("tag=one", bob.until("ACK")["To"])
        bob.answer(invite, 200, "two", body=bob.sdp())
        self.assertIn("tag=two", bob.until("ACK", "tag=two")["To"])
        bye = bob.until("BYE")
        self.assertIn("tag=two", bye["To"])
        bob.answer(bye, 200)
        alice.learn(alice.until("SIP/2.0 200"))
        alice.ack()
        self.wait_for_channels(2)
        alice.hang_up()
        self.assertIn("tag=one", bob.until("BYE")["To"])

    def test_a_failure_after_ringing_forks_ends_the_call_once(self):
        alice, bob = self.alice, self.bob()
        alice.invite("700")
        invite = bob.until("INVITE")
        for tag in ("one", "two", "three"):
            bob.answer(invite, 183, tag)
        refusal = bob.answer(invite, 486, "two")
        bob.until("ACK")
        bob.put(refusal)
        self.assertIn("tag=two", bob.until("ACK")["To"])
        self.assertEqual(486, alice.until("SIP/2.0 4").status)
        alice.ack_failure()
        self.jackfield.wait_idle()

    # --- RFC 3262 ---
    def test_a_prack_that_comes_again_is_answered_again(self):
        alice = self.alice
        alice.invite("701", "Supported: 100rel")
        rings = alice.learn(alice.until("SIP/2.0 180"))
        self.assertEqual(481, alice.ask_within("PRACK", f"RAck: {int(rings['RSeq']) + 7} {alice.invited} INVITE").status)
        prack = alice.request_text("PRACK", f"RAck: {rings['RSeq']} {alice.invited} INVITE")
        for _ in range(2):
            alice.put(prack)
            self.assertEqual(200, alice.until("SIP/2.0", f"CSeq: {alice.cseq} PRACK").status)
        progress = alice.until("SIP/2.0 183")
        self.assertEqual(int(rings["RSeq"]) + 1, int(progress["RSeq"]))
        self.assertEqual(200, alice.ask_within("PRACK", f"RAck: {progress['RSeq']} {alice.invited} INVITE").status)
        alice.until("SIP/2.0 200", "INVITE")
        alice.ack()
        alice.hang_up()

    # --- RFC 3311 ---
    def test_an_update_with_an_offer_before_the_first_is_answered_comes_too_early(self):
        alice = self.alice
        alice.invite("702")
        alice.learn(alice.until("SIP/2.0 180"))
        early = alice.ask_within("UPDATE", body=alice.sdp())
        self.assertEqual(500, early.status)
        self.assertLessEqual(int(early["Retry-After"]), 10)
        update = alice.request_text("UPDATE")  # without an offer it may
        for _ in range(2):
            alice.put(update)
            self.assertEqual(200, alice.until("SIP/2.0", f"CSeq: {alice.cseq} UPDATE").status)

    # --- RFC 3515 ---
    def test_a_refer_that_comes_again_transfers_once(self):
        alice, bob = self.alice, self.bob()
        alice.calls("700", bob)
        self.wait_for_channels(2)
        refer = alice.request_text("REFER", f"Refer-To: <sip:900@{self.server}>")
        alice.put(refer)
        self.assertEqual(202, alice.until("SIP/2.0", "REFER").status)
        alice.put(refer)
        self.assertEqual(202, alice.until("SIP/2.0", "REFER").status)
        self.logged("transferred to 900")
        self.wait_for_channels(1)
        self.assertEqual(1, self.count_logged("transferred to 900"))

    # --- RFC 3261 section 10 ---
    def test_registers_that_come_again_or_late_change_nothing(self):
        desk = self.line("desk", self.other_at)
        desk.number, desk.to_tag = "desk", ""
        contacts = lambda: sum(f"sip:desk@{self.other_at}" in line for line in self.jackfield.ask("pjsip show contacts").splitlines())
        first = desk.request_text("REGISTER", "Expires: 600")
        answers = []
        for _ in range(2):
            desk.put(first)
            answers.append(desk.until("SIP/2.0 200", "REGISTER"))
        self.assertEqual(answers[0].text, answers[1].text)
        self.assertEqual(1, contacts())
        desk.put(desk.request_text("REGISTER", "Expires: 300"))
        self.assertIn("expires=300", desk.until("SIP/2.0 200", f"CSeq: {desk.cseq} REGISTER")["Contact"])
        # The first one by another way, after the second.
        desk.put(first.replace(re.search("branch=([^\r]+)", first)[1], "z9hG4bKlate"))
        self.assertEqual(500, desk.until("SIP/2.0", f"CSeq: {desk.cseq - 1} REGISTER").status)
        self.assertEqual(1, contacts())
        desk.put(desk.request_text("REGISTER", "Expires: 0"))
        desk.until("SIP/2.0 200", f"CSeq: {desk.cseq} REGISTER")
        self.assertEqual(0, contacts())

    # --- RFC 6665 ---
    def test_a_subscribe_that_comes_again_is_one_and_its_notify_is_repeated_until_it_is_answered(self):
        desk = self.line("desk", self.other_at)
        desk.number, desk.to_tag = "lamp", ""
        text = desk.request_text("SUBSCRIBE", "Event: presence\nExpires: 600")
        desk.put(text)
        first = desk.learn(desk.until("SIP/2.0 200", "SUBSCRIBE"))
        notify = desk.until("NOTIFY")
        again = desk.until("NOTIFY")  # as our answer was lost
        self.assertEqual(notify.text, again.text)
        desk.answer(again, 200)
        desk.put(text)
        self.assertEqual(first.text, desk.until("SIP/2.0 200", "SUBSCRIBE").text)
        self.jackfield.ask("devstate change Custom:lamp INUSE")
        changed = desk.until("NOTIFY", "On the phone")
        desk.answer(changed, 200)
        # The end crosses a change: whichever comes first, the last NOTIFY ends it.
        self.jackfield.ask("devstate change Custom:lamp NOT_INUSE")
        desk.put(desk.request_text("SUBSCRIBE", "Event: presence\nExpires: 0"))
        while "terminated" not in (told := desk.until("NOTIFY"))["Subscription-State"]:
            desk.answer(told, 200)
        desk.answer(told, 200)
        self.assertEqual(481, desk.ask_within("SUBSCRIBE", "Event: presence\nExpires: 600").status)

    # --- RFC 3428 ---
    def test_a_message_that_comes_again_is_delivered_once(self):
        alice = self.alice
        alice.number, alice.to_tag = "5551", ""
        text = alice.request_text("MESSAGE", "Content-Type: text/plain")
        text = text.replace("Content-Length: 0", "Content-Length: 5") + "hello"
        for _ in range(3):
            alice.put(text)
            self.assertEqual(202, alice.until("SIP/2.0", "MESSAGE").status)
        self.logged("text hello for 5551")
        alice.number = "5552"
        alice.put(alice.request_text("MESSAGE", "Content-Type: text/plain"))  # what comes behind it
        self.logged("for 5552")
        self.assertEqual(1, self.count_logged("text hello for 5551"))

    # --- RFC 3581 ---
    def test_answers_go_where_the_request_came_from(self):
        alice = self.alice
        alice.number = "600"
        text = alice.request_text("OPTIONS").replace(f"SIP/2.0/UDP {alice.host}:{alice.port}", "SIP/2.0/UDP 192.0.2.99:1")
        alice.put(text)
        self.assertRegex(alice.until("SIP/2.0", "OPTIONS")["Via"], rf"received={re.escape(alice.host)}\b.*|rport={alice.port}\b")

    # --- RFC 4028: refreshes by re-INVITE ---
    def test_we_refresh_by_reinvite_who_knows_no_update(self):
        alice, bob = self.alice, self.bob()
        alice.invite("700")
        timed = "Require: timer\nSession-Expires: 4;refresher=uac\nAllow: INVITE, ACK, BYE, CANCEL"
        first = bob.until("INVITE")
        bob.answer(first, 200, more=timed, body=bob.sdp())
        bob.until("ACK")
        alice.learn(alice.until("SIP/2.0 200"))
        alice.ack()
        again = bob.until("INVITE")
        self.assertRegex(again["Session-Expires"], r"^\d+;refresher=uac$")
        self.assertIn("tag=bob", again["To"])
        # The session is the same: so is the version of its description (RFC 4028 7.4).
        self.assertEqual(re.findall("o=.*", first.body), re.findall("o=.*", again.body))
        bob.answer(again, 200, more=timed, body=bob.sdp())
        bob.until("ACK")
        self.wait_for_channels(2)
        alice.hang_up()
        bob.answer(bob.until("BYE"), 200)

    def test_the_far_side_refreshes_by_reinvite(self):
        alice = self.alice
        answer = alice.call("600", "Supported: timer\nSession-Expires: 120;refresher=uac")
        self.assertEqual("120;refresher=uac", answer["Session-Expires"])
        for expires in (120, 90):
            text = alice.request_text("INVITE", f"Supported: timer\nSession-Expires: {expires};refresher=uac", alice.sdp())
            alice.invited = alice.cseq
            alice.put(text)
            again = alice.until("SIP/2.0 200", f"CSeq: {alice.cseq} INVITE")
            self.assertEqual((f"{expires};refresher=uac", "timer"), (again["Session-Expires"], again["Require"]))
            alice.ack()
        alice.hang_up()

    # --- hold, proxies ---
    def test_who_wants_no_music_for_others_holds_in_silence(self):
        manager = self.manager()
        for user, music in (("alice", True), ("still", False)):
            line = self.alice
            line.user = user
            bob = self.bob()
            line.calls("700", bob)
            self.wait_for_channels(2)
            for direction in ("sendonly", "sendrecv"):
                text = line.request_text("INVITE", "", line.sdp(direction))
                line.invited = line.cseq
                line.put(text)
                line.until("SIP/2.0 200", f"CSeq: {line.cseq} INVITE")
                line.ack()
            line.hang_up()
            bob.answer(bob.until("BYE"), 200)
            bob.connection.close()
            if music:
                manager.event("Hold")
                manager.event("MusicOnHoldStart")
            self.jackfield.wait_idle()
        manager.ask("UserEvent", UserEvent="Fence")
        manager.event("UserEvent")
        held = [one for one in manager.events if one.get("Event") in ("Hold", "MusicOnHoldStart") and "still" in (one.get("Channel") or "")]
        self.assertEqual([], held)

    def test_calls_go_by_the_proxy_of_their_endpoint(self):
        bob = self.bob()
        self.alice.invite("706")
        invite = bob.until("INVITE")
        self.assertEqual("INVITE sip:desk@192.0.2.77:5070 SIP/2.0", invite.first)
        self.assertEqual(f"<sip:{self.bob_at}:5060;lr>", invite["Route"])
        bob.answer(invite, 486)
        bob.until("ACK")
        self.assertEqual(486, self.alice.until("SIP/2.0 4").status)
        self.alice.ack_failure()

    # --- RFC 3261 8.2.2.3, 7433 ---
    def test_what_is_required_and_not_known_is_refused_within_a_call_too(self):
        alice = self.alice
        alice.call("600")
        refused = alice.ask_within("INVITE", "Require: timer, frobnication", alice.sdp())
        self.assertEqual((420, "frobnication"), (refused.status, refused["Unsupported"]))
        alice.invited, alice.invite_branch = alice.cseq, alice.branch
        alice.ack_failure()
        self.assertEqual(420, alice.ask_within("UPDATE", "Require: frobnication").status)
        alice.hang_up()

    def test_user_to_user_information_that_is_required_must_be_readable(self):
        alice = self.alice
        alice.invite("703", "Require: uui\nUser-to-User: 04abc;encoding=hex")
        self.assertEqual(400, alice.until("SIP/2.0 4").status)
        alice.ack_failure()
        answer = alice.call("703", "Require: uui\nUser-to-User: 00ff;purpose=other;encoding=binary, 0448656c6c6f;encoding=hex;purpose=isdn-uui")
        self.assertIn("uui", answer["Supported"])
        self.logged("uui Hello")
        alice.hang_up()

    # --- RFC 3261 26.2.2, 5630 ---
    def test_sips_goes_by_tls_or_not_at_all(self):
        manager = self.manager()
        alice, bob = self.alice, self.bob()
        alice.invite("600", uri=f"sips:600@{self.server}")
        refused = alice.until("SIP/2.0 4")
        self.assertEqual(480, refused.status)
        self.assertRegex(refused["Warning"], r'^380 \S+ "SIPS Not Allowed"$')
        alice.ack_failure()
        self.assertEqual("UDP", manager.event("InvalidTransport").get("AttemptedTransport"))
        for number, line in (("704", "sips ended CHANUNAVAIL"), ("705", "message ended FAILURE")):
            alice.invite(number)
            alice.until("SIP/2.0 ", f"CSeq: {alice.cseq} INVITE")
            self.logged(line)
            alice.until("SIP/2.0 4" if number == "704" else "SIP/2.0 ")
        bob.quiet(0.2)

    # --- who it is that goes on ---
    def test_a_request_from_elsewhere_is_served_and_reported(self):
        manager = self.manager()
        alice = self.alice
        alice.call("600")
        moved = Line(self, self.other_at, self.server, "alice")
        for name in ("call_id", "tag", "to_tag", "number", "cseq"):
            setattr(moved, name, getattr(alice, name))
        self.assertEqual(200, moved.ask_within("OPTIONS").status)
        event = manager.event("UnexpectedAddress")
        self.assertEqual(("SIP", "Error"), (event.get("Service"), event.get("Severity")))
        self.assertEqual(f"IPV4/UDP/{self.alice_at}/5060", event.get("ExpectedAddress"))
        self.assertIn(self.other_at, event.get("RemoteAddress"))
        moved.hang_up()

    # --- RFC 5626 section 8 ---
    def test_a_stun_request_on_the_sip_port_is_answered(self):
        ear = self.alice.connection
        transaction = b"\x21\x12\xa4\x42" + bytes(range(12))
        ear.send(b"\0\1\0\0" + transaction)
        answer = ear.recv(100)
        self.assertEqual(b"\1\1\0\x0c" + transaction, answer[:20])
        kind, size, _, family, port, host = struct.unpack("!HHBBHI", answer[20:])
        self.assertEqual((0x20, 8, 1, self.alice.port), (kind, size, family, port ^ 0x2112))
        self.assertEqual(self.alice.host, socket.inet_ntoa(struct.pack("!I", host ^ 0x2112a442)))
        for _ in range(20):  # who asks without end is not answered without end
            ear.send(b"\0\1\0\0" + transaction)
        self.alice.number = "600"
        self.alice.put(self.alice.request_text("OPTIONS"))
        answers = 0
        while (got := ear.recv(65535))[0] < 4:
            answers += 1
        self.assertLess(answers, 20)
        self.assertTrue(got.startswith(b"SIP/2.0 200"))


if __name__ == "__main__":
    jt.main()
