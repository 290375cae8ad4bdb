"""Video and text in a call: negotiated on both sides and passed on packet for packet, with RTCP feedback (RFC 3264, RFC 4103, RFC 4585)."""
import re
import socket
import struct
import time

import fixture as jt
from sip_peer import Message

PLAN = ("[default]\nexten => 6002,1,Dial(PJSIP/6002,20)\nexten => 600,1,Answer()\n same => n,Echo()\n"
        "exten => _7.,1,Dial(Local/${EXTEN:1}@default,20)\nexten => _8.,1,Dial(Local/${EXTEN:1}@default/n,20)\n")
ENDPOINT = """
[@USER@](phone)
allow=@CODECS@
aors=@USER@
use_avpf=@AVPF@
[@USER@]
type=aor
contact=sip:@USER@@@WHERE@:5060
[@USER@]
type=identify
endpoint=@USER@
match=@WHERE@
"""
AUDIO = "m=audio {audio} RTP/AVP 0\r\n"
VIDEO = ("m=video {video} RTP/AVPF 97 98\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f;packetization-mode=1\r\n"
         "a=rtpmap:98 VP8/90000\r\na=rtcp-fb:* nack\r\na=rtcp-fb:* nack pli\r\n")
TEXT = "m=text {text} RTP/AVP 99 100\r\na=rtpmap:99 red/1000\r\na=rtpmap:100 t140/1000\r\na=fmtp:99 100/100/100\r\n"
NO_VIDEO = "m=video 0 RTP/AVPF 97\r\n"


def media_line(sdp, kind):
    """The lines of one medium, from its m= on."""
    return re.search(rf"(?ms)^m={kind} .*?(?=^m=|\Z)", sdp).group(0).replace("\r", "")


def port_of(sdp, kind):
    return int(media_line(sdp, kind).split()[1])


def types_of(sdp, kind):
    """Payload types by the name of the codec."""
    return {name.upper(): int(number) for number, name in re.findall(r"a=rtpmap:(\d+) ([^/\s]+)", media_line(sdp, kind))}


def rtp(kind, sequence, timestamp, source, payload, marker=False):
    return struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | kind, sequence & 0xFFFF, timestamp, source) + payload


def pass_video(sender, kind_sent, receiver, kind_heard, content, seconds=10):
    """Video with that content comes from one phone to the other."""
    def arrives():
        sender.send("video", rtp(kind_sent, int(time.monotonic() * 100), 1, 11, content))
        receiver.pairs["video"][0].settimeout(0.3)
        try:
            return receiver.hear("video", 1)[0][::5] == (kind_heard, content)
        except TimeoutError:
            return False
    jt.wait_until(arrives, seconds, f"video with {content}")


class Phone:
    """SIP by one UDP socket, RTP and RTCP by a pair for each kind of stream."""

    def __init__(self, test, user, address=None, server=None):
        self.user, self.address, self.server = user, address or test.address(), server or test.server
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind((self.address, 5060))
        self.sip.connect((self.server, 5060))
        self.sip.settimeout(10 * jt.SLOWNESS)
        test.addCleanup(self.sip.close)
        self.pairs, self.ports = {}, {}
        for number, kind in enumerate(("audio", "video", "text")):
            self.ports[kind] = 20000 + 2 * number
            self.pairs[kind] = []
            for port in (self.ports[kind], self.ports[kind] + 1):
                one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                one.bind((self.address, port))
                one.settimeout(10 * jt.SLOWNESS)
                test.addCleanup(one.close)
                self.pairs[kind].append(one)
        self.cseq, self.answered, self.version, self.remote = 0, 0, 0, {}
        self.local = self.far = ""

    def sdp(self, media):
        self.version += 1
        return (f"v=0\r\no=- 1 {self.version} IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n" + media.format(**self.ports))

    def receive(self, method=None, status=None):
        """The next request of that method, or response to an INVITE; others are passed over, but for refusals."""
        while True:
            message = Message(self.sip.recv(65535).decode())
            number = int(message["CSeq"].split()[0])
            if message.method == "INVITE" and number <= self.answered:
                continue  # again, for it was not answered soon enough
            if message.method in ("BYE", "INFO"):
                self.answered = 0 if message.method == "BYE" else self.answered
                self.sip.send(("SIP/2.0 200 OK\r\n" + self.copied(message) + f"To: {message['To']}\r\nContent-Length: 0\r\n\r\n").encode())
            if (method and message.method == method) or (status and message.status == status and message["CSeq"] == f"{self.cseq} INVITE"):
                return message
            assert message.status < 300, message.text

    def request(self, method, to="", media="", body="", kind="application/sdp"):
        if method != "ACK":
            self.cseq += 1
        if to:
            self.local, self.far, self.call_id = f"<sip:{self.user}@{self.address}>;tag={self.user}", f"<sip:{to}@{self.server}>", f"{self.user}-{self.cseq}@{self.address}"
        body = self.sdp(media) if media else body
        head = (f"{method} sip:{self.server} SIP/2.0\r\nVia: SIP/2.0/UDP {self.address}:5060;branch=z9hG4bK{method}{self.cseq}{self.user}\r\nMax-Forwards: 70\r\n"
                f"From: {self.local}\r\nTo: {self.far}\r\nCall-ID: {self.call_id}\r\nCSeq: {self.cseq} {method}\r\nContact: <sip:{self.user}@{self.address}:5060>\r\n")
        if to:
            head = head.replace(f"sip:{self.server} SIP", f"sip:{to}@{self.server} SIP")
        kind = f"Content-Type: {kind}\r\n" if body else ""
        self.sip.send(f"{head}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    def invite(self, media, to=""):
        """A call, or a re-INVITE without `to`; its 200 is still to come."""
        self.request("INVITE", to, media)

    def acknowledge(self):
        """Waits for the 200, and returns its description."""
        answer = self.receive(status=200)
        self.far = answer["To"]
        self.request("ACK")
        self.learn(answer.body)
        return answer.body

    def learn(self, sdp):
        for kind in self.ports:
            if f"m={kind} " in sdp:
                self.remote[kind] = (self.server, port_of(sdp, kind))

    @staticmethod
    def copied(request):
        return "".join(f"{name}: {value}\r\n" for name, value in request.headers if name.lower() in ("via", "from", "call-id", "cseq"))

    def accept(self, request, media):
        """Answers an INVITE with these lines, and waits for the ACK."""
        copied = self.copied(request)
        to = request["To"] if "tag=" in request["To"] else f"{request['To']};tag={self.user}"
        self.local, self.far, self.call_id = to, request["From"], request["Call-ID"]
        body = self.sdp(media)
        self.sip.send((f"SIP/2.0 200 OK\r\n{copied}To: {to}\r\nContact: <sip:{self.user}@{self.address}:5060>\r\nContent-Type: application/sdp\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        self.learn(request.body)
        self.answered = int(request["CSeq"].split()[0])
        self.receive(method="ACK")

    def send(self, kind, packet):
        self.pairs[kind][0].sendto(packet, self.remote[kind])

    def hear(self, kind, count):
        """That many packets: (payload type, marker, sequence, timestamp, source, payload)."""
        heard = []
        while len(heard) < count:
            packet = self.pairs[kind][0].recv(2048)
            _, second, sequence, timestamp, source = struct.unpack("!BBHII", packet[:12])
            heard.append((second & 0x7F, second >> 7, sequence, timestamp, source, packet[12:]))
        return heard

    def report(self, kind, *messages):
        """A compound packet of RTCP: an empty report, and these messages."""
        host, port = self.remote[kind]
        self.pairs[kind][1].sendto(struct.pack("!BBHI", 0x80, 201, 1, 77) + b"".join(messages), (host, port + 1))

    def hear_feedback(self, kind, wanted):
        """The next RTCP message of that (packet type, format); what it is about, and what follows."""
        while True:
            packet = self.pairs[kind][1].recv(2048)
            while packet:
                first, type_, words = struct.unpack("!BBH", packet[:4])
                message, packet = packet[:4 * words + 4], packet[4 * words + 4:]
                if (type_, first & 0x1F) == wanted:
                    return struct.unpack("!I", message[8:12])[0], message[12:]


class VideoTest(jt.ScenarioTest):
    def start(self, codecs="ulaw,h264,vp8,t140,red", avpf="yes", other=None):
        self.calling, self.called = Phone(self, "6001"), Phone(self, "6002")
        objects = jt.TRANSPORT + jt.PHONE_TEMPLATE
        for phone, allowed in ((self.calling, codecs), (self.called, other or codecs)):
            objects += ENDPOINT.replace("@USER@", phone.user).replace("@CODECS@", allowed).replace("@AVPF@", avpf).replace("@WHERE@", phone.address)
        self.jackfield = self.daemon({"pjsip.conf": objects, "extensions.conf": PLAN})

    def connect(self, media, answer, number="6002"):
        """A call of both; the offer that the second one got, and the answer that the first one got."""
        self.calling.invite(media, number)
        invite = self.called.receive(method="INVITE")
        self.called.accept(invite, answer(invite.body))
        return invite.body, self.calling.acknowledge()

    def test_video_and_text_pass_unharmed_with_feedback(self):
        self.start()

        def answer(offer):
            video, text = types_of(offer, "video"), types_of(offer, "text")
            return (AUDIO + f"m=video {{video}} RTP/AVPF {video['VP8']}\r\na=rtpmap:{video['VP8']} VP8/90000\r\na=rtcp-fb:* nack\r\na=rtcp-fb:* nack pli\r\n"
                    f"m=text {{text}} RTP/AVP {text['RED']} {text['T140']}\r\na=rtpmap:{text['RED']} red/1000\r\na=rtpmap:{text['T140']} t140/1000\r\n"
                    f"a=fmtp:{text['RED']} {text['T140']}/{text['T140']}/{text['T140']}\r\n")
        offer, answered = self.connect(AUDIO + VIDEO + TEXT, answer)
        self.assertEqual(["audio", "video", "text"], re.findall(r"(?m)^m=(\w+)", offer))
        self.assertIn("profile-level-id=42e01f;packetization-mode=1", media_line(offer, "video"))
        self.assertIn("a=rtcp-fb:* nack pli", media_line(offer, "video"))
        video, text = types_of(offer, "video"), types_of(offer, "text")
        self.assertIn(f"a=fmtp:{text['RED']} {'/'.join([str(text['T140'])] * 3)}", media_line(offer, "text"))
        # What the called phone can't take, the caller is not told of; its own numbers stay.
        self.assertEqual(["audio", "video", "text"], re.findall(r"(?m)^m=(\w+)", answered))
        self.assertEqual({"VP8": 98}, types_of(answered, "video"))
        self.assertEqual({"RED": 99, "T140": 100}, types_of(answered, "text"))
        self.assertIn("a=fmtp:99 100/100/100", media_line(answered, "text"))

        # A key frame is asked for, as soon as there is somebody to ask. Packets pass when the two are connected, a little after the answer.
        sent = iter(range(100, 600))

        def passes():
            self.calling.send("video", rtp(98, next(sent), 0, 4711, b"first"))
            self.called.pairs["video"][0].settimeout(0.1)
            try:
                return self.called.hear("video", 1)
            except TimeoutError:
                return None
        jt.wait_until(passes, 10, "video")
        self.called.pairs["video"][0].settimeout(10 * jt.SLOWNESS)
        packets = [(600 + i, 9000 * (1 + i // 4), i % 4 == 3, bytes([i]) * 1100) for i in range(40)]
        for sequence, timestamp, marker, payload in packets:
            if sequence != 610:  # lost on the way
                self.calling.send("video", rtp(98, sequence, timestamp, 4711, payload, marker))
        self.assertEqual((4711, b""), self.calling.hear_feedback("video", (206, 1)))
        heard = []
        while len(heard) < len(packets) - 1:
            heard += [one for one in self.called.hear("video", 1) if one[5] != b"first"]
        base, start, source = heard[0][2], heard[0][3], heard[0][4]
        self.assertNotEqual(4711, source)
        expected = [(video["VP8"], int(marker), sequence - 600, timestamp - 9000, payload) for sequence, timestamp, marker, payload in packets if sequence != 610]
        self.assertEqual(expected, [(kind, marker, (sequence - base) & 0xFFFF, (timestamp - start) & 0xFFFFFFFF, payload)
                                    for kind, marker, sequence, timestamp, _, payload in heard])

        # What it misses is asked for in the sender's numbers, and comes in its place.
        self.called.report("video", struct.pack("!BBHIIHH", 0x81, 205, 3, 77, source, (base + 10) & 0xFFFF, 0))
        about, lost = self.calling.hear_feedback("video", (205, 1))
        self.assertEqual((4711, struct.pack("!HH", 610, 0)), (about, lost))
        self.calling.send("video", rtp(98, *(packets[10][:2]), 4711, packets[10][3], packets[10][2]))
        again = self.called.hear("video", 1)[0]
        self.assertEqual(((base + 10) & 0xFFFF, packets[10][3]), (again[2], again[5]))
        # A whole picture too. One that was just asked for counts for whoever asks meanwhile, so it may take a second request.
        deadline = time.monotonic() + 10 * jt.SLOWNESS
        self.calling.pairs["video"][1].settimeout(0.4)
        while time.monotonic() < deadline:
            self.called.report("video", struct.pack("!BBHII", 0x81, 206, 2, 77, source))
            try:
                self.assertEqual((4711, b""), self.calling.hear_feedback("video", (206, 1)))
                break
            except TimeoutError:
                continue
        else:
            self.fail("no key frame is asked for")

        # The other way, and text, whose redundant blocks name their type.
        self.called.send("video", rtp(video["VP8"], 7, 1, 815, b"back"))
        self.assertEqual((98, b"back"), self.calling.hear("video", 1)[0][::5])
        block = lambda kind: struct.pack("!BBH", 0x80 | kind, 0, 2) + bytes([kind]) + b"ab" + b"cd"
        self.calling.send("text", rtp(99, 1, 300, 42, block(100), True))
        kind, marker, _, _, _, payload = self.called.hear("text", 1)[0]
        self.assertEqual((text["RED"], 1, block(text["T140"])), (kind, marker, payload))
        self.calling.request("BYE")
        self.called.receive(method="BYE")

    def test_streams_come_and_go_within_the_call(self):
        self.start()
        offer, answered = self.connect(AUDIO, lambda offer: AUDIO)
        self.assertNotIn("m=video", offer + answered)
        self.calling.invite(AUDIO + VIDEO)
        self.assertNotEqual(0, port_of(self.calling.acknowledge(), "video"))
        invite = self.called.receive(method="INVITE")
        video = types_of(invite.body, "video")
        self.assertEqual({"H264", "VP8"}, set(video))
        h264 = f"a=rtpmap:{video['H264']} H264/90000\r\na=fmtp:{video['H264']} profile-level-id=42e01f;packetization-mode=1\r\n"
        self.called.accept(invite, AUDIO + f"m=video {{video}} RTP/AVPF {video['H264']}\r\n" + h264)
        # Only one of the codecs is taken there: the caller is told.
        invite = self.calling.receive(method="INVITE")
        self.assertEqual({"H264": 97}, types_of(invite.body, "video"))
        self.calling.accept(invite, AUDIO + "m=video {video} RTP/AVPF 97\r\na=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42e01f;packetization-mode=1\r\n")
        # The network of both streams is the one above: packets prove that they are connected.
        def arrives():
            self.calling.send("video", rtp(97, int(time.monotonic() * 100), 1, 11, b"seen"))
            self.called.pairs["video"][0].settimeout(0.3)
            try:
                return self.called.hear("video", 1)[0][::5] == (video["H264"], b"seen")
            except TimeoutError:
                return False
        jt.wait_until(arrives, 10, "video on the other side")
        self.calling.invite(AUDIO + NO_VIDEO)
        self.assertEqual(0, port_of(self.calling.acknowledge(), "video"))
        invite = self.called.receive(method="INVITE")
        self.assertEqual(0, port_of(invite.body, "video"))
        self.called.accept(invite, AUDIO + NO_VIDEO)
        # What the other side refuses is taken back.
        self.calling.invite(AUDIO + VIDEO)
        self.assertNotEqual(0, port_of(self.calling.acknowledge(), "video"))
        invite = self.called.receive(method="INVITE")
        self.assertNotEqual(0, port_of(invite.body, "video"))
        self.called.accept(invite, AUDIO + NO_VIDEO)
        invite = self.calling.receive(method="INVITE")
        self.assertEqual(0, port_of(invite.body, "video"))
        self.calling.accept(invite, AUDIO + NO_VIDEO)
        self.calling.request("BYE")
        self.called.receive(method="BYE")

    def test_video_passes_through_local_channels_and_when_they_are_gone(self):
        self.start()
        for number, channels in (("76002", 2), ("86002", 4)):
            def answer(offer):
                types = types_of(offer, "video")
                return AUDIO + f"m=video {{video}} RTP/AVPF {types['VP8']}\r\na=rtpmap:{types['VP8']} VP8/90000\r\na=rtcp-fb:* nack pli\r\n"
            offer, answered = self.connect(AUDIO + VIDEO, answer, number)
            self.assertEqual({"VP8": 98}, types_of(answered, "video"))
            theirs = types_of(offer, "video")["VP8"]
            jt.wait_until(lambda: f"{channels} active channels" in self.jackfield.ask("core show channels"), 10, f"{channels} channels")
            pass_video(self.calling, 98, self.called, theirs, b"there")
            pass_video(self.called, theirs, self.calling, 98, b"back")
            self.assertEqual((11, b""), self.calling.hear_feedback("video", (206, 1)))
            self.calling.request("BYE")
            self.called.receive(method="BYE")
            self.jackfield.wait_idle()
        # Who has no video leaves the caller without it, whoever stands between them.
        _, answered = self.connect(AUDIO + VIDEO, lambda offer: AUDIO + NO_VIDEO, "86002")
        self.assertEqual(0, port_of(answered, "video"))
        self.calling.request("BYE")
        self.called.receive(method="BYE")

    def test_who_tells_nothing_by_rtcp_is_asked_by_info_and_directions_are_passed_on(self):
        self.start(avpf="no")
        plain = "m=video {video} RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n"

        def line(offer, direction=""):
            number = types_of(offer, "video")["VP8"]
            return AUDIO + f"m=video {{video}} RTP/AVP {number}\r\na=rtpmap:{number} VP8/90000\r\n" + (f"a={direction}\r\n" if direction else "")
        offer, _ = self.connect(AUDIO + plain, line)
        pass_video(self.calling, 98, self.called, types_of(offer, "video")["VP8"], b"picture")
        request = self.calling.receive(method="INFO")
        self.assertIn("application/media_control+xml", request["Content-Type"])
        self.assertIn("<picture_fast_update/>", request.body)
        # RFC 5168: who asks so is understood, and asked for the other one.
        self.calling.sip.settimeout(0.4)
        deadline = time.monotonic() + 10 * jt.SLOWNESS
        while True:
            self.called.request("INFO", body=request.body, kind="application/media_control+xml")
            try:
                self.assertIn("<picture_fast_update/>", self.calling.receive(method="INFO").body)
                break
            except TimeoutError:
                self.assertLess(time.monotonic(), deadline, "the caller is not asked for a key frame")
        self.calling.sip.settimeout(10 * jt.SLOWNESS)
        for direction, mirrored in (("sendonly", "recvonly"), ("inactive", "inactive"), ("recvonly", "sendonly"), ("sendrecv", "sendrecv")):
            self.calling.invite(AUDIO + plain + f"a={direction}\r\n")
            self.assertIn(f"a={mirrored}\n", media_line(self.calling.acknowledge(), "video"))
            offer = self.called.receive(method="INVITE")
            self.assertIn(f"a={direction}\n", media_line(offer.body, "video"))
            self.assertIn("a=sendrecv\n", media_line(offer.body, "audio"))
            self.called.accept(offer, line(offer.body, mirrored))
        self.calling.request("BYE")
        self.called.receive(method="BYE")

    def test_a_refused_change_leaves_the_video_as_it_is(self):
        self.start()
        offer, _ = self.connect(AUDIO + VIDEO, lambda offer: AUDIO + f"m=video {{video}} RTP/AVPF {types_of(offer, 'video')['VP8']}\r\na=rtpmap:{types_of(offer, 'video')['VP8']} VP8/90000\r\n")
        number = types_of(offer, "video")["VP8"]
        pass_video(self.calling, 98, self.called, number, b"before")
        self.calling.invite("m=audio {audio} RTP/AVP 97\r\na=rtpmap:97 nothing/8000\r\n" + NO_VIDEO)
        while True:
            refusal = Message(self.calling.sip.recv(65535).decode())
            if refusal.status and refusal.status >= 200 and refusal["CSeq"] == f"{self.calling.cseq} INVITE":
                break
        self.assertEqual(488, refusal.status)
        self.calling.request("ACK")
        pass_video(self.calling, 98, self.called, number, b"after")
        self.calling.request("BYE")
        self.called.receive(method="BYE")

    def test_what_is_not_allowed_is_refused_in_its_place(self):
        self.start(other="ulaw")
        offer, answered = self.connect(AUDIO + VIDEO + TEXT, lambda offer: AUDIO)
        self.assertEqual(["audio"], re.findall(r"(?m)^m=(\w+)", offer))
        self.assertEqual([0, 0], [port_of(answered, kind) for kind in ("video", "text")])
        self.calling.request("BYE")
        self.called.receive(method="BYE")
        # The echo sends every stream back.
        self.calling.invite(AUDIO + VIDEO, "600")
        self.calling.acknowledge()
        def comes_back():
            self.calling.send("video", rtp(98, int(time.monotonic() * 100), 1, 11, b"mirror"))
            self.calling.pairs["video"][0].settimeout(0.3)
            try:
                return self.calling.hear("video", 1)[0][::5] == (98, b"mirror")
            except TimeoutError:
                return False
        jt.wait_until(comes_back, 10, "video from the echo")
        self.calling.request("BYE")


if __name__ == "__main__":
    jt.main()
