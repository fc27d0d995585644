"""`eval`: how well answers are read, measured on the labelled set."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from senso.cli.environment import connected
from senso.cli.printing import dollars, err, out, print_json, table
from senso.db import looking
from senso.errors import ConfigError
from senso.evaluation import claims
from senso.evaluation.counting import Figure
from senso.evaluation.labelled import Labelled, all_answers, labelled
from senso.evaluation.reading import Read, by_rules
from senso.evaluation.report import Evaluation, Measured, evaluated
from senso.event_loop import wait_for
from senso.quantities import counted

COLUMNS = ["field", "n", "precision", "recall", "F1"]
TITLES = {"all": "all answers", "recorded": "recorded answers", "made": "made answers"}
HOW_TO_MEASURE = "Not measured by rules alone: senso eval --model NAME measures it, by a call for each pair."
BESIDE = Path("..", "shared", "answers")
MOST_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Options:
    """`recorded`: the folder of recorded answers. `sample`: only the first so many answers."""

    model: str | None
    recorded: Path | None
    sample: int | None
    dry_run: bool
    misses: bool


def evaluate(options: Options, *, as_json: bool) -> None:
    """Raises ConfigError if the recorded answers are not where they are said to be."""
    folder = recorded(options.recorded)
    answers, checked = labelled(folder)[: options.sample], claims.measured(all_answers(folder))
    if options.model is None:
        reads = [[by_rules(of, label) for label in of.labels] for of in answers]
        show(evaluated(answers, reads, "rules", by_model=False, checked=checked), options, as_json=as_json)
        return
    with connected():
        by_model(answers, options.model, options, as_json=as_json)


def recorded(said: Path | None) -> Path | None:
    """The folder named by the option, else by SENSO_SHARED, else beside the working directory; None: there is none."""
    shared = os.environ.get("SENSO_SHARED")
    folder = said or (Path(shared, "answers") if shared else BESIDE)
    if (folder / "chatgpt").is_dir():
        return folder
    if said or shared:
        raise ConfigError(f"{folder}: no recorded answers there; it needs chatgpt/run_1.jsonl and queries/")
    return None


def by_model(answers: Sequence[Labelled], name: str, options: Options, *, as_json: bool) -> None:
    from senso.workflows import evaluating, reading_models  # noqa: PLC0415  rules alone need neither

    with looking() as db:
        model = reading_models.model(db, name)
    pairs = sum(len(of.labels) for of in answers)
    cost = dollars(evaluating.estimate_microusd(model, pairs))
    err.print(f"{counted(pairs, 'call')} to {model.name} of {model.provider}, about {cost}")
    if options.dry_run:
        return
    found = wait_for(evaluating.read_by_model(answers, model))
    for error, times in list(found.errors.items())[:MOST_ERRORS]:
        err.print(f"{counted(times, 'call')} failed and are left out: {error}")
    err.print(f"cost {dollars(found.cost_microusd)}")
    kept, reads = without_failed(answers, found.reads)
    show(evaluated(kept, reads, model.name, by_model=True), options, as_json=as_json)


def without_failed(
    answers: Sequence[Labelled], reads: Sequence[Sequence[Read | None]]
) -> tuple[list[Labelled], list[list[Read]]]:
    kept, found = [], []
    for of, some in zip(answers, reads, strict=True):
        done = [(label, read) for label, read in zip(of.labels, some, strict=True) if read is not None]
        kept.append(replace(of, labels=tuple(label for label, _ in done)))
        found.append([read for _, read in done])
    return kept, found


def show(found: Evaluation, options: Options, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    out.print(f"{counted(found.answers, 'answer')}, {counted(found.pairs, 'pair')}, read by {found.mode}")
    out.print(f"with {found.reading_version}; 95 % intervals over answers")
    for which in dict.fromkeys(one.answers for one in found.measured):
        rows = [row(one) for one in found.measured if one.answers == which]
        out.print(table(TITLES[which], COLUMNS, rows, numbers=COLUMNS[1:]))
    if any(one.n is None for one in found.measured):
        out.suggest(HOW_TO_MEASURE)
    for miss in found.misses if options.misses else ():
        out.print(f"{miss.answer}, {miss.brand}: {miss.expected}; found {miss.found}", markup=False)
    if not options.misses:
        out.suggest(f"{counted(len(found.misses), 'pair')} decided wrongly: senso eval --misses")


def row(one: Measured) -> list[str]:
    if one.n is None:
        return [one.field, "-", "not measured", "-", "-"]
    return [one.field, f"{one.n:,}", percent(one.precision), percent(one.recall), percent(one.f1)]


def percent(one: Figure | None) -> str:
    if one is None or one.value is None or one.low is None or one.high is None:
        return "-"
    return f"{100 * one.value:.1f} [{100 * one.low:.0f}, {100 * one.high:.0f}]"
