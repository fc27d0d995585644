"""Calls with a key that may have been replaced: a refused key is tried once more with the one that replaced it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from senso.errors import Malformed, Refused
from senso.http import Response, json_of, request
from senso.providers import AnotherKey

# 403 is a key that is right and may not do this, or a country that is not served: the vendor's own words say which.
UNAUTHORISED = frozenset({401})
LIST_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Keyed:
    """`variable`: the setting that holds the key. `headers`: made from a key. `is_wrong_key` tells a refused key
    from another refusal with one of the `key_statuses`; by default every 401 is one.
    """

    service: str
    variable: str
    base_url: str
    key: str
    another_key: AnotherKey
    headers: Callable[[str], Mapping[str, str]]
    is_wrong_key: Callable[[Refused], bool] = lambda _: True
    key_statuses: Collection[int] = UNAUTHORISED

    async def post(self, path: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The JSON object of the reply. Raises OutsideErrors; Malformed for anything but an object."""
        found = json_of(self.service, await self.reply("POST", path, json=body, **options))
        if not isinstance(found, dict):
            raise Malformed(self.service, "its answer is not a JSON object")
        return found

    async def reply(self, method: str, path: str, **options: Any) -> Response:
        key, tried = self.key, False
        while True:
            try:
                return await request(self.service, method, self.base_url + path, headers=self.headers(key), **options)
            except Refused as error:
                if error.status not in self.key_statuses or not self.is_wrong_key(error):
                    raise
                other = None if tried else self.another_key(key)
                if other is None:
                    reason = f"the key in {self.variable} was not accepted"
                    raise Refused(self.service, reason, status=error.status) from None
                key, tried = other, True


def bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}
