"""The competitors of an org, each under one name: those that it tracks, and those that its answers have named.

An answer's own spelling stays with its reading. What stands for it is decided when readings are counted, so that an
alias that is added later counts for all stored answers, and saving a reading locks no row that two readings share.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from senso.db.bulk import as_json, given
from senso.db.statement import Prepared
from senso.encryption import opened_websites
from senso.extraction import Tracked, followed, keys_of, names, same_name
from senso.queries.batches import Batch
from senso.states import CompetitorState

# One answer may write a name oddly, and two runs may share its source; from the third on a name is settled, as
# in canonry's basis of observed competitors.
ANSWERS_TO_DISCOVER = 3


@dataclass(frozen=True, slots=True)
class Register:
    """`standing`: by key, the name that stands for it. `own`: keys of the org. `tracked`: by name, all spellings.

    `websites`: of those that are tracked.
    """

    standing: Mapping[str, str]
    own: frozenset[str]
    tracked: Mapping[str, Sequence[str]]
    websites: tuple[str, ...] = ()

    def canonical(self, name: str) -> str | None:
        """None: a name of the org itself."""
        keys = same_name.keys(name)
        return self.standing.get(keys[0], name) if self.own.isdisjoint(keys) else None

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """The competitors that an answer names, each once, in their order."""
        return tuple(dict.fromkeys(found for name in names if (found := self.canonical(name))))

    def spellings(self, competitor: str, names: Iterable[str]) -> tuple[str, ...]:
        """What an answer may call it: which of `names` mean it, its own name, and its aliases."""
        written = (name for name in names if self.canonical(name) == competitor)
        return tuple(dict.fromkeys((*written, competitor, *self.tracked.get(competitor, ()))))


def tracked(listed: Sequence[Any]) -> tuple[str | Tracked, ...]:
    """As a row of `orgs` has them: names, or objects with aliases and websites."""
    return tuple(one if isinstance(one, str) else of_row(**one) for one in listed)


def of_row(name: str, aliases: Sequence[str] = (), websites: Sequence[str] = ()) -> Tracked:
    return Tracked(name, tuple(aliases), tuple(websites))


ORG = Prepared(f"""
    SELECT o.name, o.competitors, coalesce(n.names, '[]') AS names,
        ARRAY(SELECT url FROM org_websites WHERE org_id = o.id ORDER BY position, url) AS websites,
        ARRAY(SELECT name FROM org_aliases WHERE org_id = o.id
            UNION SELECT name FROM name_proposals WHERE org_id = o.id AND state = 'accepted') AS aliases,
        ARRAY(SELECT c.name FROM canonical_competitors c
            WHERE c.org_id = o.id AND c.key = ANY(CAST(:keys AS text[])) AND c.state = '{CompetitorState.DISCOVERED}'
            ORDER BY c.answers DESC, c.key) AS discovered
    FROM orgs o LEFT JOIN name_variations n ON n.org_id = o.id WHERE o.id = :org
""")


def register(db: Connection, org: UUID, answers: Iterable[Sequence[str]]) -> Register:
    """`answers`: the names that each answer of a batch has."""
    counted = Counter(name for named in answers for name in named)
    keys = sorted({key for name in counted for key in same_name.keys(name)})
    (found,) = ORG.rows(db, {"org": org, "keys": keys})
    listed, websites = tracked(found["competitors"]), opened_websites(org, found["websites"])
    followed_ones = followed(listed)
    standing: dict[str, str] = {}
    for one in followed_ones:
        same_name.settle(standing, one.keys, one.name)
    for name in found["discovered"]:
        same_name.settle(standing, same_name.keys(name), name)
    return Register(
        standing=same_name.merged(sorted(counted, key=lambda name: (-counted[name], name)), standing),
        own=keys_of((found["name"], *found["names"], *found["aliases"], *names.domains(websites))),
        tracked={one.name: one.spellings for one in followed_ones},
        websites=tuple(url for one in listed if isinstance(one, Tracked) for url in one.websites),
    )


ROW = {"key": "text", "name": "text", "state": "text", "answers": "int"}
# A later episode counts the answers of its batch again. If another batch has ended between, only what is certain is
# kept, its former count. One batch of an org at a time: two that lock the same rows in different orders could deadlock.
COUNTED = """CASE WHEN c.latest_batch = CAST(:batch AS uuid) THEN c.answers - c.in_latest + excluded.in_latest
        WHEN CAST(:episode AS int) > 1 THEN c.answers ELSE c.answers + excluded.in_latest END"""
REMEMBER = Prepared(f"""
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('competitors:' || :org, 0))),
    {given(ROW)},
    gone AS (
        DELETE FROM canonical_competitors c USING turn
        WHERE c.org_id = CAST(:org AS uuid) AND c.key = ANY(CAST(:merged AS text[]))
    )
    INSERT INTO canonical_competitors AS c (org_id, key, name, state, answers, latest_batch, in_latest)
    SELECT CAST(:org AS uuid), key, name, state, answers, CAST(:batch AS uuid), answers FROM given, turn ORDER BY key
    ON CONFLICT (org_id, key) DO UPDATE SET
        name = CASE WHEN c.state = '{CompetitorState.DISCOVERED}' AND excluded.state <> '{CompetitorState.TRACKED}'
            THEN c.name ELSE excluded.name END,
        state = CASE WHEN excluded.state = '{CompetitorState.TRACKED}' THEN excluded.state
            WHEN {COUNTED} >= {ANSWERS_TO_DISCOVER} THEN '{CompetitorState.DISCOVERED}'
            ELSE excluded.state END,
        answers = {COUNTED}, in_latest = excluded.in_latest, latest_batch = excluded.latest_batch
""")


def remember(db: Connection, batch: Batch, org: UUID, known: Register, answers: Sequence[Sequence[str]]) -> None:
    """`answers`: as for `register`. Counts what they name, and forgets what has turned out to be another's name."""
    counts = Counter(name for named in answers for name in known.named(named))
    rows = [row(name, count, is_tracked=name in known.tracked) for name, count in counts.items()]
    heads = {one["key"] for one in rows}
    spelt = {key for named in answers for name in named for key in same_name.keys(name)}
    if rows or spelt:
        merged = sorted((spelt | known.own | aliases(known)) - heads)
        values = {"org": str(org), "batch": batch.id, "episode": batch.episode, "merged": merged}
        REMEMBER.rows(db, values | {"given": as_json(rows)})


def aliases(known: Register) -> set[str]:
    heads = {same_name.keys(name)[0] for name in known.tracked}
    return {key for spellings in known.tracked.values() for key in keys_of(spellings)} - heads


def row(name: str, count: int, *, is_tracked: bool) -> dict[str, Any]:
    found = CompetitorState.DISCOVERED if count >= ANSWERS_TO_DISCOVER else CompetitorState.SEEN
    state = CompetitorState.TRACKED if is_tracked else found
    return {"key": same_name.keys(name)[0], "name": name, "state": state, "answers": count}
