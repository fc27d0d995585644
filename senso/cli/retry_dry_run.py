"""`retry --dry-run`: what would be asked again, and what it would cost. Nothing is written."""

from collections import Counter
from collections.abc import Sequence

from senso.cli.estimating import print_foreseen
from senso.cli.left_alone import print_left
from senso.cli.printing import out, print_json
from senso.db import looking
from senso.quantities import counted
from senso.queries.selections import Matched
from senso.records import record
from senso.states import RETRIABLE, Action, BatchState
from senso.workflows.estimate_sums import Foreseen, summary
from senso.workflows.retry_estimates import estimate_retries


def dry_run(found: Sequence[Matched], *, reopen: bool, as_json: bool) -> None:
    """`reopen`: cancelled batches, too."""
    chosen = [one for one in found if one.state in RETRIABLE and (reopen or one.state is not BatchState.CANCELLED)]
    left = Counter(str(one.state) for one in found if one not in chosen)
    with looking() as db:
        foreseen = Foreseen(*estimate_retries(db, chosen))
    if as_json:
        told = {"action": Action.RETRY, "dry_run": True, "matched": len(found), "not_applicable": left}
        print_json(told | {"orgs": foreseen.orgs, "networks": foreseen.networks} | record(summary(foreseen)))
        return
    would = counted(len(chosen), "would be retried", "would be retried")
    out.print(f"{counted(len(found), 'batch matches', 'batches match')}; {would}.")
    print_left(Action.RETRY, left)
    print_foreseen(foreseen, summary(foreseen))
