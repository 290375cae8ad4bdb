"""Feature codes, parking lots and direct media between telephones that the test plays itself: keys by INFO, prompts by content."""
import fixture as jt
from sip_line import SharedDaemon

PLAN = """
[default]
include => parkedcalls
include => mine
exten => 700,1,Dial(PJSIP/bob,20)
exten => _71[12],1,Dial(PJSIP/bob,20,${IF($[${EXTEN} = 711]?w:W)})
exten => 720,1,Set(BEFORE=${CDR(start,u)})
 same => n,Set(CDR(userfield)=kept)
 same => n,Wait(0.3)
 same => n,Dial(PJSIP/bob,20,Cg)
 same => n,Verbose(1,reset by $[${CDR(start,u)} - ${BEFORE}])
 same => n,Hangup()
exten => 730,1,Set(PARKINGDYNAMIC=default)
 same => n,Set(PARKINGLOT=mine)
 same => n,Set(PARKINGDYNPOS=881-882)
 same => n,Set(PARKINGDYNEXTEN=880)
 same => n,Set(PARKINGDYNCONTEXT=mine)
 same => n,Park()
exten => 731,1,Set(PARKINGDYNAMIC=nowhere)
 same => n,Set(PARKINGLOT=missing)
 same => n,Park()
 same => n,Verbose(1,not parked)
 same => n,Hangup()
exten => 900,1,Verbose(1,transferred to ${EXTEN})
 same => n,Answer()
 same => n,Wait(60)
"""
FEATURES = """
[general]
courtesytone = tone1700
[featuremap]
automon => *1
"""
PARKING = """
[general]
parkeddynamic = yes
[default]
parkext = 800
parkpos = 801-803
context = parkedcalls
courtesytone = tone1200
parkedplay = @SIDES@
"""
PHONES = "".join(f"""
[{name}](phone)
allow=!all,ulaw
dtmf_mode=info
aors={name}
{more}
[{name}]
type=aor
contact=sip:{name}@@{name.upper()}@:5060
""" for name, more in (("alice", ""), ("bob", ""), ("carol", "")))


class Tones(SharedDaemon):
    @classmethod
    def prepare(cls):
        sounds = cls.jackfield.folder / "lib/sounds/en"
        (sounds / "digits").mkdir(parents=True)
        for hz in (1200, 1700):
            jt.write_tone(sounds / f"tone{hz}.wav", hz, 1)
        for digit in range(10):
            jt.write_tone(sounds / f"digits/{digit}.wav", 300, 0)

    def carol(self):
        return self.line("carol")


class Dialled(Tones):
    files = {"extensions.conf": PLAN, "features.conf": FEATURES, "res_parking.conf": PARKING.replace("@SIDES@", "both"), "cdr.conf": "[general]\nenable=yes\n",
             "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + PHONES}

    def test_the_code_of_automon_records_for_whom_dial_allows_it(self):
        manager = self.manager()
        for number, may, may_not in (("711", "bob", "alice"), ("712", "alice", "bob")):
            lines = {"alice": self.alice.listen() if number == "711" else self.alice, "bob": self.bob().listen()}
            self.alice.calls(number, lines["bob"])
            self.wait_for_channels(2)
            lines[may_not].press("*1")  # goes to the other side as it is
            for key in "*1":
                info = lines[may].until("INFO")
                self.assertIn(f"Signal={key}", info.body.replace(" ", ""))
                lines[may].answer(info, 200)
            lines[may].press("*1")
            manager.event("MixMonitorStart")
            lines[may].hears(1700)
            lines[may].wait_for_silence()
            lines[may].press("*1")
            manager.event("MixMonitorStop")
            self.alice.hang_up()
            self.jackfield.wait_idle()
            lines["bob"].connection.close()
            lines["bob"].media.close()
        self.assertNotIn("MixMonitorStart", [one.get("Event") for one in manager.events])

    def test_dial_begins_the_record_anew(self):
        bob = self.bob()
        self.alice.calls("720", bob)
        self.wait_for_channels(2)
        bob.hang_up()
        found = self.jackfield.wait_for_pattern(r"reset by (\d+\.\d+)")
        self.assertGreaterEqual(float(found[1]), 0.29)

    def test_a_lot_is_made_by_the_variables_of_a_channel(self):
        manager, alice = self.manager(), self.alice
        alice.call("730")
        parked = manager.event("ParkedCall")
        self.assertEqual(("mine", "881"), (parked.get("Parkinglot"), parked.get("ParkingSpace")))
        self.assertIn("Space: 881", self.jackfield.ask("parking show mine"))
        self.assertIn("880", self.jackfield.ask("dialplan show mine"))
        carol = self.carol()
        carol.call("881")
        self.assertRegex(manager.event("UnParkedCall").get("RetrieverChannel"), "^PJSIP/carol-")
        carol.hang_up()
        alice.until("BYE")
        alice.invite("731")
        self.logged("PARKINGDYNAMIC names the parking lot 'nowhere', which is not there")

    def test_both_hear_the_tone_of_a_retrieved_call(self):
        manager, alice, carol = self.manager(), self.alice.listen(), self.carol().listen()
        alice.call("800")
        manager.event("ParkedCall")
        carol.call("801")
        carol.hears(1200)
        alice.hears(1200)
        carol.hang_up()

    def test_an_attended_transfer_into_a_parked_call_is_told(self):
        manager, alice, carol = self.manager(), self.alice, self.carol()
        # Bob talks with alice, asks for the lot on another line, and sends alice there in his place.
        bob = self.bob()
        alice.calls("700", bob)
        self.wait_for_channels(2)
        carol.call("800")
        parked = manager.event("ParkedCall")
        self.assertRegex(parked.get("ParkeeChannel"), "^PJSIP/carol-")
        replaces = f"{carol.call_id}%3Bto-tag%3D{carol.to_tag.removeprefix(';tag=')}%3Bfrom-tag%3D{carol.tag}"
        refer = bob.ask_within("REFER", f"Refer-To: <sip:800@{self.server}?Replaces={replaces}>")
        self.assertEqual(202, refer.status)
        swapped = manager.event("ParkedCallSwap")
        self.assertRegex(swapped.get("ParkeeChannel"), "^PJSIP/alice-")
        self.assertEqual("801", swapped.get("ParkingSpace"))
        self.assertIn("PJSIP/alice-", self.jackfield.ask("parking show default"))
        carol.until("BYE")


class Direct(Tones):
    files = {"extensions.conf": PLAN, "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE.replace("allow=ulaw", "direct_media=yes\nallow=ulaw") + PHONES}

    def test_recording_brings_media_back_and_so_does_a_transfer(self):
        manager, alice, bob = self.manager(), self.alice, self.bob()
        alice.calls("700", bob)
        self.assertEqual(((self.bob_at, 6000), (self.alice_at, 6000)), (alice.told(), bob.told()))
        channel = next(word for word in self.jackfield.ask("core show channels").split() if word.startswith("PJSIP/alice"))
        started = manager.ask("MixMonitor", Channel=channel, File=f"{self.folder}/direct.wav")
        self.assertEqual("Success", started.get("Response"))
        self.assertEqual([self.server, self.server], [alice.told()[0], bob.told()[0]])
        stopped = manager.ask("StopMixMonitor", Channel=channel, MixMonitorID=started.get("MixMonitorID"))
        self.assertEqual("Success", stopped.get("Response"))
        self.assertEqual(((self.bob_at, 6000), (self.alice_at, 6000)), (alice.told(), bob.told()))
        # Who is left hears the exchange again.
        self.assertEqual(202, alice.ask_within("REFER", f"Refer-To: <sip:900@{self.server}>").status)
        self.logged("transferred to 900")
        self.assertEqual(self.server, bob.told()[0])
        self.assertIn("PJSIP/bob", self.jackfield.ask("core show channels"))


if __name__ == "__main__":
    jt.main()
