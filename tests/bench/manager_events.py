#!/usr/bin/env python3
"""What events cost the manager interface: UserEvents at a rate, to a number of clients that read them all, as the share of a core
that the daemon took, the sending itself (the action UserEvent) counted apart by a run without readers.

    tests/bench/manager_events.py [--clients 20] [--rate 10000] [--seconds 10]

One client sends `UserEvent` actions; each becomes one event for all. Prints a line of JSON."""
import argparse
import json
import multiprocessing
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))
import ami_fixture  # noqa: E402


def read_all(address, ready, stop, counts, place):
    client = ami_fixture.Client(address).login()
    ready.release()
    client.socket.settimeout(0.2)
    count, rest = 0, client.buffer
    while not stop.is_set():
        try:
            received = client.socket.recv(1 << 18)
        except TimeoutError:
            continue
        if not received:
            break
        count += (rest[-20:] + received).count(b"Event: UserEvent\r") - rest[-20:].count(b"Event: UserEvent\r")
        rest = received
    counts[place] = count


def cpu_seconds(pid):
    """Of all threads, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def send(client, rate, seconds):
    """Actions in batches of 5 ms, their answers thrown away; returns how many were sent and in which time."""
    batch, sent, began = max(1, rate // 200), 0, time.monotonic()
    text = b"Action: UserEvent\r\nUserEvent: Load\r\nWho: somebody\r\nNumber: 1234567\r\nState: talking\r\n\r\n" * batch
    client.socket.setblocking(True)
    while sent < rate * seconds:
        client.socket.sendall(text)
        sent += batch
        client.socket.setblocking(False)
        try:
            while client.socket.recv(1 << 18):
                pass
        except BlockingIOError:
            pass
        client.socket.setblocking(True)
        time.sleep(max(0, began + sent / rate - time.monotonic()))
    return sent, time.monotonic() - began


class Load(ami_fixture.AmiTest):
    def runTest(self):
        """Never run as a test: measure() is called."""

    def measure(self, clients, rate, seconds):
        daemon = self.manager()
        ready, stop, counts = multiprocessing.Semaphore(0), multiprocessing.Event(), multiprocessing.Array("q", max(1, clients))
        readers = [multiprocessing.Process(target=read_all, args=(self.server, ready, stop, counts, place)) for place in range(clients)]
        for reader in readers:
            reader.start()
        for _ in readers:
            ready.acquire()
        sender = self.client(Events="off")
        before = cpu_seconds(daemon.process.pid)
        sent, took = send(sender, rate, seconds)
        sender.ask("Ping", seconds=60)
        time.sleep(0.5)
        used = cpu_seconds(daemon.process.pid) - before
        stop.set()
        for reader in readers:
            reader.join(10)
        return {"clients": clients, "events_per_second": round(sent / took), "share_of_a_core": round(used / took, 3),
                "lost": sent * clients - sum(counts[:clients])}


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--clients", type=int, default=20)
    words.add_argument("--rate", type=int, default=10000)
    words.add_argument("--seconds", type=int, default=10)
    asked = words.parse_args()
    for clients in (0, asked.clients):
        load = Load()
        load.setUp()
        try:
            print(json.dumps(load.measure(clients, asked.rate, asked.seconds)), flush=True)
        finally:
            load.doCleanups()


if __name__ == "__main__":
    main()
