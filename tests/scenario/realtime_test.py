"""Realtime: rows, whole files and extensions out of SQLite and PostgreSQL, and what a hung database does to calls."""
import sqlite3
import time

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


class Realtime(jt.ScenarioTest):
    def globals(self, jackfield):
        lines = jackfield.ask("dialplan show globals").splitlines()
        return dict(line.strip().split("=", 1) for line in lines if "=" in line)

    def use_rows(self, jackfield, read):
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
        self.assertIn("no_such_column", answer.stdout + answer.stderr)

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
        seconds = 4
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


if __name__ == "__main__":
    jt.main()
