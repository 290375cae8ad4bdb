"""Call control between telephones: pickup, one-touch recording, feature codes of a single call, parking; and what the manager,
the call event log and test events tell of it."""
import pathlib

import fixture as jt
from ami_fixture import Client, SNAPSHOT

PLAN = """
[default]
include => parkedcalls
exten => _60XX,1,Set(__PICKUPMARK=mark${EXTEN})
 same => n,Dial(PJSIP/${EXTEN},20,tTxXkKC)
 same => n,Verbose(1,dial of ${EXTEN} ended ${DIALSTATUS})
 same => n,Hangup()
exten => 611,1,Pickup(6002@default)
 same => n,Verbose(1,nothing to pick up)
 same => n,Hangup()
exten => 612,1,Pickup(mark6002@PICKUPMARK)
exten => 613,1,PickupChan(PJSIP/6002)
exten => 614,1,PickupChan(PJSIP/60,p)
exten => 620,1,Set(FEATUREMAP(disconnect)=*7)
 same => n,Set(FEATURE(featuredigittimeout)=700)
 same => n,Set(DYNAMIC_FEATURES=show)
 same => n,Verbose(1,disconnect is ${FEATUREMAP(disconnect)} and waits ${FEATURE(featuredigittimeout)})
 same => n,Dial(PJSIP/6002,20,Hg)
 same => n,Verbose(1,the plan goes on)
 same => n,Answer()
 same => n,Wait(20)
exten => 630,1,Answer()
 same => n,ParkAndAnnounce(short,rt(60),tone440:PARKED,PJSIP/6003)
exten => 631,1,Park(short,sc(default,632,1)t(1))
exten => 632,1,Verbose(1,${CHANNEL(name)} was not retrieved from ${PARKING_SPACE} of ${PARKEDLOT})
 same => n,Hangup()
exten => 640,1,Answer()
 same => n,Playback(tone440)
 same => n,Hangup()
exten => 650,1,SayCountedNoun(1,call)
 same => n,SayCountedNoun(3,call)
 same => n,SayCountedAdj(3,red,f)
 same => n,Set(CHANNEL(language)=ru)
 same => n,SayCountedNoun(5,call)
 same => n,SayCountedAdj(21,red,f)
 same => n,SayCountedAdj(12,red,f)
 same => n,UserEvent(Said)
exten => 651,1,Set(CALLERID(num)=)
 same => n,PrivacyManager(3,4)
 same => n,UserEvent(Privacy,Status: ${PRIVACYMGRSTATUS},Number: ${CALLERID(num)})
exten => 652,1,Reload(res_parking)
 same => n,Set(ONE=${RELOADSTATUS})
 same => n,Reload(res_nothing)
 same => n,UserEvent(Reloaded,Status: ${ONE} ${RELOADSTATUS})
exten => 653,1,Set(HOLD_INTERCEPT(set)=)
 same => n,Dial(PJSIP/6002,20)
exten => 654,1,RetryDial(,20,3,Local/655@default/n,5,d)
exten => 655,1,Busy(1)
exten => 656,1,FollowMe(ann,dn)
 same => n,UserEvent(Unfound)
exten => 657,1,FollowMe(nobody,d)
 same => n,UserEvent(Unfound)
exten => 658,1,Dial(PJSIP/6002,20,P(ann))
 same => n,UserEvent(Screened,Status: ${DIALSTATUS})
exten => 659,1,Dial(PJSIP/6002,20,pN)
exten => 7,1,UserEvent(Left,Status: ${DIALSTATUS})
"""
FEATURES = """
[general]
pickupexten = *8
courtesytone = tone1700
[featuremap]
blindxfer => #1
disconnect => *0
automixmon => *3
parkcall => #72
[applicationmap]
mark => #9,self,UserEvent(Marked,Who: ${DYNAMIC_WHO_ACTIVATED})
[show]
mark => *5
"""
PARKING = """
[general]
parkeddynamic = yes
[default]
parkext => 700
parkpos => 701-702
context => parkedcalls
parkinghints = yes
parkingtime = 60
[short]
parkext => 710
parkext_exclusive = yes
parkpos => 711-712
context => parkedcalls
parkingtime = 1
comebackdialtime = 10
"""
FOLLOW_ME = """
[general]
call_from_prompt =
norecording_prompt =
options_prompt = tone1700
sorry_prompt =
[ann]
number = 6002,2
number = 655&6003,20
takecall = 4
"""
CEL = "[general]\nenable=yes\nevents=ALL\n[manager]\nenabled=yes\n"
MANAGER = "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n[admin]\nsecret = mysecret\nread = all\nwrite = all\n"


class CallControl(jt.ScenarioTest):
    extra = {"6001": "pickup_group=1-3", "6002": "call_group=2", "6003": "named_call_group=sales"}

    def setUp(self):
        super().setUp()
        sounds = self.folder / "moh"
        sounds.mkdir()
        jt.write_tone(sounds / "hold.wav", 620, 30)
        phones = "".join(jt.phone_objects(user, extra=extra) for user, extra in self.extra.items())
        self.jackfield = self.daemon({
            "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + phones, "extensions.conf": PLAN, "features.conf": FEATURES,
            "res_parking.conf": PARKING, "followme.conf": FOLLOW_ME, "manager.conf": MANAGER, "cel.conf": CEL, "cdr.conf": "[general]\nenable=yes\n",
            "musiconhold.conf": f"[default]\nmode=files\ndirectory={sounds}\n"}, start=False)
        with (self.jackfield.etc / "jackfield.conf").open("a") as settings:
            settings.write("[options]\ntest_events = yes\n")
        prompts = self.jackfield.folder / "lib/sounds/en"
        (prompts / "digits").mkdir(parents=True)
        jt.write_tone(prompts / "tone440.wav", 440, 1)
        jt.write_tone(prompts / "tone1700.wav", 1700, 1)
        for digit in range(10):  # a seven is listened to
            jt.write_tone(prompts / f"digits/{digit}.wav", 1900 + digit * 10, 1 if digit == 7 else 0.1)
        jt.write_tone(prompts / "pbx-invalidpark.wav", 300, 0.1)
        self.jackfield.start()
        self.client = Client(self.server).login()
        self.addCleanup(self.client.close)

    def ringing(self, called="6002"):
        """6003 calls a phone that does not answer."""
        carol, bob = self.phone("6003", tone=1500), self.phone(called)
        carol.dial(called)
        bob.wait_event("CALL_INCOMING")
        carol.wait_event("CALL_RINGING")
        return carol, bob


class Pickup(CallControl):
    def picked_up(self, dialled):
        carol, bob = self.ringing()
        alice = self.phone("6001", tone=1000)
        alice.dial(dialled)
        bob.wait_event("CALL_CLOSED")
        alice.wait_to_hear(1500)
        carol.wait_to_hear(1000)
        event = self.client.event("Pickup")
        self.assertEqual(event.keys(), ["Event", "Privilege", *SNAPSHOT, *["Target" + key for key in SNAPSHOT]])
        self.assertRegex(event.get("Channel"), "^PJSIP/6001-")
        self.assertRegex(event.get("TargetChannel"), "^PJSIP/6002-")
        self.assertIn(event.get("Channel"), self.client.event("CEL", EventName="PICKUP").get("Extra"))
        self.assertEqual(self.client.event("DialEnd").get("DialStatus"), "ANSWER")
        alice.hang_up()
        carol.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()

    def test_by_group_with_the_code_of_features_conf(self):
        self.picked_up("*8")

    def test_by_extension(self):
        self.picked_up("611")

    def test_by_mark(self):
        self.picked_up("612")

    def test_by_device(self):
        self.picked_up("613")

    def test_by_the_beginning_of_a_name(self):
        self.picked_up("614")

    def test_groups_that_are_not_shared_and_calls_that_are_not_there(self):
        carol, bob = self.ringing()
        dave = self.phone("6001")
        self.jackfield.write("pjsip.conf", jt.TRANSPORT + jt.PHONE_TEMPLATE + "".join(
            jt.phone_objects(user, extra="pickup_group=5\nnamed_pickup_group=sales" if user == "6001" else extra)
            for user, extra in self.extra.items()))
        self.jackfield.ask("core reload")
        dave.dial("*8")
        dave.wait_event("CALL_CLOSED")
        self.jackfield.wait_for_log("finds no call to pick up")
        carol.hang_up()
        bob.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()
        # 6003 is called by 6002 now, and its named group is one that 6001 may pick up.
        bob.dial("6003")
        carol.wait_event("CALL_INCOMING")
        mark = dave.mark()
        dave.dial("*8")
        dave.wait_event("CALL_ESTABLISHED", after=mark)
        dave.hang_up()
        self.jackfield.wait_idle()
        dave.dial("611")
        self.jackfield.wait_for_log("nothing to pick up")


class Codes(CallControl):
    def talking(self, dialled="6002"):
        alice = self.phone("6001", tone=440)
        bob = self.phone("6002", tone=1000, auto_answer=True)
        alice.dial(dialled)
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        return alice, bob

    def test_one_touch_recording_starts_and_stops(self):
        alice, bob = self.talking()
        alice.press("*3")
        alice.wait_to_hear(1700)
        bob.wait_to_hear(1700)
        detected = self.client.event("TestEvent", State="FEATURE_DETECTION", Result="success")
        self.assertEqual((detected.get("Type"), detected.get("Feature"), detected.get("Privilege")), ("StateChange", "automixmon", "test,all"))
        self.client.event("MixMonitorStart")
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        folder = self.jackfield.folder / "spool/monitor"
        made = jt.wait_until(lambda: list(folder.glob("auto-*-6001-6002.wav")), 10, "the recording")[0]
        jt.wait_until(lambda: made.stat().st_size > 40000, 10, "two seconds of it")
        bob.press("*3")
        self.client.event("MixMonitorStop")
        bob.wait_to_hear(1700)
        jt.wait_until(lambda: jt.level(jt.read_samples(made)[-6000:], 440) > 0.05 and jt.level(jt.read_samples(made)[-6000:], 1000) > 0.05,
                      10, "both voices in the recording")
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_codes_of_a_single_call_and_of_a_group(self):
        alice, bob = self.talking("620")
        self.jackfield.wait_for_log("disconnect is *7 and waits 700")
        alice.press("*5")
        marked = self.client.event("UserEvent", UserEvent="Marked")
        self.assertRegex(marked.get("Who"), "^PJSIP/6001-")
        alice.press("*0")  # the code of the file is another call's
        bob.wait_to_hear(440)
        alice.press("*7")
        bob.wait_event("CALL_CLOSED")
        self.jackfield.wait_for_log("the plan goes on")
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_what_scenarios_wait_for(self):
        alice = self.phone("6001")
        added = self.client.event("TestEvent", State="AOR_CONTACT_ADDED", AOR="6001")
        self.assertEqual(added.keys(), ["Event", "Privilege", "Type", "State", "AppFile", "AppFunction", "AppLine", "Contact", "AOR"])
        self.assertEqual((added.get("AppFile"), added.get("AppFunction")), ("registrar.cpp", "on_bound"))
        alice.dial("640")
        playing = self.client.event("TestEvent", State="PLAYBACK")
        self.assertEqual(playing.get("Message"), "tone440")
        alice.wait_event("CALL_CLOSED")
        alice.dial("600")
        self.jackfield.wait_idle()


class SmallOnes(CallControl):
    def call(self, extension):
        answer = self.client.ask("Originate", Channel=f"Local/{extension}@default/n", Application="Wait", Data="30", Async="yes")
        self.assertEqual(answer.get("Response"), "Success")
        return self.client.event("Newchannel").get("Channel")

    def setUp(self):
        super().setUp()
        prompts = self.jackfield.folder / "lib/sounds/en"
        for name in ("call", "calls", "callx2", "red", "redf", "redx", "privacy-unident", "privacy-prompt", "privacy-incorrect",
                     "privacy-thankyou"):
            jt.write_tone(prompts / f"{name}.wav", 300, 0)
        for digit in range(10):
            jt.write_tone(prompts / f"digits/{digit}.wav", 300, 0)

    def test_actions_of_other_modules_come_and_go_with_the_manager(self):
        self.client.close()
        self.jackfield.ask("module unload res_manager")
        self.assertIn("app_mixmonitor", self.jackfield.ask("module show like app_mixmonitor"))
        self.jackfield.ask("module load res_manager")
        self.client = Client(self.server).login()
        self.addCleanup(self.client.close)
        self.assertLess({"MixMonitor", "ControlPlayback", "AGI", "PresenceState", "Park"}, set(self.client.ask("ListCommands").keys()))
        self.jackfield.ask("module unload app_mixmonitor")
        self.assertNotIn("MixMonitor", self.client.ask("ListCommands").keys())
        self.call("652")
        self.client.event("UserEvent", UserEvent="Reloaded")

    def test_words_that_go_with_numbers(self):
        self.call("650")
        self.client.event("UserEvent", UserEvent="Said")
        said = [event.get("Message") for event in self.client.events if event.get("State") == "PLAYBACK"]
        self.assertEqual(said, ["digits/1", "call", "digits/3", "calls", "red", "digits/5", "callx2", "redf", "redx"])

    def test_who_has_no_number_is_asked_for_it(self):
        channel = self.call("651")
        self.client.event("TestEvent", State="PLAYBACK", Message="privacy-prompt")
        for digit in "12#":
            self.client.ask("PlayDTMF", Channel=channel, Digit=digit, Duration="100")
        self.client.event("TestEvent", State="PLAYBACK", Message="privacy-incorrect")
        self.client.event("TestEvent", State="PLAYBACK", Message="privacy-prompt")
        for digit in "55512#":
            self.client.ask("PlayDTMF", Channel=channel, Digit=digit, Duration="100")
        event = self.client.event("UserEvent", UserEvent="Privacy")
        self.assertEqual((event.get("Status"), event.get("Number")), ("SUCCESS", "55512"))

    def test_a_module_is_reloaded_by_the_plan(self):
        self.call("652")
        self.assertEqual(self.client.event("UserEvent", UserEvent="Reloaded").get("Status"), "SUCCESS NOT_FOUND")

    def test_who_is_tired_of_trying_again_leaves_by_a_digit(self):
        channel = self.call("654")
        self.client.event("DialEnd", DialStatus="BUSY")
        self.client.ask("PlayDTMF", Channel=channel, Digit="7", Duration="100")
        self.assertEqual(self.client.event("UserEvent", UserEvent="Left", seconds=5).get("Status"), "BUSY")

    def test_a_hold_that_the_other_side_does_not_hear_of(self):
        alice = self.phone("6001", tone=440)
        bob = self.phone("6002", tone=1000, auto_answer=True)
        alice.dial("653")
        bob.wait_to_hear(440)
        alice.command("hold")
        self.client.event("Hold")
        alice.command("resume")
        self.client.event("Unhold")
        self.assertNotIn("MusicOnHoldStart", self.client.history)
        bob.wait_to_hear(440)
        alice.hang_up()
        self.jackfield.wait_idle()


class FollowMe(CallControl):
    def test_the_second_step_finds_who_takes_the_call(self):
        alice, bob = self.phone("6001", tone=440), self.phone("6002")
        carol = self.phone("6003", tone=1500, auto_answer=True)
        alice.dial("656")
        alice.wait_to_hear(620)
        bob.wait_event("CALL_INCOMING")
        bob.wait_event("CALL_CLOSED")  # after two seconds
        carol.wait_to_hear(1700)
        carol.press("4")
        carol.wait_to_hear(440)
        alice.wait_to_hear(1500)
        carol.hang_up()
        alice.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()

    def test_who_declines_is_not_connected(self):
        alice, carol = self.phone("6001", tone=440), self.phone("6003", tone=1500, auto_answer=True)
        alice.dial("656")
        carol.wait_to_hear(1700)
        carol.press("2")
        carol.wait_event("CALL_CLOSED")
        self.client.event("UserEvent", UserEvent="Unfound")
        mark = alice.mark()
        alice.dial("657")
        self.client.event("UserEvent", UserEvent="Unfound")
        self.jackfield.wait_idle()


class Screening(CallControl):
    def setUp(self):
        super().setUp()
        prompts = self.jackfield.folder / "lib/sounds/en"
        for name, hz in (("priv-recordintro", 300), ("priv-callpending", 300), ("priv-callee-options", 1700)):
            jt.write_tone(prompts / f"{name}.wav", hz, 1)

    def test_who_is_called_hears_a_name_and_the_decision_is_kept(self):
        alice, bob = self.phone("6001", tone=440), self.phone("6002", tone=1000, auto_answer=True)
        alice.dial("658")
        bob.wait_to_hear(440, 15)  # what alice has said
        bob.wait_to_hear(1700)
        bob.press("4")
        self.assertEqual(self.client.event("UserEvent", UserEvent="Screened").get("Status"), "DONTCALL")
        bob.wait_event("CALL_CLOSED")
        self.assertIn("kill", self.jackfield.ask("database show privacy"))
        self.jackfield.wait_idle()
        mark = bob.mark()
        alice.dial("658")
        self.assertEqual(self.client.event("UserEvent", UserEvent="Screened").get("Status"), "DONTCALL")
        self.assertEqual(bob.mark(), mark)
        self.jackfield.ask("database put privacy/ann 6001 allow")
        self.jackfield.wait_idle()
        alice.dial("658")
        bob.wait_to_hear(440)
        alice.wait_to_hear(1000)
        alice.hang_up()
        self.jackfield.wait_idle()
        alice.dial("659")  # the number is known
        bob.wait_to_hear(440)
        alice.hang_up()
        self.jackfield.wait_idle()


class Parking(CallControl):
    def test_a_code_parks_the_other_side_and_anybody_retrieves_it(self):
        alice = self.phone("6001", tone=440)
        bob = self.phone("6002", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_to_hear(1000)
        bob.press("#72")
        bob.wait_to_hear(1970)  # seven
        parked = self.client.event("ParkedCall")
        self.assertEqual((parked.get("ParkerDialString"), parked.get("Parkinglot"), parked.get("ParkingSpace"), parked.get("ParkingTimeout")),
                         ("PJSIP/6002", "default", "701", "60"))
        self.assertRegex(parked.get("ParkeeChannel"), "^PJSIP/6001-")
        self.assertEqual(parked.get("ParkeeChannel"), self.client.event("CEL", EventName="PARK_START").get("Channel"))
        bob.wait_event("CALL_CLOSED")
        alice.wait_to_hear(620)
        self.assertIn("Space: 701", self.jackfield.ask("parking show default"))
        self.assertRegex(self.jackfield.ask("core show hint 701@parkedcalls"), "park:701@parkedcalls.*InUse")
        calls, end = self.client.items("ParkedCalls", "ParkedCallsComplete")
        self.assertEqual(([call.get("ParkingSpace") for call in calls], end.get("Total")), (["701"], "1"))
        lots, _ = self.client.items("Parkinglots", "ParkinglotsComplete")
        self.assertEqual([(lot.get("Name"), lot.get("StartSpace"), lot.get("Timeout")) for lot in lots],
                         [("default", "701", "60"), ("short", "711", "1")])
        carol = self.phone("6003", tone=1500)
        carol.dial("701")
        alice.wait_to_hear(1500)
        carol.wait_to_hear(440)
        back = self.client.event("UnParkedCall")
        self.assertRegex(back.get("RetrieverChannel"), "^PJSIP/6003-")
        self.assertIn("ParkedCallUnparked", self.client.event("CEL", EventName="PARK_END").get("Extra"))
        carol.hang_up()
        alice.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()
        carol.dial("701")
        carol.wait_event("CALL_CLOSED", after=carol.mark() - 1)
        self.jackfield.wait_idle()

    def test_a_transferred_call_comes_back_to_who_parked_it(self):
        alice = self.phone("6001", tone=440)
        bob = self.phone("6002", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_to_hear(1000)
        mark = bob.mark()
        bob.press("#1")
        bob.press("710")
        self.assertEqual(self.client.event("ParkedCall").get("ParkingSpace"), "711")
        self.client.event("ParkedCallTimeOut")
        bob.wait_event("CALL_ESTABLISHED", after=mark)
        alice.wait_to_hear(1000)
        alice.hang_up()
        self.jackfield.wait_idle()
        self.assertNotIn("[h@park-dial", self.jackfield.log_text())

    def test_a_place_of_ones_own_after_the_timeout_and_who_gives_up(self):
        alice = self.phone("6001", tone=440)
        alice.dial("631")
        self.jackfield.wait_for_log("was not retrieved from 711 of short")
        alice.wait_event("CALL_CLOSED")
        mark = alice.mark()
        alice.dial("700")
        alice.wait_event("CALL_ESTABLISHED", after=mark)
        self.client.event("ParkedCall", Parkinglot="default")
        alice.hang_up()
        self.client.event("ParkedCallGiveUp")
        self.jackfield.wait_idle()
        self.assertIn("(none)", self.jackfield.ask("parking show default"))

    def test_somebody_is_told_and_the_manager_parks(self):
        alice = self.phone("6001", tone=440)
        carol = self.phone("6003", tone=1500, auto_answer=True)
        alice.dial("630")
        carol.wait_to_hear(440)
        carol.wait_to_hear(1970, 15)
        alice.hang_up()
        self.jackfield.wait_idle()
        mark = alice.mark()
        alice.dial("6003")
        alice.wait_event("CALL_ESTABLISHED", after=mark)
        channel = self.client.event("BridgeEnter", BridgeType="basic", CallerIDNum="6001").get("Channel")
        answer = self.client.ask("Park", Channel=channel, Parkinglot="default", Timeout="5000")
        self.assertEqual(answer.get("Response"), "Success")
        self.assertEqual(self.client.event("ParkedCall", Parkinglot="default").get("ParkingTimeout"), "5")
        alice.wait_to_hear(620)
        refused = self.jackfield.cli("module unload res_parking", check=False)
        self.assertIn("busy", refused.stdout + refused.stderr)
        alice.hang_up()
        self.jackfield.wait_idle()


if __name__ == "__main__":
    jt.main()
