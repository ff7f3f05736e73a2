"""The tests of runners use the queues of the database's tests."""

from ..database.conftest import database, empty, queue, server

__all__ = ["database", "empty", "queue", "server"]
