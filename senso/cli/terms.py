"""From the settings: the terms of a batch that is opened now, and which settings there are."""

from typing import TYPE_CHECKING

from senso.settings import clock, settings

if TYPE_CHECKING:
    from senso.workflows.trigger import Terms


def terms(*, reopen: bool = False) -> "Terms":
    from senso.workflows.trigger import Terms  # noqa: PLC0415  providers take long to import

    return Terms(clock().date(), settings().credits_per_evaluation, reopen)


def is_set(name: str) -> bool:
    """Whether the setting of that name, in small letters, has a value."""
    return getattr(settings(), name, None) is not None
