-- One contact of a process with the shared state of one model: what happened since its last contact, what it asks for.
-- Redis 6.2. KEYS: the state of the model, the set of known models, the list of breaker events. ARGV[1]: JSON, see
-- script.py. Times are microseconds of the server's clock; in requests and replies they are milliseconds from now.
local ask = cjson.decode(ARGV[1])
local given = ask.times or {}
local TICK = given.tick or 500000                -- a bucket of the window
local MINUTE = given.minute or 60000000
local SECOND = given.second or 1000000           -- a bucket of the breaker
local LOOK_BACK = given.look_back or 10          -- seconds of the breaker's window
local ALIVE = given.alive or 10000000            -- how long the places of a silent process stay taken
local OPEN = given.open or 30000000              -- the first time that a breaker is open
local LONGEST_OPEN = given.longest_open or 300000000
local PROBE = given.probe or 160000000           -- longer than the longest call
local LINE = given.line or 300000000             -- no wait is longer
local FIRST_LINE = 15000000                      -- while it is not known what a call takes
local KEPT = 86400                               -- seconds for which the state of an unused model is kept
local LEAST_CALLS, SHARE = 10, 0.6
local EARLY = 0.02                               -- of a limit, while a bucket leaves the window
local EAGER = 0.6                                -- of the pace of a model: a little early, so that room does not wait
local REMEMBERED = 200                           -- calls, of which a mean is taken
local CROWDED = 0.99                             -- below it those in line have left room, and new ones may have it

local now = ask.now
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end
local packed = redis.call('GET', KEYS[1])
if ask.look and not packed then return 'null' end
local s
if packed then
    s = cmsgpack.unpack(packed)
else
    s = {window = {}, owners = {}, calls = {}, means = {}, state = 'closed', epoch = math.floor(now / 1000),
         until_at = 0, open_for = OPEN, not_before = 0, line = 0, cut_at = 0, waits = 0, waited = 0, ms = 1000,
         born = math.floor(now / TICK)}
end
local bucket = math.floor(now / TICK)
local BUCKETS = math.floor(MINUTE / TICK) + 1    -- with the one that has just begun
local rpm, tpm, most = ask.rpm, ask.tpm, ask.look and s.most or ask.most

local function ms(at) return math.max(0, math.ceil((at - now) / 1000)) end

-- A new state may follow a lost one: it begins as after a minute of steady use, so that no minute gets a budget twice.
if not packed and (rpm or tpm) then
    for i = bucket - BUCKETS + 1, bucket - 1 do
        local n = #s.window
        s.window[n + 1], s.window[n + 2] = i, 0.98 * (rpm or 0) / (BUCKETS - 1)
        s.window[n + 3] = 0.98 * (tpm or 0) / (BUCKETS - 1)
    end
end

-- The window: {bucket, requests, tokens, ...}, oldest first.
local function shed(list, first_kept)
    local from = 1
    while list[from] and list[from] < first_kept do from = from + 3 end
    if from == 1 then return list end
    local kept = {}
    for i = from, #list do kept[#kept + 1] = list[i] end
    return kept
end

local function add(list, at, second, third)
    local i = #list - 2
    while i > 0 and list[i] > at do i = i - 3 end
    if i > 0 and list[i] == at then
        list[i + 1] = math.max(0, list[i + 1] + second)
        list[i + 2] = math.max(0, list[i + 2] + third)
    elseif second > 0 or third > 0 then
        local place = i > 0 and i + 3 or 1
        table.insert(list, place, math.max(0, third))
        table.insert(list, place, math.max(0, second))
        table.insert(list, place, at)
    end
end

s.window = shed(s.window, bucket - BUCKETS + 1)
for _, change in ipairs(ask.settled or {}) do
    local is_before = change[1] < s.born and (change[2] < 0 or change[3] < 0)  -- of a state that was lost
    if change[1] > bucket - BUCKETS and not is_before then add(s.window, change[1], change[2], change[3]) end
end
-- The tokens of the oldest bucket leave the window bit by bit, but for what would be more than EARLY of the limit: they
-- are an estimate anyhow.
local passed = now / TICK - bucket
local function tokens_at(place)
    local amount = s.window[place + 2]
    if s.window[place] > bucket - BUCKETS + 1 or not tpm then return amount end
    return amount - math.min(passed * amount, EARLY * tpm)
end
local requests, tokens = 0, 0
for i = 1, #s.window, 3 do
    requests, tokens = requests + s.window[i + 1], tokens + tokens_at(i)
end

-- Places of calls in flight: of each process {count, until when it is believed}.
local others, owners = 0, 0
for owner, place in pairs(s.owners) do
    if place[2] < now then
        s.owners[owner] = nil
    elseif owner ~= ask.owner then
        others, owners = others + place[1], owners + 1
    end
end
local flying = ask.flying or 0
local ceiling = most and math.min(s.ceiling or math.max(1, most / 2), most) or nil

local function event(name, calls, failures)
    local told = {provider = ask.provider, model = ask.model, event = name, calls = calls or 0, failures = failures or 0,
        error = s.error, open_seconds = math.ceil(s.open_for / 1000000), at_ms = string.format('%.0f', now / 1000),
        transition = string.format('%s/%s:%.0f:%s', ask.provider, ask.model, now, name)}
    redis.call('RPUSH', KEYS[3], cjson.encode(told))
    redis.call('LTRIM', KEYS[3], -1000, -1)
end

local function open_up(for_how_long, calls, failures)
    s.state, s.open_for, s.until_at, s.epoch = 'open', for_how_long, now + for_how_long, s.epoch + 1
    s.calls, s.probe, s.prober = {}, nil, nil
    event('opened', calls, failures)
end

-- What has happened since the last contact.
local told = ask.told
if told then
    if told.error then s.error, s.error_at = told.error, now end
    if told.not_before then s.not_before = math.max(s.not_before, now + told.not_before * 1000) end
    if told.ms then s.ms = s.ms + (told.ms[2] / told.ms[1] - s.ms) * (1 - 0.9 ^ told.ms[1]) end
    -- Of each purpose the mean and the mean distance from it, and of how many calls.
    local counted = s.counted or {}
    -- seen: calls, sum of tokens, sum of distances from the mean
    for purpose, seen in pairs(told.sizes or {}) do
        local m = s.means[purpose] or {seen[2] / seen[1], 0.2 * math.abs(seen[2]) / seen[1]}
        local count = math.min(counted[purpose] or (s.means[purpose] and 20 or 0), REMEMBERED) + seen[1]
        local weight = seen[1] / count
        if s.means[purpose] then
            m[1], m[2] = m[1] + (seen[2] / seen[1] - m[1]) * weight, m[2] + (seen[3] / seen[1] - m[2]) * weight
        end
        s.means[purpose], counted[purpose] = m, count
    end
    s.counted = counted
    s.waits, s.waited = s.waits + (told.waits or 0), s.waited + (told.waited or 0)
    if ceiling and told.cut and now - s.cut_at >= SECOND then
        ceiling, s.cut_at = math.max(1, ceiling * 0.7), now
    elseif ceiling and told.good then
        ceiling = math.min(most, ceiling + told.good / ceiling)
    end
    if told.calls and told.epoch == s.epoch and s.state == 'closed' then
        local second = math.floor(now / SECOND)
        s.calls = shed(s.calls, second - LOOK_BACK + 1)
        add(s.calls, second, told.calls, told.failures or 0)
        s.throttled = shed(s.throttled or {}, second - LOOK_BACK + 1)
        add(s.throttled, second, told.throttled or 0, 0)
        local calls, failures, throttled = 0, 0, 0
        for i = 1, #s.calls, 3 do calls, failures = calls + s.calls[i + 1], failures + s.calls[i + 2] end
        for i = 1, #s.throttled, 3 do throttled = throttled + s.throttled[i + 1] end
        -- 429 with a time of its own counts only where for half of the window nothing else came.
        local t = s.throttled
        if throttled >= calls and #t > 0 and t[#t - 2] - t[1] >= LOOK_BACK / 2 then failures = calls end
        if calls >= LEAST_CALLS and failures >= SHARE * calls then open_up(OPEN, calls, failures) end
    end
    local probe = told.probe
    if probe and s.state == 'probing' and probe[1] == s.probe then
        if probe[2] == 'good' then
            s.state, s.open_for, s.epoch, s.calls, s.probe, s.prober = 'closed', OPEN, s.epoch + 1, {}, nil, nil
            event('closed', 1, 0)
        elseif probe[2] == 'bad' then
            open_up(math.min(LONGEST_OPEN, s.open_for * 2), 1, 1)
        else  -- not made, for example as its model is paused: what follows is the same try
            s.state, s.until_at, s.probe, s.prober, s.unmade = 'open', now, nil, nil, s.epoch
        end
    end
end
if s.state == 'probing' and (now > s.until_at or (s.prober ~= ask.owner and not s.owners[s.prober])) then
    s.state, s.until_at, s.probe, s.prober = 'open', now, nil, nil  -- its process is gone: another call probes
end

local reply = {state = s.state}
if ask.look then
    requests, tokens = 0, 0
    for i = 1, #s.window, 3 do
        if s.window[i] >= s.born then requests, tokens = requests + s.window[i + 1], tokens + s.window[i + 2] end
    end
    reply = {
        requests = math.floor(requests + 0.5), tokens = math.floor(tokens + 0.5), flying = others, ceiling = ceiling,
        not_before = s.not_before > now and ms(s.not_before) or nil, state = s.state, open_for = s.open_for / 1000000,
        until_ms = s.state ~= 'closed' and ms(s.until_at) or nil, waits = s.waits, waited = s.waited, error = s.error,
        error_ago = s.error_at and math.floor((now - s.error_at) / 1000) or nil,
    }
    return cjson.encode(reply)
end

-- What is asked for: the tokens of each call, first those that have waited already (`ask.back` of them).
local need, back = ask.need or {}, ask.back or 0
local granted, why = 0, nil
local last = s.window[#s.window - 2] == bucket and #s.window - 2 or nil
local here_requests, here_tokens = last and s.window[last + 1] or 0, last and s.window[last + 2] or 0
local burst_requests = rpm and math.max(math.ceil(rpm * 6 * TICK / MINUTE), math.min(rpm, 10))
local burst_tokens = tpm and tpm * 6 * TICK / MINUTE
local taken_requests, taken_tokens = 0, 0
-- A new call is let in only where another one has room beside it.
local two = 2 * math.min(need[1] or 0, tpm or 0)
local is_crowded = (rpm and (requests > CROWDED * rpm or requests + 2 > rpm))
    or (tpm and (tokens > CROWDED * tpm or tokens + two > tpm)) or false

local function refusal(cost, place)
    if now < s.not_before then return 'time' end
    if s.state == 'probing' or (s.state == 'open' and now < s.until_at) then return 'breaker' end
    if rpm and requests + taken_requests + 1 > rpm then return 'requests' end
    if tpm and tokens + taken_tokens + cost > tpm then return 'tokens' end
    if is_crowded and place > back and s.line > now then return 'line' end
    if rpm and here_requests + taken_requests + 1 > burst_requests then return 'burst' end
    if tpm and here_tokens + taken_tokens > 0 and here_tokens + taken_tokens + cost > burst_tokens then return 'burst' end
    if ceiling and others + flying + taken_requests + 1 > math.floor(ceiling) then return 'places' end
end

for place, cost in ipairs(need) do
    if tpm then cost = math.min(cost, tpm) end
    why = refusal(cost, place)
    if why then break end
    granted, taken_requests, taken_tokens = granted + 1, taken_requests + 1, taken_tokens + cost
    if s.state == 'open' then
        s.state, s.until_at, s.prober, s.probe = 'probing', now + PROBE, ask.owner, string.format('%.0f', now)
        reply.probe = s.probe
        if s.unmade ~= s.epoch then event('probing') end
    end
end

-- A little more for what comes within the next half second, where it matters to nobody else.
local more, more_tokens = 0, 0
if granted == #need and (ask.ahead or 0) > 0 and s.state == 'closed' and s.line <= now then
    more = ask.ahead
    if rpm then more = math.min(more, (rpm - requests - granted) / 16, burst_requests - here_requests - granted) end
    if ceiling then more = math.min(more, (math.floor(ceiling) - others - flying - granted) / 16) end
    more = math.max(0, math.floor(more))
    if tpm and more > 0 then
        local each = ask.ahead_tokens / ask.ahead
        local room = math.min((tpm - tokens - taken_tokens) / 16, burst_tokens - here_tokens - taken_tokens)
        more = math.max(0, math.min(more, math.floor(room / each)))
        more_tokens = math.floor(more * each)
    end
    taken_requests, taken_tokens = taken_requests + more, taken_tokens + more_tokens
end
if taken_requests > 0 then add(s.window, bucket, taken_requests, taken_tokens) end

-- When those that are refused come back: once there is room, one after the other, a little faster than the model's rate.
local function room_at(cost)
    local more_requests = rpm and requests + taken_requests + 1 - rpm or 0
    local more_tokens = tpm and tokens + taken_tokens + cost - tpm or 0
    for i = 1, #s.window, 3 do
        if more_requests <= 0 and more_tokens <= 0 then break end
        local less_requests, less_tokens = s.window[i + 1], tokens_at(i)
        if more_requests <= less_requests and more_tokens <= less_tokens then
            local gone, amount = (s.window[i] + BUCKETS) * TICK, s.window[i + 2]
            local leaving = amount - less_tokens + more_tokens  -- of this bucket, before there is room
            if more_requests > 0 or leaving > EARLY * tpm then return gone end
            return gone - TICK + TICK * leaving / amount
        end
        more_requests, more_tokens = more_requests - less_requests, more_tokens - less_tokens
    end
    return (bucket + 1) * TICK
end

local back_in = {}
if granted < #need then
    local start = now
    if why == 'time' then start = s.not_before
    elseif why == 'breaker' then start = s.state == 'open' and s.until_at or now + 3 * SECOND
    elseif why == 'places' then start = now
    else start = room_at(tpm and math.min(need[granted + 1], tpm) or 0) end
    local base = why == 'breaker' and start or math.max(start, s.line)
    local longest = tpm and not next(s.means) and FIRST_LINE or LINE
    for place = granted + 1, #need do
        local pace = 0
        if rpm then pace = MINUTE / rpm end
        if tpm then pace = math.max(pace, math.min(ask.usual, tpm) * MINUTE / tpm) end
        if ceiling then pace = math.max(pace, s.ms * 1000 / ceiling) end
        back_in[#back_in + 1] = ms(math.min(base, now + longest))
        s.waited = s.waited + back_in[#back_in]
        if why ~= 'breaker' then base = math.min(base + EAGER * pace, now + longest) end
    end
    if why ~= 'breaker' then s.line = base end
    s.waits = s.waits + #need - granted
end

s.ceiling, s.most = ceiling, most
s.owners[ask.owner] = not ask.leaves and {flying + taken_requests, now + ALIVE} or nil
redis.call('SET', KEYS[1], cmsgpack.pack(s), 'EX', KEPT)
if not packed then redis.call('SADD', KEYS[2], ask.provider .. '/' .. ask.model) end

reply.state, reply.epoch, reply.bucket, reply.granted, reply.why = s.state, s.epoch, bucket, granted, why
reply.more, reply.more_tokens, reply.back_in, reply.owners = more, more_tokens, back_in, owners + 1
reply.means = next(s.means) and s.means or nil
reply.scarce = is_crowded or why ~= nil
local shut = 0
if now < s.not_before then shut = s.not_before end
if s.state == 'open' then shut = math.max(shut, s.until_at) end
reply.shut = shut > now and ms(shut) or nil
reply.shut_by = reply.shut and (s.state == 'open' and s.until_at > s.not_before and 'breaker' or 'time') or nil
return cjson.encode(reply)
