"""What the manager interface's scenarios share: a client that knows the wire format only, and the daemon that it speaks with."""
import hashlib
import socket
import sys
import threading
import time

from fixture import ROOT, SLOWNESS, ScenarioTest

sys.path.insert(0, str(ROOT / "tests/parity"))
from event_fields import BRIDGE, SNAPSHOT, check_event, check_response  # noqa: E402

EXTENSIONS = """
[default]
exten => answer,1,Answer()
 same => n,Set(COLOUR=blue)
 same => n,Wait(60)
exten => short,1,Answer()
 same => n,UserEvent(Greeting,Who: world,Number: 7)
 same => n,Hangup()
exten => busy,1,Busy()
exten => silent,1,Wait(60)
exten => dial,1,Dial(Local/answer@default/n)
exten => other,1,Answer()
 same => n(here),Wait(60)
exten => flood,1,Answer()
 same => n,Set(i=0)
 same => n(again),Set(i=$[${i} + 1])
 same => n,Wait(0.02)
 same => n,GotoIf($[${i} < 200]?again)
 same => n,Hangup()
exten => 300,1,Answer()
 same => n,Wait(60)
exten => 301,1,Wait(60)
exten => handlers,1,Set(CHANNEL(hangup_handler_push)=bye,s,1(one))
 same => n,Set(CHANNEL(hangup_handler_push)=bye,s,1(two))
 same => n,Set(CHANNEL(hangup_handler_pop)=)
 same => n,Hangup()
exten => lamp,hint,Custom:lamp
[bye]
exten => s,1,Return()
"""
MANAGER = """
[general]
enabled = yes
bindaddr = @ADDRESS@
authtimeout = 3
{general}
[admin]
secret = mysecret
read = all
write = all
[caller]
secret = mysecret
read = call,system
write = originate,call
[narrow]
secret = mysecret
read = all
write = all
eventfilter = Event: (Newchannel|Hangup)..Privilege
eventfilter = !Channel: Local/[^ ]*\\;2
[far]
secret = mysecret
deny = 0.0.0.0/0.0.0.0
permit = 192.0.2.0/255.255.255.0
[single]
secret = mysecret
allowmultiplelogin = no
"""


class Block(list):
    """A response or event: (key, value) pairs in order."""

    def get(self, key, otherwise=None):
        return next((value for name, value in self if name == key), otherwise)

    def keys(self):
        return [name for name, _ in self]

    def all(self, key):
        return [value for name, value in self if name == key]


class Client:
    def __init__(self, address, port=5038, connection=None):
        self.socket = connection or socket.create_connection((address, port), 10 * SLOWNESS)
        self.buffer = b""
        self.events = []
        self.history = []  # names of all events, in order
        self.count = 0
        self.actions = {}  # what was asked for, by action id
        self.banner = self.line()

    def fill(self, deadline):
        self.socket.settimeout(max(0.01, deadline - time.monotonic()))
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("the daemon has closed the connection")
        self.buffer += received

    def line(self):
        deadline = time.monotonic() + 10 * SLOWNESS
        while b"\r\n" not in self.buffer:
            self.fill(deadline)
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode()

    def block(self, seconds=10):
        deadline = time.monotonic() + seconds * SLOWNESS
        while b"\r\n\r\n" not in self.buffer:
            self.fill(deadline)
        text, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        block = Block()
        for line in text.decode(errors="replace").split("\r\n"):
            key, _, value = line.partition(": ")
            block.append((key.rstrip(":") if not value else key, value))
        keys = block.keys()
        if keys[0] == "Event":
            check_event(keys[1:], block.get("Event"))
            self.history.append(block.get("Event"))
        elif block.get("Response") == "Success" and "EventList" not in keys:
            check_response(keys[1:], self.actions.get(block.get("ActionID"), ""))
        return block

    def send(self, action, *fields, **more):
        self.count += 1
        identity = more.pop("id", f"id{self.count}")
        self.actions[identity] = action
        lines = [("Action", action), ("ActionID", identity), *fields, *more.items()]
        self.socket.sendall("".join(f"{key}: {value}\r\n" for key, value in lines).encode() + b"\r\n")
        return identity

    def response(self, identity, seconds=10):
        while True:
            block = self.block(seconds)
            if block[0][0] == "Response" and block.get("ActionID") == identity:
                return block
            self.events.append(block)

    def ask(self, action, *fields, seconds=10, **more):
        return self.response(self.send(action, *fields, **more), seconds)

    def items(self, action, complete, *fields, **more):
        """The list that an action answers with, and its last event."""
        identity = self.send(action, *fields, **more)
        first = self.response(identity)
        if first.get("Response") != "Success":
            raise AssertionError(first)
        found = []
        while True:
            block = self.block()
            if block.get("ActionID") != identity:
                self.events.append(block)
            elif block.get("Event") == complete:
                return found, block
            else:
                found.append(block)

    def event(self, name, seconds=10, **fields):
        """The first event of that name with these fields that has not been asked for."""
        deadline = time.monotonic() + seconds * SLOWNESS
        while True:
            for place, block in enumerate(self.events):
                if block.get("Event") == name and all(block.get(key) == value for key, value in fields.items()):
                    return self.events.pop(place)
            try:
                self.events.append(self.block(max(0.05, (deadline - time.monotonic()) / SLOWNESS)))
            except TimeoutError:
                raise AssertionError(f"event {name} {fields} did not come")

    def login(self, user="admin", secret="mysecret", **more):
        answer = self.ask("Login", Username=user, Secret=secret, **more)
        if answer.get("Response") != "Success":
            raise AssertionError(answer)
        return self

    def closed(self, seconds=10):
        deadline = time.monotonic() + seconds * SLOWNESS
        try:
            while time.monotonic() < deadline:
                self.fill(deadline)
        except ConnectionError:
            return True
        except TimeoutError:
            pass
        return False

    def close(self):
        self.socket.close()


class Reader:
    """Reads events as fast as they come, on a thread of its own, and remembers their sum only."""

    def __init__(self, client):
        self.client, self.ends, self.size, self.text = client, 0, 0, hashlib.md5()
        self.digest = None
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        client, calls = self.client, 48
        client.socket.settimeout(60 * SLOWNESS)
        rest, began = client.buffer, False
        while self.ends < calls:
            try:
                received = client.socket.recv(1 << 18)
            except OSError:  # the test has ended
                return
            if not received:
                return
            rest += received
            *whole, rest = rest.split(b"\r\n\r\n")
            for event in whole:
                began = began or event.startswith(b"Event: Newchannel")
                if began and self.ends < calls:
                    self.text.update(event)
                    self.size += len(event)
                    self.ends += event.startswith(b"Event: Hangup\r")
        self.digest = self.text.hexdigest()


class AmiTest(ScenarioTest):
    def manager(self, general="", **files):
        return self.daemon({"extensions.conf": EXTENSIONS, "manager.conf": MANAGER.format(general=general), **files})

    def client(self, user="admin", login=True, **more):
        made = Client(self.server)
        self.addCleanup(made.close)
        return made.login(user, **more) if login else made
