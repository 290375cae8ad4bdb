"""SIP over a network that loses, delays and reorders packets: calls and registrations of either side get through, and nothing stays."""
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import fixture as jt
from ami_fixture import Client
import network_fixture

BAD = dict(loss=10, delay=50, jitter=20, reorder=5)  # in either direction
CALLS = 15
PLAN = """
[default]
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Originate(PJSIP/callee,app,Wait,1,,30,a)
 same => n,Wait(0.3)
 same => n,Answer()
 same => n,Echo()
exten => 602,1,Dial(PJSIP/600@provider,30)
exten => main,1,Dial(PJSIP/6001,30)
"""
MANAGER = "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n[admin]\nsecret = mysecret\nread = all\nwrite = all\n"
COMMON = jt.TRANSPORT + "[system]\ntype=system\ntimer_t1=100\n" + jt.PHONE_TEMPLATE
HERE = COMMON + jt.phone_objects("6001") + """
[caller](phone)
[caller]
type=identify
endpoint=caller
match=@CALLER@
[callee](phone)
aors=callee
[callee]
type=aor
contact=sip:callee@@CALLEE@:5060
""" + jt.trunk_objects("@PROVIDER@")
THERE = COMMON + jt.phone_objects("branch")


class Callee:
    """Answers all calls: 180 and 200 at once, the 200 again until its ACK; tells how many have been ended. (SIPp's own takes what is
    repeated after it went on for an error.)"""

    def __init__(self, test, address):
        self.address, self.answers, self.ended, self.running = address, {}, set(), True
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 5060))
        self.socket.settimeout(0.25)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        test.addCleanup(self.stop)

    def serve(self):
        due = time.monotonic()
        while self.running:
            try:
                text, sender = self.socket.recvfrom(65535)
                self.take(text.decode(), sender)
            except TimeoutError:
                pass
            if time.monotonic() >= due:
                due = time.monotonic() + 0.25
                for answer, sender in list(self.answers.values()):
                    self.socket.sendto(answer, sender)

    def take(self, text, sender):
        head = text.partition("\r\n\r\n")[0].split("\r\n")
        echoed = [line for line in head[1:] if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq")]
        call_id = next(line for line in echoed if line.lower().startswith("call-id"))
        def respond(status, body=""):
            tagged = [line + ";tag=callee" if line.startswith("To:") and ";tag=" not in line else line for line in echoed]
            lines = [f"SIP/2.0 {status}", *tagged, f"Contact: <sip:callee@{self.address}:5060>", *(["Content-Type: application/sdp"] if body else []),
                     f"Content-Length: {len(body)}", "", body]
            answer = "\r\n".join(lines).encode()
            self.socket.sendto(answer, sender)
            return answer
        method = head[0].split()[0]
        if method == "INVITE":
            respond("180 Ringing")
            sdp = f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\n"
            self.answers[call_id] = respond("200 OK", sdp), sender
        elif method in ("ACK", "BYE"):
            self.answers.pop(call_id, None)
            if method == "BYE":
                respond("200 OK")
                self.ended.add(call_id)

    def stop(self):
        self.running = False
        self.thread.join()
        self.socket.close()


class NetworkTest(unittest.TestCase):
    """The daemon is at the far end of the link, everybody else at the near one."""

    @classmethod
    def setUpClass(cls):
        if reason := network_fixture.why_not():
            raise unittest.SkipTest(reason)
        try:
            cls.start_all()
        except BaseException:
            cls.doClassCleanups()
            raise

    @classmethod
    def start_all(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="jackfield-network-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.phone_at, cls.provider_at, cls.caller_at, cls.callee_at = (f"10.83.0.{host}" for host in range(2, 6))
        cls.link = network_fixture.BadLink(cls.addClassCleanup, (cls.provider_at, cls.caller_at, cls.callee_at))
        cls.link.set(loss=0)
        cls.server = cls.link.far_address
        objects = HERE.replace("@PROVIDER@", cls.provider_at).replace("@CALLER@", cls.caller_at).replace("@CALLEE@", cls.callee_at)
        cls.provider = cls.daemon(THERE, cls.provider_at)
        cls.jackfield = cls.daemon(objects, cls.server, wrapper=cls.link.wrapper)
        cls.wait_for_trunk("Registered")
        cls.fibers = cls.fiber_count()

    @classmethod
    def daemon(cls, objects, address, **options):
        made = jt.Daemon({"modules.conf": jt.MODULES, "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n", "pjsip.conf": objects,
                          "extensions.conf": PLAN, "manager.conf": MANAGER}, address, **options)
        cls.addClassCleanup(made.remove)
        cls.addClassCleanup(made.stop)
        return made.start()

    @classmethod
    def wait_for_trunk(cls, word):
        jt.wait_until(lambda: re.search(rf"provider/sip\S+ +provider +{word}", cls.jackfield.ask("pjsip show registrations")), 30,
                      f"the registration to be {word}")

    @classmethod
    def fiber_count(cls):
        return len(cls.jackfield.ask("fiber show").splitlines())

    def phone(self, **options):
        folder = tempfile.mkdtemp(dir=self.folder)
        phone = jt.Phone(folder, self.phone_at, "6001", self.server, **options)
        self.addCleanup(phone.stop)
        phone.start()
        jt.wait_until(lambda: f"@{self.phone_at}:" in self.jackfield.ask("pjsip show contacts"), 30, "registration of the phone")
        return phone

    def sipp(self, address, *arguments, **options):
        process = jt.sipp(address, f"{self.server}:5060", "-p", 5060, "-m", CALLS, "-trace_err", "-error_file", self.folder / f"{address}.errors", *arguments, folder=self.folder, **options)
        self.addCleanup(lambda: (process.poll() is None and process.kill(), process.wait(), process.stdout.close()))
        return process

    def test_calls_and_registrations_of_both_sides_get_through_and_nothing_stays(self):
        self.link.set(**BAD)
        callee = Callee(self, self.callee_at)
        incoming = self.sipp(self.caller_at, "-r", 5, "-d", 300, "-s", "601", scenario="uac")
        # Each of those calls begins one of ours. Meanwhile a phone registers here, and we register again elsewhere; then they call by way of us.
        self.jackfield.ask("pjsip send unregister provider")
        self.wait_for_trunk("Unregistered")
        self.jackfield.ask("pjsip send register provider")
        phone = self.phone(auto_answer=True)
        self.wait_for_trunk("Registered")
        phone.dial("602")
        phone.wait_to_hear(440, seconds=30, least=0.05)
        phone.hang_up()
        try:
            jt.finish(incoming)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{(self.folder / f'{self.caller_at}.errors').read_text()[:3000]}")
        jt.wait_until(lambda: len(callee.ended) == CALLS, 40, f"the end of {CALLS} calls of ours")
        mark = phone.mark()
        manager = Client(self.provider_at).login()
        self.addCleanup(manager.close)
        answer = manager.ask("Originate", Channel="PJSIP/branch", Context="default", Exten="600", Priority="1", Async="true", Timeout="30000")
        self.assertEqual("Success", answer.get("Response"), answer)
        phone.wait_event("CALL_ESTABLISHED", 30, after=mark)
        phone.wait_to_hear(440, seconds=30, least=0.05)
        self.provider.ask("channel request hangup all")
        phone.wait_event("CALL_CLOSED", 30, after=mark)
        came, lost = self.link.counts()
        self.assertGreater(lost, came / 20)
        phone.stop()
        self.jackfield.wait_idle(40)
        self.provider.wait_idle(40)
        self.link.set(loss=0)
        jt.wait_until(lambda: re.findall(r": (\d+)", self.jackfield.ask("pjsip show transactions")) == ["0"] * 4, 40, "the end of all transactions and dialogs")
        jt.wait_until(lambda: self.fiber_count() <= self.fibers, 20, "the end of all fibers")

    def test_a_voice_is_understood_although_three_percent_are_lost(self):
        self.link.set(loss=3, delay=50, jitter=10)
        phone = self.phone()
        phone.dial("600")
        phone.wait_to_hear(440, seconds=30)
        wanted = len(phone.heard()) + 5 * 8000
        jt.wait_until(lambda: len(phone.heard()) >= wanted, 30, "five seconds more")
        samples = phone.heard()[wanted - 5 * 8000:wanted]
        # Single packets are missing, there and back: 6 % of them. Of each 20 ms: is the tone there (0.3 was sent)?
        windows = [jt.level(samples[start:start + 160], 440) > 0.2 for start in range(0, len(samples), 160)]
        self.assertGreater(sum(windows), len(windows) * 0.8)
        if jt.SLOWNESS == 1:
            self.assertLess(jt.longest_gap(samples), 0.25)
        came, lost = self.link.counts()
        self.assertGreater(lost, 0)
        phone.hang_up()
        self.jackfield.wait_idle(40)


class Namespaces(unittest.TestCase):
    def test_namespaces_are_removed_also_when_something_fails(self):
        if reason := network_fixture.why_not():
            self.skipTest(reason)
        ours = lambda: pathlib.Path("/proc/thread-self/ns/net").readlink()
        before, link = ours(), None
        with self.assertRaisesRegex(RuntimeError, "on purpose"), contextlib.ExitStack() as stack:
            link = network_fixture.BadLink(stack.callback)
            link.set(loss=0)
            self.assertNotEqual(before, ours())
            raise RuntimeError("on purpose")
        self.assertEqual(before, ours())
        with self.assertRaises(AssertionError), contextlib.ExitStack() as stack:
            link = network_fixture.BadLink(stack.callback, ("nonsense",))
        self.assertEqual(before, ours())
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        self.assertNotRegex(listed, rf"jf-(near|far)-{link.near.split('-')[2]}-")


if __name__ == "__main__":
    jt.main()
