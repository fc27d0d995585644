"""What is stored encrypted: found by its fingerprint, counted by key, encrypted again under the first key.

Steps of the last are short transactions, so that work goes on meanwhile, and one that is stopped goes on later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from senso import encryption
from senso.db.bulk import as_json
from senso.db.typed import each
from senso.errors import ConfigError, Sealed

Row = dict[str, Any]
STORED = text("SELECT org_id, url, fingerprint FROM org_websites WHERE org_id = ANY(CAST(:orgs AS uuid[]))")


def websites(db: Connection, wanted: Sequence[Row], orgs: Sequence[UUID]) -> list[Row]:
    """Rows of `org_websites` as they are stored: one that is there already keeps what is stored.

    Raises ConfigError where websites are encrypted and no key is set, or another one.
    """
    stored = db.execute(STORED, {"orgs": [str(one) for one in orgs]}).all()
    if not encryption.is_on():
        if hidden := {one.url.split(":")[1] for one in stored if encryption.is_sealed(one.url)}:
            raise ConfigError(encryption.missing(hidden))
        return list(wanted)
    require_known_key(db)
    known = {(one.org_id, one.fingerprint): one.url for one in stored if one.fingerprint}
    return [sealed(row, known) for row in wanted]


def sealed(row: Row, known: dict[tuple[UUID, str], str]) -> Row:
    place = encryption.website_of(row["org_id"])
    marks = encryption.fingerprints(place, row["url"])
    there = next((found for mark in marks if (found := known.get((row["org_id"], mark)))), None)
    return row | {"url": there or encryption.sealed(place, row["url"]), "fingerprint": marks[0]}


@dataclass(frozen=True, slots=True)
class Stored:
    """`key`: the name of the key; None: in plain text."""

    what: str
    key: str | None
    count: int


COUNTED = text(f"""
    SELECT what, CASE WHEN value LIKE '{encryption.PREFIX}%' THEN split_part(value, ':', 2) END AS key,
        count(*) AS count
    FROM (SELECT 'websites' AS what, url AS value FROM org_websites
        UNION ALL SELECT 'secrets of webhooks', secret FROM webhooks) stored
    GROUP BY 1, 2 ORDER BY 1, 2
""")


def stored(db: Connection) -> list[Stored]:
    return each(Stored, db.execute(COUNTED))


# One of the values that are encrypted: all are under the same key, but while they are encrypted again.
ANY_KEY = text(f"""
    SELECT split_part(value, ':', 2) FROM (
        (SELECT secret AS value FROM webhooks WHERE secret LIKE '{encryption.PREFIX}%' LIMIT 1)
        UNION ALL (SELECT url FROM org_websites WHERE url LIKE '{encryption.PREFIX}%' LIMIT 1)
    ) stored
""")


def require_known_key(db: Connection) -> None:
    """Raises Sealed where what is stored is under another key: what was added could be read by this program alone."""
    if lacking := set(db.execute(ANY_KEY).scalars()) - set(encryption.names()):
        raise Sealed(encryption.missing(lacking))


# The import's lock: it has compared what is stored with its file.
ALONE = text("SELECT pg_advisory_xact_lock(:key)")
WEBSITES = "SELECT org_id, url FROM org_websites WHERE url {} ORDER BY org_id, url LIMIT :most"
SECRETS = "SELECT id, secret FROM webhooks WHERE secret {} ORDER BY id LIMIT :most FOR UPDATE"
UNDER_OTHER_KEYS = "NOT LIKE :mark"
UNDER_ANY_KEY = "LIKE :mark"
CHANGE_WEBSITES = text("""
    UPDATE org_websites w SET url = g.new, fingerprint = g.fingerprint
    FROM json_to_recordset(CAST(:given AS json)) AS g(org_id uuid, url text, new text, fingerprint text)
    WHERE w.org_id = g.org_id AND w.url = g.url
""")
CHANGE_SECRET = text("UPDATE webhooks SET secret = :new WHERE id = :id AND secret = :secret")
NAMES = text("SELECT org_id, names FROM name_variations WHERE org_id = ANY(CAST(:orgs AS uuid[])) FOR NO KEY UPDATE")
CHANGE_NAMES = text("UPDATE name_variations SET names = CAST(:names AS jsonb) WHERE org_id = :org")


def encrypt_websites(db: Connection, alone: int, most: int) -> int:
    """Up to `most` that are in plain text or under another than the first key; returns how many. Raises ConfigError."""
    db.execute(ALONE, {"key": alone})
    mark = f"{encryption.PREFIX}{encryption.names()[0]}:%"
    found = db.execute(text(WEBSITES.format(UNDER_OTHER_KEYS)), {"mark": mark, "most": most}).all()
    plain: dict[UUID, list[str]] = {}
    changed = []
    for org, url in found:
        place = encryption.website_of(org)
        website = encryption.opened(place, url)
        plain.setdefault(org, []).append(website)
        new, fingerprint = encryption.sealed(place, website), encryption.fingerprints(place, website)[0]
        changed.append({"org_id": org, "url": url, "new": new, "fingerprint": fingerprint})
    if changed:
        db.execute(CHANGE_WEBSITES, {"given": as_json(changed)})
        forget_domains(db, plain)
    return len(changed)


def forget_domains(db: Connection, websites: dict[UUID, list[str]]) -> None:
    """The domains of encrypted websites are not kept among the names of their org."""
    from senso.extraction import names  # noqa: PLC0415  takes long to import, and most imports encrypt nothing anew

    for org, found in db.execute(NAMES, {"orgs": [str(one) for one in websites]}).all():
        left = names.without_domains(found or [], websites[org])
        if found is not None and left != found:
            db.execute(CHANGE_NAMES, {"org": org, "names": as_json(left)})


def decrypt_websites(db: Connection, alone: int, most: int) -> int:
    """Up to `most`, into plain text; returns how many. Raises ConfigError."""
    db.execute(ALONE, {"key": alone})
    found = db.execute(text(WEBSITES.format(UNDER_ANY_KEY)), {"mark": f"{encryption.PREFIX}%", "most": most}).all()
    changed = [
        {"org_id": org, "url": url, "new": encryption.opened(encryption.website_of(org), url), "fingerprint": None}
        for org, url in found
    ]
    db.execute(CHANGE_WEBSITES, {"given": as_json(changed)})
    return len(changed)


def encrypt_secrets(db: Connection, most: int) -> int:
    """The same of webhooks."""
    mark = f"{encryption.PREFIX}{encryption.names()[0]}:%"
    found = db.execute(text(SECRETS.format(UNDER_OTHER_KEYS)), {"mark": mark, "most": most}).all()
    for id_, secret in found:
        place = encryption.secret_of(id_)
        new = encryption.sealed(place, encryption.opened(place, secret))
        db.execute(CHANGE_SECRET, {"id": id_, "secret": secret, "new": new})
    return len(found)
