"""What our transport writes into Redis is what stock kombu writes, and what stock kombu reads."""

import pytest
from kombu import Connection, Queue
from kombu.transport import redis as stock

from senso.settings import secret, settings
from senso.worker.transport import Transport

QUEUE = "of the transport's tests"


@pytest.fixture
def channel(messages):
    messages.clear()
    with Connection(secret(settings().redis_url, "REDIS_URL"), transport=Transport) as connection:
        made = connection.channel()
        yield made
        made.queue_purge(QUEUE)
        made.client.delete(made.unacked_key, made.unacked_index_key)


def taken(channel, append):
    """A message, and what is kept of it until it is acknowledged."""
    with channel.connection.client.Producer(channel) as producer:
        producer.publish({"run": 1}, routing_key=QUEUE, declare=[Queue(QUEUE)])
    message = channel.message_to_python(channel._get(QUEUE))
    append(channel.qos, message, message.delivery_tag)
    kept = channel.client.hget(channel.unacked_key, message.delivery_tag)
    return message, kept, channel.client.zscore(channel.unacked_index_key, message.delivery_tag)


def test_a_message_is_taken_as_stock_kombu_takes_it(channel):
    message, kept, moment = taken(channel, type(channel.qos).append)
    stock.QoS.append(channel.qos, message, message.delivery_tag)
    assert kept == channel.client.hget(channel.unacked_key, message.delivery_tag)
    assert 0 <= channel.client.zscore(channel.unacked_index_key, message.delivery_tag) - moment < 60


def test_a_redis_that_has_forgotten_its_scripts_is_told_again(channel):
    for _ in range(2):
        channel.client.script_flush()
        _, kept, moment = taken(channel, type(channel.qos).append)
        assert kept is not None
        assert moment is not None


def test_stock_kombu_gives_back_what_was_taken_here(channel):
    message, _, _ = taken(channel, type(channel.qos).append)
    stock.QoS.restore_by_tag(channel.qos, message.delivery_tag)
    assert channel._get(QUEUE)["body"] == message._raw["body"]
    assert not channel.client.exists(channel.unacked_key, channel.unacked_index_key)


def test_what_is_acknowledged_after_its_connection_is_gone_ends_no_worker(channel):
    """As after an outage of Redis: the task ends when kombu has closed its channel; its message stays to be found."""
    message, _, _ = taken(channel, type(channel.qos).append)
    connection, channel.connection = channel.connection, None
    try:
        channel.qos.ack(message.delivery_tag)
    finally:
        channel.connection = connection

    assert channel.client.hexists(channel.unacked_key, message.delivery_tag)
