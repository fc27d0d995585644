"""the first schema"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "locations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint(
            "country",
            "region",
            "city",
            name=op.f("uq_locations_country_region_city"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("rpm", sa.Integer(), nullable=True),
        sa.Column("tpm", sa.Integer(), nullable=True),
        sa.Column("max_in_flight", sa.Integer(), nullable=True),
        sa.Column("deadline_seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint("surface IN ('consumer', 'api')", name=op.f("ck_models_surface")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("slug", name=op.f("uq_models_slug")),
    )
    op.create_table(
        "partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("available >= 0", name=op.f("ck_partners_available")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('branded', 'unbranded')", name=op.f("ck_questions_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_table(
        "repairs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "networks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_networks_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_networks")),
    )
    op.create_table(
        "orgs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("competitors", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_orgs_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orgs")),
    )
    op.create_index(op.f("ix_orgs_partner_id"), "orgs", ["partner_id"], unique=False)
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("network_id", sa.Uuid(), nullable=True),
        sa.Column("batch_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("episode", sa.Integer(), server_default="1", nullable=False),
        sa.Column("planned", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("credits_per_evaluation", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.Text(), nullable=True),
        sa.Column("triggered_by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("finished_by IN ('chord', 'rows', 'sweep')", name=op.f("ck_batches_finished_by")),
        sa.CheckConstraint("kind IN ('org', 'network', 'network_org')", name=op.f("ck_batches_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'completed', 'partial', 'failed', 'blocked', 'cancelled')",
            name=op.f("ck_batches_state"),
        ),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_batches_remaining")),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_batches_network_id_networks")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_batches_org_id_orgs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint(
            "kind",
            "org_id",
            "network_id",
            "batch_date",
            name=op.f("uq_batches_kind_org_id_network_id_batch_date"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_batches_blocked", "batches", ["batch_date"], unique=False, postgresql_where=sa.text("state = 'blocked'")
    )
    op.create_index(op.f("ix_batches_network_id"), "batches", ["network_id"], unique=False)
    op.create_index(
        "ix_batches_open",
        "batches",
        ["state", "queued_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(op.f("ix_batches_org_id"), "batches", ["org_id"], unique=False)
    op.create_index("ix_batches_queued_at", "batches", ["queued_at"], unique=False)
    op.create_table(
        "name_variations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("is_fallback", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_name_variations_org_id_orgs")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_name_variations")),
    )
    op.create_index(
        "ix_name_variations_leased",
        "name_variations",
        ["lease_owner"],
        unique=False,
        postgresql_where=sa.text("lease_owner IS NOT NULL"),
    )
    op.create_table(
        "network_locations",
        sa.Column("network_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name=op.f("fk_network_locations_location_id_locations")
        ),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_network_locations_network_id_networks")),
        sa.PrimaryKeyConstraint("network_id", "location_id", name=op.f("pk_network_locations")),
    )
    op.create_table(
        "network_models",
        sa.Column("network_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_network_models_model_id_models")),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_network_models_network_id_networks")),
        sa.PrimaryKeyConstraint("network_id", "model_id", name=op.f("pk_network_models")),
    )
    op.create_table(
        "network_orgs",
        sa.Column("network_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_network_orgs_network_id_networks")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_network_orgs_org_id_orgs")),
        sa.PrimaryKeyConstraint("network_id", "org_id", name=op.f("pk_network_orgs")),
    )
    op.create_table(
        "network_questions",
        sa.Column("network_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_network_questions_network_id_networks")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_network_questions_question_id_questions")
        ),
        sa.PrimaryKeyConstraint("network_id", "question_id", name=op.f("pk_network_questions")),
    )
    op.create_table(
        "org_locations",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_org_locations_location_id_locations")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_locations_org_id_orgs")),
        sa.PrimaryKeyConstraint("org_id", "location_id", name=op.f("pk_org_locations")),
    )
    op.create_table(
        "org_models",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_org_models_model_id_models")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_models_org_id_orgs")),
        sa.PrimaryKeyConstraint("org_id", "model_id", name=op.f("pk_org_models")),
    )
    op.create_table(
        "org_questions",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_questions_org_id_orgs")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_org_questions_question_id_questions")),
        sa.PrimaryKeyConstraint("org_id", "question_id", name=op.f("pk_org_questions")),
    )
    op.create_table(
        "org_websites",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_org_websites_org_id_orgs")),
        sa.PrimaryKeyConstraint("org_id", "url", name=op.f("pk_org_websites")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_audit_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_batch_id"), "audit", ["batch_id"], unique=False)
    op.create_table(
        "metrics",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_metrics_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        sa.UniqueConstraint(
            "batch_id",
            "name",
            "kind",
            "surface",
            "model",
            "location",
            name=op.f("uq_metrics_batch_id_name_kind_surface_model_location"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_outbox_batch_id_batches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_batch_id"), "outbox", ["batch_id"], unique=False)
    op.create_index("ix_outbox_published_at", "outbox", ["published_at"], unique=False)
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "pushes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('pending', 'sent', 'failed', 'not configured')", name=op.f("ck_pushes_status")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_pushes_batch_id_batches")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pushes")),
    )
    op.create_index(op.f("ix_pushes_batch_id"), "pushes", ["batch_id"], unique=False)
    op.create_index(
        "ix_pushes_due", "pushes", ["next_at"], unique=False, postgresql_where=sa.text("status = 'pending'")
    )
    op.create_table(
        "schedule_runs",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_schedule_runs_batch_id_batches")),
        sa.PrimaryKeyConstraint("subject", "due_date", name=op.f("pk_schedule_runs")),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="submitting", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitting', 'running', 'collected', 'failed', 'cancelled')", name=op.f("ck_snapshots_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_snapshots_batch_id_batches")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_snapshots_location_id_locations")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_snapshots_model_id_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("provider", "external_id", name=op.f("uq_snapshots_provider_external_id")),
    )
    op.create_index(op.f("ix_snapshots_batch_id"), "snapshots", ["batch_id"], unique=False)
    op.create_index(
        "ix_snapshots_due",
        "snapshots",
        ["next_poll_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('submitting', 'running')"),
    )
    op.create_index(
        "ix_snapshots_recent",
        "snapshots",
        ["model_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'collected'"),
    )
    op.create_table(
        "triggers",
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_triggers_batch_id_batches")),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_triggers")),
    )
    op.create_table(
        "question_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("sample", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("reported_country", sa.Text(), nullable=True),
        sa.Column("searched", sa.Text(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=True),
        sa.Column("is_latest", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("searched IN ('yes', 'no', 'unknown')", name=op.f("ck_question_runs_searched")),
        sa.CheckConstraint(
            "state IN ('planned', 'asking', 'answered', 'failed', 'cancelled')", name=op.f("ck_question_runs_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_question_runs_batch_id_batches")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_question_runs_location_id_locations")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_question_runs_model_id_models")),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name=op.f("fk_question_runs_question_id_questions")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_question_runs_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_runs")),
        sa.UniqueConstraint(
            "batch_id",
            "question_id",
            "model_id",
            "location_id",
            "sample",
            name=op.f("uq_question_runs_batch_id_question_id_model_id_location_id_sample"),
        ),
        sa.UniqueConstraint("number", name=op.f("uq_question_runs_number")),
    )
    op.create_index(
        "ix_question_runs_due",
        "question_runs",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'planned' AND next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_question_runs_exhausted",
        "question_runs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'asking') AND failures >= 5"),
    )
    op.create_index(
        "ix_question_runs_leased",
        "question_runs",
        ["lease_owner"],
        unique=False,
        postgresql_where=sa.text("lease_owner IS NOT NULL"),
    )
    op.create_index(
        "ix_question_runs_open",
        "question_runs",
        ["batch_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'asking')"),
    )
    op.create_index("ix_question_runs_question_id", "question_runs", ["question_id"], unique=False)
    op.create_index(op.f("ix_question_runs_snapshot_id"), "question_runs", ["snapshot_id"], unique=False)
    op.create_index(
        "uq_question_runs_latest",
        "question_runs",
        ["subject_id", "question_id", "model_id", "location_id", "sample"],
        unique=True,
        postgresql_where=sa.text("is_latest"),
    )
    op.create_table(
        "citations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("registrable_domain", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("cited", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["question_runs.id"], name=op.f("fk_citations_run_id_question_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citations")),
        sa.UniqueConstraint("run_id", "canonical_url", name=op.f("uq_citations_run_id_canonical_url")),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("is_current", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mentioned", sa.Boolean(), nullable=True),
        sa.Column("mention_text", sa.Text(), nullable=True),
        sa.Column("sentiment", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("share_of_text", sa.Double(), nullable=True),
        sa.Column("marks", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("extractor", sa.Text(), nullable=True),
        sa.Column("prompt_version", sa.Text(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sentiment IN ('positive', 'negative', 'neutral')", name=op.f("ck_evaluations_sentiment")),
        sa.CheckConstraint(
            "state IN ('pending', 'extracting', 'done', 'failed', 'cancelled')", name=op.f("ck_evaluations_state")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_evaluations_batch_id_batches")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_evaluations_org_id_orgs")),
        sa.ForeignKeyConstraint(["run_id"], ["question_runs.id"], name=op.f("fk_evaluations_run_id_question_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("run_id", "org_id", "version", name=op.f("uq_evaluations_run_id_org_id_version")),
    )
    op.create_index("ix_evaluations_batch_id", "evaluations", ["batch_id"], unique=False)
    op.create_index(
        "ix_evaluations_due",
        "evaluations",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending' AND next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_evaluations_exhausted",
        "evaluations",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'extracting') AND failures >= 5"),
    )
    op.create_index(
        "ix_evaluations_leased",
        "evaluations",
        ["lease_owner"],
        unique=False,
        postgresql_where=sa.text("lease_owner IS NOT NULL"),
    )
    op.create_index(
        "ix_evaluations_open",
        "evaluations",
        ["run_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'extracting')"),
    )
    op.create_index(
        "uq_evaluations_current",
        "evaluations",
        ["run_id", "org_id"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('org', 'network')", name=op.f("ck_ledger_kind")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_ledger_batch_id_batches")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_ledger_org_id_orgs")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_ledger_partner_id_partners")),
        sa.ForeignKeyConstraint(["run_id"], ["question_runs.id"], name=op.f("fk_ledger_run_id_question_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_ledger_idempotency_key")),
    )
    op.create_index(op.f("ix_ledger_batch_id"), "ledger", ["batch_id"], unique=False)
    op.create_index(op.f("ix_ledger_partner_id"), "ledger", ["partner_id"], unique=False)
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt_version", sa.Text(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_cached", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_llm_calls_batch_id_batches")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_llm_calls_org_id_orgs")),
        sa.ForeignKeyConstraint(["run_id"], ["question_runs.id"], name=op.f("fk_llm_calls_run_id_question_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_calls")),
    )
    op.create_index(op.f("ix_llm_calls_batch_id"), "llm_calls", ["batch_id"], unique=False)
    op.create_index(op.f("ix_llm_calls_run_id"), "llm_calls", ["run_id"], unique=False)
    op.create_index(
        "ix_llm_calls_unreported", "llm_calls", ["batch_id"], unique=False, postgresql_where=sa.text("outcome IS NULL")
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_claims_evaluation_id_evaluations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("evaluation_id", "position", name=op.f("uq_claims_evaluation_id_position")),
    )
    op.create_table(
        "competitors",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_competitors_evaluation_id_evaluations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitors")),
        sa.UniqueConstraint("evaluation_id", "name", name=op.f("uq_competitors_evaluation_id_name")),
    )


def downgrade() -> None:
    op.drop_table("competitors")
    op.drop_table("claims")
    op.drop_index("ix_llm_calls_unreported", table_name="llm_calls", postgresql_where=sa.text("outcome IS NULL"))
    op.drop_index(op.f("ix_llm_calls_run_id"), table_name="llm_calls")
    op.drop_index(op.f("ix_llm_calls_batch_id"), table_name="llm_calls")
    op.drop_table("llm_calls")
    op.drop_index(op.f("ix_ledger_partner_id"), table_name="ledger")
    op.drop_index(op.f("ix_ledger_batch_id"), table_name="ledger")
    op.drop_table("ledger")
    op.drop_index("uq_evaluations_current", table_name="evaluations", postgresql_where=sa.text("is_current"))
    op.drop_index(
        "ix_evaluations_open", table_name="evaluations", postgresql_where=sa.text("state IN ('pending', 'extracting')")
    )
    op.drop_index(
        "ix_evaluations_leased", table_name="evaluations", postgresql_where=sa.text("lease_owner IS NOT NULL")
    )
    op.drop_index(
        "ix_evaluations_exhausted",
        table_name="evaluations",
        postgresql_where=sa.text("state IN ('pending', 'extracting') AND failures >= 5"),
    )
    op.drop_index(
        "ix_evaluations_due",
        table_name="evaluations",
        postgresql_where=sa.text("state = 'pending' AND next_at IS NOT NULL"),
    )
    op.drop_index("ix_evaluations_batch_id", table_name="evaluations")
    op.drop_table("evaluations")
    op.drop_table("citations")
    op.drop_index("uq_question_runs_latest", table_name="question_runs", postgresql_where=sa.text("is_latest"))
    op.drop_index(op.f("ix_question_runs_snapshot_id"), table_name="question_runs")
    op.drop_index("ix_question_runs_question_id", table_name="question_runs")
    op.drop_index(
        "ix_question_runs_open", table_name="question_runs", postgresql_where=sa.text("state IN ('planned', 'asking')")
    )
    op.drop_index(
        "ix_question_runs_leased", table_name="question_runs", postgresql_where=sa.text("lease_owner IS NOT NULL")
    )
    op.drop_index(
        "ix_question_runs_exhausted",
        table_name="question_runs",
        postgresql_where=sa.text("state IN ('planned', 'asking') AND failures >= 5"),
    )
    op.drop_index(
        "ix_question_runs_due",
        table_name="question_runs",
        postgresql_where=sa.text("state = 'planned' AND next_at IS NOT NULL"),
    )
    op.drop_table("question_runs")
    op.drop_table("triggers")
    op.drop_index("ix_snapshots_recent", table_name="snapshots", postgresql_where=sa.text("state = 'collected'"))
    op.drop_index(
        "ix_snapshots_due", table_name="snapshots", postgresql_where=sa.text("state IN ('submitting', 'running')")
    )
    op.drop_index(op.f("ix_snapshots_batch_id"), table_name="snapshots")
    op.drop_table("snapshots")
    op.drop_table("schedule_runs")
    op.drop_index("ix_pushes_due", table_name="pushes", postgresql_where=sa.text("status = 'pending'"))
    op.drop_index(op.f("ix_pushes_batch_id"), table_name="pushes")
    op.drop_table("pushes")
    op.drop_index("ix_outbox_unpublished", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_published_at", table_name="outbox")
    op.drop_index(op.f("ix_outbox_batch_id"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("metrics")
    op.drop_index(op.f("ix_audit_batch_id"), table_name="audit")
    op.drop_table("audit")
    op.drop_table("org_websites")
    op.drop_table("org_questions")
    op.drop_table("org_models")
    op.drop_table("org_locations")
    op.drop_table("network_questions")
    op.drop_table("network_orgs")
    op.drop_table("network_models")
    op.drop_table("network_locations")
    op.drop_index(
        "ix_name_variations_leased", table_name="name_variations", postgresql_where=sa.text("lease_owner IS NOT NULL")
    )
    op.drop_table("name_variations")
    op.drop_index("ix_batches_queued_at", table_name="batches")
    op.drop_index(op.f("ix_batches_org_id"), table_name="batches")
    op.drop_index("ix_batches_open", table_name="batches", postgresql_where=sa.text("state IN ('queued', 'running')"))
    op.drop_index(op.f("ix_batches_network_id"), table_name="batches")
    op.drop_index("ix_batches_blocked", table_name="batches", postgresql_where=sa.text("state = 'blocked'"))
    op.drop_table("batches")
    op.drop_index(op.f("ix_orgs_partner_id"), table_name="orgs")
    op.drop_table("orgs")
    op.drop_table("networks")
    op.drop_table("workers")
    op.drop_table("repairs")
    op.drop_table("questions")
    op.drop_table("partners")
    op.drop_table("models")
    op.drop_table("locations")
