"""A SIP peer in the test's own hands, message by message, with SRTP by libsrtp2."""
import base64
import ctypes
import os
import re
import socket
import struct

import fixture as jt

TRUNK = """
[trunk](phone)
aors=trunk
@OPTIONS@
[trunk]
type=aor
contact=sip:@WHERE@:5060
[trunk]
type=identify
endpoint=trunk
match=@WHERE@
"""


class RawPhone:
    """Calls 600 over UDP from port 5060 of `address`; media by self.media."""

    def __init__(self, test, address, server):
        self.address, self.server = address, server
        self.sip, self.media = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.sip.bind((address, 5060))
        self.media.bind((address, 0))
        for one in (self.sip, self.media):
            one.settimeout(10 * jt.SLOWNESS)
            test.addCleanup(one.close)
        self.cseq, self.tag = 0, ""

    def send(self, method, body="", headers="", cseq=None):
        if cseq is None:
            self.cseq += 1
        text = (f"{method} sip:600@{self.server} SIP/2.0\r\nVia: SIP/2.0/UDP {self.address}:5060;branch=z9hG4bK{method}{self.cseq}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:phone@{self.address}>;tag=phone\r\nTo: <sip:600@{self.server}>{self.tag}\r\nCall-ID: raw@{self.address}\r\n"
                f"CSeq: {cseq or self.cseq} {method}\r\nContact: <sip:{self.address}>\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}")
        self.sip.sendto(text.encode(), (self.server, 5060))

    def wait(self, start, contains=""):
        """The next message that begins so; an INFO is answered in any case."""
        while True:
            text = self.sip.recvfrom(65535)[0].decode()
            if text.startswith("INFO "):
                copied = "".join(line + "\r\n" for line in text.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq"))
                self.sip.sendto(f"SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n".encode(), (self.server, 5060))
            if text.startswith(start) and contains in text:
                return text

    def try_request(self, method):
        """A request of that method that has come; None when there is none yet. What else came meanwhile is passed over."""
        self.sip.settimeout(0)
        try:
            while True:
                text = self.sip.recvfrom(65535)[0].decode()
                if text.startswith(f"{method} "):
                    return text
        except BlockingIOError:
            return None
        finally:
            self.sip.settimeout(10 * jt.SLOWNESS)

    def accept(self, request, media):
        """Answers a re-INVITE with these lines from m= on."""
        copied = "".join(line + "\r\n" for line in request.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq"))
        sdp = f"v=0\r\no=- 1 {self.cseq + 100} IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n{media}"
        self.sip.sendto(f"SIP/2.0 200 OK\r\n{copied}Contact: <sip:{self.address}>\r\nContent-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}".encode(),
                        (self.server, 5060))

    def invite(self, media, connection=None, headers=""):
        """An INVITE, or a re-INVITE, with these lines from m= on; acknowledges the 200 and returns it."""
        sdp = f"v=0\r\no=- 1 {self.cseq + 1} IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {connection or self.address}\r\nt=0 0\r\n{media}"
        self.send("INVITE", sdp, headers + "Content-Type: application/sdp\r\n")
        answer = self.wait("SIP/2.0 200", f"CSeq: {self.cseq} INVITE")
        self.tag = ";" + re.search(r"(?m)^To: .*;(tag=\S+)", answer).group(1)
        self.send("ACK", cseq=self.cseq)
        return answer

    def bye(self):
        self.send("BYE")
        self.wait("SIP/2.0 200", "BYE")


class _Algorithms(ctypes.Structure):  # srtp_crypto_policy_t
    _fields_ = [(name, ctypes.c_int) for name in ("cipher", "cipher_key", "auth", "auth_key", "auth_tag", "services")]


class _MasterKey(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("identifier", ctypes.c_char_p), ("identifier_size", ctypes.c_uint)]


class _Policy(ctypes.Structure):  # srtp_policy_t
    _fields_ = [("sources", ctypes.c_int), ("source", ctypes.c_uint), ("rtp", _Algorithms), ("rtcp", _Algorithms), ("key", ctypes.c_char_p),
                ("keys", ctypes.POINTER(ctypes.POINTER(_MasterKey))), ("key_count", ctypes.c_ulong), ("ekt", ctypes.c_void_p), ("window", ctypes.c_ulong),
                ("repeat", ctypes.c_int), ("extensions", ctypes.c_void_p), ("extension_count", ctypes.c_int), ("next", ctypes.c_void_p)]


class Srtp:
    """One direction of AES_CM_128_HMAC_SHA1_80."""
    library = None

    def __init__(self, key=None, sending=False, identifier=b""):
        if Srtp.library is None:
            Srtp.library = ctypes.CDLL("libsrtp2.so.1")
            assert Srtp.library.srtp_init() == 0
        self.key, self.identifier, self.session = key or os.urandom(30), identifier, ctypes.c_void_p()
        policy = _Policy(sources=3 if sending else 2, window=128)
        for algorithms in (policy.rtp, policy.rtcp):
            self.library.srtp_crypto_policy_set_rtp_default(ctypes.byref(algorithms))
        if identifier:
            self.master = ctypes.pointer(_MasterKey(self.key, identifier, len(identifier)))
            self.masters = (ctypes.POINTER(_MasterKey) * 1)(self.master)
            policy.keys, policy.key_count = self.masters, 1
        else:
            policy.key = self.key
        assert self.library.srtp_create(ctypes.byref(self.session), ctypes.byref(policy)) == 0

    def line(self):
        """The a=crypto line of this key."""
        identifier = f"|{int.from_bytes(self.identifier, 'big')}:{len(self.identifier)}" if self.identifier else ""
        return f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(self.key).decode()}{identifier}\r\n"

    @staticmethod
    def key_of(sdp):
        return base64.b64decode(re.search(r"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:([^|\s]+)", sdp).group(1))

    def protect(self, packet):
        buffer, size = ctypes.create_string_buffer(packet, 2000), ctypes.c_int(len(packet))
        assert self.library.srtp_protect_mki(self.session, buffer, ctypes.byref(size), 1 if self.identifier else 0, 0) == 0
        return buffer.raw[:size.value]

    def unprotect(self, packet):
        """None: it is not by this key."""
        buffer, size = ctypes.create_string_buffer(packet, 2000), ctypes.c_int(len(packet))
        return buffer.raw[:size.value] if self.library.srtp_unprotect(self.session, buffer, ctypes.byref(size)) == 0 else None


def rtp(sequence, sample, source=4711):
    return struct.pack("!BBHII", 0x80, 0, sequence & 0xffff, sequence * 160 & 0xffffffff, source) + bytes([sample]) * 160
