"""What an administrator does: start, check, reload with and without mistakes, stop, consoles side by side, kill -9."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time

import fixture as jt

PLAN = "[default]\nexten => 600,1,Answer()\n same => n,Echo()\nexten => 6002,1,Dial(PJSIP/6002,20)\n"


class Administration(jt.ScenarioTest):
    def files(self, **changes):
        return {"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + jt.phone_objects("6001") + jt.phone_objects("6002"),
                "extensions.conf": PLAN, **{name.replace("_", "."): text for name, text in changes.items()}}

    def test_mistakes_are_refused_at_reload_with_file_and_line_and_calls_go_on(self):
        jackfield = self.daemon(self.files())
        alice = self.phone("6001")
        alice.dial("600")
        alice.wait_to_hear(440)
        broken = {
            "extensions.conf": (PLAN + "exten >= 602,1,NoOp()\n", "extensions.conf:5"),
            "pjsip.conf": (self.files()["pjsip.conf"] + "\n[6003](phone)\ncontxt=default\n", "did you mean"),
            "modules.conf": ("[modules]\nautolaod=yes\n", "modules.conf:2"),
        }
        for name, (text, expected) in broken.items():
            good = (jackfield.etc / name).read_text()
            jackfield.write(name, text)
            answer = jackfield.cli("core reload", check=False)
            self.assertNotEqual(0, answer.returncode, f"{name} should have been refused")
            self.assertIn(expected, answer.stdout + answer.stderr)
            self.assertIn(name, answer.stdout + answer.stderr)
            self.assertNotEqual(0, jackfield.cli("core check", check=False).returncode)
            jackfield.write(name, good)
        self.assertEqual(0, jackfield.cli("core check").returncode)
        jackfield.ask("core reload")
        alice.wait_to_hear(440)
        alice.hang_up()
        jackfield.wait_idle()

    def with_option(self, line, **options):
        """A daemon with a line more in [options] of jackfield.conf."""
        jackfield = self.daemon(self.files(), start=False, **options)
        jackfield.write("jackfield.conf", jackfield.main_settings() + f"[options]\n{line}\n")
        return jackfield.start()

    def dial_refused(self, phone):
        since = phone.mark()
        phone.dial("600")
        _, event = phone.wait_event("CALL_CLOSED", after=since)
        self.assertIn("503", event.get("param", ""))

    def test_maxcalls_refuses_the_call_too_many(self):
        jackfield = self.with_option("maxcalls = 1")
        alice, bob = self.phone("6001"), self.phone("6002")
        alice.dial("600")
        alice.wait_to_hear(440)
        self.dial_refused(bob)
        alice.hang_up()
        jackfield.wait_idle()
        bob.dial("600")
        bob.wait_to_hear(440)
        bob.hang_up()
        jackfield.wait_idle()

    def test_minmemfree_refuses_calls_while_memory_is_short(self):
        jackfield = self.with_option("minmemfree = 99999999")
        jackfield.wait_for_log("MiB of memory are free (minmemfree = 99999999)")
        self.dial_refused(self.phone("6001"))
        jackfield.wait_for_log('SecurityEvent="MemoryLimit"')
        self.with_option("minmemfree = 1", address=self.address())
        self.assertNotIn("refused", self.daemons[-1].log_text())

    def test_maxload_refuses_calls_while_the_machine_is_busy(self):
        busy = subprocess.Popen(["sh", "-c", "while :; do :; done"])  # any load at all is above the limit
        self.addCleanup(busy.wait)
        self.addCleanup(busy.kill)
        jackfield = self.with_option("maxload = 0.001")
        jackfield.wait_for_log("(maxload = 0.001)", 20)
        self.dial_refused(self.phone("6001"))
        jackfield.wait_for_log('SecurityEvent="LoadAverageLimit"')

    def test_g_leaves_a_core_file_when_it_crashes(self):
        jackfield = self.daemon(self.files(), options=["-g"], wrapper=["env", "-C", str(self.folder), "prlimit", "--core=0:"])
        limits = pathlib.Path(f"/proc/{jackfield.process.pid}/limits").read_text()
        soft = next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()[4]
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        self.assertEqual("unlimited" if os.geteuid() == 0 or hard == resource.RLIM_INFINITY else str(hard), soft)
        if jt.SLOWNESS == 1:  # a sanitizer's shadow memory fills the disk
            process, jackfield.process = jackfield.process, None
            process.send_signal(signal.SIGSEGV)
            _, status = os.waitpid(process.pid, 0)
            process.returncode = -signal.SIGSEGV
            self.assertEqual(signal.SIGSEGV, os.WTERMSIG(status))
            self.assertTrue(os.WCOREDUMP(status), "no core file was written")
        if os.geteuid() == 0:  # and not only while it is root
            other = self.daemon(self.files(), start=False, options=["-g", "-U", "nobody"], address=self.address())
            shutil.chown(other.folder, "nobody")
            for path in other.folder.rglob("*"):
                shutil.chown(path, "nobody")
            other.folder.chmod(0o755)
            other.start()
            self.assertEqual("nobody", pathlib.Path(f"/proc/{other.process.pid}/limits").owner())  # root's when not dumpable

    def test_p_gives_priority_to_calls_and_not_to_what_they_start(self):
        if subprocess.run(["chrt", "-r", "10", "true"]).returncode:
            self.skipTest("this system refuses real-time priority")
        plan = PLAN + "exten => 601,1,Answer()\n same => n,System(sleep 30)\n"
        jackfield = self.daemon({**self.files(), "extensions.conf": plan}, options=["-p"])
        alice = self.phone("6001")
        alice.dial("601")
        alice.wait_event("CALL_ESTABLISHED")
        policies = {}
        for task in pathlib.Path(f"/proc/{jackfield.process.pid}/task").iterdir():
            name = re.split(r"[ /]", (task / "comm").read_text().strip())[0]
            policies.setdefault(name, set()).add(os.sched_getscheduler(int(task.name)))
        self.assertEqual({os.SCHED_RR}, policies["jackfield"])
        self.assertEqual({os.SCHED_RR}, policies["media"])
        self.assertEqual({os.SCHED_OTHER}, policies["lane"])
        def program():
            children = pathlib.Path(f"/proc/{jackfield.process.pid}/task/{jackfield.process.pid}/children").read_text().split()
            return int(children[0]) if children else None
        self.assertEqual(os.SCHED_OTHER, os.sched_getscheduler(jt.wait_until(program, 5, "the program of System()")))
        alice.hang_up()

    def test_check_tells_without_starting_anything(self):
        jackfield = self.daemon(self.files(), start=False)
        good = subprocess.run([*jackfield.command, "--check"], capture_output=True, text=True, timeout=60 * jt.SLOWNESS)
        self.assertEqual(0, good.returncode, good.stdout + good.stderr)
        jackfield.write("extensions.conf", "[default]\nextne => 600,1,NoOp()\n")
        bad = subprocess.run([*jackfield.command, "--check"], capture_output=True, text=True, timeout=60 * jt.SLOWNESS)
        self.assertEqual(1, bad.returncode, bad.stdout + bad.stderr)
        self.assertIn("extensions.conf:2", bad.stdout + bad.stderr)

    def test_modules_load_unload_and_load_again_while_others_work(self):
        jackfield = self.daemon(self.files())
        self.assertIn("app_echo", jackfield.ask("module show like echo"))
        jackfield.ask("module unload app_echo")
        self.assertNotIn("Running", jackfield.ask("module show like app_echo"))
        maps = open(f"/proc/{jackfield.process.pid}/maps").read()
        self.assertNotIn("app_echo.so", maps)
        jackfield.ask("module load app_echo")
        alice = self.phone("6001")
        alice.dial("600")
        alice.wait_to_hear(440)
        busy = jackfield.cli("module unload app_echo", check=False)
        self.assertNotEqual(0, busy.returncode)
        self.assertIn("busy", (busy.stdout + busy.stderr).lower())
        self.assertIn("1", busy.stdout + busy.stderr)
        alice.wait_to_hear(440)
        alice.hang_up()
        jackfield.wait_idle()
        jackfield.ask("module unload app_echo")

    def test_every_module_can_be_unloaded_and_loaded_again(self):
        jackfield = self.daemon(self.files())
        names = [line.split()[0] for line in jackfield.ask("module show").splitlines() if ".so" in line.split(" ")[0]]
        self.assertGreater(len(names), 30)
        for name in names:
            name = name.removesuffix(".so")
            if jackfield.cli(f"module unload {name}", check=False).returncode:
                continue  # others need it: those come first in turn
            self.assertNotIn(f"/{name}.so", open(f"/proc/{jackfield.process.pid}/maps").read(), name)
            jackfield.ask(f"module load {name}")
        for name in ("sip_manager", "res_pjsip_notify", "res_pjsip_pubsub", "chan_rtp", "chan_sip", "res_rtp"):
            jackfield.ask(f"module unload {name}")
            self.assertNotIn(f"/{name}.so", open(f"/proc/{jackfield.process.pid}/maps").read())
        jackfield.ask("module load chan_sip")
        alice = self.phone("6001")
        alice.dial("600")
        alice.wait_to_hear(440)
        alice.hang_up()
        jackfield.wait_idle()

    def test_two_daemons_run_side_by_side(self):
        first = self.daemon(self.files())
        second = self.daemon(self.files(), address=self.address())
        for daemon in (first, second):
            self.assertIn("600", daemon.ask("dialplan show default"))
        first.stop()
        self.assertEqual(0, second.channels())

    def test_stop_gracefully_waits_for_the_call(self):
        jackfield = self.daemon(self.files())
        alice = self.phone("6001")
        alice.dial("600")
        alice.wait_to_hear(440)
        jackfield.cli("core stop gracefully")
        refused = self.phone("6002")
        refused.dial("600")
        refused.wait_event("CALL_CLOSED")
        self.assertIsNone(jackfield.process.poll())
        alice.hang_up()
        jackfield.process.wait(20 * jt.SLOWNESS)
        self.assertEqual(0, jackfield.process.returncode)

    def test_kill_9_leaves_the_database_whole_and_the_next_start_is_fast(self):
        jackfield = self.daemon(self.files())
        for number in range(20):
            jackfield.ask(f"database put test key{number} value{number}")
        jackfield.kill(signal.SIGKILL)
        started = time.monotonic()
        jackfield.start()
        self.assertLess(time.monotonic() - started, 5 * jt.SLOWNESS)  # a fraction of a second where nothing else runs
        for number in range(20):
            self.assertIn(f"value{number}", jackfield.ask(f"database get test key{number}"))

    def test_exit_codes_and_errors_of_the_remote_console(self):
        jackfield = self.daemon(self.files())
        self.assertEqual(0, jackfield.cli("core show version").returncode)
        unknown = jackfield.cli("core shwo version", check=False)
        self.assertNotEqual(0, unknown.returncode)
        self.assertIn("No such command", unknown.stdout + unknown.stderr)

    def test_the_log_carries_the_call_id_on_each_line_of_a_call(self):
        jackfield = self.daemon(self.files())
        alice = self.phone("6001")
        alice.dial("600")
        alice.wait_to_hear(440)
        alice.hang_up()
        jackfield.wait_idle()
        jackfield.wait_for_pattern(r"\[C-[0-9a-f]{8}\]")


if __name__ == "__main__":
    jt.main()
