"""Batches whose answers were read, without a provider: what the answers say is written into the rows."""

import json

from senso.settings import settings
from senso.tasks.stages import finish_batch


class Days:
    """Batches of an org of several days."""

    def __init__(self, make, environment) -> None:
        self.make, self.environment = make, environment

    def read(self, org, days, named, version="gpt-6.1-terra-2026-09"):
        """Of so many days ago, in which so many of the answers name the org; its date."""
        make = self.make
        self.environment.setenv("SENSO_CLOCK", f"-{days}d" if days else "")
        settings.cache_clear()
        make.sql("DELETE FROM name_variations")
        batch = make.batch(org)
        self.environment.delenv("SENSO_CLOCK")
        settings.cache_clear()
        make.sql(
            "UPDATE question_runs SET state = 'answered', model_version = :v WHERE batch_id = :b", b=batch, v=version
        )
        make.sql("UPDATE evaluations SET state = 'done', mentioned = false WHERE batch_id = :b", b=batch)
        make.sql(
            """
            UPDATE evaluations SET mentioned = true, sentiment = 'neutral' WHERE id IN (
                SELECT e.id FROM evaluations e JOIN question_runs r ON r.id = e.run_id
                WHERE e.batch_id = :b ORDER BY r.question_id, r.number LIMIT :named)
            """,
            b=batch,
            named=named,
        )
        make.sql("UPDATE batches SET remaining = 0 WHERE id = :b", b=batch)
        finish_batch(str(batch), "rows")
        return make.one("SELECT batch_date FROM batches WHERE id = :b", b=batch)


class Read:
    """A batch of six questions to one model of each surface, one answer of each kind. `runs`: numbers, API first."""

    def __init__(self, make, tagged: int = 0) -> None:
        """`tagged`: so many of the questions, the first ones, have the tag loans."""
        self.make = make
        self.org = make.org(questions=6, models=("gpt-6.1-terra", "chatgpt"))
        self.batch = make.batch(self.org)
        self.runs = [
            row["number"]
            for row in make.sql(
                "SELECT r.number FROM question_runs r JOIN models m ON m.id = r.model_id WHERE r.batch_id = :b "
                "ORDER BY m.surface, r.number",
                b=self.batch,
            )
        ]
        make.sql("UPDATE question_runs SET state = 'answered', answer_text = 'Vantry, Larch Hill.'")
        make.sql("UPDATE evaluations SET state = 'done', mentioned = false")
        self.say(0, mentioned=True, sentiment="positive", rank=2)
        self.say(1, mentioned=True, sentiment="neutral", rank=None)
        self.say(2, marks=["model-rejected"])
        self.say(3, marks=["read-by-rule"])
        self.end(5, "failed", "refused")
        self.name(0, "Vantry", "Elm Bank")
        self.name(2, "vantry")
        self.cite(0, "https://larchhill.example/rates", "larchhill.example")
        self.cite(0, "https://press.example/best", "press.example")
        make.sql(
            "UPDATE questions SET tags = '{loans}' WHERE id IN (SELECT question_id FROM question_runs "
            "WHERE number = ANY(CAST(:numbers AS bigint[])))",
            numbers=self.runs[:tagged],
        )
        make.sql("UPDATE batches SET remaining = 0, state = 'running' WHERE id = :b", b=self.batch)
        finish_batch(str(self.batch), "rows")

    def say(self, run, *, marks=(), **values):
        setting = ", ".join(f"{name} = :{name}" for name in values) or "error = NULL"
        self.make.sql(
            f"UPDATE evaluations SET {setting}, marks = CAST(:marks AS jsonb) WHERE run_id = {self.id}",
            **values,
            number=self.runs[run],
            marks=json.dumps([{"field": "mentioned", "kind": kind, "value": "Larch Hill"} for kind in marks]),
        )

    def end(self, run, state, error):
        for table, key in (("question_runs", "id"), ("evaluations", "run_id")):
            self.make.sql(
                f"UPDATE {table} SET state = :state, error = :error WHERE {key} = {self.id}",
                state=state,
                error=error,
                number=self.runs[run],
            )

    def name(self, run, *names):
        for name in names:
            self.make.sql(
                f"INSERT INTO competitors (evaluation_id, name) SELECT id, :name FROM evaluations "
                f"WHERE run_id = {self.id}",
                name=name,
                number=self.runs[run],
            )

    def cite(self, run, url, domain):
        self.make.sql(
            "INSERT INTO citations (run_id, url, canonical_url, host, registrable_domain, position, cited) "
            f"SELECT {self.id}, :url, :url, :domain, :domain, "
            f"(SELECT count(*) FROM citations WHERE run_id = {self.id}), true",
            url=url,
            domain=domain,
            number=self.runs[run],
        )

    id = "(SELECT id FROM question_runs WHERE number = :number)"
