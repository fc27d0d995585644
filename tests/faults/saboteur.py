"""Loaded into a worker (`celery worker -I saboteur`): faults inside libraries, where no failpoint of ours can stand.

SABOTAGE names one; the folder SABOTAGE_FOLDER gets one file a strike, so that processes together strike once.
"""

import os
import signal
import time
from pathlib import Path


def leave(name: str, said: float) -> None:
    """A number for the test to read."""
    (Path(os.environ["SABOTAGE_FOLDER"]) / f"{name}.{os.getpid()}-{time.monotonic_ns()}").write_text(str(said))


def first(name: str, times: int = 1) -> bool:
    """Whether this is one of the strikes that are left; the file is the proof that it struck."""
    for number in range(times):
        try:
            strike = os.open(Path(os.environ["SABOTAGE_FOLDER"]) / f"{name}.{number}", os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            continue
        os.close(strike)
        return True
    return False


def die() -> None:
    """Having said who it was, so that nobody else's end passes for this one."""
    (Path(os.environ["SABOTAGE_FOLDER"]) / f"killed.{os.getpid()}").write_text(str(os.getpid()))
    os.kill(os.getpid(), signal.SIGKILL)


def between_pop_and_unacked() -> None:
    """A message that was taken out of the queue and is noted nowhere: nobody has a copy (celery#7950)."""
    from senso.worker.transport import QoS

    append = QoS.append

    def killing(self, message, delivery_tag):
        if message.headers.get("task") == "senso.read" and first("between_pop_and_unacked"):
            time.sleep(1)  # whoever published it, perhaps a thread of this process, has noted by now that it did
            die()
        return append(self, message, delivery_tag)

    QoS.append = killing


def when_publishing(task: str, number: int, act) -> None:
    """At the nth message of that name from this process."""
    from kombu.messaging import Producer

    publish = Producer.publish
    seen = 0

    def striking(self, body, *arguments, headers=None, **options):
        nonlocal seen
        seen += (headers or {}).get("task") == task
        if seen >= number and (headers or {}).get("task") == task and first("when_publishing"):
            act()
        return publish(self, body, *arguments, headers=headers, **options)

    Producer.publish = striking


# The forty runs of an org, ten a message.
MEMBERS = 4


def half_published() -> None:
    """Half of a chord's members are in Redis, and whoever sent them dies before the other half."""
    from kombu.messaging import Producer

    publish = Producer.publish

    def halving(self, body, *arguments, headers=None, **options):
        is_member = (headers or {}).get("task") == "senso.read" and body[2].get("chord")
        if is_member and headers["group_index"] == MEMBERS // 2 and first("half_published"):
            leave("members sent", MEMBERS // 2)
            leave("members lost", MEMBERS - MEMBERS // 2)
            die()
        return publish(self, body, *arguments, headers=headers, **options)

    Producer.publish = halving


def at_the_join() -> None:
    """The last member has taken the callback's lease and not yet sent the body."""
    when_publishing("senso.finish_batch", 1, die)


def exit_at_the_join() -> None:
    def leave() -> None:
        raise SystemExit("sabotage")

    when_publishing("senso.finish_batch", 1, leave)


def parts_lose_their_line(times: int = 5) -> None:
    """Notes that a member is done lose their connection, one after the other."""
    from celery.backends.redis import RedisBackend
    from redis.exceptions import ConnectionError as Lost

    note = RedisBackend.on_chord_part_return

    def losing(self, *arguments, **options):
        if first("parts_lose_their_line", times):
            raise Lost("sabotage")
        return note(self, *arguments, **options)

    RedisBackend.on_chord_part_return = losing


def parts_are_lost() -> None:
    """The stock backend, which tries once: the chord's body never comes."""
    from celery.backends.redis import RedisBackend

    from senso.worker.result_backend import GuardedRedisBackend

    parts_lose_their_line(1)
    GuardedRedisBackend.on_chord_part_return = RedisBackend.on_chord_part_return


def twice_delivered() -> None:
    """As Redis does after a reconnect: every member of a chord arrives twice, at the same time."""
    from kombu.messaging import Producer

    publish = Producer.publish

    def doubling(self, body, *arguments, headers=None, **options):
        if (headers or {}).get("task") == "senso.read":
            leave("twice_delivered", 1)
            publish(self, body, *arguments, headers=headers, **options)
        return publish(self, body, *arguments, headers=headers, **options)

    Producer.publish = doubling


def short_visibility() -> None:
    """Messages are delivered again while their task still runs."""
    from senso.tasks.app import app
    from senso.worker import configuration
    from senso.worker.transport import Channel

    restore = Channel._do_restore_message

    def restoring(self, *arguments, **options):
        leave("redelivered", 1)
        return restore(self, *arguments, **options)

    Channel._do_restore_message = restoring
    for options in (app.conf.broker_transport_options, configuration.broker_transport_options):
        options |= {"visibility_timeout": 2, "unacked_restore_interval": 1}


def wedged() -> None:
    """Connected, answering, and taking nothing from any queue (onyx#12274), until the process is restarted."""
    from kombu.transport.redis import Channel

    start = Channel._brpop_start

    def stuck(self, *arguments, **options):
        if stuck.is_wedged or first("wedged"):
            stuck.is_wedged = True
            return None
        return start(self, *arguments, **options)

    stuck.is_wedged = False
    Channel._brpop_start = stuck


def clock_ahead() -> None:
    shift_clock(300)


def clock_behind() -> None:
    shift_clock(-300)


def shift_clock(seconds: float) -> None:
    """What this process takes for the time of day; how long things last is not touched. Its tasks say how far off."""
    from celery.signals import task_postrun

    real = time.time
    time.time = lambda: real() + seconds

    def tell(**_) -> None:
        leave("clock", round(time.time() - time.clock_gettime(time.CLOCK_REALTIME)))

    task_postrun.connect(tell, weak=False)


def ticks_say_who() -> None:
    from celery.signals import task_prerun

    def tell(task, **_) -> None:
        if task.name.startswith("senso.tick."):
            leave("tick", os.getpid())

    task_prerun.connect(tell, weak=False)


def parser_crashes(times: int = 20) -> None:
    """A mistake of ours in what reads a reply, seen for some of the answers that were paid for."""
    from senso.providers.wire import openai

    parse = openai.read_answer

    def crashing(*arguments, **options):
        if first("parser_crashes", times):
            raise KeyError("sabotage")
        return parse(*arguments, **options)

    openai.read_answer = crashing


def poison() -> None:
    """Whoever asks a certain question dies of it, each time."""
    from senso.workflows import asking

    real = asking.ask_now

    def deadly(work):
        if os.environ["SABOTAGE_MATCH"] in work.run.question and first("poison", 100):
            die()
        return real(work)

    asking.ask_now = deadly


for wanted in filter(None, os.environ.get("SABOTAGE", "").split(",")):
    globals()[wanted]()
