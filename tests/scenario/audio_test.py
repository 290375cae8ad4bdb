"""What changes and listens to the audio of real calls: spies, whispers, volume, muting, talk detection, programs by AudioSocket."""
import math
import socket
import struct
import threading

import fixture as jt
from ami_fixture import Client

PLAN = """
[default]
exten => _600X,1,Dial(PJSIP/${EXTEN},20)
exten => _700X,1,Set(VOLUME(RX)=-2)
 same => n,Set(TALK_DETECT(set)=300)
 same => n,Dial(PJSIP/6${EXTEN:1},20)
exten => 650,1,Answer()
 same => n,Playtones(620)
 same => n,Wait(30)
exten => 800,1,ChanSpy(PJSIP/6001,qE)
 same => n,Verbose(1,spying has ended)
exten => 801,1,ChanSpy(PJSIP/6001,qdw)
exten => 802,1,ExtenSpy(6002@default,qoS)
 same => n,Hangup()
exten => 804,1,Broadcast(,PJSIP/6001,PJSIP/6002)
exten => 610,1,Set(JITTERBUFFER(adaptive)=default)
 same => n,Set(PITCH_SHIFT(rx)=highest)
 same => n,Set(FRAME_DROP(RX)=DTMF_BEGIN,DTMF_END)
 same => n,Set(FRAME_TRACE(white)=DTMF_END)
 same => n,Set(AGC(tx)=8000)
 same => n,Dial(PJSIP/6002,20)
exten => say-tone,1,Answer()
 same => n,PlayTones(1004)
 same => n,Wait(20)
exten => hear-tone,1,WaitForTone(1004,300,10)
 same => n,UserEvent(Heard,What: ${WAITFORTONESTATUS})
 same => n,Set(TONE_DETECT(1004,200,g(default,found,1))=)
 same => n,Wait(10)
exten => found,1,UserEvent(Heard,What: ${TONE_DETECT(rx)})
exten => say-mf,1,Answer()
 same => n,SendMF(w*1234#)
 same => n,Wait(5)
exten => hear-mf,1,ReceiveMF(DIGITS,10)
 same => n,UserEvent(Heard,What: ${RECEIVEMFSTATUS} ${DIGITS})
exten => say-sf,1,Answer()
 same => n,SendSF(w307)
 same => n,Wait(5)
exten => hear-sf,1,ReceiveSF(DIGITS,3,10)
 same => n,UserEvent(Heard,What: ${RECEIVESFSTATUS} ${DIGITS})
exten => say-busy,1,Answer()
 same => n,PlayTones(480+620/500,0/500)
 same => n,Wait(20)
exten => hear-busy,1,ToneScan(us,10)
 same => n,UserEvent(Heard,What: ${TONESCANSTATUS})
exten => say-nothing,1,Answer()
 same => n,Wait(20)
exten => hear-nothing,1,ToneScan(us,0.5)
 same => n,UserEvent(Heard,What: ${TONESCANSTATUS})
exten => say-keys,1,Answer()
 same => n,SendDTMF(147)
 same => n,Wait(5)
exten => hear-keys,1,StoreDTMF(RX,KEYS,2)
 same => n,Wait(2)
 same => n,UserEvent(Heard,What: ${KEYS})
exten => 803,1,AudioSocket(6ba7b810-9dad-11d1-80b4-00c04fd430c8,@ADDRESS@:9092)
 same => n,Verbose(1,the program has ended)
"""
MANAGER = "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n[admin]\nsecret = mysecret\nread = all\nwrite = all\n"
ALICE, BOB, SPY = 440, 1000, 1500  # what each of them says


class Program(threading.Thread):
    """A program that AudioSocket connects with: says a tone, and keeps what it hears."""

    def __init__(self, address, hz):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, 9092))
        self.hz, self.uuid, self.heard, self.digits, self.ended = hz, None, [], "", False
        self.start()

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.connection.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def run(self):
        self.connection, _ = self.listener.accept()
        sent = 0
        try:
            while True:
                kind, size = struct.unpack(">BH", self.read(3))
                payload = self.read(size)
                if kind == 0x01:
                    self.uuid = payload.hex()
                elif kind == 0x03:
                    self.digits += payload.decode()
                elif kind == 0x10:
                    self.heard += struct.unpack(f"<{size // 2}h", payload)
                    tone = [int(9000 * math.sin(2 * math.pi * self.hz * i / 8000)) for i in range(sent, sent + 160)]
                    sent += 160
                    self.connection.sendall(struct.pack(">BH", 0x10, 320) + struct.pack("<160h", *tone))
        except (EOFError, OSError):
            self.ended = True

    def stop(self):
        self.listener.close()
        self.connection.close()
        self.join()


class Audio(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        self.jackfield = self.daemon({
            "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + "".join(jt.phone_objects(str(user)) for user in (6001, 6002, 6003)),
            "extensions.conf": PLAN, "manager.conf": MANAGER})
        self.manager = Client(self.server).login()
        self.addCleanup(self.manager.close)

    def talking(self, number="6002"):
        alice = self.phone("6001", tone=ALICE)
        bob = self.phone("6002", tone=BOB, auto_answer=True)
        alice.dial(number)
        alice.wait_to_hear(BOB)
        bob.wait_to_hear(ALICE)
        return alice, bob

    def amplitude(self, phone, hz):
        return jt.level(phone.heard()[-3200:], hz)

    def channel(self, user):
        blocks, _ = self.manager.items("CoreShowChannels", "CoreShowChannelsComplete")
        return next(block.get("Channel") for block in blocks if block.get("Channel").startswith(f"PJSIP/{user}-"))

    def test_a_spy_hears_both_sides_and_is_not_heard_and_goes_along(self):
        alice, bob = self.talking()
        spy = self.phone("6003", tone=SPY)
        spy.dial("800")
        spy.wait_to_hear(ALICE)
        spy.wait_to_hear(BOB)
        started = self.manager.event("ChanSpyStart")
        self.assertTrue(started.get("SpyerChannel").startswith("PJSIP/6003-"))
        self.assertTrue(started.get("SpyeeChannel").startswith("PJSIP/6001-"))
        for phone in (alice, bob):
            self.assertLess(self.amplitude(phone, SPY), 0.02, phone.user)
        # Where the channel goes, the spy goes.
        self.manager.ask("Redirect", Channel=self.channel("6001"), Context="default", Exten="650", Priority="1")
        bob.wait_event("CALL_CLOSED")
        alice.wait_to_hear(620)
        spy.wait_to_hear(620)
        spy.wait_to_hear(ALICE)
        alice.hang_up()
        self.manager.event("ChanSpyStop")
        spy.wait_event("CALL_CLOSED")
        self.jackfield.wait_for_log("spying has ended")
        self.jackfield.wait_idle()

    def test_a_whisper_is_heard_by_one_side_and_a_barge_by_both(self):
        alice, bob = self.talking()
        spy = self.phone("6003", tone=SPY)
        spy.dial("801")
        alice.wait_to_hear(SPY)
        alice.wait_to_hear(BOB)
        self.assertLess(self.amplitude(bob, SPY), 0.02)
        self.assertLess(self.amplitude(spy, SPY), 0.02)
        spy.press("6")
        bob.wait_to_hear(SPY)
        bob.wait_to_hear(ALICE)
        alice.wait_to_hear(SPY)
        spy.press("4")
        jt.wait_until(lambda: self.amplitude(alice, SPY) < 0.02 and self.amplitude(bob, SPY) < 0.02, 10, "the spy to be silent")
        alice.wait_to_hear(BOB)
        spy.hang_up()
        self.manager.event("ChanSpyStop")
        alice.wait_to_hear(BOB)
        bob.hang_up()
        self.jackfield.wait_idle()

    def test_extenspy_hears_one_side_and_leaves_when_nobody_is_left(self):
        alice, bob = self.talking()
        spy = self.phone("6003", tone=SPY)
        spy.dial("802")
        spy.wait_to_hear(ALICE)  # the caller, which is older
        self.assertLess(self.amplitude(spy, BOB), 0.02)
        spy.press("*")
        spy.wait_to_hear(BOB)
        jt.wait_until(lambda: self.amplitude(spy, ALICE) < 0.02, 10, "the spy to hear nothing of the other side")
        alice.hang_up()
        spy.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()

    def test_volume_muting_and_talk(self):
        alice = self.phone("6001", tone=ALICE)
        bob = self.phone("6002", tone=BOB, auto_answer=True)
        alice.dial("7002")
        near = lambda level: lambda: abs(self.amplitude(bob, ALICE) - level) < 0.01
        jt.wait_until(near(0.15), 10, "half the level: -6 dB")  # of the 0.3 that the phone sends
        alice.wait_to_hear(BOB)
        self.manager.event("ChannelTalkingStart")
        channel = self.channel("6001")
        self.manager.ask("Setvar", Channel=channel, Variable="VOLUME(RX)", Value="2")
        jt.wait_until(near(0.6), 10, "twice the level: +6 dB")
        # The end of its module is the end of what it did to calls.
        self.jackfield.ask("module unload func_volume")
        jt.wait_until(near(0.3), 10, "the level as it is")
        answer = self.manager.ask("MuteAudio", Channel=channel, Direction="in", State="on")
        self.assertEqual("Success", answer.get("Response"), answer)
        bob.wait_for_silence()
        alice.wait_to_hear(BOB)
        stopped = self.manager.event("ChannelTalkingStop")
        self.assertGreater(int(stopped.get("Duration")), 100)
        self.manager.ask("MuteAudio", Channel=channel, Direction="in", State="off")
        bob.wait_to_hear(ALICE)
        self.manager.event("ChannelTalkingStart")
        alice.hang_up()
        self.jackfield.wait_idle()

    def test_pitch_and_frames_that_do_not_pass(self):
        alice = self.phone("6001", tone=ALICE)
        bob = self.phone("6002", tone=BOB, auto_answer=True)
        alice.dial("610")
        bob.wait_to_hear(2 * ALICE)
        self.assertLess(self.amplitude(bob, ALICE), 0.1)
        alice.wait_event("CALL_ESTABLISHED")
        channel = self.channel("6001")
        self.assertEqual("8000", self.manager.ask("Getvar", Channel=channel, Variable="AGC(tx)").get("Value"))
        alice.press("5")
        self.manager.ask("Setvar", Channel=channel, Variable="FRAME_DROP(RX)", Value="")
        alice.press("7")
        self.assertEqual("7", self.manager.event("DTMFEnd", Direction="Received").get("Digit"))
        self.manager.ask("Setvar", Channel=channel, Variable="PITCH_SHIFT(rx)", Value="1")
        bob.wait_to_hear(ALICE)
        wrong = self.manager.ask("Setvar", Channel=channel, Variable="VOLUME(sideways)", Value="2")
        self.assertEqual("Error", wrong.get("Response"), wrong)
        alice.hang_up()
        self.jackfield.wait_for_log("--> DTMF_END 7")
        self.jackfield.wait_idle()

    def test_a_broadcast_is_heard_by_all(self):
        alice, bob = self.talking()
        speaker = self.phone("6003", tone=SPY)
        speaker.dial("804")
        for phone, other in ((alice, BOB), (bob, ALICE)):
            phone.wait_to_hear(SPY)
            phone.wait_to_hear(other)
        self.assertLess(self.amplitude(speaker, ALICE), 0.02)
        alice.hang_up()
        speaker.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()

    def test_tones_and_digits_of_trunks(self):
        for what, *expected in (("tone", "SUCCESS", "1"), ("mf", "START *1234#"), ("sf", "MAXDIGITS 307"), ("busy", "BUSY"),
                                ("nothing", "TIMEOUT"), ("keys", "14")):
            with self.subTest(what=what):
                self.manager.ask("Originate", Channel=f"Local/say-{what}@default/n", Context="default", Exten=f"hear-{what}", Priority="1",
                                 Async="true")
                for each in expected:
                    self.assertEqual(each, self.manager.event("UserEvent", 15).get("What"))
        self.jackfield.wait_idle()

    def test_a_program_hears_and_is_heard_by_audiosocket(self):
        program = Program(self.server, 620)
        self.addCleanup(program.stop)
        alice = self.phone("6001", tone=ALICE)
        alice.dial("803")
        alice.wait_to_hear(620)
        jt.wait_until(lambda: jt.level(program.heard[-3200:], ALICE) > 0.1, 10, "the caller's tone at the program")
        self.assertEqual("6ba7b8109dad11d180b400c04fd430c8", program.uuid)
        alice.press("4")
        jt.wait_until(lambda: program.digits == "4", 10, "the caller's digit at the program")
        program.connection.shutdown(socket.SHUT_RDWR)
        self.jackfield.wait_for_log("the program has ended")
        alice.wait_event("CALL_CLOSED")
        self.jackfield.wait_idle()


if __name__ == "__main__":
    jt.main()
