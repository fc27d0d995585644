"""The data of a report: an org's batches over time, and what the latest of them asked and found."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso.db import rows
from senso.extraction.citations import Citation, category, kind
from senso.queries import batches as batch_rows
from senso.queries import claims, closing, results
from senso.queries import competitors as others
from senso.queries.competitors import Register
from senso.queries.fragments import LOCATION
from senso.queries.results import Found
from senso.reads import quotes
from senso.reports.basis import Basis
from senso.reports.content import Asked, Batch, Heard, Pool, Question
from senso.score import CitedDomain, CitedPage, Claimed, CompetitorCount, Fact, Metric, leaderboard, sources
from senso.states import BatchKind, Category, EvaluationState, QuestionKind, Surface, Verdict

METRICS = text(f"""
    SELECT b.id, b.batch_date AS date, b.kind AS batch_kind, b.network_id, n.name AS network, b.state,
        m.name, m.kind, m.surface, m.model,
        m.location, m.value, m.numerator, m.denominator, m.low, m.high, m.method, m.rule_version, m.about, m.answers,
        m.questions, m.effective_n, m.these_low, m.these_high, m.these_method, m.tag
    FROM batches b JOIN metrics m ON m.batch_id = b.id LEFT JOIN networks n ON n.id = b.network_id
    WHERE b.org_id = :org ORDER BY b.batch_date, b.kind = '{BatchKind.ORG}', b.id, m.id
""")
OF_BATCH = ("id", "date", "batch_kind", "network_id", "network", "state")


def batches(db: Connection, org: UUID) -> list[Batch]:
    """Those that have metrics, oldest first; on the same date, the org's own batch after those of its networks."""
    found = rows(db.execute(METRICS, {"org": org}))
    together = [list(members) for _, members in groupby(found, key=lambda one: one["id"])]
    ids = [members[0]["id"] for members in together]
    stands, said = bases(db, ids), claims.counts(db, org, ids)
    return [
        _batch(members, stands.get(id_, Basis()), said.get(id_, Claimed()))
        for id_, members in zip(ids, together, strict=True)
    ]


BASES = text(f"""
    SELECT e.batch_id, {", ".join(f"{counted} AS {name}" for name, counted in results.BASIS.items())}
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        JOIN batches b ON b.id = e.batch_id
    WHERE e.batch_id = ANY(:batches) AND b.kept IS NULL AND e.is_current AND e.state = '{EvaluationState.DONE}'
    GROUP BY e.batch_id
    UNION ALL
    SELECT b.id, k.answers, k.made_up, k.by_fallback, k.by_rule, k.sampled, k.missed
    FROM batches b, jsonb_to_record(b.kept->'basis') AS k (
        answers bigint, made_up bigint, by_fallback bigint, by_rule bigint, sampled bigint, missed bigint)
    WHERE b.id = ANY(:batches) AND k.answers > 0
""")


def bases(db: Connection, batches: Sequence[UUID]) -> dict[UUID, Basis]:
    """The basis of each batch's metrics; batches that read nothing are left out."""
    found = rows(db.execute(BASES, {"batches": list(batches)}))
    return {one.pop("batch_id"): Basis(**one) for one in found}


def _batch(members: Sequence[dict[str, Any]], basis: Basis, claimed: Claimed) -> Batch:
    about = {name: members[0][name] for name in OF_BATCH}
    metrics = (Metric(**{name: one[name] for name in one if name not in OF_BATCH}) for one in members)
    return Batch(kind=about.pop("batch_kind"), metrics=tuple(metrics), basis=basis, claimed=claimed, **about)


@dataclass(frozen=True, slots=True)
class Read:
    """What batches have read for an org, by pool. `sites`: its own."""

    pools: dict[tuple[QuestionKind, Surface], list[Found]]
    sites: tuple[str, ...]
    known: Register


def read(db: Connection, batches: Sequence[UUID], org: UUID) -> Read:
    members: dict[tuple[QuestionKind, Surface], list[Found]] = defaultdict(list)
    found = [one for batch in batches for one in results.found(db, batch, org)]
    for one in found:
        members[one.question_kind, one.surface].append(one)
    known = others.register(db, org, [one.competitors for one in found])
    return Read({pool: members[pool] for pool in sorted(members)}, results.websites(db, org), known)


def named_by(found: Sequence[Found], of: Read) -> list[CompetitorCount]:
    return leaderboard(fact(one, of.sites, of.known) for one in found)


def cited_by(found: Sequence[Found], of: Read) -> list[CitedDomain]:
    return sources(page for one in found for page in cited_pages(one, of.sites, of.known.websites))


@dataclass(frozen=True, slots=True)
class CitedURL:
    """`url`: the same for every address of one page. `title`: of the first citation that has one."""

    url: str
    title: str | None
    category: Category
    answers: int


def pages_by(found: Sequence[Found], of: Read) -> list[CitedURL]:
    """Pages by the number of answers that cite them, most first."""
    answers: Counter[str] = Counter()
    known: dict[str, Citation] = {}
    for one in found:
        answers.update({cited.canonical_url for cited in one.citations})
        for cited in one.citations:
            if cited.canonical_url not in known or not known[cited.canonical_url].title:
                known[cited.canonical_url] = cited
    pages = (
        CitedURL(url, known[url].title, category(known[url], of.sites, of.known.websites), count)
        for url, count in answers.items()
    )
    return sorted(pages, key=lambda page: (-page.answers, page.url))


def pools(db: Connection, batch: UUID, org: UUID) -> list[Pool]:
    """The leaderboard and the sources of each pool of a batch."""
    of = read(db, [batch], org)
    return [_pool(db, batch, found, of) for found in of.pools.values()]


def _pool(db: Connection, batch: UUID, found: Sequence[Found], of: Read) -> Pool:
    competitors = named_by(found, of)
    return Pool(
        kind=found[0].question_kind,
        surface=found[0].surface,
        answers=len(found),
        mentioned=sum(one.mentioned for one in found),
        competitors=tuple(competitors),
        sources=tuple(cited_by(found, of)),
        quotes=tuple(quotes.quoted(db, batch, quotes.chosen(found, [one.name for one in competitors], of.known))),
    )


def fact(one: Found, sites: Iterable[str], known: Register) -> Fact:
    sites = tuple(sites)
    categories = tuple(category(cited, sites, known.websites) for cited in one.citations)
    return Fact(
        question_id=str(one.question_id),
        question_kind=one.question_kind,
        surface=one.surface,
        model=one.model,
        location=one.location,
        mentioned=one.mentioned,
        sentiment=one.sentiment,
        rank=one.rank,
        competitors=known.named(one.competitors),
        citations=len(one.citations),
        owned_citations=categories.count(Category.OWN),
        share_of_text=one.share_of_text,
        share_of_entries=one.share_of_entries,
        categories=categories,
        verdicts=tuple(map(Verdict, one.verdicts)),
        tags=one.tags,
    )


def cited_pages(one: Found, sites: Sequence[str], of_competitors: Sequence[str]) -> list[CitedPage]:
    """`of_competitors`: websites of the competitors that the org tracks."""
    run = str(one.run_id)
    return [
        CitedPage(run, cited.registrable_domain, kind(cited, sites), category(cited, sites, of_competitors))
        for cited in one.citations
    ]


QUESTIONS = text(f"""
    SELECT q.id, q.text, q.kind, m.surface, count(*) FILTER (WHERE e.state = '{EvaluationState.DONE}') AS read,
        count(*) FILTER (WHERE e.state = '{EvaluationState.DONE}' AND e.mentioned) AS mentioned
    FROM evaluations e JOIN question_runs r ON r.id = e.run_id JOIN questions q ON q.id = r.question_id
        JOIN models m ON m.id = r.model_id
    WHERE e.batch_id = :batch AND e.is_current
    GROUP BY q.id, m.surface ORDER BY min(min(r.number)) OVER (PARTITION BY q.id), m.surface DESC
""")
MODELS = text("""
    SELECT DISTINCT m.slug, m.surface FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        JOIN models m ON m.id = r.model_id
    WHERE e.batch_id = :batch ORDER BY m.surface DESC, m.slug
""")
LOCATIONS = text(f"""
    SELECT DISTINCT {LOCATION} AS location FROM evaluations e JOIN question_runs r ON r.id = e.run_id
        JOIN locations l ON l.id = r.location_id
    WHERE e.batch_id = :batch ORDER BY location
""")


def asked(db: Connection, batch: UUID) -> Asked:
    """What a batch was to ask, as frozen when it opened, and how much of it was answered and read."""
    values = {"batch": batch}
    found = batch_rows.load(db, batch)
    counts = closing.counts(db, found)
    return Asked(
        questions=_questions(rows(db.execute(QUESTIONS, values))),
        models=tuple((one["slug"], one["surface"]) for one in rows(db.execute(MODELS, values))),
        locations=tuple(db.execute(LOCATIONS, values).scalars()),
        planned=counts.planned,
        answered=counts.answered,
        read=counts.evaluated,
        failed=counts.failed,
        failures=tuple((one.error or "no reason given", one.runs) for one in results.failure_reasons(db, found)),
    )


def _questions(found: Sequence[dict[str, Any]]) -> tuple[Question, ...]:
    together = [list(members) for _, members in groupby(found, key=lambda one: one["id"])]
    return tuple(
        Question(
            text=members[0]["text"],
            kind=members[0]["kind"],
            heard=tuple(Heard(one["surface"], one["read"], one["mentioned"]) for one in members),
        )
        for members in together
    )
