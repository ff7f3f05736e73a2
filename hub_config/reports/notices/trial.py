"""A notice that only tries whether notices arrive."""

import datetime as dt

from hub_config.projects import Event, Project
from hub_config.reports.notices.notice import Language, Letter, Notice

__all__ = ["trial_letter"]


def trial_letter(project: Project, *, link: str, when: dt.datetime, language: Language) -> Letter:
    """Write a letter that says that it is a test, and is sent as all others are.

    Parameters
    ----------
    project : Project
        Whose target is tried.
    link : str
        Address of the project's page.
    when : datetime
        With the project's time zone.
    language : {"en", "ko"}
        The target's.

    Returns
    -------
    Letter
        Of one notice.
    """
    notice = Notice(
        project=project.name,
        title=project.title,
        run_id="test",
        event=Event.SUCCEEDED,
        when=when,
        link=link,
        language=language,
        is_test=True,
    )
    return Letter((notice,))
