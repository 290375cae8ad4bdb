"""What the scenarios of the HTTP server share: a client that sees every byte, and one for whole requests."""
import base64
import hashlib
import http.client
import json
import os
import socket
import struct

from fixture import SLOWNESS, ScenarioTest

HTTP = """
[general]
enabled = yes
bindaddr = @ADDRESS@
{general}
"""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Raw:
    """A connection on which bytes are sent as they are."""

    def __init__(self, address, port=8088, connection=None):
        self.socket = connection or socket.create_connection((address, port), 10 * SLOWNESS)
        self.socket.settimeout(10 * SLOWNESS)
        self.file = self.socket.makefile("rb")  # one for all answers, which may come in one piece

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())
        return self

    def response(self):
        line = self.file.readline()
        if not line:
            raise EOFError("no answer")
        headers = http.client.parse_headers(self.file)
        body = b""
        if headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.file.readline(), 16):
                body += self.file.read(size)
                self.file.readline()
            self.file.readline()
        else:
            body = self.file.read(int(headers.get("Content-Length", 0)))
        return Answer(int(line.split()[1]), headers, body)

    def rest(self):
        """All until the other side closes."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self):
        self.file.close()
        self.socket.close()


class WebSocket:
    """A client that knows RFC 6455 only."""

    def __init__(self, address, target, headers=(), connection=None):
        self.raw = Raw(address, connection=connection)
        self.socket, self.buffer = self.raw.socket, b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.raw.send(f"GET {target} HTTP/1.1\r\nHost: {address}:8088\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n" + "".join(f"{line}\r\n" for line in headers) + "\r\n")
        while b"\r\n\r\n" not in self.buffer:
            part = self.socket.recv(4096)
            if not part:
                break
            self.buffer += part
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.head = head.decode()
        self.status = int(self.head.split()[1])
        if self.status == 101:
            wanted = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
            assert f"Sec-WebSocket-Accept: {wanted}" in self.head, self.head

    def send(self, payload, opcode=1, final=True):
        mask = os.urandom(4)
        payload = payload.encode() if isinstance(payload, str) else payload
        length = struct.pack("!B", 128 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 128 | 126, len(payload))
        self.socket.sendall(bytes([(128 if final else 0) | opcode]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def _take(self, count):
        while len(self.buffer) < count:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError
            self.buffer += part
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self):
        """The next frame: opcode and payload."""
        first, length = self._take(2)
        if length == 126:
            length, = struct.unpack("!H", self._take(2))
        elif length == 127:
            length, = struct.unpack("!Q", self._take(8))
        return first & 15, self._take(length)

    def message(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)

    def close(self):
        self.raw.close()


class HttpTest(ScenarioTest):
    def request(self, method, target, body=None, headers=None, user=None):
        connection = http.client.HTTPConnection(self.server, 8088, timeout=30 * SLOWNESS)
        headers = dict(headers or {})
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def raw(self):
        made = Raw(self.server)
        self.addCleanup(made.close)
        return made

    def websocket(self, target, headers=()):
        made = WebSocket(self.server, target, headers)
        self.addCleanup(made.close)
        return made
