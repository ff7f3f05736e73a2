"""The commands that speak to the reports service, and those that look at runs of one's own without one."""

from hub_config.reports.command.comparing import diff
from hub_config.reports.command.keeping import keep, remove
from hub_config.reports.command.looking import cancel, list_, show
from hub_config.reports.command.notifying import notify_test
from hub_config.reports.command.running import run_at_service
from hub_config.reports.command.scheduling import schedule
from hub_config.reports.command.service_options import service_options, wants_service

__all__ = [
    "cancel",
    "diff",
    "keep",
    "list_",
    "notify_test",
    "remove",
    "run_at_service",
    "schedule",
    "service_options",
    "show",
    "wants_service",
]
