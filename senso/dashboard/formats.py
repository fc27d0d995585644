"""Money, moments and durations as people read them: filters of the templates."""

from datetime import UTC, date, datetime, timedelta

from senso.quantities import counted

NONE = "–"
MICROUSD = 1_000_000
SMALL_USD = 1
MINUTE, HOUR, DAY = 60, 3600, 86_400


def money(microusd: int | None) -> str:
    """With four decimals below a dollar, as a call costs; None: not known."""
    if microusd is None:
        return "unknown"
    usd = microusd / MICROUSD
    return f"${usd:,.4f}" if abs(usd) < SMALL_USD else f"${usd:,.2f}"


def whole(number: int | None) -> str:
    return NONE if number is None else f"{number:,}"


def percent(share: float | None) -> str:
    """Of a share from 0 to 1."""
    return NONE if share is None else f"{share * 100:.0f} %"


def moment(value: datetime | None) -> str:
    return NONE if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(value: datetime | date) -> str:
    """For the attribute `datetime` of `<time>`."""
    return value.isoformat()


def duration(seconds: float | timedelta | None) -> str:
    """In the two largest units: 320 ms, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if seconds is None:
        return NONE
    left = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if 0 < left < 1:
        return f"{max(left * 1000, 1):.0f} ms"
    if left < MINUTE:
        return f"{left:.1f} s" if left % 1 and left < MINUTE / 6 else f"{left:.0f} s"
    units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s")]
    parts = []
    for size, name in units:
        number, left = divmod(int(left), size)
        parts.append(f"{number} {name}")
    first = next(place for place, part in enumerate(parts) if not part.startswith("0 "))
    return " ".join(part for part in parts[first : first + 2] if not part.startswith("0 "))


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """3 min ago; in 2 h. `now`: by default this moment."""
    if value is None:
        return NONE
    seconds = ((now or datetime.now(UTC)) - value).total_seconds()
    said = duration(abs(seconds) if abs(seconds) >= MINUTE else int(abs(seconds)))
    return f"{said} ago" if seconds >= 0 else f"in {said}"


def shortened(text: str, most: int) -> str:
    """On one line, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


FILTERS = {one.__name__: one for one in (money, whole, percent, moment, iso, duration, ago, shortened, counted)}
