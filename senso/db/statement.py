"""Statements that every run, batch or tick needs: planned once per connection, and sent without SQLAlchemy.

Planning one of our claims costs Postgres more than executing it, and SQLAlchemy's binding costs more than sending it.
Prepared statements belong to a session, so a pooler must keep one session per client (session pooling).
"""

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

import psycopg2
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from senso.db.connections import Link

PLACE = re.compile(r"(?<![:\w]):(\w+)")
numbers = count(1)
Values = Mapping[str, Any]
Found = dict[str, Any]
Row = tuple[Any, ...]


class Prepared:
    """`words`: SQL with a :name for each value. A value whose type Postgres cannot infer needs a CAST."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.names = list(dict.fromkeys(PLACE.findall(words)))
        self.title = f"senso_{next(numbers)}"
        places = {name: f"${place}" for place, name in enumerate(self.names, start=1)}
        self.prepare = f"PREPARE {self.title} AS {PLACE.sub(lambda found: places[found[1]], words)}"
        given = f" ({', '.join(['%s'] * len(self.names))})" if self.names else ""
        self.execute = f"EXECUTE {self.title}{given}"

    def rows(self, link: Link, values: Values) -> list[Found]:
        columns, found = self.answer(link, values)
        return [dict(zip(columns, row, strict=True)) for row in found]

    def one(self, link: Link, values: Values) -> Found | None:
        """The first row; None if there is none."""
        return next(iter(self.rows(link, values)), None)

    def column(self, link: Link, values: Values) -> list[Any]:
        """The first column of each row."""
        return [row[0] for row in self.answer(link, values)[1]]

    def answer(self, link: Link, values: Values) -> tuple[list[str], list[Row]]:
        """The column names and the rows. Raises SQLAlchemy's errors, as all other statements do."""
        connection = link.connection if isinstance(link, Connection) else link
        try:
            return self.sent(connection, [values[name] for name in self.names])
        except psycopg2.Error as error:
            raise DBAPIError.instance(self.words, {}, error, psycopg2.Error, hide_parameters=True) from error

    def sent(self, connection: Any, values: list[Any]) -> tuple[list[str], list[Row]]:
        with connection.driver_connection.cursor() as cursor:
            if self.title not in connection.info:
                cursor.execute(self.prepare)
                connection.info[self.title] = True
            cursor.execute(self.execute, values)
            if cursor.description is None:
                return [], []
            return [column[0] for column in cursor.description], cursor.fetchall()
