"""The templates on offer: the reports that ship with CohortHub, those that cannot be run included."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub_config.errors import HubError
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.templates.templates import inspect_template

__all__ = ["Offer", "Shelf"]


@dataclass(frozen=True)
class Offer:
    """One template as the pages show it.

    Parameters
    ----------
    name : str
        File name without ending; part of the page's address.
    path : Path
        The notebook.
    title : str
        Its first heading, else its name.
    description : str
        The first paragraph below that, or ''.
    parameters : sequence of Parameter
        What it can be told.
    broken : str or None
        Why it cannot be run, or None.
    """

    name: str
    path: Path
    title: str
    description: str = ""
    parameters: Sequence[Parameter] = ()
    broken: str | None = None


@dataclass
class Shelf:
    """The templates of one folder; a file is read again only when it has changed.

    Parameters
    ----------
    folder : Path
        Where the notebooks lie.
    """

    folder: Path
    _read: dict[Path, tuple[tuple[int, int], Offer]] = field(default_factory=dict)

    def offers(self) -> list[Offer]:
        """Return all templates, by title, those that cannot be run last.

        Returns
        -------
        list of Offer
            For those that cannot be run the page says why.
        """
        files = [file for file in self.folder.glob("*.ipynb") if not file.name.startswith(".") and file.is_file()]
        return sorted(
            (self._offer(file) for file in files), key=lambda offer: (offer.broken is not None, offer.title.casefold())
        )

    def get(self, name: str) -> Offer | None:
        """Return the template called `name`.

        Parameters
        ----------
        name : str
            Compared with the names there are, never used as a path.

        Returns
        -------
        Offer or None
            None if there is none.
        """
        return next((offer for offer in self.offers() if offer.name == name), None)

    def _offer(self, file: Path) -> Offer:
        status = file.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._read.get(file)
        if known is None or known[0] != stamp:
            known = stamp, _look_at(file)
            self._read[file] = known
        return known[1]


def _look_at(file: Path) -> Offer:
    try:
        template = inspect_template(file)
    except HubError as refused:
        return Offer(file.stem, file, file.stem, broken=str(refused))
    return Offer(file.stem, file, template.title, template.description, template.parameters)
