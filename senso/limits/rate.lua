-- One request of one subject, by the generic cell rate algorithm: a full window may be used at once, and fills again
-- evenly. Redis 6.2. KEYS: the moment until which the subject has used its requests up. ARGV: requests in a window, its
-- length in microseconds. Replies: whether it is allowed, requests left, microseconds until the next one is allowed and
-- until the window is full again.
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local each = window / most
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
if used + each - now > window then
    return {0, 0, math.ceil(used + each - now - window), math.ceil(used - now)}
end
used = used + each
redis.call('SET', KEYS[1], string.format('%.0f', used), 'PX', math.ceil((used - now) / 1000) + 1)
return {1, math.floor((window - (used - now)) / each + 0.001), 0, math.ceil(used - now)}
