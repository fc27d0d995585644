"""Situations in one line each, with plausible defaults; every row is committed, as the product's own are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from operating import Initiator, trigger_org
from sqlalchemy import DateTime, text

from senso.db import rows, transaction
from senso.extraction import names
from senso.queries import outbox
from senso.states import Scope
from senso.tables import Base
from senso.tasks.periodic import admit
from senso.tasks.stages import ask_batch, open_batch
from senso.workflows import tokens

NAME = "Larch Hill Credit Union"
ANSWER = f"**{NAME}** is a good choice. Vantry is another."


@dataclass(frozen=True)
class Org:
    id: UUID
    partner: UUID
    name: str


def loans(count: int) -> list[str]:
    return [f"Which lender is best for loan {n}?" for n in range(count)]


class Factory:
    """`make.org()`, `make.batch()`, `make.run(answered=True)`."""

    def sql(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with transaction() as db:
            result = db.execute(text(statement), values)
            return rows(result) if result.returns_rows else []

    def one(self, statement: str, **values: Any) -> Any:
        (row,) = self.sql(statement, **values)
        return next(iter(row.values()))

    def org(
        self,
        *,
        questions: int = 2,
        models: tuple[str, ...] = ("gpt-6.1-terra",),
        countries: tuple[str, ...] = ("US",),
        available: int | None = 1000,
        active: bool = True,
        created_at: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC),
        imported_at: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC),
        texts: list[str] | None = None,
        org_id: UUID | None = None,
        samples: int = 1,
        most_samples: int | None = None,
    ) -> Org:
        org, partner = org_id or uuid4(), uuid4()
        self.sql(
            "INSERT INTO partners (id, name, available) VALUES (:id, 'Partner', :credits)",
            id=partner,
            credits=available,
        )
        if available:
            self.sql(
                "INSERT INTO ledger (idempotency_key, entry, partner_id, credits) "
                "VALUES (:key, 'grant', :id, :credits)",
                key=f"grant:{partner}",
                id=partner,
                credits=available,
            )
        self.sql(
            "INSERT INTO orgs (id, partner_id, name, active, created_at, imported_at, samples, most_samples) "
            "VALUES (:id, :partner, :name, :active, :created_at, :imported_at, :samples, :most)",
            id=org,
            partner=partner,
            name=NAME,
            active=active,
            created_at=created_at,
            imported_at=imported_at,
            samples=samples,
            most=most_samples or samples,
        )
        self.sql("INSERT INTO org_websites (org_id, url) VALUES (:org, 'https://larchhill.example')", org=org)
        self.asking("org", org, texts or loans(questions), models, countries)
        return Org(org, partner, NAME)

    def partner(self, *, available: int | None = 1000) -> UUID:
        partner = uuid4()
        self.sql(
            "INSERT INTO partners (id, name, available) VALUES (:id, 'Partner', :credits)",
            id=partner,
            credits=available,
        )
        return partner

    def token(self, scope: Scope = Scope.ADMIN, partner: UUID | None = None, *, days: int = 1) -> str:
        """As `Authorization: Bearer` has it. `partner`: None for all partners."""
        with transaction() as db:
            return tokens.create(db, tokens.Wanted("test", scope, partner, days), "test")[1]

    def network(
        self,
        *orgs: Org,
        questions: int = 2,
        models: tuple[str, ...] = ("gpt-6.1-terra",),
        countries: tuple[str, ...] = ("US",),
        samples: int = 1,
    ) -> UUID:
        """Of these orgs, and of the partner of the first."""
        network = uuid4()
        self.sql(
            "INSERT INTO networks (id, partner_id, name, samples) VALUES (:id, :partner, 'Lenders', :samples)",
            id=network,
            samples=samples,
            partner=orgs[0].partner,
        )
        for org in orgs:
            self.join(network, org)
        self.asking("network", network, loans(questions), models, countries)
        return network

    def join(self, network: UUID, org: Org) -> None:
        self.sql("INSERT INTO network_orgs (network_id, org_id) VALUES (:network, :org)", network=network, org=org.id)

    def asking(
        self, kind: str, subject: UUID, texts: list[str], models: tuple[str, ...], countries: tuple[str, ...]
    ) -> None:
        for number, asked in enumerate(texts):
            self.question(subject, asked, number, kind)
        for slug in models:
            self.sql(
                f"INSERT INTO {kind}_models SELECT CAST(:subject AS uuid), id FROM models WHERE slug = :slug",
                subject=subject,
                slug=slug,
            )
        for country in countries:
            self.location(subject, country, kind)

    def question(self, subject: UUID, asked: str, position: int, kind: str = "org") -> UUID:
        question = uuid4()
        self.sql("INSERT INTO questions (id, text, kind) VALUES (:id, :text, 'unbranded')", id=question, text=asked)
        self.sql(
            f"INSERT INTO {kind}_questions VALUES (:subject, :id, :position)",
            subject=subject,
            id=question,
            position=position,
        )
        return question

    def location(self, subject: UUID, country: str, kind: str = "org") -> None:
        location = uuid5(UUID(int=0), country)
        self.sql(
            "INSERT INTO locations (id, country) VALUES (:id, :country) ON CONFLICT DO NOTHING",
            id=location,
            country=country,
        )
        self.sql(f"INSERT INTO {kind}_locations VALUES (:subject, :id)", subject=subject, id=location)

    def names(self, org: Org) -> None:
        """As if an earlier batch had asked for them."""
        self.sql(
            "INSERT INTO name_variations (org_id, names, fingerprint, expires_at) "
            "VALUES (:org, jsonb_build_array(CAST(:name AS text)), :mark, now() + interval '1 day')",
            org=org.id,
            name=org.name,
            mark=names.fingerprint(org.name, ("https://larchhill.example",)),
        )

    def queued(self, org: Org | None = None, **options: Any) -> UUID:
        return trigger_org((org or self.org(**options)).id, Initiator("test")).batch.id

    def batch(self, org: Org | None = None, **options: Any) -> UUID:
        """Open, with its names known and its runs handed out, and nobody at work on them."""
        org = org or self.org(**options)
        self.names(org)
        batch = self.queued(org)
        admit()
        open_batch(str(batch))
        ask_batch(str(batch))
        return batch

    def runs(self, batch: UUID) -> list[UUID]:
        return [
            row["id"] for row in self.sql("SELECT id FROM question_runs WHERE batch_id = :b ORDER BY number", b=batch)
        ]

    def answered(self, run: UUID, answer: str = ANSWER) -> None:
        """As if a worker had asked, with the row of its call."""
        self.sql(
            "INSERT INTO llm_calls (purpose, batch_id, run_id, org_id, fence, provider, model, outcome, latency_ms, "
            "tokens_in, tokens_cached, tokens_out, cost_microusd) SELECT 'ask', r.batch_id, r.id, b.org_id, "
            "r.fence + 1, m.provider, m.name, 'answered', 1, 0, 0, 0, 0 FROM question_runs r "
            "JOIN batches b ON b.id = r.batch_id JOIN models m ON m.id = r.model_id WHERE r.id = :run",
            run=run,
        )
        self.sql(
            "UPDATE question_runs SET state = 'answered', answer_text = :answer, fence = fence + 1, tokens_in = 0, "
            "tokens_out = 0, cost_microusd = 0, answered_at = now() WHERE id = :run",
            run=run,
            answer=answer,
        )

    def run(self, *, answered: bool = False, **options: Any) -> UUID:
        (run,) = self.runs(self.batch(**{"questions": 1} | options))
        if answered:
            self.answered(run)
        return run

    def later(self, hours: float) -> None:
        """As if all of it had happened so much earlier."""
        for table in Base.metadata.sorted_tables:
            moments = [column.name for column in table.columns if isinstance(column.type, DateTime)]
            moved = ", ".join(f"{name} = {name} - make_interval(secs => 3600 * :hours)" for name in moments)
            if moved and table.name != "orgs":
                self.sql(f"UPDATE {table.name} SET {moved}", hours=hours)

    def state(self, batch: UUID) -> dict[str, Any]:
        (row,) = self.sql("SELECT * FROM batches WHERE id = :batch", batch=batch)
        return row

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All rows that say what was done; a stage that changes nothing leaves this as it is."""
        tables = ("batches", "question_runs", "evaluations", "citations", "competitors", "ledger", "llm_calls")
        tables += ("metrics", "pushes", "vendor_jobs", "name_variations", "partners", "canonical_competitors")
        return {table: self.sql(f"SELECT * FROM {table} t ORDER BY t::text") for table in tables}

    def unpublished(self) -> list[str]:
        return [row["key"] for row in self.sql("SELECT key FROM outbox WHERE published_at IS NULL ORDER BY id")]

    def due_now(self) -> list[outbox.Intent]:
        self.sql("UPDATE outbox SET not_before = now() WHERE published_at IS NULL")
        with transaction() as db:
            return outbox.take_due(db)
