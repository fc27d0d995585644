"""What one run costs in one thread, part by part: CPU, without Celery and Postgres, against the stand-in server."""

import argparse
import gc
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import product
from prepared import watched_by
from work import CASES, READING_MODEL, Work

from senso import extraction, http
from senso.extraction.citations import cite
from senso.prices import cost_microusd
from senso.providers import Run
from senso.providers.openai import OpenAI, question, read_answer, read_completion, structured

T = TypeVar("T")
SERVER = Path(__file__).with_name("model_server.py")


class Parts:
    """CPU of this process by part; the kernel's share of a call is in it, the server's own is not."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, part: str, work: Callable[[], T]) -> T:
        began = time.process_time_ns()
        try:
            return work()
        finally:
            self.seconds[part] += (time.process_time_ns() - began) / 1e9


def run(parts: Parts, openai: OpenAI, asked: Run, org: extraction.Watched) -> extraction.Reading:
    body = question(asked)
    headers = {"Authorization": f"Bearer {openai.key}"}
    reply = parts.timed("call, asked", lambda: post(openai.base_url + "/responses", body, headers))
    answer = parts.timed("answer parsed", lambda: read_answer(asked, http.json_of("openai", reply)))
    parts.timed("cite", lambda: cite(answer.sources))
    text = (answer.text or "").strip()
    prompt = parts.timed("prompt", lambda: extraction.prompt(text, asked.question, org))
    request = parts.timed("prompt", lambda: structured(prompt, READING_MODEL))
    reply = parts.timed("call, read", lambda: post(openai.base_url + "/chat/completions", request, headers))
    completion = parts.timed("completion parsed", lambda: read_completion(http.json_of("openai", reply)))
    parts.timed("report", lambda: cost_microusd("openai", READING_MODEL, completion.usage))
    return parts.timed("checked", lambda: extraction.checked(text, org, completion))


def post(url: str, body: object, headers: dict[str, str]) -> http.Response:
    return http.call("openai", "POST", url, json=body, headers=headers)


def measure(work: Work, openai: OpenAI, rounds: int) -> tuple[Parts, int]:
    parts, counted = Parts(), 0
    asked = [(Run(1, text, model, country), watched_by(org)) for org, text, model, country in work.runs()]
    for one, org in asked[:30]:
        run(Parts(), openai, one, org)
    gc.collect()
    for _ in range(rounds):
        for one, org in asked:
            run(parts, openai, one, org)
            counted += 1
    return parts, counted


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orgs", type=int, default=5)
    options.add_argument("--rounds", type=int, default=1)
    given = options.parse_args()
    work = Work(CASES["direct"], given.orgs)
    command = ["--case", "direct", "--orgs", str(given.orgs)]
    command += ["--answer-seconds", "0", "--reading-seconds", "0", "--snapshot-seconds", "0"]
    with product.temporary_folder() as folder, product.standing_in(folder, [str(SERVER), *command]) as (url, _):
        parts, runs = measure(work, OpenAI(f"{url}/v1", "a-key"), given.rounds)
    for part, seconds in parts.seconds.items():
        print(f"{part:<18} {seconds / runs * 1000:6.3f} ms")
    print(f"{'one run':<18} {sum(parts.seconds.values()) / runs * 1000:6.3f} ms   ({runs} runs)")


if __name__ == "__main__":
    main()
