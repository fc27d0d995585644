"""Redis, asked directly: is it there, and how long are the queues."""

from redis import Redis
from redis.exceptions import RedisError

from senso.errors import ConfigError, Unreachable
from senso.settings import secret, settings
from senso.tasks.queues import CALL_QUEUES, CONTROL_QUEUES


def client() -> Redis:
    return Redis.from_url(
        secret(settings().redis_url, "REDIS_URL"), socket_timeout=5, socket_connect_timeout=5, health_check_interval=0
    )


def ping() -> str:
    """The server's version. Raises ConfigError for an option that there is not, and Unreachable.

    Neither has the password, which the library's own message might repeat.
    """
    try:
        with client() as redis:
            return str(redis.info("server")["redis_version"])
    except RedisError as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise Unreachable(f"Redis: {said}; is it running, and is REDIS_URL right?") from None
    except TypeError as error:  # from the constructor of a connection, which gets what stands behind the ?
        raise ConfigError(f"REDIS_URL: {str(error).partition(' got ')[2] or error}") from None


def waiting(queues: tuple[str, ...] = (*CALL_QUEUES, *CONTROL_QUEUES)) -> dict[str, int]:
    """Messages by queue. Raises Unreachable."""
    try:
        with client() as redis:
            return {queue: int(redis.llen(queue)) for queue in queues}
    except RedisError as error:
        raise Unreachable(f"Redis: {type(error).__name__}; check REDIS_URL") from None
