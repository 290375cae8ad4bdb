"""SIP between user agents, message by message (SIPp): reliable provisionals, Replaces, identities, glare, INFO, forks, lost ACKs."""
import pathlib
import random
import re
import shutil
import socket
import subprocess
import urllib.parse

import fixture as jt
from ami_fixture import MANAGER, Client
from sip_peer import Peer, listen

SCENARIOS = pathlib.Path(__file__).parent / "sipp"

PLAN = """
[default]
exten => _60XX,1,Dial(PJSIP/${EXTEN},20)
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Wait(0.5)
 same => n,Answer()
 same => n,Echo()
exten => 700,1,Dial(PJSIP/bob,20)
exten => 701,1,Ringing()
 same => n,Progress()
 same => n,Answer()
 same => n,Echo()
exten => 702,1,Ringing()
 same => n,Wait(60)
exten => 703,1,Dial(PJSIP/bob,20,D(4#))
exten => 704,1,Dial(PJSIP/bob,1)
exten => 710,1,Set(PJSIP_INHERITABLE_HEADER(add,X-Kept)=kept)
 same => n,Set(PJSIP_INHERITABLE_HEADER(add,X-Gone)=gone)
 same => n,Set(PJSIP_INHERITABLE_HEADER(remove,X-G*)=)
 same => n,Verbose(1,inherits ${PJSIP_INHERITABLE_HEADER(read,X-*)})
 same => n,Dial(Local/711@default)
exten => 711,1,Dial(PJSIP/bob,20,b(parameters^1^1)U(answered))
exten => 712,1,Verbose(1,tag is ${PJSIP_HEADER_PARAM(From,header,tag)})
 same => n,Verbose(1,contact is ${PJSIP_CONTACT(${PJSIP_AOR(bob,contact)},uri)} of ${PJSIP_CONTACT(${PJSIP_AOR(bob,contact)},endpoint)})
 same => n,PJSIPHangup(GONE)
exten => 714,1,Answer()
 same => n,PlayTones(dial)
 same => n,Wait(60)
exten => 713,1,Answer()
 same => n,ReceiveText(5)
 same => n,Verbose(1,text "${RECEIVETEXTMESSAGE}" ${RECEIVETEXTSTATUS})
 same => n,ReceiveText(0.05)
 same => n,Verbose(1,then "${RECEIVETEXTMESSAGE}" ${RECEIVETEXTSTATUS})
[parameters]
exten => 1,1,Set(PJSIP_HEADER_PARAM(From,uri,line)=2 3)
 same => n,Set(PJSIP_HEADER_PARAM(From,header,kind)=test)
 same => n,Return()
[answered]
exten => s,1,Verbose(1,served by ${PJSIP_RESPONSE_HEADER(read,server)} and ${PJSIP_RESPONSE_HEADER(read,X-Served,2)} of ${PJSIP_RESPONSE_HEADERS(S)})
 same => n,Return()
"""
# T1 of 50 ms: what waits for 64 T1 takes three seconds instead of half a minute.
SYSTEM = "[system]\ntype=system\ntimer_t1=50\n"
AGENT = """
[@NAME@](phone)
aors=@NAME@
callerid="@NAME@" <@NAME@>
@OPTIONS@
[@NAME@]
type=aor
contact=sip:@NAME@@@WHERE@:5060
[@NAME@]
type=identify
endpoint=@NAME@
match=@WHERE@
"""


class Agent:
    """One SIPp that plays a scenario of tests/scenario/sipp."""

    def __init__(self, test, name, scenario, number="600", **values):
        self.own_tag, self.call_id = f"own{random.randrange(1 << 40):x}", f"call{random.randrange(1 << 40):x}"
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        for word, value in {"user": name, "own_tag": self.own_tag, "pause": "0", "extra": "Subject: test", **values}.items():
            text = text.replace(f"[{word}]", value)
        self.log = test.folder / f"{scenario}-{self.call_id}.log"
        self.test, self.scenario = test, scenario
        self.process = jt.sipp(test.where[name], f"{test.server}:5060", "-m", 1, "-p", 5060, "-s", number, "-cid_str", self.call_id,
                               "-trace_logs", "-log_file", self.log, "-trace_err", "-error_file", f"{self.log}.errors",
                               xml=text, folder=test.folder, timeout=20)
        test.addCleanup(self.stop)

    def told(self, what):
        """What the scenario logged as `what`= about its call."""
        def look():
            found = re.search(rf"\b{what}=(\S+)", self.log.read_text()) if self.log.exists() else None
            return found and found.group(1)
        return jt.wait_until(look, 10, f"{what} of {self.scenario}")

    def dialog(self, by_us=False):
        """Its dialog as a Replaces header names it; `by_us`: one that the daemon began."""
        call_id = self.told("id") if by_us else self.call_id
        return f"{call_id};to-tag={self.told('tag')};from-tag={self.own_tag}"

    def finish(self):
        try:
            return jt.finish(self.process, 25)
        except AssertionError as error:
            errors = pathlib.Path(f"{self.log}.errors")
            raise AssertionError(f"{self.scenario}: {error}\n{errors.read_text()[-3000:] if errors.exists() else ''}\n"
                                 f"{self.test.jackfield.log_text()[-1500:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class SipTest(jt.ScenarioTest):
    agents = {"alice": "send_pai=yes\nsend_rpid=yes\n100rel=peer_supported", "bob": "dtmf_mode=info", "carol": ""}
    phones_too = ()
    plan = PLAN

    def setUp(self):
        super().setUp()
        self.where = {name: self.address() for name in self.agents}
        objects = "".join(AGENT.replace("@NAME@", name).replace("@WHERE@", self.where[name]).replace("@OPTIONS@", options)
                          for name, options in self.agents.items())
        phones = "".join(jt.phone_objects(user) for user in self.phones_too)
        self.jackfield = self.daemon({"pjsip.conf": jt.TRANSPORT + SYSTEM + jt.PHONE_TEMPLATE + objects + phones, "extensions.conf": self.plan})

    def agent(self, name, scenario, number="600", **values):
        return Agent(self, name, scenario, number, **values)

    def wait_for_channels(self, count):
        jt.wait_until(lambda: self.jackfield.channels() == count, 5, f"a count of {count} channels")

    def end_all(self):
        self.jackfield.ask("channel request hangup all")
        self.jackfield.wait_idle()


class ReliableProvisionals(SipTest):
    agents = {"alice": "100rel=peer_supported", "bob": "100rel=yes", "never": "100rel=no", "always": "100rel=required"}

    def test_a_provisional_is_repeated_until_its_prack_and_the_answer_waits_for_it(self):
        self.jackfield.ask("pjsip set logger on")
        self.agent("alice", "caller_prack_late", "701", pause="300").finish()
        self.jackfield.wait_idle()
        for status in ("SIP/2.0 180 Ringing", "SIP/2.0 183 Session Progress"):
            jt.wait_until(lambda: self.jackfield.log_text().count(status) >= 3, 10, f"three times {status} in the log")

    def test_without_any_prack_the_call_is_refused(self):
        self.agent("alice", "caller_prack_never", "702").finish()
        self.jackfield.wait_idle()

    def test_an_offer_in_a_provisional_is_answered_by_the_prack(self):
        self.agent("bob", "caller_offerless_prack", "701").finish()
        self.jackfield.wait_idle()

    def test_reliable_provisionals_received_are_acknowledged_once_each(self):
        bob = self.agent("bob", "callee_reliable")
        alice = self.agent("alice", "caller_stays", "700")
        alice.told("tag")
        self.end_all()
        bob.finish()
        alice.finish()

    def test_who_can_not_agree_is_refused(self):
        self.agent("never", "caller_refused", "701", status="420", wanted="Unsupported: 100rel", extra="Require: 100rel").finish()
        self.agent("always", "caller_refused", "701", status="421", wanted="Require: 100rel", extra="Supported: replaces").finish()
        self.assertEqual(0, self.jackfield.channels())


class Replacing(SipTest):
    phones_too = ("6001", "6002")

    def test_refer_with_replaces_joins_transferee_and_target(self):
        target = self.phone("6001", tone=440, auto_answer=True)
        transferee = self.phone("6002", tone=1000, auto_answer=True)
        consultation = self.agent("alice", "caller_stays", "6001")
        replaces = urllib.parse.quote(consultation.dialog())
        transferor = self.agent("bob", "caller_refers", "6002", replaces=replaces)
        target.wait_to_hear(1000)
        transferee.wait_to_hear(440)
        transferor.finish()
        consultation.finish()
        self.wait_for_channels(2)
        self.end_all()

    def test_an_invite_with_replaces_takes_a_place_in_a_bridge(self):
        phone = self.phone("6001", tone=440, auto_answer=True)
        replaced = self.agent("alice", "caller_stays", "6001")
        carol = self.agent("carol", "caller_replaces", replaces=replaced.dialog())
        replaced.finish()
        carol.told("tag")
        self.wait_for_channels(2)
        listing = self.jackfield.ask("core show channels")
        self.assertIn("PJSIP/carol", listing)
        self.assertNotIn("PJSIP/alice", listing)
        phone.hang_up()
        carol.finish()
        self.jackfield.wait_idle()

    def test_an_invite_with_replaces_takes_over_an_application(self):
        replaced = self.agent("alice", "caller_stays", "600")
        carol = self.agent("carol", "caller_replaces", replaces=replaced.dialog())
        replaced.finish()
        carol.told("tag")
        self.wait_for_channels(1)
        listing = self.jackfield.ask("core show channels")
        self.assertIn("PJSIP/carol", listing)
        self.assertIn("Echo", listing)
        self.end_all()
        carol.finish()

    def test_an_invite_with_replaces_answers_a_ringing_call_of_ours(self):
        bob = self.agent("bob", "callee_rings")
        alice = self.agent("alice", "caller_stays", "700")
        carol = self.agent("carol", "caller_replaces", replaces=bob.dialog(by_us=True))
        bob.finish()
        alice.told("tag")
        self.wait_for_channels(2)
        self.assertIn("PJSIP/carol", self.jackfield.ask("core show channels"))
        self.end_all()
        alice.finish()
        carol.finish()

    def test_what_can_not_be_replaced_is_refused_as_rfc_3891_says(self):
        up = self.agent("alice", "caller_stays", "600")
        def refused(status, replaces):
            self.agent("carol", "caller_refused", status=status, wanted="SIP/2.0", extra=f"Replaces: {replaces}").finish()
        refused("481", "unknown;to-tag=a;from-tag=b")
        refused("400", "unknown;to-tag=a")
        refused("400", f"{up.dialog()}\n      Replaces: {up.dialog()}")
        refused("486", f"{up.dialog()};early-only")
        self.wait_for_channels(1)
        self.end_all()
        up.finish()


class Refreshes(SipTest):
    def change_party(self, scenario):
        bob = self.agent("bob", "callee_stays")
        alice = self.agent("alice", scenario, "700")
        alice.told("tag")
        carol = self.agent("carol", "caller_replaces", replaces=bob.dialog(by_us=True))
        bob.finish()
        alice.finish()
        carol.finish()
        self.jackfield.wait_idle()

    def test_a_new_party_is_told_by_update(self):
        self.change_party("caller_is_told_by_update")

    def test_a_new_party_is_told_by_reinvite_again_after_a_491(self):
        self.change_party("caller_is_told_by_reinvite")

    def test_a_reinvite_that_meets_ours_is_answered_491(self):
        self.change_party("caller_glare")


def drain(ear):
    """Takes all that has come to the socket; returns the number of packets."""
    ear.setblocking(False)
    count = 0
    try:
        while ear.recv(2000):
            count += 1
    except BlockingIOError:
        return count


class Invites(SipTest):
    phones_too = ("6001",)

    def test_digits_go_out_by_info_one_after_the_other(self):
        bob = self.agent("bob", "callee_hears_digits")
        alice = self.agent("alice", "caller_stays", "703")
        bob.finish()
        alice.finish()
        self.jackfield.wait_idle()

    def test_a_200_that_crosses_our_cancel_is_acknowledged_and_ended(self):
        bob = self.agent("bob", "callee_crosses_cancel")
        alice = self.agent("alice", "caller_stays", "704")
        bob.finish()
        self.jackfield.wait_idle()
        alice.stop()

    def test_a_repeated_invite_makes_one_call(self):
        self.agent("alice", "caller_repeats_invite", "601").finish()
        self.jackfield.wait_idle()
        self.assertIn("1 call processed", self.jackfield.ask("core show channels count"))

    def test_the_fork_that_answers_gets_the_media(self):
        forks = {port: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for port in (6100, 6200)}
        for port, ear in forks.items():
            ear.bind((self.where["bob"], port))
            self.addCleanup(ear.close)
        bob = self.agent("bob", "callee_forks")
        phone = self.phone("6001")
        phone.dial("700")
        phone.wait_event("CALL_ESTABLISHED")
        for _ in range(25):  # half a second of speech, all of it for the second one
            forks[6200].settimeout(5 * jt.SLOWNESS)
            forks[6200].recv(2000)
            drained = drain(forks[6100])
        self.assertEqual(0, drained, "media for the fork that did not answer")
        phone.hang_up()
        bob.finish()
        self.jackfield.wait_idle()

    def test_a_reinvite_without_a_description_is_offered_one(self):
        self.agent("alice", "caller_offerless_reinvite").finish()
        self.jackfield.wait_idle()

    def test_a_200_without_ack_ends_the_call(self):
        self.agent("alice", "caller_never_acks").finish()
        self.jackfield.wait_idle()


class SessionTimers(SipTest):
    agents = {"alice": "", "bob": "", "off": "timers=no", "must": "timers=required", "brief": "timers_sess_expires=900"}

    def test_an_interval_is_agreed_upon_and_refreshed_by_the_far_side(self):
        self.agent("alice", "caller_timed", interval="1800").finish()
        self.agent("brief", "caller_timed", interval="900").finish()
        self.jackfield.wait_idle()

    def test_we_refresh_when_it_is_our_turn_and_end_what_nobody_refreshes(self):
        bob = self.agent("bob", "callee_timed")
        alice = self.agent("alice", "caller_stays", "700")
        bob.finish()
        alice.finish()
        self.jackfield.wait_idle()
        self.jackfield.wait_for_log("nobody has refreshed the session")

    def test_what_can_not_be_agreed_upon_is_refused(self):
        refused = lambda name, status, wanted, extra: self.agent(name, "caller_refused", status=status, wanted=wanted, extra=extra).finish()
        refused("alice", "422", "Min-SE: 90", "Supported: timer\n      Session-Expires: 30")
        refused("off", "420", "Unsupported: timer", "Require: timer")
        refused("must", "421", "Require: timer", "Supported: replaces")
        self.assertEqual(0, self.jackfield.channels())


class CallFunctions(SipTest):
    def test_headers_and_parameters_go_along_and_those_of_the_answer_are_read(self):
        bob = self.agent("bob", "callee_checks", first="X-Kept: kept", second="From: .*;line=2%203>;kind=test;tag=")
        alice = self.agent("alice", "caller_stays", "710")
        alice.told("tag")
        self.jackfield.wait_for_log("inherits kept")
        self.jackfield.wait_for_log("served by test-peer/1.0 and second of Server")
        self.end_all()
        bob.finish()
        alice.finish()
        self.assertNotIn("X-Gone: ", self.jackfield.log_text())

    def test_a_call_is_refused_with_a_status_of_choice(self):
        alice = self.agent("alice", "caller_refused", "712", status="410", wanted="SIP/2.0 410 Gone", extra="Supported: replaces")
        alice.finish()
        self.jackfield.wait_for_log(f"tag is {alice.own_tag}")
        self.jackfield.wait_for_log(f"contact is sip:bob@{self.where['bob']}:5060 of bob")

    def test_a_text_within_a_call_is_received(self):
        self.agent("alice", "caller_writes", "713").finish()
        self.jackfield.wait_idle()
        self.jackfield.wait_for_pattern(r'text "written within the call\s*" SUCCESS')
        self.jackfield.wait_for_log('then "" TIMEOUT')


def hep_chunks(packet):
    """{type: payload} of a HEPv3 packet."""
    size = int.from_bytes(packet[4:6], "big")
    assert packet[:4] == b"HEP3" and size == len(packet), packet
    chunks, at = {}, 6
    while at < size:
        vendor, kind, length = (int.from_bytes(packet[at + shift:at + shift + 2], "big") for shift in (0, 2, 4))
        assert vendor == 0 and length >= 6, packet
        chunks[kind] = packet[at + 6:at + length]
        at += length
    return chunks


def pcap_packets(data):
    """(source, destination, payload) of each UDP packet over IPv4 of a capture file."""
    assert int.from_bytes(data[:4], "little") == 0xa1b2c3d4 and int.from_bytes(data[20:24], "little") == 101, data[:24]
    at = 24
    while at < len(data):
        size = int.from_bytes(data[at + 8:at + 12], "little")
        packet, at = data[at + 16:at + 16 + size], at + 16 + size
        ends = [(socket.inet_ntoa(packet[host:host + 4]), int.from_bytes(packet[port:port + 2], "big")) for host, port in ((12, 20), (16, 22))]
        yield *ends, packet[28:]


class Seeing(SipTest):
    def test_messages_are_copied_to_a_capture_server(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind((self.address(), 9060))
        server.settimeout(5 * jt.SLOWNESS)
        self.jackfield.write("hep.conf", f"[general]\ncapture_address={server.getsockname()[0]}:9060\ncapture_password=word\ncapture_id=7\n")
        self.jackfield.ask("core reload")
        alice = self.agent("alice", "caller_refused", "999", status="404", wanted="SIP/2.0", extra="Supported: replaces")
        alice.finish()
        invite, trying = hep_chunks(server.recv(65536)), hep_chunks(server.recv(65536))
        self.assertEqual((b"\x02", b"\x11", b"\x01", b"\0\0\0\x07", b"word"), tuple(invite[kind] for kind in (1, 2, 11, 12, 14)))
        self.assertEqual(socket.inet_aton(self.where["alice"]), invite[3])
        self.assertEqual(socket.inet_aton(self.server), invite[4])
        self.assertEqual((5060).to_bytes(2, "big"), invite[8])
        self.assertEqual(alice.call_id.encode(), invite[17])
        self.assertTrue(invite[15].startswith(b"INVITE sip:999@"), invite[15])
        self.assertTrue(trying[15].startswith(b"SIP/2.0 "), trying[15])
        self.assertEqual(socket.inet_aton(self.where["alice"]), trying[4])

    def test_a_ladder_shows_both_legs_while_the_history_is_on(self):
        self.jackfield.ask("pjsip set history on")
        bob = self.agent("bob", "callee_stays")
        alice = self.agent("alice", "caller_stays", "700")
        alice.told("tag")
        channel = next(word for word in self.jackfield.ask("core show channels").split() if word.startswith("PJSIP/alice"))
        # What is told to alice waits for its fiber: the order of the two legs' lines may differ, that within a leg may not.
        wanted = {"alice": ["<-- INVITE", "--> 180", "--> 200", "<-- ACK"], "bob": ["--> INVITE", "<-- 180", "<-- 200", "--> ACK"]}
        seen = []
        def complete():
            ladder = self.jackfield.ask(f"channel show ladder {channel}")
            lines = [line for line in ladder.splitlines() if "PJSIP/" in line]
            steps = [re.sub(r"^\S+ +PJSIP/(\w+)-\w+ +(\S+) \S+ +(?:SIP/2.0 )?(\w+).*", r"\1 \2 \3", line) for line in lines]
            # A slow peer makes either side repeat itself: what counts is when each came for the first time.
            seen[:] = [step for step in dict.fromkeys(steps) if not step.endswith("100")]
            return "of 2 legs" in ladder and len(seen) >= 8
        jt.wait_until(complete, 10, "the last ACK of both legs")
        self.assertEqual("alice <-- INVITE", seen[0])
        self.assertEqual(wanted, {leg: [step.removeprefix(f"{leg} ") for step in seen if step.startswith(leg)] for leg in wanted})
        self.end_all()
        bob.finish()
        alice.finish()
        jt.wait_until(lambda: "BYE" in self.jackfield.ask(f"channel show ladder {alice.call_id}"), 5, "the BYE in the ladder")
        number = re.search(r"^(\d+) .* INVITE", self.jackfield.ask("pjsip show history"), re.MULTILINE)[1]
        self.assertIn("m=audio", self.jackfield.ask(f"pjsip show history entry {number}"))
        self.jackfield.ask("pjsip set history off")
        self.jackfield.ask("pjsip set history clear")
        self.assertNotIn("INVITE", self.jackfield.ask("pjsip show history"))

    def test_a_call_is_written_into_a_file_for_wireshark(self):
        self.jackfield.ask("pjsip set history on")
        alice = self.agent("alice", "caller_stays", "714")
        alice.told("tag")
        channel = next(word for word in self.jackfield.ask("core show channels").split() if word.startswith("PJSIP/alice"))
        path = self.jackfield.ask(f"channel capture start {channel}").split()[-1]
        self.assertEqual(f"{self.jackfield.folder}/spool/capture", path.rpartition("/")[0])
        self.assertIn("is captured already", self.jackfield.cli(f"channel capture start {channel} signalling other", check=False).stdout)
        self.jackfield.ask(f"rtp set debug ip {self.where['alice']}:6000")
        self.jackfield.wait_for_log(f"Sent RTP packet to      {self.where['alice']}:6000 (type 00, seq ")
        self.jackfield.ask("rtp set debug off")
        self.jackfield.ask("rtcp set debug on")
        def written():
            row = next(line for line in self.jackfield.ask("channel show captures").splitlines() if path in line)
            return int(row.split()[1])
        jt.wait_until(lambda: written() >= 20, 10, "twenty packets in the file")
        self.end_all()
        alice.finish()
        self.jackfield.wait_for_pattern(rf"Sent RTCP SR to {self.where['alice']}:6001\n +SSRC: \d+\n(.*\n)+? +BYE")
        self.jackfield.wait_for_log(f"{path}: ")
        self.assertIn("0 calls captured", self.jackfield.ask("channel show captures"))
        packets = list(pcap_packets(pathlib.Path(path).read_bytes()))
        here, there = (self.server, 5060), (self.where["alice"], 5060)
        messages = [(source, to, payload.split(b"\r\n")[0]) for source, to, payload in packets if 5060 in (source[1], to[1])]
        # From before it began, by the history, to what came after the channel had ended.
        self.assertEqual((there, here), messages[0][:2])
        self.assertTrue(messages[0][2].startswith(b"INVITE sip:714@"), messages)
        ends = [line for source, _, line in messages if source == here and line.startswith(b"BYE ")]
        self.assertTrue(ends and (there, here, b"SIP/2.0 200 OK") in messages, messages)
        media = [payload for source, to, payload in packets if to == (self.where["alice"], 6000)]
        self.assertGreater(len(media), 3)
        self.assertEqual({(0x80, 0, 172)}, {(packet[0], packet[1] & 0x7f, len(packet)) for packet in media})
        if shutil.which("tcpdump"):
            read = subprocess.run(["tcpdump", "-nn", "-r", path], capture_output=True, text=True, check=True).stdout
            self.assertEqual(len(packets), len(read.strip().splitlines()) - read.count("\n\t"), read)

    def test_messages_are_counted_and_logged_by_host_and_method(self):
        alice = self.agent("alice", "caller_stays")
        jt.wait_until(lambda: re.search(r"^ACK +0 +[1-9]", self.jackfield.ask("pjsip show counters"), re.M), 10, "the ACK")
        counted = self.jackfield.ask("pjsip show counters")
        self.assertRegex(counted, r"(?m)^INVITE +0 +[1-9]")
        self.assertRegex(counted, r"(?m)^200 +[1-9]\d* +0$")
        self.assertIn("Dialogs: 1", self.jackfield.ask("pjsip show transactions"))
        self.jackfield.ask("pjsip set logger host 192.0.2.1")
        self.jackfield.ask("pjsip set logger method bye add")
        before = len(self.jackfield.log_text())
        self.end_all()
        alice.finish()
        jt.wait_until(lambda: re.search(r"^BYE +[1-9]\d* +0$", self.jackfield.ask("pjsip show counters"), re.M), 10, "the BYE")
        self.assertNotIn("SIP request", self.jackfield.log_text()[before:])
        self.jackfield.ask("pjsip set logger method bye")
        self.jackfield.ask("module reload chan_sip")  # what was said here goes on
        self.jackfield.ask("pjsip show counters clear")
        second = self.agent("alice", "caller_stays")
        jt.wait_until(lambda: re.search(r"^ACK +0 +[1-9]", self.jackfield.ask("pjsip show counters"), re.M), 10, "the second ACK")
        self.end_all()
        second.finish()
        self.jackfield.wait_for_log("BYE sip:", since=before)
        logged = self.jackfield.log_text()[before:]
        self.assertNotIn("INVITE sip:", logged)
        self.jackfield.ask("pjsip show counters clear")
        self.assertNotIn("INVITE", self.jackfield.ask("pjsip show counters"))
        for wrong in ("host nowhere.x", "method BREW", "sideways", "host"):
            self.assertEqual(1, self.jackfield.cli(f"pjsip set logger {wrong}", check=False).returncode, wrong)

    def test_every_object_can_be_shown(self):
        for command, wanted in (("endpoint bob", "dtmf_mode"), ("aor bob", "sip:bob@"), ("transport transport-udp", "protocol"), ("identify bob", self.where["bob"]),
                                ("identifies", "Objects found: 3"), ("auths", "Objects found: 0"), ("settings", "timer_t1"), ("channels", "Objects found: 0"),
                                (f"contact sip:bob@{self.where['bob']}:5060", "bob@@")):
            self.assertIn(wanted, self.jackfield.ask(f"pjsip show {command}"))
        self.assertIn("Unable to find object", self.jackfield.cli("pjsip show auth nobody", check=False).stdout)


class Identification(jt.ScenarioTest):
    def test_hosts_are_found_by_name_and_requests_by_header(self):
        network = self.address()
        self.where = {"local": "127.0.0.1", "header": network}
        self.jackfield = self.daemon({
            "pjsip.conf": jt.TRANSPORT + SYSTEM + jt.PHONE_TEMPLATE +
            "[local](phone)\n[by-name]\ntype=identify\nendpoint=local\nmatch=localhost\nsrv_lookups=no\n"
            "[header](phone)\n[by-header]\ntype=identify\nendpoint=header\nmatch_header=X-Trunk: /^gold-[0-9]+$/\n"
            "[uri](phone)\n[by-uri]\ntype=identify\nendpoint=uri\nmatch_request_uri=/^sip:888@/\n",
            "extensions.conf": PLAN})
        Agent(self, "local", "caller_never_acks").finish()
        Agent(self, "header", "caller_refused", "999", status="404", wanted="SIP/2.0", extra="X-Trunk: gold-17", user="somebody").finish()
        Agent(self, "header", "caller_refused", "888", status="404", wanted="SIP/2.0", extra="X-Trunk: silver", user="somebody").finish()
        Agent(self, "header", "caller_refused", "999", status="401", wanted="SIP/2.0", extra="X-Trunk: silver", user="somebody").finish()
        self.jackfield.wait_idle()


class Challenges(jt.ScenarioTest):
    """A contact behind a proxy: both challenge us, each for a realm of its own."""

    def challenge(self, peer, request, realm):
        proxy = realm == "edge"
        peer.reply(request, 407 if proxy else 401, f'{"Proxy" if proxy else "WWW"}-Authenticate: Digest realm="{realm}", nonce="n{realm}", algorithm=MD5')
        if request.method == "INVITE":
            self.assertEqual("ACK", peer.receive().method)

    def proves(self, request, *realms):
        shown = request["Proxy-Authorization"] + request["Authorization"]
        self.assertEqual(sorted(realms), sorted(re.findall('realm="(\\w+)"', shown)), request.text)
        self.assertIn(f'username="{realms[0]}-user"', shown)
        self.assertIn(f'uri="{request.first.split()[1]}"', shown)

    def test_realms_are_answered_in_and_out_of_dialogs(self):
        address = self.address()
        server = listen(address)
        self.addCleanup(server.close)
        auths = "".join(f"[{realm}]\ntype=auth\nusername={realm}-user\npassword=x\nrealm={realm}\n" for realm in ("edge", "home"))
        self.jackfield = self.daemon({"manager.conf": MANAGER.format(general=""), "extensions.conf": PLAN, "pjsip.conf": jt.TRANSPORT + auths + f"""
[6001]
type=endpoint
allow=ulaw
aors=6001
outbound_auth=edge,home
[6001]
type=aor
contact=sip:6001@{address}:5060\\;transport=tcp
authenticate_qualify=yes
qualify_2xx_only=yes
"""})
        self.jackfield.cli("pjsip qualify 6001")
        connection, _ = server.accept()
        peer = Peer(connection)
        self.addCleanup(peer.close)
        self.challenge(peer, peer.receive(), "home")
        again = peer.receive()
        self.proves(again, "home")
        peer.reply(again, 200)
        jt.wait_until(lambda: "Avail" in self.jackfield.ask("pjsip show contacts"), what="the contact to be reachable")

        manager = Client(self.server).login()
        self.addCleanup(manager.close)
        manager.ask("Originate", Channel="PJSIP/6001", Application="Wait", Data="30", Async="true")
        invite = peer.receive()
        self.challenge(peer, invite, "edge")
        invite = peer.receive()
        self.proves(invite, "edge")
        timed = f"Contact: <{peer.contact}>\nAllow: UPDATE\nRequire: timer\nSession-Expires: 4;refresher=uac"
        peer.reply(invite, 200, f"{timed}\nContent-Type: application/sdp",
                   f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n")
        self.assertEqual("ACK", peer.receive().method)
        update = peer.receive()
        self.assertEqual("UPDATE", update.method)
        self.proves(update, "edge")
        self.challenge(peer, update, "home")
        update = peer.receive()
        self.proves(update, "edge", "home")
        peer.reply(update, 200, timed)
        self.jackfield.cli("channel request hangup all")
        bye = peer.receive()
        self.assertEqual("BYE", bye.method)
        self.proves(bye, "edge", "home")
        peer.reply(bye, 200)
        self.jackfield.wait_idle()


if __name__ == "__main__":
    jt.main()
