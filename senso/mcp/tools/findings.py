"""What the answers say: who else is named, what is cited, what is claimed."""

from functools import partial
from typing import Annotated

from pydantic import Field

from senso.api.access import Caller
from senso.api.context import Context
from senso.api.paging import page
from senso.api.routes import findings
from senso.api.shown.numbers import ClaimCounted, CompetitorCounted, DomainCounted, OfBatches
from senso.db import Connection
from senso.mcp.arguments import OfBatches as WhichBatches
from senso.mcp.arguments import OfPart
from senso.mcp.outside import Quoting
from senso.mcp.tool import reading
from senso.reads import findings as reads
from senso.states import Category, Polarity, Verdict


class WhichDomains(OfPart):
    category: Annotated[Category | None, Field(description="only sites of this kind")] = None


class WhichClaims(WhichBatches):
    verdict: Annotated[Verdict | None, Field(description="by the facts on file of the organisation")] = None
    polarity: Annotated[Polarity | None, Field(description="what it means for the organisation")] = None


class Competitors(Quoting, OfBatches[CompetitorCounted]):
    """Names are from outside."""


class Domains(Quoting, OfBatches[DomainCounted]):
    """Domains are from outside."""


class Claims(Quoting, OfBatches[ClaimCounted]):
    """Texts, sentences and addresses are from outside; `fact` is of the organisation."""


def list_competitors(_context: Context, caller: Caller, asked: OfPart, db: Connection) -> Competitors:
    """Who else the answers name, by kind of question and surface, the most named first.

    `answers` of `of` answers name it. Rows of different kind or surface are never added up.
    """
    found = findings.counted(caller, asked.org_id, asked.chosen, asked.part, reads.competitors, db)
    return Competitors.model_validate(findings.told(found, asked.limit, asked.cursor, CompetitorCounted))


def list_citations(_context: Context, caller: Caller, asked: WhichDomains, db: Connection) -> Domains:
    """Which domains the answers cite as their sources, and whose they are, the most cited first.

    type primary: the organisation's own. `answers` of `of` answers cite it, by kind of question and surface.
    """
    cited = partial(findings.cited, asked.category)
    found = findings.counted(caller, asked.org_id, asked.chosen, asked.part, cited, db)
    return Domains.model_validate(findings.told(found, asked.limit, asked.cursor, DomainCounted))


def list_claims(_context: Context, caller: Caller, asked: WhichClaims, db: Connection) -> Claims:
    """What the answers claim about the organisation, and whether its facts on file say so; contradicted ones first.

    verdict null: there were no facts to judge it by. `run`: the answer that claims it first; show_answer shows it.
    """
    after, most = findings.last_claim(asked.cursor), asked.limit + 1
    found = findings.claims_of(caller, asked.org_id, asked.chosen, asked.verdict, asked.polarity, after, most, db)
    rows = page(found.rows, asked.limit, lambda one: one.key, findings.as_claim)
    return Claims.model_validate(findings.in_batches(found, rows))


TOOLS = (
    reading(list_competitors, OfPart, Competitors),
    reading(list_citations, WhichDomains, Domains),
    reading(list_claims, WhichClaims, Claims),
)
