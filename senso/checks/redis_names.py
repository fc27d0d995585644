"""Whether a Redis user may use the names that are used at work: an ACL may limit it to some keys and channels.

If only names of our own were tried, such a user would seem to have every right, and the first message would be refused.
The names are those of kombu 5.7 (transport/redis.py, class Channel), Celery 5.7 (backends/redis.py) and our limits.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from redis import Redis
from redis.exceptions import NoPermissionError

from senso.limits.script import EVENTS, MODELS, key_of

# Redis lets a script name a key only if the user may both read and write it; this script does neither.
NOTHING: Final = "return 0"
# Stands for the part of a name that Celery generates for each task, group and program.
ANY: Final = "senso-doctor"
UNACKNOWLEDGED: Final = ("unacked", "unacked_index", "unacked_mutex")
EXCHANGES: Final = ("celery.pidbox", "reply.celery.pidbox", "celeryev")
TABLES: Final = ("_kombu.binding.", "_kombu.binding_permanent.")
DEADLINES: Final = "_kombu.binding_deadlines"
INBOXES: Final = (f"{ANY}.reply.celery.pidbox", f"celeryev.{ANY}")
LIMITS: Final = (key_of(ANY, ANY), MODELS, EVENTS)
RESULT: Final = f"celery-task-meta-{ANY}"
CHORD: Final = f"celery-taskset-meta-{ANY}"
CHORD_PARTS: Final = ("", ".j", ".t", ".s", ".d", ".c")
# What is counted of vendors, by the scripts of `senso.job_budget`.
COUNTS: Final = (f"senso:limit:{ANY}",)
RESULT_KEYS: Final = (RESULT, *(f"{CHORD}{part}" for part in CHORD_PARTS))


def of_messages(queues: Sequence[str]) -> tuple[str, ...]:
    bound = tuple(f"{table}{name}" for table in TABLES for name in (*queues, *EXCHANGES))
    return (*queues, *UNACKNOWLEDGED, *bound, DEADLINES, *INBOXES, *COUNTS, *LIMITS)


def heard(database: int) -> tuple[str, ...]:
    """Patterns to which workers and Flower subscribe (PSUBSCRIBE): an ACL must have exactly these patterns, or &*."""
    return f"/{database}.celeryev/*", f"/{database}.celery.pidbox"


def told(database: int) -> tuple[str, ...]:
    """Channels to which task events, worker heartbeats and remote control are published."""
    return f"/{database}.celeryev/worker.heartbeat", f"/{database}.celeryev/task.multi", f"/{database}.celery.pidbox"


def use(redis: Redis, keys: Sequence[str]) -> None:
    """Raises NoPermissionError with the refused names, or the first other error. Reads and writes nothing."""
    script = redis.script_load(NOTHING)
    with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.evalsha(script, 1, key)
        answers = pipe.execute(raise_on_error=False)
    refused = [key for key, answer in zip(keys, answers, strict=True) if isinstance(answer, NoPermissionError)]
    if refused:
        raise NoPermissionError(f"the {spoken('key', refused)}")
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer


def listen(redis: Redis, patterns: Sequence[str], channels: Sequence[str]) -> None:
    """Raises the first error, with the names of refused channels.

    Subscribing to a channel needs the same right as publishing to it, and no other client notices it.
    """
    refused = [*silent(redis, "psubscribe", patterns), *silent(redis, "subscribe", channels)]
    if refused:
        raise NoPermissionError(f"the {spoken('channel', refused)}")


def silent(redis: Redis, command: str, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        try:
            with redis.pubsub() as listening:  # type: ignore[no-untyped-call]
                getattr(listening, command)(name)
                listening.parse_response()  # the first answer, before any message
        except NoPermissionError as error:
            if "channel" not in str(error):
                raise
            yield name


def spoken(kind: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{kind}{'s' if more else ''} {names[0]}{more}"
