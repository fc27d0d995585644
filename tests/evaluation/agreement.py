"""How far two labellings of the same pairs agree: python tests/evaluation/agreement.py"""

from collections import Counter
from collections.abc import Hashable

from labelled import labelled_twice, labels

Judged = list[tuple[Hashable, Hashable]]


def kappa(judged: Judged) -> float:
    """Cohen's: agreement beyond what the two would reach by chance, each with its own frequencies."""
    observed = agreed(judged)
    firsts, seconds = Counter(first for first, _ in judged), Counter(second for _, second in judged)
    by_chance = sum(firsts[value] * seconds[value] for value in firsts) / len(judged) ** 2
    return 1.0 if by_chance == 1 else (observed - by_chance) / (1 - by_chance)


def agreed(judged: Judged) -> float:
    return sum(first == second for first, second in judged) / len(judged)


def judged_twice(field: str) -> Judged:
    """Mention of every pair; the rest of pairs that both take for mentioned."""
    second = labels("second")
    both = [(label, second[label["answer"], label["brand"]]) for label in labelled_twice()]
    if field != "mentioned":
        both = [(one, other) for one, other in both if one["mentioned"] and other["mentioned"]]
    return [(one[field], other[field]) for one, other in both]


def table() -> str:
    lines = ["| field | pairs | agree | kappa |", "|---|---:|---:|---:|"]
    for field in ("mentioned", "sentiment", "rank"):
        judged = judged_twice(field)
        lines.append(f"| {field} | {len(judged)} | {agreed(judged):.1%} | {kappa(judged):.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
