"""The same work in textbook style: a chord of chains per org, the vendor's SDK, the ORM. Direct models only.

It uses only what Celery's guide shows: a task asks, a task reads and stores, the chord's body ends the batch. It has
no claims, fences, leases, outbox or sweep; a lost body stays lost. run.py starts it, and it starts its Celery workers.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import processes
from celery import Celery, chain, chord
from openai import OpenAI
from prepared import watched_by
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from work import CASES, READING_MODEL, Work

from senso import extraction
from senso.extraction.prompts.reply import AnswerReading

THREADS = 100
WORKERS = 2
READY_SECONDS = 60
END_SECONDS = 900
app = Celery("textbook", broker=os.environ["TEXTBOOK_BROKER"], backend=os.environ["TEXTBOOK_RESULTS"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, worker_send_task_events=True, broker_pool_limit=200)
app.conf.update(broker_transport_options={"max_connections": 400}, redis_max_connections=400)


class Base(DeclarativeBase):
    pass


class Batch(Base):
    __tablename__ = "batches"
    org: Mapped[str] = mapped_column(primary_key=True)
    ended: Mapped[bool] = mapped_column(default=False)


class Answered(Base):
    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    org: Mapped[str]
    answer: Mapped[str]
    mentioned: Mapped[bool]
    sentiment: Mapped[str | None]
    rank: Mapped[int | None]


class Cited(Base):
    __tablename__ = "citations"
    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[int]
    url: Mapped[str]
    title: Mapped[str | None]


class Charged(Base):
    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)


@lru_cache(maxsize=1)
def engine() -> Any:
    return create_engine(os.environ["TEXTBOOK_DATABASE"], pool_size=20, max_overflow=20)


@lru_cache(maxsize=1)
def client() -> OpenAI:
    return OpenAI(api_key="sandbox-key", base_url=os.environ["TEXTBOOK_URL"], max_retries=0)


@app.task
def ask(run: dict[str, Any]) -> dict[str, Any]:
    place = {"type": "approximate", "country": run["country"]}
    tools = [{"type": "web_search", "user_location": place}]
    found = client().responses.create(model=run["model"], input=run["question"], tools=tools)
    notes = [note for item in found.output if item.type == "message" for note in item.content[0].annotations]
    return run | {"answer": found.output_text, "cited": [(note.url, note.title) for note in notes]}


@app.task
def read(run: dict[str, Any]) -> int:
    watched = extraction.Watched(**{name: tuple(v) if isinstance(v, list) else v for name, v in run["org"].items()})
    prompt = extraction.prompt(run["answer"], run["question"], [watched])
    messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
    done = client().chat.completions.parse(model=READING_MODEL, messages=messages, response_format=AnswerReading)
    said = done.choices[0].message.parsed
    with Session(engine()) as session:
        row = Answered(id=run["number"], org=watched.name, answer=run["answer"], mentioned=bool(said.named))
        if said.readings:
            row.sentiment, row.rank = said.readings[0].sentiment, said.readings[0].rank
        session.add_all([row, *(Cited(run=run["number"], url=url, title=title) for url, title in run["cited"])])
        session.commit()
    return int(run["number"])


@app.task
def finish(numbers: list[int], org: str) -> str:
    with Session(engine()) as session:
        session.add_all([Charged(key=f"charge:{number}") for number in numbers])
        session.merge(Batch(org=org, ended=True))
        session.commit()
    return org


def send(work: Work) -> int:
    by_org: dict[str, list[Any]] = {}
    count = 0
    for count, (org, question, model, country) in enumerate(work.runs(), start=1):
        watched = watched_by(org)
        named = {name: getattr(watched, name) for name in ("name", "variations", "websites", "competitors")}
        run = {"number": count, "org": named, "question": question, "model": model, "country": country}
        by_org.setdefault(org.name, []).append(chain(ask.s(run), read.s()))
    for name, members in by_org.items():
        chord(members, finish.s(name)).apply_async()
    return count


def workers() -> list[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "celery", "-A", "textbook", "worker", "-P", "threads", "-c", str(THREADS), "-E"]
    made = [[*command, "-n", f"textbook-{number}@%h", "-l", "ERROR"] for number in range(WORKERS)]
    quiet = subprocess.DEVNULL
    return [subprocess.Popen(one, cwd=Path(__file__).parent, stdout=quiet, stderr=quiet) for one in made]


def ended(count: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        with Session(engine()) as session:
            if session.scalar(select(func.count()).select_from(Batch).where(Batch.ended)) == count:
                return
        time.sleep(0.25)
    raise SystemExit("the textbook's batches did not all end")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orgs", type=int, required=True)
    work = Work(CASES["direct"], options.parse_args().orgs)
    Base.metadata.create_all(engine())
    running = workers()
    try:
        deadline = time.monotonic() + READY_SECONDS
        while len(app.control.ping(timeout=1) or ()) < WORKERS and time.monotonic() < deadline:
            pass
        began, used = time.monotonic(), sum(processes.cpu_of(one.pid) for one in running)
        count = send(work)
        ended(work.orgs, time.monotonic() + END_SECONDS)
        spent = sum(processes.cpu_of(one.pid) for one in running) - used
        print(json.dumps({"runs": count, "seconds": time.monotonic() - began, "cpu_seconds": spent}))
    finally:
        for one in running:
            one.terminate()
            one.wait(30)


if __name__ == "__main__":
    main()
