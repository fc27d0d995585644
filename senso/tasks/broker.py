"""Redis, asked directly: is it there, and how long are the queues."""

from redis import Redis
from redis.exceptions import RedisError

from senso.errors import Unreachable
from senso.settings import secret, settings
from senso.tasks.queues import CALL_QUEUES, CONTROL_QUEUES


def client() -> Redis:
    return Redis.from_url(
        secret(settings().redis_url, "REDIS_URL"), socket_timeout=5, socket_connect_timeout=5, health_check_interval=0
    )


def ping() -> str:
    """The server's version. Raises Unreachable, without the password that its own message might repeat."""
    try:
        with client() as redis:
            return str(redis.info("server")["redis_version"])
    except RedisError as error:
        raise Unreachable(
            f"Redis: {type(error).__name__}: {str(error).splitlines()[0].rstrip('.')}; check REDIS_URL"
        ) from None


def waiting(queues: tuple[str, ...] = (*CALL_QUEUES, *CONTROL_QUEUES)) -> dict[str, int]:
    """Messages by queue. Raises Unreachable."""
    try:
        with client() as redis:
            return {queue: int(redis.llen(queue)) for queue in queues}
    except RedisError as error:
        raise Unreachable(f"Redis: {type(error).__name__}; check REDIS_URL") from None
