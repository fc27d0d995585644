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
from senso.sandbox.reader import reading_of, request_in, said_of
from senso.sandbox.schema import filled
from senso.sandbox.variations import name_variations

CHATGPT = next(engine for engine in ENGINES.values() if engine.slug == "chatgpt")
HEAVY = {"answer_html", "answer_section_html", "response_raw"}  # fields that the product does not request
MARK = re.compile(r"<([0-9a-f]{12})>")


@dataclass
class Prepared:
    answers: dict[tuple[str, str, str], bytes] = field(default_factory=dict)  # model, country, question
    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # country, question
    readings: dict[str, bytes] = field(default_factory=dict)  # hex digits of the marks around an answer in the prompt
    shared: dict[str, "Shared"] = field(default_factory=dict)  # the same, of answers to the questions of networks
    names: dict[str, bytes] = field(default_factory=dict)  # organisation

    def add(self, part: "Prepared") -> None:
        for mine, theirs in zip(vars(self).values(), vars(part).values(), strict=True):
            mine.update(theirs)


@dataclass
class Shared:
    """An answer that is read for many: whom it names, and what it says of each of them."""

    organisations: list[str]
    readings: dict[str, dict[str, Any]]


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
    for question, model, country in asked(work, number):
        answer = work.world.answer(question, model, country)
        if model == "chatgpt":
            made.records[country, question] = slim(question, country, answer)
        else:
            run = Run(1, question, model, country, None, None)
            body = response(request_for(run), question, Said(answer.text), answer.sources)
            made.answers[model, country, question] = as_json(body)
        if work.networks and number < work.orgs:
            made.shared |= dict([shared(work, answer.text.strip(), question, number)])
        else:
            made.readings |= dict([reading(answer.text.strip(), question, watched)])
    return made


def asked(work: Work, number: int) -> Iterator[tuple[str, str, str]]:
    for question in work.questions(number):
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
    """Of the org, too, where its name does not occur: the product asks about a sample of these."""
    prompt = extraction.prompt(text, question, [watched])
    request, mark = request_in(prompt.user), MARK.search(prompt.user)
    assert request is not None and mark is not None  # noqa: PT018  our own prompt has both
    content = json.dumps(filled(prompt.schema, said_of(request, reading_of)), ensure_ascii=False)
    return mark[1], as_json(chat_completion(READING_MODEL, prompt.system + prompt.user, Said(content)))


def shared(work: Work, text: str, question: str, first: int) -> tuple[str, Shared]:
    """For all orgs of the network whose first org has the number `first`."""
    orgs = work.world.orgs[first : first + work.network_size]
    prompt = extraction.prompt(text, question, list(map(watched_by, orgs)))
    request, mark = request_in(prompt.user), MARK.search(prompt.user)
    assert request is not None and mark is not None  # noqa: PT018  our own prompt has both
    said = filled(prompt.schema, said_of(request, reading_of))
    names = [org.name for org in orgs]
    return mark[1], Shared(said["organisations"], dict(zip(names, said["readings"], strict=True)))


def reply_for_many(found: Shared, user: str) -> bytes:
    """To a request about several orgs of a network, one, or none."""
    request = request_in(user)
    assert request is not None  # our own prompt
    told = [
        found.readings[task.organisation] | {"number": number}
        for number, task in zip(request.numbers or (), request.tasks, strict=True)
    ]
    judged = [{"mark": mark, "verdict": "named"} for mark, _ in request.marks]
    content = json.dumps({"organisations": found.organisations, "judged": judged, "readings": told})
    return as_json(
        chat_completion(
            READING_MODEL, extraction.prompts.known()[extraction.READING_VERSION].system + user, Said(content)
        )
    )


def slim(question: str, country: str, answer: Any) -> dict[str, Any]:
    whole = record(CHATGPT, {"prompt": question, "country": country}, answer)
    return {name: value for name, value in whole.items() if name not in HEAVY}


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


__all__ = ["MARK", "Prepared", "prepare", "reply_for_many", "watched_by"]
