"""Live configuration: changes are transactions, kept in a history, from files, the console and the manager interface."""
import getpass
import subprocess

import ami_fixture
import fixture as jt

PLAN = "; the plan\n[default]\nexten => 100,1,Hangup(17) ; busy\n\n; the end\n"


class LiveConfiguration(jt.ScenarioTest):
    def history(self, jackfield):
        return jackfield.ask("config history").splitlines()[1:]

    def test_each_reload_that_changed_something_is_a_revision_with_author_and_diff(self):
        jackfield = self.daemon({"extensions.conf": PLAN})
        jt.wait_until(lambda: (jackfield.folder / "lib/config-history/copy/extensions.conf").exists(), 10, "the history")
        jackfield.ask("core reload")
        self.assertEqual([], self.history(jackfield))
        jackfield.write("extensions.conf", PLAN.replace("17", "21"))
        self.assertIn("+exten => 100,1,Hangup(21) ; busy", jackfield.ask("config diff"))
        jackfield.ask("dialplan reload")
        rows = self.history(jackfield)
        self.assertEqual(1, len(rows))
        self.assertIn(f"file ({getpass.getuser()})", rows[0])
        self.assertIn("reload extensions.conf", rows[0])
        self.assertIn("-exten => 100,1,Hangup(17) ; busy\n+exten => 100,1,Hangup(21) ; busy", jackfield.ask("config diff 1"))
        self.assertEqual("", jackfield.ask("config diff"))
        # What was changed while the daemon was down.
        jackfield.stop()
        jackfield.write("extensions.conf", PLAN.replace("17", "34"))
        jackfield.start()
        jt.wait_until(lambda: len(self.history(jackfield)) == 2, 10, "the change found at start")
        self.assertIn("found at start", self.history(jackfield)[0])

    def test_plans_in_ael_and_lua_belong_to_the_transaction(self):
        ael, lua = "context ael { 200 => Hangup(17); }\n", "extensions = { lua = { ['300'] = function() app.hangup(17) end } }\n"
        jackfield = self.daemon({"extensions.conf": PLAN, "extensions.ael": '#include "part.ael"\n', "part.ael": ael, "extensions.lua": lua})
        jt.wait_until(lambda: (jackfield.folder / "lib/config-history/copy/extensions.lua").exists(), 10, "the history")
        # A mistake in one of them: nothing changes, also not what is right in the others
        for name, broken, place in (("extensions.lua", "extensions = {\n  default = function(\n}\n", "extensions.lua:3"),
                                    ("part.ael", "// the plan\ncontxt ael {}\n", "part.ael:2")):
            good = (jackfield.etc / name).read_text()
            jackfield.write(name, broken)
            jackfield.write("extensions.conf", PLAN.replace("17", "21"))
            answer = jackfield.cli("core reload", check=False)
            self.assertEqual(1, answer.returncode)
            self.assertIn(place, answer.stdout + answer.stderr)
            done = subprocess.run([*jackfield.command, "--check"], capture_output=True, text=True, timeout=60 * jt.SLOWNESS)
            self.assertEqual(1, done.returncode)
            self.assertIn(f"{place}: error: ", done.stdout)
            self.assertIn("Hangup(17)", jackfield.ask("dialplan show default"))
            self.assertIn("Hangup(17)", jackfield.ask("dialplan show ael"))
            self.assertIn("'300'", jackfield.ask("dialplan show lua"))
            self.assertEqual([], self.history(jackfield))
            jackfield.write(name, good)
        # All of them right: in force together, one revision with a diff of each
        jackfield.write("part.ael", ael.replace("200", "201"))
        jackfield.write("extensions.lua", lua.replace("300", "301"))
        jackfield.ask("core reload")
        for context, said in (("default", "Hangup(21)"), ("ael", "'201'"), ("lua", "'301'")):
            self.assertIn(said, jackfield.ask(f"dialplan show {context}"))
        self.assertEqual(1, len(self.history(jackfield)))
        diff = jackfield.ask("config diff 1")
        self.assertIn("+context ael { 201 => Hangup(17); }", diff)
        self.assertIn("+extensions = { lua = { ['301']", diff)
        self.assertIn("+exten => 100,1,Hangup(21)", diff)
        # A rollback goes the same way
        jackfield.write("extensions.lua", lua.replace("300", "302"))
        jackfield.ask("core reload")
        jackfield.ask("config rollback 1")
        self.assertIn("'301'", jackfield.ask("dialplan show lua"))

    def test_the_console_changes_a_setting_and_rolls_it_back(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "res.conf": "[x]\n"})
        jt.wait_until(lambda: (jackfield.folder / "lib/config-history/copy/extensions.conf").exists(), 10, "the history")
        self.assertIn("Revision 1", jackfield.ask("config set extensions.conf globals WHERE office"))
        self.assertIn("office", jackfield.ask("dialplan show globals"))
        text = (jackfield.etc / "extensions.conf").read_text()
        self.assertTrue(text.startswith(PLAN), text)
        self.assertIn("WHERE = office", text)
        self.assertIn(f"console ({getpass.getuser()})", self.history(jackfield)[0])
        self.assertIn("Revision 2", jackfield.ask("config set extensions.conf globals WHERE home"))
        self.assertIn("WHERE = office", jackfield.ask("config show extensions.conf 1"))
        self.assertIn("WHERE = home", jackfield.ask("config show extensions.conf"))
        self.assertIn("Revision 3", jackfield.ask("config rollback 1"))
        self.assertIn("WHERE=office", jackfield.ask("dialplan show globals"))
        jackfield.ask("config rollback 0")
        self.assertEqual(PLAN, (jackfield.etc / "extensions.conf").read_text())
        self.assertEqual(4, len(self.history(jackfield)))

    def test_a_change_that_would_not_be_valid_changes_nothing(self):
        jackfield = self.daemon({"extensions.conf": PLAN})
        jt.wait_until(lambda: (jackfield.folder / "lib/config-history/copy/extensions.conf").exists(), 10, "the history")
        answer = jackfield.cli("config set extensions.conf default exten 1", check=False)
        self.assertNotEqual(0, answer.returncode)
        self.assertEqual(PLAN, (jackfield.etc / "extensions.conf").read_text())
        self.assertEqual([], self.history(jackfield))
        jackfield.write("several.conf", "[a]\ntype=one\n[a]\ntype=two\nkey=1\n")
        answer = jackfield.cli("config set several.conf a key 2", check=False)
        self.assertIn("there are 2 sections [a] to choose from", answer.stdout + answer.stderr)
        jackfield.ask("config set several.conf a(type=two,key=1) key 2")
        self.assertIn("type=two\nkey=2", (jackfield.etc / "several.conf").read_text())
        self.assertNotEqual(0, jackfield.cli("config set ../escape.conf a b c", check=False).returncode)
        self.assertFalse((jackfield.folder / "escape.conf").exists())
        self.assertIn("0 errors", jackfield.ask("config validate"))
        jackfield.write("extensions.conf", "[default]\nexten => 1\n")
        self.assertNotEqual(0, jackfield.cli("config validate", check=False).returncode)

    def test_the_manager_changes_a_file_and_keeps_its_comments(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "manager.conf": ami_fixture.MANAGER.replace("{general}", "")})
        jt.wait_until(lambda: (jackfield.folder / "lib/config-history/copy/extensions.conf").exists(), 10, "the history")
        ami = ami_fixture.Client(self.server).login()
        self.addCleanup(ami.close)
        files = [("SrcFilename", "extensions.conf"), ("DstFilename", "extensions.conf"), ("Reload", "yes")]
        lines = [("Action-000000", "Update"), ("Cat-000000", "default"), ("Var-000000", "exten"),
                 ("Value-000000", "100,1,Hangup(34)"), ("Match-000000", "100,1,Hangup(17)"),
                 ("Action-000001", "NewCat"), ("Cat-000001", "more"),
                 ("Action-000002", "Append"), ("Cat-000002", "more"), ("Var-000002", "exten"),
                 ("Value-000002", ">200,1,NoOp()"),
                 ("Action-000003", "Insert"), ("Cat-000003", "more"), ("Var-000003", "exten"), ("Line-000003", "0"),
                 ("Value-000003", ">199,1,NoOp()")]
        answer = ami.ask("UpdateConfig", *files, *lines)
        self.assertEqual("Success", answer.get("Response"), answer)
        text = (jackfield.etc / "extensions.conf").read_text()
        self.assertEqual(PLAN.replace("17", "34") + "\n[more]\nexten => 199,1,NoOp()\nexten => 200,1,NoOp()\n", text)
        self.assertIn("199", jackfield.ask("dialplan show more"))
        self.assertIn("manager admin", self.history(jackfield)[0])
        answer = ami.ask("UpdateConfig", *files, ("Action-000000", "Append"), ("Cat-000000", "more"),
                         ("Var-000000", "exten"), ("Value-000000", "wrong"))
        self.assertEqual("Error", answer.get("Response"), answer)
        self.assertEqual(text, (jackfield.etc / "extensions.conf").read_text())
        answer = ami.ask("CreateConfig", Filename="fresh.conf")
        self.assertEqual("Success", answer.get("Response"), answer)
        self.assertEqual("", (jackfield.etc / "fresh.conf").read_text())
        self.assertEqual("Error", ami.ask("CreateConfig", Filename="../fresh.conf").get("Response"))


if __name__ == "__main__":
    jt.main()
