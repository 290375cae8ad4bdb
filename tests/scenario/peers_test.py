"""Further peers: sipsak registers, and two Jackfields know each other by address alone (trunk_test has them with registration)."""
import shutil
import subprocess

import fixture as jt

PLAN = """
[default]
exten => _600X,1,Dial(PJSIP/${EXTEN},20)
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Dial(PJSIP/600@far,20)
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


if __name__ == "__main__":
    jt.main()
