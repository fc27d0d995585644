"""A client of server-sent events, as a program would write one."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests
from api_process import Api

READ_SECONDS = 30
numbers = count(1_000, 1_000)


def begin_events(make) -> None:
    """Ids rise from test to test, although the database is emptied: else the API takes it for one that was restored."""
    first = next(numbers)
    make.sql("INSERT INTO events (id, kind, data) VALUES (:id, 'breaker', '{}')", id=first)
    make.sql("SELECT setval('events_id_seq', :id)", id=first)


@dataclass
class Heard:
    """A block of the stream. `id`: that of the stream so far, as browsers keep it."""

    id: str | None = None
    event: str = "message"
    data: Any = None
    comment: str | None = None


@dataclass
class Stream:
    response: requests.Response
    last_id: str | None = None
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.blocks = self.read()

    def read(self) -> Iterator[Heard]:
        block, is_new = Heard(), False
        for line in self.response.iter_lines(chunk_size=1):
            name, _, value = line.decode().partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                block.event = value
            elif name == "data":
                block.data, is_new = json.loads(value), True
            elif name == "" and value:
                block.comment, is_new = value, True
            elif not line and is_new:
                block.id = self.last_id
                self.heard.append(block)
                yield block
                block, is_new = Heard(), False

    def next(self) -> Heard:
        return next(self.blocks)

    def until(self, event: str) -> Heard:
        return next(one for one in self.blocks if one.event == event)

    def rest(self) -> list[Heard]:
        """Until the server ends the stream."""
        return list(self.blocks)

    @property
    def ids(self) -> list[int]:
        """Of the rows that were told."""
        return [int(one.id) for one in self.heard if one.event in {"state", "progress", "breaker"} and one.id]


@contextmanager
def listening(api: Api, path: str, token: str, last_id: str | int | None = None) -> Iterator[Stream]:
    given = {} if last_id is None else {"Last-Event-ID": str(last_id)}
    headers = {"Authorization": f"Bearer {token}"} | given
    url = f"{api.url}/api/v1{path}"
    with closing(requests.get(url, headers=headers, stream=True, timeout=READ_SECONDS)) as response:
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)
