"""The same work done by a bare asyncio program with 200 calls in flight: an upper bound for this machine.

It writes the rows, but has no claims, leases, messages, checks, retries or statistics, and loses everything when it is
killed. It uses aiohttp and asyncpg.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import asyncpg
from prepared import watched_by
from work import CASES, READING_MODEL, Work

from senso import extraction
from senso.extraction import Watched
from senso.providers import Run
from senso.providers.brightdata import DATA_SETS, entry
from senso.providers.wire.openai import question as request_for
from senso.providers.wire.openai import structured

IN_FLIGHT = 200
RUNS_EACH_JOB = 30  # an org asks thirty questions per location, and the product puts them into one job
CONNECTIONS = 20
LOOK_SECONDS = 1.0
Body = dict[str, Any]

SCHEMA = """
    CREATE TABLE batches (org text PRIMARY KEY, runs integer, ended_at timestamptz);
    CREATE TABLE runs (id bigint PRIMARY KEY, org text, question text, model text, country text, answer text,
        model_version text, answered_at timestamptz DEFAULT now());
    CREATE TABLE evaluations (run_id bigint PRIMARY KEY, mentioned boolean, mention_text text, sentiment text,
        rank integer);
    CREATE TABLE citations (run_id bigint, position bigint, url text, title text);
    CREATE TABLE competitors (run_id bigint, name text);
    CREATE TABLE llm_calls (run_id bigint, purpose text, usage jsonb, latency_ms integer);
    CREATE TABLE ledger (key text PRIMARY KEY, credits integer);
"""
SAVE = """
    WITH run AS (INSERT INTO runs VALUES ($1, $2, $3, $4, $5, $6, $7)),
    evaluation AS (INSERT INTO evaluations VALUES ($1, $8, $9, $10, $11)),
    cited AS (INSERT INTO citations SELECT $1, place, url, title
        FROM unnest($12::text[], $13::text[]) WITH ORDINALITY AS one (url, title, place)),
    others AS (INSERT INTO competitors SELECT $1, name FROM unnest($14::text[]) AS name),
    calls AS (INSERT INTO llm_calls VALUES ($1, 'ask', $15, $16), ($1, 'read', $17, $18))
    INSERT INTO ledger VALUES ('charge:' || $1, 1)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    number: int
    org: str
    watched: Watched
    question: str
    model: str
    country: str


@dataclass(frozen=True, slots=True)
class Answered:
    text: str
    version: str
    sources: list[tuple[str, str]]
    usage: Body
    latency_ms: int


@dataclass
class Bare:
    url: str
    web: aiohttp.ClientSession
    pool: asyncpg.Pool
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))

    async def post(self, path: str, body: Any) -> tuple[Body, int]:
        began = time.monotonic()
        async with self.web.post(self.url + path, json=body) as reply:
            return await reply.json(), round((time.monotonic() - began) * 1000)

    async def direct(self, asked: Asked) -> None:
        async with self.slots:
            run = Run(asked.number, asked.question, asked.model, asked.country, None, None)
            found, latency = await self.post("/openai/v1/responses", request_for(run))
            message = next(item for item in found["output"] if item["type"] == "message")["content"][0]
            sources = [(note["url"], note["title"]) for note in message["annotations"]]
            answered = Answered(message["text"], found["model"], sources, found["usage"], latency)
            await self.read(asked, answered)

    async def job(self, listed: list[Asked]) -> None:
        """Runs one job with as many questions as the product puts into one. Waiting for it takes no slot."""
        began = time.monotonic()
        inputs = [entry(DATA_SETS["chatgpt"], Run(a.number, a.question, a.model, a.country)) for a in listed]
        made, _ = await self.post("/brightdata/datasets/v3/trigger?format=json", inputs)
        base = f"{self.url}/brightdata/datasets/v3"
        while (await self.fetch(f"{base}/progress/{made['snapshot_id']}"))["status"] != "ready":  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        records = {record["index"]: record for record in await self.fetch(f"{base}/snapshot/{made['snapshot_id']}")}
        latency = round((time.monotonic() - began) * 1000)
        await asyncio.gather(*(self.collected(one, records[one.number], latency) for one in listed))

    async def fetch(self, url: str) -> Any:
        async with self.web.get(url) as reply:
            return await reply.json()

    async def collected(self, asked: Asked, record: Body, latency: int) -> None:
        sources = [(source["url"], source["title"]) for source in record["citations"]]
        answered = Answered(record["answer_text_markdown"].strip(), record["model"], sources, {}, latency)
        async with self.slots:
            await self.read(asked, answered)

    async def read(self, asked: Asked, answered: Answered) -> None:
        prompt = extraction.prompt(answered.text, asked.question, [asked.watched])
        found, latency = await self.post("/openai/v1/chat/completions", structured(prompt, READING_MODEL))
        said = json.loads(found["choices"][0]["message"]["content"])
        await self.pool.execute(SAVE, *values(asked, answered, said, found["usage"], latency))


def values(asked: Asked, answered: Answered, said: Body, usage: Body, latency: int) -> tuple[Any, ...]:
    read = next(iter(said["readings"]), {})
    return (
        *(asked.number, asked.org, asked.question, asked.model, asked.country, answered.text, answered.version),
        *(bool(said["judged"]), read.get("evidence"), read.get("sentiment"), read.get("rank")),
        *([url for url, _ in answered.sources], [title for _, title in answered.sources]),
        said["organisations"],
        *(json.dumps(answered.usage), answered.latency_ms, json.dumps(usage), latency),
    )


async def one_org(bare: Bare, org: str, listed: list[Asked]) -> None:
    await bare.pool.execute("INSERT INTO batches VALUES ($1, $2)", org, len(listed))
    await bare.pool.execute("INSERT INTO ledger VALUES ('hold:' || $1, $2)", org, -len(listed))
    if listed[0].model == "chatgpt":
        listed.sort(key=lambda one: one.country)
        jobs = [listed[place : place + RUNS_EACH_JOB] for place in range(0, len(listed), RUNS_EACH_JOB)]
        await asyncio.gather(*map(bare.job, jobs))
    else:
        await asyncio.gather(*map(bare.direct, listed))
    await bare.pool.execute("INSERT INTO ledger VALUES ('release:' || $1, $2)", org, len(listed))
    await bare.pool.execute("UPDATE batches SET ended_at = now() WHERE org = $1", org)


def by_org(work: Work) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = {}
    numbers = count(1)
    for org, question, model, country in work.runs():
        asked = Asked(next(numbers), org.name, watched_by(org), question, model, country)
        found.setdefault(org.name, []).append(asked)
    return found


@asynccontextmanager
async def opened(url: str, database: str) -> AsyncIterator[Bare]:
    async with (
        asyncpg.create_pool(database, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as web,
    ):
        await pool.execute(SCHEMA)
        yield Bare(url, web, pool)


async def everything(url: str, database: str, work: Work) -> dict[str, float]:
    asked = by_org(work)
    async with opened(url, database) as bare:
        began, used = time.monotonic(), cpu()
        await asyncio.gather(*(one_org(bare, org, listed) for org, listed in asked.items()))
        return {"seconds": time.monotonic() - began, "cpu_seconds": cpu() - used, "runs": sum(map(len, asked.values()))}


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--case", choices=CASES, required=True)
    options.add_argument("--orgs", type=int, required=True)
    options.add_argument("--url", required=True)
    given = options.parse_args()
    found = asyncio.run(everything(given.url, os.environ["BARE_DATABASE"], Work(CASES[given.case], given.orgs)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
