"""Zones come from the locked package, and a clock on the wall first shows a time at one instant."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

import pytest
import tzdata
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hub_config.projects import Project, Role
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.zones import first_moment, load_zone, next_change, wall_time
from hub_config.time_zones import read_zone

ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
        "Asia/Beirut",
        "America/Nuuk",
        "America/St_Johns",
    ]
)
WALLS = st.datetimes(datetime.fromisoformat("1975-01-01T00:00"), datetime.fromisoformat("2037-12-31T00:00")).map(
    lambda wall: wall.replace(microsecond=0, fold=0)
)


@pytest.fixture
def system_that_takes_seoul_for_utc(tmp_path: Path) -> Iterator[None]:
    """Zone files of the system that say something else than the package."""
    (tmp_path / "Asia").mkdir()
    package = Path(next(iter(tzdata.__path__)))
    (tmp_path / "Asia" / "Seoul").write_bytes((package / "zoneinfo" / "Etc" / "UTC").read_bytes())
    zoneinfo.reset_tzpath(to=[str(tmp_path)])
    yield
    zoneinfo.reset_tzpath()
    ZoneInfo.clear_cache()


@pytest.mark.usefixtures("system_that_takes_seoul_for_utc")
def test_the_package_is_believed_where_the_system_disagrees():
    at = datetime(2026, 11, 27, tzinfo=UTC)
    assert at.astimezone(ZoneInfo.no_cache("Asia/Seoul")).utcoffset() == timedelta(0)
    read_zone.cache_clear()
    assert at.astimezone(load_zone("Asia/Seoul")).utcoffset() == timedelta(hours=9)


def test_the_rules_are_those_of_2026():
    # Morocco gave up its clock changes in September 2026, British Columbia in November.
    winter = datetime(2027, 1, 15, tzinfo=UTC)
    assert winter.astimezone(load_zone("Africa/Casablanca")).utcoffset() == timedelta(0)
    assert winter.astimezone(load_zone("America/Vancouver")).utcoffset() == timedelta(hours=-7)


@settings(max_examples=300, deadline=None)
@given(name=ZONES, wall=WALLS)
def test_a_first_moment_is_the_first_at_which_the_wall_shows_the_time_or_a_later_one(name, wall):
    zone = load_zone(name)
    at = first_moment(wall, zone)
    assert wall_time(at, zone) >= wall
    assert all(wall_time(at - timedelta(seconds=back), zone) < wall for back in (1, 60, 1_800, 3_600, 7_200, 86_400))


@settings(max_examples=300, deadline=None)
@given(name=ZONES, wall=WALLS, later=st.integers(0, 200_000))
def test_first_moments_never_fall(name, wall, later):
    zone = load_zone(name)
    assert first_moment(wall, zone) <= first_moment(wall + timedelta(seconds=later), zone)


@settings(max_examples=300, deadline=None)
@given(name=ZONES, wall=WALLS)
def test_an_offset_ends_where_the_next_begins(name, wall):
    zone, at = load_zone(name), wall.replace(tzinfo=UTC)
    end = next_change(at, zone)
    offset = at.astimezone(zone).utcoffset()
    assert at < end <= at + timedelta(days=1)
    assert (end - timedelta(seconds=1)).astimezone(zone).utcoffset() == offset
    assert end == at + timedelta(days=1) or end.astimezone(zone).utcoffset() != offset


def _listed() -> list[str]:
    return (Path(next(iter(tzdata.__path__))) / "zones").read_text(encoding="utf-8").split()


def test_a_project_takes_just_the_zones_that_schedules_know() -> None:
    members = MappingProxyType({"ada": Role.LEAD})
    for name in sorted(available_timezones() | frozenset(_listed())):
        try:
            known = load_zone(name).key
        except ScheduleError:
            with pytest.raises(ValidationError):
                Project(name="p", title="P", members=members, timezone=name)
        else:
            assert Project(name="p", title="P", members=members, timezone=name).timezone == known
