"""Applications that act on calls: between Local channels where that is enough, with phones where it must be heard."""
import socket
import time

import fixture as jt
from ami_fixture import MANAGER, SNAPSHOT, Client

PLAN = """
[default]
exten => answer,1,Answer()
 same => n,Wait(30)
exten => refuse,1,Busy()
exten => ring,1,Ringing()
 same => n,Wait(30)
exten => shown,1,Answer()
 same => n,UserEvent(Shown,Number: ${CALLERID(num)},Name: ${CALLERID(name)},Colour: ${COLOUR},Half: ${CHANNEL})
 same => n,Wait(30)
exten => talk,1,UserEvent(Talk,Length: ${TALK_DETECTED})
 same => n,Wait(2)

; Originate and its outcomes
exten => orig,1,Set(CALLERID(all)="Ann" <501>)
 same => n,Originate(Local/shown@default,app,Wait,20,,5,v(COLOUR=blue))
 same => n,UserEvent(Status,Value: ${ORIGINATE_STATUS})
 same => n,Originate(Local/shown@default,exten,default,shown,1,5,c(777)n(Bob))
 same => n,UserEvent(Status,Value: ${ORIGINATE_STATUS})
 same => n,Originate(Local/refuse@default,app,Wait,1,,5)
 same => n,UserEvent(Status,Value: ${ORIGINATE_STATUS})
 same => n,Originate(Local/ring@default,app,Wait,1,,1)
 same => n,UserEvent(Status,Value: ${ORIGINATE_STATUS})
 same => n,Originate(Nobody/x,app,Wait,1,,1)
 same => n,UserEvent(Status,Value: ${ORIGINATE_STATUS})
 same => n,Originate(Local/ring@default,app,Wait,1,,1,a)
 same => n,UserEvent(Status,Value: ${ORIGINATE_STATUS})

; Why dialled channels ended
exten => causes,1,Dial(PJSIP/busy/sip:busy@@BUSY@:5060,10)
 same => n,UserEvent(Cause,Status: ${DIALSTATUS},Keys: ${HANGUPCAUSE_KEYS()},Ast: ${HANGUPCAUSE(${HANGUPCAUSE_KEYS()},ast)},Tech: ${HANGUPCAUSE(${HANGUPCAUSE_KEYS()},tech)})
 same => n,HangupCauseClear()
 same => n,UserEvent(Cleared,Keys: <${HANGUPCAUSE_KEYS()}>)

; Calls that act on each other
exten => waits,1,Answer()
 same => n,Set(GLOBAL(WAITER)=${CHANNEL})
 same => n,UserEvent(Ready)
 same => n,WaitForSignal(door,20)
 same => n,UserEvent(Signalled,Status: ${WAITFORSIGNALSTATUS},Payload: ${WAITFORSIGNALPAYLOAD})
 same => n,WaitForSignal(door,0.2)
 same => n,UserEvent(Signalled,Status: ${WAITFORSIGNALSTATUS})
 same => n,Wait(20)
exten => signals,1,Signal(door,open)
 same => n,UserEvent(Signal,Status: ${SIGNALSTATUS})
 same => n,Signal(nobody)
 same => n,UserEvent(Signal,Status: ${SIGNALSTATUS})
exten => redirects,1,ChannelRedirect(${WAITER},default,moved,1)
 same => n,UserEvent(Redirect,Status: ${CHANNELREDIRECT_STATUS})
 same => n,ChannelRedirect(Nobody/1,default,moved,1)
 same => n,UserEvent(Redirect,Status: ${CHANNELREDIRECT_STATUS})
exten => moved,1,UserEvent(Moved)
 same => n,Wait(20)
exten => hangs,1,SoftHangup(${WAITER})
 same => n,UserEvent(Hung)
exten => avail,1,ChanIsAvail(Nobody/x&Local/answer@default)
 same => n,UserEvent(Avail,Found: ${AVAILCHAN},Written: ${AVAILORIGCHAN})

; Locks: the second call gets it when the first one ends
exten => locks,1,Set(GLOBAL(HOLDER)=${CHANNEL})
 same => n,Set(got=${LOCK(l)})
 same => n,Set(again=${TRYLOCK(l)})
 same => n,UserEvent(Lock,Got: ${got}${again}${UNLOCK(l)})
 same => n,Wait(20)
exten => tries,1,Set(t=${TRYLOCK(l)})
 same => n,UserEvent(Tried,Got: ${t}${UNLOCK(l)}${UNLOCK(none)})
 same => n,Set(got=${LOCK(l)})
 same => n,UserEvent(Second,Got: ${got})

; Conditions and moments
exten => cond,1,Set(GLOBAL(open)=0)
 same => n,WaitForCondition(#,#["#{GLOBAL(open)}" = "1"],0.2,0.05)
 same => n,UserEvent(Cond,Status: ${WAITFORCONDITIONSTATUS})
 same => n,UserEvent(Ready)
 same => n,WaitForCondition(#,#["#{GLOBAL(open)}" = "1"],20)
 same => n,UserEvent(Cond,Status: ${WAITFORCONDITIONSTATUS})
 same => n,WaitUntil($[${EPOCH} - 1])
 same => n,UserEvent(Until,Status: ${WAITUNTILSTATUS})
 same => n,WaitUntil($[${EPOCH} + 2])
 same => n,UserEvent(Until,Status: ${WAITUNTILSTATUS})

; Presence
exten => presence,1,Set(PRESENCE_STATE(CustomPresence:ann)=away,lunch,back at two)
 same => n,UserEvent(Presence,Value: ${PRESENCE_STATE(CustomPresence:ann,value)},Message: ${PRESENCE_STATE(CustomPresence:ann,message,e)})

; What is kept: groups, the black list, values of files
exten => kept,1,Set(DIALGROUP(g)=PJSIP/a)
 same => n,Set(DIALGROUP(g,add)=PJSIP/b)
 same => n,Set(DIALGROUP(g,add)=PJSIP/b)
 same => n,Set(all=${DIALGROUP(g)})
 same => n,Set(DIALGROUP(g,del)=PJSIP/a)
 same => n,UserEvent(Group,All: ${all},Left: ${DIALGROUP(g)})
 same => n,Set(CALLERID(num)=555)
 same => n,Set(before=${BLACKLIST()})
 same => n,Set(DB(blacklist/555)=1)
 same => n,UserEvent(Black,Before: ${before},After: ${BLACKLIST()})
 same => n,UserEvent(File,Mode: ${AST_CONFIG(musiconhold.conf,tones,mode)},Last: ${AST_CONFIG(manager.conf,narrow,eventfilter,-2)})
 same => n,DumpChan()

; StatsD
exten => stats,1,StatsD(c,calls.in,1)
 same => n,StatsD(g,waiting,+3)
 same => n,StatsD(x,bad,1)

; Bridges
exten => holds,1,BridgeWait(room,participant,m(tones)S(20))
exten => adds,1,BridgeAdd(PJSIP/6001)
exten => speaks,1,BridgeWait(room,announcer)

; With a phone
exten => 700,1,BackgroundDetect(long,300,100)
 same => n,UserEvent(NoTalk)
exten => 701,1,Answer()
 same => n,MixMonitor(call.wav,b,echo ^{CHANNEL(name)} > @FOLDER@/after)
 same => n,MixMonitor(@FOLDER@/all.wav,i(ID)r(@FOLDER@/said.wav)t(@FOLDER@/heard.wav))
 same => n,UserEvent(Recording,File: ${MIXMONITOR(${ID},filename)},Name: ${MIXMONITOR_FILENAME})
 same => n,Playback(long)
exten => 702,1,DISA(1234,inside)
exten => 703,1,Authenticate(99,a)
 same => n,UserEvent(Let,Account: ${CHANNEL(accountcode)})
 same => n,Wait(10)
exten => 704,1,ReadExten(X,,inside,,5)
 same => n,UserEvent(Read,Value: ${X},Status: ${READEXTENSTATUS})
 same => n,Wait(5)
exten => 705,1,AMD()
 same => n,UserEvent(Amd,Status: ${AMDSTATUS},Cause: ${AMDCAUSE})
 same => n,Wait(5)
exten => 706,1,WaitForNoise(200)
 same => n,UserEvent(Waited,Status: ${WAITSTATUS})
 same => n,WaitForSilence(2000,1,1)
 same => n,UserEvent(Waited,Status: ${WAITSTATUS})
 same => n,Wait(5)
exten => 709,1,Dial(Local/answer@default/n)
exten => 707,1,Answer()
 same => n,Zapateller()
 same => n,Set(MORSETONE=700)
 same => n,Set(MORSEDITLEN=500)
 same => n,Morsecode(tt)
exten => 708,1,Answer()
 same => n,Set(id=${PERIODIC_HOOK(hooks,tone,1)})
 same => n,Set(none=<${PERIODIC_HOOK(hooks,nobody,1)}>)
 same => n,UserEvent(Hooked,Id: ${id},None: ${none})
 same => n,WaitForSignal(enough,30)
 same => n,Set(PERIODIC_HOOK(${id})=off)
 same => n,UserEvent(Unhooked)
 same => n,Record(@FOLDER@/taken.wav,0,1,q)
 same => n,UserEvent(Recorded,Length: ${RECORDING_INFO(duration)})
 same => n,Wait(30)
exten => enough,1,Signal(enough)
[hooks]
exten => tone,1,UserEvent(Hook,Name: ${HOOK_CHANNEL},Id: ${HOOK_ID})
 same => n,Answer()
 same => n,Playtones(900)
 same => n,Wait(2)
[inside]
exten => 55,1,UserEvent(Inside,Account: ${CHANNEL(accountcode)})
 same => n,Wait(5)
exten => 5,1,NoOp()
exten => i,1,UserEvent(Invalid,Digits: ${INVALID_EXTEN})
"""


class Applications(jt.ScenarioTest):
    def begin(self, **files):
        sounds = self.folder / "sounds"
        sounds.mkdir()
        jt.write_tone(sounds / "hold.wav", 620, 20)
        self.busy = self.address()
        plan = PLAN.replace("@FOLDER@", str(self.folder)).replace("@BUSY@", self.busy)
        self.jackfield = self.daemon({
            "extensions.conf": plan, "manager.conf": MANAGER.format(general=""),
            "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + jt.phone_objects("6001") + "[busy](phone)\n",
            "rtp.conf": "[general]\nrtcpinterval = 500\n",
            "musiconhold.conf": f"[default]\nmode=files\ndirectory={sounds}\n[tones]\nmode=files\ndirectory={sounds}\n", **files},
            start=False)
        prompts = self.jackfield.folder / "lib/sounds/en"
        prompts.mkdir(parents=True)
        jt.write_tone(prompts / "long.wav", 440, 8)
        for name in ("agent-pass", "auth-incorrect", "auth-thankyou"):
            jt.write_tone(prompts / f"{name}.wav", 500, 1)
        self.jackfield.start()
        self.client = Client(self.server).login()
        self.addCleanup(self.client.close)

    def call(self, extension):
        """Somebody calls the extension and stays silent."""
        self.client.ask("Originate", Channel=f"Local/{extension}@default", Application="Wait", Data="60", Async="true")

    def known(self, name):
        """A global variable."""
        return self.client.ask("Getvar", Variable=name).get("Value")

    def event(self, name, **fields):
        return self.client.event("UserEvent", UserEvent=name, **fields)

    def test_originate_tells_its_outcome_and_who_calls(self):
        self.begin()
        self.call("orig")
        first = self.event("Shown")
        self.assertEqual(("501", "Ann"), (first.get("Number"), first.get("Name")))
        self.assertTrue(first.get("Half").endswith(";2"))
        second = self.event("Shown", Number="777")
        self.assertEqual("Bob", second.get("Name"))
        self.assertEqual(["SUCCESS", "SUCCESS", "BUSY", "RINGING", "FAILED", "SUCCESS"],
                         [self.event("Status").get("Value") for _ in range(6)])

    def test_hangupcause_tells_what_the_phone_answered(self):
        self.begin()
        busy = self.folder / "busy"
        xml = ('<?xml version="1.0" encoding="us-ascii"?>\n<scenario name="busy"><recv request="INVITE"/><send><![CDATA[SIP/2.0 486 Busy Here\n[last_Via:]\n[last_From:]\n'
               '[last_To:];tag=b[call_number]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n]]></send><recv request="ACK"/></scenario>')
        busy.mkdir()
        phone = jt.sipp(self.busy, f"{self.server}:5060", "-m", 1, "-p", 5060, xml=xml, folder=busy)
        self.call("causes")
        event = self.event("Cause")
        self.assertEqual("BUSY", event.get("Status"))
        self.assertTrue(event.get("Keys").startswith("PJSIP/busy-"), event)
        self.assertEqual(("User busy", "SIP 486 Busy Here"), (event.get("Ast"), event.get("Tech")))
        self.assertEqual("<>", self.event("Cleared").get("Keys"))
        jt.finish(phone)

    def test_calls_signal_redirect_and_hang_up_each_other(self):
        self.begin()
        self.call("waits")
        self.event("Ready")
        self.call("signals")
        event = self.event("Signalled")
        self.assertEqual(("SIGNALED", "open"), (event.get("Status"), event.get("Payload")))
        self.assertEqual(["SUCCESS", "FAILURE"], [self.event("Signal").get("Status") for _ in range(2)])
        self.assertEqual("TIMEOUT", self.event("Signalled").get("Status"))
        self.call("redirects")
        self.event("Moved")
        self.assertEqual(["SUCCESS", "NOCHANNEL"], [self.event("Redirect").get("Status") for _ in range(2)])
        self.call("hangs")
        self.event("Hung")
        self.client.event("Hangup", Channel=self.known("WAITER"))
        self.call("avail")
        event = self.event("Avail")
        self.assertEqual("Local/answer@default", event.get("Written"))
        self.assertTrue(event.get("Found").startswith("Local/answer@default-"), event)

    def test_a_lock_passes_to_who_waits_when_its_holder_ends(self):
        self.begin()
        self.call("locks")
        self.assertEqual("111", self.event("Lock").get("Got"))
        self.call("tries")
        self.assertEqual("000", self.event("Tried").get("Got"))
        self.jackfield.cli(f"channel request hangup {self.known('HOLDER')}")
        self.assertEqual("1", self.event("Second").get("Got"))

    def test_conditions_and_moments_are_waited_for(self):
        self.begin()
        self.call("cond")
        self.assertEqual("TIMEOUT", self.event("Cond").get("Status"))
        self.event("Ready")
        self.jackfield.cli("dialplan set global open 1")
        self.assertEqual("TRUE", self.event("Cond").get("Status"))
        self.assertEqual(["PAST", "OK"], [self.event("Until").get("Status") for _ in range(2)])

    def test_presence_is_set_kept_and_told_to_the_manager(self):
        self.begin()
        self.call("presence")
        event = self.event("Presence")
        self.assertEqual(("away", "YmFjayBhdCB0d28="), (event.get("Value"), event.get("Message")))
        change = self.client.event("PresenceStateChange")
        wanted = {"Presentity": "CustomPresence:ann", "Status": "away", "Subtype": "lunch", "Message": "back at two"}
        self.assertEqual(wanted, {key: change.get(key) for key in wanted})
        answer = self.client.ask("PresenceState", Provider="CustomPresence:ann")
        self.assertEqual(("away", "back at two"), (answer.get("State"), answer.get("PresenceMessage")))
        found, _ = self.client.items("PresenceStateList", "PresenceStateListComplete")
        self.assertEqual(["CustomPresence:ann"], [one.get("Presentity") for one in found])
        self.assertEqual("not_set", self.client.ask("PresenceState", Provider="CustomPresence:bob").get("State"))
        self.assertEqual("Error", self.client.ask("PresenceState", Provider="Other:bob").get("Response"))
        self.client.ask("DBPut", Family="CustomPresence", Key="old", Val="dnd,busy,in a talk")
        self.assertEqual("in a talk", self.client.ask("PresenceState", Provider="CustomPresence:old").get("PresenceMessage"))

    def test_groups_and_lists_are_kept_and_files_are_read(self):
        self.begin()
        self.call("kept")
        event = self.event("Group")
        self.assertEqual(("PJSIP/a&PJSIP/b", "PJSIP/b"), (event.get("All"), event.get("Left")))
        event = self.event("Black")
        self.assertEqual(("0", "1"), (event.get("Before"), event.get("After")))
        event = self.event("File")
        self.assertEqual(("files", "Event: (Newchannel|Hangup)..Privilege"), (event.get("Mode"), event.get("Last")))
        self.jackfield.wait_for_log("Dumping info for channel Local/kept@default-")
        self.jackfield.wait_for_log("before=0")

    def test_somebody_comes_into_a_call_of_two(self):
        self.begin()
        phone = self.phone("6001")
        phone.dial("709")
        self.client.event("BridgeEnter", BridgeNumChannels="2")
        self.client.send("Originate", Channel="Local/adds@default", Application="Playback", Data="long", Async="true")
        phone.wait_to_hear(440, least=0.05)

    def test_metrics_go_to_the_statsd_server(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        address = self.address()
        server.bind((address, 0))
        server.settimeout(10 * jt.SLOWNESS)
        self.begin(**{"statsd.conf": f"[general]\nenabled=yes\nserver={address}:{server.getsockname()[1]}\nprefix=pbx\n"})
        self.call("stats")
        self.assertEqual([b"pbx.calls.in:1|c", b"pbx.waiting:+3|g"], [server.recv(2000) for _ in range(2)])
        self.jackfield.wait_for_log("StatsD: 'x' is none of the types")

    def test_talk_interrupts_a_prompt_and_a_silent_caller_hears_it_all(self):
        self.begin()
        phone = self.phone("6001", tone=700)
        phone.dial("706")
        self.assertEqual("NOISE", self.event("Waited").get("Status"))
        self.assertEqual("TIMEOUT", self.event("Waited").get("Status"))  # the phone goes on
        phone.hang_up()
        self.jackfield.wait_idle()
        phone.dial("700")
        phone.wait_to_hear(440)
        phone.command("mute", "yes")
        length = int(self.event("Talk").get("Length"))
        self.assertGreater(length, 100)

    def test_a_call_is_recorded_on_both_sides_and_the_command_runs(self):
        self.begin()
        phone = self.phone("6001", tone=700)
        phone.dial("701")
        event = self.event("Recording")
        self.assertEqual(f"{self.folder}/all.wav", event.get("File"))
        self.client.event("MixMonitorStart", Channel=event.get("Channel"))
        phone.wait_to_hear(440)
        started = self.client.ask("MixMonitor", Channel=event.get("Channel"), File=f"{self.folder}/manager.wav")
        stopped = self.client.ask("StopMixMonitor", Channel=event.get("Channel"), MixMonitorID=started.get("MixMonitorID"))
        self.assertEqual("Success", stopped.get("Response"))
        self.assertEqual("Error", self.client.ask("StopMixMonitor", Channel=event.get("Channel"), MixMonitorID="0xff").get("Response"))
        name, path = event.get("Channel"), self.folder / "muted.wav"
        muted = self.client.ask("MixMonitor", Channel=name, File=str(path)).get("MixMonitorID")
        answer = self.client.ask("MixMonitorMute", Channel=name, MixMonitorID=muted, Direction="read", State="1")
        self.assertEqual("Success", answer.get("Response"))
        told = self.client.event("MixMonitorMute", Channel=name)
        self.assertEqual(("read", "1"), (told.get("Direction"), told.get("State")))
        self.assertEqual("Error", self.client.ask("MixMonitorMute", Channel=name, MixMonitorID="0xff", Direction="both", State="1").get("Response"))
        time.sleep(2)  # of talk in the files
        report = self.client.event("RTCPReceived", Channel=name)
        self.assertEqual(["SSRC", "PT", "From", "RTT", "ReportCount", "SentNTP", "SentRTP", "SentPackets", "SentOctets", "Report0SourceSSRC",
                          "Report0FractionLost", "Report0CumulativeLost", "Report0HighestSequence", "Report0SequenceNumberCycles", "Report0IAJitter",
                          "Report0LSR", "Report0DLSR"], report.keys()[2 + len(SNAPSHOT):])
        self.assertEqual(("reporting,all", "200(SR)", "1"), tuple(report.get(key) for key in ("Privilege", "PT", "ReportCount")))
        self.assertLess(abs(float(report.get("SentNTP")) - time.time()), 60 * jt.SLOWNESS)
        sent = self.client.event("RTCPSent", Channel=name, PT="200(SR)")
        self.assertEqual(sent.get("SSRC"), report.get("Report0SourceSSRC"))
        self.assertTrue(sent.get("To").startswith(phone.address), sent.get("To"))
        phone.hang_up()
        jt.wait_until(lambda: (self.folder / "after").exists() and "PJSIP/6001-" in (self.folder / "after").read_text(), 10,
                      "the command after the recording, with the channel's name")
        files = {name: self.folder / f"{name}.wav" for name in ("all", "said", "heard")}
        for path in files.values():
            jt.wait_until(lambda: path.exists() and len(jt.read_samples(path)) > 16000, 10, f"two seconds in {path}")
        mixed, said, heard = (jt.read_samples(path) for path in files.values())
        for name, samples, tones in (("all", mixed, (440, 700)), ("said", said, (700,)), ("heard", heard, (440,))):
            middle = samples[len(samples) // 2:len(samples) // 2 + 4000]
            for hz in (440, 700):
                level = jt.level(middle, hz)
                self.assertTrue(level > 0.1 if hz in tones else level < 0.03, f"{name}: {hz} Hz at {level}")
        samples = jt.read_samples(path)
        middle = samples[len(samples) // 2:len(samples) // 2 + 4000]
        self.assertTrue(jt.level(middle, 440) > 0.1 and jt.level(middle, 700) < 0.01, "what the phone says is silenced, what it hears is not")
        only_bridged = jt.read_samples(self.jackfield.folder / "spool/monitor/call.wav")
        self.assertLess(len(only_bridged), 800, "nothing was bridged")

    def test_a_hook_is_heard_in_the_call_until_it_is_taken_off(self):
        self.begin()
        phone = self.phone("6001", tone=700)
        phone.dial("708")
        event = self.event("Hooked")
        self.assertEqual(("1", "<>"), (event.get("Id"), event.get("None")))
        ran = self.event("Hook")
        self.assertEqual((event.get("Channel"), "1"), (ran.get("Name"), ran.get("Id")))
        phone.wait_to_hear(900, least=0.05)
        self.event("Hook")  # again, after the first has ended
        self.call("enough")
        self.event("Unhooked")
        length = int(self.event("Recorded").get("Length"))
        self.assertTrue(900 <= length <= 1000 + 1000 * jt.SLOWNESS, length)
        jt.wait_until(lambda: "Local/tone" not in self.jackfield.ask("core show channels"), 10, "the end of the hook's last run")
        phone.hang_up()
        self.jackfield.wait_idle()

    def test_a_caller_waits_with_music_until_an_announcer_speaks(self):
        self.begin()
        phone = self.phone("6001", tone=700)
        phone.dial("holds")
        phone.wait_to_hear(620)
        bridges, _ = self.client.items("BridgeList", "BridgeListComplete")
        self.assertEqual(["room"], [bridge.get("BridgeName") for bridge in bridges])
        self.client.send("Originate", Channel="Local/speaks@default", Application="Playback", Data="long", Async="true")
        phone.wait_to_hear(440)

    def test_disa_lets_in_who_knows_the_code(self):
        self.begin()
        phone = self.phone("6001")
        phone.dial("702")
        phone.wait_to_hear(350, least=0.03)
        phone.press("1234#")
        phone.wait_to_hear(350, least=0.03)
        phone.press("55")
        self.assertEqual("1234", self.event("Inside").get("Account"))
        phone.hang_up()
        self.jackfield.wait_idle()
        phone.dial("702")
        phone.wait_to_hear(350, least=0.03)
        phone.press("99#")
        self.jackfield.wait_for_log("gave a wrong passcode")
        phone.wait_to_hear(480, least=0.03)

    def test_a_password_and_an_extension_are_read(self):
        self.begin()
        phone = self.phone("6001")
        phone.dial("703")
        phone.wait_to_hear(500)
        phone.press("98#")
        phone.press("99#")
        self.assertEqual("99", self.event("Let").get("Account"))
        for keys, value, status in (("55", "55", "OK"), ("7", "i", "INVALID")):
            phone.hang_up()
            self.jackfield.wait_idle()
            mark = phone.mark()
            phone.dial("704")
            phone.wait_event("CALL_ESTABLISHED", after=mark)
            phone.press(keys)
            event = self.event("Read")
            self.assertEqual((value, status), (event.get("Value"), event.get("Status")))

    def test_a_person_who_talks_on_is_taken_for_a_machine(self):
        self.begin()
        phone = self.phone("6001", tone=700)
        phone.dial("705")
        event = self.event("Amd")
        self.assertEqual("MACHINE", event.get("Status"))
        self.assertTrue(event.get("Cause").startswith("LONGGREETING-"), event)

    def test_tones_against_machines_and_in_morse_code(self):
        self.begin()
        phone = self.phone("6001")
        phone.dial("707")
        for hz in (950, 1400, 1800):
            phone.wait_to_hear(hz, length=0.2, least=0.05)
        phone.wait_to_hear(700, length=0.4, least=0.05)


if __name__ == "__main__":
    jt.main()
