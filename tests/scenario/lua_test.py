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
        ["305"] = function() string.find(string.rep("a", 2000), string.rep("a*", 9) .. "b") end,
        ["306"] = function()
            channel.WHY = select(2, pcall(setmetatable, {}, {__gc = function() while true do end end}))
            table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)
        end,
        ["307"] = function()
            local long = string.rep("x", 4 << 20)
            while true do long:upper() end
        end,
        ["308"] = function()
            while true do check_hangup() end
        end,
        ["309"] = function()
            local function one(wanted, ...)
                local list = table.pack(...)
                for i = 1, list.n do list[i] = tostring(list[i]) end
                local got = table.concat(list, "|")
                if got ~= wanted then error(wanted .. " expected, got " .. got) end
            end
            one("2|3", ("aabb"):find("ab"))
            one("2|4|bb", ("abbc"):find("(b+)c"))
            one("nil", ("abc"):find("a.c", 2))
            one("2|2", ("a.c"):find(".", 2, true))
            one("key|value", ("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
            one("(a(b)c)", ("x(a(b)c)d"):match("%b()"))
            one("THE|1", ("THE (quick) fox"):match("%f[%a](%a+)()"):sub(1, 3), 1)
            one("2|bc", ("abc"):match("()(.+)", 2))
            one("hello hello world world|2", ("hello world"):gsub("%w+", "%0 %0"))
            one("x-y|1", ("x+y"):gsub("%+", "-"))
            one("-a-b-|3", ("ab"):gsub("", "-"))
            one("<abc>def|1", ("abcdef"):gsub("^%a%a%a", function(a) return "<" .. a .. ">" end))
            one("$x 1|2", ("$x $y"):gsub("%$(%w)", {y = 1}))
            local seen = {}
            for key, value in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do seen[#seen + 1] = key .. value end
            one("a1b2", table.concat(seen))
            one("false", pcall(string.find, "a", "[a") and true or false)
            local list = {3, 1, 2}
            table.sort(list)
            table.insert(list, 4)
            one("1|2|3|4", table.unpack(list))
            table.sort(list, function(a, b) return a > b end)
            one("4321", table.concat(list))
            app.hangup(20)
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
[pattern-bomb]
dial = 305
limit = 60
expect = hangup
[endless-table]
dial = 306
limit = 60
expect = hangup
variable = WHY=*__gc*
[long-strings]
dial = 307
limit = 60
expect = hangup
[waiting]
dial = 308
limit = 60
expect = hangup
[libraries]
dial = 309
expect = hangup 20
"""


class Lua(jt.ScenarioTest):
    def test_functions_of_the_script_are_the_plan(self):
        jackfield = self.daemon({"extensions.conf": PLAN, "extensions.lua": SCRIPT, "dialplan_test.conf": TESTS})
        for name in ("whole", "pattern", "included", "caught", "libraries"):
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
                           ("harmless", "extensions.lua:25"), ("pattern-bomb", "extensions.lua:31: more than 100 million"),
                           ("endless-table", "a table with __len"), ("long-strings", "extensions.lua:38: more than 100 million"),
                           ("waiting", "extensions.lua:41: more than 100 million")):
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
