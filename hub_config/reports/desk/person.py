"""Who asks, and what they may do."""

from dataclasses import dataclass

from hub_config.projects import Action, Project, may

__all__ = ["Person"]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in.

    Parameters
    ----------
    name : str
        The hub's name for them.
    is_operator : bool
        Whether the hub calls them an admin: they look after everybody's runs.
    """

    name: str
    is_operator: bool = False

    def may(self, project: Project, action: Action) -> bool:
        """Tell whether this person may do something in a project.

        Operators see, cancel and remove all runs; what a project runs is its members' business.

        Parameters
        ----------
        project : Project
            Which.
        action : Action
            What.

        Returns
        -------
        bool
            By their role, or as an operator.
        """
        return may(project, self.name, action=action) or (
            self.is_operator
            and action in {Action.READ, Action.READ_LOG, Action.CANCEL, Action.CANCEL_OWN, Action.REMOVE_RUN}
        )
