"""Call events: the records of real calls in files, SQLite and the manager interface; and the manager's event for call records."""
import json
import subprocess

import fixture as jt
from ami_fixture import Client
from cdr_test import CdrTest

CEL = """
[general]
enable=yes
apps=dial,wait
events=ALL
{more}
[manager]
enabled=yes
"""
LINE = "Events.csv => ${eventtype},${CHANNEL(channame)},${CALLERID(num)},${CHANNEL(appname)},${userdeftype},${CSV_QUOTE(${eventextra})},${eventtime}\n"


class Events(CdrTest):
    def begin(self, more="", files=None):
        self.start(files={"cel.conf": CEL.format(more=more), "cel_custom.conf": "[mappings]\n" + LINE, **(files or {})})

    def lines(self):
        path = self.jackfield.folder / "log/cel-custom/Events.csv"
        return [line.split(",", 5) for line in path.read_text().splitlines()] if path.exists() else []

    def finished(self):
        return jt.wait_until(lambda: any(line[0] == "LINKEDID_END" for line in self.lines()) and self.lines(), 10, "LINKEDID_END")

    def test_a_call_between_two(self):
        self.begin()
        client = Client(self.server).login()
        self.addCleanup(client.close)
        self.peers("callee")
        self.call("106", 800)
        lines = self.finished()
        def of(device):
            return [line[0] for line in lines if line[1].startswith(f"PJSIP/{device}-") and line[0] != "LINKEDID_END"]
        self.assertEqual(of("callee"), ["CHAN_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END"])
        self.assertEqual(of("caller"),
                         ["CHAN_START", "APP_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "APP_END", "HANGUP", "CHAN_END"])
        self.assertEqual(sum(line[0] == "LINKEDID_END" for line in lines), 1)
        self.assertEqual(lines[-1][0], "LINKEDID_END")
        hangup = next(line for line in lines if line[0] == "HANGUP" and "caller" in line[1])
        extra = json.loads(hangup[5].rsplit(",", 1)[0].strip('"').replace('""', '"'))
        self.assertEqual((extra["hangupcause"], extra["dialstatus"]), (16, "ANSWER"))
        event = client.event("CEL", EventName="BRIDGE_ENTER")
        self.assertEqual(event.keys(), ["Event", "Privilege", "EventName", "AccountCode", "CallerIDnum", "CallerIDname", "CallerIDani",
                                        "CallerIDrdnis", "CallerIDdnid", "Exten", "Context", "Channel", "Application", "AppData", "EventTime",
                                        "AMAFlags", "UniqueID", "LinkedID", "UserField", "Peer", "PeerAccount", "Extra"])
        self.assertIn("CEL Tracking Event: ANSWER", self.jackfield.ask("cel show status"))

    def test_user_defined_events_and_a_date_format(self):
        self.begin("dateformat=%Y", files={
            "extensions.conf": "[default]\nexten => 1,1,Answer()\n same => n,CELGenUserEvent(VISIT,from home)\n",
            "cel_sqlite3_custom.conf": "[master]\ntable=cel\ncolumns=kind,own\nvalues='${eventtype}','${userdeftype}'\n"})
        self.call("1")
        lines = self.finished()
        line = next(line for line in lines if line[0] == "USER_DEFINED")
        self.assertEqual((line[4], line[5].rsplit(",", 1)[0]), ("VISIT", '"{""extra"":""from home""}"'))
        self.assertRegex(line[5].rsplit(",", 1)[1], r"^20\d\d$")
        rows = jt.wait_until(lambda: [row for row in self.sqlite_rows("master.db", "cel") if row["kind"] == "LINKEDID_END"], 10, "rows") and \
            self.sqlite_rows("master.db", "cel")
        self.assertIn("VISIT", [row["own"] for row in rows])
        self.assertEqual(len(rows), len(lines))

    def test_an_unknown_event_is_told_with_the_nearest_word(self):
        jackfield = self.start(files={"cel.conf": "[general]\nevents=CHAN_STRAT\n"}, start=False)
        checked = subprocess.run([*jackfield.command, "--check"], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 1)
        self.assertRegex(checked.stdout, r"cel.conf:2.*CHAN_START")

    def test_the_manager_is_told_of_call_records(self):
        self.start(files={"cdr_manager.conf": "[general]\nenabled=yes\n[mappings]\ncolour => Colour\n"})
        client = Client(self.server).login()
        self.addCleanup(client.close)
        self.peers("callee")
        self.call("100", 500)
        event = client.event("Cdr")
        self.assertEqual(event.keys(), ["Event", "Privilege", "AccountCode", "Source", "Destination", "DestinationContext", "CallerID",
                                        "Channel", "DestinationChannel", "LastApplication", "LastData", "StartTime", "AnswerTime", "EndTime",
                                        "Duration", "BillableSeconds", "Disposition", "AMAFlags", "UniqueID", "UserField", "Colour"])
        self.assertEqual((event.get("Privilege"), event.get("Source"), event.get("Disposition"), event.get("Colour")),
                         ("cdr,all", "caller", "ANSWERED", "red"))


if __name__ == "__main__":
    jt.main()
