"""One rule for times on all pages: the clock of the project's zone, the zone named, the instant itself beside it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup, escape

from hub_config.reports.calendar import Schedule, fire_times, load_zone, next_slots

__all__ = ["NO_PROJECT_ZONE", "due_times", "moment_text", "time_element"]

TIMES_SHOWN = 5
NO_PROJECT_ZONE = "UTC"  # of runs that the command line wrote


def moment_text(written: str | None, zone: str, *, to_the_second: bool = False) -> str:
    """Write a moment as the clock of a zone shows it.

    Parameters
    ----------
    written : str or None
        ISO 8601; UTC where it names no offset.
    zone : str
        IANA name.
    to_the_second : bool, default False
        Whether seconds are shown, as for what follows quickly.

    Returns
    -------
    str
        ``2026-11-27 07:00 Asia/Seoul``, with the offset where the clock shows that hour twice; '' for None or what is
        no moment.
    """
    clock, name = _parts(written, zone, to_the_second=to_the_second)
    return f"{clock} {name}".strip()


def time_element(written: str | None, zone: str, *, to_the_second: bool = False) -> Markup:
    """Write a moment as an element of a page.

    Parameters
    ----------
    written : str or None
        ISO 8601; UTC where it names no offset.
    zone : str
        IANA name.
    to_the_second : bool, default False
        Whether seconds are shown, as for what follows quickly.

    Returns
    -------
    Markup
        ``<time>`` with the instant for programs, and for readers the clock and the zone; '' for None or what is no
        moment.
    """
    clock, name = _parts(written, zone, to_the_second=to_the_second)
    if not clock:
        return Markup()
    parts = tuple(escape(part) for part in (written, clock, name))
    return Markup('<time datetime="{}">{} <span class="zone">{}</span></time>').format(*parts)


def due_times(schedules: Sequence[Schedule], after: datetime, *, language: str) -> list[Markup]:
    """Write the next times at which something is due, as elements of a page.

    Parameters
    ----------
    schedules : sequence of Schedule
        Of one definition; none is never due.
    after : datetime
        An instant, with its offset.
    language : str
        ``en`` or ``ko``.

    Returns
    -------
    list of Markup
        At most five, each with the day of the week, the offset and the zone.
    """
    if not schedules:
        return []
    slots = next_slots(schedules, after, n=TIMES_SHOWN)
    said = fire_times(schedules, after, n=TIMES_SHOWN, language=language)
    element = Markup('<time datetime="{}">{} <span class="zone">{}</span></time>')
    return [element.format(slot.at.isoformat(), words, slot.zone) for slot, words in zip(slots, said, strict=True)]


def _parts(written: str | None, zone: str, *, to_the_second: bool) -> tuple[str, str]:
    try:
        moment = datetime.fromisoformat(written) if written else None
    except ValueError:
        moment = None
    if moment is None:
        return "", ""
    instant = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    local = instant.astimezone(load_zone(zone))
    other = local.replace(fold=1 - local.fold)
    is_twice = other.utcoffset() != local.utcoffset() and other.astimezone(UTC).astimezone(local.tzinfo) == other
    offset = f" (UTC{local.isoformat(timespec='minutes')[-6:]})" if is_twice else ""
    return f"{local:%Y-%m-%d %H:%M:%S}"[: 19 if to_the_second else 16], f"{zone}{offset}"
