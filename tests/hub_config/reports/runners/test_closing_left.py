"""What other runners left is tried again, at first soon and then ever less often, until something new is left."""

import time
from pathlib import Path

import pytest

from hub_config.reports.runners.closing_left import AGAIN_S, LONGEST_AGAIN_S, ClosingLeft
from hub_config.reports.runners.messages import LeftRun

from ..conftest import wait_for


def try_to_close(closing: ClosingLeft, *left: LeftRun) -> int:
    """Let a process try it, and say how long nothing is tried after it."""
    closing.begin(left)
    assert closing._process is not None
    wait_for(lambda: (closing.look(), closing._process is None)[1])
    return round(closing._next - time.monotonic())


@pytest.fixture
def held(tmp_path: Path) -> LeftRun:
    """A folder that cannot be closed here: nobody has written its record yet."""
    (tmp_path / ".one.running").mkdir()
    return LeftRun("one", "interrupted", str(tmp_path))


def test_what_cannot_be_closed_is_tried_less_and_less_often(held: LeftRun, tmp_path: Path) -> None:
    closing, waits = ClosingLeft(), []
    for _ in range(7):
        waits.append(try_to_close(closing, held))
        closing.begin([held])
        assert closing._process is None, "not at once"
        closing._next = 0.0
    assert waits[0] == AGAIN_S
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_AGAIN_S
    assert closing.closed == {}
    new = LeftRun("two", "interrupted", str(tmp_path))
    closing._next = time.monotonic() + LONGEST_AGAIN_S
    closing.begin([held, new])
    assert closing._next - time.monotonic() <= AGAIN_S
    closing._next = 0.0
    assert try_to_close(closing, held, new) == AGAIN_S
    assert closing.closed == {"two": None}
