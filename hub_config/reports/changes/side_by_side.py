"""Two runs side by side: what each was, and what changed between them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.reports.changes.declared_outputs import read_declared
from hub_config.reports.changes.differences import Tolerances
from hub_config.reports.changes.run_facts import RunFacts
from hub_config.reports.changes.what_changed import Changes, changes_between

__all__ = ["RunComparison", "compare_runs"]


@dataclass(frozen=True)
class RunComparison:
    """Two runs.

    Parameters
    ----------
    before, after : RunFacts
        What each run was and was made from.
    changes : Changes
        What changed from the first to the second.
    """

    before: RunFacts
    after: RunFacts
    changes: Changes

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as types that JSON knows.

        Returns
        -------
        dict
            Keys schema, before, after, changes.
        """
        return {
            "schema": "cohorthub.comparison/1",
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "changes": self.changes.to_dict(),
        }


def compare_runs(folder_a: Path, folder_b: Path, *, tolerances: Tolerances | None = None) -> RunComparison:
    """Put two runs side by side.

    Parameters
    ----------
    folder_a, folder_b : Path
        Their folders, the earlier run first; whatever is missing in them is said in the remarks.
    tolerances : Tolerances, optional
        When two numbers count as the same; `Tolerances` says what is usual.

    Returns
    -------
    RunComparison
        Frozen; ``to_dict()`` gives it as JSON knows it.
    """
    before, after = read_declared(folder_a), read_declared(folder_b)
    changes = changes_between(before, after, tolerances=tolerances or Tolerances())
    return RunComparison(before.facts, after.facts, changes)
