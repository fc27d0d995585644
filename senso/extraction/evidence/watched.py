"""An org as it is looked for in answers, and the competitors that it follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from senso.extraction import names, same_name, words
from senso.extraction.competitors import Followed, Tracked


@dataclass(frozen=True, slots=True)
class Watched:
    """The properties of the org that are needed to read answers."""

    name: str
    variations: tuple[str, ...]
    websites: tuple[str, ...]
    competitors: tuple[str | Tracked, ...]  # those that the org asked to follow; a name alone has no aliases
    not_names: tuple[str, ...] = ()  # phrases in which a name is not the org's
    facts: tuple[str, ...] = ()  # what is true of it: claims are judged by them, numbered from 1
    by_fallback: bool = False  # the call for its names failed: `variations` are its name and domains alone


@lru_cache(maxsize=4096)
def names_in_use(org: Watched) -> tuple[str, ...]:
    """Never the name of a competitor, which may be tracked only since the org's names were asked for."""
    others = {words.key(name) for one in followed_by(org) for name in one.spellings} - {words.key(org.name)}
    return tuple(name for name in org.variations if words.key(name) not in others) or (org.name,)


@lru_cache(maxsize=4096)
def followed_by(org: Watched) -> tuple[Followed, ...]:
    return followed(org.competitors)


def followed(tracked: Sequence[str | Tracked]) -> tuple[Followed, ...]:
    """Each with all names under which it is looked for."""
    known = [Tracked(one) if isinstance(one, str) else one for one in tracked]
    spellings = [tuple(dict.fromkeys((one.name, *one.aliases, *names.domains(one.websites)))) for one in known]
    return tuple(Followed(some[0], some, keys_of(some)) for some in spellings)


@lru_cache(maxsize=4096)  # all orgs of several networks
def own_keys(org: Watched) -> frozenset[str]:
    """By which the org is recognised among the names of an answer."""
    return keys_of((org.name, *names_in_use(org), *names.domains(org.websites)))


def keys_of(spellings: Sequence[str]) -> frozenset[str]:
    """By which a competitor, or the org itself, is recognised under any of these names."""
    return frozenset(key for name in spellings for key in same_name.keys(name))
