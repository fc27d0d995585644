"""Orgs and batches in every state, made once for all pages; and one org all of whose texts are hostile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import requests
from factories import Factory
from ground import Sandbox, addresses, forget_limits, use_database
from hostile_texts import TEXTS
from worlds import MODELS, Worlds

from senso.http import close
from senso.sandbox.server import Settings as SandboxSettings
from senso.sandbox.server import running
from senso.sandbox.state import Timing
from senso.settings import settings
from senso.states import Scope
from senso.workflows import reading_models


@dataclass
class World:
    """`usual`, `hostile`: values of the parameters of paths, by name."""

    make: Factory
    sandbox: Sandbox
    environment: pytest.MonkeyPatch
    usual: dict[str, str] = field(default_factory=dict)
    hostile: dict[str, str] = field(default_factory=dict)

    def fill(self) -> "World":
        worlds = Worlds(self.make, self.sandbox, self.environment)
        org = self.make.org(models=MODELS, countries=("US", "CA"))
        today = datetime.now(UTC).replace(hour=12)
        for days in (14, 7, 0):
            worlds.on(today - timedelta(days=days))
            batch = worlds.trigger(org.id)
            worlds.work_off(batch)
        self.usual = self.parameters(org.partner, org.id, batch)
        worlds.retried()
        worlds.failed()
        worlds.cancelled()
        worlds.blocked()
        worlds.half_way(worlds.trigger(self.make.org(models=MODELS).id))
        worlds.trigger(self.make.org().id)
        self.fill_hostile()
        return self

    def cookies(self, url: str, scope: Scope) -> dict[str, str]:
        """Of somebody who has logged in."""
        answer = requests.post(
            f"{url}/login",
            {"token": self.make.token(scope)},
            headers={"Origin": url},
            timeout=60,
            allow_redirects=False,
        )
        return answer.cookies.get_dict()

    def parameters(self, partner: UUID, org: UUID, batch: UUID) -> dict[str, str]:
        number = self.make.one("SELECT min(number) FROM question_runs WHERE batch_id = :batch", batch=batch)
        return {
            "partner_id": str(partner),
            "org_id": str(org),
            "subject": str(org),
            "batch_id": str(batch),
            "number": str(number),
            "name": "openai",
            "slug": "chatgpt",
        }

    def fill_hostile(self) -> None:
        """Each text as the name of an org, as a question with its answer, its error and a page that it cites."""
        org = self.make.org(texts=list(TEXTS), available=None)
        batch = self.make.batch(org)
        runs = self.make.runs(batch)
        for run, said in zip(runs, TEXTS, strict=True):
            self.make.answered(run, f"{said}\n" * 2)
            self.spoil(run, said)
        self.make.answered(runs[0], "\n".join(TEXTS))
        for said in TEXTS:
            self.name(self.make.org(questions=0, available=None).id, said)
        self.name(org.id, " ".join(TEXTS)[:2000])
        self.make.sql("UPDATE batches SET error = :said WHERE id = :batch", said=" ".join(TEXTS), batch=batch)
        self.hostile = self.parameters(org.partner, org.id, batch)

    def name(self, org: UUID, said: str) -> None:
        self.make.sql("UPDATE orgs SET name = :said WHERE id = :org", said=said, org=org)
        self.make.sql(
            "UPDATE partners SET name = :said WHERE id = (SELECT partner_id FROM orgs WHERE id = :org)",
            said=said,
            org=org,
        )

    def spoil(self, run: UUID, said: str) -> None:
        self.make.sql(
            "UPDATE question_runs SET error = :said, model_version = :said, failures = 1 WHERE id = :run",
            said=said,
            run=run,
        )
        self.make.sql("UPDATE llm_calls SET model = :said WHERE run_id = :run", said=said, run=run)


@contextmanager
def made(url: str) -> Iterator[World]:
    """Empty; the process uses that database and a sandbox meanwhile."""
    with (
        pytest.MonkeyPatch.context() as environment,
        running(SandboxSettings(timing=Timing(0, 0, 0, 0))) as sandbox,
    ):
        for name, value in (addresses(sandbox) | {"DATABASE_URL": url}).items():
            environment.setenv(name, value)
        use_database(url)
        reading_models.cached.clear()
        forget_limits()
        yield World(Factory(), Sandbox(sandbox), environment)
        close()
    settings.cache_clear()
    forget_limits()
