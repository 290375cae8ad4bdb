"""Call records: real calls, and what stands in CSV files, SQLite and PostgreSQL afterwards; databases that are away; kill -9."""
import csv
import hashlib
import os
import pathlib
import shutil
import socket
import sqlite3
import struct
import subprocess
import threading
import time

import fixture as jt
from ami_fixture import Client

PLAN = """
[default]
exten => 100,1,Set(CDR(userfield)=mine)
 same => n,Set(CDR(colour)=red)
 same => n,Set(CHANNEL(accountcode)=sales)
 same => n,Dial(PJSIP/callee,20)
exten => 101,1,Dial(PJSIP/busy,10)
 same => n,Hangup()
exten => 102,1,Dial(PJSIP/rings,1)
exten => 103,1,Dial(PJSIP/busy&PJSIP/callee,10)
exten => 104,1,Answer()
 same => n,ForkCDR(e)
 same => n,Set(CDR_PROP(party_a)=1)
 same => n,Wait(60)
exten => 105,1,NoCDR()
 same => n,Answer()
 same => n,Wait(60)
exten => 106,1,Dial(PJSIP/callee,20)
exten => h,1,Set(GLOBAL(BILLED)=${CDR(billsec)}/${CDR(disposition)}/${CDR(dst)})
exten => 200,1,Answer()
 same => n,Wait(60)
exten => _60[01],1,Answer()
 same => n,Hangup()
"""
PEER = """
[@NAME@]
type=endpoint
context=default
disallow=all
allow=ulaw
aors=@NAME@
callerid="Mr @NAME@" <@NAME@>
[@NAME@]
type=aor
contact=sip:@NAME@@@WHERE@:5060
[@NAME@]
type=identify
endpoint=@NAME@
match=@WHERE@
"""
BUSY = """<?xml version="1.0"?><scenario name="busy"><recv request="INVITE"/><send><![CDATA[

SIP/2.0 486 Busy Here
[last_Via:]
[last_From:]
[last_To:];tag=[pid]b[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send><recv request="ACK"/></scenario>"""
RINGS = """<?xml version="1.0"?><scenario name="rings"><recv request="INVITE"><action><ereg regexp=".*" search_in="hdr" header="CSeq:" check_it="true" assign_to="seq"/><ereg regexp=".*" search_in="hdr" header="Via:" check_it="true" assign_to="via"/></action></recv><send><![CDATA[

SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]r[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:rings@[local_ip]:[local_port]>
Content-Length: 0

]]></send><recv request="CANCEL"/><send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]r[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send><send><![CDATA[

SIP/2.0 487 Request Terminated
Via: [$via]
[last_From:]
[last_To:];tag=[pid]r[call_number]
[last_Call-ID:]
CSeq: [$seq]
Content-Length: 0

]]></send><recv request="ACK"/></scenario>"""
COLUMNS = ["accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
           "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence"]
CDR_CONF = """
[general]
{general}
[csv]
loguniqueid=yes
loguserfield=yes
newcdrcolumns=yes
"""
MANAGER = """
[general]
enabled = yes
bindaddr = @ADDRESS@
[admin]
secret = mysecret
read = all
write = all
"""


class Postgres:
    """A server of its own in the test's folder, as a user without privileges."""

    def __init__(self, folder, address):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.programs, self.address = programs, address
        self.data = pathlib.Path(folder) / "postgres"
        self.data.mkdir()
        self.runner = []
        if os.geteuid() == 0:
            self.runner = ["runuser", "-u", "postgres", "--"]
            pathlib.Path(folder).chmod(0o755)
            shutil.chown(self.data, "postgres")
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "cdr", "--no-sync")
        self.process = None

    def run(self, program, *arguments, **more):
        done = subprocess.run([*self.runner, str(self.programs / program), *map(str, arguments)], capture_output=True, text=True,
                              cwd="/", timeout=120 * jt.SLOWNESS, **more)
        if done.returncode:
            raise AssertionError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self.run("pg_ctl", "-D", self.data, "-w", "-l", self.data / "log", "-o",
                 f"-h {self.address} -p 5432 -k {self.data} -c fsync=off", "start")
        return self

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def ask(self, sql):
        return self.run("psql", "-h", self.address, "-U", "cdr", "-d", "postgres", "-At", "-F", "|", "-c", sql).strip()


class CdrTest(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        self.where = {name: self.address() for name in ("caller", "callee", "busy", "rings")}

    def start(self, general="", files=None, **options):
        peers = "".join(PEER.replace("@NAME@", name).replace("@WHERE@", where) for name, where in self.where.items())
        self.jackfield = self.daemon({"pjsip.conf": jt.TRANSPORT + "[system]\ntype=system\ntimer_t1=50\n" + peers, "extensions.conf": PLAN,
                                      "cdr.conf": CDR_CONF.format(general=general), "manager.conf": MANAGER, **(files or {})}, **options)
        return self.jackfield

    def peers(self, *names):
        for name in names:
            process = jt.sipp(self.where[name], f"{self.server}:5060", "-p", 5060, folder=self.folder, timeout=300,
                              **({"scenario": "uas"} if name == "callee" else {"xml": {"busy": BUSY, "rings": RINGS}[name]}))
            self.addCleanup(self.end, process)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()

    def call(self, number, duration=500, calls=1, rate=10, wait=True):
        process = jt.sipp(self.where["caller"], f"{self.server}:5060", "-p", 5060, "-s", number, "-m", calls, "-r", rate, "-d", duration,
                          scenario="uac", folder=self.folder, timeout=60)
        if wait:
            process.communicate(timeout=90 * jt.SLOWNESS)
            self.jackfield.wait_idle()
        else:
            self.addCleanup(self.end, process)
        return process

    def csv_rows(self, file="Master.csv"):
        path = self.jackfield.folder / "log/cdr-csv" / file
        if not path.exists():
            return []
        with path.open(newline="") as lines:
            return [dict(zip(COLUMNS, row)) for row in csv.reader(lines)]

    def rows(self, count):
        jt.wait_until(lambda: len(self.csv_rows()) >= count, 10, f"{count} records, there are {self.csv_rows()}")
        found = self.csv_rows()
        self.assertEqual(len(found), count, found)
        return found

    def sqlite_rows(self, file="cdr.db", table="cdr"):
        with sqlite3.connect(self.jackfield.folder / "log" / file) as database:
            database.row_factory = sqlite3.Row
            try:
                rows = [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY 1")]
            except sqlite3.OperationalError:  # not made yet
                rows = []
        database.close()
        return rows

    def brief(self, rows):
        def device(name):
            return name.split("-")[0].removeprefix("PJSIP/")
        return sorted((device(row["channel"]), device(row["dstchannel"]), row["dst"], row["disposition"]) for row in rows)


class Calls(CdrTest):
    def test_answered_busy_unanswered_and_cancelled(self):
        self.start()
        self.peers("callee", "busy", "rings")
        self.call("100", 1200)
        self.call("101")
        self.call("102")
        rows = self.rows(3)
        self.assertEqual(self.brief(rows), [("caller", "busy", "101", "BUSY"), ("caller", "callee", "100", "ANSWERED"),
                                            ("caller", "rings", "102", "NO ANSWER")])
        answered = rows[0]
        self.assertEqual((answered["accountcode"], answered["src"], answered["clid"], answered["lastapp"], answered["lastdata"]),
                         ("sales", "caller", '"Mr caller" <caller>', "Dial", "PJSIP/callee,20"))
        self.assertEqual((answered["userfield"], answered["amaflags"], answered["linkedid"]), ("mine", "DOCUMENTATION", answered["uniqueid"]))
        self.assertGreaterEqual(int(answered["billsec"]), 1)
        self.assertEqual(rows[1]["answer"], "")
        # The h extension sees the record as it has ended.
        self.jackfield.wait_for_log(f"BILLED)={answered['billsec']}/ANSWERED/100")
        self.assertEqual(self.csv_rows("sales.csv"), [answered])
        # The embedded database has the same, whatever form.
        stored = jt.wait_until(lambda: len(self.sqlite_rows()) == 3 and self.sqlite_rows(), 10, "three rows in cdr.db")
        self.assertEqual([{key: str(row[key]) for key in COLUMNS} for row in stored], rows)
        jt.wait_until(lambda: "csv (3 written)" in self.jackfield.ask("cdr show status"), 10, "the count of the backend")

    def test_several_at_once_are_a_record_each(self):
        self.start()
        self.peers("callee", "busy")
        self.call("103")
        refused, answered = self.brief(self.rows(2))
        self.assertIn(refused, [("caller", "busy", "103", "BUSY"), ("caller", "busy", "103", "NO ANSWER")])  # which of them was first
        self.assertEqual(answered, ("caller", "callee", "103", "ANSWERED"))

    def test_forked_and_switched_off(self):
        self.start()
        self.call("104")
        self.call("105")
        rows = self.rows(2)
        self.assertEqual({row["dst"] for row in rows}, {"104"})
        self.assertEqual(rows[0]["uniqueid"], rows[1]["uniqueid"])
        self.assertEqual(len({row["sequence"] for row in rows}), 2)

    def test_unanswered_calls_on_demand_and_active_ones(self):
        self.start("unanswered=yes")
        self.peers("callee")
        self.call("106", 3000, wait=False)
        jt.wait_until(lambda: "PJSIP/callee" in self.jackfield.ask("cdr show active"), 10, "the call in cdr show active")
        name = next(line.split()[0] for line in self.jackfield.ask("core show channels concise").replace("!", " ").splitlines()
                    if "caller" in line)
        self.assertIn(f"Information for {name}", self.jackfield.ask(f"cdr show active {name}"))
        self.jackfield.wait_idle()
        self.rows(1)
        self.call("999")
        self.assertEqual(self.rows(2)[1]["disposition"], "FAILED")

    def manager(self):
        client = Client(self.server).login()
        self.addCleanup(client.close)
        return client

    def connected(self, client, number="106"):
        self.peers("callee")
        self.call(number, 4000, wait=False)
        enter = client.event("BridgeEnter", BridgeNumChannels="2")
        self.assertTrue(enter)
        return next(name for name in jt.wait_until(lambda: [word for word in self.jackfield.ask("core show channels concise").replace("!", " ").split()
                                                            if word.startswith("PJSIP/callee-")], 10, "the callee's channel"))

    def test_a_blind_transfer_is_two_records(self):
        self.start()
        client = self.manager()
        callee = self.connected(client)
        self.assertEqual(client.ask("BlindTransfer", Channel=callee, Context="default", Exten="200").get("Message"), "Transfer succeeded")
        self.jackfield.wait_idle(20)
        self.assertEqual(self.brief(self.rows(2)), [("caller", "", "200", "ANSWERED"), ("caller", "callee", "106", "ANSWERED")])

    def test_an_attended_transfer_pairs_who_remains(self):
        self.start()
        client = self.manager()
        callee = self.connected(client)
        self.assertEqual(client.ask("Atxfer", Channel=callee, Context="default", Exten="200").get("Message"), "Atxfer successfully queued")
        target = client.event("Newchannel", Exten="200").get("Channel")[:-1] + "1"
        client.event("Newstate", Channel=target, ChannelStateDesc="Up")
        client.ask("Hangup", Channel=callee)
        client.event("AttendedTransfer")
        self.jackfield.wait_idle(20)
        # With the call by which the transferer asked first.
        self.assertEqual(self.brief(self.rows(4)), [("Local/200@default", "", "200", "ANSWERED"),
                                                    ("callee", "Local/200@default", "106", "ANSWERED"),
                                                    ("caller", "Local/200@default", "106", "ANSWERED"),
                                                    ("caller", "callee", "106", "ANSWERED")])

    def test_a_batch_waits_for_its_end(self):
        self.start("batch=yes\nsize=3\ntime=300")
        self.call("600", 0, calls=2)
        self.assertIn("Current batch size:         2 records", self.jackfield.ask("cdr show status"))
        self.assertEqual(self.csv_rows(), [])
        self.assertIn("Submitted 2 CDRs", self.jackfield.ask("cdr submit"))
        self.rows(2)
        self.call("600", 0, calls=3)
        self.rows(5)
        self.call("600", 0)
        self.jackfield.stop()  # core stop writes the rest
        self.assertEqual(len(self.csv_rows()), 6)
        self.assertEqual(len(self.sqlite_rows()), 6)


    def test_backends_come_and_go_while_calls_are_recorded(self):
        jackfield = self.start()
        names = ["cdr_csv", "cdr_sqlite", "cdr_custom", "cdr_sqlite3_custom", "cdr_pgsql", "cdr_odbc", "cdr_adaptive_odbc", "cdr_syslog",
                 "cdr_manager", "cdr_radius", "res_cdr"]
        self.call("600", 0, calls=3)
        for name in names:
            jackfield.ask(f"module unload {name}")
            self.assertNotIn(f"/{name}.so", pathlib.Path(f"/proc/{jackfield.process.pid}/maps").read_text())
        self.assertEqual((len(self.csv_rows()), len(self.sqlite_rows())), (3, 3))  # an unload waits for what is to be written
        for name in reversed(names):
            jackfield.ask(f"module load {name}")
        self.call("600", 0, calls=2)
        self.rows(5)


class Mappings(CdrTest):
    def test_custom_files_and_tables(self):
        self.start(files={
            "cdr_custom.conf": "[mappings]\nMine.csv => ${CSV_QUOTE(${CDR(clid)})},${CDR(colour)},${CDR(disposition,u)},${CDR(userfield)}\n",
            "cdr_sqlite3_custom.conf": "[master]\ntable => calls\ncolumns => who, colour, seconds\n"
                                       "values => '${CDR(src)}','${CDR(colour)}','${CDR(billsec)}'\n"})
        self.peers("callee")
        self.call("100", 1200)
        self.rows(1)
        mine = self.jackfield.folder / "log/cdr-custom/Mine.csv"
        jt.wait_until(lambda: mine.exists() and mine.read_text().endswith("\n"), 10, "a line in Mine.csv")
        self.assertEqual(mine.read_text(), '"""Mr caller"" <caller>",red,8,mine\n')
        row = jt.wait_until(lambda: self.sqlite_rows("master.db", "calls"), 10, "a row in master.db")[0]
        self.assertEqual((row["who"], row["colour"]), ("caller", "red"))

    def test_a_wrong_mapping_is_told_with_its_line(self):
        jackfield = self.start(files={"cdr_custom.conf": "[mappings]\nMine.csv => ${CSV_QOUTE(${CDR(clid)})}\n"}, start=False)
        checked = subprocess.run([*jackfield.command, "--check"], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 1)
        self.assertIn("cdr_custom.conf:2", checked.stdout)
        self.assertIn("CSV_QUOTE", checked.stdout)


class Databases(CdrTest):
    TABLE = ("CREATE TABLE cdr (calldate timestamp, clid varchar(80), src varchar(80), dst varchar(80), dstchannel varchar(80), duration int, "
             "billsec int, disposition varchar(45), amaflags int, uniqueid varchar(150), userfield varchar(255), colour text, sequence int)")

    def postgres(self):
        self.database = Postgres(self.folder, self.address())
        self.addCleanup(self.database.stop)
        return self.database

    def configuration(self, host=None):
        return {"cdr_pgsql.conf": f"[global]\nhostname={host or self.database.address}\nport=5432\ndbname=postgres\nuser=cdr\ntable=cdr\n"}

    def count(self):
        return int(self.database.ask("SELECT count(*) FROM cdr"))

    def test_postgresql_is_written_and_may_be_away(self):
        database = self.postgres().start()
        database.ask(self.TABLE)
        self.start(files=self.configuration())
        self.peers("callee")
        self.call("100", 1200)
        jt.wait_until(lambda: self.count() == 1, 10, "a row in PostgreSQL")
        clid, disposition, amaflags, userfield, colour, billed = database.ask(
            "SELECT clid, disposition, amaflags, userfield, colour, billsec >= 1 FROM cdr").split("|")
        self.assertEqual((clid, disposition, amaflags, userfield, colour, billed), ('"Mr caller" <caller>', "ANSWERED", "3", "mine", "red", "t"))
        database.stop()
        began = time.monotonic()
        self.call("600", 0, calls=20, rate=50)
        self.assertLess(time.monotonic() - began, 10 * jt.SLOWNESS)
        self.rows(21)  # the others do not wait for it
        self.jackfield.wait_for_log("pgsql is away")
        self.assertIn("bytes wait", self.jackfield.ask("cdr show status"))
        database.start()
        jt.wait_until(lambda: self.count() == 21, 40, "the records that waited")
        self.assertEqual(database.ask("SELECT count(DISTINCT (uniqueid, sequence)) FROM cdr"), "21")

    def test_odbc_writes_what_the_table_has_columns_for(self):
        file = self.folder / "odbc.db"
        database = sqlite3.connect(file)
        database.execute("CREATE TABLE calls (calldate timestamp, src varchar(3), disposition int, colour varchar(80), place varchar(80))")
        database.execute("CREATE TABLE all_of_them (source varchar(80), duration int)")
        driver = next(pathlib.Path("/usr/lib").glob("*/odbc/libsqlite3odbc.so"))
        (self.folder / "odbc.ini").write_text(f"[records]\nDriver={driver}\nDatabase={file}\nTimeout=2000\n")
        self.start(environment=jt.odbc_environment(self.folder / "odbc.ini"), files={
            "res_odbc.conf": "[here]\nenabled=yes\ndsn=records\n",
            "cdr_adaptive_odbc.conf": "[first]\nconnection=here\ntable=calls\nfilter accountcode => sales\nstatic \"Montreal\" => place\n",
            "cdr_odbc.conf": "[global]\ndsn=here\ntable=all_of_them\nalias src => source\n"})
        self.peers("callee")
        self.call("100", 1200)
        self.call("106", 1200)
        def rows(table):
            return [row for row in database.execute(f"SELECT * FROM {table}")]
        jt.wait_until(lambda: len(rows("all_of_them")) == 2, 10, "two rows by cdr_odbc")
        self.assertEqual(rows("all_of_them")[0][0], "caller")
        jt.wait_until(lambda: rows("calls"), 10, "a row by cdr_adaptive_odbc")
        self.assertEqual([row[1:] for row in rows("calls")], [("cal", 8, "red", "Montreal")])
        database.close()

    def test_a_database_that_never_answers_delays_nobody_and_outlives_the_daemon(self):
        database = self.postgres()
        listener = socket.create_server((database.address, 5432))
        accepted = []
        def accept():
            try:
                while True:
                    accepted.append(listener.accept()[0])
            except OSError:
                pass
        threading.Thread(target=accept, daemon=True).start()
        self.start(files=self.configuration())
        began = time.monotonic()
        self.call("600", 0, calls=20, rate=50)
        self.assertLess(time.monotonic() - began, 10 * jt.SLOWNESS)
        self.rows(20)
        jt.wait_until(lambda: accepted, 10, "a connection to the silent server")
        self.jackfield.stop()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in accepted:
            connection.close()
        database.start().ask(self.TABLE)
        self.jackfield.start()
        jt.wait_until(lambda: self.count() == 20, 40, "the records of the earlier run")

    def test_a_record_that_is_refused_holds_up_no_other(self):
        database = self.postgres().start()
        database.ask(self.TABLE + "; ALTER TABLE cdr ADD CHECK (dst <> '104')")
        self.start(files=self.configuration())
        self.call("600", 0, calls=3)
        self.call("104")
        self.call("600", 0, calls=3)
        jt.wait_until(lambda: self.count() == 6, 20, "the records that fit")
        self.jackfield.wait_for_log("was refused and put aside")
        self.assertIn("dst=104", (self.jackfield.folder / "spool/cdr/pgsql.rejected").read_text())

    def test_a_commit_that_nobody_waits_for_any_more_doubles_nothing(self):
        self.postgres().start()
        self.lose_a_commit(self.configuration())

    def test_nor_does_one_by_odbc(self):
        driver = next(pathlib.Path("/usr/lib").glob("*/odbc/psqlodbca.so"))
        database = self.postgres().start()
        (self.folder / "odbc.ini").write_text(f"[records]\nDriver={driver}\nServername={database.address}\nPort=5432\nDatabase=postgres\nUsername=cdr\n")
        self.lose_a_commit({"res_odbc.conf": "[here]\nenabled=yes\ndsn=records\n", "cdr_adaptive_odbc.conf": "[first]\nconnection=here\ntable=cdr\n"},
                           jt.odbc_environment(self.folder / "odbc.ini"))

    def lose_a_commit(self, files, environment=None):
        """The daemon dies behind COMMIT while the server is still at it: the next one has to wait for what becomes of it."""
        database = self.database
        database.ask(self.TABLE + "; CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(42); "
                                  "RETURN NULL; END'; CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON cdr DEFERRABLE INITIALLY DEFERRED "
                                  "FOR EACH ROW EXECUTE FUNCTION hold()")
        holder = subprocess.Popen([*database.runner, str(database.programs / "psql"), "-h", database.address, "-U", "cdr", "-d", "postgres", "-Atq"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        self.addCleanup(self.end, holder)
        holder.stdin.write("SELECT pg_advisory_lock(42); SELECT 'held';\n")
        holder.stdin.flush()
        jt.wait_until(lambda: holder.stdout.readline().strip() == "held", 10, "the lock of the test")
        def waiting():
            return int(database.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        self.start(files=files, environment=environment)
        self.call("600", 0)
        jt.wait_until(lambda: waiting() == 1, 10, "a COMMIT that does not come to its end")
        self.jackfield.kill()
        self.jackfield.process = None
        self.jackfield.start()
        jt.wait_until(lambda: waiting() == 2, 10, "the next daemon's try")
        self.assertEqual(self.count(), 0)
        holder.stdin.close()  # and its lock is gone
        jt.wait_until(lambda: waiting() == 0, 10, "the end of both")
        self.call("601", 0)
        jt.wait_until(lambda: database.ask("SELECT 1 FROM cdr WHERE dst = '601'"), 20, "the record of the second call")
        self.assertEqual(database.ask("SELECT dst FROM cdr ORDER BY 1"), "600\n601")

    @jt.without_sanitizers
    def test_kill_9_while_writing_loses_nothing_that_was_written_and_doubles_nothing(self):
        database = self.postgres().start()
        database.ask(self.TABLE)
        self.start(files=self.configuration())
        told = set()
        for round_ in range(3):
            load = self.call("600", 0, calls=5000, rate=150, wait=False)
            jt.wait_until(lambda: len(self.csv_rows()) > 60 * (round_ + 1), 20, "some records")
            written = self.jackfield.ask("cdr show status").split("csv (")[1].split()[0]
            rows = self.csv_rows()
            self.jackfield.kill()
            self.end(load)
            self.assertGreaterEqual(len(rows), int(written))
            told.update((row["uniqueid"], row["sequence"]) for row in rows[:-1])  # the last line may be half there
            self.jackfield.process = None
            # A unique id is made of the second and a count: two runs within one second would give the same ones.
            second = int(time.time())
            jt.wait_until(lambda: int(time.time()) > second, 3, "the next second")
            self.jackfield.start()
        self.call("601", 0, calls=5)
        # Each backend gets the records in their order: with those of the last calls all are there.
        last = {"csv": lambda: sum(row["dst"] == "601" for row in self.csv_rows()),
                "sqlite": lambda: sum(row["dst"] == "601" for row in self.sqlite_rows()),
                "pgsql": lambda: int(database.ask("SELECT count(*) FROM cdr WHERE dst = '601'"))}
        for name, count in last.items():
            jt.wait_until(lambda: count() == 5, 20, f"the last records in {name}")
        keys = {"csv": [(row["uniqueid"], row["sequence"]) for row in self.csv_rows()],
                "sqlite": [(row["uniqueid"], str(row["sequence"])) for row in self.sqlite_rows()],
                "pgsql": [tuple(line.split("|")) for line in database.ask("SELECT uniqueid, sequence FROM cdr").splitlines()]}
        for name, found in keys.items():
            self.assertEqual(len(found), len(set(found)), f"{name} has doubles")
        # A record is in the journal for all of them or for none.
        everything = set().union(*keys.values())
        for name, found in keys.items():
            self.assertEqual(everything - set(found), set(), f"{name} lacks records that others have")
        self.assertEqual(told - everything, set(), "records are gone that were written before a kill")
        self.assertGreater(len(everything), 150)


class RadiusServer(threading.Thread):
    """Accounting by RFC 2866: confirms what bears the right authenticator, unless it is told to be silent."""
    SECRET = b"testing123"

    def __init__(self, address, port=1813, silent=False):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.silent, self.asked, self.confirmed, self.wrong = silent, 0, [], []
        self.start()

    def run(self):
        while True:
            try:
                packet, where = self.socket.recvfrom(4096)
            except OSError:
                return
            code, number, size = struct.unpack("!BBH", packet[:4])
            self.asked += 1
            expected = hashlib.md5(packet[:4] + bytes(16) + packet[20:] + self.SECRET).digest()
            if code != 4 or size != len(packet) or packet[4:20] != expected:
                self.wrong.append(packet)
            elif not self.silent:
                self.confirmed.append(self.attributes(packet[20:]))
                header = struct.pack("!BBH", 5, number, 20)
                self.socket.sendto(header + hashlib.md5(header + packet[4:20] + self.SECRET).digest(), where)

    @staticmethod
    def attributes(rest):
        """By number; those of the vendor Digium by ("d", number)."""
        found = {}
        while rest:
            kind, value, rest = rest[0], rest[2:rest[1]], rest[rest[1]:]
            if kind == 26 and value[:4] == struct.pack("!I", 22736):
                found["d", value[4]] = value[6:4 + value[5]]
            else:
                found[kind] = value
        return found

    def close(self):
        self.socket.close()


class Radius(CdrTest):
    def test_records_and_events_go_to_the_server_that_answers_once_each(self):
        silent, server = RadiusServer(self.address(), silent=True), RadiusServer(self.address())
        for each in (silent, server):
            self.addCleanup(each.close)
        where = [each.socket.getsockname()[0] for each in (silent, server)]
        (self.folder / "servers").write_text("".join(f"{host} testing123\n" for host in where))
        (self.folder / "radiusclient.conf").write_text(f"acctserver {where[0]}\nacctserver {where[1]}\nservers {self.folder}/servers\n"
                                                       "radius_timeout 1\nradius_retries 0\n")
        section = f"[radius]\nloguniqueid=yes\nloguserfield=yes\nusegmtime=yes\nradiuscfg={self.folder}/radiusclient.conf\n"
        self.start(files={"cdr.conf": CDR_CONF.format(general="") + section,
                          "cel.conf": "[general]\nenable=yes\nevents=HANGUP\n" + section})
        records = lambda: [each for each in list(server.confirmed) if ("d", 120) not in each]
        events = lambda: [each for each in list(server.confirmed) if ("d", 120) in each]
        self.peers("callee")
        self.call("100", 1200)
        jt.wait_until(records, 20, "a record at the server")
        self.assertGreaterEqual(silent.asked, 1)
        record, row = records()[0], self.rows(1)[0]
        self.assertEqual((record[40], record[44].decode(), record[1].decode()), (struct.pack("!I", 2), row["uniqueid"], row["channel"]))
        self.assertEqual([record["d", number].decode() for number in (101, 102, 103, 104, 105, 107, 108, 115, 117, 118, 119)],
                         [row[name] for name in ("accountcode", "src", "dst", "dcontext", "clid", "dstchannel", "lastapp", "disposition",
                                                 "uniqueid", "userfield", "linkedid")])
        self.assertEqual(struct.unpack("!II", record["d", 113] + record["d", 114]), (int(row["duration"]), int(row["billsec"])))
        self.assertRegex(record["d", 110].decode(), r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \+0000$")
        jt.wait_until(lambda: len(events()) == 2, 20, "two hang-ups at the server")
        self.assertEqual({event["d", 120] for event in events()}, {b"HANGUP"})
        # Nobody answers: calls go on, records wait, and none is confirmed twice.
        server.silent = True
        began = time.monotonic()
        self.call("600", 0, calls=5)
        self.assertLess(time.monotonic() - began, 10 * jt.SLOWNESS)
        self.rows(6)
        self.jackfield.wait_for_log("radius is away")  # that of records or that of events
        jt.wait_until(lambda: "does not answer" in self.jackfield.ask("cdr show status"), 20, "the status of records that says so")
        server.silent = False
        jt.wait_until(lambda: len(records()) >= 6, 40, "the records that waited")
        jt.wait_until(lambda: "wait" not in self.jackfield.ask("cdr show status").split("radius")[1], 20, "nothing that waits")
        self.assertEqual(len({record[44] for record in records()}), 6)
        self.assertEqual(len(records()), 6)
        self.assertEqual((server.wrong, silent.wrong), ([], []))


if __name__ == "__main__":
    jt.main()
