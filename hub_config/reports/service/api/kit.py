"""What every endpoint works with."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hub_config.reports.desk import Desk
from hub_config.reports.service.api.rate_limits import RateLimit
from hub_config.reports.service.board import Board
from hub_config.reports.service.shelf import Shelf

__all__ = ["Kit"]

THREADS = 4  # a notebook that takes a second to read holds up neither the pages nor the keeper


@dataclass(frozen=True)
class Kit:
    """The rooms behind the API.

    Parameters
    ----------
    desk : Desk
        Where requests are checked and written down.
    board : Board
        The runs that a person may see.
    shelf : Shelf
        The templates that ship.
    prefix : str
        Where the service lies.
    limit : RateLimit
        Of each token.
    began : datetime
        When the service began.
    threads : ThreadPoolExecutor
        Where endpoints work.
    """

    desk: Desk
    board: Board
    shelf: Shelf
    prefix: str
    limit: RateLimit
    began: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "reports-api"))
