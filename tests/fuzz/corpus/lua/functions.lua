local t = setmetatable({}, {__index = function(t, k) return k .. k end, __gc = function() end})
for i = 1, 10 do t[i] = string.format("%5d %s", i, tostring(t["a"])) end
print(pcall(error, {1}), #t, ("x"):rep(3, ","), select("#", table.unpack(t)))
