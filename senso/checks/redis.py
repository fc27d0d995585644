"""Tries what the product needs of Redis: its commands, Lua, two databases; and checks how safe its messages are."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from redis import Redis
from redis.exceptions import NoPermissionError, RedisError, ResponseError

from senso.checks import Finding, redis_names
from senso.errors import ConfigError
from senso.redis_access import address, client, trouble
from senso.settings.redis_urls import Address

OLDEST: Final = (6, 2)
NEARLY_FULL: Final = 0.9
# Every kind of command that kombu, Celery's chords and our own transport send. The second word is the suffix of a key
# that no other client uses.
QUEUES: Final = (
    *("LPUSH l 1 2", "LLEN l", "BRPOP l 0.01", "RPUSH l 3", "LRANGE l 0 0"),
    *("SADD s 1", "SMEMBERS s", "SREM s 2"),
    *("ZADD z 1 1", "ZREM z 2", "ZREVRANGEBYSCORE z 1 0"),
    *("HSET h 1 1", "HGET h 1", "HDEL h 2", "SET t 1 EX 10 NX", "PUBLISH c 1"),
)
RESULTS: Final = (
    *("SETEX t 10 1", "SET t 1 EX 10", "GET t", "MGET t", "INCRBY t 1", "EXPIRE t 10"),
    *("ZADD z 1 1", "ZCOUNT z -inf +inf", "ZRANGE z 0 -1"),
)
LUA: Final = "redis.call('zadd', KEYS[1], 1, '1') return redis.call('expire', KEYS[1], 10)"
SUFFIXES: Final = "lszht"
PERSISTENCE_OFF: Final = "a restart of Redis loses its messages, which are made again from rows within minutes"


def findings(of_work: Sequence[str]) -> list[Finding]:
    """`of_work`: the queues. Raises nothing: an unreachable server is a finding."""
    try:
        at = address()
        with client(at) as redis:
            redis.ping()
            found = [reached(redis, at), queues(redis, at, of_work), results(at), *kept(redis)]
    except ConfigError as error:
        return [Finding("Redis", "fault", str(error))]
    except (RedisError, OSError) as error:
        return [fault("Redis", error, at, f"at {at.place}")]
    return found


def fault(name: str, error: Exception, at: Address, where: str, why: str = "") -> Finding:
    meant = trouble(error, at)
    return Finding(name, "fault", f"{where}: {meant.said}", why, meant.do, reachable=meant.is_wrong)


def reached(redis: Redis, at: Address) -> Finding:
    version = version_of(redis)
    said = f"{version or 'of unknown version'} at {at.place}{'' if at.tls is None else ', by TLS'}"
    if version and numbers(version) < OLDEST:
        return Finding("Redis", "fault", said, "the product needs what 6.2 brought", "upgrade Redis to 6.2 or newer")
    return Finding("Redis", "ok", said)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def version_of(redis: Redis) -> str:
    """From the reply to HELLO, which every user may send; INFO is often not allowed. Empty if neither tells."""
    with suppress(ResponseError):
        said = redis.execute_command("HELLO", 3)  # type: ignore[no-untyped-call]
        return str(said[b"version"].decode())
    with suppress(ResponseError):
        return str(redis.info("server")["redis_version"])
    return ""


def queues(redis: Redis, at: Address, of_work: Sequence[str]) -> Finding:
    number = at.database
    refusal = (
        refused(redis, QUEUES)
        or failure(lambda: redis_names.use(redis, redis_names.of_messages(of_work)))
        or failure(lambda: redis_names.listen(redis, redis_names.heard(number), redis_names.told(number)))
    )
    return tried("Redis queues", refusal, at, "every command that messages need is allowed, Lua among them")


def results(at: Address) -> Finding:
    with client(at.results) as redis:
        refusal = (
            refused(redis, RESULTS)
            or failure(lambda: redis_names.use(redis, redis_names.RESULT_KEYS))
            or failure(lambda: redis_names.listen(redis, (), (redis_names.RESULT,)))
        )
    return tried("Redis results", refusal, at.results, "every command that results need is allowed")


def tried(name: str, refusal: Exception | None, at: Address, said: str) -> Finding:
    if refusal is None:
        return Finding(name, "ok", f"database {at.database}: {said}")
    return fault(name, refusal, at, f"database {at.database}", "without it no work is sent and none comes back")


def refused(redis: Redis, wanted: Sequence[str]) -> Exception | None:
    """The first error of the commands, of Lua and of a transaction. Leaves no keys behind."""
    key = f"senso:doctor:{uuid4()}:"
    scripted = redis.register_script(LUA)
    for act in (
        lambda: at_once(redis, key, wanted),
        lambda: scripted([f"{key}z"]),
        lambda: in_one(redis, key),
    ):
        error = failure(act)
        if error is not None:
            return error
    return None


def at_once(redis: Redis, key: str, wanted: Sequence[str]) -> None:
    """Raises the first error, but only after the last command, so that the keys are deleted in any case."""
    pipe = redis.pipeline(transaction=False)
    for command in wanted:
        name, suffix, *more = command.split()
        pipe.execute_command(name, f"{key}{suffix}", *more)  # type: ignore[no-untyped-call]
    pipe.delete(*(f"{key}{suffix}" for suffix in SUFFIXES))
    pipe.execute()


def in_one(redis: Redis, key: str) -> None:
    with redis.pipeline(transaction=True) as pipe:
        pipe.watch(f"{key}z")  # type: ignore[no-untyped-call]
        pipe.multi()
        pipe.delete(f"{key}z")
        pipe.execute()


def failure(act: Callable[[], Any]) -> Exception | None:
    try:
        act()
    except (RedisError, OSError) as error:
        return error
    return None


def kept(redis: Redis) -> Iterator[Finding]:
    """Whether messages survive when memory runs short or Redis stops. A user without INFO only misses this check."""
    try:
        memory, disk = redis.info("memory"), redis.info("persistence")
    except NoPermissionError:
        do = "see to it that maxmemory-policy is noeviction and appendonly yes"
        yield Finding("Redis memory", "note", "its user may not ask (INFO), so nothing is known of it", do=do)
        return
    yield from (evicting(memory), room(memory), saving(disk))


def evicting(memory: Mapping[str, Any]) -> Finding:
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy == "noeviction":
        return Finding("Redis memory", "ok", "noeviction")
    why = "when memory gets short, messages and counters of chords are thrown away and work waits for the sweep"
    return Finding("Redis memory", "warning", f"maxmemory-policy is {policy}", why, "set maxmemory-policy noeviction")


def room(memory: Mapping[str, Any]) -> Finding:
    used, most = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    said = f"{used / 2**20:.0f} MB used" + (f" of {most / 2**20:.0f}" if most else ", no maxmemory")
    if most and used > NEARLY_FULL * most:
        return Finding("Redis room", "warning", said, "when it is full, no work can be sent", "raise maxmemory")
    return Finding("Redis room", "ok", said)


def saving(disk: Mapping[str, Any]) -> Finding:
    if disk.get("aof_enabled"):
        return Finding("Redis disk", "ok", "appendonly yes")
    return Finding(
        "Redis disk", "note", "appendonly no", PERSISTENCE_OFF, "set appendonly yes to lose a second at most"
    )
