"""An outage that lasts: each model is tried by one call for each time that its breaker was open, and no run fails."""

import time

from test_providers import struck

OUTAGE_SECONDS = 45
CLOSED = "SELECT FROM breaker_events WHERE event = 'closed'"
# Calls that failed although they began when the breaker of their model was open: those of probes.
LATE = """
    SELECT count(*) FROM llm_calls c JOIN (
        SELECT provider, model, min(at) AS opened FROM breaker_events WHERE event = 'opened' GROUP BY provider, model
    ) b USING (provider, model)
    WHERE c.purpose = 'ask' AND c.outcome = 'unavailable' AND c.started_at > b.opened + interval '1 s'
"""


def test_an_outage_costs_a_probe_for_each_time_that_a_breaker_is_open(fault):
    with fault(40, f"503 to every question for {OUTAGE_SECONDS} s") as it:
        it.product.wait_for_flight(30)
        it.strikes()
        it.product.sandbox.fault("openai.responses", "503")
        time.sleep(OUTAGE_SECONDS)
        it.product.sandbox.heal()
        it.recovered(it.product.next_end())
        it.hit(calls=struck(it.product, "503"))
        it.product.until(lambda: it.product.make.sql(CLOSED), 60, "no breaker closed")
        probes = it.product.make.one("SELECT count(*) FROM breaker_events WHERE event = 'probing'")
        late = it.product.make.one(LATE)
        it.row.note = f"{late} calls failed while a breaker was open, {probes} probes"
        it.product.load.enough()
        it.product.end()

    assert 1 <= late <= probes
