"""How a report was made: data, cohorts, software and outputs, for its last page."""

import platform
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

from analysis_lib.report.manifest import DataRelease, OutputManifest, StageEntry
from analysis_lib.tables import html_table

__all__ = ["Provenance", "installed_version"]

_PACKAGES = ("cohorthub", "pandas", "numpy", "scipy", "duckdb", "dask", "matplotlib")


@dataclass(frozen=True, repr=False)
class Provenance:
    """How a report was made, shown at its end.

    Attributes
    ----------
    title : str
        The report's.
    manifest : OutputManifest
        What it declared.
    started : datetime
        When, UTC.
    """

    title: str
    manifest: OutputManifest
    started: datetime

    def _facts(self) -> list[tuple[str, str]]:
        releases = [
            ("Data", f"{entry.name}, release {entry.release} (manifest {entry.manifest_sha256[:12]}){_asked(entry)}")
            for entry in self.manifest.data_releases
        ]
        cohorts = [
            ("Cohort", f"{entry.name}: {_persons(entry.persons)} (definition {entry.definition_sha256[:12]})")
            for entry in self.manifest.cohorts
        ]
        packages = ", ".join(f"{name} {installed_version(name)}" for name in _PACKAGES)
        return [
            ("Report", self.title),
            ("Run started", self.started.strftime("%Y-%m-%d %H:%M:%S UTC")),
            *releases,
            *cohorts,
            *self._stages(),
            ("Software", f"Python {platform.python_version()}; {packages}"),
        ]

    def _stages(self) -> list[tuple[str, str]]:
        stages = self.manifest.stages
        if self.manifest.unchanged_since is not None:
            since = self.manifest.unchanged_since
            return [("Stages", f"Nothing changed since {since}: {_names(stages)} kept from earlier runs")]
        kept, computed = ([stage for stage in stages if stage.reused is reused] for reused in (True, False))
        said = [f"{_names(computed)} computed"] if computed else []
        said += [f"{_names(kept)} kept from earlier runs"] if kept else []
        return [("Stages", "; ".join(said))] if said else []

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {fact}" for name, fact in self._facts())

    def _repr_html_(self) -> str:
        facts = html_table(["", ""], self._facts(), caption="How this report was made", left=2)
        outputs = [
            [record.id, record.title, record.method or "", _span(record.persons.values())]
            for record in self.manifest.outputs
        ]
        if not outputs:
            return facts
        header = ["Output", "What it shows", "Method", "Persons behind each count"]
        return facts + "<br>" + html_table(header, outputs, caption="Outputs declared", left=3)


def _asked(entry: DataRelease) -> str:
    return f", asked for by name; the run is pinned to {entry.pinned}" if entry.pinned else ""


def _names(stages: Iterable[StageEntry]) -> str:
    return ", ".join(stage.name for stage in stages)


def _span(counts: Collection[int]) -> str:
    """Write the smallest and the largest count: the smallest is what a disclosure check looks at first."""
    least, most = min(counts), max(counts)
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def installed_version(package: str) -> str:
    """Read the version of a package.

    Parameters
    ----------
    package : str
        Name of the distribution.

    Returns
    -------
    str
        Such as ``3.1.1``, or ``not installed``.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _persons(count: int) -> str:
    return f"{count:,} person" if count == 1 else f"{count:,} persons"
