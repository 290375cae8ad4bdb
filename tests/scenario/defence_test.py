"""What SIP does against strangers: limits of connections, fronts that are believed or not, lists of addresses, rules for messages,
and answers that tell a guesser nothing."""
import re
import socket
import statistics
import struct
import time

import fixture as jt
from ami_fixture import Client as Manager
from sip_peer import Message, Peer
from tls_test import Keys, WebSocketPhone

OBJECTS = """
[transport-udp]
type=transport
protocol=udp
bind=@ADDRESS@:5060
[transport-tcp]
type=transport
protocol=tcp
bind=@ADDRESS@:5060
max_connections=8
max_connections_per_source=3
[behind-tcp]
type=transport
protocol=tcp
bind=@ADDRESS@:5070
proxy_protocol=yes
trusted_proxies=@FRONT@
[behind-tls]
type=transport
protocol=tls
bind=@ADDRESS@:5071
cert_file=@KEYS@/pbx.pem
priv_key_file=@KEYS@/pbx.key
proxy_protocol=yes
trusted_proxies=@FRONT@
[behind-ws]
type=transport
protocol=ws
bind=@ADDRESS@:8088
trusted_proxies=@FRONT@,198.51.100.1
[global]
type=global
drop_match=User-Agent: friendly-scanner
reject_match=User-Agent: *sip.?vicious
[everybody]
type=acl
deny=@BARRED@
"""
ACL = "[office]\ndeny=0.0.0.0/0\npermit=@OFFICE@\n"
LOGGER = "[logfiles]\nmessages => notice,warning,error,security\n"


class Defence(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        self.front, self.office, self.barred, self.outside = (self.address() for _ in range(4))
        keys = Keys(self.folder, self.server)
        self.context = keys.context()
        objects = (OBJECTS + jt.PHONE_TEMPLATE + jt.phone_objects("6001") + jt.phone_objects("6002", extra="acl=office\n") +
                   jt.phone_objects("6003", extra="contact_acl=office\n") +
                   jt.phone_objects("6004", extra=f"contact_deny=0.0.0.0/0\ncontact_permit={self.office}\n"))
        for word, value in (("FRONT", self.front), ("KEYS", str(keys.folder)), ("BARRED", self.barred)):
            objects = objects.replace(f"@{word}@", value)
        manager = "[general]\nenabled=yes\nbindaddr=@ADDRESS@\n[kept-in]\nsecret=mysecret\nacl=office\n[free]\nsecret=mysecret\n"
        self.jackfield = self.daemon({"manager.conf": manager, "pjsip.conf": objects, "acl.conf": ACL.replace("@OFFICE@", self.office), "logger.conf": LOGGER})

    def peer(self, address, port=5060, **options):
        made = Peer.connect(address, self.server, port, **options)
        self.addCleanup(made.close)
        return made

    def wait_for_event(self, name, holding=""):
        log = self.jackfield.folder / "log/messages"
        jt.wait_until(lambda: re.search(rf'SecurityEvent="{name}".*{re.escape(holding)}', log.read_text() if log.exists() else ""), 10,
                      f"the security event {name} with {holding}")

    def test_connections_are_limited_in_all_and_by_source(self):
        first = [self.peer(self.office) for _ in range(3)]
        for one in first:  # each is served before the next count
            self.assertEqual(200, one.ask("OPTIONS").status)
        self.assertTrue(self.peer(self.office).ended())
        self.wait_for_event("SessionLimit", self.office)
        others = [self.peer(self.address()) for _ in range(5)]
        for one in others:
            self.assertEqual(200, one.ask("OPTIONS").status)
        self.assertTrue(self.peer(self.address()).ended())
        first[0].close()
        def served():
            again = self.peer(self.office)
            try:
                return again.ask("OPTIONS").status == 200
            except (AttributeError, OSError):
                return False
        jt.wait_until(served, 10, "a place that was given back")

    def test_a_front_tells_whose_its_connections_are(self):
        peer = self.peer(self.front, 5070)
        peer.connection.sendall(b"PROXY TCP4 192.0.2.9 198.51.100.7 4444 5070\r\n")
        via = peer.ask("OPTIONS")["Via"]
        self.assertTrue("received=192.0.2.9" in via and "rport=4444" in via, via)
        plain = socket.create_connection((self.server, 5071), 10, (self.front, 0))
        plain.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack(">H4s4sHH", 12, bytes((192, 0, 2, 10)), bytes((198, 51, 100, 7)), 5555, 5071))
        secure = Peer(self.context.wrap_socket(plain, server_hostname=self.server), transport="TLS")
        self.addCleanup(secure.close)
        self.assertIn("received=192.0.2.10", secure.ask("OPTIONS")["Via"])
        # Nobody else is believed, and who should say it must.
        stranger = self.peer(self.outside, 5070)
        stranger.connection.sendall(b"PROXY TCP4 192.0.2.9 198.51.100.7 4444 5070\r\n")
        stranger.request("OPTIONS")  # the line before it is no part of a SIP message
        stranger.connection.settimeout(0.5)
        try:
            self.assertNotEqual(200, stranger.receive().status)
        except TimeoutError:
            pass
        silent = self.peer(self.front, 5070)
        silent.request("OPTIONS")
        self.assertTrue(silent.ended())
        self.assertEqual(200, self.peer(self.outside, 5070).ask("OPTIONS").status)

    def test_forwarded_for_is_believed_of_fronts_alone(self):
        for source, expected in ((self.front, "received=192.0.2.33"), (self.outside, f"received={self.outside}")):
            connection = socket.create_connection((self.server, 8088), 10, (source, 0))
            self.addCleanup(connection.close)
            connection.settimeout(10 * jt.SLOWNESS)
            phone = WebSocketPhone(connection, f"{self.server}\r\nX-Forwarded-For: 203.0.113.5, 192.0.2.33\r\nX-Forwarded-For: 198.51.100.1")
            phone.send(f"OPTIONS sip:{self.server} SIP/2.0\r\nVia: SIP/2.0/WS browser.invalid;branch=z9hG4bKa;rport\r\nMax-Forwards: 70\r\nFrom: <sip:6001@x>;tag=1\r\n"
                       "To: <sip:x>\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
            self.assertIn(expected, Message(phone.receive())["Via"])

    def test_lists_and_rules_keep_out_what_they_say(self):
        self.assertEqual(200, self.peer(self.office, user="6002").register().status)
        self.assertEqual(401, self.peer(self.outside, user="6002").register().status)  # as if there were no such
        self.wait_for_event("FailedACL", 'AccountID="6002"')
        self.assertEqual(200, self.peer(self.office, user="6003").register().status)
        self.assertEqual(403, self.peer(self.outside, user="6003").register().status)
        self.wait_for_event("FailedACL", 'AccountID="6003"')
        self.assertEqual(200, self.peer(self.office, user="6004").register().status)
        self.assertEqual(403, self.peer(self.outside, user="6004").register().status)
        barred = self.peer(self.barred)
        barred.request("OPTIONS")
        scanner = self.peer(self.front)
        scanner.request("OPTIONS", "User-Agent: friendly-scanner")
        for silent in (barred, scanner):
            silent.connection.settimeout(0.3)
            self.assertRaises(TimeoutError, silent.receive)
        scanner.connection.settimeout(10 * jt.SLOWNESS)
        self.assertEqual(403, scanner.ask("OPTIONS", "User-Agent: sip-vicious").status)
        self.wait_for_event("RequestNotAllowed")
        self.assertIn("allow - " + self.office, self.jackfield.ask("acl show office"))
        for user, expected in (("kept-in", "Error"), ("free", "Success")):  # from 127.0.0.1
            manager = Manager(self.server)
            self.addCleanup(manager.close)
            self.assertEqual(expected, manager.ask("Login", Username=user, Secret="mysecret").get("Response"))
        self.wait_for_event("FailedACL", 'AccountID="kept-in"')

    def test_malformed_and_unknown_requests_are_reported(self):
        peer = self.peer(self.outside)
        peer.send(f"OPTIONS sip:{self.server} SIP/2.0\nVia: SIP/2.0/TCP {peer.host};branch=z9hG4bKm\nFrom: <sip:6001@x>;tag=1\nTo: <sip:x>\nCSeq: 1 OPTIONS")
        self.assertEqual(400, peer.final().status)
        self.wait_for_event("RequestBadFormat", self.outside)
        other = self.peer(self.office)
        other.request("FROBNICATE")
        self.assertEqual(405, other.final().status)
        self.wait_for_event("RequestNotSupported", self.office)

    def test_an_unknown_user_and_a_wrong_password_are_answered_alike(self):
        def shape(text):
            """The answer without what differs between any two."""
            for name in ("nonce", "branch", "tag"):
                text = re.sub(rf'{name}="?[^";\r\n]*', name, text)
            return re.sub(r"(CSeq|Call-ID): [^\r\n]*", r"\1", text).replace(peer.user, "USER")
        shapes, times = {}, {}
        for peer in (self.peer(self.office, user=user, password="wrong") for user in ("6001", "nobody")):
            peer.request("REGISTER", f"Contact: <{peer.contact}>")
            challenge = peer.final()
            shapes[peer.user], times[peer.user] = [shape(challenge.text)], []
        peers = {user: self.peer(self.front, user=user, password="wrong") for user in shapes}
        for _ in range(30):
            for user, peer in peers.items():
                peer.request("REGISTER", f"Contact: <{peer.contact}>")
                challenge = peer.final()
                proof = peer.credentials(challenge, "REGISTER", f"sip:{self.server}")
                began = time.perf_counter()
                peer.request("REGISTER", f"Contact: <{peer.contact}>\nAuthorization: {proof}")
                answer = peer.final()
                times[user].append(time.perf_counter() - began)
                shapes[user].append(shape(answer.text))
        ports = lambda text: re.sub(r":\d{4,5}|rport=\d+", "", text)
        self.assertEqual({ports(one) for one in shapes["6001"]}, {ports(one) for one in shapes["nobody"]})
        ratio = statistics.median(times["6001"]) / statistics.median(times["nobody"])
        self.assertTrue(0.4 < ratio < 2.5, f"a known user takes {ratio:.2f} times as long as an unknown one")


if __name__ == "__main__":
    jt.main()
