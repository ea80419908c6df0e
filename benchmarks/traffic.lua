-- Sends the requests of a data file (see load.py), checks every response, and prints one line of JSON at the end.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  dofile(args[1])
  turn, made, wrong, first = 0, 0, 0, ""
  run = os.time() % 0x10000000
  if PAUSE > 0 then
    delay = function() return PAUSE end
  end
end

local function fill(text)
  return (string.gsub(TEMPLATE, "~", (string.gsub(text, "%%", "%%%%"))))
end

function request()
  if CHAIN ~= "" then
    local oldest = table.remove(REQUESTS, 1)
    if oldest == nil then -- more connections than initial requests
      wrong, first = wrong + 1, "no request is left to send"
      return TEMPLATE
    end
    return oldest
  end
  if TEMPLATE ~= "" then
    made = made + 1
    return fill(string.format("%07x%06x", run, made)) -- unique, and always of the same length
  end
  turn = turn % #REQUESTS + 1
  return REQUESTS[turn]
end

function response(status, headers, body)
  if status ~= STATUS or not string.find(body, EXPECT, 1, true) then
    wrong = wrong + 1
    if first == "" then
      first = status .. " " .. string.sub(body, 1, 300)
    end
  elseif CHAIN ~= "" then
    table.insert(REQUESTS, fill(string.match(body, CHAIN)))
  end
end

function done(summary, latency, requests)
  local wrongs, text = 0, ""
  for _, thread in ipairs(threads) do
    wrongs = wrongs + thread:get("wrong")
    text = text .. thread:get("first")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"responses": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "wrong": %d, "errors": %d, "first": "%s"}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, wrongs,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    (string.gsub(text, '[%c"\\]', " "))
  ))
end
