"""The dialplan of extensions.lua."""
import fixture as jt

SCRIPT = """-- the plan
local function status(context, extension)
    channel.RESULT = channel.DIALSTATUS:get()
    app.hangup(21)
end
extensions = {
    default = {
        ["100"] = function(context, extension)
            app.answer()
            channel.WHERE = context .. "/" .. extension
            channel["GLOBAL(SEEN)"]:set(channel.CALLERID("num"):get())
            channel.GLOBAL("COUNT"):set(#extension + 1)
            app.playback("hello-world", nil)
            app.dial("PJSIP/6001", 20)
            return status(context, extension)
        end,
        ["_2XX"] = function(context, extension)
            app["goto"]("other", extension, 1)
        end,
        ["300"] = function() while true do end end,
        ["301"] = function() local t = {} while true do t[#t + 1] = string.rep("x", 1000) end end,
        ["302"] = function()
            while true do pcall(function() app.wait(10) end) end
        end,
        ["303"] = function() os.execute("true") end,
        ["304"] = function()
            local good, why = pcall(function() error("caught") end)
            channel.WHY = why
            app.hangup(34)
        end,
        include = {"more"},
    },
    other = { ["_2XX"] = function() app.hangup(17) end },
}
hints = { default = { ["100"] = "Custom:lamp" } }
"""
PLAN = "[more]\nexten => 400,1,Hangup(18)\nexten => h,1,Set(GLOBAL(ENDED)=yes)\n"
TESTS = """[whole]
dial = 100
callerid = "Ann" <6001>
destination = PJSIP/6001: busy
prompt = hello-world
expect = Dial(PJSIP/6001,20)
expect = hangup 21
variable = WHERE=default/100
variable = RESULT=BUSY
[pattern]
dial = 234
expect = Goto(other,234,1)
expect = hangup 17
[included]
dial = 400
expect = hangup 18
[caught]
dial = 304
expect = hangup 34
variable = WHY=extensions.lua:*: caught
[endless]
dial = 300
limit = 60
expect = hangup
[memory]
dial = 301
limit = 60
expect = hangup
[stubborn]
dial = 302
expect = Wait
hangup = yes
expect = hangup
[harmless]
dial = 303
expect = hangup
"""


class Lua(jt.ScenarioTest):
    def test_functions_of_the_script_are_the_plan(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "extensions.lua": SCRIPT, "dialplan_test.conf": TESTS})
        for name in ("whole", "pattern", "included", "caught"):
            answer = jackfield.cli(f"dialplan test dialplan_test.conf {name}", check=False)
            self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        shown = jackfield.ask("dialplan show globals")
        self.assertIn("SEEN=6001", shown)
        self.assertIn("COUNT=4", shown)
        self.assertIn("extensions.lua", jackfield.ask("dialplan show default"))
        self.assertIn("Custom:lamp", jackfield.ask("core show hints"))

    def test_a_script_can_do_no_harm(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "extensions.lua": SCRIPT, "dialplan_test.conf": TESTS})
        for name, said in (("endless", "million instructions"), ("memory", "not enough memory"), ("stubborn", None),
                           ("harmless", "extensions.lua:25")):
            answer = jackfield.cli(f"dialplan test dialplan_test.conf {name}", check=False, timeout=60)
            self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
            if said:
                jackfield.wait_for_log(said)
        jackfield.wait_idle()

    def test_a_reload_with_a_mistake_keeps_the_plan_and_names_the_line(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "extensions.lua": SCRIPT, "dialplan_test.conf": TESTS})
        jackfield.write("extensions.lua", "extensions = {\n  default = function(\n}\n")
        answer = jackfield.cli("module reload pbx_lua", check=False)
        self.assertNotEqual(0, answer.returncode)
        self.assertIn("extensions.lua:3", answer.stdout + answer.stderr)
        self.assertEqual(0, jackfield.cli("dialplan test dialplan_test.conf pattern", check=False).returncode)
        jackfield.write("extensions.lua", "extensions = { default = { ['500'] = function() app.hangup(19) end } }\n")
        jackfield.ask("module reload pbx_lua")
        shown = jackfield.ask("dialplan show default")
        self.assertIn("'500'", shown)
        self.assertNotIn("'_2XX'", shown)
        jackfield.ask("module unload pbx_lua")
        self.assertNotIn("LuaExtension", jackfield.ask("dialplan show"))


if __name__ == "__main__":
    jt.main()
