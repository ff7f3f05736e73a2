"""Alert rules: a small language, read strictly, and checked against a run."""

from hub_config.reports.changes.alerts.checking import AlertResult, check_alerts
from hub_config.reports.changes.alerts.rules import AlertRule, parse_alert

__all__ = ["AlertResult", "AlertRule", "check_alerts", "parse_alert"]
