"""The count of one vendor in Redis, by Redis' clock. Lua 5.1, Redis 6.2.

limited  sorted set: each answer of 429 of the window by its time, in milliseconds
flying   sorted set: each request under way, `kind:when it began:id`, by when its holder counts as dead
state    hash: `closed`, until when nobody may send anything; for each kind of request `streak`, the 429s in a row,
         `last`, when the last one came, and `next`, before which no request of that kind goes out
fresh    exists as long as the rows need not be read again
"""

from typing import Final

COMMON: Final = """
local limited, flying, state, fresh = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function known(name) return tonumber(redis.call('HGET', state, name)) or 0 end
local function forget(window) redis.call('ZREMRANGEBYSCORE', limited, '-inf', now - window) end
local function close_where_due(newest, most, rest, kinds)
    if redis.call('ZCARD', limited) < most then return end
    redis.call('HSET', state, 'closed', math.max(known('closed'), newest + rest))
    for kind in string.gmatch(kinds, '%a+') do
        if known('streak:' .. kind) == 0 then redis.call('HSET', state, 'streak:' .. kind, 1) end
    end
end
"""

# Whether a request may go out; with an id it then has its place. Without an id and without trouble: it may, in its
# turn. A request whose process died may have been answered by a 429 that nobody counted: it counts as one where its
# kind is in trouble, in which one request is under way at a time.
TAKE: Final = (
    COMMON
    + """
local kind, id, lease, window, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
if redis.call('EXISTS', fresh) == 0 then return {'stale', 0, 0, ''} end
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', flying, '-inf', now)) do
    redis.call('ZREM', flying, gone)
    if known('streak:' .. string.match(gone, '^%a+')) > 0 then redis.call('ZADD', limited, now, gone) end
end
forget(window)
local counted = redis.call('ZCARD', limited)
local closed, later = known('closed') - now, known('next:' .. kind) - now
if closed > 0 then return {'closed', closed, counted, ''} end
if later > 0 then return {'pause', later, counted, ''} end
if id == '' and known('streak:' .. kind) == 0 then return {'go', most, counted, ''} end
local under_way = redis.call('ZRANGE', flying, 0, -1)
local room = most - counted - #under_way
if known('streak:' .. kind) > 0 then
    room = math.min(room, 1)
    for _, other in ipairs(under_way) do
        if string.match(other, '^%a+') == kind then room = 0 end
    end
end
if room <= 0 then return {'busy', 0, counted, ''} end
local place = kind .. ':' .. string.format('%.0f', now) .. ':' .. id
if id ~= '' then redis.call('ZADD', flying, now + lease, place) end
return {'go', room, counted, place}
"""
)

# A request has ended. What was sent before the last 429 came says nothing about the time after it.
END: Final = (
    COMMON
    + """
local place, how, wait, window, most, rest = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
local first, longest, kinds = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local kind, began, id = string.match(place, '^(%a+):(%d+):(.*)$')
local is_new = tonumber(began) > known('last:' .. kind)
redis.call('ZREM', flying, place)
if how == 'passed' and is_new then redis.call('HDEL', state, 'streak:' .. kind, 'next:' .. kind) end
if how ~= 'limited' then return {0, 0, 0} end
local streak = known('streak:' .. kind)
if is_new or streak == 0 then streak = streak + 1 end
local pause = math.max(wait, math.min(longest, first * 2 ^ math.min(streak - 1, 20)))
forget(window)
redis.call('ZADD', limited, now, id)
redis.call('HSET', state, 'streak:' .. kind, streak, 'last:' .. kind, now,
    'next:' .. kind, math.max(known('next:' .. kind), now + pause))
close_where_due(now, most, rest, kinds)
return {streak, pause, redis.call('ZCARD', limited)}
"""
)

# For how long the vendor is still left alone, and the answers that are in rows: each with its id, kind, age, pause and
# place in its series. Those that are known change nothing.
LOAD: Final = (
    COMMON
    + """
local window, most, rest, lasts, kinds = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
if tonumber(ARGV[6]) > 0 then redis.call('HSET', state, 'closed', math.max(known('closed'), now + ARGV[6])) end
for at = 7, #ARGV, 5 do
    local id, kind, came = ARGV[at], ARGV[at + 1], now - ARGV[at + 2]
    if came > now - window and redis.call('ZADD', limited, 'NX', came, id) == 1 then
        redis.call('HSET', state, 'streak:' .. kind, math.max(known('streak:' .. kind), tonumber(ARGV[at + 4])),
            'last:' .. kind, math.max(known('last:' .. kind), came),
            'next:' .. kind, math.max(known('next:' .. kind), came + ARGV[at + 3]))
    end
end
forget(window)
local newest = redis.call('ZRANGE', limited, -1, -1, 'WITHSCORES')[2]
if newest then close_where_due(tonumber(newest), most, rest, kinds) end
redis.call('SET', fresh, 1, 'PX', lasts)
return 1
"""
)
