"""The desk: every request, from page, API, command line or schedule, is checked here and written into the queue."""

from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.person import Person
from hub_config.reports.desk.project_book import COMMAND_LINE, ProjectBook

__all__ = ["COMMAND_LINE", "Desk", "Person", "ProjectBook"]
