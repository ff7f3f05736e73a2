"""The home's folder is made by one, whoever else tries at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hub_config.home import Home, make_home


def test_of_those_who_make_a_home_together_one_has_made_it(tmp_path: Path) -> None:
    together = 6
    with ThreadPoolExecutor(together) as pool:
        for number in range(30):
            home = Home(tmp_path / "a folder above" / str(number))
            barrier = threading.Barrier(together)

            def make(home: Home = home, barrier: threading.Barrier = barrier) -> bool:
                barrier.wait(timeout=10)
                return make_home(home)

            made = [answer.result() for answer in [pool.submit(make) for _ in range(together)]]
            assert made.count(True) == 1
