import threading
import traceback

import pytest

from analysis_lib.compute import map_buckets, mapping_place
from analysis_lib.errors import AnalysisError, BucketFailedError


def test_results_come_in_the_order_of_the_items_whatever_finishes_first():
    first_may_end = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            first_may_end.wait(1)
        first_may_end.set()
        return number * number

    assert map_buckets(work, range(6)) == [0, 1, 4, 9, 16, 25]


def test_no_items_give_no_results():
    assert map_buckets(str, []) == []


def test_without_a_cluster_it_says_that_threads_do_the_work(caplog):
    with caplog.at_level("INFO", logger="analysis_lib.compute.buckets"):
        map_buckets(abs, [-1, -2, -3])
    assert "mapping abs over 3 items" in caplog.text
    assert "no cluster is open" in caplog.text
    assert "of this process" in mapping_place()


def test_an_unforeseen_error_is_reworded_without_its_text():
    def work(number: int) -> int:
        raise KeyError("MARKED-PERSON-4711")

    with pytest.raises(BucketFailedError, match=r"item 1 of 2 failed; found KeyError in work") as caught:
        map_buckets(work, [7, 8])
    assert "MARKED" not in "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value.original, KeyError)


def test_an_error_of_the_library_passes_unchanged():
    def work(number: int) -> int:
        raise AnalysisError("a column is missing; found 3. Look again.")

    with pytest.raises(AnalysisError, match="a column is missing") as caught:
        map_buckets(work, [1])
    assert type(caught.value) is AnalysisError


def test_after_an_error_the_items_not_yet_begun_are_dropped():
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError
        threading.Event().wait(0.02)

    with pytest.raises(BucketFailedError):
        map_buckets(work, range(500))
    assert len(begun) < 500
