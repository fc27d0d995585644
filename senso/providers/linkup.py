"""Linkup: answers with the sources that support them. It searches for every question; a model's name is a depth.

Sources: the linkup-sdk 0.24 (S) and docs.linkup.so: /search, /credits/balance and the page about errors (D). Nothing is
recorded. There is no parameter for a place, so no country is reported.
"""

from dataclasses import dataclass
from typing import Any, Final

from senso.errors import Malformed, OutsideError, RateLimited, Refused
from senso.event_loop import wait_for
from senso.providers import AnotherKey, Answer, Run, Usage, no_other
from senso.providers.wire.keyed import LIST_SECONDS, Keyed, bearer
from senso.providers.wire.parts import Named, sources
from senso.providers.wire.values import address, mapping, optional_text, text

SERVICE: Final = "linkup"
SEARCH, BALANCE = "/v1/search", "/v1/credits/balance"
DEPTHS: Final = ("flash", "fast", "standard", "deep")
# Codes of a 429 for which waiting does not help (S).
NO_MONEY: Final = {"INSUFFICIENT_FUNDS_CREDITS", "EXCEED_BUDGET_LIMIT"}
# Codes of a 403 that do not speak of the key (S).
NOT_THE_KEY: Final = {"IP_NOT_WHITELISTED", "TASK_TYPE_NOT_SUPPORTED"}
# Every call that gets an answer is billed as one, and no other (D).
BILLED: Final = Usage(searches=1)


@dataclass(frozen=True, slots=True)
class Linkup:
    base_url: str
    key: str
    another_key: AnotherKey = no_other

    @property
    def api(self) -> Keyed:
        return Keyed(SERVICE, "LINKUP_API_KEY", self.base_url, self.key, self.another_key, bearer, is_wrong_key)

    async def ask(self, run: Run) -> Answer:
        """Raises if the answer is empty; the error's `usage` is what was billed."""
        try:
            return read_answer(run, await self.api.post(SEARCH, question(run)))
        except RateLimited as error:
            if code_of(error) in NO_MONEY:
                raise Refused(SERVICE, error.reason, status=error.status) from None
            raise

    def check_key(self) -> None:
        """Raises Refused if the key is not accepted. Reading the balance is free (D)."""
        wait_for(self.api.reply("GET", BALANCE, timeout_seconds=LIST_SECONDS))


def has_depth(name: str) -> bool:
    return name in DEPTHS


def is_wrong_key(error: Refused) -> bool:
    return code_of(error) not in NOT_THE_KEY


def code_of(error: OutsideError) -> str | None:
    return optional_text(mapping(mapping(error.body).get("error")).get("code"))


def question(run: Run) -> dict[str, Any]:
    return {"q": run.question, "depth": run.model, "outputType": "sourcedAnswer"}


def read_answer(run: Run, found: dict[str, Any]) -> Answer:
    """Raises if the answer is empty. The vendor names no model; a reply that does is taken at its word."""
    told = text(found.get("answer"))
    if not told.strip():
        raise Malformed(SERVICE, "the answer is empty", usage=BILLED)
    return Answer(
        number=run.number,
        text=told,
        model_version=optional_text(found.get("model")),
        searched=True,
        sources=sources(supporting(found.get("sources"))),
        usage=BILLED,
    )


def supporting(listed: Any) -> list[Named]:
    """The pages that support the answer (S). Which sentence each supports is not said: there are no positions."""
    given = listed if isinstance(listed, list) else []
    pages = [{"url": one} if isinstance(one, str) else mapping(one) for one in given]
    return [Named(url, optional_text(page.get("name"))) for page in pages if (url := address(page.get("url")))]
