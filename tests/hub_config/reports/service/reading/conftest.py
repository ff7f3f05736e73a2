"""A home with one project and a database, without a hub."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_config.reports.database import Database, bring_up_to_date, open_database
from hub_config.reports.desk import Person, ProjectBook
from hub_config.reports.service.board import Board
from hub_config.reports.service.reading.comparisons import Comparisons
from hub_config.reports.service.reading.portal import Portal

from ..planted import write_project


@dataclass
class Bench:
    """What the pages read from."""

    home: Path
    database: Database
    person: Person

    @property
    def board(self) -> Board:
        """All runs."""
        return Board(database=self.database, book=ProjectBook(self.home))

    def run(self, run_id: str):
        """A run as the reader sees it."""
        found = self.board.find(run_id, person=self.person)
        assert found is not None
        return found


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Bench]:
    """A project with a lead and a reader."""
    database = open_database(None, home=tmp_path)
    bring_up_to_date(database)
    read = Bench(tmp_path, database, Person("researcher-2"))
    write_project(read)
    yield read
    database.close()


@pytest.fixture
def portal(read: Bench) -> Portal:
    return Portal(read.database)


@pytest.fixture
def comparisons(read: Bench) -> Comparisons:
    return Comparisons(read.database)
