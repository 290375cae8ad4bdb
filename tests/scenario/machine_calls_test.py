"""Calls of machines: alarm panels that report by DTMF, and audio by way of a JACK server."""
import contextlib
import math
import os
import pathlib
import re
import signal
import struct
import subprocess
import time

import fixture as jt
from sip_line import Line, SharedDaemon, linear

PLAN = """
[default]
exten => 1,1,AlarmReceiver()
exten => 2,1,Set(ALARMRECEIVER_EVENTS_LIMIT=1)
 same => n,AlarmReceiver()
 same => n,Verbose(1,enough reports)
 same => n,Wait(30)
exten => 3,1,Set(ALARMRECEIVER_RETRIES_LIMIT=1)
 same => n,AlarmReceiver()
 same => n,Verbose(1,nobody reports)
exten => 4,1,Answer()
 same => n,JACK(s(@NAME@)c(own)i(own:input)n)
 same => n,Verbose(1,status <${JACK_STATUS}>)
 same => n,Wait(30)
exten => 5,1,Answer()
 same => n,JACK(s(@NAME@)i(nobody:playback_1))
 same => n,Verbose(1,status <${JACK_STATUS}>)
 same => n,Wait(30)
"""
ALARMS = f"""
[general]
eventspooldir = @FOLDER@/alarms
eventcmd = cat > @FOLDER@/part && mv @FOLDER@/part @FOLDER@/told
answait = 500
fdtimeout = {min(10, 3 * jt.SLOWNESS) * 1000:.0f}
sdtimeout = {min(4, 0.6 * jt.SLOWNESS) * 1000:.0f}
db-family = panels
"""
PHONES = "".join(f"""
[{name}](phone)
allow=!all,ulaw
dtmf_mode={mode}
callerid="House\t{name}" <{number}>
aors={name}
[{name}]
type=aor
contact=sip:{name}@@{name.upper()}@:5060
""" for name, mode, number in (("alice", "rfc4733", 6001), ("bob", "inband", 6002)))

BURGLARY, RESTORED, WRONG = "1234181137010152", "123418313701015C", "1234181137010153"
KEYS = "123A456B789C*0#D"
MU_LAW = sorted((linear(byte), byte) for byte in range(256))


def mu_law(sample):
    return min(MU_LAW, key=lambda known: abs(known[0] - sample))[1]


def key_tone(key):
    """50 ms of it and as much silence, in G.711 mu-law."""
    row, column = divmod(KEYS.index(key), 4)
    pair = ((697, 770, 852, 941)[row], (1209, 1336, 1477, 1633)[column])
    sound = bytes(mu_law(sum(6000 * math.sin(2 * math.pi * hz * i / 8000) for hz in pair)) for i in range(400))
    return sound + b"\xff" * 400


class Panel(Line):
    """Ten keys a second, as panels send them: by RFC 4733 or in its audio."""
    sequence = timestamp = 0

    def sdp(self, direction="sendrecv"):
        return super().sdp(direction).replace("RTP/AVP 0\r\n", "RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n")

    def call(self, number, more=""):
        self.listen()
        answer = super().call(number, more)
        self.far_side = (re.search(r"c=IN IP4 (\S+)", answer.body)[1], int(re.search(r"m=audio (\d+)", answer.body)[1]))

    def send(self, kind, timestamp, payload):
        self.sequence += 1
        self.media.sendto(struct.pack("!BBHII", 0x80, kind, self.sequence, timestamp, 4711) + payload, self.far_side)

    def by_events(self, keys):
        for key in keys:
            event = "0123456789*#ABCD".index(key)
            self.timestamp += 800
            for length in (160, 320):
                self.send(101, self.timestamp, struct.pack("!BBH", event, 10, length))
                time.sleep(0.02)
            for _ in range(3):
                self.send(101, self.timestamp, struct.pack("!BBH", event, 0x80 | 10, 400))
            time.sleep(0.06)

    def by_tones(self, keys):
        self.say(b"".join(key_tone(key) for key in keys))

    def say(self, sound):
        start = time.monotonic()
        for at in range(0, len(sound), 160):
            self.send(0, self.timestamp + at, sound[at:at + 160])
            time.sleep(max(0, start + at / 8000 - time.monotonic()))
        self.timestamp += len(sound)

    def hears_handshake(self):
        for hz in (1400, 2300):
            self.hears(hz, length=0.06)

    def reports(self, send, keys):
        """Repeats itself, as panels do, until it hears the kiss-off."""
        for _ in range(4):
            send(keys)
            with contextlib.suppress(AssertionError, TimeoutError):
                self.hears(1400, seconds=2, length=0.6)
                return self.wait_for_silence()
        self.case.fail(f"no kiss-off for {keys}")


class Machines(SharedDaemon):
    files = {"extensions.conf": PLAN, "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + PHONES}

    def line(self, user, address=None):
        return Panel(self, getattr(self, f"{user}_at"), self.server, user)


class AlarmReceiver(Machines):
    @classmethod
    def prepare(cls):
        cls.alarms, cls.told = cls.jackfield.folder / "alarms", cls.jackfield.folder / "told"
        cls.alarms.mkdir()
        cls.jackfield.write("alarmreceiver.conf", ALARMS.replace("@FOLDER@", str(cls.jackfield.folder)))

    def setUp(self):
        super().setUp()
        for path in (self.told, *self.alarms.iterdir()):
            path.unlink(missing_ok=True)

    def counted(self, what):
        found = re.search(rf"/panels/{what}\s*: (\d+)", self.jackfield.ask("database show panels"))
        return int(found[1]) if found else 0

    def test_reports_of_a_call_are_kept_before_they_are_acknowledged(self):
        before = {what: self.counted(what) for what in ("events-received", "checksum-errors")}
        self.alice.call("1")
        self.alice.hears_handshake()
        self.alice.by_events(WRONG)
        self.alice.reports(self.alice.by_events, BURGLARY)
        written, = self.alarms.iterdir()
        self.assertTrue(written.name.startswith(".event-") and written.read_text().endswith(f"\n{BURGLARY}\n"), written.read_text())
        self.alice.reports(self.alice.by_events, RESTORED)
        self.alice.hang_up()
        jt.wait_until(self.told.exists, 10, "the command with the reports")
        file, = self.alarms.glob("event-*")
        self.assertRegex(file.read_text(), r"^\[metadata\]\n\nPROTOCOL=ADEMCO_CONTACT_ID\nCALLINGFROM=6001\nCALLERNAME=House alice\n"
                                           rf"TIMESTAMP=.* @ .*\n\n\[events\]\n\n{BURGLARY}\n{RESTORED[:-1]}F\n$")
        self.assertEqual(file.read_text(), self.told.read_text())
        self.assertEqual([file], list(self.alarms.iterdir()))
        jt.wait_until(lambda: self.counted("events-received") == before["events-received"] + 2, 10, "the count of two reports")
        self.assertGreater(self.counted("checksum-errors"), before["checksum-errors"])

    def test_keys_are_heard_in_the_audio_of_a_line(self):
        bob = self.bob()
        bob.call("2")
        bob.say(b"\xff" * 1600)  # a line is heard before it says anything
        bob.hears_handshake()
        bob.reports(bob.by_tones, RESTORED)
        self.logged("enough reports")
        jt.wait_until(self.told.exists, 10, "the command with the report")
        self.assertTrue(self.told.read_text().endswith(f"[events]\n\n{RESTORED[:-1]}F\n"), self.told.read_text())

    def test_who_says_nothing_hears_the_handshake_until_the_limit(self):
        self.alice.call("3")
        self.alice.hears_handshake()
        self.logged("nobody reports")
        self.logged("the call brought no report (1 attempts)")
        self.assertEqual([], list(self.alarms.iterdir()))


class Jack(Machines):
    # libjack keeps a list of servers in /dev/shm, eight at most, with those that were killed: ours has a /dev/shm of its own.
    wrapper = ("unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -t tmpfs none /dev/shm && exec "$@"', "sh")
    name = "jackfield-test"  # of the server

    @classmethod
    def here(cls, text):
        return super().here(text).replace("@NAME@", cls.name)

    def serve(self):
        """A server without sound hardware."""
        daemon = str(self.jackfield.process.pid)
        words = ["nsenter", "--mount", "--target", daemon, "jackd", "-n", self.name, "-r", "-p", "32", "-d", "dummy", "-r", "48000", "-p", "1024"]
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"})
        self.addCleanup(self.end, server)
        jt.wait_until(pathlib.Path(f"/proc/{daemon}/root/dev/shm/jack_{self.name}_{os.getuid()}_0").exists, 10, "the JACK server")
        return server

    def end(self, server):
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)  # it takes the large files in /dev/shm away
            server.wait(20 * jt.SLOWNESS)

    def test_what_is_said_comes_back_through_the_server_until_that_ends(self):
        server = self.serve()
        self.alice.call("4")
        tone = bytes(mu_law(8000 * math.sin(2 * math.pi * 700 * i / 8000)) for i in range(8000))
        self.alice.say(tone + tone)
        self.alice.hears(700, length=0.4)
        self.end(server)
        self.logged("the JACK server has gone away")
        self.logged("status <CLOSED>")

    def test_hang_up_takes_the_client_from_the_server(self):
        self.serve()
        for _ in range(2):  # the name is free again
            self.alice.call("4")
            self.alice.say(b"\xff" * 1600)
            self.alice.hang_up()
            self.jackfield.wait_idle()
            self.alice.media.close()
        self.assertNotIn("JACK on", self.jackfield.log_text()[self.mark:])

    def test_a_server_or_port_that_is_not_there_is_named(self):
        self.alice.call("4")
        self.logged(f"no connection to the JACK server {self.name}: ")
        self.logged("status <FAILED>")
        self.alice.hang_up()
        self.alice.media.close()
        self.serve()
        self.alice.call("5")
        self.logged(":output and nobody:playback_1 can't be connected")


if __name__ == "__main__":
    jt.main()
