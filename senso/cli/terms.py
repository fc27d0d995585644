"""What a batch that is opened now is opened under, as the settings say."""

from typing import TYPE_CHECKING

from senso.settings import clock, settings

if TYPE_CHECKING:
    from senso.workflows.trigger import Terms


def terms(*, reopen: bool = False) -> "Terms":
    from senso.workflows.trigger import Terms  # noqa: PLC0415  providers take long to import

    return Terms(clock().date(), settings().credits_per_evaluation, reopen)
