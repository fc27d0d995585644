"""The whole running product on real answers: ten brands, 132 questions, ChatGPT's recorded answers.

The sandbox's heuristic reads the answers instead of a model, so this measures our checks and rules, not a real model.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import product
import recorded
from product import Product
from recorded import Recorded

from senso.extraction import sentences, words
from senso.extraction.citations import Citation, cite, is_primary
from senso.providers import Source

CAUTION = """
STAND-IN EXTRACTOR: the answers are real, the model that reads them is the sandbox's heuristic. This measures our checks
and rules, not a real model. The labels were made by a model too (silver), five products an answer at most.
"""
OUT = Path(__file__).parent / "out"
END_SECONDS = 600
BRANDS = {
    "Amazon": "https://www.amazon.com",
    "Apple": "https://www.apple.com",
    "Dell": "https://www.dell.com",
    "Discover": "https://www.discover.com",
    "Google": "https://www.google.com",
    "HP": "https://www.hp.com",
    "Nike": "https://www.nike.com",
    "Ninja": "https://www.ninjakitchen.com",
    "Samsung": "https://www.samsung.com",
    "Sony": "https://www.sony.com",
}
# Sites that sell or discuss products of all brands; a site that is neither one of these nor the org's is "other".
RETAILERS = {"amazon.com", "bestbuy.com", "walmart.com", "target.com", "costco.com", "ebay.com", "macys.com", "rei.com"}
FORUMS = {"reddit.com", "youtube.com", "quora.com", "facebook.com", "wikipedia.org", "tiktok.com"}


def identity(*parts: object) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(["senso-real-answers", *map(str, parts)])))


def document(asked: Sequence[str]) -> dict[str, Any]:
    """Each org has its own questions with their own ids, although their texts are the same."""
    partner = identity("partner")
    return {
        "partners": [{"id": partner, "name": "Real answers", "credits": None}],
        "orgs": [org(brand, website, partner, asked) for brand, website in BRANDS.items()],
    }


def org(brand: str, website: str, partner: str, asked: Sequence[str]) -> dict[str, Any]:
    listed = [
        {"id": identity(brand, place), "text": text, "kind": "unbranded"} for place, text in enumerate(asked, start=1)
    ]
    return {
        "id": identity(brand),
        "name": brand,
        "partner": partner,
        "websites": [website],
        "created_at": "2026-01-05",
        "questions": listed,
        "models": ["chatgpt"],
        "locations": [{"country": "US"}],
    }


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer read for one brand, and what its labels say."""

    brand: str
    answer: Recorded
    found: bool
    mention_text: str
    marks: tuple[str, ...]

    @property
    def labelled(self) -> bool:
        return self.answer.has_label(self.brand)

    @property
    def kind(self) -> str:
        return {
            (True, True): "both yes",
            (False, False): "both no",
            (True, False): "found, not labelled",
            (False, True): "labelled, not found",
        }[self.found, self.labelled]


READINGS = """
    SELECT o.name, q.text, r.answer_text, e.mentioned, coalesce(e.mention_text, ''), e.marks
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN orgs o ON o.id = e.org_id
    WHERE e.state = 'done' AND e.batch_id = ANY(%s::uuid[]) ORDER BY o.name, r.number
"""


def decisions(running: Product, batches: Sequence[UUID], known: Sequence[Recorded]) -> list[Decision]:
    """Joins by question and text: the sandbox gives one of the two recorded answers to a question."""
    by_text = {(one.question, one.text.strip()): one for one in known}
    rows = running.query(READINGS, [str(batch) for batch in batches])
    return [
        Decision(brand, by_text[question, text.strip()], mentioned, quoted, tuple(mark["kind"] for mark in marks))
        for brand, question, text, mentioned, quoted, marks in rows
    ]


def evidence(one: Decision) -> list[str]:
    """The sentences that a person must check: those found, else all that contain the letters of the name."""
    if one.found:
        return one.mention_text.split(" || ")
    text = one.answer.text
    return [text[a:b] for a, b in sentences.sentences(text) if one.brand.lower() in text[a:b].lower()]


def listing(disagreeing: Iterable[Decision]) -> str:
    return "\n".join(described(number, one) for number, one in enumerate(disagreeing, start=1))


def described(number: int, one: Decision) -> str:
    labels = ", ".join(f"{label.get('brand')}: {label.get('name')}" for label in one.answer.labels) or "none"
    lines = [f"{number}. [{one.brand}] {one.kind}: {one.answer.question}", f"   labels: {labels}"]
    lines += [f"   marks: {', '.join(one.marks)}"] if one.marks else []
    return "\n".join([*lines, *(f"   > {' '.join(sentence.split())}" for sentence in evidence(one)), ""])


def print_mentions(found: Sequence[Decision]) -> None:
    kinds = ("both yes", "both no", "found, not labelled", "labelled, not found")
    print(f"{'brand':<10} {'answers':>8} " + " ".join(f"{kind:>20}" for kind in kinds) + f" {'agree':>7}")
    for brand in [*BRANDS, "all"]:
        mine = [one for one in found if brand in (one.brand, "all")]
        counted = Counter(one.kind for one in mine)
        agree = (counted["both yes"] + counted["both no"]) / max(1, len(mine))
        print(f"{brand:<10} {len(mine):>8} " + " ".join(f"{counted[kind]:>20}" for kind in kinds) + f" {agree:>7.1%}")
    marks = Counter(mark for one in found for mark in one.marks)
    print("\nWhat our checks changed:", ", ".join(f"{kind} {count}" for kind, count in marks.items()) or "nothing")
    quotes = [quote for one in found if one.found for quote in one.mention_text.split(" || ")]
    cut = [quote for quote in quotes if quote.count("(") > quote.count(")") or quote.count("[") > quote.count("]")]
    print(f"Quotes kept: {len(quotes)}, of which {len(cut)} end inside a bracket")


def print_matcher(known: Sequence[Recorded]) -> None:
    """Tests our rule alone, without any model: does it find each labelled brand whose letters are in the answer?"""
    counted: Counter[str] = Counter()
    for one in known:
        text = words.text(one.text)
        for brand in {brand for brand in one.brands() if brand}:
            letters = brand.casefold() in one.text.casefold()
            counted[f"{'' if words.namings(text, brand) else 'not '}found{', letters there' if letters else ''}"] += 1
    print(f"\nThe matcher alone, all labelled brands of all {len(known)} answers:")
    print(" ", "; ".join(f"{what}: {count}" for what, count in counted.most_common()))


def listed(one: Recorded) -> list[Source]:
    """Sources as the product reads them from a record: cited if the text links to them."""
    return [
        Source(source["url"], source.get("title"), place, source["url"] in one.text)
        for place, source in enumerate(one.sources, start=1)
    ]


def print_citations(used: Sequence[Recorded], stored: int) -> None:
    came = [source for one in used for source in listed(one)]
    read = [cite(listed(one)) for one in used]
    kept = [citation for one in read for citation in one.citations]
    dropped = [source for source in came if not cite([source]).citations]
    merged, cited = sum(one.merged for one in read), sum(citation.cited for citation in kept)
    print(f"\nSources of the {len(used)} answers, of which {sum(not one.sources for one in used)} have none:")
    print(f"  came {len(came)}, dropped {len(dropped)}, merged {merged}, kept {len(kept)}, of which {cited} cited")
    print("  dropped, by host:", most_common(map(host_of, dropped)))
    print("  kept, by kind:", most_common(map(domain_kind, kept)))
    print("  kept, by domain:", most_common(citation.registrable_domain for citation in kept))
    print(f"  rows in the database: {stored}, the {len(kept)} kept for each of {len(BRANDS)} brands")
    print_own(kept)


def most_common(values: Iterable[str], most: int = 12) -> str:
    counted = Counter(values)
    rest = f", and {len(counted) - most} others" if len(counted) > most else ""
    return ", ".join(f"{value} {count}" for value, count in counted.most_common(most)) + rest or "none"


def host_of(source: Source) -> str:
    return urlsplit(source.url).hostname or source.url[:30]


def domain_kind(citation: Citation) -> str:
    if citation.registrable_domain in RETAILERS:
        return "retailer"
    if citation.registrable_domain in FORUMS:
        return "forum or platform"
    return "one of the ten brands" if is_primary(citation, BRANDS.values()) else "other (mostly reviews)"


def print_own(kept: Sequence[Citation]) -> None:
    own = {brand: sum(is_primary(one, [website]) for one in kept) for brand, website in BRANDS.items()}
    print("  the brand's own pages:", ", ".join(f"{brand} {count}" for brand, count in own.items()))


STORED = """
    SELECT count(*) FROM citations c JOIN question_runs r ON r.id = c.run_id WHERE r.batch_id = ANY(%s::uuid[])
"""
ENDED = "SELECT state, count(*), sum(planned)::int FROM batches WHERE id = ANY(%s::uuid[]) GROUP BY state"


def report(running: Product, batches: Sequence[UUID], known: Sequence[Recorded], seconds: float) -> None:
    ids = [str(batch) for batch in batches]
    print(CAUTION)
    print("batches:", running.query(ENDED, ids), f"in {seconds:.0f} s")
    found = decisions(running, batches, known)
    print_mentions(found)
    print_matcher(known)
    ((stored,),) = running.query(STORED, ids)
    print_citations(list({id(one.answer): one.answer for one in found}.values()), stored)
    disagreeing = [one for one in found if one.kind not in {"both yes", "both no"}]
    OUT.mkdir(exist_ok=True)
    path = OUT / "disagreements.txt"
    path.write_text(listing(disagreeing), encoding="utf-8")
    (OUT / "decisions.json").write_text(json.dumps([[one.brand, one.answer.question, one.kind] for one in found]))
    print(f"\n{len(disagreeing)} disagreements, each with its sentences: {path}\nJudged in bench/REAL_ANSWERS.md.")


def measure(source: Path) -> None:
    known = recorded.answers(source)
    product.forget_environment()
    with product.temporary_folder() as folder:
        replay = recorded.write_replay(known, folder / "replay")
        sandbox = [
            "-m",
            "senso.cli",
            "sandbox",
            "--port",
            "0",
            "--replay",
            str(replay),
            "--answer-seconds",
            "0",
            "--reading-seconds",
            "0",
        ]
        with (
            product.standing_in(folder, [*sandbox, "--snapshot-seconds", "1"]) as (url, _),
            product.running(folder, url) as running,
        ):
            asked = document(recorded.questions(source))
            running.load(asked)
            began = time.monotonic()
            batches = running.trigger([one["id"] for one in asked["orgs"]])
            running.wait(batches, END_SECONDS)
            report(running, batches, known, time.monotonic() - began)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    source = recorded.folder()
    if source is None:
        print(f"skipped: no recorded answers at {recorded.SHARED}/answers; SENSO_SHARED says where they are")
        return
    measure(source)


if __name__ == "__main__":
    main()
