"""The files of ops/: every expression is read by the grammar of Prometheus, and names metrics that there are."""

import json
import re
from itertools import pairwise
from pathlib import Path

import promql_parser
import pytest
import yaml

from senso.metrics.families import DECLARED

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "ops" / "alerts.yaml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
BOARD = json.loads((ROOT / "ops" / "grafana.json").read_text())
PANELS = BOARD["panels"]
DRAWN = [panel for panel in PANELS if panel["type"] != "row"]
TARGETS = [(panel["title"], target) for panel in DRAWN for target in panel["targets"]]
# What Grafana puts in before it asks.
VARIABLES = {"$__rate_interval": "5m"}
OF_PROMETHEUS = {"up"}
LABELS = {declared.name: {*declared.labels} for declared in DECLARED}
LABELS |= {
    f"{declared.name}{suffix}": {*declared.labels, *more}
    for declared in DECLARED
    if declared.kind == "histogram"
    for suffix, more in (("_bucket", ["le"]), ("_sum", []), ("_count", []))
}
DURATION = re.compile(r"(\d+(ms|[smhdwy]))+")


def parsed(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return promql_parser.parse(expression)


def selectors(node):
    """Every choice of series in an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    inner = [getattr(node, name, None) for name in ("vector_selector", "expr", "param", "lhs", "rhs")]
    for one in (*inner, *getattr(node, "args", [])):
        if isinstance(one, promql_parser.Expr):
            yield from selectors(one)


EXPRESSIONS = [(rule["alert"], rule["expr"]) for rule in RULES]
EXPRESSIONS += [(f"{title} {target['refId']}", target["expr"]) for title, target in TARGETS]


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_an_expression_is_one_and_names_what_there_is(where, expression):
    found = list(selectors(parsed(expression)))

    assert found
    for one in found:
        if one.name in OF_PROMETHEUS:
            continue
        assert one.name in LABELS, one.name
        assert {matcher.name for matcher in one.matchers.matchers} <= LABELS[one.name]


def test_every_metric_that_an_alert_or_a_panel_could_miss_is_in_one():
    named = {one.name for _, expression in EXPRESSIONS for one in selectors(parsed(expression))}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}

    assert {declared.name for declared in DECLARED} - shown == NOT_DRAWN


# The seeds' names of what other metrics say too, and numbers for a question, not for a look.
NOT_DRAWN = {
    "senso_openai_requests_total",
    "senso_openai_request_duration_seconds",
    "senso_evaluations_ended_total",
    "senso_calls_of_unknown_cost_total",
    "senso_limit_waits_total",
    "senso_reconciliation_age_seconds",
}


def test_an_alert_has_what_prometheus_and_a_person_need():
    assert set(ALERTS) == {"groups"}
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert DURATION.fullmatch(rule.get("for", "1m"))
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "action"}


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_the_text_of_an_alert_names_labels_that_its_series_have(rule):
    """An aggregation keeps those it names; without one, all that the metric has."""
    (*_, of) = [one.name for one in selectors(parsed(rule["expr"]))]
    named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    kept = re.findall(r"by \(([^)]*)\)", rule["expr"])

    assert named <= ({one.strip() for one in kept[0].split(",")} if kept else LABELS.get(of, set()))


def test_every_situation_that_must_wake_somebody_has_its_alert():
    assert {rule["alert"] for rule in RULES} >= {
        "SensoExporterDown",
        "SensoNoTick",
        "SensoQuestionsWait",
        "SensoOutboxStands",
        "SensoCallsFail",
        "SensoBreakerOpen",
        "SensoLedgerDiffers",
        "SensoWorkersRestart",
        "SensoCostNearCeiling",
    }


def test_what_an_action_tells_to_type_is_a_command():
    from senso.cli.program import COMMANDS  # noqa: PLC0415

    for rule in RULES:
        for command in re.findall(r"\bsenso ([a-z]+)", rule["annotations"]["action"]):
            assert command in COMMANDS, rule["alert"]


def test_the_board_is_one_that_grafana_imports():
    assert BOARD["uid"] == "senso"
    assert BOARD["title"]
    assert BOARD["schemaVersion"] >= 36
    assert "id" not in BOARD  # Grafana gives it
    (variable,) = BOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")


def test_every_panel_has_its_own_id_and_place_and_the_chosen_source():
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)
    for panel in DRAWN:
        assert panel["type"] in {"timeseries", "stat", "table"}
        assert panel["title"]
        for one in (panel, *panel["targets"]):
            assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters) > 0


def test_no_panel_lies_over_another():
    taken = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert all(before["gridPos"]["y"] <= after["gridPos"]["y"] for before, after in pairwise(PANELS))


def test_a_legend_names_labels_that_its_series_have():
    for title, target in TARGETS:
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = re.findall(r"by \(([^)]*)\)", target["expr"])
        (one, *_) = selectors(parsed(target["expr"]))

        assert named <= ({name.strip() for name in kept[0].split(",")} if kept else LABELS[one.name]), title


def test_prometheus_is_told_the_port_and_the_rules():
    told = yaml.safe_load((ROOT / "ops" / "prometheus.yml").read_text())

    (job,) = told["scrape_configs"]
    assert job["job_name"] == "senso"
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:9464"]
    assert told["rule_files"] == ["alerts.yaml"]
