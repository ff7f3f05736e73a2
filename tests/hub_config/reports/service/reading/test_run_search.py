"""What the history's form may ask for."""

import pytest

from hub_config.reports.service.reading.run_search import RunSearch, read_search


def search(**given: str) -> RunSearch:
    return read_search(lambda name: given.get(name, ""))


def test_nothing_asked_is_any_run():
    assert search().to_filter().conditions() == []


def test_the_last_day_is_included():
    wanted = search(since="2026-11-01", until="2026-11-30").to_filter()
    assert (wanted.since, wanted.until) == ("2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z")


def test_a_run_that_closes_counts_as_running():
    assert search(state="running").to_filter().states == ["running", "closing"]


def test_blanks_around_words_do_not_count():
    assert search(who=" kim ").who == "kim"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"state": "closing"}, "search_state"),
        ({"state": "RUNNING"}, "search_state"),
        ({"since": "2026-02-30"}, "search_day"),
        ({"until": "20261101"}, "search_day"),
        ({"until": "2026-W48-1"}, "search_day"),
        ({"until": "9999-12-31"}, "search_day"),
        ({"since": "' OR 1=1 --"}, "search_day"),
    ],
)
def test_what_cannot_be_meant_is_named(given, problem):
    assert search(**given).problem == problem


def test_the_address_of_another_page_keeps_the_filters_and_escapes_them():
    assert search(project="~kim", who="a&b=c").address(3) == "?project=~kim&who=a%26b%3Dc&page=3"
