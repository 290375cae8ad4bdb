"""Two network namespaces with a bad link between them: packets are lost, late, and overtake each other.

The kernel's netem makes the link bad where the kernel has it (a veth pair); elsewhere a process between two tun devices does the
same. Run as a program this file is that process: network_fixture.py NEAR FAR LOSS DELAY JITTER REORDER, with open tun devices."""
import ctypes
import fcntl
import heapq
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def must(*words):
    done = run(*words)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr.strip()}")


def why_not():
    """Why namespaces can't be had here; empty when they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"jf-probe-{os.getpid()}"
    made = run("ip", "netns", "add", name)
    if made.returncode:
        return f"network namespaces are not permitted here: {made.stderr.strip()}"
    run("ip", "netns", "delete", name)
    return ""


def enter(path):
    """Moves this thread, and what it starts from now on, to a namespace."""
    handle = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(handle)


class BadLink:
    """near: the namespace that the caller is moved to; far: the one for commands behind `wrapper`. `cleanup` is told at once how to
    undo each step, so that nothing stays behind when a later one fails."""

    near_address, far_address = "10.83.0.2", "10.83.0.1"

    def __init__(self, cleanup, more_near=()):
        mark = f"{os.getpid()}-{random.randrange(1 << 20):x}"
        self.near, self.far = f"jf-near-{mark}", f"jf-far-{mark}"
        self.wrapper = ["ip", "netns", "exec", self.far]
        self.relay, self.tuns = None, []
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        cleanup(os.close, home)
        for name in (self.near, self.far):
            must("ip", "netns", "add", name)
            cleanup(run, "ip", "netns", "delete", name)
        cleanup(enter, f"/proc/self/fd/{home}")
        cleanup(self.stop)
        self.with_netem = self.make_veth() or self.make_tuns()
        for namespace, addresses in ((self.near, (self.near_address, *more_near)), (self.far, (self.far_address,))):
            for address in addresses:
                must("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", "bad")
            for device in ("lo", "bad"):
                must("ip", "-n", namespace, "link", "set", device, "up")
        enter(f"/run/netns/{self.near}")

    def make_veth(self):
        must("ip", "-n", self.near, "link", "add", "bad", "type", "veth", "peer", "name", "bad", "netns", self.far)
        if not run("tc", "-n", self.near, "qdisc", "add", "dev", "bad", "root", "netem", "delay", "1ms").returncode:
            return True
        must("ip", "-n", self.near, "link", "delete", "bad")
        return False

    def make_tuns(self):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            for namespace in (self.near, self.far):
                enter(f"/run/netns/{namespace}")
                tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
                self.tuns.append(tun)
                fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"bad", IFF_TUN | IFF_NO_PI))
        finally:
            enter(f"/proc/self/fd/{home}")
            os.close(home)
        return False

    def set(self, loss, delay=0, jitter=0, reorder=0):
        """From now on, in either direction: percent of packets lost; milliseconds, plus or minus jitter, that they are late; percent that
        overtake those before them."""
        if self.with_netem:
            words = ["delay", f"{delay}ms", f"{jitter}ms"] if delay else []
            words += ["reorder", f"{reorder}%"] if reorder else []
            for namespace in (self.near, self.far):
                must("tc", "-n", namespace, "qdisc", "replace", "dev", "bad", "root", "netem", "loss", f"{loss}%", *words)
            return
        self.stop_relay()
        self.relay = subprocess.Popen([sys.executable, __file__, *map(str, (*self.tuns, loss, delay, jitter, reorder))], pass_fds=self.tuns,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def counts(self):
        """Packets that came to the link and that were lost, since set()."""
        if not self.with_netem:
            self.relay.send_signal(signal.SIGUSR1)
            return tuple(map(int, self.relay.stdout.readline().split()))
        came = lost = 0
        for namespace in (self.near, self.far):
            words = run("tc", "-s", "-n", namespace, "qdisc", "show", "dev", "bad").stdout.replace(",", "").split()
            sent, dropped = int(words[words.index("pkt") - 1]), int(words[words.index("(dropped") + 1])
            came, lost = came + sent + dropped, lost + dropped
        return came, lost

    def stop_relay(self):
        if self.relay:
            self.relay.kill()
            self.relay.wait()
            self.relay.stdout.close()
            self.relay = None

    def stop(self):
        self.stop_relay()
        while self.tuns:
            os.close(self.tuns.pop())


def relay(near, far, loss, delay, jitter, reorder):
    """Carries packets between two tun devices until it is killed."""
    waiting, number, came, lost = [], 0, 0, 0
    asked = []
    signal.signal(signal.SIGUSR1, lambda *_: asked.append(True))
    other = {near: far, far: near}
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.1
        for device in select.select([near, far], [], [], min(left, 0.1))[0]:
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                continue
            came += 1
            if random.random() * 100 < loss:
                lost += 1
                continue
            late = 0 if random.random() * 100 < reorder else max(0.0, delay + random.uniform(-jitter, jitter))
            number += 1
            heapq.heappush(waiting, (time.monotonic() + late / 1000, number, other[device], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(waiting)
            try:
                os.write(device, packet)
            except OSError:
                lost += 1
        while asked:
            asked.pop()
            print(came, lost, flush=True)


if __name__ == "__main__":
    relay(int(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:]))
