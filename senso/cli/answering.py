"""An answer and what was read from it, for a person to compare."""

import re
from collections.abc import Sequence

from rich.markup import escape
from rich.text import Text

from senso.cli.printing import INDENT, below, moment, out, printable
from senso.extraction import SEPARATOR
from senso.quantities import counted
from senso.reads.run_details import Reading, Story
from senso.states import EvaluationState, Honoured, Visibility

MARKS = {
    "missed-by-rule": "not counted: the model found it here under a name that is not known as one of its names",
    "everyday-word": "not counted: its name stands there, and the model takes it for an everyday word",
    "other-entity": "not counted: its name stands there, and the model says that it means another",
    "source": "not counted: its name stands there only as a source",
    "nothing-known": "not counted: the answer only says that nothing is known of it, or repeats the question",
    "instruction": "not counted: its name stands there in an order to a program",
    "no-such-place": "dropped: the model judged a place that the answer does not have",
    "place-not-judged": "counted, although the model gave no verdict: there its name can be nothing else",
    "common-word-not-judged": "not counted: there its name may be a common word, and the model gave no verdict",
    "not-mentioned": "dropped: it was said of an org that is not mentioned",
    "quote-not-in-answer": "dropped: this quote does not stand in the answer",
    "not-about-the-org": "dropped: this sentence of the answer is not about it",
    "addressed-to-a-program": "not read: this part addresses the program that reads the answer",
    "rank-out-of-range": "dropped: there are not so many organisations in the answer",
    "not-a-name": "dropped: this is not a name",
    "competitor-not-in-answer": "dropped: this name does not stand in the answer",
    "sentence-not-in-answer": "dropped: its sentence does not stand in the answer",
    "no-such-fact": "taken for not covered: the org has no fact with the number that the model gave",
    "figures-differ": "taken for not covered: the model said supported, but the fact has other figures",
    "figures-agree": "taken for not covered: the model said contradicted, but the fact has the same figures",
    "fallback-names": "not complete: the call for them had failed, so these alone were looked for",
    "read-by-rule": "decided by rule: none of its names stands in the answer, so no model was asked about it",
    "sampled-beside-rule": "checked: none of its names stands in the answer, and a model was asked nevertheless",
    "tracked-competitor-rejected": "not counted: the model says that its words mean something else there",
    "tracked-competitor-missed": "added: it stands in the answer, and the org asked to follow it",
    "tracked-competitor-unsure": "not added: it stands there, but perhaps as a word, and the model did not name it",
}

# Of answers that were read before each place of a name was judged.
FORMER_MARKS = {
    "no-literal-mention": "dropped: the model said it is mentioned, but none of its names stands in the answer",
    "model-rejected": "not taken for a mention: one of its names stands there, but the model says it means another",
    "recovered-by-rule": "corrected: the sentences that name it were taken from the answer in place of the quote",
    "occurrence-not-quoted": "not counted: its name stands there, but the model quoted other sentences as its mention",
    "common-word-not-quoted": "not counted: there its name may be a common word, and the model did not quote it",
    "not-quoted": "not taken for a mention: its name may be a common word, and the model quoted no sentence with it",
    "order-to-the-model": "not read: this part gives orders to the model that reads the answer",
    "own-name-as-competitor": "dropped: a name of the org itself is no competitor",
}


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
    why = (MARKS | FORMER_MARKS).get(mark["kind"], mark["kind"])
    return f"{mark['field']} {why}: {printable(mark['value'])}"


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
