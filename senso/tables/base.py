"""Column types and naming conventions that all tables share."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from senso.states import among

Id = Annotated[UUID, mapped_column(primary_key=True)]
Serial = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Word = Annotated[str, mapped_column(Text)]
Big = Annotated[int, mapped_column(BigInteger)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Zero = Annotated[int, mapped_column(server_default="0")]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(among(column, values), name=column)


def link(target: str, *, primary_key: bool = False, index: bool = False) -> Any:
    return mapped_column(ForeignKey(target), primary_key=primary_key, index=index)
