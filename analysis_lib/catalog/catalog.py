"""The data sets there are."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.dataset import Dataset
from analysis_lib.catalog.display import about_persons, catalog_html
from analysis_lib.catalog.nearest import did_you_mean
from analysis_lib.catalog.paths import data_folder
from analysis_lib.catalog.pins import allowed, check_allowed, pinned_release, split_release
from analysis_lib.catalog.reading import note_read
from analysis_lib.catalog.releases import check_release, latest_release, may_not_read, names_in, releases_in
from analysis_lib.catalog.text import years_text
from analysis_lib.errors import DamagedReleaseError, DatasetNotFoundError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

_NAME_IN_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Catalog(Mapping[str, Dataset]):
    """All data sets of one data folder: a mapping from name to newest release, or from ``NAME@RELEASE`` to that one.

    In a project's run only its data sets are there, and a name stands for the release that the run is pinned to.

    Parameters
    ----------
    path : Path
        The data folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, name: str) -> Dataset:
        """Open the newest release of a data set, the pinned one, or that of ``NAME@RELEASE``."""
        return self.dataset(name)

    def __iter__(self) -> Iterator[str]:
        """Go through the names, sorted."""
        return iter(self._names())

    def __len__(self) -> int:
        """Count the data sets."""
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        """Tell whether there is a data set of that name, or a release ``NAME@RELEASE``, without opening it."""
        bare, sign, release = str(name).partition("@")
        return bare in self._names() and (not sign or release in releases_in(self.path / bare))

    def _names(self) -> list[str]:
        return allowed(names_in(self.path))

    def dataset(self, name: str, *, release: str | None = None) -> Dataset:
        """Open a release of a data set.

        Parameters
        ----------
        name : str
            The data set, or ``NAME@RELEASE``.
        release : str, optional
            One of its releases; when left out the one that ``COHORTHUB_RELEASES`` pins, else the newest.

        Returns
        -------
        Dataset
            The release.

        Raises
        ------
        DatasetNotFoundError
            If there is no such data set or release, or the project may not open it; the known ones are named.
        DamagedReleaseError
            If its manifest is not as it was written.
        """
        found = self._open(name, release)
        note_read(found)
        return found

    def _open(self, name: str, release: str | None = None) -> Dataset:
        bare, named = split_release(name, release)
        folder = self._folder(bare)
        chosen = self._release(folder, named or pinned_release(bare))
        return Dataset.open(folder / (chosen or str(latest_release(folder))))

    def check(self, name: str, *, release: str | None = None) -> dict[str, dict[str, str]]:
        """Compare every file of a data set with its checksum.

        Parameters
        ----------
        name : str
            The data set.
        release : str, optional
            One of its releases; all of them when left out.

        Returns
        -------
        dict of str to dict
            For each release what `check_release` says: empty when all is as written.

        Raises
        ------
        DatasetNotFoundError
            If there is no such data set or release.
        """
        folder = self._folder(name)
        chosen = self._release(folder, release)
        return {found: check_release(folder / found) for found in ([chosen] if chosen else releases_in(folder))}

    def search(self, text: str = "", *, limit: int = 25) -> "pd.DataFrame":
        """Find concepts in all data sets.

        Parameters
        ----------
        text : str, default ""
            As in `Dataset.search_concepts`.
        limit : int, default 25
            Rows at most for each data set.

        Returns
        -------
        DataFrame
            As `Dataset.search_concepts` says, with `dataset` before; data sets that cannot be opened are left out.
            Data sets of other kinds than ``omop`` have no concepts.
        """
        import pandas as pd

        frames = []
        for name in self:
            try:
                dataset = self.dataset(name)
            except DamagedReleaseError as error:
                logger.warning("not searched: %s", error)
                continue
            found = dataset.search_concepts(text, limit=limit)
            found.insert(0, "dataset", name)
            frames.append(found)
        filled = [frame for frame in frames if len(frame)] or frames[:1]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame({"dataset": []})

    def _folder(self, name: str) -> Path:
        check_allowed(name)
        known = self._names()
        if name in known:
            return self.path / name
        if isinstance(name, str) and _NAME_IN_FOLDER.fullmatch(name) and may_not_read(self.path / name):
            raise DatasetNotFoundError(
                f"data set '{name}' is there, but not for this account; its folder may not be read. "
                "Ask whoever keeps the data for access."
            )
        listed = f"known: {', '.join(known)}" if known else f"there are none in {self.path}"
        raise DatasetNotFoundError(
            f"there is no data set {ascii(name)[:66]};{did_you_mean(name, known)} {listed}. "
            "Use a known name, or import it with 'cohorthub data import omop FILE --name NAME'."
        )

    def _release(self, folder: Path, release: str | None) -> str | None:
        releases = releases_in(folder)
        if release is None or release in releases:
            return release
        raise DatasetNotFoundError(
            f"'{folder.name}' has no release {ascii(release)[:40]};{did_you_mean(release, releases)} "
            f"known: {', '.join(releases)}. Use one of these."
        )

    def listing(self) -> list[dict[str, Any]]:
        """Describe every data set's newest release, as a list anybody may see.

        Returns
        -------
        list of dict
            `name`, `title`, `kind`, `cdm_version`, `release`, `persons_rounded`, `years`, `tables` (those with
            rows), and `problem`, which is None unless the release cannot be opened.
        """
        return [self._describe(name) for name in self]

    def _describe(self, name: str) -> dict[str, Any]:
        try:
            found = self._open(name)  # a list of what there is reads nobody's data
        except DamagedReleaseError as error:
            return {
                "name": name,
                "title": "(cannot be opened)",
                "kind": "",
                "cdm_version": "",
                "release": (releases_in(self.path / name) or [""])[-1],
                "persons_rounded": 0,
                "years": None,
                "tables": [],
                "problem": str(error),
            }
        return {
            "name": name,
            "title": found.title,
            "kind": found.manifest.kind,
            "cdm_version": found.cdm_version,
            "release": found.release,
            "persons_rounded": about_persons(found.n_persons),
            "years": list(found.years) if found.years else None,
            "tables": [table for table, entry in found.tables.items() if entry.rows],
            "problem": None,
        }

    def __repr__(self) -> str:
        """List the data sets, one line each."""
        lines = [
            f"{item['name']}: {item['title']}, about {item['persons_rounded']:,} persons, "
            f"{years_text(item['years'])}, release {item['release']}"
            for item in self.listing()
        ]
        return "\n".join(lines) or "no data sets yet"

    def _repr_html_(self) -> str:
        return catalog_html(self)


def open_catalog(path: str | os.PathLike[str] | None = None) -> Catalog:
    """Open the catalog of data sets.

    Parameters
    ----------
    path : path, optional
        The data folder; when left out, ``COHORTHUB_DATA``, else that of the home ``COHORTHUB_HOME`` or ``.cohorthub``:
        what its ``cohorthub.toml`` says, else ``data``.

    Returns
    -------
    Catalog
        A mapping from name to `Dataset`; ``open_catalog()["gibleed"]`` opens the newest release, or the one that
        ``COHORTHUB_RELEASES`` pins; ``open_catalog()["gibleed@RELEASE"]`` opens that one.
    """
    return Catalog(data_folder(path))
