"""Prepares every reply that a benchmark will ask for before it starts, so that sending one costs almost nothing.

Answers come from the sandbox's world and readings from its reader: what the product checks, stores and counts is as
large and as correct as with the sandbox itself.
"""

import gc
import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from work import LOCATIONS, READING_MODEL, Work

from senso import extraction
from senso.extraction import Watched, names
from senso.providers import Run
from senso.providers.wire.openai import question as request_for
from senso.sandbox.brightdata.inputs import ENGINES
from senso.sandbox.brightdata.records import record
from senso.sandbox.openai.bodies import Said, chat_completion, response
from senso.sandbox.orgs import Org
from senso.sandbox.reader import reading_of, task_in
from senso.sandbox.schema import filled
from senso.sandbox.variations import name_variations

CHATGPT = next(engine for engine in ENGINES.values() if engine.slug == "chatgpt")
HEAVY = {"answer_html", "answer_section_html", "response_raw"}  # fields that the product does not request
MARK = re.compile(r"<answer-([0-9a-f]{12})>")


@dataclass
class Prepared:
    answers: dict[tuple[str, str, str], bytes] = field(default_factory=dict)  # model, country, question
    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # country, question
    readings: dict[str, bytes] = field(default_factory=dict)  # hex digits of the marks around an answer in the prompt
    names: dict[str, bytes] = field(default_factory=dict)  # organisation

    def add(self, part: "Prepared") -> None:
        for mine, theirs in zip(vars(self).values(), vars(part).values(), strict=True):
            mine.update(theirs)


def prepare(work: Work) -> Prepared:
    """Uses one process per core: an org takes 0.07 s and 0.35 MB, and a night has 1,500 orgs."""
    made, numbers = Prepared(), range(len(work.world.orgs))  # a World cannot be pickled; each process makes its own
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(partial(prepare_one, replace(work)), numbers, chunksize=4):
            made.add(part)
    gc.collect()
    gc.freeze()  # never freed, so the collector need not scan it while calls are answered
    return made


def prepare_one(work: Work, number: int) -> Prepared:
    made, org = Prepared(), work.world.orgs[number]
    made.names[org.name] = names_reply(org)
    watched = watched_by(org)
    for question, model, country in asked(work, org):
        answer = work.world.answer(question, model, country)
        if model == "chatgpt":
            made.records[country, question] = slim(question, country, answer)
        else:
            run = Run(1, question, model, country, None, None)
            body = response(request_for(run), question, Said(answer.text), answer.sources)
            made.answers[model, country, question] = as_json(body)
        made.readings |= dict([reading(answer.text.strip(), question, watched)])
    return made


def asked(work: Work, org: Org) -> Iterator[tuple[str, str, str]]:
    for question in work.world.questions(org):
        for model in work.models:
            for place in LOCATIONS[: work.places]:
                yield question.text, model, place["country"]


def watched_by(org: Org) -> Watched:
    """The org as the product knows it after it has asked for the org's names."""
    variations = names.checked(org.name, org.websites, name_variations(org.name, org.websites))
    return Watched(org.name, tuple(variations), org.websites, org.rivals[:3])


def names_reply(org: Org) -> bytes:
    content = json.dumps({"variations": name_variations(org.name, org.websites)})
    return as_json(chat_completion(READING_MODEL, names.SYSTEM, Said(content)))


def reading(text: str, question: str, watched: Watched) -> tuple[str, bytes]:
    prompt = extraction.prompt(text, question, watched)
    task, mark = task_in(prompt.user), MARK.search(prompt.user)
    assert task is not None and mark is not None  # noqa: PT018  our own prompt has both
    content = json.dumps(filled(prompt.schema, reading_of(task)), ensure_ascii=False)
    return mark[1], as_json(chat_completion(READING_MODEL, prompt.system + prompt.user, Said(content)))


def slim(question: str, country: str, answer: Any) -> dict[str, Any]:
    whole = record(CHATGPT, {"prompt": question, "country": country}, answer)
    return {name: value for name, value in whole.items() if name not in HEAVY}


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


__all__ = ["MARK", "Prepared", "prepare", "watched_by"]
