"""Failed log-ins: refused for a while by account and address, at every interface alike, and never for good."""
import hashlib
import re
import socket
import time

import fixture as jt
from ami_fixture import MANAGER, AmiTest
from http_fixture import HTTP, HttpTest

ARI = "[general]\nenabled=yes\n[admin]\ntype=user\npassword=secret\n[hashed]\ntype=user\npassword_format=crypt\npassword=$6$saltstring$x\n"
LIMITS = "[login_limits]\nfirst_delay=1500\nlongest_delay=1500\nlongest_hold=20\nfree_failures=2\n"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class SipClient:
    """Registers by digest over UDP, request by request."""

    def __init__(self, test, server):
        self.server, self.count = server, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((test.network + ".7", 0))
        self.socket.settimeout(10 * jt.SLOWNESS)
        test.addCleanup(self.socket.close)

    def send(self, user, authorization=""):
        self.count += 1
        host, port = self.socket.getsockname()
        self.socket.sendto((f"REGISTER sip:{self.server} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{id(self)}{self.count}\r\n"
                            f"Max-Forwards: 70\r\nFrom: <sip:{user}@{self.server}>;tag=1\r\nTo: <sip:{user}@{self.server}>\r\n"
                            f"Call-ID: {id(self)}{user}\r\nCSeq: {self.count} REGISTER\r\nContact: <sip:{user}@{host}:{port}>\r\n"
                            f"{authorization}Content-Length: 0\r\n\r\n").encode(), (self.server, 5060))
        return self.socket.recv(8192).decode()

    def register(self, user, secret):
        """The final answer."""
        challenge = self.send(user)
        line = next(line for line in challenge.split("\r\n") if line.startswith("WWW-Authenticate") and "algorithm=MD5" in line)
        realm, nonce = (re.search(name + '="([^"]*)"', line).group(1) for name in ("realm", "nonce"))
        uri = f"sip:{self.server}"
        proof = md5(":".join((md5(f"{user}:{realm}:{secret}"), nonce, "00000001", "c", "auth", md5(f"REGISTER:{uri}"))))
        return self.send(user, f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{proof}", '
                               'algorithm=MD5, qop=auth, nc=00000001, cnonce="c"\r\n')


def shape(answer):
    """An answer without what differs by chance: its status and its challenges."""
    text = re.sub('(nonce|opaque)="[^"]*"', "", answer)
    return [line for line in text.split("\r\n") if line.startswith(("SIP/2.0", "WWW-Authenticate"))]


class LoginLimits(AmiTest, HttpTest):
    def pbx(self, limits=LIMITS):
        return self.daemon({"security.conf": limits, "http.conf": HTTP.format(general=""), "ari.conf": ARI, "extensions.conf": "[default]\n",
                            "manager.conf": MANAGER.format(general=""),
                            "pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + "".join(jt.phone_objects(user) for user in ("6001", "6002"))})

    def test_a_phone_with_a_wrong_password_is_refused_for_a_while_and_its_neighbours_are_not(self):
        daemon = self.pbx()
        watcher = self.client()
        phone = SipClient(self, self.server)
        self.assertIn(" 200 ", phone.register("6001", "secret").split("\r\n")[0])
        wrong = phone.register("6001", "wrong")
        self.assertEqual(shape(wrong), shape(phone.register("9999", "wrong")))  # nobody has that name
        watcher.event("ChallengeResponseFailed", AccountID="6001", Service="SIP")
        for _ in range(2):
            phone.register("6001", "wrong")
        refused = phone.register("6001", "secret")
        self.assertEqual(shape(wrong), shape(refused))
        self.assertRegex(daemon.ask("login show failures"), r"SIP/6001 +127[.\d]+ +3 ")
        self.assertIn(" 200 ", phone.register("6002", "secret").split("\r\n")[0])
        jt.wait_until(lambda: " 200 " in phone.register("6001", "secret").split("\r\n")[0], 10, "the right password")
        self.assertNotRegex(daemon.ask("login show failures"), r"SIP/6001 +127")

    def test_requests_to_the_rest_interface(self):
        daemon = self.pbx("[login_limits]\nlongest_hold=20\nfree_failures=2\nfirst_delay=60000\n")
        ask = lambda user: self.request("GET", "/ari/asterisk/ping", user=user)
        self.assertEqual(200, ask("admin:secret").status)
        answers = [ask(user) for user in ("admin:wrong", "nobody:wrong", "hashed:wrong", "admin:wrong", "admin:wrong")]
        for answer in answers:
            self.assertEqual((401, answers[0].body), (answer.status, answer.body))
        refused = ask("admin:secret")
        self.assertEqual((401, answers[0].body), (refused.status, refused.body))
        daemon.wait_for_log('SecurityEvent="InvalidPassword"')
        self.assertIn("forgotten", daemon.ask("login clear failures ARI/admin"))
        self.assertEqual(200, ask("admin:secret").status)

    def test_the_manager_and_what_its_clients_are_told(self):
        daemon = self.pbx()
        watcher = self.client()
        answers = []
        for secret in ("wrong", "wrong", "wrong", "mysecret"):
            client = self.client(login=False)
            answers.append(client.ask("Login", Username="caller", Secret=secret, id="1"))
        self.assertEqual([answers[0]] * 4, answers)
        watcher.event("RequestNotAllowed", AccountID="caller", Service="AMI")
        self.assertIn("2 ", daemon.ask("login clear failures caller"))
        self.client("caller")

    def test_a_reload_changes_the_limits_and_a_wrong_line_changes_nothing(self):
        daemon = self.pbx()
        daemon.write("security.conf", "[login_limits]\nfirst_delay=never\n")
        answer = daemon.cli("core reload", check=False)
        jt.wait_until(lambda: "security.conf:2" in answer.stdout + answer.stderr + daemon.log_text(), 10, "the line of the file")
        daemon.write("security.conf", LIMITS + "enabled=no\n")
        daemon.ask("core reload")
        phone = SipClient(self, self.server)
        for _ in range(5):
            phone.register("6001", "wrong")
        self.assertIn(" 200 ", phone.register("6001", "secret").split("\r\n")[0])


if __name__ == "__main__":
    jt.main()
