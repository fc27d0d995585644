"""Models, providers and stops, as `senso models`, `senso providers` and `senso pause` have them in JSON."""

import datetime as dt
from datetime import datetime

from senso.api.models import JsonObject, Shown
from senso.states import StopScope, Surface


class ModelShown(Shown):
    """`name`: the provider's own. `supported`: this version can ask it. `key_variable`: the setting for its key.

    `question_microusd`: what a question is assumed to cost without history, its reading not included.
    """

    slug: str
    provider: str
    name: str
    surface: Surface
    deadline_seconds: int
    parameters: JsonObject | None
    prices: JsonObject | None
    retirement: JsonObject | None
    supported: bool
    key_variable: str
    key_set: bool
    price_known: bool
    question_microusd: int | None


class AskableModels(Shown):
    models: list[ModelShown]


class ModelStanding(Shown):
    """A model at its provider: its limits, how much of them is used, its breaker (closed, open, probing), last error.

    Null and 0 where Redis does not know it. Use and waits are of all partners together: null for a token of one.
    """

    provider: str
    model: str
    rpm: int | None
    tpm: int | None
    max_in_flight: int | None
    requests_used: int | None
    tokens_used: int | None
    in_flight: int | None
    in_flight_limit: int | None
    not_before: datetime | None
    breaker: str | None
    open_until: datetime | None
    open_seconds: int
    waits: int | None
    waited_ms: int | None
    last_error: str | None
    last_error_at: datetime | None


class ProviderDay(Shown):
    """Calls of one provider on one day (UTC), by how they ended; for a token of a partner, only calls for it."""

    day: dt.date
    provider: str
    calls: int
    useful: int
    tried_again: int
    rate_limited: int
    unavailable: int
    refused: int
    malformed: int
    failed: int
    open: int
    cost_microusd: int
    unknown_cost: int


class Providers(Shown):
    """`trouble`: why it is not known how the models stand, such as that Redis is away."""

    models: list[ModelStanding]
    days: list[ProviderDay]
    trouble: str | None


class StopSubject(Shown):
    """`subject`: a provider's name, a model's slug or a partner's id; null where everything is meant."""

    scope: StopScope
    subject: str | None


class Stop(StopSubject):
    """`by`: who paused it; null where a cost ceiling was reached. `said`: in words."""

    since: datetime
    by: str | None
    reason: str | None
    said: str


class StopsInForce(Shown):
    stops: list[Stop]


class StopChange(Shown):
    """`changed`: false if it was so already. `freed`: how many jobs, runs and readings go on now."""

    subject: StopSubject
    changed: bool
    freed: int
    in_force: list[Stop]
