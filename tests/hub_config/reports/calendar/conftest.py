"""A schedule that many tests use."""

import pytest

from hub_config.reports.calendar import Schedule


@pytest.fixture
def seoul() -> Schedule:
    """Every weekday at seven in Seoul."""
    return Schedule(cron="0 7 * * 1-5", zone="Asia/Seoul")
