"""Who asks, and what they may see."""

from dataclasses import dataclass

__all__ = ["Person"]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in.

    Parameters
    ----------
    name : str
        The hub's name for them.
    is_operator : bool
        Whether the hub calls them an admin: they see everybody's runs.
    """

    name: str
    is_operator: bool = False

    def may_see(self, owner: str | None) -> bool:
        """Tell whether this person may see, read and cancel a run.

        Parameters
        ----------
        owner : str or None
            Who asked for the run; None for one from the command line, which belongs to the operators.

        Returns
        -------
        bool
            True for one's own runs and for operators.
        """
        return self.is_operator or (owner is not None and owner == self.name)
