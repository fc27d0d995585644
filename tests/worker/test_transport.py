"""The broker's lines break while messages are in hand."""

import threading
from contextlib import contextmanager

import pytest
from redis.exceptions import ConnectionError as Lost

from senso.tasks.app import app


@pytest.fixture
def channel(messages):
    with app.connection() as connection:
        yield connection.default_channel


def taken(channel):
    """A message that a worker has in hand."""
    app.send_task("senso.tick.admit", connection=channel.connection.client)
    return channel.basic_get("control")


@contextmanager
def full(redis):
    redis.config_set("maxmemory", "1")  # byte
    try:
        yield
    finally:
        redis.config_set("maxmemory", "0")


def test_a_channel_whose_transport_is_gone_closes_and_its_messages_stay_to_be_delivered_again(channel, messages):
    assert taken(channel) is not None
    channel._disconnect_pools()
    channel.connection.client = None

    channel.close()

    assert messages.redis.hlen("unacked") == 1


def test_a_channel_that_closes_in_order_gives_back_what_it_has_in_hand(channel, messages):
    assert taken(channel) is not None

    channel.close()

    assert messages.redis.hlen("unacked") == 0
    assert messages.redis.llen("control") == 1


def test_a_message_that_is_taken_from_a_full_redis_is_worked_on_without_a_copy(channel, messages):
    app.send_task("senso.tick.admit", connection=channel.connection.client)
    with full(messages.redis):
        message = channel.basic_get("control")
    in_hand = messages.redis.hlen("unacked")
    channel.basic_ack(message.delivery_tag)

    assert message.headers["task"] == "senso.tick.admit"
    assert in_hand == 0
    assert messages.redis.llen("control") == 0


def test_what_is_done_is_acknowledged_to_a_full_redis(channel, messages):
    message = taken(channel)

    with full(messages.redis):
        channel.basic_ack(message.delivery_tag)

    assert messages.redis.hlen("unacked") == 0
    assert messages.redis.zcard("unacked_index") == 0


def test_what_a_full_redis_does_not_take_back_stays_in_hand(channel, messages):
    message = taken(channel)

    with full(messages.redis):
        channel.basic_reject(message.delivery_tag, requeue=True)

    assert messages.redis.hlen("unacked") == 1
    assert messages.redis.llen("control") == 0


def test_messages_of_dead_workers_wait_where_redis_is_full(channel, messages):
    assert taken(channel) is not None
    channel.qos.visibility_timeout = 0

    with full(messages.redis):
        channel.qos.restore_visible(interval=1)
    waiting = messages.redis.llen("control")
    channel.qos.restore_visible(interval=1)

    assert waiting == 0
    assert messages.redis.llen("control") == 1


def test_a_line_of_news_that_ends_is_told_and_not_waited_on(channel, messages):
    """A worker's loop reads it, and would take nothing from any queue while it waits."""
    channel.subclient.subscribe("news")
    channel.subclient.parse_response()
    messages.redis.client_kill_filter(_type="pubsub")
    told = []

    def read() -> None:
        with pytest.raises(Lost):
            channel._receive_one(channel.subclient)
        told.append(True)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)

    assert told == [True]
