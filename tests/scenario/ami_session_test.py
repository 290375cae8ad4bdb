"""Sessions of the manager interface (AMI): log-in, limits, clients that never read, garbage, and a published client."""
import hashlib
import json
import random
import socket
import subprocess
import time

from ami_fixture import AmiTest, Client, MANAGER, Reader
from fixture import SLOWNESS, main, wait_until, without_sanitizers


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
        for text in (f"manager.conf:{lines + 3}", "did you mean call?", f"manager.conf:{lines + 4}"):
            daemon.wait_for_log(text)

    def test_a_reload_keeps_sessions(self):
        daemon = self.manager()
        client = self.client()
        daemon.write("manager.conf", MANAGER.format(general="").replace("mysecret", "changed"))
        daemon.ask("manager reload")
        self.assertEqual(client.ask("Ping").get("Ping"), "Pong")
        second = self.client(login=False)
        self.assertEqual(second.ask("Login", Username="admin", Secret="changed").get("Response"), "Success")


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
        self.assertLess(slowest, 3 * SLOWNESS)
        for reader in readers:
            reader.thread.join(10)
        # All the same bytes in the same order: each event was serialised once.
        self.assertEqual(len({reader.digest for reader in readers}), 1)
        self.assertGreater(readers[0].size, 7_000_000)
        daemon.wait_idle(30)
        wait_until(lambda: daemon.ask("manager show connected").splitlines()[-1] == "26 users connected.", 10, "the slow ones' end")
        wait_until(lambda: daemon.log_text().count("reads too slowly") >= len(others), 10, "a line for each slow one")
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
        daemon.wait_for_descriptors(descriptors)
        wait_until(lambda: "0 users connected" in daemon.ask("manager show connected"), 10, "an empty list")


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


@without_sanitizers
class PublishedClientTest(AmiTest):
    def test_asterisk_manager_from_npm_follows_a_call_to_its_end(self):
        folder = self.npm_folder("asterisk-manager@0.2.0")
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
