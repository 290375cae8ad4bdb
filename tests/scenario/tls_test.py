"""Encryption: SIP over TLS and WebSocket with real phones, AMI over TLS, certificates renewed while connections are up, clients
that trickle, and a storm of connections."""
import base64
import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import time

import fixture as jt
import http_fixture
import raw_phone
from ami_fixture import MANAGER, Client
from registration_storm import run_storm
from sip_peer import Peer, listen

PLAN = """
[default]
exten => _60XX,1,Dial(PJSIP/${EXTEN},20)
 same => n,Hangup()
exten => 600,1,Answer()
 same => n,Echo()
"""
TRANSPORTS = """
[transport-tls]
type=transport
protocol=tls
bind=@ADDRESS@
cert_file=@KEYS@/pbx.pem
priv_key_file=@KEYS@/pbx.key
[transport-ws]
type=transport
protocol=ws
bind=@ADDRESS@:8088
[transport-wss]
type=transport
protocol=wss
bind=@ADDRESS@:8089
cert_file=@KEYS@/pbx.pem
priv_key_file=@KEYS@/pbx.key
"""


class Keys:
    """A folder with an authority and the certificate of the daemon, which it can renew."""

    def __init__(self, folder, address):
        self.folder, self.address = folder / "keys", address
        self.folder.mkdir()
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                 "/CN=Test Authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.issue("pbx")

    def run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, common_name):
        (self.folder / "names").write_text(f"subjectAltName=IP:{self.address},DNS:pbx.test\n")
        self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={common_name}",
                 "-keyout", "pbx.key", "-out", "pbx.csr")
        self.run("x509", "-req", "-in", "pbx.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                 "-extfile", "names", "-out", "pbx.pem")

    def context(self):
        return ssl.create_default_context(cafile=self.folder / "ca.pem")

    def connect(self, port):
        """A verified TLS connection to the daemon."""
        plain = socket.create_connection((self.address, port), 10 * jt.SLOWNESS)
        return self.context().wrap_socket(plain, server_hostname=self.address)


def common_name(connection):
    return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]


class TlsScenario(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        self.keys = Keys(self.folder, self.server)

    def pbx(self, extra="", **files):
        objects = TRANSPORTS + jt.PHONE_TEMPLATE + "".join(jt.phone_objects(str(user)) for user in (6001, 6002, 6003)) + extra
        return self.daemon({"pjsip.conf": objects.replace("@KEYS@", str(self.keys.folder)), "extensions.conf": PLAN, **files})

    def tls_phone(self, user, **options):
        return self.phone(user, transport="tls", settings=[f"sip_cafile {self.keys.folder}/ca.pem", "sip_verify_server yes"], **options)


def options_request(branch, address, transport="TLS"):
    return (f"OPTIONS sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/{transport} {address};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:6001@pbx.test>;tag={branch}\r\nTo: <sip:pbx.test>\r\nCall-ID: {branch}@test\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n").encode()


class PhonesOverTls(TlsScenario):
    def test_two_phones_hear_each_other(self):
        daemon = self.pbx()
        alice = self.tls_phone("6001", tone=440)
        bob = self.tls_phone("6002", tone=1000, auto_answer=True)
        self.assertIn("transport=tls", daemon.ask("pjsip show contacts").lower())
        alice.dial("6002")
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        bob.hang_up()
        alice.wait_event("CALL_CLOSED")
        daemon.wait_idle()

    def test_a_sips_uri_is_called_and_served_by_tls(self):
        far = self.address()
        server = listen(far, 5061)
        self.addCleanup(server.close)
        self.pbx(f"[far](phone)\naors=far\n[far]\ntype=aor\ncontact=sips:far@{far}\n", **{"manager.conf": MANAGER.format(general="")})
        manager = Client(self.server).login()
        self.addCleanup(manager.close)
        manager.ask("Originate", Channel="PJSIP/far", Application="Wait", Data="5", Async="true")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.keys.folder / "pbx.pem", self.keys.folder / "pbx.key")
        peer = Peer(context.wrap_socket(server.accept()[0], server_side=True), transport="TLS")
        self.addCleanup(peer.close)
        invite = peer.receive()
        self.assertEqual(f"INVITE sips:far@{far} SIP/2.0", invite.first)
        self.assertRegex(invite["Via"], "^SIP/2.0/TLS ")
        self.assertRegex(invite["Contact"], "^<sips:")
        peer.reply(invite, 486)
        self.assertEqual("ACK", peer.receive().method)
        caller = Peer(self.keys.connect(5061), transport="TLS")
        self.addCleanup(caller.close)
        self.assertEqual(200, caller.ask("OPTIONS", uri=f"sips:{self.server}").status)

    def test_a_renewed_certificate_drops_nobody(self):
        daemon = self.pbx()
        alice = self.tls_phone("6001", tone=440)
        bob = self.tls_phone("6002", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_to_hear(1000)
        with self.keys.connect(5061) as before:
            self.assertEqual("pbx", common_name(before))
            self.keys.issue("renewed")
            daemon.ask("module reload chan_sip")
            with self.keys.connect(5061) as after:
                self.assertEqual("renewed", common_name(after))
            before.sendall(options_request("kept", self.server))
            self.assertTrue(before.recv(4096).startswith(b"SIP/2.0 "))
        bob.hang_up()  # over the connection that it has had all along
        alice.wait_event("CALL_CLOSED")
        daemon.wait_idle()

    def test_a_certificate_that_does_not_fit_changes_nothing(self):
        daemon = self.pbx()
        (self.keys.folder / "pbx.key").write_text("no key\n")
        answer = daemon.cli("module reload chan_sip", check=False)
        self.assertNotEqual(0, answer.returncode)
        self.assertIn("keeps its certificate", answer.stdout + answer.stderr)
        with self.keys.connect(5061) as connection:
            self.assertEqual("pbx", common_name(connection))

    def test_missing_files_are_named_with_their_line(self):
        daemon = self.pbx("[transport-bad]\ntype=transport\nprotocol=tls\nbind=@ADDRESS@:5071\ncert_file=/nowhere/pbx.pem\n")
        daemon.wait_for_pattern(r"pjsip.conf:\d+: .*transport-bad.*/nowhere/pbx.pem: No such file")


SDES = "media_encryption=sdes"


class EncryptedMedia(TlsScenario):
    def pbx(self, **encryption):
        """6001 and 6002 with what is asked for: a dictionary of user and option lines."""
        phones = "".join(jt.phone_objects(user, extra=extra) for user, extra in encryption.items())
        objects = TRANSPORTS + jt.TRANSPORT + jt.PHONE_TEMPLATE + phones
        music = self.folder / "music"
        music.mkdir()
        jt.write_tone(music / "hold.wav", 620, 30)
        return self.daemon({"pjsip.conf": objects.replace("@KEYS@", str(self.keys.folder)), "extensions.conf": PLAN,
                            "musiconhold.conf": f"[default]\nmode=files\ndirectory={music}\n"})

    def talk(self, alice, bob):
        alice.dial("6002")
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        bob.hang_up()
        alice.wait_event("CALL_CLOSED")
        self.daemons[0].wait_idle()

    def test_two_phones_hear_each_other_encrypted(self):
        self.pbx(**{"6001": SDES, "6002": SDES})
        self.talk(self.tls_phone("6001", tone=440, media_encryption="srtp-mand"),
                  self.tls_phone("6002", tone=1000, auto_answer=True, media_encryption="srtp-mand"))

    def test_an_encrypted_leg_is_bridged_with_a_plain_one(self):
        self.pbx(**{"6001": SDES, "6002": ""})
        self.talk(self.tls_phone("6001", tone=440, media_encryption="srtp-mand"), self.phone("6002", tone=1000, auto_answer=True))

    def test_hold_and_resume_stay_encrypted(self):
        self.pbx(**{"6001": SDES, "6002": SDES})
        alice = self.tls_phone("6001", tone=440, media_encryption="srtp-mand")
        bob = self.tls_phone("6002", tone=1000, auto_answer=True, media_encryption="srtp-mand")
        alice.dial("6002")
        bob.wait_to_hear(440)
        alice.hold_and_resume(bob)
        bob.hang_up()
        alice.wait_event("CALL_CLOSED")
        self.daemons[0].wait_idle()

    def test_keys_that_change_within_the_call(self):
        far = self.address()
        daemon = self.daemon({"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + raw_phone.TRUNK.replace("@OPTIONS@", SDES).replace("@WHERE@", far),
                              "extensions.conf": PLAN})
        phone = raw_phone.RawPhone(self, far, self.server)
        sequence, keys_of_theirs = 65500, []  # the number goes round within: the roll-over counter is of each key

        def exchange(key, sample):
            """Describes that key of ours, speaks with it, and hears its echo by the key of the answer."""
            nonlocal sequence
            answer = phone.invite(f"m=audio {phone.media.getsockname()[1]} RTP/SAVP 0\r\n{key.line()}")
            target = (self.server, int(re.search(r"m=audio (\d+)", answer).group(1)))
            keys_of_theirs.append(raw_phone.Srtp.key_of(answer))
            back = theirs.get(keys_of_theirs[-1]) or theirs.setdefault(keys_of_theirs[-1], raw_phone.Srtp(keys_of_theirs[-1]))
            phone.media.settimeout(0.02)
            deadline = time.monotonic() + 10 * jt.SLOWNESS
            while time.monotonic() < deadline:
                phone.media.sendto(key.protect(raw_phone.rtp(sequence, sample)), target)
                sequence += 1
                try:
                    heard = back.unprotect(phone.media.recv(2000))
                except TimeoutError:
                    continue
                if heard and heard[12:] == bytes([sample]) * 160:
                    return
            self.fail(f"no echo of {sample:#x} with key {len(keys_of_theirs)}")

        theirs = {}
        first, second = raw_phone.Srtp(sending=True, identifier=b"\0\0\0\x07"), raw_phone.Srtp(sending=True)
        exchange(first, 0x11)   # its packets bear the name of the key (MKI)
        exchange(first, 0x22)   # nothing new: the keys stay
        exchange(second, 0x33)  # a new key of ours brings one of theirs
        for sample in range(0x40, 0x68):
            exchange(second, sample)
        self.assertEqual(keys_of_theirs[0], keys_of_theirs[1])
        self.assertEqual(2, len(set(keys_of_theirs)))
        self.assertGreater(sequence, 65536)
        phone.bye()
        daemon.wait_idle()

    def test_we_offer_a_new_key_before_the_old_one_is_worn(self):
        far = self.address()  # not baresip: 1.0.0 answers such an offer and then has only the key that it had
        daemon = self.daemon({"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + raw_phone.TRUNK.replace("@OPTIONS@", f"{SDES}\nsrtp_rekey_packets=20").replace("@WHERE@", far),
                              "extensions.conf": PLAN})
        phone, own = raw_phone.RawPhone(self, far, self.server), raw_phone.Srtp(sending=True)
        media = f"m=audio {phone.media.getsockname()[1]} RTP/SAVP 0\r\n"
        answer = phone.invite(media + own.line())
        target = (self.server, int(re.search(r"m=audio (\d+)", answer).group(1)))
        theirs = [raw_phone.Srtp(raw_phone.Srtp.key_of(answer))]
        sources, sequence, renewed = [set()], 100, False
        phone.media.settimeout(0.02)
        deadline = time.monotonic() + 20 * jt.SLOWNESS
        while not renewed or not sources[1]:
            self.assertLess(time.monotonic(), deadline, f"{len(sources[0])} sources by the first key, {renewed}")
            phone.media.sendto(own.protect(raw_phone.rtp(sequence, 0x11)), target)
            sequence += 1
            try:
                packet = phone.media.recv(2000)
            except TimeoutError:
                continue
            for number, key in enumerate(theirs):
                heard = key.unprotect(packet)
                if heard and heard[12:] == b"\x11" * 160:
                    sources[number].add(heard[8:12])
            if not renewed and sources[0] and (offer := phone.try_request("INVITE")):
                tag, key = re.search(r"a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80 inline:([^|\s]+)", offer).groups()
                self.assertEqual(1, offer.count("a=crypto:"))
                theirs.append(raw_phone.Srtp(base64.b64decode(key)))
                sources.append(set())
                phone.accept(offer, media + own.line().replace("crypto:1", f"crypto:{tag}"))
                renewed = True
        self.assertNotEqual(theirs[0].key, theirs[1].key)
        # A new source as well: its roll-over counter begins at 0 for everybody.
        self.assertEqual((1, 1, 2), (len(sources[0]), len(sources[1]), len(sources[0] | sources[1])))
        phone.bye()
        daemon.wait_idle()

    def test_who_offers_no_encryption_is_refused_where_it_is_required(self):
        self.pbx(**{"6001": SDES})
        alice = self.tls_phone("6001")
        alice.dial("600")
        _, event = alice.wait_event("CALL_CLOSED")
        self.assertIn("488", event["param"])

    def test_who_insists_on_encryption_is_refused_where_there_is_none(self):
        self.pbx(**{"6001": ""})
        alice = self.tls_phone("6001", media_encryption="srtp-mand")
        alice.dial("600")
        _, event = alice.wait_event("CALL_CLOSED")
        self.assertIn("488", event["param"])

    def test_optimistic_endpoints_take_both(self):
        both = SDES + "\nmedia_encryption_optimistic=yes"
        self.pbx(**{"6001": both, "6002": both})
        self.talk(self.tls_phone("6001", tone=440), self.tls_phone("6002", tone=1000, auto_answer=True, media_encryption="srtp"))


class Limits(TlsScenario):
    def test_a_client_that_trickles_is_dropped(self):
        self.pbx(jt.TRANSPORT)
        began, dropped = time.monotonic(), {}
        slow = {"TCP": socket.create_connection((self.server, 5060), 10), "TLS": self.keys.connect(5061),
                "WS": socket.create_connection((self.server, 8088), 10), "WSS": self.keys.connect(8089)}
        for connection in slow.values():
            self.addCleanup(connection.close)
        while len(dropped) < 4 and time.monotonic() - began < 40 * jt.SLOWNESS:
            for name, connection in slow.items():
                try:
                    if name not in dropped:
                        connection.sendall(b"O")
                except OSError:
                    dropped[name] = time.monotonic() - began
            time.sleep(0.5)
        self.assertEqual(set(slow), set(dropped))
        self.assertGreater(min(dropped.values()), 10)
        with socket.create_connection((self.server, 5061), 10) as mute:  # not even a handshake
            mute.settimeout(40 * jt.SLOWNESS)
            self.assertEqual(b"", mute.recv(1))

    def test_a_storm_of_registrations_disturbs_no_call(self):
        daemon = self.pbx("".join(jt.phone_objects(f"u{number}") for number in range(300)))
        alice = self.tls_phone("6001", tone=440)
        bob = self.tls_phone("6002", tone=1000, auto_answer=True)
        alice.dial("6002")
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        users = [f"u{number}" for number in range(300)]
        with concurrent.futures.ProcessPoolExecutor(1) as apart:  # of its own: what is measured here is not to wait for it
            registered = apart.submit(run_storm, self.server, 5061, str(self.keys.folder / "ca.pem"), users, "secret", 50).result()
        self.assertEqual(300, registered[0])
        alice.wait_to_hear(1000)
        bob.wait_to_hear(440)
        self.assertLess(jt.longest_gap(alice.heard()), 1)
        jt.wait_until(lambda: re.search(r"transport-tls\D+tls\D", daemon.ask("pjsip show transports")), 10, "the list of transports")


class WebSocketPhone:
    """Speaks SIP in WebSocket frames, masked as a client must."""

    def __init__(self, connection, host):
        self.socket, self.buffer = connection, b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                            "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        expected = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        assert head.startswith(b"HTTP/1.1 101") and expected in head and b"Sec-WebSocket-Protocol: sip" in head, head

    def fill(self):
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("closed")
        self.buffer += received

    def send(self, text):
        payload, mask = text.encode(), os.urandom(4)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        self.socket.sendall(b"\x81" + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def receive(self):
        while True:
            if len(self.buffer) >= 4:
                size, start = self.buffer[1] & 0x7F, 2
                if size == 126:
                    size, start = struct.unpack(">H", self.buffer[2:4])[0], 4
                if len(self.buffer) >= start + size:
                    payload, self.buffer = self.buffer[start:start + size], self.buffer[start + size:]
                    return payload.decode()
            self.fill()

    def register(self, user, secret, server):
        """By digest; the contact is one that nobody could look up (RFC 7118)."""
        self.contact = f"sip:{user}@browser.invalid;transport=ws"
        authorization = ""
        for number in (1, 2):
            self.send(f"REGISTER sip:{server} SIP/2.0\r\nVia: SIP/2.0/WS browser.invalid;branch=z9hG4bKr{number}\r\nMax-Forwards: 70\r\n"
                      f"From: <sip:{user}@{server}>;tag=1\r\nTo: <sip:{user}@{server}>\r\nCall-ID: web\r\nCSeq: {number} REGISTER\r\n"
                      f"Contact: <{self.contact}>\r\n{authorization}Content-Length: 0\r\n\r\n")
            answer = self.receive()
            if answer.startswith("SIP/2.0 200"):
                return answer
            realm, nonce = (re.search(name + '="([^"]*)"', answer).group(1) for name in ("realm", "nonce"))
            md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
            uri = f"sip:{server}"
            proof = md5(":".join((md5(f"{user}:{realm}:{secret}"), nonce, "00000001", "c", "auth", md5(f"REGISTER:{uri}"))))
            authorization = (f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{proof}", '
                             'algorithm=MD5, qop=auth, nc=00000001, cnonce="c"\r\n')
            opaque = re.search('opaque="([^"]*)"', answer)
            if opaque:
                authorization = authorization.replace("\r\n", f', opaque="{opaque.group(1)}"\r\n')
        raise AssertionError(answer)


class WebSockets(TlsScenario):
    def invited(self, connection):
        """Registers over the connection, is called, and refuses; what the INVITE said."""
        connection.settimeout(20 * jt.SLOWNESS)
        browser = WebSocketPhone(connection, self.server)
        self.addCleanup(connection.close)
        self.assertIn("<sip:6003@browser.invalid;transport=ws>", browser.register("6003", "secret", self.server))
        caller = self.tls_phone("6001")
        caller.dial("6003")
        invite = browser.receive()
        self.assertTrue(invite.startswith(f"INVITE {browser.contact} SIP/2.0\r\n"), invite)
        fields = [line for line in invite.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        browser.send("SIP/2.0 486 Busy Here\r\n" + "\r\n".join(line + (";tag=b" if line.startswith("To:") else "") for line in fields) +
                     "\r\nContent-Length: 0\r\n\r\n")
        self.assertTrue(browser.receive().startswith("ACK "))
        caller.wait_event("CALL_CLOSED")
        return invite

    def test_a_browser_registers_and_is_called_over_its_connection(self):
        self.pbx()
        invite = self.invited(socket.create_connection((self.server, 8088), 10))
        self.assertIn("Via: SIP/2.0/WS ", invite)
        self.assertIn(";transport=ws>", invite)

    def test_the_same_over_tls(self):
        self.pbx()
        self.assertIn("Via: SIP/2.0/WSS ", self.invited(self.keys.connect(8089)))

    def test_what_is_no_handshake_is_refused(self):
        self.pbx()
        with socket.create_connection((self.server, 8088), 10 * jt.SLOWNESS) as plain:
            plain.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(plain.recv(4096).startswith(b"HTTP/1.1 426 "))
            self.assertEqual(b"", plain.recv(1))


class Manager(TlsScenario):
    def client(self):
        made = Client(self.server, connection=self.keys.connect(5039))
        self.addCleanup(made.close)
        return made

    def test_a_client_logs_in_over_tls_and_outlives_the_certificate(self):
        general = f"tlsenable=yes\ntlsbindaddr=@ADDRESS@:5039\ntlscertfile={self.keys.folder}/pbx.pem\ntlsprivatekey={self.keys.folder}/pbx.key"
        daemon = self.daemon({"manager.conf": MANAGER.format(general=general), "extensions.conf": PLAN})
        client = self.client()
        self.assertTrue(client.banner.startswith("Asterisk Call Manager/"))
        client.login()
        self.assertEqual("Pong", client.ask("Ping").get("Ping"))
        self.keys.issue("renewed")
        daemon.ask("module reload res_manager")
        self.assertEqual("Pong", client.ask("Ping").get("Ping"))
        with self.keys.connect(5039) as fresh:
            self.assertEqual("renewed", common_name(fresh))


REST_CLIENT = """
const [address, user, password] = process.argv.slice(2);
require('ari-client').connect(`https://${address}:8089`, user, password).then(async client => {
  client.on('StasisStart', async (event, channel) => { console.log('start', channel.dialplan.exten); await channel.hangup(); });
  client.on('StasisEnd', () => { console.log('end'); process.exit(0); });
  client.on('WebSocketConnected', () => client.channels.originate({endpoint: 'Local/stasis@default', app: 'app'}));
  client.start('app');
}).catch(error => { console.log('failed', error.message || error); process.exit(1); });
"""


class Web(TlsScenario):
    def web(self, more=""):
        return self.daemon({
            "http.conf": http_fixture.HTTP.format(general=f"tlsenable=yes\ntlsbindaddr=@ADDRESS@\ntlscertfile={self.keys.folder}/pbx.pem\n"
                                                          f"tlsprivatekey={self.keys.folder}/pbx.key\n{more}"),
            "ari.conf": "[general]\nenabled=yes\n[admin]\ntype=user\npassword=secret\n",
            "extensions.conf": PLAN + "exten => stasis,1,Answer()\n same => n,Echo()\n"})

    def get(self, path, method="GET"):
        connection = http.client.HTTPSConnection(self.server, 8089, timeout=20 * jt.SLOWNESS, context=self.keys.context())
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"Authorization": "Basic " + base64.b64encode(b"admin:secret").decode()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def test_requests_and_events_over_tls_outlive_the_certificate(self):
        daemon = self.web()
        self.assertIn(f"HTTPS Server Enabled and Bound to {self.server}:8089", daemon.ask("http show status"))
        status, body = self.get("/ari/asterisk/info")
        self.assertEqual(200, status, body)
        self.assertIn("build", json.loads(body))
        self.assertIn('"https://', self.get("/ari/api-docs/asterisk.json")[1])
        events = http_fixture.WebSocket(self.server, "/ari/events?app=app&api_key=admin:secret", connection=self.keys.connect(8089))
        self.addCleanup(events.close)
        self.assertEqual(101, events.status)
        self.keys.issue("renewed")
        daemon.ask("module reload res_http")
        with self.keys.connect(8089) as fresh:
            self.assertEqual("renewed", common_name(fresh))
        self.assertEqual(200, self.get("/ari/channels?endpoint=Local/stasis@default&app=app", "POST")[0])
        while events.message()["type"] != "StasisStart":  # over the connection that began with the old certificate
            pass

    def test_ari_client_from_npm_works_over_tls(self):
        folder = self.npm_folder("ari-client@2.2.0")
        (folder / "secure.js").write_text(REST_CLIENT)
        self.web()
        done = subprocess.run(["node", "secure.js", self.server, "admin", "secret"], cwd=folder, capture_output=True, text=True,
                              timeout=60 * jt.SLOWNESS, env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.keys.folder / "ca.pem")})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(["start", "end"], [line.split()[0] for line in done.stdout.splitlines() if line.startswith(("start", "end"))])

    def test_a_client_that_speaks_plain_text_or_an_old_version_is_refused(self):
        self.web("tlsdisablev12=yes")
        with socket.create_connection((self.server, 8089), 10 * jt.SLOWNESS) as plain:
            plain.sendall(b"GET /httpstatus HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP/1.1 200", plain.recv(4096))
            except ConnectionResetError:
                pass
        old = self.keys.context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            old.wrap_socket(socket.create_connection((self.server, 8089), 10 * jt.SLOWNESS), server_hostname=self.server)
        self.assertEqual(200, self.get("/httpstatus")[0])

    def test_a_missing_certificate_is_named_with_its_line(self):
        daemon = self.daemon({"http.conf": http_fixture.HTTP.format(general="tlsenable=yes"), "extensions.conf": PLAN})
        daemon.wait_for_pattern(r"http.conf:\d+: tlsenable = yes needs tlscertfile")


if __name__ == "__main__":
    jt.main()
