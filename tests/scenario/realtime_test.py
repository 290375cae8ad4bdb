"""Realtime: rows, whole files and extensions out of SQLite and PostgreSQL, and what a hung database does to calls."""
import http.server
import pathlib
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

import fixture as jt
from postgres import Postgres

TABLES = """
CREATE TABLE people (name VARCHAR(40), phone VARCHAR(40), town VARCHAR(40));
INSERT INTO people VALUES ('ann', '6001', 'Sofia, centre');
INSERT INTO people VALUES ('bob', '6002', NULL);
CREATE TABLE extensions (context VARCHAR(40), exten VARCHAR(40), priority INTEGER, app VARCHAR(40), appdata VARCHAR(128));
INSERT INTO extensions VALUES ('default', '300', 1, 'Set', 'GLOBAL(WHO)=${EXTEN}');
INSERT INTO extensions VALUES ('default', '300', 2, 'Hangup', '21');
INSERT INTO extensions VALUES ('default', '_4XX', 1, 'Hangup', '34');
INSERT INTO extensions VALUES ('default', '_40X', 1, 'Hangup', '41');
CREATE TABLE ast_config (id INTEGER, cat_metric INTEGER, var_metric INTEGER, commented INTEGER, filename VARCHAR(128),
                         category VARCHAR(128), var_name VARCHAR(128), var_val VARCHAR(128));
INSERT INTO ast_config VALUES (1, 0, 1, 0, 'extensions.conf', 'default', 'exten', '500,1,Hangup(17)');
INSERT INTO ast_config VALUES (2, 1, 0, 0, 'extensions.conf', 'globals', 'FROM', 'a table');
INSERT INTO ast_config VALUES (3, 0, 0, 0, 'extensions.conf', 'default', 'switch', 'Realtime/default@extensions');
INSERT INTO ast_config VALUES (4, 0, 2, 1, 'extensions.conf', 'default', 'exten', '501,1,Hangup(17)');
"""
PLAN = """[default]
exten => 100,1,Set(GLOBAL(PHONE)=${REALTIME_FIELD(people,name,ann,phone)})
 same => n,Set(GLOBAL(ROW)=${REALTIME(people,name,bob,|)})
 same => n,Set(HASH(row)=${REALTIME_HASH(people,name,ann)})
 same => n,Set(GLOBAL(TOWN)=${HASH(row,town)})
 same => n,Set(GLOBAL(NOBODY)=<${REALTIME(people,name,nobody)}>)
 same => n,Set(REALTIME(people,name,ann,phone)=6009)
 same => n,Set(REALTIME_STORE(people,name,phone)=joe,6003)
 same => n,Set(GLOBAL(STORED)=${REALTIMECOUNT})
 same => n,Set(GLOBAL(INJECTED)=<${REALTIME(people,name,x' OR '1'='1)}>)
 same => n,Set(REALTIME_DESTROY(people,name,bob)=)
 same => n,Hangup(16)
exten => 101,1,Set(GLOBAL(BEFORE)=yes)
 same => n,Set(GLOBAL(GOT)=<${REALTIME(people,name,ann)}>)
 same => n,Hangup(16)
switch => Realtime/default@extensions
[plain]
exten => 102,1,Hangup(19)
"""
TESTS = """[rows]
dial = 100
limit = 60
expect = hangup 16
[name-in-the-table]
dial = 300
expect = Set
expect = hangup 21
[pattern-in-the-table]
dial = 450
expect = hangup 34
[narrower-pattern]
dial = 405
expect = hangup 41
[asks]
dial = 101
limit = 60
expect = hangup 16
[asks-nobody]
dial = 102@plain
expect = hangup 19
"""


class RowUser(jt.ScenarioTest):
    def globals(self, jackfield):
        lines = jackfield.ask("dialplan show globals").splitlines()
        return dict(line.strip().split("=", 1) for line in lines if "=" in line)

    def use_rows(self, jackfield, read, error="no_such_column"):
        """The functions, the switch and the CLI; `read` asks the database itself."""
        answer = jackfield.cli("dialplan test dialplan_test.conf rows", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        found = self.globals(jackfield)
        self.assertEqual("6001", found["PHONE"])
        self.assertEqual("name=bob|phone=6002", found["ROW"])
        self.assertEqual("Sofia, centre", found["TOWN"])
        self.assertEqual("<>", found["NOBODY"])
        self.assertEqual("<>", found["INJECTED"])
        self.assertEqual("1", found["STORED"])
        self.assertEqual([("ann", "6009"), ("joe", "6003")], read("SELECT name, phone FROM people ORDER BY name"))
        for name in ("name-in-the-table", "pattern-in-the-table", "narrower-pattern"):
            answer = jackfield.cli(f"dialplan test dialplan_test.conf {name}", check=False)
            self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        self.assertEqual("300", self.globals(jackfield)["WHO"])
        self.assertIn("Stored 1 RealTime record.", jackfield.ask("realtime store people name kim phone 6004"))
        self.assertIn("Updated 1 RealTime record.", jackfield.ask("realtime update people name kim phone 6005"))
        self.assertIn("6005", jackfield.ask("realtime load people name kim"))
        self.assertIn("Removed 1 RealTime record.", jackfield.ask("realtime destroy people name kim"))
        self.assertIn("No rows found", jackfield.ask("realtime load people name kim"))
        answer = jackfield.cli("realtime load people no_such_column x", check=False)
        self.assertNotEqual(0, answer.returncode)
        self.assertIn(error, answer.stdout + answer.stderr)


class Realtime(RowUser):
    def sqlite(self, extconfig, **files):
        path = self.folder / "realtime.sqlite3"
        database = sqlite3.connect(path)
        database.executescript(TABLES)
        database.commit()
        self.addCleanup(database.close)
        jackfield = self.daemon({"extensions.conf": PLAN, "dialplan_test.conf": TESTS, "extconfig.conf": extconfig,
                                 "res_config_sqlite3.conf": f"[office]\ndbfile => {path}\n", **files})
        return jackfield, database

    def test_sqlite_has_rows_and_extensions(self):
        jackfield, database = self.sqlite("[settings]\npeople => sqlite3,office\nextensions => sqlite3,office,extensions\n")
        self.use_rows(jackfield, lambda command: database.execute(command).fetchall())

    def test_a_cached_row_stays_until_its_time_has_passed_or_it_is_changed(self):
        jackfield, database = self.sqlite("[settings]\npeople => sqlite3,office\n[cache]\npeople => 3600\n")
        self.assertIn("6001", jackfield.ask("realtime load people name ann"))
        database.execute("UPDATE people SET phone = '7' WHERE name = 'ann'")
        database.commit()
        self.assertIn("6001", jackfield.ask("realtime load people name ann"))
        jackfield.ask("realtime flush people")
        self.assertNotIn("6001", jackfield.ask("realtime load people name ann"))
        jackfield.ask("realtime update people name ann phone 8888")
        self.assertIn("8888", jackfield.ask("realtime load people name ann"))

    def test_a_whole_file_comes_out_of_a_table(self):
        jackfield, database = self.sqlite(
            "[settings]\nextensions.conf => sqlite3,office,ast_config\nextensions => sqlite3,office\n",
            **{"modules.conf": "[modules]\nautoload=yes\npreload => res_config_sqlite3\n"})
        self.assertEqual("a table", self.globals(jackfield)["FROM"])
        plan = jackfield.ask("dialplan show default")
        self.assertIn("Hangup(17)", plan)
        self.assertNotIn("'501'", plan)
        self.assertIn("Realtime/default@extensions", plan)
        database.execute("UPDATE ast_config SET var_val = '500,1,Hangup(18)' WHERE id = 1")
        database.commit()
        jackfield.ask("dialplan reload")
        self.assertIn("Hangup(18)", jackfield.ask("dialplan show default"))

    def test_mistakes_in_extconfig_are_told(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "extconfig.conf": "[settings]\npeople => sqlite3\n"}, start=False)
        jackfield.start()
        jackfield.wait_for_log("extconfig.conf:2")
        answer = jackfield.cli("realtime load people name ann", check=False)
        self.assertIn("no family people", answer.stdout + answer.stderr)

    def test_postgresql_has_rows_and_a_hung_one_delays_only_who_asks_it(self):
        server = Postgres(self.server)
        self.addCleanup(server.stop)
        server.ask(TABLES)
        seconds = 3
        jackfield = self.daemon({"extensions.conf": PLAN, "dialplan_test.conf": TESTS,
                                 "extconfig.conf": f"[general]\ntimeout = {seconds}s\n[settings]\npeople => pgsql,postgres\n"
                                                   "extensions => pgsql,postgres\n",
                                 "res_pgsql.conf": f"[general]\ndbhost = {self.server}\ndbuser = jackfield\n"})
        def read(command):
            return [tuple(line.split("|")) for line in server.ask(command).splitlines()]
        self.use_rows(jackfield, read)
        server.freeze()
        began = time.monotonic()
        answer = jackfield.cli("dialplan test dialplan_test.conf asks-nobody", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        self.assertLess(time.monotonic() - began, seconds - 0.5)
        answer = jackfield.cli("dialplan test dialplan_test.conf asks", check=False)  # goes on without a value
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        self.assertEqual("<>", self.globals(jackfield)["GOT"])
        jackfield.wait_for_log("database postgres (pgsql) did not answer within " + f"{seconds}000 ms")
        answer = jackfield.cli("realtime load people name ann", check=False)
        self.assertIn(f"did not answer within {seconds}000 ms", answer.stdout + answer.stderr)
        server.thaw()
        jt.wait_until(lambda: "6009" in jackfield.cli("realtime load people name ann", check=False).stdout, 20, "the database")
        # A server that was away and is back: the dead connection is noticed and replaced.
        server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'jackfield'")
        self.assertIn("6009", jackfield.ask("realtime load people name ann"))


ODBC = """[default]
exten => 200,1,Set(GLOBAL(ROW)=${ODBC_PERSON(ann)})
 same => n,Set(GLOBAL(STATUS)=${ODBCSTATUS} ${ODBCROWS} ${~ODBCFIELDS~})
 same => n,Set(GLOBAL(NOBODY)=<${ODBC_PERSON(nobody)}>)
 same => n,Set(GLOBAL(NOSTATUS)=${ODBCSTATUS} ${ODBCROWS})
 same => n,Set(GLOBAL(INJECTED)=<${ODBC_PERSON(x' OR '1'='1)}>)
 same => n,Set(ODBC_PERSON(ann)=6007,Sofia)
 same => n,Set(GLOBAL(WRITTEN)=${ODBCSTATUS} ${ODBCROWS})
 same => n,Set(ODBC_PERSON(new)=6011,Oslo)
 same => n,Set(GLOBAL(INSERTED)=${ODBCSTATUS} ${ODBCROWS})
 same => n,Set(id=${DB_ALL()})
 same => n,Set(all=)
 same => n(next),Set(row=${ODBC_FETCH(${id})})
 same => n,GotoIf($["${ODBC_FETCH_STATUS}" = "FAILURE"]?done)
 same => n,Set(all=${all}[${row}])
 same => n,Goto(next)
 same => n(done),Set(GLOBAL(ALL)=${all})
 same => n,Set(id=${DB_ALL()})
 same => n,ODBCFinish(${id})
 same => n,Set(GLOBAL(FINISHED)=<${ODBC_FETCH(${id})}>)
 same => n,Set(GLOBAL(QUOTED)=${SQL_ESC(it's)} ${SQL_ESC_BACKSLASHES(a\\b)})
 same => n,Hangup(16)
exten => 201,1,Set(ODBC(transaction,here)=first)
 same => n,Set(ODBC_PERSON(ann)=1,changed)
 same => n,ODBC_Rollback()
 same => n,Set(GLOBAL(UNDONE)=${ROLLBACK_RESULT} ${ODBC(transaction)} ${ODBC(isolation)})
 same => n,Set(ODBC_PERSON(bob)=2,kept)
 same => n,ODBC_Commit(first)
 same => n,Set(GLOBAL(KEPT)=${COMMIT_RESULT})
 same => n,Set(ODBC_PERSON(ann)=3,lost)
 same => n,Hangup(16)
exten => 202,1,Set(GLOBAL(GOT)=<${ODBC_PERSON(ann)}>)
 same => n,Set(GLOBAL(AWAY)=${ODBCSTATUS} ${ODBCROWS})
 same => n,Hangup(16)
exten => 203,1,Hangup(19)
"""
FUNCTIONS = """[PERSON]
dsn=here
readsql=SELECT phone, town FROM people WHERE name = '${SQL_ESC(${ARG1})}'
writesql=UPDATE people SET phone = '${SQL_ESC(${VAL1})}', town = '${SQL_ESC(${VAL2})}' WHERE name = '${SQL_ESC(${ARG1})}'
insertsql=INSERT INTO people (name, phone, town) VALUES ('${SQL_ESC(${ARG1})}', '${SQL_ESC(${VAL1})}', '${SQL_ESC(${VAL2})}')
syntax=name
synopsis=Somebody's phone and town
[ALL]
prefix=DB
dsn=here
mode=multirow
readsql=SELECT name, town FROM people ORDER BY name
"""
ODBC_TESTS = "".join(f"[{name}]\ndial = {number}\nlimit = 60\nexpect = hangup {cause}\n" for name, number, cause in (
    ("functions", 200, 16), ("transactions", 201, 16), ("asks", 202, 16), ("asks-nobody", 203, 19)))


def odbc_driver(name):
    return next(pathlib.Path("/usr/lib").glob(f"*/odbc/{name}"))


class Odbc(RowUser):
    def start(self, ini, odbc="", plan=ODBC, extconfig="", tests=ODBC_TESTS, functions=FUNCTIONS):
        (self.folder / "odbc.ini").write_text("[records]\n" + ini)
        return self.daemon({"extensions.conf": plan, "dialplan_test.conf": tests, "extconfig.conf": extconfig, "func_odbc.conf": functions,
                            "res_odbc.conf": f"[here]\ndsn=records\n{odbc}"}, environment=jt.odbc_environment(self.folder / "odbc.ini"))

    def sqlite_file(self):
        path = self.folder / "odbc.sqlite3"
        database = sqlite3.connect(path)
        database.executescript(TABLES)
        database.commit()
        self.addCleanup(database.close)
        return f"Driver={odbc_driver('libsqlite3odbc.so')}\nDatabase={path}\nTimeout=2000\n", database

    def dial(self, jackfield, test):
        answer = jackfield.cli(f"dialplan test dialplan_test.conf {test}", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        return self.globals(jackfield)

    def test_realtime_rows_and_extensions(self):
        server = Postgres(self.server)
        self.addCleanup(server.stop)
        server.ask(TABLES)
        ini = f"Driver={odbc_driver('psqlodbca.so')}\nServername={self.server}\nPort=5432\nDatabase=postgres\nUsername=jackfield\n"
        jackfield = self.start(ini, plan=PLAN, tests=TESTS, extconfig="[settings]\npeople => odbc,here\nextensions => odbc,here,extensions\n")
        self.use_rows(jackfield, lambda command: [tuple(line.split("|")) for line in server.ask(command).splitlines()])

    def test_functions_read_write_and_fetch(self):
        ini, database = self.sqlite_file()
        jackfield = self.start(ini)
        found = self.dial(jackfield, "functions")
        self.assertEqual("6001,Sofia\\, centre", found["ROW"])
        self.assertEqual("SUCCESS 1 phone,town", found["STATUS"])
        self.assertEqual(("<>", "NODATA 0", "<>"), (found["NOBODY"], found["NOSTATUS"], found["INJECTED"]))
        self.assertEqual(("SUCCESS 1", "SUCCESS 1"), (found["WRITTEN"], found["INSERTED"]))
        self.assertEqual("[ann,Sofia][bob,][new,Oslo]", found["ALL"])
        self.assertEqual("<>", found["FINISHED"])
        self.assertEqual("it''s a\\\\b", found["QUOTED"])
        self.assertEqual([("ann", "6007"), ("bob", "6002"), ("new", "6011")], database.execute("SELECT name, phone FROM people ORDER BY name").fetchall())
        self.assertIn("Somebody's phone and town", jackfield.ask("core show function ODBC_PERSON"))
        self.assertIn("usable", jackfield.ask("odbc show"))

    def test_transactions_are_kept_undone_and_undone_at_the_end(self):
        ini, database = self.sqlite_file()
        jackfield = self.start(ini)
        found = self.dial(jackfield, "transactions")
        self.assertEqual(("OK first read_committed", "OK"), (found["UNDONE"], found["KEPT"]))
        rows = lambda: database.execute("SELECT name, phone FROM people ORDER BY name").fetchall()
        self.assertEqual([("ann", "6001"), ("bob", "2")], rows())
        self.assertEqual("<6001,Sofia\\, centre>", self.dial(jackfield, "asks")["GOT"])  # the connection was given back

    def test_a_wrong_function_is_refused_with_its_place_and_changes_nothing(self):
        ini, _ = self.sqlite_file()
        jackfield = self.start(ini)
        jackfield.write("func_odbc.conf", "[OTHER]\ndsn=here\nreadsq=SELECT 1\n")
        answer = jackfield.cli("module reload func_odbc", check=False)
        self.assertNotEqual(0, answer.returncode)
        jt.wait_until(lambda: "func_odbc.conf:3" in answer.stdout + answer.stderr + jackfield.log_text(), 10, "the line of the file")
        self.assertIn("6001", self.dial(jackfield, "asks")["GOT"])
        jackfield.write("func_odbc.conf", FUNCTIONS.replace("[ALL]", "[EVERY]"))
        jackfield.ask("module reload func_odbc")
        self.assertIn("DB_EVERY", jackfield.ask("core show functions"))
        self.assertNotIn("DB_ALL", jackfield.ask("core show functions"))

    def hung(self, jackfield, seconds, away):
        """Who does not ask the database that hangs is not delayed; who asks goes on after its time, and the next one at once."""
        began = time.monotonic()
        self.dial(jackfield, "asks-nobody")
        self.assertLess(time.monotonic() - began, seconds - 0.5)
        self.assertEqual(("<>", "FAILURE -1"), tuple(self.dial(jackfield, "asks")[name] for name in ("GOT", "AWAY")))
        jackfield.wait_for_log(away)
        began = time.monotonic()
        self.dial(jackfield, "asks")
        self.assertLess(time.monotonic() - began, seconds - 0.5)
        self.assertIn("away", jackfield.ask("odbc show"))

    def test_a_hung_postgresql_delays_only_who_asks_it_and_is_found_again(self):
        server = Postgres(self.server)
        self.addCleanup(server.stop)
        server.ask(TABLES)
        ini = f"Driver={odbc_driver('psqlodbca.so')}\nServername={self.server}\nPort=5432\nDatabase=postgres\nUsername=jackfield\n"
        jackfield = self.start(ini, "timeout=3000\nnegative_connection_cache=2\nmax_connections=3\npre-connect=yes\nsanitysql=SELECT 1\n")
        self.assertEqual("<6001,Sofia\\, centre>", self.dial(jackfield, "asks")["GOT"])
        server.freeze()
        self.hung(jackfield, 3, "database here is away: it did not answer within 3000 ms")
        server.thaw()
        jt.wait_until(lambda: "6001" in self.dial(jackfield, "asks")["GOT"], 20, "the database")
        server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'jackfield'")
        self.assertIn("6001", self.dial(jackfield, "asks")["GOT"])

    def test_a_server_that_accepts_and_never_answers(self):
        silent = socket.create_server((self.server, 5499))
        self.addCleanup(silent.close)
        ini = f"Driver={odbc_driver('psqlodbca.so')}\nServername={self.server}\nPort=5499\nDatabase=postgres\nUsername=jackfield\n"
        jackfield = self.start(ini, "timeout=3000\nnegative_connection_cache=60\n")
        self.hung(jackfield, 3, "database here is away")


CURL = """[default]
exten => 300,1,Set(CURLOPT(httptimeout)=3)
 same => n,Set(CURLOPT(useragent)=pbx)
 same => n,Set(CURLOPT(httpheader)=X-Call: ${EXTEN})
 same => n,Set(GLOBAL(GOT)=${CURL(http://@WEB@/echo?a=1)})
 same => n,Set(GLOBAL(POSTED)=${CURL(http://@WEB@/echo,name=ann&town=Sofia)})
 same => n,Set(GLOBAL(MOVED)=<${CURL(http://@WEB@/moved)}>)
 same => n,Set(CURLOPT(followlocation)=1)
 same => n,Set(GLOBAL(FOLLOWED)=${CURL(http://@WEB@/moved)})
 same => n,Set(CURLOPT(failurecodes)=500)
 same => n,Set(GLOBAL(BROKEN)=<${CURL(http://@WEB@/broken)}>)
 same => n,Set(GLOBAL(LONG)=<${CURL(http://@WEB@/long)}>)
 same => n,Set(GLOBAL(LOCAL)=<${CURL(file:///etc/passwd)}>)
 same => n,Set(CURL(http://@WEB@/long)=@FOLDER@/long)
 same => n,Set(CURL(http://@WEB@/broken)=@FOLDER@/broken)
 same => n,Set(CURLOPT(hashcompat)=yes)
 same => n,Set(HASH(answer)=${CURL(http://@WEB@/form)})
 same => n,Set(GLOBAL(HASHED)=${HASH(answer,town)} ${CURLOPT(useragent)})
 same => n,Hangup(16)
exten => 301,1,Set(CURLOPT(httptimeout)=3)
 same => n,Set(GLOBAL(HUNG)=<${CURL(http://@SILENT@/)}>)
 same => n,Hangup(16)
"""
CURL_TESTS = "".join(f"[{name}]\ndial = {number}\nlimit = 60\nexpect = hangup 16\n" for name, number in (
    ("functions", 300), ("hangs", 301)))


class Web(http.server.ThreadingHTTPServer):
    """Pages, and realtime over the tables of a SQLite file."""
    daemon_threads = True

    def __init__(self, address, file=None):
        self.file, self.asked = file, []
        super().__init__(address, WebRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class WebRequest(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, text, status=200, **headers):
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/moved":
            return self.answer("moved", 302, Location="/echo?moved")
        if url.path == "/broken":
            return self.answer("sorry", 500)
        if url.path == "/long":
            return self.answer("x" * (2 << 20))
        if url.path == "/form":
            return self.answer("name=ann&town=Sofia%2C+centre\r\n")
        if url.path == "/rt/static":
            wanted, = urllib.parse.parse_qs(url.query)["file"]
            return self.rows("SELECT cat_metric, var_metric, commented, category, var_name, var_val FROM ast_config WHERE filename = ?", [wanted])
        self.answer(f"GET {url.query} {self.headers['User-Agent']} {self.headers['X-Call']}\n")

    def rows(self, command, values):
        with sqlite3.connect(self.server.file) as database:
            database.row_factory = sqlite3.Row
            rows = [{key: row[key] for key in row.keys() if row[key] is not None} for row in database.execute(command, values)]
        self.answer("".join(urllib.parse.urlencode(row) + "\n" for row in rows))

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        form = urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
        if not url.path.startswith("/rt/"):
            return self.answer(f"POST {form}")
        self.server.asked.append(url.path)
        *_, table, verb = url.path.split("/")
        keys = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
        def where(pairs):
            return " AND ".join(f"{name} ?" + (" ESCAPE '\\'" if " LIKE" in name else "") if " " in name else f"{name} = ?" for name, _ in pairs), [value for _, value in pairs]
        if verb in ("single", "multi"):
            condition, values = where(form)
            try:
                return self.rows(f"SELECT * FROM {table} WHERE {condition} ORDER BY {form[0][0].split()[0]}" + (" LIMIT 1" if verb == "single" else ""), values)
            except sqlite3.OperationalError as error:
                return self.answer(str(error), 500)
        with sqlite3.connect(self.server.file) as database:
            if verb == "store":
                done = database.execute(f"INSERT INTO {table} ({','.join(n for n, _ in form)}) VALUES ({','.join('?' * len(form))})", [v for _, v in form])
            elif verb == "update":
                condition, values = where(keys)
                done = database.execute(f"UPDATE {table} SET {','.join(n + ' = ?' for n, _ in form)} WHERE {condition}", [v for _, v in form] + values)
            else:
                condition, values = where(keys + form)
                done = database.execute(f"DELETE FROM {table} WHERE {condition}", values)
            database.commit()
        self.answer(str(done.rowcount))


class Curl(RowUser):
    def web(self):
        path = self.folder / "web.sqlite3"
        database = sqlite3.connect(path)
        database.executescript(TABLES)
        database.commit()
        self.addCleanup(database.close)
        web = Web((self.server, 8000), path)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        return web, database, f"http://{self.server}:8000/rt"

    def test_a_whole_file_comes_from_a_web_server(self):
        _, _, url = self.web()
        jackfield = self.daemon({"extconfig.conf": f"[settings]\nextensions.conf => curl,{url}\nextensions => curl,{url}/extensions\n",
                                 "modules.conf": "[modules]\nautoload=yes\npreload => res_curl\npreload => res_config_curl\n"})
        self.assertEqual("a table", self.globals(jackfield)["FROM"])
        self.assertIn("Hangup(17)", jackfield.ask("dialplan show default"))

    def test_realtime_rows_and_extensions(self):
        web, database, url = self.web()
        jackfield = self.daemon({"extensions.conf": PLAN, "dialplan_test.conf": TESTS,
                                 "extconfig.conf": f"[settings]\npeople => curl,{url}/people\nextensions => curl,{url}/extensions\n"})
        def use(command):
            return database.execute(command).fetchall()
        self.use_rows(jackfield, use, error="answered 500")
        self.assertIn("/rt/people/single", web.asked)

    def test_functions_and_their_options(self):
        web, silent = Web((self.server, 8000)), socket.create_server((self.server, 8001))
        for end in (web.shutdown, web.server_close, silent.close):
            self.addCleanup(end)
        plan = CURL.replace("@WEB@", f"{self.server}:8000").replace("@SILENT@", f"{self.server}:8001").replace("@FOLDER@", str(self.folder))
        jackfield = self.daemon({"extensions.conf": plan, "dialplan_test.conf": CURL_TESTS})
        def dial(test):
            answer = jackfield.cli(f"dialplan test dialplan_test.conf {test}", check=False)
            self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
            return self.globals(jackfield)
        found = dial("functions")
        self.assertEqual("GET a=1 pbx 300", found["GOT"])
        self.assertEqual("POST [('name', 'ann'), ('town', 'Sofia')]", found["POSTED"])
        self.assertEqual(("<moved>", "GET moved pbx 300"), (found["MOVED"], found["FOLLOWED"]))
        self.assertEqual(("<>", "<>", "<>"), (found["BROKEN"], found["LONG"], found["LOCAL"]))
        self.assertEqual("Sofia, centre pbx", found["HASHED"])
        self.assertEqual(2 << 20, (self.folder / "long").stat().st_size)
        self.assertEqual(["long"], [path.name for path in self.folder.glob("[lb]*")])
        hung = threading.Thread(target=lambda: jackfield.cli("dialplan test dialplan_test.conf hangs", check=False))
        hung.start()
        silent.settimeout(20 * jt.SLOWNESS)
        connection, _ = silent.accept()  # and nothing is ever said
        self.addCleanup(connection.close)
        began = time.monotonic()
        self.assertIn("GET b jackfield None", jackfield.ask(f"dialplan eval function CURL(http://{self.server}:8000/echo?b)"))
        self.assertLess(time.monotonic() - began, 2.5 * jt.SLOWNESS)
        self.assertTrue(hung.is_alive())
        hung.join()
        self.assertEqual("<>", self.globals(jackfield)["HUNG"])


DIRECTORY = """dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=ann,dc=example,dc=org
objectClass: inetOrgPerson
cn: ann
sn: Smith
telephoneNumber: 6001
l: Sofia, centre

dn: cn=bob,dc=example,dc=org
objectClass: inetOrgPerson
cn: bob
sn: Jones
telephoneNumber: 6002
telephoneNumber: 6012

dn: cn=printer,dc=example,dc=org
objectClass: device
cn: printer
"""
RES_LDAP = """[_general]
url = ldap://{address}:3389
user = cn=admin,dc=example,dc=org
pass = secret
[people]
additionalFilter = (objectClass=inetOrgPerson)
name = cn
phone = telephoneNumber
town = l
"""
LDAP_PLAN = """[default]
exten => 400,1,Set(GLOBAL(PHONE)=${REALTIME_FIELD(people,name,ann,phone)})
 same => n,Set(GLOBAL(TOWN)=${REALTIME_FIELD(people,name,ann,town)})
 same => n,Set(GLOBAL(SEVERAL)=${REALTIME_FIELD(people,name,bob,phone)})
 same => n,Set(GLOBAL(OTHER)=<${REALTIME(people,name,printer)}>)
 same => n,Set(GLOBAL(INJECTED)=<${REALTIME(people,name,*)}><${REALTIME(people,name,x\\)(cn=ann)}>)
 same => n,Set(REALTIME(people,name,ann,phone)=6009)
 same => n,Hangup(16)
exten => 401,1,Hangup(19)
exten => 402,1,Set(GLOBAL(GOT)=<${REALTIME_FIELD(people,name,ann,phone)}>)
 same => n,Hangup(16)
"""
LDAP_TESTS = "".join(f"[{name}]\ndial = {number}\nlimit = 60\nexpect = hangup {cause}\n" for name, number, cause in (
    ("functions", 400, 16), ("asks-nobody", 401, 19), ("asks", 402, 16)))


class Slapd:
    """An LDAP server of a test's own."""

    def __init__(self, folder, address):
        (folder / "ldap").mkdir()
        (folder / "directory.ldif").write_text(DIRECTORY)
        (folder / "slapd.conf").write_text(
            "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in ("core", "cosine", "inetorgperson")) +
            f"pidfile {folder}/slapd.pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nsuffix dc=example,dc=org\n"
            f"rootdn cn=admin,dc=example,dc=org\nrootpw secret\ndirectory {folder}/ldap\nmaxsize 1048576\n")
        subprocess.run(["/usr/sbin/slapadd", "-f", folder / "slapd.conf", "-l", folder / "directory.ldif"], check=True, capture_output=True)
        self.process = subprocess.Popen(["/usr/sbin/slapd", "-f", folder / "slapd.conf", "-h", f"ldap://{address}:3389", "-d", "0"])
        jt.wait_until(lambda: self.answers(address), 20, "slapd")

    @staticmethod
    def answers(address):
        try:
            socket.create_connection((address, 3389), 1).close()
        except OSError:
            return False
        return True

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(20)


class Ldap(RowUser):
    def dial(self, jackfield, test):
        answer = jackfield.cli(f"dialplan test dialplan_test.conf {test}", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        return self.globals(jackfield)

    def test_a_directory_is_read_and_changed_and_a_hung_one_delays_only_who_asks_it(self):
        server = Slapd(self.folder, self.server)
        self.addCleanup(server.stop)
        jackfield = self.daemon({"extensions.conf": LDAP_PLAN, "dialplan_test.conf": LDAP_TESTS, "res_ldap.conf": RES_LDAP.format(address=self.server),
                                 "extconfig.conf": '[general]\ntimeout = 3s\n[settings]\npeople => ldap,"dc=example,dc=org",people\n'})
        found = self.dial(jackfield, "functions")
        self.assertEqual(("6001", "Sofia, centre", "6002;6012"), (found["PHONE"], found["TOWN"], found["SEVERAL"]))
        self.assertEqual(("<>", "<><>"), (found["OTHER"], found["INJECTED"]))
        self.assertEqual("<6009>", self.dial(jackfield, "asks")["GOT"])
        listed = jackfield.ask("realtime load people \"name LIKE\" %o%")
        self.assertIn("bob", listed)
        self.assertNotIn("ann", listed)
        answer = jackfield.cli("realtime store people name kim", check=False)
        self.assertIn("not made by the daemon", answer.stdout + answer.stderr)
        server.signal(signal.SIGSTOP)
        began = time.monotonic()
        self.dial(jackfield, "asks-nobody")
        self.assertLess(time.monotonic() - began, 2.5)
        self.assertEqual("<>", self.dial(jackfield, "asks")["GOT"])
        jackfield.wait_for_log("did not answer within 3000 ms")
        server.signal(signal.SIGCONT)
        jt.wait_until(lambda: self.dial(jackfield, "asks")["GOT"] == "<6009>", 20, "the directory")


class Hung(RowUser):
    """Each kind of database that accepts and says nothing, is locked, or was stopped: asked by all at once, at one daemon."""
    SECONDS = 3

    def silent(self, port):
        listener = socket.create_server((self.server, port))
        self.addCleanup(listener.close)

    def frozen_web_server(self):
        process = subprocess.Popen([sys.executable, "-m", "http.server", "-b", self.server, "8010"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)
        return process

    def look_up(self, jackfield, family):
        answer = jackfield.cli(f"realtime load {family} name ann", check=False, timeout=60 * jt.SLOWNESS)
        return answer.stdout + answer.stderr

    def test_who_does_not_ask_is_not_delayed_and_the_others_are_told_which_database_it_was(self):
        path = self.folder / "locked.sqlite3"
        lock = sqlite3.connect(path, isolation_level=None)
        self.addCleanup(lock.close)
        lock.executescript(TABLES)
        for port in (5432, 5433, 3389, 8011, 8012):
            self.silent(port)
        web = self.frozen_web_server()
        (self.folder / "odbc.ini").write_text(
            f"[silent]\nDriver={odbc_driver('psqlodbca.so')}\nServername={self.server}\nPort=5433\nDatabase=postgres\nUsername=jackfield\n"
            f"[locked]\nDriver={odbc_driver('libsqlite3odbc.so')}\nDatabase={path}\nTimeout=100000\n")
        families = {"file": "sqlite3,locked", "server": "pgsql,postgres", "source": "odbc,silent", "locked_source": "odbc,locked",
                    "directory": 'ldap,"dc=example,dc=org",people', "web": f"curl,http://{self.server}:8011/rt",
                    "secure_web": f"curl,https://{self.server}:8012/rt", "stopped_web": f"curl,http://{self.server}:8010/rt"}
        jackfield = self.daemon({
            "extensions.conf": "[plain]\nexten => 2,1,Hangup(19)\n",
            "dialplan_test.conf": "[asks-nobody]\ndial = 2@plain\nexpect = hangup 19\n",
            "extconfig.conf": f"[general]\ntimeout = {self.SECONDS}s\n[settings]\n" +
                              "".join(f"{family} => {where}{'' if where.startswith(('ldap', 'curl')) else ',people'}\n" for family, where in families.items()),
            "func_odbc.conf": "[LOCKED]\ndsn=locked_here\nreadsql=SELECT phone FROM people WHERE name = '${SQL_ESC(${ARG1})}'\n",
            "res_odbc.conf": f"[silent]\ndsn=silent\n[locked]\ndsn=locked\n[locked_here]\ndsn=locked\ntimeout={self.SECONDS}000\n",
            "res_config_sqlite3.conf": f"[locked]\ndbfile => {path}\n", "res_ldap.conf": RES_LDAP.format(address=self.server),
            "res_pgsql.conf": f"[general]\ndbhost = {self.server}\ndbuser = jackfield\n"},
            environment=jt.odbc_environment(self.folder / "odbc.ini"))
        jt.wait_until(lambda: "answered 501" in self.look_up(jackfield, "stopped_web"), 20, "the web server")
        self.assertIn("6001", self.look_up(jackfield, "file"))
        self.assertIn("6001", self.look_up(jackfield, "locked_source"))
        lock.execute("BEGIN EXCLUSIVE")
        web.send_signal(signal.SIGSTOP)
        answers, began = {}, time.monotonic()
        def ask(family):
            answers[family] = self.look_up(jackfield, family)
        def function():
            answers["function"] = jackfield.cli("dialplan eval function ODBC_LOCKED(ann)", check=False, timeout=60 * jt.SLOWNESS).stdout
        threads = [threading.Thread(target=ask, args=(family,)) for family in families] + [threading.Thread(target=function)]
        for thread in threads:
            thread.start()
        nobody = jackfield.cli("dialplan test dialplan_test.conf asks-nobody", check=False)
        self.assertEqual({}, answers, "somebody who asked a silent database has an answer already")
        self.assertEqual(0, nobody.returncode, nobody.stdout)
        for thread in threads:
            thread.join()
        self.assertGreater(time.monotonic() - began, self.SECONDS - 0.1)
        for family, where in families.items():
            driver = where.split(",")[0]
            self.assertRegex(answers[family], rf"database .*\({driver}\) did not answer within {self.SECONDS}000 ms", family)
        self.assertNotIn("6001", answers["function"])
        jackfield.wait_for_log(f"database locked_here is away: it did not answer within {self.SECONDS}000 ms")
        lock.execute("COMMIT")
        web.send_signal(signal.SIGCONT)
        jt.wait_until(lambda: "6001" in self.look_up(jackfield, "file"), 20, "the file")
        jt.wait_until(lambda: "6001" in self.look_up(jackfield, "locked_source"), 20, "the file by ODBC")
        jt.wait_until(lambda: "answered 501" in self.look_up(jackfield, "stopped_web"), 20, "the web server")

    def test_https_is_verified_unless_it_is_told_not_to(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
                        "-subj", f"/CN={self.server}", "-addext", f"subjectAltName=IP:{self.server}"], cwd=self.folder, check=True, capture_output=True)
        web = Web((self.server, 8443))
        web.handle_error = lambda *_: None  # the client that refuses the certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        web.socket = context.wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
        for end in (web.shutdown, web.server_close):
            self.addCleanup(end)
        url = f"https://{self.server}:8443/echo?a=1"
        jackfield = self.daemon({"extensions.conf": f"[default]\nexten => 1,1,Set(GLOBAL(STRICT)=<${{CURL({url})}}>)\n same => n,Set(CURLOPT(ssl_verifypeer)=0)\n"
                                                    f" same => n,Set(GLOBAL(LAX)=<${{CURL({url})}}>)\n same => n,Hangup(16)\n",
                                 "dialplan_test.conf": "[asks]\ndial = 1\nlimit = 60\nexpect = hangup 16\n"})
        answer = jackfield.cli("dialplan test dialplan_test.conf asks", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        found = self.globals(jackfield)
        self.assertEqual(("<>", "<GET a=1 jackfield None>"), (found["STRICT"], found["LAX"]))
        jackfield.wait_for_log("certificate")


if __name__ == "__main__":
    jt.main()
