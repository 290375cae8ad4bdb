"""Loads against a SIP server that is told by address and process id: what tests/bench/run does to Jackfield and
tests/bench/compare to any other. CPU times are those of the server's process on a CPU (/proc/PID/task/*/schedstat, read by
jackfield_load at both ends of its window); memory is what smaps_rollup calls resident."""
import json
import os
import pathlib
import select
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("JACKFIELD_BUILD", ROOT / "build/release"))
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
NICE = os.environ.get("JACKFIELD_BENCH_NICE")  # e.g. -10 where other work shares the machine


def pinned(core):
    """The words before a command that put it on that core; None: it may use all."""
    priority = ["nice", "-n", NICE] if NICE else []
    return priority + (["taskset", "-c", str(core)] if len(CORES) > 1 and core is not None else [])


class Broken(Exception):
    """Something does not work, which is no matter of speed."""


class Generator:
    """A running jackfield_load."""

    def __init__(self, *words):
        self.words = [str(word) for word in words]
        self.process = subprocess.Popen(pinned(LOAD_CORE) + [str(BUILD / "bin/jackfield_load"), *self.words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def wait_up(self, seconds=120):
        """Until all calls are up (with --linger and --measure); returns how many."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.process.kill()
            raise Broken(f"jackfield_load {' '.join(self.words)}: the calls are not up after {seconds} s")
        line = json.loads(self.process.stdout.readline() or "{}")
        if "up" not in line:
            self.process.communicate()
            raise Broken(f"jackfield_load {' '.join(self.words)}: no call came up: {json.dumps(line)[:2000]}")
        return line["up"]

    def result(self, seconds=300):
        """Ends what lingers; the report as a dictionary."""
        output, _ = self.process.communicate(timeout=seconds)
        lines = [line for line in output.splitlines() if line.startswith("{")]
        if not lines:
            raise Broken(f"jackfield_load {' '.join(self.words)} ended with {self.process.returncode} and told nothing")
        return json.loads(lines[-1])


def run_load(*words, seconds=300):
    return Generator(*words).result(seconds)


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1])
    raise Broken(f"no memory figures of process {pid}")


def kernel_kib():
    """What the kernel holds for everybody: slabs and pages of sockets' buffers. Only differences tell something."""
    slab = next(int(line.split()[1]) for line in pathlib.Path("/proc/meminfo").read_text().splitlines() if line.startswith("Slab:"))
    udp = next(line.split() for line in pathlib.Path("/proc/net/sockstat").read_text().splitlines() if line.startswith("UDP:"))
    return {"slab_kib": slab, "udp_sockets": int(udp[2]), "udp_buffers_kib": int(udp[4]) * os.sysconf("SC_PAGE_SIZE") // 1024}


def media_of(result):
    """Both directions of a report in one."""
    sides = [side for side in result["media"].values() if side]
    all_of = lambda name: sum(side[name] for side in sides)  # noqa: E731
    return {"sent": all_of("sent"), "received": all_of("received"), "lost": all_of("lost"), "silent_flows": all_of("silent_flows"),
            "own_drops": all_of("own_drops"), "longest_gap_ms": max(side["longest_gap_ms"] for side in sides),
            **{f"delay_{name}": max(side["delay"][name] for side in sides) for name in ("p50_ms", "p99_ms", "p999_ms")}}


class Server:
    """`caller` and `callee` are our addresses; a call from the one to number(kind) must arrive at the other."""

    def __init__(self, address, pid, caller, callee, number):
        self.address, self.pid, self.caller, self.callee, self.number = address, pid, caller, callee, number

    def words(self, kind):
        return ["calls", "--server", self.address, "--caller", self.caller, "--callee", self.callee, "--number", self.number(kind),
                "--pid", self.pid]

    @staticmethod
    def checked(result, what):
        if result["failed"] or result["cut_off"] or result["left"]:
            raise Broken(f"{what}: {result['failed']} calls failed, {result['cut_off']} were cut off, {result['left']} did not end: "
                         f"{[step['failures'] for step in result['steps']]}")
        return result

    def media(self, calls, seconds, kind="pcmu", rate=100):
        """Calls with RTP both ways, from PCMU to `kind`; CPU and packets of the window in which all are up."""
        generator = Generator(*self.words(kind), "--rtp", "--calls", calls, "--rate", rate, "--measure", seconds, "--callee-codec", kind)
        generator.wait_up()
        result = self.checked(generator.result(), f"{calls} calls with media to {kind}")
        media = media_of(result)
        if media["silent_flows"] or media["lost"] > 0.01 * media["sent"]:
            raise Broken(f"{kind}: {media['silent_flows']} directions without media, {media['lost']} packets of {media['sent']} lost")
        cpu = result["target"]["cpu_s"]
        return {"calls": calls, "window_s": result["window_s"], "cpu_s": cpu, "cpu_us_per_packet": cpu / max(media["received"], 1) * 1e6,
                "calls_per_core": calls * result["window_s"] / max(cpu, 1e-9), "generator_cpu_s": result["own"]["window_cpu_s"],
                "generator_late_ms": result["own"]["latest_timer_ms"], **media}

    def conference(self, members, speakers, seconds):
        """Callers who all join one room; some speak, and everybody must hear every packet of it."""
        words = self.words("room")
        del words[words.index("--callee"):words.index("--callee") + 2]
        generator = Generator(*words, "--rtp", "--calls", members, "--rate", 100, "--measure", seconds, "--speakers", speakers)
        generator.wait_up()
        result = self.checked(generator.result(), f"{members} members of a room")
        media = result["media"]["caller"]
        if media["silent_flows"] or media["lost"] > 0.01 * media["received"] or media["received"] < 0.98 * members * seconds * 50:
            raise Broken(f"a room of {members}: {media}")
        cpu = result["target"]["cpu_s"]
        return {"members": members, "speakers": speakers, "cpu_s": cpu, "us_per_member": cpu / (result["window_s"] / 0.02) / members * 1e6, **media}

    def set_up(self, rate, calls, kind="pcmu"):
        """Calls that end as soon as they are up, at a fixed rate."""
        result = self.checked(run_load(*self.words(kind), "--calls", calls, "--rate", rate, "--hold", 0), f"{calls} calls at {rate}/s")
        return self.set_up_figures(result, result["steps"][0])

    @staticmethod
    def set_up_figures(result, step):
        return {"rate": step["rate"], "calls": step["begun"], "failed": step["failed"], "failures": step["failures"], **{
            name: step["latency"][name] for name in ("p50_ms", "p99_ms", "p999_ms")},
            "cpu_us_per_call": result["target"]["cpu_s"] / max(result["answered"], 1) * 1e6,
            "main_cpu_us_per_call": result["target"]["main_cpu_s"] / max(result["answered"], 1) * 1e6,
            "retransmissions": result["retransmitted"] + result["retransmissions_seen"] + result["callee"]["retransmitted"]
            + result["callee"]["retransmissions_seen"], "own_drops": result["own_drops"],
            "generator_cpu_s": result["own"]["cpu_s"], "generator_late_ms": result["own"]["latest_timer_ms"]}

    def ramp(self, first, step, last, step_seconds=4, limit_ms=100):
        """Faster and faster until calls fail or p99 exceeds the limit; the highest good rate and CPU of each step."""
        result = run_load(*self.words("pcmu"), "--rate", first, "--ramp", step, "--to", last, "--step-seconds", step_seconds,
                          "--limit-ms", limit_ms, "--hold", 0, "--drain", 35)
        return {"best_rate": result["best_rate"], "own_drops": result["own_drops"], "steps": [
            {"rate": one["rate"], "good": one["good"], "failed": one["failed"], "retransmitted": one["retransmitted"],
             "p50_ms": one["latency"]["p50_ms"], "p99_ms": one["latency"]["p99_ms"],
             "main_cpu_us_per_call": one["target_main_cpu_s"] / max(one["answered"], 1) * 1e6} for one in result["steps"]]}

    def overload(self, rate, seconds):
        """An offered rate that can't be served; goodput is what was answered while it lasted."""
        result = run_load(*self.words("pcmu"), "--rate", rate, "--calls", int(rate * seconds), "--hold", 0, "--drain", 35)
        step = result["steps"][0]
        return {"offered_rate": rate, "seconds": seconds, "answered": step["answered"], "goodput": step["answered_at_end"] / seconds,
                "finished": result["finished"],
                "failures": step["failures"], "left": result["left"], "p50_ms": step["latency"]["p50_ms"], "p99_ms": step["latency"]["p99_ms"],
                "retransmissions": result["retransmitted"] + result["callee"]["retransmitted"], "own_drops": result["own_drops"],
                "generator_late_ms": result["own"]["latest_timer_ms"]}

    def memory(self, calls, rate=200, rtp=True):
        """Resident and kernel memory of calls that are up with their media relayed. Some calls before warm pools that all servers have."""
        self.set_up(min(rate, 100), 100)
        before, kernel_before = resident_kib(self.pid), kernel_kib()
        generator = Generator(*self.words("pcmu"), "--calls", calls, "--rate", rate, "--linger", *(["--rtp"] if rtp else []))
        generator.wait_up()
        select.select([], [], [], 3)  # all directions have been heard and learnt; what is made on the first packets is there
        after, kernel_after = resident_kib(self.pid), kernel_kib()
        self.checked(generator.result(), f"{calls} calls held")
        return {"calls": calls, "kib_per_call": (after - before) / calls,
                "kernel_slab_kib_per_call": (kernel_after["slab_kib"] - kernel_before["slab_kib"]) / calls,
                "udp_sockets_per_call": (kernel_after["udp_sockets"] - kernel_before["udp_sockets"]) / calls,
                "udp_buffers_kib_per_call": (kernel_after["udp_buffers_kib"] - kernel_before["udp_buffers_kib"]) / calls}

    def register_words(self, local, users, rate):
        return ["register", "--server", self.address, "--local", local, "--users", users, "--pid", self.pid, "--rate", rate]

    def calls_beside_renewals(self, local, users, rate, calls, seconds):
        """Calls that are set up and speak while users renew their registrations at a fixed rate."""
        renewals = Generator(*self.register_words(local, users, rate), "--calls", min(users, int(rate * (seconds + calls / 100 + 3))))
        generator = Generator(*self.words("pcmu"), "--rtp", "--calls", calls, "--rate", 100, "--measure", seconds)
        generator.wait_up()
        result = self.checked(generator.result(), f"{calls} calls beside renewals")
        if renewals.process.poll() is not None:
            raise Broken("the renewals ended before the calls: no figures of both")
        renewed = renewals.result()
        if renewed["failed"] or renewed["left"]:
            raise Broken(f"renewals beside calls: {renewed['failed']} failed, {renewed['left']} without an answer")
        return {"media": media_of(result), "set_up": result["steps"][0]["latency"], "renewal": renewed["steps"][0]["latency"],
                "generator_late_ms": result["own"]["latest_timer_ms"]}

    def registrations(self, local, users, rate, ramp=None):
        """One REGISTER with its challenge for each user, as fast as `rate`; with `ramp` (step, last) faster and faster."""
        before = resident_kib(self.pid)
        words = self.register_words(local, users, rate)
        words += ["--ramp", ramp[0], "--to", ramp[1], "--step-seconds", 4] if ramp else ["--calls", users]
        result = run_load(*words)
        if not ramp and (result["failed"] or result["left"]):
            raise Broken(f"registrations: {result['failed']} failed, {result['left']} without an answer: {result['steps'][0]['failures']}")
        step = result["steps"][0]
        return {"users": users, "rate": rate, "done": result["succeeded"], "seconds": result["seconds"], "best_rate": result["best_rate"],
                "per_second": result["succeeded"] / result["seconds"], "p50_ms": step["latency"]["p50_ms"], "p99_ms": step["latency"]["p99_ms"],
                "main_cpu_us": result["target"]["main_cpu_s"] / max(result["succeeded"], 1) * 1e6,
                "cpu_us": result["target"]["cpu_s"] / max(result["succeeded"], 1) * 1e6, "retransmitted": result["retransmitted"],
                "failed": result["failed"] + result["left"], "mib": (resident_kib(self.pid) - before) / 1024}


class BareRelay:
    """The limit of relaying, on the server's core."""

    def __init__(self, network, pairs):
        self.network, self.pairs = network, pairs

    def measure(self, seconds):
        address = f"{self.network}.9"
        relay = subprocess.Popen(pinned(SERVER_CORE) + [str(BUILD / "bin/bare_relay"), address, "20000", str(self.pairs)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        relay.stdout.readline()
        try:
            result = run_load("rtp", "--server", address, "--caller", f"{self.network}.8", "--callee", f"{self.network}.10", "--pairs", self.pairs,
                              "--measure", seconds, "--pid", relay.pid)
        finally:
            relay.communicate()
        media = media_of(result)
        return {"cpu_us_per_packet": result["target"]["cpu_s"] / media["received"] * 1e6, **media}


def bare_sip(network, rate, calls):
    """The limit of set-up: the 14 messages of a call received and sent unread, on the server's core."""
    address, caller, callee = (f"{network}.{host}" for host in (11, 12, 13))
    reflector = subprocess.Popen(pinned(SERVER_CORE) + [str(BUILD / "bin/bare_sip"), address, caller, callee], stdout=subprocess.PIPE, text=True)
    reflector.stdout.readline()
    try:
        return Server(address, reflector.pid, caller, callee, lambda kind: "700").set_up(rate, calls)
    finally:
        reflector.terminate()
        reflector.communicate()


class Table:
    """Rows: figure, compared to, ratio, budget, met."""

    def __init__(self, judges=True):
        self.rows, self.figures, self.judges = [], {}, judges  # a short run is too small to judge by

    def add(self, name, ours, against="", theirs="", ratio=None, budget="", met=None):
        self.rows.append({"name": name, "figure": ours, "compared_to": against, "theirs": theirs, "ratio": ratio, "budget": budget,
                          "met": met if self.judges else None})
        self.print_row(self.rows[-1])

    @staticmethod
    def print_row(row):
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        met = {None: "", True: "met", False: "NOT MET"}[row["met"]]
        against = " ".join(part for part in (row["compared_to"], row["theirs"]) if part)
        print(f"{row['name']:46} {row['figure']:>16}  {against:38} {ratio:>6}  {row['budget']:18} {met}", flush=True)

    @staticmethod
    def heading(label):
        print(f"{'':46} {label:>16}  {'compared to':38} {'ratio':>6}  {'budget':18}", flush=True)

    def write(self, path):
        pathlib.Path(path).write_text(json.dumps({"rows": self.rows, "figures": self.figures}, indent=2) + "\n")
