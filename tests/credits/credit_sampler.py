"""What partners have, read as fast as it goes while others work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2

SAMPLE = """
    SELECT coalesce(min(p.available), 0), coalesce(bool_and(p.available = coalesce((
        SELECT sum(credits) FROM ledger l WHERE l.partner_id = p.id), 0)), true)
    FROM partners p WHERE p.available IS NOT NULL
"""


@dataclass
class Sampler:
    """Reads what the partners have, and whether it is the sum of their rows, as fast as it goes."""

    url: str
    over: threading.Event = field(default_factory=threading.Event)
    least: int = 10**9
    looks: int = 0
    wrong: int = 0

    def look(self) -> None:
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        with connection, connection.cursor() as cursor:
            while not self.over.is_set():
                cursor.execute(SAMPLE)
                least, is_sum = cursor.fetchone()
                self.least, self.looks, self.wrong = min(self.least, least), self.looks + 1, self.wrong + (not is_sum)
        connection.close()


@contextmanager
def sampled(database: str) -> Iterator[Sampler]:
    sampler = Sampler(database.replace("+psycopg2", ""))
    thread = threading.Thread(target=sampler.look)
    thread.start()
    try:
        yield sampler
    finally:
        sampler.over.set()
        thread.join()
