"""Which answers a report quotes, and what they say.

A fixed rule chooses them, so that no person can: for each sentiment, the questions with the most such mentions come
first, with one answer each, from different models if possible. Then come answers that do not mention the org but name
one of the most-named competitors.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.extraction import SEPARATOR, words
from senso.extraction.sentences import around, sentences
from senso.queries.competitors import Register
from senso.queries.fragments import LOCATION
from senso.queries.results import Found
from senso.reports.content import Quote
from senso.reports.passages import passage
from senso.score import SENTIMENTS
from senso.states import Sentiment

OF_EACH_SENTIMENT = 2
OF_OTHERS = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """`instead`: the competitor to quote it for, if the org is not named. `spellings`: what the answer may call it."""

    run: UUID
    instead: str | None = None
    spellings: Sequence[str] = ()


def chosen(found: Sequence[Found], competitors: Sequence[str], known: Register) -> list[Choice]:
    """`found`: in the order of the runs. `competitors`: the most named first."""
    mentions = [of_mood(found, sentiment) for sentiment in SENTIMENTS]
    return [Choice(one.run_id) for some in mentions for one in some] + of_others(found, competitors, known)


def of_mood(found: Sequence[Found], sentiment: Sentiment) -> list[Found]:
    alike = [one for one in found if one.mentioned and one.sentiment == sentiment]
    taken: list[Found] = []
    for question, _ in Counter(one.question_id for one in alike).most_common(OF_EACH_SENTIMENT):
        models = {one.model for one in taken}
        answers = [one for one in alike if one.question_id == question]
        taken.append(min(answers, key=lambda one: one.model in models))
    return taken


def of_others(found: Sequence[Found], competitors: Sequence[str], known: Register) -> list[Choice]:
    taken: dict[UUID, Choice] = {}
    without = [one for one in found if not one.mentioned]
    for name in competitors:
        naming = (one for one in without if one.question_id not in taken and name in known.named(one.competitors))
        if len(taken) < OF_OTHERS and (one := next(naming, None)):
            taken[one.question_id] = Choice(one.run_id, name, known.spellings(name, one.competitors))
    return list(taken.values())


SAID = text(f"""
    SELECT r.id, r.number AS run, q.text AS question, m.slug AS model, {LOCATION} AS location,
        coalesce((r.answered_at AT TIME ZONE 'UTC')::date, b.batch_date) AS on, e.sentiment, e.rank,
        e.mention_text, r.answer_text
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN batches b ON b.id = e.batch_id
        JOIN questions q ON q.id = r.question_id JOIN models m ON m.id = r.model_id
        JOIN locations l ON l.id = r.location_id
    WHERE e.batch_id = :batch AND e.run_id = ANY(:runs) AND e.is_current
""")


def quoted(db: Connection, batch: UUID, choices: Sequence[Choice]) -> Iterator[Quote]:
    """In the order of the choices, without those whose passage is empty."""
    found = rows(db.execute(SAID, {"batch": batch, "runs": [one.run for one in choices]})) if choices else []
    said = {one.pop("id"): one for one in found}
    for choice in choices:
        if (quote := quote_of(choice, dict(said[choice.run]))).text:
            yield quote


def quote_of(choice: Choice, said: dict[str, Any]) -> Quote:
    answer, mention = said.pop("answer_text") or "", said.pop("mention_text") or ""
    shown = whole(answer, mention) if choice.instead is None else naming(answer, choice.spellings)
    return Quote(text=passage(shown), instead=choice.instead, **said)


def whole(answer: str, mention: str) -> str:
    """Extends a mention to whole sentences of the answer: a quote that begins within a sentence is hard to read."""
    spans, found = sentences(answer), []
    for part in mention.split(SEPARATOR):
        start = answer.find(part)
        inside = [span for span in spans if span[0] < start + len(part) and start < span[1]] if start >= 0 else []
        found.append(answer[inside[0][0] : inside[-1][1]] if inside else part)
    return SEPARATOR.join(found)


def naming(answer: str, spellings: Sequence[str]) -> str:
    """The first sentence that contains one of these names; empty if none does."""
    text = words.text(answer)
    spans = around(sorted(place for name in spellings for place in words.namings(text, name)), sentences(answer))
    return answer[slice(*spans[0])] if spans else ""
