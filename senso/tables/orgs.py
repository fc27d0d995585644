"""The orgs and networks that are watched, their partners, and the questions, models and locations that are asked."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from senso.states import QuestionKind, Surface
from senso.tables.base import Base, Big, Created, Id, Json, Moment, Word, Zero, link, one_of


class Partner(Base):
    __tablename__ = "partners"
    __table_args__ = (CheckConstraint("available >= 0", name="available"),)
    id: Mapped[Id]
    name: Mapped[Word]
    available: Mapped[Big | None]  # credits; null: not metered
    max_daily_cost_microusd: Mapped[Big | None]  # null: no ceiling
    created_at: Mapped[Created]


class Org(Base):
    __tablename__ = "orgs"
    __table_args__ = (
        CheckConstraint("samples BETWEEN 1 AND most_samples AND most_samples <= 20", name="samples"),
        Index("ix_orgs_name_id", "name", "id"),
        Index("ix_orgs_partner_id_name_id", "partner_id", "name", "id"),
    )
    id: Mapped[Id]
    partner_id: Mapped[UUID] = link("partners.id")
    name: Mapped[Word]
    active: Mapped[bool] = mapped_column(server_default="true")
    competitors: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    created_at: Mapped[Moment]  # decides the weekday of the weekly batch
    imported_at: Mapped[Created]  # nothing was due before this
    # How often each question is asked of each model at each location; up to `most_samples` if that may decide a change.
    samples: Mapped[int] = mapped_column(server_default="1")
    most_samples: Mapped[int] = mapped_column(server_default="1")


class OrgWebsite(Base):
    __tablename__ = "org_websites"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    url: Mapped[Word] = mapped_column(primary_key=True)  # sealed by `senso.encryption` where there are keys
    fingerprint: Mapped[Word | None]  # of a sealed one, by which it is found
    position: Mapped[Zero]


class OrgAlias(Base):
    """Another name of the org, by its import file."""

    __tablename__ = "org_aliases"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    name: Mapped[Word] = mapped_column(primary_key=True)
    position: Mapped[Zero]


class OrgNotName(Base):
    """A phrase in which a name of the org means something else, by its import file."""

    __tablename__ = "org_not_names"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    name: Mapped[Word] = mapped_column(primary_key=True)
    position: Mapped[Zero]


class OrgFact(Base):
    """What is true of the org, by its import file: claims of answers are judged by it."""

    __tablename__ = "org_facts"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    text: Mapped[Word] = mapped_column(primary_key=True)
    position: Mapped[Zero]


class Network(Base):
    __tablename__ = "networks"
    __table_args__ = (CheckConstraint("samples BETWEEN 1 AND 20", name="samples"),)
    id: Mapped[Id]
    partner_id: Mapped[UUID] = link("partners.id")
    name: Mapped[Word]
    created_at: Mapped[Created]
    samples: Mapped[int] = mapped_column(server_default="1")


class NetworkOrg(Base):
    __tablename__ = "network_orgs"
    network_id: Mapped[UUID] = link("networks.id", primary_key=True)
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    joined_at: Mapped[Created]


class Question(Base):
    __tablename__ = "questions"
    __table_args__ = (one_of("kind", QuestionKind),)
    id: Mapped[Id]
    text: Mapped[Word]
    kind: Mapped[Word]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")  # its topic, persona, ...


class Model(Base):
    __tablename__ = "models"
    __table_args__ = (one_of("surface", Surface),)
    id: Mapped[Id]
    slug: Mapped[Word] = mapped_column(unique=True)
    provider: Mapped[Word]
    name: Mapped[Word]  # the provider's name for it
    surface: Mapped[Word]
    rpm: Mapped[int | None]
    tpm: Mapped[int | None]
    max_in_flight: Mapped[int | None]
    deadline_seconds: Mapped[int]
    # Each with `source` and `read_on`; null: nothing is known.
    parameters: Mapped[Json | None]  # temperature, reasoning_effort, max_output_tokens
    prices: Mapped[Json | None]  # micro-dollars: token_in, token_cached, token_out, search, record
    retirement: Mapped[Json | None]  # on: the last day on which the provider offers it
    changed_at: Mapped[Moment | None]  # by an import: calls before this had other prices
    priced_at: Mapped[Moment | None]  # by a migration that changed its prices: calls before this had others


class Location(Base):
    __tablename__ = "locations"
    __table_args__ = (UniqueConstraint("country", "region", "city", postgresql_nulls_not_distinct=True),)
    id: Mapped[Id]
    country: Mapped[Word]
    region: Mapped[Word | None]
    city: Mapped[Word | None]


class OrgQuestion(Base):
    __tablename__ = "org_questions"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    question_id: Mapped[UUID] = link("questions.id", primary_key=True)
    position: Mapped[Zero]


class OrgModel(Base):
    __tablename__ = "org_models"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    model_id: Mapped[UUID] = link("models.id", primary_key=True)


class OrgLocation(Base):
    __tablename__ = "org_locations"
    org_id: Mapped[UUID] = link("orgs.id", primary_key=True)
    location_id: Mapped[UUID] = link("locations.id", primary_key=True)


class NetworkQuestion(Base):
    __tablename__ = "network_questions"
    network_id: Mapped[UUID] = link("networks.id", primary_key=True)
    question_id: Mapped[UUID] = link("questions.id", primary_key=True)
    position: Mapped[Zero]


class NetworkModel(Base):
    __tablename__ = "network_models"
    network_id: Mapped[UUID] = link("networks.id", primary_key=True)
    model_id: Mapped[UUID] = link("models.id", primary_key=True)


class NetworkLocation(Base):
    __tablename__ = "network_locations"
    network_id: Mapped[UUID] = link("networks.id", primary_key=True)
    location_id: Mapped[UUID] = link("locations.id", primary_key=True)
