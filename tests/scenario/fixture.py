"""What scenario tests share: a daemon on loopback addresses of its own, baresip phones, SIPp, and ears.

JACKFIELD_BUILD names the build folder whose daemon is tested. Nothing here sleeps for luck: things are waited for with a
deadline, and what was started is stopped by its pid."""
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import wave

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("JACKFIELD_BUILD", ROOT / "build/release"))
# Sanitizers and valgrind make everything slower; deadlines are stretched, never the expectations.
SLOWNESS = float(os.environ.get("JACKFIELD_SLOWNESS", "1"))
# For tests in which a sanitizer would see nothing that other tests of the same file do not show it.
without_sanitizers = unittest.skipIf(SLOWNESS > 1, "other tests show the sanitizer the same")


def wait_until(condition, seconds=10, what="the condition"):
    """Polls `condition` until it is true and returns its value; fails the test after the deadline."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds * SLOWNESS:g} s")
        time.sleep(0.02)


def free_network():
    """A prefix such as 127.83.12 whose addresses nobody listens on."""
    for _ in range(200):
        prefix = f"127.{random.randint(20, 250)}.{random.randint(1, 250)}"
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                probe = socket.socket(socket.AF_INET, kind)
                probe.bind((f"{prefix}.1", 5060))
                probe.close()
            return prefix
        except OSError:
            continue
    raise AssertionError("no free loopback network")


class Daemon:
    """A Jackfield with a configuration folder, everything below one temporary folder."""

    def __init__(self, files, address, options=(), wrapper=(), environment=None, folder=None, prepared=False):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="jackfield-test-"))
        self.address = address
        self.etc = self.folder / "etc"
        self.options = list(options)
        self.wrapper = list(wrapper)
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        for name in ("etc", "lib", "spool", "run", "log"):
            (self.folder / name).mkdir(exist_ok=True)
        if not prepared:
            self.write("jackfield.conf", self.main_settings())
            self.write("logger.conf", "[general]\n[logfiles]\nmessages.log => notice,warning,error,verbose(3),security\n")
            self.write("indications.conf", (ROOT / "configs/indications.conf").read_text())
        for name, text in files.items():
            self.write(name, text)

    def main_settings(self):
        return (f"[directories]\nastetcdir => {self.etc}\nastvarlibdir => {self.folder}/lib\nastdbdir => {self.folder}/lib\n"
                f"astspooldir => {self.folder}/spool\nastrundir => {self.folder}/run\nastlogdir => {self.folder}/log\n")

    def write(self, name, text):
        path = self.etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@ADDRESS@", self.address))

    @property
    def command(self):
        return [str(BUILD / "bin/jackfield"), "-C", str(self.etc / "jackfield.conf")]

    def start(self, wait=True):
        self.output = open(self.folder / "output.txt", "ab")
        self.process = subprocess.Popen(self.wrapper + self.command[:1] + ["-f", "-n"] + self.options + self.command[1:],
                                        stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
                                        env=self.environment)
        if wait:
            self.wait_booted()
        return self

    def wait_booted(self):
        def booted():
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended at start ({self.process.returncode}):\n{self.log_text()[-4000:]}")
            try:
                return self.question("core waitfullybooted")[0] == 0
            except OSError:
                return False
        wait_until(booted, 20, "the boot of the daemon")

    def cli(self, command, check=True, timeout=30):
        """By the console's own program. `ask` is the same for a fraction of the time, which counts where waiting is asking."""
        done = subprocess.run([*self.command, "-rx", command], capture_output=True, text=True, timeout=timeout * SLOWNESS,
                              stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise AssertionError(f"'{command}' answered {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def question(self, command, timeout=30):
        """(exit code, answer) of a console command, over the control socket (core/console/console_protocol.hpp). Errors: OSError."""
        deadline = time.monotonic() + timeout * SLOWNESS
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as console:
            console.settimeout(timeout * SLOWNESS)
            console.connect(str(self.folder / "run/jackfield.ctl"))
            console.sendall(struct.pack(">I", len(command.encode())) + b"C" + command.encode())
            answer, stream = b"", console.makefile("rb")
            while len(head := stream.read(5)) == 5:
                text = stream.read(int.from_bytes(head[:4], "big"))
                if head[4:] == b"O":
                    answer += text
                elif head[4:] == b"D":
                    return int(text != b"0"), answer.decode(errors="replace")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the answer has not ended after {timeout * SLOWNESS:g} s")
        raise ConnectionError("the daemon ended the console's connection")

    def ask(self, command):
        try:
            code, answer = self.question(command)
        except OSError as error:
            raise AssertionError(f"'{command}' was not answered: {error}") from error
        if code:
            raise AssertionError(f"'{command}' answered {code}: {answer}")
        return answer

    def log_text(self):
        text = ""
        for path in (self.folder / "output.txt", self.folder / "log/messages.log"):
            if path.exists():
                text += path.read_text(errors="replace")
        return text

    def wait_for_log(self, text, seconds=10, since=0):
        wait_until(lambda: text in self.log_text()[since:], seconds, f"the log line '{text}'")

    def wait_for_pattern(self, pattern, seconds=10):
        """The log is written later than a command is answered or a peer is done."""
        return wait_until(lambda: re.search(pattern, self.log_text()), seconds, f"a log line that fits '{pattern}'")

    def channels(self):
        """Number of channels as the CLI counts them."""
        first = self.ask("core show channels count").split()
        return int(first[0])

    def wait_idle(self, seconds=10):
        wait_until(lambda: self.channels() == 0, seconds, "the end of all channels")

    def memory_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wait_for_descriptors(self, most, seconds=20):
        """Until no more than that many are open: what has ended is closed a little later. Says what is open when it is not."""
        try:
            wait_until(lambda: self.descriptors() <= most, seconds, f"at most {most} open descriptors")
        except AssertionError as missed:
            names = []
            for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
                try:
                    names.append(f"{entry.name} {os.readlink(entry)}")
                except OSError:
                    pass  # closed meanwhile
            sessions = [line for line in pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines() if kernel_name(self.address) in line]
            raise AssertionError("\n".join([f"{missed}; open are:", ", ".join(names), *sessions])) from None

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(20 * SLOWNESS)

    def stop(self):
        """Stops it in order; an unclean end (a crash, a sanitizer's report) fails the test."""
        if not self.process:
            return
        if self.process.poll() is None:
            try:
                self.question("core stop now")
            except OSError:
                pass  # it is as good as gone; what it ends with is looked at below
            try:
                self.process.wait(20 * SLOWNESS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the daemon did not stop:\n{self.log_text()[-4000:]}")
        code, self.process = self.process.returncode, None
        self.output.close()
        if code not in (0, -signal.SIGKILL):
            report = (self.folder / "output.txt").read_text(errors="replace")  # of a sanitizer
            raise AssertionError(f"the daemon ended with {code}:\n{self.log_text()[-8000:]}\n{report[-12000:]}")

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def odbc_environment(ini):
    """For a daemon that uses ODBC by that file. Drivers leave some 1,500 bytes behind, and unixODBC unmaps them before the
    leak checker could name them for a suppression: so it is off where they are used, and only there."""
    return {"ODBCINI": str(ini), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def write_tone(path, hz, seconds=60, amplitude=0.3, rate=8000):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        period = [int(32767 * amplitude * math.sin(2 * math.pi * hz * i / rate)) for i in range(rate)]
        second = struct.pack(f"<{rate}h", *period)  # whole hertz: one second repeats without a seam
        for _ in range(int(seconds)):
            out.writeframes(second)
        out.writeframes(second[:2 * round(rate * (seconds % 1))])


def read_samples(path, last=None):
    """Samples of a wav file that may still be written: the header's length is not trusted. `last`: no more than that many, of the end."""
    with open(path, "rb") as file:
        size = (os.fstat(file.fileno()).st_size - 44) // 2
        first = max(0, size - last) if last else 0
        file.seek(44 + 2 * first)
        raw = file.read(2 * max(0, size - first))
    return struct.unpack(f"<{len(raw) // 2}h", raw[:len(raw) // 2 * 2])


def level(samples, hz, rate=8000):
    """Amplitude (0 to 1) of one frequency (Goertzel)."""
    if not samples:
        return 0.0
    factor = 2 * math.cos(2 * math.pi * hz / rate)
    one = two = 0.0
    for sample in samples:
        one, two = sample + factor * one - two, one
    power = one * one + two * two - factor * one * two
    return 2 * math.sqrt(max(power, 0)) / len(samples) / 32768


def loudness(samples):
    """Root mean square, 0 to 1."""
    return math.sqrt(sum(s * s for s in samples) / len(samples)) / 32768 if samples else 0.0


def longest_gap(samples, rate=8000):
    """Seconds of the longest stretch without sound, in steps of 10 ms; silence before the first sound does not count."""
    window = rate // 100
    longest = gap = 0
    heard = False
    for start in range(0, len(samples) - window, window):
        if loudness(samples[start:start + window]) > 0.01:
            heard, gap = True, 0
        elif heard:
            gap += 1
            longest = max(longest, gap)
    return longest / 100


class Phone:
    """A baresip with one account, steered over its control socket; what it hears is written to a file."""

    def __init__(self, folder, address, user, server, password="secret", tone=440, auto_answer=False, codecs="PCMU,PCMA",
                 register=True, transport="udp", dtmf="rtpevent", settings=(), media_encryption="", nat=""):
        self.folder = pathlib.Path(folder) / f"phone-{user}-{address}"
        self.folder.mkdir(parents=True)
        self.recordings = self.folder / "heard"
        self.recordings.mkdir()
        self.address, self.user, self.server, self.tone = address, user, server, tone
        self.events, self.buffer, self.lock = [], b"", threading.Lock()
        write_tone(self.folder / "tone.wav", tone)
        (self.folder / "contacts").write_text("")
        (self.folder / "accounts").write_text(
            f"<sip:{user}@{server};transport={transport}>;auth_user={user};auth_pass={password};"
            f"regint={60 if register else 0};answermode={'auto' if auto_answer else 'manual'};audio_codecs={codecs};"
            f"dtmfmode={dtmf};ptime=20{f';mediaenc={media_encryption}' if media_encryption else ''}{f';medianat={nat}' if nat else ''}\n")
        modules = ["g711.so", "g722.so", "gsm.so", "aubridge.so", "aufile.so", "sndfile.so", "uuid.so", "srtp.so"]
        (self.folder / "config").write_text("\n".join([
            "poll_method epoll", f"sip_listen {address}:5060", "call_local_timeout 120", "call_max_calls 8",
            "audio_player aubridge,sink", f"audio_source aufile,{self.folder}/tone.wav", "audio_alert aubridge,alert",
            "ausrc_srate 8000", "auplay_srate 8000", "ausrc_channels 1", "auplay_channels 1", "rtp_tos 184",
            "rtp_ports 20000-29998", "jitter_buffer_delay 1-5", f"net_interface {address}",
            "module_path /usr/lib/baresip/modules", *[f"module {name}" for name in modules], "module_tmp account.so",
            "module_app menu.so", "module_app ctrl_tcp.so", f"ctrl_tcp_listen {address}:4444", f"snd_path {self.recordings}",
            *settings, ""]))
        self.process = self.socket = None
        self.dialled = 0

    def start(self):
        self.output = open(self.folder / "output.txt", "ab")
        self.process = subprocess.Popen(["baresip", "-f", str(self.folder)], stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT)
        def connected():
            try:
                self.socket = socket.create_connection((self.address, 4444), 2)
                return True
            except OSError:
                if self.process.poll() is not None:
                    raise AssertionError(f"baresip ended: {(self.folder / 'output.txt').read_text()[-2000:]}")
                return False
        wait_until(connected, 10, "the control socket of baresip")
        self.socket.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self):
        while True:
            try:
                received = self.socket.recv(65536)
            except OSError:
                return
            if not received:
                return
            self.buffer += received
            while b":" in self.buffer:
                size, rest = self.buffer.split(b":", 1)
                size = int(size)
                if len(rest) < size + 1:
                    break
                with self.lock:
                    self.events.append(json.loads(rest[:size]))
                self.buffer = rest[size + 1:]

    def command(self, name, parameters=""):
        text = json.dumps({"command": name, "params": parameters, "token": "t"}).encode()
        self.socket.sendall(b"%d:%s," % (len(text), text))

    def wait_event(self, kind, seconds=10, after=0, holding=None):
        """The first event of that kind since position `after`; returns (position behind it, event)."""
        found = []
        def look():
            with self.lock:
                for place, event in enumerate(self.events[after:], after):
                    if event.get("type") == kind and (holding is None or holding in json.dumps(event)):
                        found.append((place + 1, event))
                        return True
            return False
        wait_until(look, seconds, f"event {kind} at phone {self.user}")
        return found[0]

    def mark(self):
        with self.lock:
            return len(self.events)

    def dial(self, number):
        # What it heard before is kept by another name: baresip's are of the second in which the call began.
        for place, path in enumerate(sorted(self.recordings.glob("dump-*-dec.wav"))):
            path.rename(path.with_name(f"before-{self.dialled}-{place}-dec.wav"))
        self.dialled += 1
        self.command("dial", f"sip:{number}@{self.server}")

    def hang_up(self):
        self.command("hangup")

    def answer(self):
        self.command("accept")

    def press(self, digits):
        for digit in digits:
            self.command("sndcode", digit)
            time.sleep(0.25)  # the key's own length: baresip ends it when the next one begins
        self.command("sndcode", "\x04")

    def heard(self, call=-1):
        """Samples heard in the call-th call."""
        files = sorted(self.recordings.glob("*-dec.wav"), key=lambda path: path.stat().st_mtime_ns)
        return read_samples(files[call]) if files else ()

    def hears(self, last):
        """The last samples that it hears; what it heard before it dialled is not what it hears."""
        files = list(self.recordings.glob("dump-*-dec.wav"))
        return read_samples(max(files, key=lambda path: path.stat().st_mtime_ns), last) if files else ()

    def wait_to_hear(self, hz, seconds=10, least=0.1, length=0.4, where=None):
        """Until the last `length` seconds heard hold that tone."""
        count = int(8000 * length)
        def hears():
            samples = self.hears(count)
            return len(samples) == count and level(samples, hz) >= least
        wait_until(hears, seconds, f"a tone of {hz} Hz at phone {self.user}")

    def media_rate(self):
        """Bits per second of audio that come, after decryption, as it counts them; None: it has not said yet."""
        told = re.findall(r"audio=\d+/(\d+)", (self.folder / "output.txt").read_text(errors="replace"))
        return int(told[-1]) if told else None

    def hold_and_resume(self, other, music=620):
        """Holds `other`, which hears music, and comes back. baresip 1.0.0 writes no more of what it hears to its file once it has held
        a call, so that it is heard again shows in what it counts."""
        self.wait_to_hear(other.tone)
        self.command("hold")
        other.wait_to_hear(music)
        wait_until(lambda: self.media_rate() == 0, 10, f"the end of audio to phone {self.user}")
        self.command("resume")
        other.wait_to_hear(self.tone)
        wait_until(lambda: (self.media_rate() or 0) > 30000, 10, f"audio to phone {self.user} again")

    def wait_for_silence(self, seconds=10, most=0.01, length=0.4):
        count = int(8000 * length)
        def silent():
            samples = self.hears(count)
            return len(samples) == count and loudness(samples) < most
        wait_until(silent, seconds, f"silence at phone {self.user}")

    def stop(self, patience=5):
        """Ends it: it hangs up and unregisters, for which it waits while nobody answers; after `patience` seconds it is killed."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.socket:
            self.socket.close()


def kernel_name(address):
    """That address as files of /proc/net write it, with the colon before the port."""
    return socket.inet_aton(address)[::-1].hex().upper() + ":"


def is_bound(address):
    """Whether somebody in this network namespace has a UDP socket of that address."""
    return any(line.split()[1].startswith(kernel_name(address)) for line in pathlib.Path("/proc/self/net/udp").read_text().splitlines()[1:])


def sipp(address, target, *arguments, scenario=None, xml=None, folder=None, timeout=60):
    """Starts SIPp on `address` against `target`; returns the process, which has its UDP socket. `xml` is a scenario's text."""
    command = ["sipp", target, "-i", address, "-nostdin", "-timeout", str(int(timeout * SLOWNESS)), "-timeout_error",
               *map(str, arguments)]
    if scenario:
        command += ["-sn", scenario]
    if xml:
        path = pathlib.Path(folder) / f"scenario-{random.randrange(1 << 30)}.xml"
        path.write_text(xml)
        command += ["-sf", str(path)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               cwd=folder or tempfile.gettempdir(), env=dict(os.environ, TERM="dumb"))
    if "-t" not in arguments:
        wait_until(lambda: process.poll() is not None or is_bound(address), 10, f"SIPp at {address}")
    return process


def finish(process, seconds=90):
    """Waits for SIPp's end; fails with its last words when its exit code is not 0."""
    text, _ = process.communicate(timeout=seconds * SLOWNESS)
    if process.returncode:
        raise AssertionError(f"SIPp ended with {process.returncode}:\n{text[-3000:]}")
    return text


MODULES = "[modules]\nautoload=yes\n"
TRANSPORT = "[transport-udp]\ntype=transport\nprotocol=udp\nbind=@ADDRESS@:5060\n" \
            "[transport-tcp]\ntype=transport\nprotocol=tcp\nbind=@ADDRESS@:5060\n"
PHONE_TEMPLATE = """
[phone](!)
type=endpoint
context=default
disallow=all
allow=ulaw,alaw,g722,gsm
"""


def phone_objects(user, password="secret", extra=""):
    return (f"[{user}](phone)\nauth={user}\naors={user}\ncallerid=\"Phone {user}\" <{user}>\n{extra}\n"
            f"[{user}]\ntype=auth\nauth_type=userpass\nusername={user}\npassword={password}\n"
            f"[{user}]\ntype=aor\nmax_contacts=3\n")


def trunk_objects(server, password="secret", extra="", registration=""):
    """The endpoint `provider`, which registers at `server` as the user `branch`."""
    return (f"[provider](phone)\naors=provider\noutbound_auth=provider\nfrom_user=branch\n{extra}\n"
            f"[provider]\ntype=aor\ncontact=sip:{server}:5060\n"
            f"[provider]\ntype=auth\nauth_type=digest\nusername=branch\npassword={password}\n"
            f"[provider]\ntype=registration\nserver_uri=sip:{server}:5060\nclient_uri=sip:branch@{server}\noutbound_auth=provider\n"
            f"contact_user=main\nretry_interval=1\nmax_random_initial_delay=0\nline=yes\nendpoint=provider\n{registration}\n")


class ScenarioTest(unittest.TestCase):
    """Gives a loopback network and cleans up all that a test started, also when it failed."""

    def setUp(self):
        self.network = free_network()
        self.server = f"{self.network}.1"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jackfield-scenario-"))
        self.daemons, self.phones, self.hosts = [], [], 1
        self.addCleanup(shutil.rmtree, self.folder, True)

    def address(self):
        self.hosts += 1
        return f"{self.network}.{self.hosts}"

    def daemon(self, files, start=True, **options):
        settings = {"modules.conf": MODULES, "rtp.conf": "[general]\nrtpstart=10000\nrtpend=19999\n", **files}
        made = Daemon(settings, options.pop("address", self.server), **options)
        self.daemons.append(made)
        self.addCleanup(made.remove)
        self.addCleanup(made.stop)
        return made.start() if start else made

    def npm_folder(self, package):
        """A folder with that package ("name@version") from npm; skips the test where npm or its network is missing."""
        if not shutil.which("npm"):
            self.skipTest("npm is not installed")
        name = package.rpartition("@")[0]
        folder = BUILD / f"npm-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "node_modules" / name).exists():
            fetched = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), package],
                                     capture_output=True, text=True, timeout=180)
            if fetched.returncode and any(word in fetched.stderr for word in ("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED")):
                self.skipTest("npm has no network")
            self.assertEqual(fetched.returncode, 0, fetched.stderr)
        return folder

    def phone(self, user, start=True, **options):
        made = Phone(self.folder, self.address(), user, self.server, **options)
        self.phones.append(made)
        self.addCleanup(made.stop, 1)
        if start:
            made.start()
            if options.get("register", True):
                # The phone may have registered before its control socket was connected, so the registrar tells.
                wait_until(lambda: made.address in self.daemons[0].ask("pjsip show contacts"), 10, f"registration of {user}")
        return made


class TimedResult(unittest.TextTestResult):
    """Remembers how long each test took, its set-up and clean-up included."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.began, self.times = 0.0, []

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.times.append((time.monotonic() - self.began, test.id().removeprefix("__main__.")))


def last_words(trace):
    """Where a test failed and the first lines of what it said, of an exception's text."""
    places = re.findall(r'File "[^"]*?([^"/]+_test\.py)", line (\d+)', trace)
    said = re.sub(r"^( .*\n)*", "", trace.rpartition("Traceback (most recent call last):\n")[2]).splitlines()
    place = f"{places[-1][0]}:{places[-1][1]}: " if places else ""
    return [place + said[0][:600] if said else place, *(line[:300] for line in said[1:5] if line.strip())]


def main():
    """Runs the script's tests. What failed is said once more at the end, in few lines: logs are often cut in the middle."""
    program = unittest.main(verbosity=2, warnings="ignore", exit=False,
                            testRunner=unittest.TextTestRunner(verbosity=2, warnings="ignore", resultclass=TimedResult))
    result = program.result
    slowest = sorted(result.times, reverse=True)[:int(os.environ.get("JACKFIELD_SLOWEST", "5"))]
    print("the slowest: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in slowest), file=sys.stderr)
    failed = [("failed", *one) for one in result.failures] + [("error", *one) for one in result.errors]
    failed += [("succeeded unexpectedly", test, "") for test in result.unexpectedSuccesses]
    if failed:
        print(f"\nWhat failed of {result.testsRun} tests:", file=sys.stderr)
    for kind, test, trace in failed:
        print(f"  {test.id().removeprefix('__main__.')}: {kind}", file=sys.stderr)
        for line in last_words(trace) if trace else []:
            print(f"    {line}", file=sys.stderr)
    sys.exit(0 if result.wasSuccessful() else 1)
