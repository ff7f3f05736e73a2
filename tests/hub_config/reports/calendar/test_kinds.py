"""The kind of a value gives nothing of the value away."""

from datetime import UTC, date, datetime

import pytest

from hub_config.reports.calendar.kinds import kind_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        (True, "true or false"),
        (7, "a number"),
        (7.5, "a number"),
        ("patient 12345", "text of 13 characters"),
        (" ", "empty text"),
        (datetime(2026, 11, 27, tzinfo=UTC), "a date-time with an offset"),
        (datetime.fromisoformat("2026-11-27"), "a date-time"),
        (date(2026, 11, 27), "a date"),
        (["a", "b"], "a list of 2"),
        (frozenset(), "a list of 0"),
        ({"a": 1}, "a table"),
        (b"12345", "a value of type bytes"),
    ],
)
def test_the_kind_of_a_value_is_said_in_words(value, kind):
    assert kind_of(value) == kind
