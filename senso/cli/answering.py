"""An answer and what was read from it, for a person to compare."""

import re
from collections.abc import Sequence

from rich.markup import escape
from rich.text import Text

from senso.cli.printing import INDENT, below, moment, out, printable
from senso.extraction import SEPARATOR
from senso.quantities import counted
from senso.reads.mark_words import why
from senso.reads.run_details import Reading, Story
from senso.states import EvaluationState, Honoured, Visibility


def print_answer(found: Story) -> None:
    out.print("\n[bold]The answer[/]" + asked_where(found))
    if found.run.answer_text is None:
        out.print(below("there is none"))
        return
    named = [one.mention_text for one in found.evaluations if one.mention_text]
    quotes = [quote for text in named for quote in text.split(SEPARATOR)]
    out.print(marked(found.run.answer_text, quotes), soft_wrap=not out.is_terminal)


def asked_where(found: Story) -> str:
    run = found.run
    elsewhere = " (another place than was asked for)" if run.location_honoured == Honoured.NO else ""
    said = {
        "": run.model_version,
        "not the model that was asked: ": run.other_model,
        "in ": run.reported_country and run.reported_country + elsewhere,
        "web search: ": run.searched,
        "for: ": "; ".join(run.queries or ()),
    }
    known = [f"{name}{escape(value)}" for name, value in said.items() if value]
    return f" ({', '.join(known)})" if known else ""


def marked(answer: str, quotes: Sequence[str]) -> Text:
    """The answer with quotes in reverse video and between »«, so that they also show on a terminal without colours."""
    shown, end = Text(), 0
    for start, stop in spans(answer, quotes):
        shown.append(printable(answer[end:start]))
        shown.append(f"»{printable(answer[start:stop])}«", style="reverse")
        end = stop
    return shown.append(printable(answer[end:]))


def spans(answer: str, quotes: Sequence[str]) -> list[tuple[int, int]]:
    """The positions of the quotes in the answer. Quotes that touch or overlap are merged."""
    found = sorted(
        (place.start(), place.end()) for quote in quotes if quote for place in re.finditer(re.escape(quote), answer)
    )
    merged: list[tuple[int, int]] = []
    for start, stop in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def print_reading(read: Reading, seen: Visibility | None) -> None:
    out.print(f"\n[bold]Read for {escape(read.org)}[/]: {read.state}")
    lines = {"error": read.error, "tried again at": read.next_at and moment(read.next_at)}
    if read.state is EvaluationState.DONE:
        lines |= results(read, seen)
    for name, value in lines.items():
        if value:
            out.print(below(Text(f"{name}: {printable(str(value))}")))
    for claim in read.claims:
        print_claim(claim)
    for mark in read.marks:
        out.print(below(Text(mark_line(mark))))


def results(read: Reading, seen: Visibility | None) -> dict[str, str]:
    by = " ".join(filter(None, (read.extractor, read.prompt_version, read.model_version)))
    share = f"{read.share_of_text or 0:.0%} of the text"
    if read.share_of_entries is not None:
        share += f", {read.share_of_entries:.0%} with its entries"
    about = f"{read.sentiment or 'no sentiment'}, rank {read.rank or '-'}, {share}"
    return {
        "mentioned": f"yes, {about}" if read.mentioned else "no",
        "visibility": (seen or "").replace("_", " "),
        "competitors": ", ".join(read.competitors) or "none",
        "charged": counted(read.charged, "credit") if read.charged is not None else "not yet",
        "by": by,
    }


def print_claim(claim: dict[str, str | None]) -> None:
    judged = f", {claim['verdict']}" if claim["verdict"] else ""
    by = f' by the fact "{claim["fact"]}"' if claim["fact"] else ""
    about = f"{claim['polarity'] or 'neutral'} {claim['kind'] or 'statement'}{judged}{by}"
    out.print(below(Text(printable(f"claimed: {claim['text']} ({about})"))))
    for shown in (claim["sentence"], claim["url"]):
        if shown:
            out.print(below(below(Text(printable(shown)))))


def mark_line(mark: dict[str, str]) -> str:
    return f"{mark['field']} {why(mark['kind'])}: {printable(mark['value'])}"


def print_citations(found: Story) -> None:
    if not found.citations:
        return
    out.print(f"\n[bold]Sources[/] ({len(found.citations)})")
    for one in found.citations:
        whose = ", ".join(dict.fromkeys(one.whose.values())) or "-"
        kinds = ", ".join(dict.fromkeys(one.categories.values()))
        of_kind = f" ({kinds})" if kinds else ""
        kind = whose if one.cited else f"{whose}, only offered"
        out.print(Text(f"{one.position:>3} {kind}: {printable(one.title or one.host)}{of_kind}"))
        out.print(Text(" " * INDENT + printable(one.url)), soft_wrap=True)
