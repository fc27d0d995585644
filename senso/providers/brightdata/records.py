"""From the records of a job to answers: each record, and each item of its lists, is read by itself.

What has another type than expected is left out, so that one odd record cannot cost the others, which are paid for.
Sources: docs.brightdata.com (AI scrapers, error codes); saved records of the ChatGPT data set.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from senso.errors import Malformed
from senso.http import REASON_LENGTH
from senso.providers import Answer, Run, Source, Usage
from senso.providers.brightdata.data_sets import SERVICE
from senso.providers.wire import parts
from senso.providers.wire.parts import Named
from senso.providers.wire.values import address, items, kept, mapping, optional_text, text, texts

# In the order of preference.
TEXTS: Final = ("answer_text_markdown", "answer_markdown", "answer_text", "answer")
CITED: Final = ("citations", "links_attached")


def answers(runs: Sequence[Run], records: Any) -> list[Answer]:
    """One for each run, in the order of the runs. Raises Malformed only for what is no list."""
    if not isinstance(records, list):
        raise Malformed(SERVICE, "the snapshot is not a list of records")
    joined = join(runs, items(records))
    return [answer(run, joined.get(run.number)) for run in runs]


def join(runs: Sequence[Run], records: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """By the number that a record echoes; records without one by the input that they repeat."""
    wanted = {run.number for run in runs}
    found = {number(record): record for record in reversed(records) if number(record) in wanted}
    left = [run for run in runs if run.number not in found]
    for record in (one for one in records if number(one) is None):
        run = next((run for run in left if (run.question, run.country) == asked(record)), None)
        if run is not None:
            found[run.number] = record
            left.remove(run)
    return {key: record for key, record in found.items() if key is not None}


def number(record: dict[str, Any]) -> int | None:
    """The index is a number in real replies, a string in the documentation; it is in the record or in its input."""
    return next((found for one in (record, input_of(record)) if (found := whole(one.get("index"))) is not None), None)


def whole(value: Any) -> int | None:
    """7, 7.0 and "7"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = int(value)
    except (ValueError, OverflowError):
        return None
    return found if isinstance(value, str) or found == value else None


def asked(record: dict[str, Any]) -> tuple[Any, Any]:
    return input_of(record).get("prompt"), input_of(record).get("country")


def input_of(record: dict[str, Any]) -> dict[str, Any]:
    return mapping(record.get("input"))


def answer(run: Run, record: dict[str, Any] | None) -> Answer:
    if record is None:
        return Answer(run.number, error="no record came back for this question")
    told = text_of(record)
    wrong = fault(run, record, told)
    if wrong:  # the vendor's own failures are free; a record without a usable answer is billed
        return Answer(run.number, error=wrong, usage=Usage(records=0 if has_failed(record) else 1))
    found = sources(record)
    return Answer(
        number=run.number,
        text=told,
        model_version=optional_text(record.get("model")),
        country=optional_text(record.get("country")),
        searched=searched(record, found),
        sources=tuple(found),
        usage=Usage(records=1),
        queries=texts(record.get("web_search_query")),
        vendor_id=optional_text(record.get("id")),
        reply=kept(record, "timestamp", "web_search_triggered"),
    )


def text_of(record: dict[str, Any]) -> str:
    return next((told for name in TEXTS if (told := text(record.get(name)).strip())), "")


def has_failed(record: dict[str, Any]) -> bool:
    return bool(record.get("error") or record.get("error_code"))


def fault(run: Run, record: dict[str, Any], told: str) -> str | None:
    """The vendor's reason, or our own for a record without a usable answer."""
    if has_failed(record):
        code, said = (optional_text(record.get(name)) for name in ("error_code", "error"))
        return ": ".join(filter(None, (code, said)))[:REASON_LENGTH] or "no reason given"
    if not told:
        return "the answer is empty"
    return "the question came back as its own answer" if told == run.question.strip() else None


def searched(record: dict[str, Any], found: Sequence[Source]) -> bool | None:
    """`web_search_triggered` is often false although there are sources; queries alone may belong to another session.

    Since August 2026 the ChatGPT data set has null in the place of its queries: nothing then contradicts the flag, and
    it is not known whether there was a search. Some data sets have neither field.
    """
    if record.get("web_search_triggered") is True or found:
        return True
    queries = record.get("web_search_query", ())
    if queries or queries is None:
        return None
    return False if record.get("web_search_triggered") is False or queries == [] else None


def sources(record: dict[str, Any]) -> list[Source]:
    """`citations` mixes cited and offered sources; where none is cited, the links in the text are the next best.

    `sources` are the pages that were offered; where nothing is said to be cited, they are the best that there is.
    """
    lists = [named(record.get(name)) for name in CITED]
    cited = next((found for found in lists if any(one.cited for one in found)), [])
    listed = named(record.get("sources"))
    offered = [replace(one, cited=False) for one in listed] if cited else listed
    others = [one for found in lists if found is not cited for one in found if not one.cited]
    return list(parts.sources([*cited, *others, *offered]))


def named(listed: Any) -> list[Named]:
    """Pages as objects, or as addresses in plain text."""
    found = []
    for one in listed if isinstance(listed, list) else []:
        about = mapping(one)
        if url := address(one) or address(about.get("url")):
            title = optional_text(about.get("title")) or optional_text(about.get("text"))
            found.append(Named(url, title, cited=about.get("cited") is not False))
    return found
