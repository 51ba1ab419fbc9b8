"""When a feed may be asked again: once an interval, later after each failure."""

from datetime import UTC, datetime, timedelta

LONGEST_RETRY_AFTER = 3600.0  # seconds; a feed that asks for more is asked again after an hour


def back_off(failures: int, interval: float, longest: float, retry_after: float = 0.0) -> float:
    """Return the seconds to wait after the last of `failures` failures in a row.

    The first failure costs one interval, each further one twice as much up to `longest`; what the
    server asks for in Retry-After is honoured up to an hour.
    """
    doubled = interval * 2.0 ** min(max(failures, 1) - 1, 20)
    return max(interval, min(doubled, longest), min(retry_after, LONGEST_RETRY_AFTER))


def read_retry_after(value: str | None, now: datetime) -> float:
    """Return the seconds of a Retry-After header: a number or a date; 0 when it says nothing."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    from email.utils import parsedate_to_datetime  # ten milliseconds of import, rarely needed

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now) / timedelta(seconds=1))
