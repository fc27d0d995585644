"""An event as it is sent: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import json
from typing import Any, Final

from fastapi.sse import format_sse_event

from senso.reads.live import Event

# A client that is cut off waits for so long before it comes back.
RETRY_MILLISECONDS: Final = 2_000
PING: Final = b": ping\n\n"


def beginning(after: int) -> bytes:
    """Sets the id from which a client goes on, also before the first event; browsers dispatch nothing for it."""
    return format_sse_event(id=str(after), retry=RETRY_MILLISECONDS)


def event(one: Event) -> bytes:
    return format_sse_event(data_str=one.data, event=one.kind, id=str(one.id))


def standing(data: dict[str, Any], after: int) -> bytes:
    """How a batch stands of which no event is kept."""
    return format_sse_event(data_str=json.dumps(data), event="state", id=str(after))


def gap(kept: tuple[int, int] | None = None) -> bytes:
    """`kept`: the oldest and the newest id, which only tokens of all partners are told: others would count by them."""
    said = {} if kept is None else {"oldest": kept[0], "newest": kept[1]}
    return format_sse_event(data_str=json.dumps(said), event="gap")


def end() -> bytes:
    """The last event of a batch's stream. It has no id: the client keeps that of the last row."""
    return format_sse_event(data_str="{}", event="end")


def comment(said: str) -> bytes:
    return format_sse_event(comment=said)
