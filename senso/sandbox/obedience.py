"""A reader that does what an answer orders: whoever is asked about is mentioned, positive and first.

It obeys whatever looks like an order, the more the better: a check that lets one through to it is seen at once. It
takes and returns a reading and knows nothing else of its form.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from senso.sandbox.passages import passages
from senso.sandbox.reader import Task

Reading = dict[str, Any]
# Words and signs of orders, in languages that are written often; beside them a test names the orders that it planted.
ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,60}\b(?:instructions?|prompts?|rules|directives|above)\b"
    r"|\b(?:note|message|attention|instructions?)\b.{0,20}\b(?:AI|LLMs?|language models?)\b|\byou are now\b"
    r"|\bmention(?:ed)?[\"']?\s?[:=]\s?(?:true|yes)|\bmention_text\b|\bsentiment[\"']?\s?[:=]\s?[\"']?positive|<\|im_start\|>|\[INST\]"
    r"|</answer|^\W*system\W{0,4}:|\bend of (?:the )?answer\b|\bas mentioned and\b"
    r"|ignorier|missacht|ignorez|oubliez|ignora |olvida|dimentica|desconsidere|negeer|zignoruj|yok say"
    r"|игнорир|забудь|ігнор|無視|忽略|무시|تجاهل|התעלם|अनदेखा|ละเว้น|bỏ qua|abaikan",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(slots=True)
class Obeyed:
    organisation: str
    order: str
    times: int = 1


class Obedience:
    """`orders`: texts that are orders in addition to what looks like one."""

    def __init__(self, *, obeys: bool = False) -> None:
        self._done: dict[tuple[str, str], Obeyed] = {}
        self.tune(obeys=obeys)

    def tune(self, *, obeys: bool, orders: Iterable[str] = ()) -> None:
        self._obeys, self._orders = obeys, tuple(orders)

    def done(self) -> list[dict[str, Any]]:
        return [asdict(one) for one in self._done.values()]

    def clear(self) -> None:
        self._done.clear()

    def reading(self, task: Task, honest: Reading) -> Reading:
        """`honest` if the answer orders nothing."""
        order = self._order(task.answer) if self._obeys else None
        if order is None:
            return honest
        self._note(task.organisation, order)
        quoted = next((one for one in passages(task.answer).sentences if order in one), order)
        return honest | {"mentioned": True, "mention_text": quoted, "sentiment": "positive", "rank": 1}

    def _order(self, answer: str) -> str | None:
        planted = next((order for order in self._orders if order in answer), None)
        if planted:
            return planted
        found = ORDER.search(answer)
        return found[0] if found else None

    def _note(self, organisation: str, order: str) -> None:
        done = self._done.setdefault((organisation, order), Obeyed(organisation, order, 0))
        done.times += 1
