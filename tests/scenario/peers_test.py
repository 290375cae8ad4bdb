"""Further peers: sipsak registers, linphone is a phone like baresip, and two Jackfields know each other by address alone (trunk_test has
them with registration)."""
import os
import shutil
import subprocess

import fixture as jt

PLAN = """
[default]
exten => _600X,1,Dial(PJSIP/${EXTEN},20)
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Dial(PJSIP/600@far,20)
exten => 602,1,Answer()
 same => n,Read(ONE,,1,,1,20)
 same => n,Verbose(1,typed ${ONE})
 same => n,Read(TWO,,1,,1,20)
 same => n,Verbose(1,typed ${ONE}${TWO})
 same => n,Dial(PJSIP/6002,20)
"""
NEIGHBOUR = "[far](phone)\naors=far\n[far]\ntype=aor\ncontact=sip:@OTHER@:5060\n[far]\ntype=identify\nendpoint=far\nmatch=@OTHER@\n"


class Peers(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        self.other = self.address()
        self.jackfield = self.exchange(self.server, self.other, jt.phone_objects("6001"))

    def exchange(self, address, other, objects=""):
        return self.daemon({"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + NEIGHBOUR.replace("@OTHER@", other) + objects, "extensions.conf": PLAN}, address=address)

    def needs(self, program):
        if not shutil.which(program):
            self.fail(f"{program} is missing: install what tests/debian-packages.txt lists")

    def test_sipsak_registers_with_a_password_and_is_answered(self):
        self.needs("sipsak")
        def run(*words):
            return subprocess.run(["sipsak", "-vv", "-u", "6001", *words, "-s", f"sip:6001@{self.server}"], capture_output=True, text=True, timeout=30 * jt.SLOWNESS)
        registered = run("-U", "-C", "sip:6001@127.0.0.1:5999", "-x", "120", "-a", "secret")
        self.assertEqual(0, registered.returncode, registered.stdout + registered.stderr)
        self.assertIn("sip:6001@127.0.0.1:5999", self.jackfield.ask("pjsip show contacts"))
        wrong = run("-U", "-C", "sip:6001@127.0.0.1:5998", "-x", "120", "-a", "wrong")
        self.assertNotEqual(0, wrong.returncode)
        self.assertNotIn(":5998", self.jackfield.ask("pjsip show contacts"))

    def test_two_exchanges_know_each_other_by_address_and_call_both_ways(self):
        far = self.exchange(self.other, self.server, jt.phone_objects("6002"))
        phones = [jt.Phone(self.folder, self.address(), f"600{place}", server, register=False) for place, server in ((1, self.server), (2, self.other))]
        for phone, near_side, far_side in zip(phones, (self.jackfield, far), (far, self.jackfield)):
            self.addCleanup(phone.stop)
            phone.start().dial("601")
            phone.wait_to_hear(440)
            self.assertEqual((2, 1), (near_side.channels(), far_side.channels()))
            phone.hang_up()
            near_side.wait_idle()
            far_side.wait_idle()


class LinphonePhone:
    """linphone-daemon with one account: its commands come from its standard input, and it plays a tone instead of a microphone.
    (linphonec of Debian 12 never starts its core: it neither listens nor registers.)"""

    def __init__(self, test, user, address, server, tone):
        self.home, self.user, self.address, self.server = test.folder / f"linphone-{user}", user, address, server
        for folder in (".local/share/linphone", ".config/linphone"):
            (self.home / folder).mkdir(parents=True)
        jt.write_tone(self.home / "tone.wav", tone)
        (self.home / "settings").write_text(f"[sip]\nsip_port=-1\nsip_tcp_port=0\nsip_tls_port=0\nbind_address={address}\nuse_info=0\nuse_rfc2833=1\n")
        with (self.home / "output").open("w") as output:
            self.process = subprocess.Popen(["linphone-daemon", "--config", self.home / "settings", "--disable-stats-events", "--auto-answer"], text=True,
                                            stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=dict(os.environ, HOME=str(self.home)))
        test.addCleanup(self.stop)

    def say(self, *commands):
        """One after the other, each when the one before it is answered: of several at once it takes the first."""
        for command in commands:
            before = self.said().count("Status:")
            self.process.stdin.write(f"{command}\n")
            self.process.stdin.flush()
            jt.wait_until(lambda: self.said().count("Status:") > before, 15, f"linphone's answer to {command}")

    def said(self):
        return (self.home / "output").read_text()

    def wait_for_state(self, state, times=1):
        jt.wait_until(lambda: self.said().count(f"Event: LinphoneCall{state}") >= times, 15, f"linphone's call to be {state} for the {times}. time")

    def stop(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()


class Linphone(jt.ScenarioTest):
    def test_it_registers_calls_types_holds_and_is_called(self):
        if not shutil.which("linphone-daemon"):
            self.fail("linphone-daemon is missing: install what tests/debian-packages.txt lists")
        music = self.folder / "moh"
        music.mkdir()
        jt.write_tone(music / "hold.wav", 620, 30)
        self.jackfield = self.daemon({"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + jt.phone_objects("6001") + jt.phone_objects("6002"),
                                      "extensions.conf": PLAN, "musiconhold.conf": f"[default]\nmode=files\ndirectory={music}\n"})
        ann = LinphonePhone(self, "6001", self.address(), self.server, 1000)
        ann.say(f"register sip:6001@{self.server} sip:{self.server} secret")
        bob = self.phone("6002", tone=440, auto_answer=True)
        jt.wait_until(lambda: f"sip:6001@{ann.address}" in self.jackfield.ask("pjsip show contacts"), 15, "linphone's registration")
        ann.say(f"call sip:602@{self.server}")
        ann.wait_for_state("StreamsRunning")
        for digit, typed in (("4", "typed 4"), ("7", "typed 47")):  # it has no pause of its own between two digits
            ann.say(f"dtmf {digit}")
            self.jackfield.wait_for_log(typed)
        ann.say(f"incall-player-start {ann.home}/tone.wav 1")
        bob.wait_to_hear(1000)
        ann.say("call-pause 1")
        bob.wait_to_hear(620)
        ann.wait_for_state("Paused")
        ann.say("call-resume 1")
        bob.wait_to_hear(1000)
        ann.say("terminate 1")
        self.jackfield.wait_idle()
        mark = bob.mark()
        bob.dial("6001")
        bob.wait_event("CALL_ESTABLISHED", after=mark)
        ann.wait_for_state("IncomingReceived")
        bob.hang_up()
        ann.wait_for_state("Released", 2)
        self.jackfield.wait_idle()


if __name__ == "__main__":
    jt.main()
