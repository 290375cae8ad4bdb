"""Published clients of the manager interface, unchanged: from npm and from Debian. Log in, originate, follow events, redirect, hang up.
And a crowd of clients that come, go and do not read, while calls go on."""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

from ami_fixture import AmiTest, Client
from fixture import SLOWNESS, main, wait_until, without_sanitizers

# What each client does; `act(fields, answered)` and `events(seen)` are the client's own, in front of this.
STORY = """
const seen = [], told = {};
function begin() {
    act({Action: 'Originate', Channel: 'Local/answer@default/n', Application: 'Wait', Data: '60', Async: 'yes', Variable: 'A=one'},
        function (answer) { told.originate = answer.response; });
}
function take(event) {
    seen.push(event.event);
    if (event.event === 'OriginateResponse') {
        told.channel = event.channel;
        act({Action: 'GetVar', Channel: event.channel, Variable: 'A'}, function (answer) {
            told.variable = answer.value;
            act({Action: 'Redirect', Channel: event.channel, Context: 'default', Exten: 'other', Priority: '1'},
                function (answer) { told.redirect = answer.response; });
        });
    }
    if (event.event === 'Newexten' && event.extension === 'other' && event.application === 'Wait')
        act({Action: 'Hangup', Channel: told.channel, Cause: '16'}, function (answer) { told.hangup = answer.response; });
    if (event.event === 'Hangup' && event.channel === told.channel) {
        told.cause = event.cause;
        console.log(JSON.stringify({seen, told}));
        process.exit(0);
    }
}
setTimeout(function () { console.error('no end', seen, told); process.exit(2); }, 20000);
"""
NAMI = """
const library = require('nami'), quiet = () => {};
const nami = new library.Nami({host: process.argv[2], port: 5038, username: 'admin', secret: 'mysecret',
                               logger: {debug: quiet, info: quiet, warn: quiet, error: console.error}});
function act(fields, answered) {
    const action = new library.Actions[fields.Action]();
    for (const key of Object.keys(fields)) if (key !== 'Action') action.set(key, fields[key]);
    nami.send(action, answered);
}
nami.on('namiConnected', begin);
nami.on('namiLoginIncorrect', () => { console.error('login'); process.exit(1); });
nami.on('namiInvalidPeer', () => { console.error('banner'); process.exit(1); });
nami.on('namiEvent', take);
nami.open();
"""
YANA = """
const AMI = require('yana');
const ami = new AMI({host: process.argv[2], port: 5038, login: 'admin', password: 'mysecret', events: true, reconnect: false});
const lower = (block) => Object.fromEntries(Object.entries(block).map(([key, value]) => [key.toLowerCase(), value]));
function act(fields, answered) { ami.send(fields, (answer) => { if (lower(answer).response) answered(lower(answer)); }); }
ami.on('error', (error) => { console.error(error); process.exit(1); });
ami.on('event', (event) => take(lower(event)));
ami.connect(begin);
"""
PERL = """
use strict; use warnings; use Telephony::Asterisk::AMI;
my ($channel, @seen, %told);
my $ami;
sub take {
    my $event = shift;
    push @seen, $event->{Event};
    $channel ||= $event->{Channel} if $event->{Event} eq 'Newchannel';
}
$ami = Telephony::Asterisk::AMI->new(Host => $ARGV[0], Port => 5038, Username => 'admin', Secret => 'mysecret', Event_Callback => \\&take);
$ami->connect or die $ami->error;
my $answer = $ami->action({Action => 'Originate', Channel => 'Local/answer@default/n', Application => 'Wait', Data => 60, Variable => 'A=one'});
die $ami->error unless $answer->{Response} eq 'Success';
$ami->action({Action => 'Ping'});  # what has come until now is told to the function
$answer = $ami->action({Action => 'GetVar', Channel => $channel, Variable => 'A'});
$told{variable} = $answer->{Value};
$answer = $ami->action({Action => 'Redirect', Channel => $channel, Context => 'default', Exten => 'other', Priority => 1});
$told{redirect} = $answer->{Response};
$answer = $ami->action({Action => 'Hangup', Channel => $channel, Cause => 16});
$told{hangup} = $answer->{Response};
for (1 .. 50) { last if grep { $_ eq 'Hangup' } @seen; $ami->action({Action => 'Ping'}); select undef, undef, undef, 0.1; }
$ami->disconnect;
print join(' ', $channel, map({ "$_=$told{$_}" } sort keys %told), @seen), "\\n";
"""


@without_sanitizers
class PublishedClients(AmiTest):
    def follows(self, package, client):
        folder = self.npm_folder(package)
        (folder / "follow.js").write_text(STORY + client)
        self.manager()
        done = subprocess.run(["node", "follow.js", self.server], cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        end = json.loads(done.stdout.strip().splitlines()[-1])
        told, seen = end["told"], end["seen"]
        self.assertEqual((told["originate"], told["redirect"], told["hangup"], told["variable"], told["cause"]),
                         ("Success", "Success", "Success", "one", "16"))
        places = [seen.index(name) for name in ("Newchannel", "DialBegin", "DialEnd", "OriginateResponse", "Hangup")]
        self.assertEqual(places, sorted(places), seen)

    def test_nami(self):
        self.follows("nami@0.7.2", NAMI)

    def test_yana(self):
        self.follows("yana@0.3.0", YANA)

    def test_perl(self):
        if not shutil.which("perl") or subprocess.run(["perl", "-MTelephony::Asterisk::AMI", "-e", "1"], capture_output=True).returncode:
            self.skipTest("libtelephony-asterisk-ami-perl is not installed")
        self.manager()
        done = subprocess.run(["perl", "-e", PERL, self.server], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        channel, *rest = done.stdout.split()
        self.assertRegex(channel, "^Local/answer@default-.*;1$")
        self.assertEqual(rest[:3], ["hangup=Success", "redirect=Success", "variable=one"])
        self.assertIn("Hangup", rest)


class Crowd(AmiTest):
    @staticmethod
    def settled(count):
        """What `count` returns once it has been the same for half a second."""
        seen = []
        def same():
            time.sleep(0.1)
            seen.append(count())
            return len(seen) > 5 and len(set(seen[-6:])) == 1
        wait_until(same, 20, "a count that stays")
        return seen[-1]

    def test_many_come_and_go_and_half_never_read(self):
        """JACKFIELD_CROWD=500 is the long form; JACKFIELD_CROWD_ROUNDS says how often they come."""
        crowd, rounds = int(os.environ.get("JACKFIELD_CROWD", "60")), int(os.environ.get("JACKFIELD_CROWD_ROUNDS", "3"))
        daemon = self.manager("authlimit = 1000")
        watcher = self.client(Events="off")
        slowest, memory, descriptors = 0, [], []
        for _ in range(rounds):
            for _ in range(6):
                watcher.ask("Originate", Channel="Local/flood@default/n", Application="Wait", Data="60", Async="yes")
            clients = []
            for number in range(crowd):
                clients.append(Client(self.server))
                clients[-1].send("Login", Username="admin", Secret="mysecret")
                if number % 50 == 0:
                    began = time.monotonic()
                    watcher.ask("Ping")
                    slowest = max(slowest, time.monotonic() - began)
            deadline = time.monotonic() + 60 * SLOWNESS
            while daemon.channels() and time.monotonic() < deadline:
                for client in clients[::2]:  # these read; the others never do
                    client.socket.setblocking(False)
                    try:
                        while client.socket.recv(1 << 16):
                            pass
                    except OSError:
                        pass
                began = time.monotonic()
                watcher.ask("Ping")
                slowest = max(slowest, time.monotonic() - began)
            memory.append(daemon.memory_kib())
            for client in clients:
                client.close()
            daemon.wait_idle(30)
            wait_until(lambda: daemon.ask("manager show connected").splitlines()[-1] == "1 users connected.", 20, "the end of all sessions")
            # Some have not been logged in yet and some are still closing: neither counts as connected, and both have a descriptor.
            if descriptors:
                daemon.wait_for_descriptors(descriptors[0])
            descriptors.append(self.settled(daemon.descriptors))
        self.assertLess(slowest, 2 * SLOWNESS)
        # outputlimit is 1 MiB; each may have that much waiting in a buffer that grows by doubling, and no more with each round.
        if SLOWNESS > 1:
            return  # a sanitizer keeps what was freed for a while
        self.assertLess(max(memory), 64 * 1024 + crowd * 2 * 1024)
        self.assertLess(memory[-1], memory[0] + 16 * 1024 + crowd * 64)
        print(f"{crowd} clients, {rounds} rounds: {', '.join(f'{kib // 1024} MiB' for kib in memory)}; slowest answer {slowest * 1000:.0f} ms",
              file=sys.stderr)


if __name__ == "__main__":
    main()
