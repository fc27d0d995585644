"""Pausing and resuming: a switch that every claim looks at."""

from dataclasses import dataclass
from uuid import UUID

from senso.db import Connection, transaction
from senso.errors import ConfigError, NotFound
from senso.queries import stops
from senso.queries.stops import Scope, Stop
from senso.queries.triggers import Concerns, audit
from senso.states import Action, StopScope
from senso.typed_ids import id_in
from senso.workflows import reading_models

EVERYTHING = Scope(StopScope.ALL)


@dataclass(frozen=True, slots=True)
class Done:
    """`changed`: False if it was so already. `freed`: how many jobs, runs and readings became due."""

    subject: Scope
    changed: bool
    freed: int
    in_force: list[Stop]


def scope_of(db: Connection, said: str | None) -> Scope:
    """Raises NotFound with what there is, and ConfigError for a name that means two things."""
    if said is None:
        return EVERYTHING
    kind, _, name = said.strip().rpartition(":")
    wanted = str(id_in(name) or name)
    found = [one for one in stops.known(db, wanted) if kind in {"", one.scope}]
    if not found:
        providers, models = stops.names(db)
        raise NotFound(
            f"no provider, model or partner {said!r}; providers: {', '.join(providers)}; models: {', '.join(models)}; "
            "senso partners lists the partners"
        )
    if len(found) > 1:
        ways = " or ".join(f"{one.scope}:{one.subject}" for one in found)
        raise ConfigError(f"{said!r} is a {' and a '.join(one.scope for one in found)}; say {ways}")
    return found[0]


def subject_named(db: Connection, scope: StopScope, name: str | None) -> Scope:
    """`name`: None where everything is meant. Raises NotFound."""
    if scope is StopScope.ALL or name is None:
        return EVERYTHING
    wanted = Scope(scope, name)
    if wanted not in stops.known(db, name):
        raise NotFound(f"no {scope} {name}")
    return wanted


def pause(said: str | None, actor: str, reason: str | None) -> Done:
    with transaction() as db:
        return pause_within(db, scope_of(db, said), actor, reason)


def pause_within(db: Connection, wanted: Scope, actor: str, reason: str | None) -> Done:
    """`pause` in the caller's transaction."""
    changed = stops.pause(db, wanted, actor, reason)
    if changed:
        audit(db, Action.PAUSE, actor, whom(wanted), subject=name_of(wanted), reason=reason)
    return Done(wanted, changed, 0, stops.in_force(db))


def resume(said: str | None, actor: str) -> Done:
    with transaction() as db:
        return resume_within(db, scope_of(db, said), actor)


def resume_within(db: Connection, wanted: Scope, actor: str) -> Done:
    """`resume` in the caller's transaction, whose end publishes what it has freed."""
    changed = stops.resume(db, wanted)
    freed = stops.free(db, wanted, reading_models.readers_if_right(db)) if changed else 0
    if changed:
        audit(db, Action.RESUME, actor, whom(wanted), subject=name_of(wanted), freed=freed)
    return Done(wanted, changed, freed, stops.in_force(db))


def whom(one: Scope) -> Concerns:
    return Concerns(UUID(one.subject) if one.scope is StopScope.PARTNER and one.subject else None)


def name_of(one: Scope) -> str:
    return one.scope if one.subject is None else f"{one.scope}:{one.subject}"
