"""What a message says: what happened, how often, since when, a few examples, and a command that can be pasted."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from senso import redaction
from senso.log import clean_text
from senso.quantities import counted
from senso.queries.alarm_sources import Event
from senso.slack import MOST_CHARACTERS, escaped
from senso.states import AlarmKind, MessagePart

LONGEST_SAID: Final = 300
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
# An address in a message of others could lead anywhere: without its scheme it is a text.
SCHEME: Final = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """`one`, `many`: after the number. `over`: of the last message. `do`: the next step; `about_one`: for one alarm."""

    one: str
    many: str
    over: str
    do: str
    about_one: str = ""


WORDS: Final = {
    AlarmKind.FAILED: Words(
        "batch has failed, or lacks too much",
        "batches have failed, or lack too much",
        "No more batches have failed",
        "senso status --state failed --state partial --since 1d",
        "senso status {subject}",
    ),
    AlarmKind.BLOCKED: Words(
        "partner has no credits",
        "partners have no credits",
        "No batch of today or yesterday is blocked any more",
        "senso status --state blocked --since 2d",
        "senso credits {subject}",
    ),
    AlarmKind.BREAKER: Words(
        "time a model failed so often that it is left alone",
        "times a model failed so often that it is left alone",
        "Every model is asked again",
        "senso providers",
    ),
    AlarmKind.CEILING: Words(
        "ceiling of cost is reached: nothing new is asked",
        "ceilings of cost are reached: nothing new is asked",
        "No ceiling of cost stops anything any more",
        "senso status",
    ),
    AlarmKind.SCHEDULE: Words(
        "org was due and was not triggered",
        "orgs were due and were not triggered",
        "No more orgs were missed",
        "senso doctor",
        "senso trigger org {subject}",
    ),
    AlarmKind.SILENCE: Words(
        "part has been silent for five minutes: nothing is due, looked at or repaired",
        "parts have been silent for five minutes: nothing is due, looked at or repaired",
        "Ticks come and are taken again",
        "senso doctor",
    ),
    AlarmKind.DIFFERENCES: Words(
        "reconciliation found differences between what was done and what was charged",
        "reconciliations found differences between what was done and what was charged",
        "No more differences were found",
        "senso ledger --reconcile",
    ),
    AlarmKind.RESTARTS: Words(
        "process dies as soon as it is started",
        "processes die as soon as they are started",
        "No more processes died at their start",
        "senso doctor",
    ),
    AlarmKind.WEBHOOKS: Words(
        "webhook was switched off, because it accepted nothing",
        "webhooks were switched off, because they accepted nothing",
        "No more webhooks were switched off",
        "senso webhooks",
        "senso webhooks {subject}",
    ),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """`count`: alarms that this message tells of; `total`: of the whole period. `quiet_seconds`: without another."""

    kind: AlarmKind
    part: MessagePart
    count: int
    total: int
    since: datetime
    examples: Sequence[Event]
    quiet_seconds: int = 0


def trial(environment: str) -> str:
    return (
        f"*[{environment}, {socket.gethostname()}] Senso Workflows can send alarms here*\nThis is a test; all is well."
    )


def said(text: str, secrets: tuple[str, ...]) -> str:
    """One line of a text from outside: without secrets, control characters and addresses that could be followed."""
    line = redaction.without(clean_text(" ".join(CONTROL.sub(" ", text).split())), secrets)
    return SCHEME.sub("", shortened(line))


def shortened(line: str) -> str:
    return line if len(line) <= LONGEST_SAID else f"{line[: LONGEST_SAID - 3].rstrip()}..."


def text_of(telling: Telling, environment: str) -> str:
    """At most MOST_CHARACTERS, also once it is escaped for Slack."""
    head = [heading(telling, environment), since(telling)]
    tail = [] if telling.part is MessagePart.OVER else ["What to do next:", f"```{command(telling)}```"]
    room = MOST_CHARACTERS - sum(len(escaped(line)) + 1 for line in [*head, *tail, more(telling.count)])
    return "\n".join([*head, *examples(telling, room), *tail])


def heading(telling: Telling, environment: str) -> str:
    words = WORDS[telling.kind]
    where = f"[{environment}, {socket.gethostname()}]"
    if telling.part is MessagePart.OVER:
        return f"*{where} {words.over}*"
    number = counted(telling.count, words.one, words.many)
    return f"*{where} {number}*" if telling.part is MessagePart.FIRST else f"*{where} Again: {number}*"


def since(telling: Telling) -> str:
    start = f"since {telling.since:%Y-%m-%d %H:%M} UTC"
    if telling.part is MessagePart.FIRST:
        return start[0].upper() + start[1:]
    if telling.part is MessagePart.MORE:
        return f"{telling.total} in all {start}"
    return f"{telling.total} in all {start}; none for {telling.quiet_seconds // 60} minutes"


def examples(telling: Telling, room: int) -> list[str]:
    lines: list[str] = []
    for one in telling.examples:
        line = f"• {one.said}"
        room -= len(escaped(line)) + 1
        if room < 0:
            break
        lines.append(line)
    left = telling.count - len(lines)
    return [*lines, more(left)] if lines and left else lines


def more(left: int) -> str:
    return f"• and {left} more"


def command(telling: Telling) -> str:
    words = WORDS[telling.kind]
    subject = telling.examples[0].subject if telling.count == 1 and telling.examples else None
    return words.about_one.format(subject=subject) if subject and words.about_one else words.do
