"""Each number of a scrape is what the rows and Redis say at that moment."""

import re
import signal

import pytest
from ground import use_database
from redis_servers import redis_process
from scrapes import samples

from senso.db import transaction
from senso.limits.process import allowances
from senso.metrics import collector, families
from senso.providers import Limits
from senso.queries import workers
from senso.reads import gauges
from senso.runtime.heartbeat import own_use
from senso.settings import settings
from senso.states import BatchKind, Outcome, Purpose
from senso.worker.queues import ALL_QUEUES, CALL_QUEUES, CONTROL_QUEUES
from senso.workflows.totals import count

NAME = re.compile(r"senso_[a-z0-9_]+")
UNITS = ("_seconds", "_bytes", "_dollars", "_total")


def test_open_batches_runs_and_readings_are_counted_by_state(make, scraped):
    make.batch(questions=3)
    make.queued()

    found = scraped()

    assert found['senso_batches{state="running"}'] == 1
    assert found['senso_batches{state="queued"}'] == 1
    assert found['senso_batches{state="blocked"}'] == 0
    assert (found['senso_runs{state="planned"}'], found['senso_runs{state="asking"}']) == (3, 0)
    assert found['senso_evaluations{state="pending"}'] == 3


def test_the_oldest_of_each_stage_is_what_waits(make, scraped):
    batch = make.batch()
    queued = make.queued()
    make.sql("UPDATE batches SET queued_at = now() - interval '50 s' WHERE id = :id", id=queued)
    make.sql("UPDATE batches SET started_at = now() - interval '70 s' WHERE id = :id", id=batch)
    run, _ = make.runs(batch)
    make.answered(run)
    make.sql("UPDATE evaluations SET sent_at = now() - interval '30 s' WHERE run_id = :run", run=run)

    found = scraped()
    waits = {stage: found[f'senso_oldest_waiting_seconds{{stage="{stage}"}}'] for stage in STAGES}

    assert waits["matrix"] == pytest.approx(50, abs=20)
    assert waits["ask"] == pytest.approx(70, abs=20)
    assert waits["extract"] == pytest.approx(30, abs=20)
    assert (waits["score"], waits["charge"], waits["push"]) == (0, 0, 0)


STAGES = ("matrix", "ask", "extract", "score", "charge", "push")


def test_what_is_read_waits_to_be_scored_from_when_its_end_was_due(make, scraped):
    batch = make.batch()
    make.sql("UPDATE batches SET remaining = 0 WHERE id = :id", id=batch)
    make.sql(
        "INSERT INTO outbox (key, pipeline, ids, not_before) VALUES (:key, 'finish', '[]', now() - interval '35 s')",
        key=f"finish:{batch}:1",
    )

    found = scraped()

    assert found['senso_oldest_waiting_seconds{stage="score"}'] == pytest.approx(40, abs=20)
    assert found['senso_oldest_waiting_seconds{stage="charge"}'] == pytest.approx(40, abs=20)


def test_a_push_that_waits_and_one_that_was_given_up(make, scraped):
    batch = make.batch()
    for episode, status in ((1, "pending"), (2, "failed")):
        make.sql(
            "INSERT INTO pushes (key, batch_id, episode, body, status, created_at) "
            "VALUES (:key, :batch, :episode, '{}', :status, now() - interval '60 s')",
            key=f"push:{batch}:{episode}",
            batch=batch,
            episode=episode,
            status=status,
        )

    found = scraped()

    assert (found['senso_pushes{status="pending"}'], found['senso_pushes{status="failed"}']) == (1, 1)
    assert found['senso_oldest_waiting_seconds{stage="push"}'] == pytest.approx(60, abs=20)


def test_calls_tokens_cost_and_time_by_model_and_by_the_names_of_openai(make, scraped):
    make.sql(
        "INSERT INTO llm_calls (purpose, provider, model, fence, outcome, tokens_in, tokens_cached, tokens_out, "
        "cost_microusd, latency_ms) VALUES ('ask', 'openai', 'gpt-6.1-terra', 1, 'answered', 100, 40, 20, 1250000, "
        "2400), ('read', 'openai', 'gpt-6.1-terra', 1, 'refused', 10, 0, 0, NULL, 300)"
    )
    count()
    count()

    found = scraped()
    of = 'model="gpt-6.1-terra"'

    assert found[f'senso_calls_total{{{of},outcome="answered",provider="openai",purpose="ask"}}'] == 1
    assert found[f'senso_call_tokens_total{{{of},provider="openai",purpose="ask",type="cached"}}'] == 40
    assert found[f'senso_call_cost_dollars_total{{{of},outcome="answered",provider="openai",purpose="ask"}}'] == 1.25
    unknown = f'senso_calls_of_unknown_cost_total{{{of},outcome="refused",provider="openai",purpose="read"}}'
    assert found[unknown] == 1
    assert found["senso_cost_today_dollars"] == 1.25
    assert found[f'senso_openai_requests_total{{{of},status="refused"}}'] == 1
    name = "senso_openai_request_duration_seconds"
    assert [found[f'{name}_bucket{{le="{le}",{of}}}'] for le in ("0.25", "0.5", "2.5", "+Inf")] == [0, 1, 2, 2]
    assert found[f"{name}_count{{{of}}}"] == 2
    assert found[f"{name}_sum{{{of}}}"] == pytest.approx(2.7)


def test_the_time_of_a_workflow_by_kind(make, scraped):
    batch = make.batch()
    make.sql(
        "UPDATE batches SET state = 'completed', ended_at = now(), queued_at = now() - interval '40 s' WHERE id = :id",
        id=batch,
    )
    count()

    found = scraped()

    assert found['senso_workflow_duration_seconds_bucket{le="30.0",workflow="org"}'] == 0
    assert found['senso_workflow_duration_seconds_bucket{le="60.0",workflow="org"}'] == 1
    assert found['senso_batches_ended_total{kind="org",state="completed"}'] == 1


def test_workers_by_kind_with_their_memory_and_when_beat_ticked(make, scraped):
    for kind, queues in (("call", CALL_QUEUES), ("control", CONTROL_QUEUES)):
        make.sql(
            "INSERT INTO workers (id, queues, rss_bytes, cpu_seconds) VALUES (:id, :queues, 1000, 2.5)",
            id=f"host:1:{kind}",
            queues=list(queues),
        )
    make.sql("INSERT INTO workers (id, heartbeat_at) VALUES ('host:2:dead', now() - interval '1 minute')")
    make.sql("INSERT INTO beats (id, ticked_at) VALUES ('host:3:beat', now() - interval '90 s')")

    found = scraped()

    assert found['senso_workers_alive{kind="worker"}'] == 1
    assert found['senso_workers_alive{kind="control"}'] == 1
    assert found["senso_workers_started"] == 3
    assert found['senso_worker_resident_memory_bytes{kind="worker",worker="host:1:call"}'] == 1000
    assert found['senso_worker_cpu_seconds_total{kind="control",worker="host:1:control"}'] == 2.5
    assert not any("dead" in name for name in found)
    assert found["senso_beat_tick_age_seconds"] == pytest.approx(90, abs=20)


def test_a_process_says_with_its_heartbeat_what_it_uses(make, scraped):
    with transaction() as db:
        workers.beat(db, "host:1:me", CALL_QUEUES, 0, own_use())

    found = scraped()

    assert 1e7 < found['senso_worker_resident_memory_bytes{kind="worker",worker="host:1:me"}'] < 1e10
    assert found['senso_worker_cpu_seconds_total{kind="worker",worker="host:1:me"}'] > 0


def test_messages_of_queues_and_of_the_outbox(make, scraped, messages):
    messages.redis.rpush("extract", "a", "b")
    messages.redis.hset("unacked", "tag", "message")
    make.sql(
        "INSERT INTO outbox (key, pipeline, ids, not_before) VALUES "
        "('a', 'ask', '[]', now() - interval '60 s'), ('b', 'ask', '[]', now() + interval '1 hour')"
    )

    found = scraped()

    assert {queue: found[f'senso_queue_messages{{queue="{queue}"}}'] for queue in ALL_QUEUES} == {
        queue: 2 * (queue == "extract") for queue in ALL_QUEUES
    }
    assert found["senso_unacked_messages"] == 1
    assert found['senso_outbox_messages{state="due"}'] == 1
    assert found['senso_outbox_messages{state="later"}'] == 1
    assert found["senso_outbox_due_seconds"] == pytest.approx(60, abs=20)


def test_the_partners_with_the_fewest_credits_and_no_more(make, scraped, monkeypatch):
    rows = [(f"p{number}", number) for number in range(gauges.MOST_PARTNERS + 3)]
    for name, credits_left in rows:
        make.sql(
            "INSERT INTO partners (id, name, available) VALUES (gen_random_uuid(), :name, :left)",
            name=name,
            left=credits_left,
        )
    make.sql("INSERT INTO partners (id, name) VALUES (gen_random_uuid(), 'not metered')")

    shown = {name: value for name, value in scraped().items() if name.startswith("senso_partner_credits")}

    assert sorted(shown.values()) == list(range(gauges.MOST_PARTNERS))


def test_a_name_with_every_kind_of_sign_is_one_label(make, scraped):
    make.sql("INSERT INTO partners (id, name, available) VALUES (gen_random_uuid(), :name, 4)", name='A "b"\\\n}, c="d')

    (shown,) = [value for name, value in scraped().items() if name.startswith("senso_partner_credits")]

    assert shown == 4


def test_limits_and_breakers_of_models(make, scraped):
    allowances.of("openai", "gpt-6.1-terra").take(Purpose.ASK, [100], Limits(6_000, 100_000_000, 10), 0)

    found = scraped()
    of = 'model="gpt-6.1-terra",provider="openai"'

    assert found[f"senso_limit_requests_used{{{of}}}"] >= 1
    assert found[f"senso_limit_tokens_used{{{of}}}"] >= 100
    assert found[f"senso_calls_in_flight{{{of}}}"] >= 1
    assert found[f"senso_calls_in_flight_limit{{{of}}}"] == 5  # it begins at half and grows
    assert found[f"senso_limit_wait_seconds_total{{{of}}}"] == 0
    states = [found[f'senso_breaker_state{{{of},state="{state}"}}'] for state in ("closed", "open", "probing")]
    assert states == [1, 0, 0]


def test_the_ceiling_of_a_day_is_shown_where_there_is_one(database):
    assert "senso_cost_ceiling_dollars 25.0" in collector.text(collector.Senso(lambda: 25, seconds=20)).decode()
    assert "\nsenso_cost_ceiling_dollars " not in collector.text(collector.Senso(seconds=20)).decode()


def test_every_family_is_shown_with_its_help_before_there_is_anything(scraped, database):
    text = collector.text(collector.Senso(seconds=20)).decode()

    for declared in families.DECLARED:
        assert f"# HELP {declared.name} {declared.help}\n" in text
        assert f"# TYPE {declared.name} {declared.kind}\n" in text


def test_names_follow_the_conventions_of_prometheus():
    names = [declared.name for declared in families.DECLARED]

    assert len(set(names)) == len(names)
    for declared in families.DECLARED:
        assert NAME.fullmatch(declared.name)
        assert declared.name.endswith("_total") == (declared.kind == "counter")
        assert declared.kind != "histogram" or declared.name.endswith(UNITS)
        assert not declared.help.endswith(".")


def test_the_number_of_series_stays_within_bounds_whatever_there_is(make, scraped):
    """30 models asked for all purposes, with every outcome; 1,000 partners, 300 workers."""
    outcomes = [str(outcome) for outcome in Outcome]
    make.sql(
        "INSERT INTO call_totals (provider, model, purpose, outcome, calls) SELECT 'p' || m % 8, 'm' || m, p, o, 1 "
        "FROM generate_series(1, 30) m, unnest(CAST(:purposes AS text[])) p, unnest(CAST(:outcomes AS text[])) o",
        purposes=[str(purpose) for purpose in Purpose],
        outcomes=outcomes,
    )
    make.sql(
        "INSERT INTO call_durations (provider, model, purpose, bucket, calls) SELECT 'p' || m % 8, 'm' || m, p, b, 1 "
        "FROM generate_series(1, 30) m, unnest(CAST(:purposes AS text[])) p, generate_series(0, 13) b",
        purposes=[str(purpose) for purpose in Purpose],
    )
    make.sql(
        "INSERT INTO ended_totals SELECT w, k, s, 1 FROM unnest(ARRAY['batches', 'runs', 'evaluations']) w, "
        "unnest(CAST(:kinds AS text[])) k, generate_series(1, 5) s",
        kinds=[str(kind) for kind in BatchKind],
    )
    make.sql(
        "INSERT INTO partners (id, name, available) SELECT gen_random_uuid(), 'n' || n, n "
        "FROM generate_series(1, 1000) n"
    )
    make.sql("INSERT INTO workers (id, rss_bytes, cpu_seconds) SELECT 'w' || n, n, n FROM generate_series(1, 300) n")

    assert len(scraped()) < 9000


def test_without_postgres_it_says_so_and_tells_what_redis_says(scraped, database, messages):
    use_database("postgresql://127.0.0.1:9/senso")

    found = scraped()

    assert (found['senso_up{part="postgres"}'], found['senso_up{part="redis"}']) == (0, 1)
    assert found['senso_queue_messages{queue="ask"}'] == 0
    assert 'senso_batches{state="running"}' not in found


def test_a_redis_that_is_frozen_costs_its_time_and_hides_nothing_else(make, database, environment, tmp_path):
    make.queued()
    with redis_process(tmp_path / "redis") as (redis, port):
        environment.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
        settings.cache_clear()
        redis.send_signal(signal.SIGSTOP)
        found = samples(collector.text(collector.Senso(seconds=2)).decode())

    assert (found['senso_up{part="postgres"}'], found['senso_up{part="redis"}']) == (1, 0)
    assert found['senso_batches{state="queued"}'] == 1
    assert found['senso_look_seconds{part="redis"}'] == 2


def test_a_schema_of_another_version_is_a_part_that_is_missing(make, scraped):
    make.sql("ALTER TABLE counting RENAME TO counted")
    try:
        found = scraped()
    finally:
        make.sql("ALTER TABLE counted RENAME TO counting")

    assert (found['senso_up{part="postgres"}'], found['senso_up{part="redis"}']) == (0, 1)


def test_what_is_stopped_and_what_the_last_reconciliation_found(make, scraped):
    make.sql(
        "INSERT INTO pauses (scope, subject, paused_by) VALUES ('provider', 'openai', 'a'), ('provider', 'gemini', 'a')"
    )
    make.sql(
        "INSERT INTO cost_stops (day, ceiling_microusd, spent_microusd, wanted_microusd) "
        "VALUES ((now() AT TIME ZONE 'UTC')::date, 2, 1, 2)"
    )
    make.sql(
        "INSERT INTO reconciliations (ran_at, by, is_whole, count) "
        "VALUES (now() - interval '90 s', 'a', true, 9), (now() - interval '60 s', 'a', true, 3)"
    )

    found = scraped()

    assert found['senso_pauses{scope="provider"}'] == 2
    assert found['senso_pauses{scope="all"}'] == 0
    assert found['senso_cost_stops{scope="all"}'] == 1
    assert found["senso_ledger_differences"] == 3
    assert found["senso_reconciliation_age_seconds"] == pytest.approx(60, abs=20)


def test_without_a_reconciliation_nothing_is_said_of_its_differences(scraped):
    assert "senso_ledger_differences" not in scraped()
