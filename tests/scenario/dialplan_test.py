"""The tools around the dialplan: its check, and tests of it that need no phone."""
import subprocess

import fixture as jt

MISTAKES = """[default]
include => nowhere
include => loop
exten => 100,1,Goto(gone,s,1)
exten => 101,1,Goto(102,lost)
exten => 102,1,Playbak(hello-world)
exten => 103,1,Wait()
exten => 104,1,NoOp(${CALERID(num)})
exten => 105,1,Hangup()
 same => n,NoOp(dead)
exten => 106,1,Dial(Local/999@default)
exten => 107,2,NoOp()
exten => _2XX,1,NoOp()
[loop]
include => loop2
exten => 234,1,NoOp()
[loop2]
include => loop
exten => 300,1,Set(CUT(a)=b)
exten => 301,1,Busy(5)
 same => n,NoOp(dead)
exten => 302,1,GotoIf($[${X}]?ael,900,1:lua,150,1)
 same => n,NoOp(dead)
exten => 303,1,NoOp()
exten => 303,1,NoOp(again)
exten => 304,1,Goto(lua,100,1)
"""
AEL_MISTAKES = """context ael {
    900 => {
        Playbak(hello-world);
        goto gone,s,1;
    };
    includes {
        nowhere2;
    };
};
"""
LUA_MISTAKES = """extensions = {
    lua = {
        ["_1XX"] = function() app.hangup() end,
        include = {"lua2", "nowhere3"},
    },
    lua2 = {
        ["150"] = function() app.hangup() end,
    },
}
"""
FOUND = {
    2: "includes nowhere, which does not exist",
    4: "there is no context gone",
    5: "102@default has no label lost",
    6: "there is no application Playbak; did you mean Playback?",
    7: "Wait needs at least 1 argument",
    8: "there is no function CALERID; did you mean CALLERID?",
    10: "priority 2 is never reached",
    11: "999@default has no priority 1",
    12: "has no priority 1, so no call enters it",
    15: "contexts include each other in a circle",
    16: "234@loop is never reached from [default]: _2XX@default",
    19: "CUT needs at least 3 arguments",
    21: "priority 2 is never reached: Busy",
    23: "priority 2 is never reached: GotoIf",
    25: "303@loop2 has priority 1 already",
}
FOUND_IN = [*((f"extensions.conf:{line}", text) for line, text in FOUND.items()),
            ("extensions.ael:3", "there is no application Playbak"), ("extensions.ael:4", "there is no context gone"),
            ("extensions.ael:7", "includes nowhere2"), ("extensions.lua:7", "150@lua2 is never reached from [lua]: _1XX@lua"),
            ("extensions.lua", "includes nowhere3")]

PLAN = """[default]
exten => 100,1,Answer(500)
 same => n,Set(TIMEOUT(response)=8)
 same => n(menu),BackGround(hello-world)
 same => n,WaitExten(20)
exten => 1,1,Dial(PJSIP/6001,20)
 same => n,Goto(status-${DIALSTATUS},1)
exten => 2,1,Read(PIN,goodbye,3)
 same => n,Wait(30)
 same => n,Queue(support)
 same => n,GotoIf($["${QUEUESTATUS}" = "TIMEOUT"]?none)
 same => n,Hangup(17)
 same => n(none),Hangup(34)
exten => 3,1,Dial(Local/1@default)
exten => status-BUSY,1,Busy(10)
exten => _status-.,1,Playback(goodbye)
exten => t,1,Playback(invalid)
 same => n,Hangup()
exten => 200,1,Wait(5)
 same => n,Goto(1)
"""
GOOD = """[busy]
dial = 100
destination = PJSIP/6001: busy
expect = BackGround(hello-world)
press = 1
expect = Dial(PJSIP/6001,20)
variable = DIALSTATUS=BUSY
expect = Busy
expect = hangup
[no-answer]
dial = 1@default
destination = PJSIP/600?: answered after 25
prompt = goodbye
expect = hangup NO_ANSWER
variable = DIALSTATUS=NOANSWER
[answered]
dial = 3
destination = PJSIP/6001: answered after 2 for 10
never = Playback
expect = Dial(Local/1@default)
expect = hangup
variable = DIALSTATUS=ANSWER
[queue]
dial = 100
callerid = "Ann" <6001>
set = WHO=me
replace = Queue QUEUESTATUS=TIMEOUT
press = 2
expect = Read
press = 123
prompt = goodbye
expect = hangup 34
variable = PIN=123
[nobody-presses]
dial = 100
prompt = hello-world
prompt = invalid
expect = hangup 16
[left]
dial = 100
expect = WaitExten
hangup = yes
expect = hangup
"""
BAD = """[wrong-menu]
dial = 100
press = 1
expect = Playback(hello-world)
expect = hangup
[wrong-variable]
dial = 1
destination = PJSIP/6001: busy
expect = Dial
variable = DIALSTATUS=ANSWER
expect = hangup
[endless]
dial = 200
limit = 2
expect = hangup
[forbidden]
dial = 1
never = Dial(PJSIP/*)
expect = hangup
[nowhere]
dial = 999
expect = hangup
[cause]
dial = 1
expect = hangup 34
"""


class DialplanTools(jt.ScenarioTest):
    def test_check_names_each_mistake_with_its_line(self):
        jackfield = self.daemon({"extensions.conf": MISTAKES, "extensions.ael": AEL_MISTAKES, "extensions.lua": LUA_MISTAKES})
        by_console = jackfield.ask("dialplan check").splitlines()
        jackfield.stop()
        done = subprocess.run([*jackfield.command, "--check"], capture_output=True, text=True, timeout=60 * jt.SLOWNESS)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)  # warnings stop nobody
        for said in (by_console, done.stdout.splitlines()):
            for place, text in FOUND_IN:
                self.assertTrue(any(f"{place}: warning: " in row and text in row for row in said),
                                f"{place}, {text}:\n" + "\n".join(said))
        self.assertEqual(f"{len(FOUND_IN)} problems found", by_console[-1], "\n".join(by_console))
        self.assertIn(f"0 errors, {len(FOUND_IN)} warnings", done.stdout)

    def test_calls_run_without_a_phone_and_prompts_take_no_time(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "dialplan_test.conf": GOOD})
        answer = jackfield.cli("dialplan test dialplan_test.conf", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        self.assertIn("6 tests, 0 failed", answer.stdout)
        self.assertEqual(6, answer.stdout.count("PASS "))
        jackfield.wait_idle()
        self.assertIn("1 tests, 0 failed", jackfield.ask("dialplan test dialplan_test.conf bus*"))
        self.assertIn("destination", jackfield.ask("dialplan test help"))

    def test_a_failed_test_names_its_line_and_what_the_call_did(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "bad.conf": BAD})
        answer = jackfield.cli("dialplan test bad.conf", check=False)
        self.assertNotEqual(0, answer.returncode)
        for expected in ("bad.conf:4: expected Playback(hello-world); the call has ended",
                         "bad.conf:10: expected DIALSTATUS=ANSWER; it is `BUSY`", "the call still ran after 2 s",
                         "bad.conf:18: Dial(PJSIP/6001,20) ran and must not", "there is no extension 999 in context default",
                         "bad.conf:25: expected hangup 34; it ended with", "6 tests, 6 failed",
                         "[100@default:3] BackGround(hello-world)", "hears hello-world", "presses 1"):
            self.assertIn(expected, answer.stdout)
        jackfield.wait_idle()
        jackfield.write("wrong.conf", "[x]\ndail = 100\nexpect = hangup\n")
        answer = jackfield.cli("dialplan test wrong.conf", check=False)
        self.assertNotEqual(0, answer.returncode)
        self.assertIn("wrong.conf:2", answer.stdout + answer.stderr)
        self.assertIn("dial", answer.stdout + answer.stderr)

    def test_a_plan_is_tested_before_it_goes_live(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "next.conf": "[default]\nexten => 700,1,Hangup(21)\n",
                                 "next_test.conf": "[new]\ndial = 700\nexpect = hangup 21\n"})
        self.assertNotEqual(0, jackfield.cli("dialplan test next_test.conf", check=False).returncode)
        self.assertIn("1 tests, 0 failed", jackfield.ask("dialplan test next_test.conf with next.conf"))
        self.assertNotIn("700", jackfield.ask("dialplan show default"))

    def test_the_demo_passes_its_own_tests(self):
        folder = jt.ROOT / "configs/demo"
        jackfield = self.daemon({name: (folder / name).read_text() for name in ("extensions.conf", "dialplan_test.conf")},
                                start=False)
        sounds = jackfield.folder / "lib/sounds/en"
        sounds.mkdir(parents=True)
        for name in ("demo-menu-main", "demo-menu-sub"):
            jt.write_tone(sounds / f"{name}.wav", 440, 1)
        jackfield.write("jackfield.conf", jackfield.main_settings() + f"astdatadir => {jackfield.folder}/lib\n")
        jackfield.start()
        answer = jackfield.cli("dialplan test dialplan_test.conf", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)

    def test_trace_shows_the_steps_of_calls_with_their_values(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "dialplan_test.conf": GOOD})
        jackfield.ask("dialplan trace all")
        jackfield.ask("dialplan test dialplan_test.conf busy")
        jackfield.wait_for_log("[1@default:1] Dial(Test/PJSIP/6001")
        jackfield.wait_for_log("DIALSTATUS = 'BUSY'")
        jackfield.ask("dialplan trace all off")


if __name__ == "__main__":
    jt.main()
