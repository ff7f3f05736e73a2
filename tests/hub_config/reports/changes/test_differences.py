"""When two numbers are the same."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config.reports.changes import Tolerance, Tolerances
from hub_config.reports.changes.differences import compute_difference
from hub_config.reports.changes.errors import ToleranceError

NUMBERS = st.one_of(st.none(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False))
USUAL = Tolerance()


@pytest.mark.parametrize(
    ("before", "after", "difference", "relative", "verdict"),
    [
        (20, 25, 5, 0.25, "changed"),
        (20, 21, 1, 0.05, "changed"),
        (-10, -5, 5, 0.5, "changed"),
        (0.1 + 0.2, 0.3, 0.3 - (0.1 + 0.2), (0.3 - (0.1 + 0.2)) / (0.1 + 0.2), "within"),
        (0, 5, 5, None, "changed"),
        (0.0, 1e-300, 1e-300, None, "changed"),
        (5, 5.0, 0, 0.0, "same"),
        (0, 0, 0, None, "same"),
        (2**62, 2**62 + 1, 1, 1 / 2**62, "changed"),
        (math.inf, math.inf, 0, None, "same"),
        (1.0, math.inf, math.inf, math.inf, "changed"),
        (math.inf, 1.0, -math.inf, None, "changed"),
        (-math.inf, math.inf, math.inf, None, "changed"),
        (None, None, None, None, "same"),
        (None, 3, None, None, "appeared"),
        (3, None, None, None, "vanished"),
    ],
)
def test_a_difference_is_what_it_is_by_hand(before, after, difference, relative, verdict):
    found = compute_difference(before, after, tolerance=USUAL)
    assert (found.difference, found.relative, found.verdict) == (difference, relative, verdict)


@given(NUMBERS)
def test_a_number_is_the_same_as_itself(number):
    assert compute_difference(number, number, tolerance=USUAL).verdict == "same"


@given(NUMBERS, NUMBERS, st.floats(0, 10), st.floats(0, 10))
def test_swapping_the_sides_negates_the_difference_and_keeps_the_verdict(before, after, absolute, relative):
    tolerance = Tolerance(absolute, relative)
    one = compute_difference(before, after, tolerance=tolerance)
    other = compute_difference(after, before, tolerance=tolerance)
    assert one.is_within == other.is_within
    assert (one.difference is None) == (other.difference is None)
    assert one.difference is None or one.difference == -other.difference


@given(NUMBERS, NUMBERS)
def test_every_difference_is_json(before, after):
    json.dumps(compute_difference(before, after, tolerance=USUAL).to_dict(), allow_nan=False)


def test_a_change_from_zero_is_said():
    assert compute_difference(0, 3, tolerance=USUAL).to_dict()["from_zero"]
    assert not compute_difference(1, 3, tolerance=USUAL).from_zero


def test_whole_numbers_are_exact_unless_a_tolerance_is_given_for_them():
    tolerances = Tolerances.from_document(
        {"events": {"absolute": 2, "exact_integers": False}, "others": {"absolute": 5}}
    )
    assert compute_difference(20, 22, tolerance=tolerances.of("events")).verdict == "within"
    assert compute_difference(20, 23, tolerance=tolerances.of("events")).verdict == "changed"
    assert compute_difference(20, 21, tolerance=tolerances.of("others")).verdict == "changed"
    assert compute_difference(20.5, 21.5, tolerance=tolerances.of("others")).verdict == "within"


def test_a_relative_tolerance_is_of_the_larger_number():
    tolerance = Tolerance(relative=0.1)
    assert compute_difference(90.0, 100.0, tolerance=tolerance).verdict == "within"
    assert compute_difference(89.9, 100.0, tolerance=tolerance).verdict == "changed"


@pytest.mark.parametrize(
    "document",
    [
        {"a": {"absolut": 1}},
        {"a": 3},
        {"a": {"absolute": -1}},
        {"a": {"relative": "1"}},
        {"a": {"relative": True}},
        {"a": {"absolute": math.nan}},
        {"a": {"absolute": math.inf}},
        {"a": {"exact_integers": "no"}},
    ],
)
def test_a_tolerance_that_is_none_is_refused(document):
    with pytest.raises(ToleranceError) as refused:
        Tolerances.from_document(document)
    assert refused.value.code == "REPORT-TOLERANCE"
