"""The database of the reports service: the queue, the definitions and their slots, and what became of every run."""

from hub_config.reports.database.connection import Database, open_database
from hub_config.reports.database.leases import ask_to_stop, take_runs
from hub_config.reports.database.migrating import bring_up_to_date
from hub_config.reports.database.states import ACTIVE, FINAL, FOLLOWS
from hub_config.reports.database.submissions import Batch, NewRun, Submission
from hub_config.reports.database.watch import Watch

__all__ = [
    "ACTIVE",
    "FINAL",
    "FOLLOWS",
    "Batch",
    "Database",
    "NewRun",
    "Submission",
    "Watch",
    "ask_to_stop",
    "bring_up_to_date",
    "open_database",
    "take_runs",
]
