"""CPU cost of a single run by part, without Celery and Postgres, against the stand-in server."""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import product
from prepared import watched_by
from work import CASES, READING_MODEL, Work

from senso import extraction
from senso.event_loop import wait_for
from senso.extraction.citations import cite
from senso.http import Response, json_of, request
from senso.prices import Price, cost_microusd
from senso.providers import Completion, Run
from senso.providers.openai.direct import SERVICE, OpenAI
from senso.providers.wire.openai import question, read_answer, read_completion, structured

WARM_UP_RUNS = 30
PRICE = Price(token_in=0.4, token_cached=0.1, token_out=1.6)
SERVER = Path(__file__).with_name("model_server.py")


class Parts:
    """CPU of this process by part. It includes the kernel's share of a call, but not the server's CPU."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        began = time.process_time_ns()
        yield
        self.seconds[part] += (time.process_time_ns() - began) / 1e9


async def run(parts: Parts, openai: OpenAI, asked: Run, org: extraction.Watched) -> None:
    with parts.timed("call, asked"):
        reply = await post(openai, "/responses", question(asked))
    with parts.timed("answer parsed"):
        answer = read_answer(SERVICE, asked, json_of(SERVICE, reply))
    with parts.timed("cite"):
        cite(answer.sources)
    text = (answer.text or "").strip()
    with parts.timed("prompt"):
        body = structured(extraction.prompt(text, asked.question, *alone(text, org)), READING_MODEL)
    with parts.timed("call, read"):
        reply = await post(openai, "/chat/completions", body)
    with parts.timed("completion parsed"):
        completion = read_completion(SERVICE, json_of(SERVICE, reply))
    with parts.timed("checked"):
        checked(text, org, completion)
    with parts.timed("cost"):
        cost_microusd(PRICE, completion.usage)


def alone(text: str, org: extraction.Watched) -> tuple[list[extraction.Watched], str, list[extraction.Watched]]:
    """The org, if it occurs, is asked about; the version; otherwise it is beside."""
    occurs = extraction.occurs(text, org)
    return [org] if occurs else [], extraction.READING_VERSION, [] if occurs else [org]


def checked(text: str, org: extraction.Watched, completion: Completion) -> None:
    asked, _, beside = alone(text, org)
    extraction.checked_for(text, org, extraction.said(completion, text, asked, beside), 1 if asked else None)


async def post(openai: OpenAI, path: str, body: object) -> Response:
    headers = {"Authorization": f"Bearer {openai.key}"}
    return await request(SERVICE, "POST", openai.base_url + path, json=body, headers=headers)


async def measure(work: Work, openai: OpenAI, rounds: int) -> tuple[Parts, int]:
    parts = Parts()
    asked = [(Run(1, text, model, country), watched_by(org)) for org, text, model, country in work.runs()]
    for one, org in asked[:WARM_UP_RUNS]:
        await run(Parts(), openai, one, org)
    for one, org in asked * rounds:
        await run(parts, openai, one, org)
    return parts, len(asked) * rounds


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orgs", type=int, default=5)
    options.add_argument("--rounds", type=int, default=1)
    given = options.parse_args()
    work = Work(CASES["direct"], given.orgs)
    command = ["--case", "direct", "--orgs", str(given.orgs)]
    command += ["--answer-seconds", "0", "--reading-seconds", "0", "--snapshot-seconds", "0"]
    with product.temporary_folder() as folder, product.standing_in(folder, [str(SERVER), *command]) as (url, _):
        parts, runs = wait_for(measure(work, OpenAI(f"{url}/v1", "a-key"), given.rounds))
    for part, seconds in parts.seconds.items():
        print(f"{part:<18} {seconds / runs * 1000:6.3f} ms")
    print(f"{'one run':<18} {sum(parts.seconds.values()) / runs * 1000:6.3f} ms   ({runs} runs)")


if __name__ == "__main__":
    main()
