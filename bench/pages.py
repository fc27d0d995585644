"""How long each page of the dashboard takes in a database of many runs, how large it is, and what it reads for that.

The ground and the options are those of `bench/reads.py`. Somebody who has logged in with a token of all partners and
somebody of one partner ask in turn, over HTTP, one page after the other; ids are taken at random. Style sheet and
scripts are kept by browsers; their size is told apart.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests
from reads import Asker, Asking, asker, id_of, measure, told

from senso.dashboard.files import assets

PERIOD = "since={first}&until={last}"
PAGES: dict[str, Sequence[str]] = {
    "/": ("",),
    "/batches": ("", "?state=partial", f"?{PERIOD}", "?partner_id={partner}", "?org_id={org}"),
    "/batches/{batch_id}": ("",),
    "/batches/{batch_id}/runs": ("", "?failed=true", "?model={model}"),
    "/batches/change": ("?state=failed&state=partial&action=retry",),
    "/runs/{number}": ("",),
    "/trigger": ("", "?org_id={org}"),
    "/orgs": ("", "?search={org_start}", "?partner_id={partner}"),
    "/orgs/{org_id}": ("",),
    "/orgs/{org_id}/changes": ("",),
    "/orgs/{org_id}/competitors": ("",),
    "/orgs/{org_id}/sources": ("",),
    "/orgs/{org_id}/claims": ("",),
    "/orgs/{org_id}/explain": ("?metric=mention_rate&kind=branded&surface=api",),
    "/orgs/{org_id}/names": ("",),
    "/orgs/{org_id}/setup": ("",),
    "/orgs/{org_id}/report": ("",),
    "/names": ("",),
    "/partners": ("",),
    "/partners/{partner_id}": ("",),
    "/partners/{partner_id}/ledger": ("",),
    "/schedule": ("",),
    "/providers": ("",),
    "/audit": ("", f"?{PERIOD}"),
    "/tokens": ("",),
    "/jump": ("?q={org_start}",),
}


@dataclass(frozen=True)
class Reader(Asker):
    """Somebody who has logged in."""

    cookie: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie}


def main() -> int:
    script = sum(len(one.content) for one in assets().values())
    print(f"style sheet, scripts and icon: {script:,} bytes")
    return measure("pages", str(__doc__), pages)


def pages(cursor: Any, root: str, read: argparse.Namespace) -> dict[str, Any]:
    readers = [logged_in(root, asker(cursor, partner)) for partner in (None, id_of("partner 0"))]
    chosen = [path for path in PAGES if not read.route or read.route in path]
    return {path: told(cursor, Asking(root, path, PAGES[path], readers), read.asked) for path in chosen}


def logged_in(root: str, who: Asker) -> Reader:
    form, headers = {"token": who.token}, {"Origin": root}
    answer = requests.post(f"{root}/login", form, headers=headers, timeout=60, allow_redirects=False)
    cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
    return Reader(**{name: getattr(who, name) for name in who.__dataclass_fields__}, cookie=cookie)


if __name__ == "__main__":
    raise SystemExit(main())
