"""What a run of the benchmark prints."""

from collections.abc import Mapping
from typing import Any

MB = 1_000_000
PROMISES = "promises"  # the key of what `senso doctor --invariants` said


def print_settings(settings: Mapping[str, Any]) -> None:
    print("settings in force:", ", ".join(f"{name}={value}" for name, value in settings.items()))


def print_case(one: Any) -> None:
    print(f"\n== {one.case}: {one.runs} runs, load average {one.load_average:.1f} ==")
    line("runs/s", f"{one.rate:.1f}", f"{one.seconds:.1f} s, from the first batch queued to the last one ended")
    line("CPU ms per run", f"{one.ours_ms:.1f}", f"without the stand-in's {one.cpu_ms['stand-in']:.2f}")
    for kind, used in sorted(one.cpu_ms.items(), key=lambda item: -item[1]):
        line(f"  {kind}", f"{used:.2f}", f"at rest {one.idle_cpu_ms.get(kind, 0):.1f} ms a second")
    line("peak memory MB (PSS)", f"{one.peak_bytes / MB:.0f}", kinds(one.peak_kinds))
    line("Redis' own peak MB", f"{one.redis_peak_bytes / MB:.1f}")
    line("transactions per run", f"{one.transactions:.1f}", f"at rest {one.idle_transactions:.1f} a second")
    if one.statements:
        line("statements per run", f"{one.statements:.1f}", "with BEGIN, COMMIT and those of ticks; counted apart")
    for words, count in one.statements_top.items():
        print(f"    {count:6.2f}  {words}")
    line("write-ahead log kB per run", f"{one.log_bytes / 1000:.1f}")
    line("Redis commands per run", f"{one.redis_commands:.1f}", top(one.redis_top))
    line("provider calls", str(sum(one.provider_calls.values())), top(one.provider_calls))
    line("ended", str(one.states), f"finished by {one.finished_by}; `senso up` took {one.start_seconds:.1f} s")
    line("calls made twice", str(one.twice), f"repairs: {one.repairs or 'none'}")
    if one.textbook:
        print_textbook(one)
    if one.bare:
        print_bare(one)


def print_textbook(one: Any) -> None:
    found = one.textbook
    rate = found["runs"] / found["seconds"]
    used = sum(found[f"{name}_seconds"] for name in ("cpu", "postgres", "redis")) * 1000 / found["runs"]
    workers = found["cpu_seconds"] * 1000 / found["runs"]
    line("textbook chord runs/s", f"{rate:.1f}", f"{found['seconds']:.1f} s; SDK and ORM, two workers of 100 threads")
    line("textbook CPU ms per run", f"{used:.2f}", f"{workers:.2f} its workers, the rest Postgres and Redis")
    line("ratio", f"{one.rate / rate:.2f}", f"of its rate, at {one.ours_ms / used:.2f} times its CPU")


def print_bare(one: Any) -> None:
    rate = one.bare["runs"] / one.bare["seconds"]
    used = (one.bare["cpu_seconds"] + one.bare["postgres_seconds"]) * 1000 / one.bare["runs"]
    client = one.bare["cpu_seconds"] * 1000 / one.bare["runs"]
    line("bare program runs/s", f"{rate:.1f}", f"{one.bare['seconds']:.1f} s; nothing durable, 200 in flight")
    line("bare CPU ms per run", f"{used:.2f}", f"{client:.2f} its own, the rest Postgres")
    line("ratio", f"{one.rate / rate:.2f}", f"of the bare rate, at {one.ours_ms / used:.1f} times its CPU")


def line(name: str, value: str, more: str = "") -> None:
    print(f"{name:<28} {value:>10}  {more}")


def kinds(used: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count / MB:.0f}" for kind, count in sorted(used.items(), key=lambda item: -item[1]))


def top(counted: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count:.4g}" for name, count in sorted(counted.items(), key=lambda item: -item[1]))


def columns(found: Mapping[str, Mapping[str, Any]]) -> None:
    """A column for each of `found`, a row for each of their figures; then the promises of each."""
    print(f"{'':<22}" + "".join(f"{name:>18}" for name in found))
    for figure in next(iter(found.values())):
        if figure != PROMISES:
            print(f"{figure:<22}" + "".join(f"{one[figure]!s:>18}" for one in found.values()))
    for name, one in found.items():
        print(f"\n{name}: {one[PROMISES].strip()}")
