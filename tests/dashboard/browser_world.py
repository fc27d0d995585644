"""Orgs and batches in every state, made once for all pages; and one org all of whose texts are hostile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

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
    """`usual`, `hostile`: values of the parameters of paths, by name; `special`: others, for some pages."""

    url: str
    make: Factory
    sandbox: Sandbox
    environment: pytest.MonkeyPatch
    usual: dict[str, str] = field(default_factory=dict)
    hostile: dict[str, str] = field(default_factory=dict)
    special: dict[str, dict[str, str]] = field(default_factory=dict)

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
        self.special["/batches/{batch_id}/retry"] = self.batch_that_is("failed")
        worlds.cancelled()
        worlds.blocked()
        worlds.half_way(worlds.trigger(self.make.org(models=MODELS).id))
        self.special["/batches/{batch_id}/cancel"] = self.batch_that_is("running")
        worlds.trigger(self.make.org().id)
        self.usual["bulk"] = self.cancel_queued()
        worlds.trigger(self.make.org().id)
        self.fill_hostile()
        self.hostile["bulk"] = self.usual["bulk"]
        return self

    def fill_little(self) -> "World":
        """An org with a batch on which nobody has worked yet."""
        org = self.make.org()
        self.usual = self.parameters(org.partner, org.id, self.make.batch(org))
        return self

    def cookies(self, scope: Scope) -> dict[str, str]:
        """Of somebody who has logged in."""
        form, headers = {"token": self.make.token(scope)}, {"Origin": self.url}
        answer = requests.post(f"{self.url}/login", form, headers=headers, timeout=60, allow_redirects=False)
        return answer.cookies.get_dict()

    def batch_that_is(self, state: str) -> dict[str, str]:
        found = self.make.sql("SELECT id FROM batches WHERE state = :state LIMIT 1", state=state)
        return {"batch_id": str(found[0]["id"])}

    def cancel_queued(self) -> str:
        """By the form that acts on all that match."""
        form = {"key": str(uuid4()), "action": "cancel", "state": "queued"}
        cookies = self.cookies(Scope.ADMIN)
        requests.post(f"{self.url}/batches/change", form, headers={"Origin": self.url}, cookies=cookies, timeout=60)
        return form["key"]

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
        for place, said in enumerate(TEXTS, start=1):
            self.cite(runs[0], said, place)
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

    def cite(self, run: UUID, said: str, place: int) -> None:
        """The text as the title of a page, and as its address and host."""
        self.make.sql(
            "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, title, position, cited) "
            "VALUES (:run, :said, :said, :said, :said, :said, :place, true) ON CONFLICT DO NOTHING",
            run=run,
            said=said,
            place=place,
        )

    def spoil(self, run: UUID, said: str) -> None:
        self.make.sql(
            "UPDATE question_runs SET error = :said, model_version = :said, failures = 1 WHERE id = :run",
            said=said,
            run=run,
        )
        self.make.sql("UPDATE llm_calls SET model = :said WHERE run_id = :run", said=said, run=run)


@contextmanager
def made(api: str, url: str) -> Iterator[World]:
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
        yield World(api, Factory(), Sandbox(sandbox), environment)
        close()
    settings.cache_clear()
    forget_limits()
