"""The manager interface (AMI) over a real daemon, by a client that knows the wire format only: log-in, actions, events with
their fields in order, filters, limits, garbage, clients that never read."""
import hashlib
import json
import pathlib
import random
import shutil
import socket
import subprocess
import threading
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
 same => n,Wait(0.02)
 same => n,GotoIf($[${i} < 200]?again)
 same => n,Hangup()
exten => 300,1,Answer()
 same => n,Wait(60)
exten => lamp,hint,Custom:lamp
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

    def test_general_settings_shape_events(self):
        self.manager("timestampevents = yes\ndebug = yes\nchannelvars = COLOUR,B\ndisabledevents = Newexten")
        client = self.client()
        client.ask("Originate", ("Variable", "B=x"), Channel="Local/answer@default/n", Application="Wait", Data="5", Async="yes")
        variable = client.event("VarSet", Variable="COLOUR")
        self.assertEqual(variable.keys(), ["Event", "Privilege", "Timestamp", "SequenceNumber", *SNAPSHOT, "ChanVariable", "ChanVariable",
                                           "Variable", "Value"])
        self.assertRegex(variable.get("Timestamp"), r"^\d{10}\.\d{6}$")
        self.assertEqual(variable.all("ChanVariable"), ["COLOUR=blue", "B=x"])
        self.assertEqual(client.event("OriginateResponse").get("Response"), "Success")
        self.assertNotIn("Newexten", client.history)
        answered = client.event("DialEnd")
        self.assertEqual(answered.all("DestChanVariable"), ["COLOUR=", "B=x"])

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


class ActionTest(AmiTest):
    def up(self, client, extension="answer", wait=True, **more):
        """A Local call to `extension` whose first half runs Wait; returns the names of both halves."""
        identity = client.send("Originate", Channel=f"Local/{extension}@default/n", Application="Wait", Data="60", Async="yes", **more)
        client.response(identity)
        one = client.event("OriginateResponse", ActionID=identity).get("Channel")
        return one, one[:-1] + "2"

    def test_database(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("DBPut", Family="a/b", Key="k", Val="1: x").get("Message"), "Updated database successfully")
        client.ask("DBPut", Family="a", Key="l", Val="2")
        found, complete = client.items("DBGet", "DBGetComplete", Family="a/b", Key="k")
        self.assertEqual(found, [[("Event", "DBGetResponse"), ("ActionID", f"id{client.count}"), ("Family", "a/b"), ("Key", "k"),
                                  ("Val", "1: x")]])
        self.assertEqual(complete.keys(), ["Event", "ActionID", "EventList", "ListItems"])
        tree, complete = client.items("DBGetTree", "DBGetTreeComplete", Family="a")
        self.assertEqual({(entry.get("Key"), entry.get("Val")) for entry in tree}, {("/a/b/k", "1: x"), ("/a/l", "2")})
        self.assertEqual(complete.get("ListItems"), "2")
        self.assertEqual(client.ask("DBDel", Family="a/b", Key="k").get("Message"), "Key deleted successfully")
        self.assertEqual(client.ask("DBGet", Family="a/b", Key="k").get("Message"), "Database entry not found")
        self.assertEqual(client.ask("DBDel", Family="a/b", Key="k").get("Message"), "Database entry not found")
        self.assertEqual(client.ask("DBDelTree", Family="a").get("Message"), "Key tree deleted successfully")
        self.assertEqual(client.ask("DBPut", Family="a").get("Response"), "Error")

    def test_command_prints_the_console_s_lines(self):
        self.manager()
        client = self.client()
        answer = client.ask("Command", Command="core show channels count")
        self.assertEqual(answer.keys()[:3], ["Response", "ActionID", "Message"])
        self.assertEqual((answer.get("Response"), answer.get("Message")), ("Success", "Command output follows"))
        self.assertEqual(answer.all("Output")[0], "0 active channels")
        self.assertEqual(client.ask("Command", Command="core show nonsense").get("Response"), "Error")
        long = client.ask("Command", Command="core show applications")
        self.assertTrue(any("Originate" in line or "Dial" in line for line in long.all("Output")))

    def test_settings_status_and_lists(self):
        self.manager()
        client = self.client()
        settings = client.ask("CoreSettings")
        self.assertEqual(settings.keys(), ["Response", "ActionID", "AMIversion", "AsteriskVersion", "SystemName", "CoreMaxCalls",
                                           "CoreMaxLoadAvg", "CoreRunUser", "CoreRunGroup", "CoreMaxFilehandles",
                                           "CoreRealTimeEnabled", "CoreCDRenabled", "CoreHTTPenabled", "SoundsSearchCustomDir"])
        status = client.ask("CoreStatus")
        self.assertEqual(status.keys(), ["Response", "ActionID", "CoreStartupDate", "CoreStartupTime", "CoreReloadDate",
                                         "CoreReloadTime", "CoreCurrentCalls", "CoreProcessedCalls"])
        self.assertRegex(status.get("CoreStartupDate"), r"^\d{4}-\d\d-\d\d$")
        self.assertEqual(client.ask("ModuleCheck", Module="res_manager").get("Response"), "Success")
        self.assertEqual(client.ask("ModuleCheck", Module="res_absent").get("Message"), "Module not loaded")
        one, two = self.up(client)
        channels, complete = client.items("CoreShowChannels", "CoreShowChannelsComplete")
        self.assertEqual({channel.get("Channel") for channel in channels}, {one, two})
        self.assertEqual(channels[0].keys(), ["Event", "ActionID", *SNAPSHOT, "BridgeId", "Application", "ApplicationData", "Duration"])
        self.assertEqual(complete.get("ListItems"), "2")
        states, complete = client.items("Status", "StatusComplete", Variables="COLOUR,CHANNEL(name)", Channel=two)
        self.assertEqual(states[0].keys(), ["Event", "ActionID", "Privilege", *SNAPSHOT, "Type", "DNID", "EffectiveConnectedLineNum",
                                            "EffectiveConnectedLineName", "TimeToHangup", "BridgeID", "Application", "Data",
                                            "Nativeformats", "Readformat", "Readtrans", "Writeformat", "Writetrans", "Callgroup",
                                            "Pickupgroup", "Seconds", "Variable", "Variable"])
        self.assertEqual(states[0].all("Variable"), ["COLOUR=blue", f"CHANNEL(name)={two}"])
        self.assertEqual(complete.get("Items"), "1")
        self.assertEqual(client.ask("Status", Channel="Local/none").get("Message"), "No such channel")
        plan, complete = client.items("ShowDialPlan", "ShowDialPlanComplete", Context="default", Extension="short")
        self.assertEqual([(line.get("Extension"), line.get("Priority"), line.get("Application")) for line in plan],
                         [("short", "1", "Answer"), ("short", "2", "UserEvent"), ("short", "3", "Hangup")])
        self.assertEqual((complete.get("ListExtensions"), complete.get("ListPriorities")), ("1", "3"))
        self.assertEqual(client.ask("ShowDialPlan", Context="none").get("Response"), "Error")
        client.ask("Setvar", Variable="DEVICE_STATE(Custom:lamp)", Value="RINGING")
        devices, _ = client.items("DeviceStateList", "DeviceStateListComplete")
        self.assertEqual([device.get("State") for device in devices if device.get("Device") == "Custom:lamp"], ["RINGING"])

    def test_configuration_files(self):
        daemon = self.manager()
        daemon.write("sample.conf", "[general]\nport = 1 ; note\n[base](!)\na = b\n[one](base)\nc = \"d\"\n")
        client = self.client()
        config = client.ask("GetConfig", Filename="sample.conf")
        self.assertEqual(config[2:], [("Category-000000", "general"), ("Line-000000-000000", "port=1"), ("Category-000001", "base"),
                                      ("IsTemplate-000001", "1"), ("Line-000001-000000", "a=b"), ("Category-000002", "one"),
                                      ("Templates-000002", "base"), ("Line-000002-000000", 'c="d"')])
        json_text = client.ask("GetConfigJSON", Filename="sample.conf", Category="one").get("JSON")
        self.assertEqual(json.loads(json_text), {"one": {"a": "b", "c": '"d"'}})
        self.assertEqual(client.ask("ListCategories", Filename="sample.conf").get("Category-000002"), "one")
        self.assertEqual(client.ask("GetConfig", Filename="none.conf").get("Message"), "Config file not found")
        for outside in ("/etc/passwd", "../etc/passwd"):
            self.assertEqual(client.ask("GetConfig", Filename=outside).get("Response"), "Error")

    def test_variables_of_channels_and_global_ones(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        self.assertEqual(client.ask("Setvar", Channel=one, Variable="X", Value="a,b: c").get("Message"), "Variable Set")
        answer = client.ask("Getvar", Channel=one, Variable="X")
        self.assertEqual(answer[2:], [("Variable", "X"), ("Value", "a,b: c")])
        client.ask("Setvar", Variable="WORLD", Value="1")
        self.assertEqual(client.event("VarSet", Variable="WORLD").get("Channel"), "none")
        self.assertEqual(client.ask("Getvar", Variable="WORLD").get("Value"), "1")
        self.assertEqual(client.ask("Getvar", Channel="Local/none", Variable="X").get("Message"), "No such channel")
        self.assertIn("dialplan only", client.ask("Getvar", Variable="ENV(HOME)").get("Message"))
        self.assertEqual(client.ask("AbsoluteTimeout", Channel=one, Timeout="1").get("Message"), "Timeout Set")
        client.event("Hangup", Channel=one)

    def test_originate_waits_for_its_outcome(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="1").get("Message"),
                         "Originate successfully queued")
        for channel in ("Local/busy@default", "Local/none@default", "Nothing/1"):
            self.assertEqual(client.ask("Originate", Channel=channel, Application="Wait").get("Message"), "Originate failed", channel)
        began = time.monotonic()
        late = client.ask("Originate", Channel="Local/silent@default", Application="Wait", Timeout="300")
        self.assertEqual(late.get("Response"), "Error")
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        for fields in ({"Channel": "x", "Application": "Wait"}, {"Channel": "Local/short@default"},
                       {"Channel": "Local/short@default", "Exten": "other", "Priority": "1", "Timeout": "soon"}):
            self.assertEqual(client.ask("Originate", **fields).get("Response"), "Error", fields)
        for channel, reason in (("Local/busy@default", "5"), ("Local/silent@default", "3"), ("Nothing/1", "0")):
            identity = client.send("Originate", Channel=channel, Application="Wait", Timeout="300", Async="true")
            client.response(identity)
            outcome = client.event("OriginateResponse", ActionID=identity)
            self.assertEqual((outcome.get("Response"), outcome.get("Reason")), ("Failure", reason), channel)
        self.daemons[0].wait_idle()

    def test_originated_channels_bear_the_ids_that_were_asked_for(self):
        self.manager()
        client = self.client()
        one, two = self.up(client, ChannelId="crm-1", OtherChannelId="crm-2")
        new = client.event("Newchannel", Channel=one)
        self.assertEqual((new.get("Uniqueid"), new.get("Linkedid")), ("crm-1", "crm-1"))
        new = client.event("Newchannel", Channel=two)
        self.assertEqual((new.get("Uniqueid"), new.get("Linkedid")), ("crm-2", "crm-1"))
        again = client.ask("Originate", Channel="Local/answer@default", Application="Wait", ChannelId="crm-1", Async="yes")
        self.assertEqual(again.get("Response"), "Error")
        self.assertEqual(client.ask("Hangup", Channel="crm-1").get("Message"), "Channel Hungup")
        client.event("Hangup", Channel=two)

    def test_who_may_originate_may_not_run_programs(self):
        self.manager()
        client = self.client("caller")
        for application, data in (("System", "true"), ("Set", "X=${SHELL(true)}")):
            answer = client.ask("Originate", Channel="Local/answer@default", Application=application, Data=data, Async="yes")
            self.assertIn("Forbidden", answer.get("Message"))

    def test_redirects_one_and_two(self):
        self.manager()
        client = self.client()
        one, two = self.up(client)
        self.assertEqual(client.ask("Redirect", Channel=two, Context="default", Exten="other", Priority="here").get("Message"),
                         "Redirect successful")
        client.event("Newexten", Channel=two, Exten="other", Priority="2")
        answer = client.ask("Redirect", Channel=one, ExtraChannel=two, Context="default", Exten="other", Priority="1",
                            ExtraContext="default", ExtraExten="answer", ExtraPriority="1")
        self.assertEqual(answer.get("Message"), "Dual Redirect successful")
        client.event("Newexten", Channel=one, Exten="other", Application="Answer")
        client.event("Newexten", Channel=two, Exten="answer", Application="Answer")
        self.assertEqual(client.ask("Redirect", Channel=one, Context="default", Exten="nowhere", Priority="1").get("Response"), "Error")
        self.assertEqual(client.ask("Redirect", Channel="none", Context="default", Exten="other", Priority="1").get("Message"),
                         "No such channel")

    def test_hangs_up_all_that_match(self):
        self.manager()
        client = self.client()
        self.up(client)
        self.up(client)
        found, complete = client.items("Hangup", "ChannelsHungupListComplete", Channel="/^Local.*;1$/")
        self.assertEqual((len(found), complete.get("ListItems")), (2, "2"))
        self.assertTrue(all(item.get("Channel").endswith(";1") for item in found))
        self.daemons[0].wait_idle()
        self.assertEqual(client.ask("Hangup", Channel="/(/").get("Response"), "Error")
        self.assertEqual(client.ask("Hangup", Channel="none").get("Message"), "No such channel")

    def test_bridges_two_calls_and_transfers(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        other, far = self.up(client)
        self.assertEqual(client.ask("Bridge", Channel1=one, Channel2=other).get("Message"), "Channels have been bridged")
        client.event("BridgeEnter", Channel=one)
        bridge = client.event("BridgeEnter", Channel=other)
        self.assertEqual(client.ask("PlayDTMF", Channel=one, Digit="5").get("Message"), "DTMF successfully queued")
        digit = client.event("DTMFEnd", Digit="5")
        self.assertEqual(digit.keys(), ["Event", "Privilege", *SNAPSHOT, "Digit", "DurationMs", "Direction"])
        self.assertEqual(digit.get("Privilege"), "dtmf,all")
        self.assertEqual(client.ask("BlindTransfer", Channel=one, Context="default", Exten="other").get("Message"), "Transfer succeeded")
        transfer = client.event("BlindTransfer")
        self.assertEqual(transfer.keys(), ["Event", "Privilege", "Result", *["Transferer" + key for key in SNAPSHOT],
                                           *["Transferee" + key for key in SNAPSHOT], *BRIDGE, "IsExternal", "Context", "Extension"])
        self.assertEqual((transfer.get("Result"), transfer.get("BridgeUniqueid")), ("Success", bridge.get("BridgeUniqueid")))
        self.assertEqual((transfer.get("TransfererChannel"), transfer.get("TransfereeChannel"), transfer.get("Extension")),
                         (one, other, "other"))
        client.event("BridgeLeave", BridgeUniqueid=bridge.get("BridgeUniqueid"))
        client.event("Hangup", Channel=one)
        client.event("Newexten", Channel=other, Exten="other")
        self.assertEqual(client.ask("BlindTransfer", Channel=other, Context="default", Exten="other").get("Message"), "Transfer failed")
        self.assertEqual(client.ask("BridgeKick", Channel=other).get("Message"), "Channel not in a bridge")
        self.assertEqual(client.ask("SendText", Channel=other, Message="hello").get("Response"), "Success")
        self.assertEqual(client.ask("Bridge", Channel1=other, Channel2=other).get("Response"), "Error")

    def test_an_attended_transfer_asks_first(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        other, _ = self.up(client)
        self.assertEqual(client.ask("Atxfer", Channel=one, Context="default", Exten="300").get("Response"), "Error")
        client.ask("Bridge", Channel1=one, Channel2=other)
        bridge = client.event("BridgeEnter", Channel=other).get("BridgeUniqueid")
        self.assertEqual(client.ask("Atxfer", Channel=one, Context="default", Exten="300").get("Message"), "Atxfer successfully queued")
        target = client.event("Newchannel", Exten="300").get("Channel")[:-1] + "1"
        client.event("Newstate", Channel=target, ChannelStateDesc="Up")
        client.ask("Hangup", Channel=one)
        transfer = client.event("AttendedTransfer")
        self.assertEqual((transfer.get("Result"), transfer.get("OrigTransfererChannel"), transfer.get("TransfereeChannel"),
                          transfer.get("OrigBridgeUniqueid")), ("Success", one, other, bridge))
        client.event("BridgeEnter", Channel=target, BridgeUniqueid=bridge)

    def test_reload_and_rotation(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("Reload", Module="pbx_config").get("Message"), "Module Reloaded")
        event = client.event("Reload", Module="pbx_config")
        self.assertEqual(event.keys(), ["Event", "Privilege", "Module", "Status"])
        self.assertEqual(client.ask("Reload").get("Response"), "Success")
        client.event("Reload", Module="All", Status="0")
        self.assertIn("No such module", client.ask("Reload", Module="res_absent").get("Message"))
        self.assertEqual(client.ask("LoggerRotate").get("Response"), "Success")
        self.assertEqual(client.ask("ModuleLoad", LoadType="unload", Module="app_echo").get("Message"), "Module unloaded.")
        self.assertEqual(client.ask("ModuleLoad", LoadType="load", Module="app_echo").get("Message"), "Module loaded.")
        self.assertEqual(client.ask("ModuleLoad", LoadType="unload", Module="res_manager").get("Response"), "Error")
        self.assertEqual(client.ask("Command", Command="module unload res_manager").get("Response"), "Error")
        self.assertEqual(client.ask("Ping").get("Ping"), "Pong")
        self.assertTrue(self.client().banner)  # the port is still open

    def test_the_console_shows_it_all(self):
        daemon = self.manager()
        self.client()
        self.assertIn("CoreShowChannels", daemon.ask("manager show commands"))
        self.assertIn("originate,all", daemon.ask("manager show command Originate"))
        connected = daemon.ask("manager show connected")
        self.assertIn("admin", connected)
        self.assertIn("1 users connected.", connected)
        self.assertIn("5 manager users configured.", daemon.ask("manager show users"))
        user = daemon.ask("manager show user far")
        self.assertIn("<Set>", user)
        self.assertNotIn("mysecret", user)
        self.assertIn("Newchannel", daemon.ask("manager show events"))
        self.assertIn("Privilege: call,all", daemon.ask("manager show event Hangup"))
        self.assertIn("bytes wait", daemon.ask("manager show eventq"))
        self.assertIn("outputlimit:", daemon.ask("manager show settings"))

    def test_the_daemon_s_stop_is_told_and_the_module_can_be_unloaded_under_its_clients(self):
        daemon = self.manager()
        client = self.client()
        daemon.ask("module unload res_manager")
        self.assertTrue(client.closed())
        self.assertNotIn("res_manager", pathlib.Path(f"/proc/{daemon.process.pid}/maps").read_text())
        daemon.ask("module load res_manager")
        client = self.client()
        daemon.cli("core stop now", check=False)
        stop = client.event("Shutdown")
        self.assertEqual(stop[2:], [("Shutdown", "Cleanly"), ("Restart", "False")])


class BurdenTest(AmiTest):
    def test_clients_that_never_read_harm_nobody(self):
        daemon = self.manager()
        clients = [self.client() for _ in range(50)]
        readers, others = [Reader(client) for client in clients[:25]], clients[25:]
        before = daemon.memory_kib()
        starter = self.client(Events="off")
        calls, slowest = 24, 0
        for _ in range(calls):
            starter.ask("Originate", Channel="Local/flood@default/n", Application="Wait", Data="60", Async="yes")
        while not all(reader.ends >= 2 * calls for reader in readers):
            self.assertTrue(all(reader.thread.is_alive() or reader.ends >= 2 * calls for reader in readers))
            began = time.monotonic()
            starter.ask("Ping")
            slowest = max(slowest, time.monotonic() - began)
            # outputlimit is 1 MiB: each of the 50 may have that much waiting, in a buffer that grows by doubling.
            self.assertLess(daemon.memory_kib() - before, 128 * 1024)
            time.sleep(0.1)
        self.assertLess(slowest, 1 * SLOWNESS)
        for reader in readers:
            reader.thread.join(10)
        # All the same bytes in the same order: each event was serialised once.
        self.assertEqual(len({reader.digest for reader in readers}), 1)
        self.assertGreater(readers[0].size, 7_000_000)
        daemon.wait_idle(30)
        wait_until(lambda: daemon.ask("manager show connected").splitlines()[-1] == "26 users connected.", 10, "the slow ones' end")
        self.assertEqual(daemon.log_text().count("reads too slowly"), len(others))

    def test_garbage_is_answered_or_shown_the_door(self):
        daemon = self.manager()
        for garbage, closes in ((b"\x00\xff\xfe" * 300 + b"\r\n\r\n", False), (b"A" * 5000, True), (b"A: b\r\n" * 50, True),
                                (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", False), (b"\r\n" * 5000, False), (b": \r\n\r\n", False)):
            client = self.client(login=False)
            client.socket.sendall(garbage)
            if closes:
                self.assertEqual(client.block().get("Response"), "Error")
                self.assertTrue(client.closed())
            else:
                client.socket.sendall(b"\r\n\r\n")
                identity = client.send("Login", Username="admin", Secret="mysecret")
                self.assertEqual(client.response(identity).get("Response"), "Success")
        client = self.client()
        chance = random.Random(5)
        for _ in range(100):
            client.socket.sendall(bytes(chance.randrange(256) for _ in range(100)) + b"\r\n\r\n")
        self.assertEqual(client.ask("Ping").get("Ping"), "Pong")
        self.assertEqual(client.ask("NoSuchAction").get("Response"), "Error")
        self.assertTrue(daemon.process.poll() is None)

    def test_many_requests_at_once_are_answered_in_order(self):
        self.manager()
        client = self.client(Events="off")
        client.socket.sendall(b"".join(b"Action: Ping\r\nActionID: n%d\r\n\r\n" % number for number in range(500)))
        for number in range(500):
            self.assertEqual(client.response(f"n{number}").get("Ping"), "Pong")
        self.assertEqual({block.get("Event") for block in client.events}, {"FullyBooted"})

    def test_clients_come_and_go(self):
        daemon = self.manager("authlimit = 200")
        descriptors = daemon.descriptors()
        for _ in range(5):
            clients = [Client(self.server) for _ in range(50)]
            for client in clients[::2]:
                client.login()
            for client in clients:
                client.close()
        wait_until(lambda: daemon.descriptors() <= descriptors, 10, "the end of all sessions")
        self.assertIn("0 users connected", daemon.ask("manager show connected"))


PUBLISHED_CLIENT = """
const ami = new (require('asterisk-manager'))(5038, process.argv[2], 'admin', 'mysecret', true);
const seen = [];
ami.on('managerevent', function (event) {
    seen.push(event.event + (event.channel ? ' ' + event.channel : ''));
    if (event.event === 'Hangup' && event.channel.endsWith(';1')) {
        console.log(JSON.stringify({seen, cause: event.cause, text: event['cause-txt'], variable}));
        process.exit(0);
    }
});
let variable;
ami.on('connect', function () {
    ami.action({action: 'originate', channel: 'Local/answer@default/n', application: 'Wait', data: 60, async: 'yes',
                variable: {A: 'one'}}, function (error, answer) {
        if (error || answer.response !== 'Success') { console.error('originate', error, answer); process.exit(1); }
    });
});
ami.on('originateresponse', function (event) {
    ami.action({action: 'getvar', channel: event.channel, variable: 'A'}, function (error, answer) {
        variable = answer && answer.value;
        ami.action({action: 'hangup', channel: event.channel, cause: 16}, function () {});
    });
});
setTimeout(function () { console.error('no end', seen); process.exit(2); }, 20000);
"""


class PublishedClientTest(AmiTest):
    def test_asterisk_manager_from_npm_follows_a_call_to_its_end(self):
        if not shutil.which("npm"):
            self.skipTest("npm is not installed")
        folder = BUILD / "npm-asterisk-manager"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "node_modules/asterisk-manager").exists():
            fetched = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "asterisk-manager@0.2.0"],
                                     capture_output=True, text=True, timeout=120)
            if fetched.returncode and any(word in fetched.stderr for word in ("ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED")):
                self.skipTest("npm has no network")
            self.assertEqual(fetched.returncode, 0, fetched.stderr)
        (folder / "follow.js").write_text(PUBLISHED_CLIENT)
        self.manager()
        done = subprocess.run(["node", "follow.js", self.server], cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout.strip().splitlines()[-1])
        self.assertEqual((told["cause"], told["text"], told["variable"]), ("16", "Normal Clearing", "one"))
        names = [entry.split()[0] for entry in told["seen"]]
        places = [names.index(name) for name in ("Newchannel", "DialBegin", "DialEnd", "OriginateResponse", "Hangup")]
        self.assertEqual(places, sorted(places), names)


if __name__ == "__main__":
    main()
