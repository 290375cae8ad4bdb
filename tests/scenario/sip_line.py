"""Telephones by UDP in a test's own hands, message by message and packet by packet, and a daemon that many tests share."""
import random
import re
import shutil
import socket
import tempfile
import time
import unittest

import fixture as jt
from ami_fixture import MANAGER, Client
from sip_peer import Message, Peer


class Line(Peer):
    """A telephone by UDP that repeats, forgets and crosses what it likes."""

    def __init__(self, case, address, server, user, port=5060):
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind((address, port))
        ear.connect((server, 5060))
        case.addCleanup(ear.close)
        super().__init__(ear, user, "UDP")
        self.case, self.tag, self.number, self.to_tag = case, f"own{random.randrange(1 << 40):x}", "", ""

    def receive(self):
        return Message(self.connection.recv(65535).decode())

    def until(self, what, more=""):
        """The next message that begins so and contains `more`; others are passed over."""
        while True:
            message = self.receive()
            if message.first.startswith(what) and more in message.text:
                return message

    def quiet(self, seconds=0.4):
        """Nothing of this call comes, and nothing new; what calls of before still repeat is theirs."""
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self.connection.settimeout(left)
                message = self.receive()
                if message["Call-ID"] == self.call_id or message.method in ("INVITE", "MESSAGE"):
                    self.case.fail(f"unexpected: {message.text}")
        except TimeoutError:
            pass
        finally:
            self.connection.settimeout(10 * jt.SLOWNESS)

    def sdp(self, direction="sendrecv"):
        return (f"v=0\r\no=- 1 {self.cseq} IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {self.host}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na={direction}\r\n")

    def request_text(self, method, more="", body="", branch=None, cseq=None, uri=None):
        """A request of the present call, new in its Via and CSeq unless told otherwise."""
        if cseq is None:
            self.cseq += 1
        self.branch = branch or f"z9hG4bK{random.randrange(1 << 60):x}"
        head = f"""{method} {uri or f'sip:{self.number}@{self.server}'} SIP/2.0
Via: SIP/2.0/UDP {self.host}:{self.port};rport;branch={self.branch}
From: <sip:{self.user}@{self.host}>;tag={self.tag}
To: <sip:{self.number}@{self.server}>{self.to_tag}
Call-ID: {self.call_id}
CSeq: {cseq or self.cseq} {method}
Contact: <sip:{self.user}@{self.host}:{self.port}>
Max-Forwards: 70
{more}""".rstrip() + ("\nContent-Type: application/sdp" if body else "")
        head = head.replace("\n", "\r\n")
        return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}"

    def put(self, *texts):
        for text in texts:
            self.connection.send(text.encode())

    def invite(self, number, more="", uri=None):
        """A new call; returns the INVITE as it was sent."""
        self.call_id, self.tag, self.number, self.to_tag = f"c{random.randrange(1 << 40):x}", f"own{random.randrange(1 << 40):x}", number, ""
        text = self.request_text("INVITE", more, self.sdp(), uri=uri)
        self.invited, self.invite_branch = self.cseq, self.branch
        self.put(text)
        return text

    def learn(self, response):
        self.to_tag = ";tag=" + re.search(r"tag=([^;]+)", response["To"])[1]
        return response

    def ack(self):
        self.put(self.request_text("ACK", cseq=self.invited))

    def ack_failure(self):
        self.put(self.request_text("ACK", cseq=self.invited, branch=self.invite_branch))

    def call(self, number, more=""):
        """A call that is up; returns the 200."""
        self.invite(number, more)
        answer = self.learn(self.until("SIP/2.0 200"))
        self.ack()
        return answer

    def ask_within(self, method, more="", body="", **options):
        self.put(self.request_text(method, more, body, **options))
        return self.until("SIP/2.0", f"CSeq: {self.cseq} {method}")

    def hang_up(self):
        self.case.assertEqual(200, self.ask_within("BYE").status)

    def answer(self, request, status, tag="bob", more="", body=""):
        copied = "".join(f"{name}: {value}\r\n" for name, value in request.headers if name.lower() in ("via", "from", "call-id", "cseq", "record-route"))
        to = request["To"] + ("" if "tag=" in request["To"] else f";tag={tag}")
        more = "".join(line + "\r\n" for line in more.splitlines())
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (f"SIP/2.0 {status} Because\r\n{copied}To: {to}\r\nContact: <sip:{self.user}@{self.host}:{self.port}>\r\n{more}{kind}"
                f"Content-Length: {len(body)}\r\n\r\n{body}")
        self.put(text)
        return text

    # --- media ---
    def listen(self):
        """From now on its descriptions lead to a socket that hears."""
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.media.bind((self.host, 6000))
        self.case.addCleanup(self.media.close)
        return self

    def hears(self, hz, seconds=10, length=0.3):
        """Waits until `length` seconds of mu-law in a row hold that tone."""
        samples, deadline = [], time.monotonic() + seconds * jt.SLOWNESS
        while time.monotonic() < deadline:
            self.media.settimeout(max(0.01, deadline - time.monotonic()))
            packet = self.media.recv(2000)
            samples = (samples + [linear(byte) for byte in packet[12:]])[-int(8000 * length):]
            if len(samples) == int(8000 * length) and jt.level(samples, hz) > 0.1:
                return
        self.case.fail(f"no tone of {hz} Hz for {self.user}")

    def wait_for_silence(self, length=0.2):
        """Until nothing has come for that long: both sides of the call are silent."""
        try:
            while True:
                self.media.settimeout(length * jt.SLOWNESS)
                self.media.recv(2000)
        except TimeoutError:
            return

    def press(self, keys):
        """By INFO (dtmf_mode = info)."""
        for key in keys:
            text = self.request_text("INFO", "Content-Type: application/dtmf-relay").replace("Content-Length: 0\r\n\r\n", "")
            body = f"Signal={key}\r\nDuration=100\r\n"
            self.put(f"{text}Content-Length: {len(body)}\r\n\r\n{body}")
            self.case.assertEqual(200, self.until("SIP/2.0", f"CSeq: {self.cseq} INFO").status)

    # --- whole calls ---
    def take(self, body=None):
        """Answers the call that comes; from then on it can ask within it. Returns the INVITE."""
        invite = self.until("INVITE")
        self.answer(invite, 200, body=body or self.sdp())
        self.until("ACK")
        self.call_id, self.tag = invite["Call-ID"], "bob"
        self.to_tag = ";tag=" + re.search("tag=([^;]+)", invite["From"])[1]
        self.number, self.cseq = re.search("sip:([^@>]*)", invite["From"])[1], 100
        return invite

    def calls(self, number, callee):
        """A call to `number`, which `callee` takes."""
        self.invite(number)
        callee.take()
        self.learn(self.until("SIP/2.0 200"))
        self.ack()

    def told(self):
        """Answers the next re-INVITE; returns the address and port of the media that it describes."""
        offer = self.until("INVITE")
        self.answer(offer, 200, body=self.sdp())
        self.until("ACK")
        return re.findall(r"c=IN IP4 (\S+)", offer.body)[-1], int(re.search(r"m=audio (\d+)", offer.body)[1])


def linear(byte):
    """A sample of G.711 mu-law."""
    byte = ~byte & 0xff
    size = ((((byte & 15) << 3) + 132) << ((byte >> 4) & 7)) - 132
    return -size if byte & 128 else size


class SharedDaemon(unittest.TestCase):
    """One daemon, with a manager, for all tests of a class. `files` are its configuration; @ALICE@, @BOB@, @CAROL@ and @OTHER@ in
    them are addresses of peers."""
    files = {}
    wrapper = ()  # words before the daemon's command

    @classmethod
    def setUpClass(cls):
        cls.network = jt.free_network()
        cls.server, cls.alice_at, cls.bob_at, cls.carol_at, cls.other_at = (f"{cls.network}.{host}" for host in range(1, 6))
        cls.folder = tempfile.mkdtemp(prefix="jackfield-shared-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        files = {"modules.conf": jt.MODULES, "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n", "manager.conf": MANAGER.format(general=""), **cls.files}
        cls.jackfield = jt.Daemon({name: cls.here(text) for name, text in files.items()}, cls.server, wrapper=cls.wrapper)
        cls.addClassCleanup(cls.jackfield.remove)
        cls.addClassCleanup(cls.jackfield.stop)
        cls.prepare()
        cls.jackfield.start()

    @classmethod
    def prepare(cls):
        """Before the daemon starts."""

    @classmethod
    def here(cls, text):
        for name, address in (("ALICE", cls.alice_at), ("BOB", cls.bob_at), ("CAROL", cls.carol_at), ("OTHER", cls.other_at)):
            text = text.replace(f"@{name}@", address)
        return text

    def setUp(self):
        self.mark = len(self.jackfield.log_text())
        self.alice = self.line("alice")
        self.addCleanup(self.end_all)

    def line(self, user, address=None):
        return Line(self, address or getattr(self, f"{user}_at"), self.server, user)

    def bob(self):
        return self.line("bob")

    def manager(self):
        made = Client(self.server).login()
        self.addCleanup(made.close)
        return made

    def end_all(self):
        self.jackfield.ask("channel request hangup all")
        self.jackfield.wait_idle(20)

    def wait_for_channels(self, count):
        jt.wait_until(lambda: self.jackfield.channels() == count, 10, f"a count of {count} channels")

    def logged(self, text):
        """Waits for a line that this test's calls made."""
        self.jackfield.wait_for_log(text, since=self.mark)

    def count_logged(self, text):
        """How often it was said, as the log file has it."""
        lines = (self.jackfield.folder / "log/messages.log").read_text(errors="replace").splitlines()
        return sum(text in line and "Executing" not in line for line in lines)
