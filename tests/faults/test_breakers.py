"""An outage that lasts: each model is tried by one call for each time that its breaker was open, and no run fails."""

import time

from test_providers import struck

OUTAGE_SECONDS = 45
IN_FLIGHT = 400


def test_an_outage_costs_a_probe_for_each_time_that_a_breaker_is_open(fault):
    with fault(40, f"503 to every question for {OUTAGE_SECONDS} s") as it:
        it.product.wait_for_flight(30)
        it.strikes()
        it.product.sandbox.fault("openai.responses", "503")
        time.sleep(10)
        at_first = struck(it.product, "503")
        time.sleep(OUTAGE_SECONDS - 10)
        later = struck(it.product, "503") - at_first
        it.product.sandbox.heal()
        it.recovered(it.product.next_end())
        it.hit(calls=struck(it.product, "503"))
        probes = it.product.make.one(
            "SELECT count(*) FROM breaker_events WHERE event = 'probing' AND at < "
            "(SELECT min(at) FROM breaker_events WHERE event = 'closed')"
        )
        it.row.note = f"{at_first} calls in the first 10 s, {later} in the {OUTAGE_SECONDS - 10} after them"
        it.product.load.enough()
        it.product.end()

    assert later <= probes <= 4
    assert at_first <= IN_FLIGHT
