"""The actor of an audit entry as a partner may see it: own tokens and the program by name, others as "operator"."""

from uuid import UUID

from sqlalchemy import Connection, text

OPERATOR = "operator"
# What the program has done by itself, and events of the application.
ITSELF = ("beat", "senso", "event")


def told(actor: str, partner: str) -> str:
    """SQL: `actor` as it is told to `partner`, both SQL too; a null partner is told of everybody.

    `actor`: qualified by its table.
    """
    itself = ", ".join(f"'{one}'" for one in ITSELF)
    return f"""CASE WHEN CAST({partner} AS uuid) IS NULL OR {actor} IN ({itself}) OR EXISTS (
            SELECT FROM tokens own WHERE own.partner_id = CAST({partner} AS uuid)
                AND {actor} = 'token ' || own.name || ' (' || own.id || ')')
        THEN {actor} ELSE '{OPERATOR}' END"""


ONE = text(f"SELECT {told('said.actor', ':partner')} FROM (SELECT CAST(:actor AS text) AS actor) AS said")


def told_to(db: Connection, actor: str, partner: UUID | None) -> str:
    """`partner`: None for who is told of everybody."""
    return str(db.execute(ONE, {"actor": actor, "partner": partner and str(partner)}).scalar_one())
