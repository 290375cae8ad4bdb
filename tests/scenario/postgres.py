"""A PostgreSQL server of a test's own, on a socket in its folder and a loopback address."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from fixture import SLOWNESS


def binaries():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise AssertionError("PostgreSQL is not installed (tests/debian-packages.txt)")
    return found[-1].parent


class Postgres:
    def __init__(self, address, port=5432):
        self.address, self.port = address, port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jackfield-postgres-"))
        self.user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
        if self.user:
            shutil.chown(self.folder, self.user)
        self.bin = binaries()
        self.run("initdb", "-D", self.folder / "data", "-U", "jackfield", "-A", "trust", "--no-sync")
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-t", str(30 * SLOWNESS), "-l", self.folder / "log", "-o",
                 f"-h {address} -p {port} -k {self.folder} -c fsync=off", "start")

    def run(self, program, *arguments):
        words = [str(self.bin / program), *map(str, arguments)]
        if self.user:
            words = ["runuser", "-u", self.user, "--", *words]
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", timeout=60 * SLOWNESS, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, command, database="postgres"):
        return self.run("psql", "-h", self.address, "-p", self.port, "-U", "jackfield", "-d", database, "-v", "ON_ERROR_STOP=1",
                        "-At", "-c", command)

    def processes(self):
        master = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(master)], capture_output=True, text=True).stdout.split()
        return [master, *map(int, children)]

    def freeze(self):
        """It takes connections and queries and answers nothing."""
        self.frozen = self.processes()
        for pid in self.frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in getattr(self, "frozen", []):
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.frozen = []

    def stop(self):
        self.thaw()
        try:
            self.run("pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
