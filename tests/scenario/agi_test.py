"""AGI by programs: the environment, every command with its exact reply, hang-up in every wait, and scripts that misbehave."""
import pathlib
import re
import subprocess
import time

from agi_fixture import AgiTest
from fixture import level, main, read_samples, wait_until, write_tone

ENVIRONMENT = ["request", "channel", "language", "type", "uniqueid", "version", "callerid", "calleridname", "callingpres", "callingani2",
               "callington", "callingtns", "dnid", "rdnis", "context", "extension", "priority", "enhanced", "accountcode", "threadid"]
# Commands and their replies (regular expressions); the calls are answered, and nobody presses a key.
DIALOGUE = [
    ("NOOP", "200 result=0"), ("noop whatever follows", "200 result=0"), ("ANSWER", "200 result=0"),
    ("CHANNEL STATUS", "200 result=6"), ("CHANNEL STATUS Nobody/1", "200 result=-1"), ("CHANNEL STATUS a b", "520"),
    ("SET VARIABLE COLOUR \"deep \\\"blue\\\" sea\"", "200 result=1"), ("GET VARIABLE COLOUR", "200 result=1 \\(deep \"blue\" sea\\)"),
    ("GET VARIABLE NOTHING", "200 result=0"), ("SET VARIABLE EMPTY \"\"", "200 result=1"), ("GET VARIABLE EMPTY", "200 result=1 \\(\\)"),
    ("SET VARIABLE CHANNEL(language) fr", "200 result=1"), ("GET VARIABLE CHANNEL(language)", "200 result=1 \\(fr\\)"),
    ("SET VARIABLE CHANNEL(language) en", "200 result=1"), ("GET VARIABLE EXTEN", "200 result=1 \\(answered\\)"),
    ("GET FULL VARIABLE ${EXTEN}-${COLOUR}", "200 result=1 \\(answered-deep \"blue\" sea\\)"),
    ("GET FULL VARIABLE \"$[1 + 2]\"", "200 result=1 \\(3\\)"), ("GET FULL VARIABLE ${EXTEN} Nobody/1", "200 result=0"),
    ("DATABASE PUT family key \"a value\"", "200 result=1"), ("DATABASE GET family key", "200 result=1 \\(a value\\)"),
    ("DATABASE DEL family key", "200 result=1"), ("DATABASE DEL family key", "200 result=0"), ("DATABASE GET family key", "200 result=0"),
    ("DATABASE PUT family tree/1 x", "200 result=1"), ("DATABASE DELTREE family tree", "200 result=1"),
    ("DATABASE DELTREE family", "200 result=0"), ("DATABASE GET family", "520"),
    ("EXEC Set LEFT=here", "200 result=0"), ("GET VARIABLE LEFT", "200 result=1 \\(here\\)"), ("EXEC NoSuchThing a", "200 result=-2"),
    ("EXEC Set \"A=${EXTEN}\"", "200 result=0"), ("GET VARIABLE A", "200 result=1 \\(\\${EXTEN}\\)"),
    ("SET VARIABLE AGIEXECFULL yes", "200 result=1"), ("EXEC Set \"A=${EXTEN}\"", "200 result=0"), ("GET VARIABLE A", "200 result=1 \\(answered\\)"),
    ("GOSUB routines double 1 21", "100 result=0 Trying\\.\\.\\.\n200 result=0 Gosub complete"), ("GET VARIABLE GOSUB_RETVAL", "200 result=1 \\(42\\)"),
    ("GOSUB routines double begin 4", "100 result=0 Trying\\.\\.\\.\n200 result=0 Gosub complete"), ("GET VARIABLE GOSUB_RETVAL", "200 result=1 \\(8\\)"),
    ("GOSUB routines double nowhere", "200 result=-1 Gosub label not found"), ("GOSUB routines", "520"),
    ("SET CALLERID \"Bob <123>\"", "200 result=1"), ("GET FULL VARIABLE ${CALLERID(name)}/${CALLERID(num)}", "200 result=1 \\(Bob/123\\)"),
    ("SET AUTOHANGUP 100", "200 result=0"), ("SET AUTOHANGUP 0", "200 result=0"), ("SET AUTOHANGUP soon", "520"),
    ("SET MUSIC OFF", "200 result=0"), ("VERBOSE \"hello there\" 1", "200 result=1"), ("VERBOSE", "520"),
    ("WAIT FOR DIGIT 10", "200 result=0"), ("WAIT FOR DIGIT", "520"),
    ("STREAM FILE @SHORT@ \"\"", "200 result=0 endpos=8000"), ("STREAM FILE @SHORT@ \"1\" 7000", "200 result=0 endpos=8000"),
    ("STREAM FILE no-such-prompt \"\"", "200 result=0 endpos=0"), ("STREAM FILE hello", "520"),
    ("CONTROL STREAM FILE @SHORT@ \"\" 1000 # * 5 800", "200 result=0 endpos=-1"), ("GET VARIABLE CPLAYBACKSTATUS", "200 result=1 \\(SUCCESS\\)"),
    ("CONTROL STREAM FILE no-such-prompt \"\"", "200 result=-1 endpos=-1"), ("GET VARIABLE CPLAYBACKSTATUS", "200 result=1 \\(ERROR\\)"),
    ("GET OPTION @SHORT@ \"12\" 10", "200 result=0 endpos=8000"), ("GET OPTION no-such-prompt \"1\"", "200 result=0 endpos=0"),
    ("GET DATA @SHORT@ 10 4", "200 result= \\(timeout\\)"), ("GET DATA no-such-prompt 10", "200 result=-1"), ("GET DATA", "520"),
    ("RECORD FILE @RECORD@ wav # 300", "200 result=0 \\(timeout\\) endpos=0"), ("RECORD FILE @RECORD@ nonsense # 100", "200 result=-1 \\(writefile\\)"),
    ("RECORD FILE @RECORD@ wav", "520"),
    ("SAY NUMBER 7 \"\"", "200 result=0"), ("SAY NUMBER seven \"\"", "520"), ("SAY DIGITS 12 \"\"", "200 result=0"), ("SAY DIGITS x \"\"", "520"),
    ("SAY ALPHA a \"\"", "200 result=0"), ("SAY PHONETIC a \"\"", "200 result=0"), ("SAY TIME 0 \"\"", "200 result=0"),
    ("SAY DATETIME 0 \"\" d UTC", "200 result=0"), ("SAY DATE then \"\"", "520"), ("SAY DATETIME 0", "520"),
    ("RECEIVE CHAR 10", "200 result=0 \\(timeout\\)"), ("RECEIVE TEXT 10", "200 result=-1"), ("SEND TEXT \"good day\"", "200 result=0"),
    ("SEND IMAGE logo", "200 result=0"), ("TDD MODE on", "200 result=0"), ("TDD MODE", "520"),
    ("SPEECH CREATE lumenvox", "200 result=0"), ("SPEECH SET name value", "200 result=0"), ("SPEECH LOAD GRAMMAR name /path", "200 result=0"),
    ("SPEECH ACTIVATE GRAMMAR name", "200 result=0"), ("SPEECH DEACTIVATE GRAMMAR name", "200 result=0"),
    ("SPEECH UNLOAD GRAMMAR name", "200 result=0"), ("SPEECH RECOGNIZE hello 10", "200 result=0"), ("SPEECH DESTROY", "200 result=0"),
    ("HANGUP Nobody/1", "200 result=-1"), ("HANGUP a b", "520"), ("ASYNCAGI BREAK", "200 result=0"),
    ("MAKE TEA", "510 Invalid or unknown command"), ("", "510 Invalid or unknown command"), ("GET", "510 Invalid or unknown command"),
]
PERL = """#!/usr/bin/perl
use strict; use warnings; use Asterisk::AGI;
my $agi = Asterisk::AGI->new;
my %call = $agi->ReadParse();
$agi->set_variable('COLOUR', 'deep blue');
my $colour = $agi->get_variable('COLOUR');
my $waited = $agi->wait_for_digit(10);
my $state = $agi->channel_status();
my $kept = $agi->database_put('family', 'perl', 'yes');
$agi->say_digits('12');
$agi->verbose('from perl', 1);
$agi->set_variable('LEFT', "$call{calleridname} $call{callerid} $colour $waited $state $kept");
"""
USAGE = r"520-Invalid command syntax\.  Proper usage follows:\nUsage: [A-Z ]+.*\n(.*\n)+520 End of proper usage\."


class CommandTest(AgiTest):
    def test_the_environment_comes_in_order(self):
        self.start()
        self.call(steps=["NOOP"])
        after = self.after()
        self.assertEqual(after.get("Status"), "SUCCESS")
        told = self.told()
        fields = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in told["environment"])
        self.assertEqual(list(fields), ["agi_" + name for name in ENVIRONMENT] + ["agi_arg_1", "agi_arg_2"])
        folder = str(self.path("steps.json").parent)
        expected = {"request": str(self.program), "channel": self.script, "language": "en", "type": "Local", "callerid": "77",
                    "calleridname": "Ann Lee", "callingpres": "0", "callingani2": "0", "callington": "0", "callingtns": "0",
                    "rdnis": "unknown", "context": "agi", "extension": "answered", "priority": "2", "enhanced": "0.0", "arg_1": folder,
                    "arg_2": "second argument"}
        self.assertEqual({key: fields["agi_" + key] for key in expected}, expected)
        self.assertRegex(fields["agi_uniqueid"], r"^\d+\.\d+$")
        variables, daemon = told["variables"], self.daemons[0]
        self.assertEqual(set(variables), {"AST_" + name for name in ("CONFIG_DIR", "CONFIG_FILE", "MODULE_DIR", "SPOOL_DIR", "MONITOR_DIR",
                         "VAR_DIR", "DATA_DIR", "LOG_DIR", "AGI_DIR", "KEY_DIR", "RUN_DIR")})
        self.assertEqual(variables["AST_CONFIG_DIR"], str(daemon.etc))
        self.assertEqual(variables["AST_SPOOL_DIR"], str(daemon.folder / "spool"))

    def test_every_command_has_its_exact_reply(self):
        self.start()
        spoken = self.daemons[0].folder / "lib/sounds/en"
        for name in ("digits/0", "digits/1", "digits/2", "digits/7", "digits/12", "digits/mon-0", "digits/thursday", "digits/day-4", "letters/a",
                     "phonetic/a_p", "digits/oclock", "digits/a-m", "digits/at", "digits/h-1", "digits/19", "digits/70"):
            (spoken / name).parent.mkdir(parents=True, exist_ok=True)
            write_tone(spoken / f"{name}.wav", 400, 0.1)
        names = {"@SHORT@": self.folder / "short", "@RECORD@": self.folder / "recorded"}
        def named(command):
            for name, value in names.items():
                command = command.replace(name, str(value))
            return command
        replies = self.replies([named(command) for command, _ in DIALOGUE])
        self.assertEqual(len(replies), len(DIALOGUE))
        for (command, expected), reply in zip(DIALOGUE, replies):
            with self.subTest(command):
                self.assertRegex(reply, "^" + (USAGE if expected == "520" else expected) + "\n$")
        every = {words.strip() for words in re.findall(r"^ +(?:Yes|No) +(.*?)   ", self.daemons[0].ask("agi show commands"), re.M)}
        tried = {command.lower() for command, _ in DIALOGUE}
        self.assertEqual({name for name in every if not any(command.startswith(name) for command in tried)}, {"set context", "set extension", "set priority"})  # which test_a_script_says_where_the_dialplan_goes_on has

    def test_a_script_with_asterisk_agi_of_perl(self):
        if subprocess.run(["perl", "-MAsterisk::AGI", "-e", "1"], capture_output=True).returncode:
            self.skipTest("libasterisk-agi-perl is not installed")
        script = self.folder / "script.pl"
        script.write_text(PERL)
        script.chmod(0o755)
        self.start()
        self.call(PROGRAM=script)
        after = self.after()
        self.assertEqual((after.get("Status"), after.get("Left")), ("SUCCESS", "Ann Lee 77 deep blue 0 6 1"))

    def test_what_is_said_can_be_heard_and_recorded(self):
        self.start()
        self.call(steps=[f"RECORD FILE {self.folder}/heard wav # -1", "GET VARIABLE X"], caller="tone")
        recorded = self.folder / "heard.wav"
        wait_until(lambda: recorded.exists() and len(read_samples(recorded)) > 8000, 15, "a second of recording")
        self.press("#")
        self.after()
        reply = self.told()["replies"][0]
        self.assertRegex(reply, r"^200 result=35 \(dtmf\) endpos=\d+\n$")
        self.assertGreater(level(read_samples(recorded)[2000:8000], 700), 0.1)
        end = int(reply.rsplit("=", 1)[1])
        self.assertAlmostEqual(len(read_samples(recorded)), end, delta=400)

    def test_a_recording_ends_by_silence_and_goes_on_at_its_end(self):
        self.start()
        write_tone(self.folder / "silence.wav", 0)
        replies = self.replies([f"RECORD FILE {self.folder}/quiet wav # 20000 s=2", f"RECORD FILE {self.folder}/quiet wav # 500 1"],
                               caller="tone", __TONE=self.folder / "silence")
        self.assertRegex(replies[0], r"^200 result=0 \(timeout\) endpos=\d+\n$")
        first = int(replies[0].rsplit("=", 1)[1])
        self.assertTrue(4000 < first < 3 * 8000, first)  # a second of the two is kept
        self.assertGreater(len(read_samples(self.folder / "quiet.wav")), first + 2000)

    def test_keys_end_what_they_may_end(self):
        self.start()
        tone = str(self.tone)
        steps = []
        def step(name, command):
            steps.extend([{"tell": name}, command])
        step("digit", "WAIT FOR DIGIT -1")
        step("stream", f"STREAM FILE {tone} 5#")
        step("control", f"CONTROL STREAM FILE {tone} 9 1000 6 4 5 2000")
        step("option", f"GET OPTION {tone} 12 60000")
        step("data", f"GET DATA {tone} 60000 3")
        step("some", f"GET DATA {tone} 60000")
        step("say", "SAY DATE 0 7")
        self.call(steps=steps)
        for name, keys in (("digit", "8"), ("stream", "15"), ("control", "6659"), ("option", "32"), ("data", "123"), ("some", "45#"), ("say", "7")):
            self.wait_for(name)
            self.press(keys)
        self.after(seconds=60)
        replies = self.told()["replies"]
        self.assertEqual(replies[0], "200 result=56\n")
        self.assertRegex(replies[1], r"^200 result=53 endpos=\d+\n$")
        self.assertRegex(replies[2], r"^200 result=57 endpos=\d+\n$")
        self.assertGreaterEqual(int(replies[2].rsplit("=", 1)[1]), 4000)  # two seconds into the file, and twice one on
        self.assertRegex(replies[3], r"^200 result=50 endpos=\d+\n$")
        self.assertEqual(replies[4:], ["200 result=123\n", "200 result=45\n", "200 result=55\n"])

    def test_a_script_says_where_the_dialplan_goes_on(self):
        self.start()
        self.call(steps=["SET CONTEXT routines", "SET EXTENSION next", "SET PRIORITY 1", "GET VARIABLE EXTEN"])
        self.assertEqual(self.after("Next").get("Here"), "routines/next/1")
        self.call(steps=["SET CONTEXT routines", "SET EXTENSION next", "SET PRIORITY marked", "SET PRIORITY nowhere"])
        self.assertEqual(self.after("Next").get("Here"), "marked")
        self.assertEqual(self.told()["replies"][2], "200 result=0\n")
        self.assertRegex(self.told()["replies"][3], "^520-")

    def test_text_is_received(self):
        self.start()
        self.call(steps=[{"tell": "text"}, "RECEIVE TEXT 60000", {"tell": "char"}, "RECEIVE CHAR 0"])
        for name in ("text", "char"):
            self.wait_for(name)
            self.assertEqual(self.manager.ask("SendText", Channel=self.caller, Message=f"Good {name}").get("Response"), "Success")
        self.after()
        self.assertEqual(self.told()["replies"], ["200 result=1 (Good text)\n", "200 result=71\n"])

    def test_how_a_script_ends_is_its_status(self):
        self.start()
        self.call(steps=["NOOP", {"exit": 3}])
        self.assertEqual(self.after().get("Status"), "FAILURE")
        self.call("line", __LINE="AGI(/nonexistent/script)")
        self.assertEqual(self.after().get("Status"), "NOTFOUND")
        self.call("line", __LINE="AGI(in-the-folder.sh)")
        self.assertEqual(self.after().get("Status"), "NOTFOUND")
        folder = self.daemons[0].folder / "lib/agi-bin"
        folder.mkdir(exist_ok=True)
        (folder / "in-the-folder.sh").write_text("#!/bin/sh\necho 'SET VARIABLE LEFT '$(dirname $0)\nread answer\n")
        (folder / "in-the-folder.sh").chmod(0o755)
        self.call("line", __LINE="AGI(in-the-folder.sh)")
        after = self.after()
        self.assertEqual((after.get("Status"), after.get("Left")), ("SUCCESS", str(folder)))
        (folder / "in-the-folder.sh").chmod(0o644)
        self.call("line", __LINE="AGI(in-the-folder.sh)")
        self.assertEqual(self.after().get("Status"), "FAILURE")

    def test_a_program_hears_the_caller_on_descriptor_3(self):
        self.start()
        listener = self.folder / "listen.py"
        listener.write_text("#!/usr/bin/env python3\nimport os, sys\nwhile sys.stdin.readline() != '\\n': pass\n"
                            "def ask(c):\n    print(c, flush=True)\n    return sys.stdin.readline()\n"
                            "ask('WAIT FOR DIGIT 200')\naudio = b''\nwhile len(audio) < 16000: audio += os.read(3, 4096)\n"
                            f"open('{self.folder}/audio', 'wb').write(audio)\n")
        listener.chmod(0o755)
        self.call("line", caller="tone", __LINE=f"EAGI({listener})")
        self.assertEqual(self.after().get("Status"), "SUCCESS")
        raw = (self.folder / "audio").read_bytes()
        samples = [int.from_bytes(raw[i:i + 2], "little", signed=True) for i in range(8000, 16000, 2)]
        self.assertGreater(level(samples, 700), 0.1)
        self.call("line", __LINE="EAGI(agi://127.0.0.1/x)")
        self.assertEqual(self.after().get("Status"), "FAILURE")

    def test_control_playback_obeys_keys(self):
        self.start()
        self.call("line", __LINE=f"ControlPlayback({self.tone},5000,6,4,9,5,7,o(1000))")
        wait_until(lambda: "ControlPlayback" in self.daemons[0].ask("core show channels"), 10, "the playback")
        self.press("6649")
        status, offset, key = self.after().get("Play").split()
        self.assertEqual((status, key), ("USERSTOPPED", "9"))
        self.assertTrue(6000 <= int(offset) < 16000, offset)
        self.call("line", __LINE="ControlPlayback(no-such-prompt)")
        self.assertEqual(self.after().get("Play").split(), ["ERROR", "-1"])
        self.call("line", __LINE=f"ControlPlayback({self.folder}/short)")
        self.assertEqual(self.after().get("Play").split(), ["SUCCESS", "-1"])

    def test_a_manager_client_controls_a_playback(self):
        self.start()
        self.call("line", __LINE=f"ControlPlayback({self.tone},5000)")
        wait_until(lambda: "ControlPlayback" in self.daemons[0].ask("core show channels"), 10, "the playback")
        control = lambda name: self.manager.ask("ControlPlayback", Channel=self.script, Control=name).get("Response")
        wait_until(lambda: control("forward") == "Success", 10, "a file that is played")
        for name in ("forward", "pause", "reverse", "stop"):
            self.assertEqual(control(name), "Success")
        status, offset = self.after().get("Play").split()
        self.assertEqual(status, "REMOTESTOPPED")
        self.assertTrue(5000 <= int(offset) < 10000, offset)
        self.assertEqual(self.manager.ask("ControlPlayback", Channel=self.caller, Control="stop").get("Response"), "Error")

    def test_the_module_is_busy_while_a_script_runs_and_unloads_after(self):
        daemon = self.start().daemons[0]
        self.call(steps=[{"tell": "runs"}, {"wait": "go"}])
        self.wait_for("runs")
        refused = daemon.cli("module unload res_agi", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("busy", refused.stdout + refused.stderr)
        self.allow("go")
        self.assertEqual(self.after().get("Status"), "SUCCESS")
        daemon.wait_idle()
        for name in ("res_agi", "app_controlplayback", "app_externalivr"):
            wait_until(lambda: daemon.cli(f"module unload {name}", check=False).returncode == 0, 10, f"the unload of {name}")
            self.assertNotIn(f"{name}.so", pathlib.Path(f"/proc/{daemon.process.pid}/maps").read_text())
            daemon.ask(f"module load {name}")
        self.call(steps=["NOOP"])
        self.assertEqual(self.after().get("Status"), "SUCCESS")

    def test_the_console_tells_about_commands(self):
        daemon = self.start().daemons[0]
        table = daemon.ask("agi show commands").splitlines()
        self.assertEqual(table[0], " Dead                        Command   Description")
        self.assertIn("  Yes                   get variable   Read a variable or a function", table)
        topic = daemon.ask("agi show commands topic stream file")
        self.assertIn("[Syntax]\nSTREAM FILE FILENAME ESCAPE_DIGITS", topic)
        self.assertIn("[Runs Dead]\nNo\n", topic)
        self.assertEqual(daemon.cli("agi show commands topic make tea", check=False).returncode, 1)
        self.assertEqual(daemon.ask("agi set debug on").strip(), "AGI Debugging Enabled")
        self.call(steps=["NOOP"])
        self.after()
        daemon.wait_for_log("AGI Rx << NOOP")
        daemon.wait_for_log("AGI Tx >> 200 result=0")


class HangupTest(AgiTest):
    WAITS = ["WAIT FOR DIGIT -1", "STREAM FILE @TONE@ 1", "CONTROL STREAM FILE @TONE@ 1", "GET OPTION @TONE@ 1", "GET DATA @TONE@ 60000",
             "GET DATA \"\" 60000", "RECORD FILE @FOLDER@/r wav # -1", "RECEIVE CHAR 0", "RECEIVE TEXT 0", "EXEC Wait 60",
             "SAY ALPHA abcdefghijklmnopqrstuvwxyz \"\""]

    def test_hang_up_ends_every_wait(self):
        self.start()
        for command in self.WAITS:
            with self.subTest(command):
                command = command.replace("@TONE@", str(self.tone)).replace("@FOLDER@", str(self.folder))
                self.call(steps=[command, "GET VARIABLE EXTEN", "STREAM FILE hello 1", "SET VARIABLE LEFT dead", {"exit": 0}])
                self.manager.event("AGIExecStart", Command=command)
                self.hang_up()
                ended = self.after("Ended")
                self.assertEqual((ended.get("Status"), ended.get("Left")), ("HANGUP", "dead"))
                told = self.told()
                self.assertRegex(told["replies"][0], r"^200 result=-1( \(hangup\))?( endpos=-?\d+)?\n$")
                self.assertRegex(told["replies"][1], r"^200 result=1 \(")
                self.assertEqual(told["replies"][2], "511 Command Not Permitted on a dead channel or intercept routine\n")
                self.assertEqual(told["signals"], [1])

    def test_an_idle_script_is_told_as_it_wants(self):
        self.start()
        steps = [{"tell": "idle"}, {"wait": "go"}, "SET VARIABLE LEFT dead"]
        self.call(steps=steps)
        self.wait_for("idle")
        self.hang_up()
        self.wait_for("signalled")
        self.allow("go")
        ended = self.after("Ended")
        self.assertEqual((ended.get("Status"), ended.get("Left")), ("HANGUP", "dead"))
        self.call(steps=steps, __AGISIGHUP="no")
        self.wait_for("idle")
        self.hang_up()
        self.manager.event("HangupRequest", Channel=self.script)
        self.allow("go")
        self.assertEqual(self.after("Ended").get("Left"), "dead")
        self.assertEqual(self.told()["signals"], [])
        self.call(steps=steps, __AGIEXITONHANGUP="yes")
        self.wait_for("idle")
        self.hang_up()
        self.assertEqual(self.after("Ended").get("Status"), "HANGUP")
        self.wait_for("signalled")
        self.daemons[0].wait_idle()  # although the script goes on
        self.allow("go")

    def test_dead_agi_runs_in_h(self):
        self.start()
        self.call("dead", ["GET VARIABLE EXTEN", "ANSWER", "EXEC Set LEFT=x", "GET VARIABLE LEFT"], __DEADPROGRAM=self.program)
        self.assertEqual(self.after("Dead").get("Status"), "SUCCESS")
        self.assertEqual(self.told()["replies"], ["200 result=1 (h)\n", "511 Command Not Permitted on a dead channel or intercept routine\n",
                                                  "200 result=0\n", "200 result=1 (x)\n"])
        self.assertEqual(self.told()["signals"], [])

    def test_hangup_by_the_script_itself(self):
        self.start()
        self.call(steps=["HANGUP", "GET VARIABLE EXTEN"])
        self.assertEqual(self.after("Ended").get("Status"), "HANGUP")
        self.assertEqual(self.told()["replies"][0], "200 result=1\n")

    def test_scripts_that_hang_or_flood_harm_only_their_call(self):
        daemon = self.start().daemons[0]
        self.manager.ask("Events", EventMask="user,call,dialplan")  # not each command of the flood
        before = daemon.memory_kib()
        flood = self.folder / "flood.py"
        flood.write_text("#!/usr/bin/env python3\nimport os\nline = b'NOOP ' + b'x' * 2000 + b'\\n'\n"
                         "os.write(1, b'y' * 60000)\nfor i in range(4000): os.write(1, b'z' * 60000)\n"
                         "os.write(1, b'\\nSET VARIABLE LEFT through\\n')\nwhile True: os.write(1, line)\n")
        hang = self.folder / "hang.sh"
        hang.write_text("#!/bin/sh\nexec sleep 1000\n")
        for program in (flood, hang):
            program.chmod(0o755)
        self.call("line", __LINE=f"AGI({hang})")
        hanging = self.caller
        self.call("line", __LINE=f"AGI({flood})")
        flooding = self.caller
        daemon.wait_for_log("sent a command of more than", 30)
        self.manager.event("VarSet", 30, Variable="LEFT", Value="through")
        began = time.monotonic()
        self.call(steps=["NOOP"] * 20)  # others are served meanwhile
        self.assertEqual(self.after().get("Status"), "SUCCESS")
        self.assertLess(time.monotonic() - began, 15)
        self.assertLess(daemon.memory_kib() - before, 100 * 1024)
        for channel in (hanging, flooding):
            self.manager.ask("Hangup", Channel=channel)
        daemon.wait_idle()


if __name__ == "__main__":
    main()
