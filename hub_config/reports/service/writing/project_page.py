"""The page of one project: what it is for, who is in it, what it may do, and its reports."""

import datetime as dt
from collections.abc import Iterator

from tornado.web import HTTPError

from hub_config.projects import Action, Project, Role
from hub_config.reports.desk.errors import NotAllowedError, ProjectUnknownError
from hub_config.reports.service.reading.history import sections_for
from hub_config.reports.service.texts import Texts
from hub_config.reports.service.writing.definition_pages import DefinitionPage

__all__ = ["ProjectHandler"]

REPORTS_OF_PROJECT = 1_000


class ProjectHandler(DefinitionPage):
    """One project."""

    async def get(self, name: str) -> None:
        """Show it; to operators, also what is wrong with files of projects.

        Parameters
        ----------
        name : str
            Which project.
        """
        broken = self.desk.book.refused() if self.person.is_operator else {}
        refused = {one: self.texts.said(str(why)) for one, why in broken.items()}
        if name in refused:
            self.show("project_broken.html", name=name, why=refused[name])
            return
        try:
            project = self.desk.project(name, person=self.person, action=Action.READ)
        except (ProjectUnknownError, NotAllowedError) as unknown:
            raise HTTPError(404) from unknown
        sections = await sections_for(self, [project], most=REPORTS_OF_PROJECT)
        self.show(
            "project.html",
            project=project,
            sections=sections,
            facts=list(_facts(project, self.texts)),
            members={role.value: _members(project, role) for role in Role},
            is_over=project.is_expired(dt.datetime.now(dt.UTC)),
            may_define=self.may(project, Action.DEFINE),
            sees_secrets=self.may(project, Action.REMOVE_SECRET),
            refused=refused,
        )


def _members(project: Project, role: Role) -> list[str]:
    return sorted(person for person, own in project.members.items() if own is role)


def _facts(project: Project, texts: Texts) -> Iterator[tuple[str, str]]:
    yield texts["label_datasets"], _datasets(project, texts)
    yield texts["label_zone"], project.timezone
    yield texts["label_expires"], project.expires.isoformat() if project.expires else texts["none_set"]
    limits = project.limits
    times = texts.text("limits", cell=texts.duration(limits.cell_seconds), run=texts.duration(limits.run_seconds))
    yield texts["label_limits"], times
    yield texts["label_queue"], texts.text("queue_limits", running=limits.max_running, queued=limits.max_queued)
    kept = limits.keep_days
    yield texts["label_retention"], texts.text("kept_days", n=kept) if kept else texts["kept_for_ever"]
    yield texts["label_account"], project.account
    yield texts["label_targets"], ", ".join(project.notify) or texts["none_set"]


def _datasets(project: Project, texts: Texts) -> str:
    return texts["datasets_all"] if project.datasets == ("*",) else ", ".join(project.datasets) or texts["none_set"]
