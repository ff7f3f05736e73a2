import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from analysis_lib.compute import Cluster, cluster


@pytest.fixture(scope="module")
def open_cluster() -> Iterator[Cluster]:
    """Two small workers, for all tests of a module."""
    with cluster(workers=2, memory_limit="512 MiB") as opened:
        yield opened


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Wait for a condition, and fail with a sentence when it does not come."""

    def wait(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"after {seconds} s still not so: {what}"
            time.sleep(0.05)

    return wait


@pytest.fixture
def started() -> Callable[[], list[psutil.Process]]:
    """List the processes that a test has started; a database server of other tests may run beside them."""
    before = set(psutil.Process().children(recursive=True))
    return lambda: [each for each in psutil.Process().children(recursive=True) if each not in before]
