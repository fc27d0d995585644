"""Makes docs/chaos.md from the sections that `make chaos` left, one a run."""

import sys
from pathlib import Path

HEAD = """# Chaos

`make chaos MINUTES=20` strikes by lot with every kind of fault under a load of jobs and direct calls that is kept up
while it waits; the seed is drawn from the clock where none is given. Two call workers, control, beat, Postgres and
Redis with all that keeps data; answers after 6 s, readings after 1 s, jobs after 10 s. It fails when a fault finds
fewer than 100 calls in flight, when a promise (I1 to I8) is broken at any look, when a thing was paid for twice that no
process had in its hands which the test ended or froze, when a charge is not exactly one credit for each answer that was
read, when an end does not arrive at the application, when a process ends that the test did not end, or when a batch
has not ended five minutes after the last fault.

For a call worker that was killed or frozen *went on* is until another had claimed what it held; for the others until a
question was asked, from the moment at which what had been away was back.
"""


def main(folder: str, page: str) -> None:
    sections = [file.read_text() for file in sorted(Path(folder).glob("*.md"))]
    Path(page).write_text("\n".join([HEAD, *sections]))


if __name__ == "__main__":
    main(*sys.argv[1:])
