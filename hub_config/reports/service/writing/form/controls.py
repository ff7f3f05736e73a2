"""What a page needs to know of one field, of a group of them and of a section."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Control", "Group", "Section"]

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Control:
    """One field of the form as it stands.

    Parameters
    ----------
    name : str
        Its name in the form and its id on the page.
    kind : str
        ``line``, ``lines``, ``check``, ``checks``, ``select``, ``radios``, ``day``, ``time``, ``seconds``, ``file`` or
        ``fixed``.
    label : str
        What people call it.
    help : str
        What to know when filling it in, or ''.
    texts : tuple of str
        What it holds; none where it is empty.
    options : tuple of tuple of str
        What may be chosen, each with its label; for a line, what is suggested.
    errors : tuple of str
        What is wrong with it.
    code : str
        The name of a parameter, shown behind the label.
    unit : str
        For a duration: the unit that is chosen.
    keyboard : str
        The on-screen keyboard that helps.
    inner : mapping
        For radio buttons: the fields that belong to each.
    rows : int
        For lines: how many are shown.
    """

    name: str
    kind: str
    label: str
    help: str = ""
    texts: tuple[str, ...] = ()
    options: Options = ()
    errors: tuple[str, ...] = ()
    code: str = ""
    unit: str = ""
    keyboard: str = "text"
    inner: Mapping[str, tuple["Control", ...]] = field(default_factory=dict)
    rows: int = 4

    @property
    def text(self) -> str:
        """What a field of one text holds."""
        return self.texts[0] if self.texts else ""

    @property
    def aria(self) -> dict[str, str]:
        """The attributes that lead to what is said about it."""
        said = ([f"{self.name}-error"] if self.errors else []) + ([f"{self.name}-help"] if self.help else [])
        described = {"aria-describedby": " ".join(said)} if said else {}
        return described | ({"aria-invalid": "true"} if self.errors else {})

    def all(self) -> list["Control"]:
        """Give it with all fields inside.

        Returns
        -------
        list of Control
            Itself first.
        """
        return [self, *(one for inner in self.inner.values() for each in inner for one in each.all())]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that belong together: a row, or those of a section.

    Parameters
    ----------
    controls : tuple of Control
        In order.
    legend : str
        What they are, or ''.
    kind : str
        For the page's style, or ''.
    removed_by : str
        What the button sends that takes the row away, or ''.
    """

    controls: tuple[Control, ...]
    legend: str = ""
    kind: str = ""
    removed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the form under one heading.

    Parameters
    ----------
    name : str
        Its id on the page.
    title : str
        The heading.
    lead : str
        A sentence below it, or ''.
    groups : tuple of Group
        In order.
    adds : str
        What the button sends that adds a row, or ''.
    is_open : bool
        Whether it is shown unfolded.
    """

    name: str
    title: str
    groups: tuple[Group, ...]
    lead: str = ""
    adds: str = ""
    is_open: bool = True

    def controls(self) -> list[Control]:
        """Give all its fields.

        Returns
        -------
        list of Control
            In order.
        """
        return [one for group in self.groups for control in group.controls for one in control.all()]
