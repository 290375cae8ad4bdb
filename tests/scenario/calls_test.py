"""Two real phones: both ways, hold, transfers, either side hangs up, CANCEL, prompts, digits, reload while they talk."""
import os
import pathlib
import re
import time

import fixture as jt

PLAN = """
[default]
exten => _60XX,1,Dial(PJSIP/${EXTEN},20,tT)
 same => n,Hangup()
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Answer()
 same => n,Playback(tone440)
 same => n,Hangup()
exten => 602,1,Answer()
 same => n,MusicOnHold(tones)
exten => 603,1,Answer()
 same => n,Read(PIN,,4)
 same => n,SayDigits(${PIN})
 same => n,UserEvent(Pin,Value: ${PIN})
 same => n,Verbose(1,pin is ${PIN})
 same => n,Wait(5)
exten => 604,1,Answer()
 same => n,Record(@FOLDER@/taken.wav,0,2,q)
 same => n,Verbose(1,recorded ${RECORD_STATUS})
 same => n,Playback(@FOLDER@/taken)
 same => n,Hangup()
exten => 605,1,Progress()
 same => n,Playback(tone440,noanswer)
 same => n,Hangup(17)
exten => 606,1,Busy()
exten => h,1,Verbose(1,the h extension ran for ${CHANNEL(name)})
"""


class Calls(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        sounds = self.folder / "moh"
        sounds.mkdir()
        jt.write_tone(sounds / "hold.wav", 620, 30)
        phones = "".join(jt.phone_objects(str(user)) for user in (6001, 6002, 6003))
        self.jackfield = self.daemon({
            "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + phones,
            "extensions.conf": PLAN.replace("@FOLDER@", str(self.folder)),
            "musiconhold.conf": f"[default]\nmode=files\ndirectory={sounds}\n[tones]\nmode=files\ndirectory={sounds}\n",
            "features.conf": "[featuremap]\nblindxfer => #1\natxfer => *2\ndisconnect => *0\n",
        }, start=False)
        (self.jackfield.folder / "lib/sounds/en").mkdir(parents=True)
        jt.write_tone(self.jackfield.folder / "lib/sounds/en/tone440.wav", 440, 2)
        self.jackfield.start()

    def talking(self, caller_tone=440, called_tone=1000, **options):
        alice = self.phone("6001", tone=caller_tone)
        bob = self.phone("6002", tone=called_tone, auto_answer=True, **options)
        alice.dial("6002")
        alice.wait_event("CALL_ESTABLISHED")
        bob.wait_event("CALL_ESTABLISHED")
        alice.wait_to_hear(called_tone)
        bob.wait_to_hear(caller_tone)
        return alice, bob

    def test_both_sides_hear_each_other_and_the_caller_hangs_up(self):
        alice, bob = self.talking()
        self.assertEqual(2, self.jackfield.channels())
        alice.hang_up()
        bob.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()
        self.jackfield.wait_for_log("the h extension ran")

    def test_reports_share_the_port_of_media_where_both_sides_agree(self):
        template = jt.PHONE_TEMPLATE.rstrip() + "\nrtcp_mux=yes\n"
        self.jackfield.write("pjsip.conf", jt.TRANSPORT + template + "".join(jt.phone_objects(user) for user in ("6001", "6002")))
        self.jackfield.ask("core reload")
        alice = self.phone("6001", settings=["rtcp_mux yes"])
        bob = self.phone("6002", tone=1000, auto_answer=True, settings=["rtcp_mux yes"])
        alice.dial("6002")
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        # Media ports are even, those of reports odd: there is none of these left.
        jt.wait_until(lambda: [port % 2 for port in self.media_ports()] == [0, 0], 10, "two ports of media and none of reports")

    def media_ports(self):
        """UDP ports of the daemon in the range of media."""
        mine = set()
        for entry in pathlib.Path(f"/proc/{self.jackfield.process.pid}/fd").iterdir():
            try:
                mine.add(os.readlink(entry))
            except OSError:
                pass  # closed meanwhile
        sockets = [line.split() for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]]
        ports = [int(words[1].split(":")[1], 16) for words in sockets if f"socket:[{words[9]}]" in mine]
        return [port for port in ports if 10000 <= port <= 20000]

    def test_the_called_side_hangs_up(self):
        alice, bob = self.talking()
        bob.hang_up()
        alice.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()

    def test_sides_with_different_codecs_are_translated(self):
        alice = self.phone("6001", codecs="PCMU", tone=440)
        bob = self.phone("6002", codecs="PCMA", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_cancel_stops_the_ringing(self):
        alice, bob = self.phone("6001"), self.phone("6002")
        alice.dial("6002")
        bob.wait_event("CALL_INCOMING")
        alice.wait_event("CALL_RINGING")
        alice.hang_up()
        bob.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()

    def test_hold_plays_music_to_the_held_side(self):
        alice, bob = self.talking()
        alice.hold_and_resume(bob)
        bob.hang_up()
        self.jackfield.wait_idle()

    def test_blind_transfer_by_refer(self):
        alice, bob = self.talking()
        carol = self.phone("6003", tone=1500, auto_answer=True)
        bob.command("transfer", f"sip:6003@{self.server}")
        alice.wait_to_hear(1500)
        carol.wait_to_hear(440)
        bob.wait_event("CALL_CLOSED")
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_blind_transfer_by_feature_code(self):
        alice, bob = self.talking()
        carol = self.phone("6003", tone=1500, auto_answer=True)
        alice.press("#1")
        alice.press("6003")
        carol.wait_to_hear(1000, 15)
        bob.wait_to_hear(1500)
        alice.wait_event("CALL_CLOSED")
        bob.hang_up()
        self.jackfield.wait_idle()

    def test_attended_transfer_by_feature_code(self):
        alice, bob = self.talking()
        carol = self.phone("6003", tone=1500, auto_answer=True)
        alice.press("*2")
        bob.wait_to_hear(620)
        alice.press("6003")
        alice.wait_to_hear(1500, 15)
        carol.wait_to_hear(440)
        alice.hang_up()
        bob.wait_to_hear(1500)
        carol.wait_to_hear(1000)
        bob.hang_up()
        self.jackfield.wait_idle()

    def test_echo_sends_back_what_is_said(self):
        alice = self.phone("6001")
        alice.dial("600")
        alice.wait_to_hear(440)
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_a_prompt_is_heard_and_then_the_call_ends(self):
        alice = self.phone("6001", tone=1000)
        alice.dial("601")
        alice.wait_to_hear(440)
        alice.wait_event("CALL_CLOSED", 15)
        self.jackfield.wait_idle()

    def test_music_is_heard(self):
        alice = self.phone("6001")
        alice.dial("602")
        alice.wait_to_hear(620)
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_digits_by_rtp_events_and_by_info_are_read_once_each(self):
        for dtmf in ("rtpevent", "info"):
            with self.subTest(dtmf=dtmf):
                alice = self.phone("6001", dtmf=dtmf)
                alice.dial("603")
                alice.wait_event("CALL_ESTABLISHED")
                alice.press("1299")
                self.jackfield.wait_for_log("pin is 1299")
                alice.hang_up()
                self.jackfield.wait_idle()
                alice.stop()

    def test_what_is_recorded_is_played_back(self):
        alice = self.phone("6001")
        alice.dial("604")
        alice.wait_event("CALL_ESTABLISHED")
        self.jackfield.wait_for_log("recorded TIMEOUT", 15)
        alice.wait_to_hear(440)
        alice.wait_event("CALL_CLOSED", 15)
        self.assertGreater(jt.level(jt.read_samples(self.folder / "taken.wav")[4000:14000], 440), 0.1)

    def test_early_media_is_heard_before_the_answer(self):
        alice = self.phone("6001", tone=1000)
        alice.dial("605")
        alice.wait_event("CALL_PROGRESS")
        alice.wait_to_hear(440)
        _, closed = alice.wait_event("CALL_CLOSED", 15)
        self.assertIn("486", closed["param"])
        self.assertFalse(any(event.get("type") == "CALL_ESTABLISHED" for event in alice.events))

    def test_busy_and_unknown_numbers_are_answered_as_such(self):
        alice = self.phone("6001")
        for number, answer in (("606", "486"), ("999", "404")):
            mark = alice.mark()
            alice.dial(number)
            _, closed = alice.wait_event("CALL_CLOSED", 10, mark)
            self.assertIn(answer, closed["param"])
        self.jackfield.wait_idle(5)  # whom we have refused is gone

    def test_a_reload_while_they_talk_keeps_the_call_and_takes_effect(self):
        alice, bob = self.talking()
        before = len(alice.heard()), len(bob.heard())
        for turn in range(20):
            self.jackfield.write("extensions.conf", PLAN.replace("@FOLDER@", str(self.folder)) + f"exten => 777,1,NoOp({turn})\n")
            self.jackfield.ask("core reload")
        self.assertIn("NoOp(19)", self.jackfield.ask("dialplan show 777@default"))
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        for phone, start in ((alice, before[0]), (bob, before[1])):
            self.assertLessEqual(jt.longest_gap(phone.heard()[start:]), 0.06 * jt.SLOWNESS, f"a gap at phone {phone.user}")
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_wrong_password_is_refused(self):
        mallory = self.phone("6001", password="wrong", start=False)
        mallory.start()
        self.jackfield.wait_for_log("Authentication failed")
        self.assertNotIn(mallory.address, self.jackfield.ask("pjsip show contacts"))


class DirectMedia(jt.ScenarioTest):
    """Two phones whose media goes past us, until something here needs it."""

    def setUp(self):
        super().setUp()
        sounds = self.folder / "moh"
        sounds.mkdir()
        jt.write_tone(sounds / "hold.wav", 620, 30)
        direct = "direct_media=yes\ndisable_direct_media_on_nat=yes\n"
        self.jackfield = self.daemon({
            "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + jt.phone_objects("6001", extra=direct) +
                          jt.phone_objects("6002", extra=direct + "direct_media_method=update\n") + jt.phone_objects("6003"),
            "extensions.conf": "[default]\nexten => 6002,1,Dial(PJSIP/6002,20)\nexten => 7002,1,Dial(PJSIP/6002,20,T)\n"
                               "exten => spy,1,Answer()\n same => n,ChanSpy(PJSIP/6001,q)\n",
            "musiconhold.conf": f"[default]\nmode=files\ndirectory={sounds}\n",
        })

    def received(self):
        """Packets that have come to us, of both phones."""
        table = self.jackfield.ask("pjsip show channelstats")
        return [int(line.split()[4]) for line in table.splitlines() if re.match(r" \S+ +600[12]", line)]

    def wait_past_us(self):
        def still():
            before = self.received()
            time.sleep(0.7)  # the counts are told twice a second
            return len(before) == 2 and self.received() == before
        jt.wait_until(still, 20, "no packet of either phone to come here")

    def wait_here(self):
        first = self.received()
        jt.wait_until(lambda: all(now > before + 20 for now, before in zip(self.received(), first)), 20, "packets of both phones to come here")

    def hears_now(self, phone, hz):
        """What it heard before does not count."""
        size = lambda: sum(path.stat().st_size for path in phone.recordings.glob("*-dec.wav"))
        before = size()
        jt.wait_until(lambda: size() > before + 8000, 10, f"anything at phone {phone.user}")
        phone.wait_to_hear(hz)

    def test_media_goes_past_us_and_comes_back_when_it_is_needed(self):
        alice = self.phone("6001", tone=440)
        bob = self.phone("6002", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_event("CALL_ESTABLISHED")
        self.wait_past_us()
        self.hears_now(alice, 1000)
        self.hears_now(bob, 440)
        carol = self.phone("6003", tone=300)
        carol.dial("spy")
        self.hears_now(carol, 1000)
        self.hears_now(carol, 440)
        self.wait_here()
        carol.hang_up()
        self.wait_past_us()

        alice.command("hold")
        self.hears_now(bob, 620)
        alice.command("resume")
        self.wait_past_us()
        self.hears_now(bob, 440)  # (baresip records no more of what alice hears after a hold)
        alice.hang_up()
        self.jackfield.wait_idle()

        alice.dial("7002")  # the caller may transfer: its digits are listened to
        self.hears_now(alice, 1000)
        self.wait_here()
        self.wait_here()
        alice.hang_up()
        self.jackfield.wait_idle()


if __name__ == "__main__":
    jt.main()
