"""contrib/quickstart --check: two phones register with the demo, call each other, and hear each other."""
import subprocess

import fixture as jt


class QuickstartCheck(jt.ScenarioTest):
    def test_two_phones_of_the_demo_hear_each_other(self):
        folder = self.folder / "demo"
        subprocess.run([jt.ROOT / "contrib/prepare-demo", folder, self.server], check=True)
        demo = jt.Daemon({}, self.server, folder=folder, prepared=True)
        self.addCleanup(demo.stop)
        self.daemons.append(demo.start())
        alice = self.phone("6001", password="secret6001", tone=440)
        bob = self.phone("6002", password="secret6002", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_event("CALL_ESTABLISHED", 15)
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        alice.hang_up()
        bob.wait_event("CALL_CLOSED")
        demo.wait_idle()


if __name__ == "__main__":
    print("A call between two phones through the demo:")
    jt.main()
