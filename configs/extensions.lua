-- The dialplan in Lua 5.4, beside extensions.conf: each function of the table `extensions` is an extension of its context. It
-- gets the context and the number dialled, and the call ends with it (or goes where app["goto"] sent it).
--
--   app.playback("hello-world")           an application; nil stands for an argument that is left out
--   channel.NAME:get()                    a variable, nil when it is empty; channel.NAME = "value" sets it
--   channel.CALLERID("num"):get()         a function; channel["CALLERID(num)"] is the same; :set("value")
--   check_hangup()                        whether the caller has hung up; applications raise an error then, which no pcall stops
--
-- Tables, strings, numbers, utf8 and the times of os are there; files, programs, coroutines, finalizers (__gc) and
-- other modules are not.
-- A call's script may use 16 MiB, and 100 million instructions between two applications. `module reload pbx_lua` reads the
-- file anew; calls go on with the script that they began with.
extensions = {
    -- ["lua-example"] = {
    --     ["100"] = function(context, extension)
    --         app.answer()
    --         if channel.CALLERID("num"):get() == nil then
    --             return app["goto"]("default", "s", 1)
    --         end
    --         app.dial("PJSIP/6001", 20)
    --         app.hangup()
    --     end,
    --     ["_2XX"] = function(context, extension) app.dial("PJSIP/" .. extension) end,
    --     include = {"default"},
    -- },
}
hints = {
    -- ["lua-example"] = { ["100"] = "PJSIP/6001" },
}
