"""The broker's lines break while messages are in hand."""

import threading

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
    messages.redis.config_set("maxmemory", "1mb")
    try:
        message = channel.basic_get("control")
    finally:
        messages.redis.config_set("maxmemory", "0")
    in_hand = messages.redis.hlen("unacked")
    channel.basic_ack(message.delivery_tag)

    assert message.headers["task"] == "senso.tick.admit"
    assert in_hand == 0
    assert messages.redis.llen("control") == 0


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
