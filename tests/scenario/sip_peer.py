"""A SIP user agent of a few lines, message by message over a connection (or UDP): for what neither SIPp nor a phone does."""
import hashlib
import random
import re
import socket
import time

import fixture as jt


class Message:
    """A message that was received."""

    def __init__(self, text):
        self.text = text
        head, _, self.body = text.partition("\r\n\r\n")
        self.first, *lines = head.split("\r\n")
        self.headers = [tuple(part.strip() for part in line.partition(":")[::2]) for line in lines]
        self.status = int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0
        self.method = "" if self.status else self.first.split()[0]

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def __getitem__(self, name):
        return ", ".join(self.all(name))


class Peer:
    """One end of a connection to the daemon."""

    def __init__(self, connection, user="6001", transport="TCP", password="secret"):
        self.connection, self.user, self.transport, self.password = connection, user, transport, password
        self.host, self.port = connection.getsockname()[:2]
        self.server = connection.getpeername()[0]
        self.call_id, self.cseq, self.buffer, self.pongs = f"c{random.randrange(1 << 40):x}", 0, b"", 0
        connection.settimeout(10 * jt.SLOWNESS)

    @classmethod
    def connect(cls, address, server, port=5060, **options):
        return cls(socket.create_connection((server, port), 10, (address, 0)), **options)

    def send(self, text, body=""):
        head = text.strip().replace("\n", "\r\n")
        self.connection.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    def receive(self):
        """The next message; None when the connection has ended. Pongs are counted."""
        while True:
            while self.buffer.startswith(b"\r\n"):
                self.buffer = self.buffer[2:]
                self.pongs += 1
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if found:
                size = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
                if len(rest) >= size:
                    self.buffer = rest[size:]
                    return Message((head + found + rest[:size]).decode())
            got = self.connection.recv(65536)
            if not got:
                return None
            self.buffer += got

    def ended(self, seconds=10):
        """Whether the other side closes the connection in that time."""
        self.connection.settimeout(seconds * jt.SLOWNESS)
        try:
            while self.connection.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        finally:
            self.connection.settimeout(10 * jt.SLOWNESS)

    @property
    def contact(self):
        return f"sip:{self.user}@{self.host}:{self.port};transport={self.transport.lower()}"

    def request(self, method, more="", uri=None, to=None, body="", call_id=None):
        self.cseq += 1
        self.send(f"""{method} {uri or f'sip:{self.server}'} SIP/2.0
Via: SIP/2.0/{self.transport} {self.host}:{self.port};branch=z9hG4bK{random.randrange(1 << 40):x};rport
From: <sip:{self.user}@{self.server}>;tag=f{self.cseq}
To: <{to or f'sip:{self.user}@{self.server}'}>
Call-ID: {call_id or self.call_id}
CSeq: {self.cseq} {method}
Max-Forwards: 70
{more}""".rstrip(), body)

    def ask(self, method, more="", uri=None, to=None, body="", call_id=None):
        """Sends it, answers a challenge, and returns the final response."""
        self.request(method, more, uri, to, body, call_id)
        answer = self.final()
        if answer.status in (401, 407):
            more = f"{more}\nAuthorization: {self.credentials(answer, method, uri or f'sip:{self.server}')}".strip()
            self.request(method, more, uri, to, body, call_id)
            answer = self.final()
        return answer

    def final(self):
        while True:
            answer = self.receive()
            if answer is None or answer.status >= 200:
                return answer

    def credentials(self, answer, method, uri):
        value = next(one for one in answer.all("WWW-Authenticate") if "MD5" in one)
        realm, nonce = (re.search(rf'{name}="([^"]*)"', value).group(1) for name in ("realm", "nonce"))
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
        proof = md5(f"{md5(f'{self.user}:{realm}:{self.password}')}:{nonce}:00000001:abc:auth:{md5(f'{method}:{uri}')}")
        return (f'Digest username="{self.user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{proof}", algorithm=MD5, '
                'qop=auth, nc=00000001, cnonce="abc"')

    def register(self, parameters="", more="Supported: outbound, path, gruu", expires=3600, call_id=None):
        return self.ask("REGISTER", f"Contact: <{self.contact}>{parameters}\nExpires: {expires}\n{more}", call_id=call_id)

    def reply(self, request, status, more="", body=""):
        copied = "\n".join(f"{name}: {value}" for name, value in request.headers if name.lower() in ("via", "from", "call-id", "cseq", "record-route"))
        tag = "" if "tag=" in request["To"] or status == 100 else f";tag=t{id(self):x}"
        self.send(f"SIP/2.0 {status} Because\n{copied}\nTo: {request['To']}{tag}\n{more}".rstrip(), body)

    def close(self):
        self.connection.close()


def listen(address, port=5060):
    """A server that takes one connection after the other."""
    server = socket.create_server((address, port))
    server.settimeout(10 * jt.SLOWNESS)
    return server
