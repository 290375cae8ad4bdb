"""What AGI's scenarios share: a daemon, a call whose one half runs a script and whose other half is the caller, and scripts."""
import json
import socket
import sys

from ami_fixture import Client, MANAGER
from fixture import SLOWNESS, ScenarioTest, wait_until, write_tone

# Does what the list in its first argument says and writes what it was answered: [{"tell": name} writes a file that the test
# waits for, {"wait": name} waits for a file, {"exit": code} ends; anything else is a command].
PROGRAM = """#!%s
import json, os, signal, sys, time
folder, steps = sys.argv[1], json.load(open(sys.argv[1] + "/steps.json"))
told = {"environment": [], "replies": [], "signals": [], "variables": {k: v for k, v in os.environ.items() if k.startswith("AST_")}}
def save():
    with open(folder + "/told.new", "w") as out: json.dump(told, out)
    os.rename(folder + "/told.new", folder + "/told.json")
def note(number, frame):
    told["signals"].append(number)
    save()
    open(folder + "/signalled", "w").close()
signal.signal(signal.SIGHUP, note)
for line in sys.stdin:
    if line == "\\n": break
    told["environment"].append(line[:-1])
for step in steps:
    if isinstance(step, dict):
        if "tell" in step: save(); open(folder + "/" + step["tell"], "w").close()
        if "wait" in step:
            while not os.path.exists(folder + "/" + step["wait"]): time.sleep(0.01)
        if "exit" in step: save(); sys.exit(step["exit"])
        continue
    sys.stdout.write(step + "\\n"); sys.stdout.flush()
    reply = line = sys.stdin.readline()
    while line and not (line[:3].isdigit() and line[:4] not in ("100 ", "520-")):
        line = sys.stdin.readline()
        reply += line
    told["replies"].append(reply)
save()
"""
EXTENSIONS = """
[agi]
exten => answered,1,Answer()
 same => n,AGI(${PROGRAM},${FOLDER},second argument)
 same => n,UserEvent(After,Status: ${AGISTATUS},Place: ${CONTEXT}/${EXTEN}/${PRIORITY},Left: ${LEFT})
 same => n,Hangup()
exten => unanswered,1,AGI(${PROGRAM},${FOLDER})
 same => n,UserEvent(After,Status: ${AGISTATUS})
 same => n,Hangup()
exten => enhanced,1,Answer()
 same => n,EAGI(${PROGRAM},${FOLDER})
 same => n,UserEvent(After,Status: ${AGISTATUS})
 same => n,Hangup()
exten => dead,1,Answer()
 same => n,Hangup()
exten => line,1,Answer()
 same => n,Set(CPLAYBACKSTATUS=none)
 same => n,${LINE}
 same => n,UserEvent(After,Status: ${AGISTATUS},Play: ${CPLAYBACKSTATUS} ${CPLAYBACKOFFSET} ${CPLAYBACKSTOPKEY},Left: ${LEFT})
 same => n,Hangup()
exten => h,1,UserEvent(Ended,Status: ${AGISTATUS},Left: ${LEFT})
 same => n,ExecIf($["${DEADPROGRAM}" != ""]?DeadAGI(${DEADPROGRAM},${FOLDER}))
 same => n,ExecIf($["${DEADPROGRAM}" != ""]?UserEvent(Dead,Status: ${AGISTATUS}))
[routines]
exten => double,1(begin),Return($[${ARG1} * 2])
exten => next,1,UserEvent(Next,Here: ${CONTEXT}/${EXTEN}/${PRIORITY})
 same => n,Hangup()
 same => n(marked),UserEvent(Next,Here: marked)
 same => n,Hangup()
[caller]
exten => quiet,1,Wait(120)
exten => tone,1,Playback(${TONE})
"""


class AgiTest(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.program = self.folder / "script.py"
        self.program.write_text(PROGRAM % sys.executable)
        self.program.chmod(0o755)
        self.tone = self.folder / "tone"
        write_tone(f"{self.tone}.wav", 700, seconds=30)
        write_tone(self.folder / "short.wav", 500, seconds=1)
        self.calls = 0

    def start(self, extensions=""):
        self.daemon({"extensions.conf": EXTENSIONS + extensions, "manager.conf": MANAGER.format(general="")})
        self.manager = Client(self.server).login()
        self.addCleanup(self.manager.close)
        return self

    def path(self, name, call=None):
        return self.folder / f"call{call or self.calls}" / name

    def call(self, exten="answered", steps=(), caller="quiet", **variables):
        """Starts a call; the half that runs the script is self.script, the other one self.caller."""
        self.calls += 1
        folder = self.path("steps.json").parent
        folder.mkdir()
        self.path("steps.json").write_text(json.dumps(list(steps)))
        values = {"__PROGRAM": variables.pop("PROGRAM", self.program), "__FOLDER": folder, "__TONE": self.tone, **variables}
        identity = f"call-{self.calls}"
        answer = self.manager.ask("Originate", *(("Variable", f"{key}={value}") for key, value in values.items()), id=identity,
                                  Channel=f"Local/{exten}@agi/n", Context="caller", Exten=caller, Priority="1", Async="yes",
                                  Timeout="60000", CallerID='"Ann Lee" <77>', Account="acme")
        self.assertEqual(answer.get("Response"), "Success")
        self.caller = self.manager.event("Newchannel").get("Channel")
        self.script = self.manager.event("Newchannel").get("Channel")
        self.assertEqual(self.caller[:-1] + "2", self.script)

    def wait_for(self, name, seconds=15):
        wait_until(self.path(name).exists, seconds, f"the script's file {name}")

    def allow(self, name):
        self.path(name).touch()

    def press(self, digits):
        for digit in digits:
            self.assertEqual(self.manager.ask("PlayDTMF", Channel=self.caller, Digit=digit, Duration="100").get("Response"), "Success")

    def after(self, name="After", seconds=20):
        return self.manager.event("UserEvent", seconds, UserEvent=name)

    def hang_up(self):
        self.manager.ask("Hangup", Channel=self.caller)

    def told(self):
        return json.loads(self.path("told.json").read_text())

    def replies(self, steps, exten="answered", caller="quiet", **variables):
        """What a whole call's script was answered."""
        self.call(exten, steps, caller, **variables)
        self.after()
        return self.told()["replies"]


class FastAgiServer:
    """Accepts calls of FastAGI one by one and speaks lines with them."""

    def __init__(self, address, port=4573):
        self.listener = socket.create_server((address, port))
        self.listener.settimeout(15 * SLOWNESS)

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(15 * SLOWNESS)
        self.file = self.connection.makefile("rw", newline="\n")
        self.environment = []
        while (line := self.file.readline()) != "\n":
            self.environment.append(line[:-1])
        return self

    def ask(self, command):
        self.file.write(command + "\n")
        self.file.flush()
        return self.file.readline()

    def close(self):
        self.file.close()
        self.connection.close()
