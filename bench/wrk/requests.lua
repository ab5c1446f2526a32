-- What wrk asks for, by the arguments behind the address, and its report as one line of JSON.
--
--   wrk … -s requests.lua http://HOST/fruits/1 -- same
--   wrk … -s requests.lua http://HOST/fruits   -- add         a fruit with each request
--   wrk … -s requests.lua http://HOST/fruits   -- any 1000    one of the ids 1 to 1000, at random

-- Made before the clock runs: so many are as good as any.
local prepared_requests = 65536

function init(arguments)
  local what = arguments[1]
  if what == "add" then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"fruit":"apple","color":"red"}'
  elseif what == "any" then
    local prepared, turn = {}, 0
    -- The same ids in every run.
    math.randomseed(1)
    for index = 1, prepared_requests do
      prepared[index] = wrk.format(nil, wrk.path .. "/" .. math.random(tonumber(arguments[2])))
    end
    function request()
      turn = turn % prepared_requests + 1
      return prepared[turn]
    end
  elseif what ~= "same" then
    error("same, add or any COUNT")
  end
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"bytes":%d,"micros":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\n',
    summary.requests, summary.bytes, summary.duration,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
