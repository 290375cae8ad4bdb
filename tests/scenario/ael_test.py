"""The dialplan of extensions.ael."""
import fixture as jt

PLAN = """// the plan
globals { WHERE = office; }
macro ring(who, seconds) {
    local twice = ${seconds} * 2; Dial(PJSIP/${who},$[${twice} / 2]);
    return;
}
context default {
    includes { more; }
    100 => {
        Answer();
        n = 0;
        total = 0;
        while (${n} < 5) {
            n = ${n} + 1;
            if (${n} = 2) continue;
            if (${n} = 4) { break; }
            total = ${total} + ${n};
        }
        for (i = 0; ${i} < 3; i = ${i} + 1) total = ${total} + 100;
        switch (${WHERE}) {
            case home:
                KIND = 1;
                break;
            case office:
                KIND = 2;  /* and on */
            pattern 9X.:
                KIND = ${KIND} + 10;
                break;
            default:
                KIND = 99;
        }
        &ring(6001,20);
        if ("${DIALSTATUS}" = "BUSY") goto taken;
        else NoOp(not busy);
        Hangup(17);
    taken:
        jump 200;
    }
    hint(Custom:lamp) 200 => Hangup(21);
    _3XX => { Set(CHANNEL(language)=fr); jump 400@more; }
    500 => {
        catch i { Hangup(34); }
        Goto(nobody,1);
    }
}
context more { 400 => Hangup(18); }
"""
CONF = "[more]\nexten => 600,1,AELSub(ring,6001,20)\n same => n,Hangup(19)\n"
TESTS = """[whole]
dial = 100
destination = PJSIP/6001: busy
expect = Dial(PJSIP/6001,20)
expect = hangup 21
variable = total=304
variable = KIND=12
[jump]
dial = 333
expect = hangup 18
[catch]
dial = 500
expect = hangup 34
[sub]
dial = 600
expect = Dial(PJSIP/6001,20)
expect = hangup 19
"""


class Ael(jt.ScenarioTest):
    def test_statements_are_priorities(self):
        jackfield = self.daemon({"extensions.ael": PLAN, "extensions.conf": CONF, "dialplan_test.conf": TESTS})
        answer = jackfield.cli("dialplan test dialplan_test.conf", check=False)
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr + jackfield.ask("dialplan show default"))
        self.assertIn("Custom:lamp", jackfield.ask("core show hints"))
        self.assertIn("extensions.ael:10", jackfield.ask("dialplan show default"))

    def test_mistakes_have_file_and_line_and_change_nothing(self):
        jackfield = self.daemon({"extensions.ael": PLAN, "extensions.conf": CONF, "dialplan_test.conf": TESTS})
        for text, line in (("context default {\n 1 => Answer()\n 2 => Hangup();\n}\n", 3),
                           ("context default {\n 1 => { Answer();\n", 3), ("contxt default {}\n", 1),
                           ("context default {\n 1 => { break; }\n}\n", 2), ("#include \"gone.ael\"\n", 0)):
            jackfield.write("extensions.ael", text)
            answer = jackfield.cli("ael reload", check=False)
            self.assertNotEqual(0, answer.returncode, text)
            self.assertIn(f"extensions.ael:{line}" if line else "gone.ael", answer.stdout + answer.stderr)
        self.assertEqual(0, jackfield.cli("dialplan test dialplan_test.conf jump", check=False).returncode)
        jackfield.write("extensions.ael", '#include "part.ael"\n')
        jackfield.write("part.ael", "context default { 1 => Hangup(16); }\n")
        jackfield.ask("ael reload")
        self.assertNotIn("_3XX", jackfield.ask("dialplan show default"))
        jackfield.ask("module unload pbx_ael")
        self.assertNotIn("part.ael", jackfield.ask("dialplan show"))


if __name__ == "__main__":
    jt.main()
