"""Processes that end, and what they had in their hands. Only a test ends one: by a signal, or by sabotage."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from senso.stack import Child
from senso.worker.watchdog import WEDGED

Claims = set[str]  # "ask <run> <fence>", "read <run> <fence>", "names <org> <fence>", "job <snapshot> <fence>"


@dataclass
class Ends:
    """`strikes`: the folder in which `deadly` sabotage and failpoints leave the pid of whom they killed."""

    strikes: Path
    deadly: set[str]
    held_by: Callable[[int], Claims]
    held: dict[int, Claims] = field(default_factory=dict)  # by pid, of those that a test ended or froze
    unforeseen: list[str] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)  # names of processes that may find themselves stuck, and end
    seen: set[int] = field(default_factory=set)

    def by_test(self, pid: int, held: Claims) -> None:
        self.held.setdefault(pid, set()).update(held)

    def look(self, child: Child) -> None:
        """At a child that has ended; before its work is taken back. Raises SensoError when Postgres is away."""
        pid = child.process.pid if child.process else 0
        if pid in self.seen or pid in self.held:
            return
        is_stuck = child.name in self.excused and child.process.returncode == WEDGED
        if is_stuck or pid in self.struck_pids():
            self.held[pid] = self.held_by(pid)
        else:
            self.unforeseen.append(f"{child.name} ended with {child.process.returncode}, and no test did it")
        self.seen.add(pid)

    def struck_pids(self) -> set[int]:
        deaths = [file for file in self.strikes.iterdir() if file.name.rpartition(".")[0] in self.deadly]
        found = [file.read_text().split() for file in deaths]
        return {int(words[0]) for words in found if words}

    def in_hands(self) -> Claims:
        """Each claim of each process that was ended or frozen: what may be paid for once more."""
        return set().union(*self.held.values())
