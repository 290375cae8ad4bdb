"""FastAGI by servers, AsyncAGI by a manager client, and ExternalIVR by both."""
import json
import socket
import subprocess
import time
import urllib.parse

from agi_fixture import AgiTest, FastAgiServer
from ami_fixture import SNAPSHOT
from fixture import SLOWNESS, main

DING_DONG = """
const Server = require('ding-dong');
new Server(async function (context) {
    const told = {};
    context.onEvent('hangup').then(() => { console.log(JSON.stringify(told)); process.exit(0); });
    told.variables = await context.onEvent('variables');
    told.answer = await context.answer();
    told.set = await context.setVariable('LEFT', 'a b "c');
    told.get = await context.getVariable('LEFT');
    told.full = await context.getFullVariable('${EXTEN}');
    told.database = [await context.databasePut('f', 'k', 'v'), await context.databaseGet('f', 'k'), await context.databaseDel('f', 'k')];
    told.stream = await context.streamFile(process.argv[3], '#');
    told.say = await context.sayNumber('7', '#');
    told.status = await context.channelStatus();
    told.noop = await context.noop();
    told.exec = await context.exec('UserEvent', 'FromNode,Key:value');
    told.digit = await context.waitForDigit(60000);
    told.hangup = await context.hangup();
}).start(parseInt(process.argv[4]), process.argv[2]).on('listening', () => console.log('listening'));
"""


class FastAgiTest(AgiTest):
    def test_a_server_gets_the_environment_and_commands(self):
        self.start()
        server = FastAgiServer(self.server)
        self.addCleanup(server.listener.close)
        self.call("line", __LINE=f"AGI(agi://{self.server}/menu?x=1,one,two)")
        server.accept()
        self.assertEqual(server.environment[:4], ["agi_network: yes", "agi_network_script: menu?x=1", f"agi_request: agi://{self.server}/menu?x=1",
                                                  f"agi_channel: {self.script}"])
        self.assertEqual(server.environment[-2:], ["agi_arg_1: one", "agi_arg_2: two"])
        self.assertEqual(server.ask("SET VARIABLE LEFT net\r"), "200 result=1\n")
        self.assertEqual(server.ask("GET VARIABLE EXTEN"), "200 result=1 (line)\n")
        server.close()
        after = self.after()
        self.assertEqual((after.get("Status"), after.get("Left")), ("SUCCESS", "net"))

    def test_hang_up_is_a_line(self):
        self.start()
        server = FastAgiServer(self.server, 4600)
        self.addCleanup(server.listener.close)
        self.call("line", __LINE=f"AGI(agi://{self.server}:4600)")
        server.accept()
        self.assertNotIn("agi_network_script", " ".join(server.environment))
        self.hang_up()
        self.assertEqual(server.file.readline(), "HANGUP\n")
        self.assertEqual(server.ask("SET VARIABLE LEFT dead"), "200 result=1\n")
        self.assertEqual(server.ask("ANSWER"), "511 Command Not Permitted on a dead channel or intercept routine\n")
        server.close()
        ended = self.after("Ended")
        self.assertEqual((ended.get("Status"), ended.get("Left")), ("HANGUP", "dead"))

    def test_a_dead_server_fails_and_blocks_nobody(self):
        self.start()
        self.call("line", __LINE=f"AGI(agi://{self.server}:4601/x)")
        self.assertEqual(self.after().get("Status"), "FAILURE")
        full = socket.socket()  # its backlog is full, so that connections are not answered
        full.bind((self.server, 4602))
        full.listen(0)
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self.server, 4602))
            fillers.append(filler)
        began = time.monotonic()
        self.call("line", __LINE=f"AGI(agi://{self.server}:4602/x)")
        asked = time.monotonic()
        self.daemons[0].ask("core show uptime")
        self.assertLess(time.monotonic() - asked, 1.5 * SLOWNESS)
        self.assertEqual(self.after().get("Status"), "FAILURE")
        self.assertGreater(time.monotonic() - began, 1.5)
        for each in (full, *fillers):
            each.close()
        self.call("line", __LINE="AGI(agi://no.such.host.invalid/x)")
        self.assertEqual(self.after(seconds=40).get("Status"), "FAILURE")

    def test_the_published_server_ding_dong_runs_unchanged(self):
        folder = self.npm_folder("ding-dong@0.1.7")
        (folder / "serve.js").write_text(DING_DONG)
        self.start()
        node = subprocess.Popen(["node", "serve.js", self.server, str(self.folder / "short"), "4610"], cwd=folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(node.communicate)
        self.addCleanup(node.kill)
        self.assertEqual(node.stdout.readline(), "listening\n")
        self.call("line", __LINE=f"AGI(agi://{self.server}:4610/node,extra)")
        self.assertEqual(self.after("FromNode").get("Key"), "value")
        self.press("5")
        self.assertEqual(self.after("Ended").get("Left"), "a b c")
        told = json.loads(node.stdout.readline())
        self.assertEqual(told["variables"]["agi_arg_1"], "extra")
        one = {"code": 200, "result": "1"}
        self.assertEqual(told["set"], one)
        self.assertEqual(told["get"], {**one, "value": "a b c"})
        self.assertEqual(told["full"], {**one, "value": "line"})
        self.assertEqual(told["database"], [one, {**one, "value": "v"}, one])
        self.assertEqual(told["stream"], {"code": 200, "result": "0 endpos=8000"})
        self.assertEqual([told[key]["result"] for key in ("answer", "say", "status", "noop", "exec", "digit", "hangup")],
                         ["0", "0", "6", "0", "0", "53", "1"])


class AsyncTest(AgiTest):
    def test_a_manager_client_sends_the_commands(self):
        self.start()
        self.call("line", __LINE="AGI(agi:async,one)")
        start = self.manager.event("AsyncAGIStart")
        self.assertEqual(start.keys(), ["Event", "Privilege", *SNAPSHOT, "Env"])
        self.assertEqual((start.get("Privilege"), start.get("Channel")), ("agi,all", self.script))
        environment = urllib.parse.unquote(start.get("Env")).split("\n")
        self.assertEqual((environment[0], environment[1]), ("agi_request: async", f"agi_channel: {self.script}"))
        self.assertEqual(environment[-3:], ["agi_arg_1: one", "", ""])
        answer = self.manager.ask("AGI", Channel=self.script, Command="SET VARIABLE LEFT \"far away\"", CommandID="id 1")
        self.assertEqual((answer.get("Response"), answer.get("Message")), ("Success", "Added AGI command to queue"))
        begin = self.manager.event("AGIExecStart")
        self.assertEqual(begin.keys(), ["Event", "Privilege", *SNAPSHOT, "Command", "CommandId"])
        self.assertEqual(begin.get("Command"), "SET VARIABLE LEFT \"far away\"")
        end = self.manager.event("AGIExecEnd")
        self.assertEqual(end.keys(), ["Event", "Privilege", *SNAPSHOT, "Command", "CommandId", "ResultCode", "Result"])
        self.assertEqual((end.get("CommandId"), end.get("ResultCode"), end.get("Result")), (begin.get("CommandId"), "200", "Success"))
        done = self.manager.event("AsyncAGIExec")
        self.assertEqual(done.keys(), ["Event", "Privilege", *SNAPSHOT, "CommandID", "Result"])
        self.assertEqual((done.get("CommandID"), done.get("Result")), ("id 1", "200%20result%3D1%0A"))
        # One after the other, whatever comes meanwhile.
        for number, command in enumerate(("WAIT FOR DIGIT 60000", "GET VARIABLE LEFT", "MAKE TEA", "VERBOSE")):
            self.manager.ask("AGI", Channel=self.script, Command=command, CommandID=str(number))
        self.press("4")
        results = [self.manager.event("AsyncAGIExec", CommandID=str(number)).get("Result") for number in range(4)]
        self.assertEqual([urllib.parse.unquote(text) for text in results[:3]],
                         ["200 result=52\n", "200 result=1 (far away)\n", "510 Invalid or unknown command\n"])
        self.assertIn("520 End of proper usage.", urllib.parse.unquote(results[3]))
        codes = [self.manager.event("AGIExecEnd").get("ResultCode") for _ in range(4)]
        self.assertEqual(codes, ["200", "200", "510", "520"])
        self.daemons[0].ask(f"agi exec {self.script} \"ASYNCAGI BREAK\" last")
        self.assertEqual(self.manager.event("AsyncAGIExec", CommandID="last").get("Result"), "200%20result%3D0%0A")
        self.assertEqual(self.manager.event("AsyncAGIEnd").keys(), ["Event", "Privilege", *SNAPSHOT])
        after = self.after()
        self.assertEqual((after.get("Status"), after.get("Left")), ("SUCCESS", "far away"))

    def test_errors_name_what_is_wrong(self):
        self.start()
        self.assertEqual(self.manager.ask("AGI", Channel="x").get("Message"), "Both, Channel and Command are *required*")
        self.assertEqual(self.manager.ask("AGI", Channel="x", Command="NOOP").get("Message"), "Channel x does not exist.")
        self.call("line", __LINE="Wait(60)")
        self.assertEqual(self.manager.ask("AGI", Channel=self.caller, Command="NOOP").get("Message"),
                         f"Failed to add AGI command to channel {self.caller} queue")

    def test_hang_up_ends_it(self):
        self.start()
        self.call("line", __LINE="AGI(agi:async)")
        self.manager.event("AsyncAGIStart")
        self.manager.ask("AGI", Channel=self.script, Command="WAIT FOR DIGIT -1", CommandID="w")
        self.manager.event("AGIExecStart")
        self.hang_up()
        self.assertEqual(self.manager.event("AsyncAGIExec", CommandID="w").get("Result"), "200%20result%3D-1%0A")
        self.assertEqual(self.manager.event("AGIExecEnd").get("ResultCode"), "-1")
        self.manager.event("AsyncAGIEnd")
        self.assertEqual(self.after("Ended").get("Status"), "HANGUP")

    def test_a_redirection_takes_the_call_away(self):
        self.start()
        self.call("line", __LINE="AGI(agi:async)")
        self.manager.event("AsyncAGIStart")
        self.manager.ask("AGI", Channel=self.script, Command="WAIT FOR DIGIT -1")
        self.manager.event("AGIExecStart")
        self.manager.ask("Redirect", Channel=self.script, Context="routines", Exten="next", Priority="1")
        self.assertEqual(self.after("Next").get("Here"), "routines/next/1")
        self.manager.event("AsyncAGIEnd")


class ExternalIvrTest(AgiTest):
    def converse(self, server):
        """The far side's half of a conversation that uses every command."""
        file = server.file
        def say(line):
            file.write(line + "\n")
            file.flush()
        def hear(kind):
            line = file.readline()
            self.assertRegex(line, f"^{kind}, *[0-9]+(,.*)?\n$")
            return line[:-1].split(",", 2)[2] if line.count(",") > 1 else ""
        short, tone = self.folder / "short", self.tone
        say("P,")
        self.assertEqual(hear("P"), f"ivr://{self.server},one,two")
        say("V,LEFT=x,B=y")
        say("G,LEFT,B")
        self.assertEqual(hear("G"), "LEFT=x,B=y")
        say(f"S,{short}")
        self.assertEqual(hear("F"), str(short))
        say("A,no-such-prompt")
        self.assertEqual(hear("Z"), "no-such-prompt")
        say(f"S,{tone}")
        say(f"A,{short}")
        say("I,")
        self.assertEqual([hear("T"), hear("D")], [str(tone), str(short)])
        say("O,autoclear")
        say(f"S,{tone}")
        say("G,B")
        self.assertEqual(hear("G"), "B=y")
        self.press("7")
        self.assertEqual([hear("7"), hear("T")], ["", str(tone)])
        return say, hear

    def test_a_server_chooses_what_is_heard(self):
        self.start()
        server = FastAgiServer(self.server, 2949)
        self.addCleanup(server.listener.close)
        self.call("line", __LINE=f"ExternalIVR(ivr://{self.server}(one,two))")
        server.connection, _ = server.listener.accept()
        server.connection.settimeout(15 * SLOWNESS)
        server.file = server.connection.makefile("rw", newline="\n")
        say, hear = self.converse(server)
        say("E,")
        hear("E")
        self.assertEqual(self.after().get("Left"), "x")
        server.close()

    def test_hang_up_is_told(self):
        self.start()
        server = FastAgiServer(self.server, 2949)
        self.addCleanup(server.listener.close)
        for options, event in (("", "H,"), (",i", "I,")):
            self.call("line", __LINE=f"ExternalIVR(ivr://{self.server}{options})")
            server.connection, _ = server.listener.accept()
            server.connection.settimeout(15 * SLOWNESS)
            server.file = server.connection.makefile("rw", newline="\n")
            self.hang_up()
            self.assertTrue(server.file.readline().startswith(event))
            if options:
                server.file.write("V,LEFT=dead\nE,\n")
                server.file.flush()
            self.assertEqual(self.after("Ended").get("Left"), "dead" if options else "")
            server.close()

    def test_a_program_leaves_or_hangs_up(self):
        self.start()
        program = self.folder / "ivr.sh"
        program.write_text("#!/bin/sh\necho \"V,LEFT=$1\"\necho E,bye\nread answer\n")
        program.chmod(0o755)
        self.call("line", __LINE=f"ExternalIVR({program}(first))")
        self.assertEqual(self.after().get("Left"), "first")
        program.write_text("#!/bin/sh\necho H,\nsleep 100\n")
        self.call("line", __LINE=f"ExternalIVR({program})")
        self.after("Ended")
        self.daemons[0].wait_idle()


if __name__ == "__main__":
    main()
