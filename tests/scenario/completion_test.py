"""Completion of calls (CCSS), and the applications Dictate, MP3Player, TestClient and TestServer, between Local channels."""
import shutil
import subprocess
import unittest

import fixture as jt
from ami_fixture import MANAGER, Client

PLAN = """
[default]
; the caller's phone, and whom it calls: busy until FREE is set
exten => phone,1,Answer()
 same => n,Wait(60)
exten => target,1,GotoIf($["${FREE}" = "1"]?free)
 same => n,Busy()
 same => n(free),Answer()
 same => n,Wait(60)
exten => rings,1,Ringing()
 same => n,Wait(60)
exten => calls,1,UserEvent(Calls,Extension: ${CC_EXTEN},Devices: ${CC_INTERFACES},Prepared: ${PREPARED})
 same => n,Dial(Local/target@default/n,20)
 same => n,UserEvent(Called,Status: ${DIALSTATUS})
 same => n,CallCompletionRequest()
 same => n,UserEvent(Asked,Result: ${CC_REQUEST_RESULT},Reason: ${CC_REQUEST_REASON})
 same => n,WaitForSignal(done,60)
 same => n,Hangup()
exten => unanswered,1,Set(CALLCOMPLETION(cc_offer_timer)=90)
 same => n,UserEvent(Timer,Value: ${CALLCOMPLETION(cc_offer_timer)},Agent: ${CALLCOMPLETION(cc_agent_policy)})
 same => n,Dial(Local/rings@default/n,1)
 same => n,CallCompletionRequest()
 same => n,UserEvent(Asked,Result: ${CC_REQUEST_RESULT},Reason: ${CC_REQUEST_REASON})
 same => n,CallCompletionCancel()
 same => n,CallCompletionCancel()
 same => n,UserEvent(Cancelled,Result: ${CC_CANCEL_RESULT},Reason: ${CC_CANCEL_REASON})
 same => n,Hangup()
exten => never,1,Set(CALLCOMPLETION(cc_agent_policy)=never)
 same => n,Dial(Local/target@default/n,20)
 same => n,CallCompletionRequest()
 same => n,UserEvent(Asked,Result: ${CC_REQUEST_RESULT},Reason: ${CC_REQUEST_REASON})
 same => n,Hangup()
exten => done,1,Signal(done)
exten => lamp,hint,ccss:Local/phone@default
; the other applications
exten => server,1,TestServer()
exten => secretary,1,Dictate(@FOLDER@/letters,7)
exten => author,1,Answer()
 same => n,SendDTMF(1*)
 same => n,Playtones(700)
 same => n,Wait(2)
 same => n,SendDTMF(*)
 same => n,UserEvent(Dictated)
 same => n,SendDTMF(1*)
 same => n,Record(@FOLDER@/heard.wav,0,1,qn)
 same => n,UserEvent(Heard)
 same => n,SendDTMF(#8#)
 same => n,Wait(60)
exten => ear,1,Answer()
 same => n,Record(@FOLDER@/song.wav,0,2,qn)
 same => n,UserEvent(Song)
 same => n,SendDTMF(5)
 same => n,Wait(60)
[prepare]
exten => s,1,Set(PREPARED=yes)
 same => n,Return()
"""
CCSS = """[general]
cc_max_requests = 1
[Local]
cc_agent_policy = generic
cc_monitor_policy = generic
cc_callback_sub = prepare,s,1
"""


class Completion(jt.ScenarioTest):
    def begin(self):
        self.jackfield = self.daemon({"extensions.conf": PLAN.replace("@FOLDER@", str(self.folder)), "ccss.conf": CCSS,
                                      "manager.conf": MANAGER.format(general="")})
        self.client = Client(self.server).login()
        self.addCleanup(self.client.close)

    def call(self, extension, channel="Local/phone@default/n", **more):
        if not more:
            more = {"Exten": extension, "Context": "default", "Priority": "1"}
        self.client.ask("Originate", Channel=channel, Async="true", **more)

    def user(self, name, **fields):
        return self.client.event("UserEvent", 30, UserEvent=name, **fields)

    def answers(self, name, *keys):
        event = self.user(name)
        return tuple(event.get(key) for key in keys)

    def cc(self, event, *fields):
        """The next event of call completion, which has just these fields."""
        block = self.client.event(event)
        self.assertEqual([("Event", event), ("Privilege", "cc,all"), *fields], block)

    def test_a_caller_is_called_back_when_the_busy_one_is_free(self):
        self.begin()
        self.call("calls")
        self.assertEqual("BUSY", self.user("Called").get("Status"))
        self.assertEqual("SUCCESS", self.user("Asked").get("Result"))
        identity, caller, called = ("CoreID", "1"), ("Caller", "Local/phone@default"), ("Callee", "Local/target@default")
        self.cc("CCAvailable", identity, called, ("Service", "CCBS"))
        self.cc("CCOfferTimerStart", identity, caller, ("Expires", "20"))
        self.cc("CCRequested", identity, caller, called)
        self.cc("CCRequestAcknowledged", identity, caller)
        self.cc("CCCallerStartMonitoring", identity, caller)  # it is still in its first call
        report = self.jackfield.ask("cc report status")
        for text in ("1 Call completion transaction", "Local/phone@default", "calls@default", "Local/target@default(CCBS)"):
            self.assertIn(text, report)
        self.client.event("ExtensionStatus", Exten="lamp", StatusText="Hold")
        self.call("unanswered")  # the limit: one request
        self.assertEqual(("90", "generic"), self.answers("Timer", "Value", "Agent"))
        self.assertEqual(("FAIL", "TOO_MANY_REQUESTS"), self.answers("Asked", "Result", "Reason"))
        self.assertEqual("2", self.client.event("CCFailure").get("CoreID"))  # the first CallCompletionCancel; the second takes request 1
        self.cc("CCFailure", identity, caller, ("Reason", "The caller no longer wants it"))
        self.assertEqual("SUCCESS", self.user("Cancelled").get("Result"))
        self.call("done", channel="Local/done@default", Application="Wait", Data="1")
        self.jackfield.wait_idle()
        # Once more, to the end.
        self.call("calls")
        self.assertEqual("SUCCESS", self.user("Asked").get("Result"))
        identity = ("CoreID", "3")
        self.client.event("CCCallerStartMonitoring")
        self.client.ask("Setvar", Variable="FREE", Value="1")
        self.call("done", channel="Local/done@default", Application="Wait", Data="1")
        self.cc("CCCallerStopMonitoring", identity, caller)
        self.cc("CCCallerRecalling", identity, caller)
        self.cc("CCRecallComplete", identity, caller)
        self.assertIn("0 Call completion transactions", self.jackfield.ask("cc report status"))
        back = self.user("Calls", Extension="calls")
        self.assertEqual(("Local/target@default", "yes"), (back.get("Devices"), back.get("Prepared")))

    def test_who_may_not_ask_and_what_the_administrator_ends(self):
        self.begin()
        self.call("never")
        self.assertEqual(("FAIL", "NO_CORE_INSTANCE"), self.answers("Asked", "Result", "Reason"))
        self.call("calls")
        self.user("Asked", Result="SUCCESS")
        self.assertNotEqual(0, self.jackfield.cli("cc cancel core 99", check=False).returncode)
        self.jackfield.ask("cc cancel core 1")
        self.cc("CCFailure", ("CoreID", "1"), ("Caller", "Local/phone@default"), ("Reason", "Cancelled by the administrator"))
        self.assertIn("0 completions were cancelled", self.jackfield.ask("cc cancel all"))

    def test_two_ends_test_their_line(self):
        self.begin()
        self.call("", channel="Local/server@default/n", Application="TestClient", Data="42")
        jt.wait_until(lambda: list(self.jackfield.folder.rglob("42-server.txt")), 60, "the results")
        folder = next(path for path in (self.jackfield.folder / "log", self.jackfield.folder) if (path / "testresults").exists()) / "testresults"
        for side in ("client", "server"):
            path = folder / f"42-{side}.txt"
            jt.wait_until(lambda: path.exists() and "RESULT" in path.read_text(), 10, f"the results of the {side}")
            text = path.read_text()
            self.assertIn("TEST ID: 42\n", text)
            self.assertIn("RESULT: PASS\n", text)
            self.assertEqual((12, 0), (text.count("PASS"), text.count("FAIL")), text)

    def test_a_letter_is_dictated_and_heard(self):
        self.begin()
        self.call("", channel="Local/author@default/n", Exten="secretary", Context="default", Priority="1")
        self.user("Dictated")
        self.user("Heard")
        heard = jt.read_samples(self.folder / "heard.wav")
        self.assertGreater(jt.level(heard[2000:6000], 700), 0.02)
        jt.wait_until((self.folder / "letters/7.raw").exists, 10, "the letter")
        letter = jt.read_samples(self.folder / "letters/7.raw")
        self.assertGreater(len(letter), 8000)
        self.assertGreater(jt.level(letter[4000:8000], 700), 0.02)

    @unittest.skipUnless(shutil.which("mpg123") and shutil.which("sox"), "needs mpg123, and sox with MP3")
    def test_a_song_is_played_until_a_key(self):
        self.begin()
        song = self.folder / "song.mp3"
        subprocess.run(["sox", "-n", "-r", "44100", "-c", "2", song, "synth", "60", "sine", "440", "vol", "0.5"], check=True)
        self.call("", channel="Local/ear@default/n", Application="MP3Player", Data=str(song))
        self.user("Song")
        heard = jt.read_samples(self.folder / "song.wav")
        self.assertGreater(jt.level(heard[-8000:-4000], 440), 0.2)
        self.jackfield.wait_idle()  # the key ended the application and with it the call
        jt.wait_until(lambda: str(song) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout, 10,
                      "the end of mpg123")


if __name__ == "__main__":
    jt.main()
