"""Media of browsers and of phones like them: DTLS-SRTP and ICE with baresip, WebRTC with Chromium and JsSIP, both ways, by content."""
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
import unittest

import fixture as jt
import video_test
import webrtc_fixture
from raw_phone import RawPhone, TRUNK
from webrtc_fixture import Browser, MediaScenario, chromium_is_missing

PLAN = """
[default]
exten => _[67]00X,1,Dial(PJSIP/${EXTEN},20)
 same => n,Hangup()
exten => 600,1,Answer()
 same => n,Echo()
exten => _8XXX,1,Dial(PJSIP/${EXTEN:1}@trunk,20)
exten => 602,1,Answer()
 same => n,Wait(1)
 same => n,NoOp(media ${CHANNEL(rtp,transport)} secure ${CHANNEL(rtp,secure)})
 same => n,Echo()
exten => 601,1,Answer()
 same => n,Read(digits,,3,,,10)
 same => n,NoOp(digits ${digits})
 same => n,Hangup()
"""
DTLS = "media_encryption=dtls\ndtls_auto_generate_cert=yes"
ICE = "ice_support=yes"
BROWSER = "webrtc=yes\ndisallow=all\nallow=@CODECS@"


class StunServer(threading.Thread):
    """Answers binding requests (RFC 8489) with an address that is not the asker's."""

    def __init__(self, test, address, mapped="203.0.113.5", late=0, port=3478):
        super().__init__(daemon=True)
        self.late = late  # requests that it does not answer first
        self.socket, self.mapped, self.asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), mapped, 0
        self.socket.bind((address, port))
        test.addCleanup(self.socket.close)
        self.start()

    def run(self):
        cookie = bytes.fromhex("2112a442")
        while True:
            try:
                request, asker = self.socket.recvfrom(1500)
            except OSError:
                return
            self.asked += 1
            if self.asked <= self.late:
                continue
            host = bytes(a ^ b for a, b in zip(socket.inet_aton(self.mapped), cookie))
            value = struct.pack("!BBH", 0, 1, asker[1] ^ 0x2112) + host
            self.socket.sendto(struct.pack("!HH", 0x0101, 12) + request[4:20] + struct.pack("!HH", 0x0020, 8) + value, asker)


class TurnServer:
    """A coturn of one user."""

    def __init__(self, test, address, port=3479):
        self.name = f"{address}:{port}"
        self.log = test.folder / "turnserver.log"
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                ["turnserver", "-c", "/dev/null", "-n", "--no-cli", "--no-tls", "--no-dtls", "--lt-cred-mech", "--realm=turn.test", "--user=pbx:secret", "--verbose",
                 f"--listening-ip={address}", f"--relay-ip={address}", f"--listening-port={port}", "--min-port=30000", "--max-port=30999", "--log-file=stdout",
                 "--simple-log", f"--pidfile={test.folder}/turnserver.pid", f"--userdb={test.folder}/turndb"],
                cwd=test.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        test.addCleanup(self.stop)
        jt.wait_until(lambda: self.takes_connections(address, port), 20, "coturn")

    @staticmethod
    def takes_connections(address, port):
        with socket.socket() as probe:
            return probe.connect_ex((address, port)) == 0

    def options(self, **more):
        return "".join(f"{name}={value}\n" for name, value in {"turnaddr": self.name, "turnusername": "pbx", "turnpassword": "secret", **more}.items())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class MirrorPhone(video_test.Phone):
    """A plain phone that takes a call with VP8 and sends all video back; what it is asked for of that, it asks for itself."""

    def take_call(self):
        invite = self.receive(method="INVITE")
        self.type = video_test.types_of(invite.body, "video")["VP8"]
        self.accept(invite, video_test.AUDIO + f"m=video {{video}} RTP/AVPF {self.type}\r\na=rtpmap:{self.type} VP8/90000\r\na=rtcp-fb:* nack pli\r\n")
        self.source, self.asked = 0, 0
        for reflect in (self.reflect_packets, self.reflect_requests):
            threading.Thread(target=reflect, daemon=True).start()
        return invite.body

    def reflect_packets(self):
        try:
            while True:
                packet = self.pairs["video"][0].recv(2048)
                self.source = struct.unpack("!I", packet[8:12])[0]
                self.send("video", packet[:8] + struct.pack("!I", 815) + packet[12:])
        except OSError:
            return

    def reflect_requests(self):
        try:
            while True:
                self.hear_feedback("video", (206, 1))
                self.asked += 1
                self.ask_for_picture()
        except OSError:
            return

    def ask_for_picture(self):
        self.report("video", struct.pack("!BBHII", 0x81, 206, 2, 77, self.source))


class Calls(MediaScenario):
    def pbx(self, transports=jt.TRANSPORT, rtp="", **phones):
        template = "" if "(!)" in transports else jt.PHONE_TEMPLATE
        objects = transports + template + "".join(jt.phone_objects(user.lstrip("_"), extra=extra) for user, extra in phones.items())
        music = self.folder / "music"
        music.mkdir()
        jt.write_tone(music / "hold.wav", 620, 30)
        return self.daemon({"musiconhold.conf": f"[default]\nmode=files\ndirectory={music}\n", "pjsip.conf": objects, "extensions.conf": PLAN, "rtp.conf": f"[general]\nrtpstart=10000\nrtpend=19999\n{rtp}"})

    def secured(self, user, kind="dtls_srtp", ice=False, mux=False, **options):
        settings = ["module dtls_srtp.so", *(["module ice.so"] if ice else []), *(["rtcp_mux yes"] if mux else [])]
        return self.phone(user, media_encryption=kind, nat="ice" if ice else "", settings=settings, **options)

    def talk(self, alice, bob, number="6002"):
        alice.dial(number)
        alice.wait_to_hear(bob.tone)
        bob.wait_to_hear(alice.tone)

    def end(self, alice, bob):
        bob.hang_up()
        alice.wait_event("CALL_CLOSED")
        self.daemons[0].wait_idle()


class DtlsSrtp(Calls):
    def test_two_phones_hear_each_other(self):
        self.pbx(_6001=DTLS, _6002=DTLS)
        alice, bob = self.secured("6001", tone=440), self.secured("6002", tone=1000, auto_answer=True)
        self.talk(alice, bob)
        self.end(alice, bob)

    def test_a_plain_leg_and_multiplexed_reports(self):
        self.pbx(_6001=DTLS + "\nrtcp_mux=yes", _6002="")
        alice, bob = self.secured("6001", tone=440, mux=True), self.phone("6002", tone=1000, auto_answer=True)
        self.talk(alice, bob)
        self.end(alice, bob)

    def test_we_begin_or_they_do(self):
        self.pbx(_6001=DTLS + "\ndtls_setup=passive", _6002=DTLS + "\ndtls_setup=active")
        alice, bob = self.secured("6001", tone=440), self.secured("6002", tone=1000, auto_answer=True)
        self.talk(alice, bob)
        self.end(alice, bob)

    def test_hold_keeps_the_association(self):
        self.pbx(_6001=DTLS, _6002="")
        alice, bob = self.secured("6001", tone=440), self.phone("6002", tone=1000, auto_answer=True)
        self.talk(alice, bob)
        alice.hold_and_resume(bob)
        self.end(alice, bob)

    def test_who_offers_no_encryption_is_refused(self):
        self.pbx(_6001=DTLS)
        for kind in ("", "srtp-mand"):
            alice = self.secured("6001", kind=kind)
            alice.dial("600")
            _, event = alice.wait_event("CALL_CLOSED")
            self.assertIn("488", event["param"])
            alice.stop()

    def test_a_certificate_that_nobody_we_trust_has_signed_ends_the_call(self):
        daemon = self.pbx(_6001=DTLS + "\ndtls_verify=certificate")
        alice = self.secured("6001", tone=440)
        alice.dial("600")
        alice.wait_event("CALL_CLOSED", 20)
        daemon.wait_for_log("no media can pass (DTLS:")
        daemon.wait_idle()

    def test_a_missing_certificate_is_an_error_with_its_place(self):
        daemon = self.pbx(_6001="media_encryption=dtls", _6002="")
        daemon.wait_for_pattern(r"pjsip.conf:\d+: .*6001.*dtls_auto_generate_cert=yes or dtls_cert_file=FILE")


class Ice(Calls):
    def test_two_phones_with_ice_hear_each_other(self):
        self.pbx(_6001=ICE, _6002=ICE)
        alice, bob = self.secured("6001", kind="", ice=True, tone=440), self.secured("6002", kind="", ice=True, tone=1000, auto_answer=True)
        self.talk(alice, bob)
        self.end(alice, bob)

    def test_with_dtls_and_multiplexing_and_a_leg_without(self):
        self.pbx(_6001=f"{ICE}\n{DTLS}\nrtcp_mux=yes", _6002=ICE)
        alice, bob = self.secured("6001", ice=True, mux=True, tone=440), self.phone("6002", tone=1000, auto_answer=True)
        self.talk(alice, bob)
        shown = jt.wait_until(lambda: re.search(r"(?s).*6001-\S+ +\S+ ulaw +[1-9].*", self.daemons[0].ask("pjsip show channelstats")), 10, "packets").group()
        self.assertRegex(shown, r"6001-\S+ +00:00:\d\d ulaw +[1-9]\d* .* ICE connected to 10\.77\.0\.\d:\d+, DTLS connected \(AES_CM_128_HMAC_SHA1_80\)\n")
        self.assertRegex(shown, r"6002-\S+ .* ICE not in use\n")
        self.end(alice, bob)


    def test_two_jackfields_find_each_other(self):
        both = f"{ICE}\n{DTLS}\nrtcp_mux=yes\nuse_avpf=yes"
        other = f"{webrtc_fixture.NETWORK}.4"
        self.pbx(jt.TRANSPORT + jt.PHONE_TEMPLATE + TRUNK.replace("@OPTIONS@", both).replace("@WHERE@", other), _6001="")
        far = self.daemon({"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + TRUNK.replace("@OPTIONS@", both).replace("@WHERE@", self.server),
                           "extensions.conf": PLAN}, address=other)
        alice = self.phone("6001", tone=440)
        alice.dial("8602")
        alice.wait_to_hear(440)
        far.wait_for_log("ICE connected to 10.77.0.1:")
        far.wait_for_pattern(r"media ICE connected to 10\.77\.0\.1:\d+, DTLS connected \(AES_CM_128_HMAC_SHA1_80\) secure 1")
        alice.hang_up()
        self.daemons[0].wait_idle()
        far.wait_idle()

    def test_video_between_two_jackfields_is_encrypted(self):
        far_address = f"{webrtc_fixture.NETWORK}.4"
        one, two = video_test.Phone(self, "6001", f"{self.network}.2"), video_test.Phone(self, "6002", f"{self.network}.3", far_address)
        for options, way in (("media_encryption=sdes", r"SRTP"), (f"{ICE}\n{DTLS}\nrtcp_mux=yes", "DTLS connected"), (f"{ICE}\n{DTLS}\nrtcp_mux=yes\nbundle=yes", "DTLS connected")):
            def objects(phone, other):
                return (jt.TRANSPORT + jt.PHONE_TEMPLATE + TRUNK.replace("@OPTIONS@", f"allow=vp8\nuse_avpf=yes\n{options}").replace("@WHERE@", other) +
                        video_test.ENDPOINT.replace("@USER@", phone.user).replace("@CODECS@", "ulaw,vp8").replace("@AVPF@", "yes").replace("@WHERE@", phone.address))
            near = self.daemon({"pjsip.conf": objects(one, far_address), "extensions.conf": "[default]\nexten => 602,1,Dial(PJSIP/602@trunk,20)\n"})
            far = self.daemon({"pjsip.conf": objects(two, self.server), "extensions.conf": "[default]\nexten => 602,1,Dial(PJSIP/6002,20)\n"}, address=far_address)
            one.invite(video_test.AUDIO + video_test.VIDEO, "602")
            offer = two.receive(method="INVITE")
            number = video_test.types_of(offer.body, "video")["VP8"]
            two.accept(offer, video_test.AUDIO + f"m=video {{video}} RTP/AVPF {number}\r\na=rtpmap:{number} VP8/90000\r\na=rtcp-fb:* nack pli\r\n")
            one.acknowledge()
            video_test.pass_video(one, 98, two, number, b"there")
            video_test.pass_video(two, number, one, 98, b"back")
            self.assertEqual(11, one.hear_feedback("video", (206, 1))[0])
            jt.wait_until(lambda: re.search(rf"trunk-\S+ .* vp8 +[1-9]\d* .*{way}", near.ask("pjsip show channelstats")), 10, f"video by {way}")
            one.request("BYE")
            two.receive(method="BYE")
            for daemon in (near, far):
                daemon.wait_idle()
                daemon.stop()

    def talk_by_relay(self, alice, bob, server, seen):
        """bob's leg has no way but by the relay."""
        self.talk(alice, bob)
        shown = jt.wait_until(lambda: re.search(r"6002-.* by the relay .*", self.daemons[0].ask("pjsip show channelstats")), 10, "the relay").group()
        self.assertRegex(shown, seen)
        self.end(alice, bob)
        # The allocations of that call are given back, not left to their ten minutes.
        jt.wait_until(lambda: server.log.read_text(errors="replace").count("closed") >= 2, 20, "the end of the allocations")

    @unittest.skipIf(shutil.which("turnserver") is None, "coturn is not installed")
    def test_audio_goes_by_a_turn_server_where_nothing_else_is_told(self):
        server = TurnServer(self, f"{webrtc_fixture.NETWORK}.4")
        self.pbx(rtp=server.options(ice_deny="10.77.0.0/24"), _6001="", _6002=ICE)
        alice, bob = self.phone("6001", tone=440), self.secured("6002", kind="", ice=True, tone=1000, auto_answer=True)
        self.talk_by_relay(alice, bob, server, r"ICE connected to 10\.77\.0\.\d:\d+ by the relay 10\.77\.0\.4:30\d\d\d")

    @unittest.skipIf(shutil.which("turnserver") is None, "coturn is not installed")
    def test_dtls_and_audio_go_by_a_turn_server_that_is_reached_by_tcp(self):
        server = TurnServer(self, f"{webrtc_fixture.NETWORK}.4")
        self.pbx(rtp=server.options(ice_deny="10.77.0.0/24", turntransport="tcp"), _6001="", _6002=f"{ICE}\n{DTLS}\nrtcp_mux=yes")
        alice, bob = self.phone("6001", tone=440), self.secured("6002", ice=True, mux=True, tone=1000, auto_answer=True)
        self.talk_by_relay(alice, bob, server, r" by the relay 10\.77\.0\.4:30\d\d\d, DTLS connected")

    def test_a_stun_server_tells_where_we_are(self):
        server = StunServer(self, self.server)
        daemon = self.pbx(rtp=f"stunaddr={self.server}\n", _6001="", _6002=ICE)
        daemon.cli("pjsip set logger on")
        alice, bob = self.phone("6001", tone=440), self.secured("6002", kind="", ice=True, tone=1000, auto_answer=True)
        self.talk(alice, bob)
        self.assertGreaterEqual(server.asked, 2)  # RTP and RTCP
        daemon.wait_for_pattern(r"a=candidate:\S+ 1 UDP \d+ 203\.0\.113\.5 \d+ typ srflx raddr 10\.77\.0\.1 rport \d+")
        self.end(alice, bob)

    def test_a_stun_server_that_is_silent_holds_nobody_up(self):
        self.pbx(rtp=f"stunaddr={self.server}:3479\n", _6001="", _6002=ICE)
        alice, bob = self.phone("6001", tone=440), self.secured("6002", kind="", ice=True, tone=1000, auto_answer=True)
        self.talk(alice, bob)
        self.end(alice, bob)


class TricklingPhone(RawPhone):
    """Describes no candidate and sends it by INFO (RFC 8840), as the test goes."""

    def call(self):
        return self.invite("m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\na=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
                           "a=ice-options:trickle\r\na=mid:1\r\n", connection="0.0.0.0", headers="Supported: trickle-ice\r\nRecv-Info: trickle-ice\r\n")

    def trickle(self, body):
        self.send("INFO", body, "Info-Package: trickle-ice\r\nContent-Disposition: Info-Package\r\nContent-Type: application/trickle-ice-sdpfrag\r\n")
        return self.wait("SIP/2.0 ", "INFO")


class Trickle(Calls):
    def test_candidates_come_and_go_by_info(self):
        StunServer(self, self.server, late=2, port=3480)
        far = f"{webrtc_fixture.NETWORK}.3"
        options = f"{ICE}\nrtcp_mux=yes"
        daemon = self.pbx(jt.TRANSPORT + jt.PHONE_TEMPLATE + TRUNK.replace("@OPTIONS@", options).replace("@WHERE@", far), rtp=f"stunaddr={self.server}:3480\n")
        phone = TricklingPhone(self, far, self.server)
        answer = phone.call()
        self.assertRegex(answer, r"(?m)^Supported: .*trickle-ice")
        self.assertIn("a=ice-options:trickle", answer)
        self.assertNotIn("a=end-of-candidates", answer)  # the STUN server is asked still
        late = phone.wait("INFO ", "a=end-of-candidates")
        self.assertIn("Content-Type: application/trickle-ice-sdpfrag", late)
        self.assertIn("Info-Package: trickle-ice", late)
        self.assertRegex(late, r"a=mid:1\r\na=candidate:\S+ 1 UDP \d+ 203\.0\.113\.5 \d+ typ srflx")
        # Theirs: of another generation it counts for nothing, of this one it is checked.
        candidate = "m=audio 9 RTP/AVP 0\r\na=mid:1\r\na=candidate:1 1 UDP 2130706431 {} {} typ host\r\na=end-of-candidates\r\n"
        head = "a=ice-ufrag:{}\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
        port = phone.media.getsockname()[1]
        self.assertTrue(phone.trickle(head.format("old1") + candidate.format(far, 9)).startswith("SIP/2.0 200"))
        self.assertTrue(phone.trickle("no SDP\r\n").startswith("SIP/2.0 400"))
        self.assertTrue(phone.trickle(head.format("8hhY") + candidate.format(far, port)).startswith("SIP/2.0 200"))
        check, source = phone.media.recvfrom(1500)
        self.assertEqual((b"\x00\x01", self.server), (check[:2], source[0]))
        self.assertIn(b"8hhY:", check)
        phone.send("BYE")
        phone.wait("SIP/2.0 200", "BYE")
        daemon.wait_idle()


@unittest.skipIf(chromium_is_missing(), "chromium is not installed")
class Chromium(Calls):
    def keys(self):
        keys = self.folder / "keys"
        keys.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=pbx",
                        "-keyout", "pbx.key", "-out", "pbx.pem"], cwd=keys, check=True, capture_output=True)
        return keys

    def browser_pbx(self, codecs="ulaw", rtp="", more=""):
        keys = self.keys()
        transports = jt.TRANSPORT + (f"[transport-wss]\ntype=transport\nprotocol=wss\nbind=@ADDRESS@:8089\ncert_file={keys}/pbx.pem\n"
                                     f"priv_key_file={keys}/pbx.key\n")
        if more:
            transports += jt.PHONE_TEMPLATE + more
        return self.pbx(transports, rtp, _7001=BROWSER.replace("@CODECS@", codecs), _7002=BROWSER.replace("@CODECS@", codecs), _6002="")

    def browser(self, user="7001", **options):
        browser = Browser(self, user, f"wss://{self.server}:8089/ws", self.server, **options)
        browser.wait("registered", 40)
        return browser

    def test_calls_a_phone_and_both_hear_each_other(self):
        self.browser_pbx()
        browser, bob = self.browser(tone=440), self.phone("6002", tone=1000, auto_answer=True)
        browser.do("dial", "6002")
        browser.wait("confirmed")
        browser.wait_to_hear(1000)
        bob.wait_to_hear(440)
        stats = browser.wait("stats")
        self.assertEqual("connected", stats["transport"]["dtls"])
        self.assertEqual("audio/PCMU", stats["codec"])
        answer = browser.wait("sdp", originator="remote", type="answer")["sdp"]
        for line in ("a=group:BUNDLE 0", "a=mid:0", "a=rtcp-mux", "a=setup:active", "a=ice-ufrag:", "UDP/TLS/RTP/SAVPF"):
            self.assertIn(line, answer)
        self.assertRegex(answer, r"a=candidate:\S+ 1 UDP \d+ 10\.77\.0\.1 \d+ typ host")
        browser.do("hang_up")
        bob.wait_event("CALL_CLOSED")
        self.daemons[0].wait_idle()

    def test_is_called_by_a_phone(self):
        self.browser_pbx()
        browser, alice = self.browser(tone=440), self.phone("6002", tone=1000)
        alice.dial("7001")
        browser.wait("confirmed")
        browser.wait_to_hear(1000)
        alice.wait_to_hear(440)
        alice.hang_up()
        browser.wait("ended")
        self.daemons[0].wait_idle()

    def test_opus_video_refused_digits_and_a_restart_of_ice(self):
        daemon = self.browser_pbx(codecs="opus,ulaw")
        browser = self.browser(tone=440, video=True)
        browser.do("dial", "600")
        browser.wait("confirmed")
        browser.wait_to_hear(440)
        answer = browser.wait("sdp", originator="remote", type="answer")["sdp"]
        self.assertRegex(answer, r"m=video 0 ")
        self.assertIn("a=group:BUNDLE 0\r\n", answer)
        self.assertRegex(answer, r"a=rtpmap:\d+ opus/48000/2")
        before, since = re.search(r"a=ice-ufrag:(\S+)", answer).group(1), browser.mark()
        browser.do("restart")
        browser.wait("renegotiated", since=since)
        after = browser.wait("sdp", originator="remote", type="answer", since=since)["sdp"]
        self.assertNotEqual(before, re.search(r"a=ice-ufrag:(\S+)", after).group(1))
        browser.wait_to_hear(440)
        browser.do("hang_up")
        daemon.wait_idle()
        since = browser.mark()
        browser.do("dial", "601")
        stats = browser.wait("stats", since=since)  # the media is there
        self.assertEqual("audio/opus", stats["codec"])
        browser.do("press", "159")
        daemon.wait_for_log("digits 159")
        daemon.wait_idle()

    def test_two_browsers_see_and_hear_each_other_by_one_transport_each(self):
        daemon = self.browser_pbx(codecs="ulaw,vp8,h264")
        one = self.browser(tone=440, video=True, bundle_only=True)
        two = self.browser("7002", tone=1000, video=True)
        one.do("dial", "7002")
        for browser, tone in ((one, 1000), (two, 440)):
            browser.wait("confirmed")
            browser.wait_to_hear(tone)
            browser.wait_to_see()
        offered = one.wait("sdp", originator="local", type="offer")["sdp"]
        self.assertRegex(offered, r"(?s)m=video 0 .*a=bundle-only")
        answer = one.wait("sdp", originator="remote", type="answer")["sdp"]
        self.assertIn("a=group:BUNDLE 0 1\r\n", answer)
        self.assertEqual(1, answer.count("a=ice-ufrag:"))
        self.assertEqual(1, len(set(re.findall(r"(?m)^m=(?:audio|video) (\d+)", answer))))
        offer = two.wait("sdp", originator="remote", type="offer")["sdp"]
        self.assertIn("a=group:BUNDLE audio video-0\r\n", offer)
        self.assertRegex(offer, r"m=video 0 (?s:.*)a=bundle-only")
        for browser in (one, two):
            counted = browser.count()
            self.assertEqual(1, counted["transports"])
            self.assertGreater(counted["in"]["keys"], 0)
        one.do("hang_up")
        two.wait("ended")
        daemon.wait_idle()

    def test_a_browser_sees_what_a_plain_phone_sends_and_key_frames_are_asked_for(self):
        phone = MirrorPhone(self, "6003", f"{self.network}.3")
        endpoint = video_test.ENDPOINT.replace("@USER@", "6003").replace("@CODECS@", "ulaw,vp8").replace("@AVPF@", "yes").replace("@WHERE@", phone.address)
        daemon = self.browser_pbx(codecs="ulaw,vp8", more=endpoint)
        browser = self.browser(video=True)
        browser.do("dial", "6003")
        offer = phone.take_call()
        self.assertIn("RTP/AVPF", video_test.media_line(offer, "video").split("\n")[0])
        browser.wait("confirmed")
        browser.wait_to_see()
        self.assertGreater(phone.asked, 0)
        # A request of the phone's comes to the browser; one in a quarter of a second counts for all of them.
        before = browser.count()["out"]["plis"]
        deadline = time.monotonic() + 10 * jt.SLOWNESS
        while browser.count()["out"]["plis"] <= before:
            self.assertLess(time.monotonic(), deadline, "no request for a key frame comes to the browser")
            phone.ask_for_picture()
        shown = jt.wait_until(lambda: re.search(r"(?s)7001-\S+ +\S+ ulaw.*7001-\S+ +\S+ vp8 +[1-9]\d* .*?DTLS connected", daemon.ask("pjsip show channelstats")), 10, "packets")
        self.assertTrue(shown)
        browser.do("hang_up")
        phone.receive(method="BYE")
        daemon.wait_idle()

    def test_ice_lite_is_enough_for_a_browser(self):
        self.browser_pbx(rtp="ice_lite=yes\n")
        browser = self.browser(tone=700)
        browser.do("dial", "600")
        browser.wait("confirmed")
        browser.wait_to_hear(700)
        self.assertIn("a=ice-lite", browser.wait("sdp", originator="remote", type="answer")["sdp"])
        browser.do("hang_up")
        self.daemons[0].wait_idle()


if __name__ == "__main__":
    webrtc_fixture.main([webrtc_fixture.JSSIP, webrtc_fixture.BUNDLER])
