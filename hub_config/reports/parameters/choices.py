"""Which data sets, cohorts and secrets there are: asked of whoever knows, when a run is asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub_config.reports.parameters.values import NAMED, ParameterType

__all__ = ["Choices", "KnownNames", "why_unknown"]

_MOST_LISTED = 20
_KINDS = {"Dataset": "data set", "Cohort": "cohort", "Secret": "secret"}


class Choices(Protocol):
    """What a project's reports may name; the service reads it from the project's folder and the catalog."""

    def datasets(self) -> Mapping[str, Sequence[str]]:
        """Give the releases of every data set that the project may read, by name."""

    def cohorts(self) -> Collection[str]:
        """Give the names of the cohorts."""

    def secrets(self) -> Collection[str] | None:
        """Give the names of the secrets, or None if they are checked elsewhere; their values are no business here."""


@dataclass(frozen=True)
class KnownNames:
    """`Choices` that are known already.

    Parameters
    ----------
    dataset_releases : mapping
        Releases by the name of a data set.
    cohort_names : collection of str
        Names of cohorts.
    secret_names : collection of str
        Names of secrets.
    """

    dataset_releases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cohort_names: Collection[str] = ()
    secret_names: Collection[str] = ()

    def datasets(self) -> Mapping[str, Sequence[str]]:
        """Give the releases of every data set.

        Returns
        -------
        mapping
            Releases by name.
        """
        return self.dataset_releases

    def cohorts(self) -> Collection[str]:
        """Give the names of the cohorts.

        Returns
        -------
        collection of str
            The names.
        """
        return self.cohort_names

    def secrets(self) -> Collection[str]:
        """Give the names of the secrets.

        Returns
        -------
        collection of str
            The names.
        """
        return self.secret_names


def why_unknown(declared: ParameterType, value: Any, *, choices: Choices | None) -> str | None:
    """Say why a value names nothing that exists.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    value : object
        A value that fits it.
    choices : Choices or None
        What exists; None asks nobody.

    Returns
    -------
    str or None
        What was wanted and which names are known; None if all that is named exists. Never the name that was given: a
        secret may have been typed where its name belongs.
    """
    kind = declared.item if declared.kind == "list" else declared.kind
    if choices is None or value is None or kind not in NAMED or (kind == "Secret" and choices.secrets() is None):
        return None
    known = names_of(kind, choices)
    for position, name in enumerate(value if isinstance(value, list) else [value], start=1):
        if name not in known:
            where = f" as item {position}" if isinstance(value, list) else ""
            return f"wanted {_wanted(kind, name, choices=choices)}; found another name{where}"
    return None


def names_of(kind: str, choices: Choices) -> list[str]:
    """List what a value of this kind may be: for a data set its name, and its name with each release."""
    if kind == "Cohort":
        return sorted(choices.cohorts())
    if kind == "Secret":
        return sorted(choices.secrets() or ())
    releases = choices.datasets()
    return [name for one in sorted(releases) for name in (one, *(f"{one}@{release}" for release in releases[one]))]


def _wanted(kind: str, name: str, *, choices: Choices) -> str:
    dataset, at, _ = name.partition("@")
    if kind == "Dataset" and at and dataset in choices.datasets():
        return f"a release that the data set has, one of {_listed(choices.datasets()[dataset])}"
    known = choices.datasets() if kind == "Dataset" else names_of(kind, choices)
    return f"the name of a {_KINDS[kind]} that there is, one of {_listed(known)}"


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - _MOST_LISTED} more" if len(shown) > _MOST_LISTED else ""
    return (", ".join(shown[:_MOST_LISTED]) or "none") + more
