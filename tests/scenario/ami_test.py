"""The manager interface (AMI) over a real daemon, by a client that knows the wire format only: log-in, actions, events with
their fields in order, filters, limits, garbage, clients that never read."""
import hashlib
import os
import shutil
import socket
import subprocess
import time
import unittest

from fixture import BUILD, SLOWNESS, ScenarioTest, main, wait_until

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
 same => n,GotoIf($[${i} < 400]?again)
 same => n,Hangup()
exten => lamp,hint,Custom:lamp
"""
MANAGER = """
[general]
enabled = yes
bindaddr = @ADDRESS@
authtimeout = 3
outputlimit = 65536
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
SNAPSHOT = ["Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum",
            "ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"]
BRIDGE = ["BridgeUniqueid", "BridgeType", "BridgeTechnology", "BridgeCreator", "BridgeName", "BridgeNumChannels",
          "BridgeVideoSourceMode"]


class Block(list):
    """A response or event: (key, value) pairs in order."""

    def get(self, key, otherwise=None):
        return next((value for name, value in self if name == key), otherwise)

    def keys(self):
        return [name for name, _ in self]

    def all(self, key):
        return [value for name, value in self if name == key]


class Client:
    def __init__(self, address, port=5038):
        self.socket = socket.create_connection((address, port), 10 * SLOWNESS)
        self.buffer = b""
        self.events = []
        self.history = []  # names of all events, in order
        self.count = 0
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
        if block.get("Event"):
            self.history.append(block.get("Event"))
        return block

    def send(self, action, *fields, **more):
        self.count += 1
        identity = more.pop("id", f"id{self.count}")
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


class AmiTest(ScenarioTest):
    def manager(self, general="", **files):
        return self.daemon({"extensions.conf": EXTENSIONS, "manager.conf": MANAGER.format(general=general), **files})

    def client(self, user="admin", login=True, **more):
        made = Client(self.server)
        self.addCleanup(made.close)
        return made.login(user, **more) if login else made


class LoginTest(AmiTest):
    def test_greets_logs_in_and_tells_that_it_has_booted(self):
        self.manager()
        client = self.client(login=False)
        self.assertRegex(client.banner, r"^Asterisk Call Manager/\d+\.\d+\.\d+$")
        answer = client.ask("Login", Username="admin", Secret="mysecret", id="x1")
        self.assertEqual(answer, [("Response", "Success"), ("ActionID", "x1"), ("Message", "Authentication accepted")])
        booted = client.event("FullyBooted")
        self.assertEqual(booted.keys(), ["Event", "Privilege", "Uptime", "LastReload", "Status"])
        self.assertEqual(booted.get("Privilege"), "system,all")
        pong = client.ask("Ping")
        self.assertEqual(pong.keys(), ["Response", "ActionID", "Ping", "Timestamp"])
        goodbye = client.ask("Logoff")
        self.assertEqual(goodbye.get("Response"), "Goodbye")
        self.assertTrue(client.closed())

    def test_a_challenge_is_answered_by_md5(self):
        self.manager()
        client = self.client(login=False)
        challenge = client.ask("Challenge", AuthType="MD5").get("Challenge")
        key = hashlib.md5((challenge + "mysecret").encode()).hexdigest()
        self.assertEqual(client.ask("Login", AuthType="MD5", Username="admin", Key=key).get("Response"), "Success")
        second = self.client(login=False)
        second.ask("Challenge", AuthType="MD5")
        self.assertEqual(second.ask("Login", AuthType="MD5", Username="admin", Key=key).get("Message"), "Authentication failed")

    def test_a_challenge_serves_once(self):
        self.manager()
        client = self.client(login=False)
        key = hashlib.md5(b"mysecret").hexdigest()  # of no challenge at all
        self.assertEqual(client.ask("Login", AuthType="MD5", Username="admin", Key=key).get("Message"), "Authentication failed")

    def test_failures_say_nothing_are_slowed_down_and_logged(self):
        daemon = self.manager()
        watcher = self.client()
        took, answers = [], []
        for user, secret in (("admin", "wrong"), ("nobody", "wrong"), ("far", "mysecret")):
            client = self.client(login=False)
            began = time.monotonic()
            answers.append(client.ask("Login", Username=user, Secret=secret, id="1"))
            took.append(time.monotonic() - began)
            self.assertTrue(client.closed())
        self.assertEqual(answers[0], [("Response", "Error"), ("ActionID", "1"), ("Message", "Authentication failed")])
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        self.assertGreaterEqual(took[0], 0.9)
        self.assertGreaterEqual(took[1], 1.9)
        self.assertGreaterEqual(took[2], 3.9)
        event = watcher.event("InvalidPassword")
        self.assertEqual(event.keys(), ["Event", "Privilege", "EventTV", "Severity", "Service", "EventVersion", "AccountID",
                                        "SessionID", "LocalAddress", "RemoteAddress"])
        self.assertEqual((event.get("Privilege"), event.get("AccountID")), ("security,all", "admin"))
        watcher.event("InvalidAccountID", AccountID="nobody")
        watcher.event("FailedACL", AccountID="far")
        daemon.wait_for_log('SecurityEvent="InvalidPassword"')

    def test_nothing_goes_before_login_and_who_waits_too_long_is_shown_out(self):
        self.manager()
        client = self.client(login=False)
        self.assertEqual(client.ask("Ping").get("Message"), "Permission denied")
        self.assertEqual(client.ask("Originate", Channel="Local/answer@default").get("Message"), "Permission denied")
        self.assertTrue(client.closed(6))

    def test_a_user_for_one_session(self):
        self.manager()
        self.client("single")
        second = self.client(login=False)
        self.assertEqual(second.ask("Login", Username="single", Secret="mysecret").get("Message"), "Login Already In Use")

    def test_no_more_strangers_than_authlimit(self):
        self.manager("authlimit = 2")
        first = [self.client(login=False) for _ in range(2)]
        third = socket.create_connection((self.server, 5038), 5)
        self.addCleanup(third.close)
        self.assertEqual(third.recv(100), b"")
        first[0].login()
        self.assertTrue(self.client(login=False).banner)

    def test_classes_decide_about_actions_and_events(self):
        self.manager()
        client = self.client("caller")
        denied = client.ask("Command", Command="core show uptime")
        self.assertEqual((denied.get("Response"), denied.get("Message")), ("Error", "Permission denied"))
        self.assertNotIn("Command", client.ask("ListCommands").keys())
        self.assertIn("Originate", client.ask("ListCommands").keys())
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="1", Async="true")
        seen = set()
        while True:
            block = client.block()
            seen.add(block.get("Event"))
            self.assertNotIn("dialplan", block.get("Privilege", ""))
            if block.get("Event") == "Hangup" and block.get("Channel").endswith(";1"):
                break
        self.assertIn("Newchannel", seen)
        self.assertNotIn("UserEvent", seen)

    def test_wrong_lines_in_the_file_are_refused_with_their_place(self):
        daemon = self.manager()
        daemon.write("manager.conf", MANAGER.format(general="") + "[x]\nsecret = a\nread = cal\neventfilter = (\n")
        failed = daemon.cli("manager reload", check=False)
        self.assertNotEqual(failed.returncode, 0)
        lines = MANAGER.format(general="").count("\n")
        self.assertIn(f"manager.conf:{lines + 3}", failed.stdout + daemon.log_text())
        self.assertIn("did you mean call?", failed.stdout + daemon.log_text())
        self.assertIn(f"manager.conf:{lines + 4}", daemon.log_text())

    def test_a_reload_keeps_sessions(self):
        daemon = self.manager()
        client = self.client()
        daemon.write("manager.conf", MANAGER.format(general="").replace("mysecret", "changed"))
        daemon.ask("manager reload")
        self.assertEqual(client.ask("Ping").get("Ping"), "Pong")
        second = self.client(login=False)
        self.assertEqual(second.ask("Login", Username="admin", Secret="changed").get("Response"), "Success")


class EventTest(AmiTest):
    def test_follows_a_call_from_beginning_to_end_with_all_fields(self):
        self.manager("timestampevents = no")
        client = self.client()
        answer = client.ask("Originate", ("Variable", "A=1,B=two"), Channel="Local/answer@default/n", Exten="other", Context="default",
                            Priority="1", CallerID='"Web" <77>', Account="acme", Async="yes", id="call-1")
        self.assertEqual(answer.get("Message"), "Originate successfully queued")
        new = client.event("Newchannel")
        self.assertEqual(new.keys(), ["Event", "Privilege", *SNAPSHOT])
        self.assertEqual(new.get("Privilege"), "call,all")
        one = new.get("Channel")
        self.assertRegex(one, r"^Local/answer@default-[0-9a-f]{8};1$")
        begin = client.event("DialBegin")
        self.assertEqual(begin.keys(), ["Event", "Privilege", *["Dest" + key for key in SNAPSHOT], "DialString"])
        self.assertEqual(begin.get("DialString"), "answer@default/n")
        two = client.event("Newchannel").get("Channel")
        self.assertEqual(two, one[:-1] + "2")
        local = client.event("LocalBridge")
        self.assertEqual(local.keys(), ["Event", "Privilege", *["LocalOne" + key for key in SNAPSHOT],
                                        *["LocalTwo" + key for key in SNAPSHOT], "Context", "Exten", "LocalOptimization"])
        self.assertEqual((local.get("Context"), local.get("Exten"), local.get("LocalOptimization")), ("default", "answer", "No"))
        step = client.event("Newexten", Channel=two)
        self.assertEqual(step.keys(), ["Event", "Privilege", *SNAPSHOT, "Extension", "Application", "AppData"])
        self.assertEqual((step.get("Privilege"), step.get("Application")), ("dialplan,all", "Answer"))
        end = client.event("DialEnd")
        self.assertEqual(end.get("DialStatus"), "ANSWER")
        response = client.event("OriginateResponse")
        self.assertEqual(response.keys(), ["Event", "Privilege", "ActionID", "Response", "Channel", "Context", "Exten", "Application",
                                           "Data", "Reason", "Uniqueid", "CallerIDNum", "CallerIDName"])
        self.assertEqual((response.get("ActionID"), response.get("Response"), response.get("Reason"), response.get("Channel")),
                         ("call-1", "Success", "4", one))
        self.assertEqual((response.get("CallerIDNum"), response.get("CallerIDName")), ("77", "Web"))
        variable = client.event("VarSet", Channel=two, Variable="COLOUR")
        self.assertEqual(variable.keys(), ["Event", "Privilege", *SNAPSHOT, "Variable", "Value"])
        self.assertEqual(variable.get("Value"), "blue")
        self.assertEqual(client.ask("Getvar", Channel=one, Variable="B").get("Value"), "two")
        self.assertEqual(client.ask("Getvar", Channel=one, Variable="CHANNEL(accountcode)").get("Value"), "acme")
        self.assertEqual(client.ask("Hangup", Channel=one, Cause="17").get("Message"), "Channel Hungup")
        wanted = client.event("SoftHangupRequest")
        self.assertEqual(wanted.keys(), ["Event", "Privilege", *SNAPSHOT, "Cause"])
        ends = {}
        while len(ends) < 2:
            block = client.event("Hangup")
            ends[block.get("Channel")] = block
        self.assertEqual(ends[one].keys(), ["Event", "Privilege", *SNAPSHOT, "Cause", "Cause-txt"])
        self.assertEqual((ends[one].get("Cause"), ends[one].get("Cause-txt")), ("17", "User busy"))
        self.assertEqual(set(ends), {one, two})
        order = [client.history.index(name) for name in ("Newchannel", "DialBegin", "LocalBridge", "Newexten", "DialEnd",
                                                         "SoftHangupRequest", "Hangup")]
        self.assertEqual(order, sorted(order), client.history)

    def test_bridges_and_their_members(self):
        self.manager()
        client = self.client()
        client.ask("Originate", Channel="Local/answer@default/n", Exten="dial", Context="default", Priority="1", Async="yes")
        created = client.event("BridgeCreate")
        self.assertEqual(created.keys(), ["Event", "Privilege", *BRIDGE])
        entered = client.event("BridgeEnter")
        self.assertEqual(entered.keys(), ["Event", "Privilege", *BRIDGE, *SNAPSHOT])
        client.event("BridgeEnter", BridgeNumChannels="2")
        bridges, complete = client.items("BridgeList", "BridgeListComplete")
        self.assertEqual([bridge.get("BridgeUniqueid") for bridge in bridges], [created.get("BridgeUniqueid")])
        self.assertEqual(complete.get("ListItems"), "1")
        members, _ = client.items("BridgeInfo", "BridgeInfoComplete", BridgeUniqueid=created.get("BridgeUniqueid"))
        self.assertEqual(len(members), 2)
        self.assertEqual(members[0].keys(), ["Event", "ActionID", *SNAPSHOT])
        self.assertEqual(client.ask("BridgeDestroy", BridgeUniqueid=created.get("BridgeUniqueid")).get("Response"), "Success")
        client.event("BridgeLeave")
        client.event("BridgeDestroy", BridgeUniqueid=created.get("BridgeUniqueid"))

    def test_user_events_of_the_plan_and_of_clients(self):
        self.manager()
        client = self.client()
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="5", Async="yes")
        event = client.event("UserEvent")
        self.assertEqual(event.keys(), ["Event", "Privilege", *SNAPSHOT, "UserEvent", "Who", "Number"])
        self.assertEqual((event.get("Privilege"), event.get("UserEvent"), event.get("Who")), ("user,all", "Greeting", "world"))
        self.assertEqual(client.ask("UserEvent", UserEvent="Mine", A="1\r\nInjected").get("Message"), "Event Sent")
        own = client.event("UserEvent", UserEvent="Mine")
        self.assertEqual(own.get("A"), "1")

    def test_filters_of_the_user_and_of_the_session(self):
        self.manager()
        client, watcher = self.client("narrow"), self.client()
        client.event("FullyBooted")
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="5", Async="yes")
        for _ in range(2):
            watcher.event("Hangup")
        client.ask("Ping")
        self.assertEqual({block.get("Event") for block in client.events}, {"Newchannel", "Hangup"})
        self.assertTrue(all(block.get("Channel").endswith(";1") for block in client.events))
        client.events.clear()
        self.assertEqual(client.ask("Filter", Operation="Add", Filter="!Event: Newchannel").get("Response"), "Success")
        self.assertEqual(client.ask("Filter", Operation="Add", Filter="(").get("Response"), "Error")
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="5", Async="yes")
        self.assertEqual(client.block().get("Event"), "Hangup")

    def test_events_off_and_by_class(self):
        self.manager()
        client = self.client(Events="off")
        client.ask("UserEvent", UserEvent="unheard")
        self.assertEqual(client.ask("Events", EventMask="user").get("Events"), "On")
        client.ask("UserEvent", UserEvent="heard")
        self.assertEqual(client.block().get("UserEvent"), "heard")
        self.assertEqual(client.ask("Events", EventMask="off").get("Events"), "Off")
        self.assertEqual(client.ask("Events", EventMask="nonsense").get("Response"), "Error")

    def test_wait_event_keeps_events_until_its_answer(self):
        self.manager()
        client, other = self.client(Events="user"), self.client(Events="off")
        identity = client.send("WaitEvent", Timeout="20")
        wait_until(lambda: "manager" in self.daemons[0].ask("fiber show"), 5)
        other.ask("UserEvent", UserEvent="one")
        answer = client.response(identity)
        self.assertEqual(answer.get("Message"), "Waiting for Event completed.")
        self.assertEqual(client.block().get("UserEvent"), "one")
        complete = client.block()
        self.assertEqual((complete.get("Event"), complete.get("ActionID")), ("WaitEventComplete", identity))
        identity = client.send("WaitEvent", Timeout="1")
        self.assertEqual(client.response(identity).get("Response"), "Success")
        self.assertEqual(client.block().get("Event"), "WaitEventComplete")

    def test_device_and_extension_states(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("Setvar", Variable="DEVICE_STATE(Custom:lamp)", Value="INUSE").get("Response"), "Success")
        device = client.event("DeviceStateChange", Device="Custom:lamp")
        self.assertEqual((device.keys(), device.get("State")), (["Event", "Privilege", "Device", "State"], "INUSE"))
        status = client.event("ExtensionStatus")
        self.assertEqual(status.keys(), ["Event", "Privilege", "Exten", "Context", "Hint", "Status", "StatusText"])
        self.assertEqual((status.get("Exten"), status.get("Status"), status.get("StatusText")), ("lamp", "1", "InUse"))
        answer = client.ask("ExtensionState", Exten="lamp", Context="default")
        self.assertEqual(answer.keys(), ["Response", "ActionID", "Message", "Exten", "Context", "Hint", "Status", "StatusText"])
        self.assertEqual(answer.get("Status"), "1")
        states, _ = client.items("ExtensionStateList", "ExtensionStateListComplete")
        self.assertEqual([state.get("Hint") for state in states], ["Custom:lamp"])


if __name__ == "__main__":
    main()
