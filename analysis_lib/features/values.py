"""Variables of measured numbers, in the unit that was asked for."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from analysis_lib.errors import FeatureInputError
from analysis_lib.features.molar_masses import check_substance
from analysis_lib.features.requests import ValueRequest
from analysis_lib.features.variable import VALUE_TABLES, Answers, OfConcepts, check_word

if TYPE_CHECKING:
    import numpy as np

TAKES = ("last", "first", "min", "max", "mean")


@dataclass(frozen=True)
class Value(OfConcepts):
    """One number of those measured in a window.

    Of several measurements on one day the later ``measurement_datetime`` is the last (no time of day counts as
    midnight); of several at one time the one with the lowest id is taken, both as the first and as the last. Numbers
    with an operator (``<``, ``>``) are taken as they stand. Rows without a number, or with one that is not finite, are
    left out.

    Parameters
    ----------
    concept_set : ConceptSet
        Which measurements count.
    window : Window, default any time before the index date
        On which days.
    take : {"last", "first", "min", "max", "mean"}, default "last"
        Which number, or what of all of them.
    unit : str
        The unit to give it in, a UCUM code such as ``mg/dL``; ``1`` for a number without one.
    missing_unit : str, default "refuse"
        What to do with numbers recorded without a unit: ``refuse`` all, ``drop`` them, or ``assume:CODE``.
    substance : str, optional
        What is measured, such as ``creatinine``: needed between mass and amount of substance (mg/dL, umol/L), between
        equivalents and moles, and between the units of HbA1c.
    domain : {"measurement", "observation"}, default "measurement"
        The table to look in.
    name : str, optional
        The column's name; `take` and the concept set's name when left out.
    """

    tables: ClassVar[tuple[str, ...]] = VALUE_TABLES
    dtype: ClassVar[str] = "float64"

    _: KW_ONLY
    take: Literal["last", "first", "min", "max", "mean"] = "last"
    unit: str
    missing_unit: str = "refuse"
    substance: str | None = None
    domain: str = "measurement"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("take", self.take, known=TAKES)
        check_word("domain", self.domain, known=self.tables)
        check_unit("unit", self.unit)
        check_missing_unit(self.missing_unit)
        if self.substance is not None:
            check_substance(self.substance)

    @property
    def meaning(self) -> str:
        """What a value says."""
        what = {"min": "Lowest", "max": "Highest"}.get(self.take, self.take.capitalize())
        return f"{what} number measured for {self.concept_set.name} {self.window}. Missing where there is none."

    @property
    def requests(self) -> tuple[ValueRequest, ...]:
        """The number."""
        return (
            ValueRequest(
                domain=self.domain,
                concept_set=self.concept_set,
                window=self.window,
                statistic=self.take,
                unit=self.unit,
                missing_unit=self.missing_unit,
                substance=self.substance or "",
            ),
        )

    def combine(self, answers: Answers) -> "np.ndarray[Any, Any]":
        """Give the number.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        ndarray of float64
            NaN where there is none.
        """
        return answers[self.requests[0]]

    def _column(self, slugged: str) -> str:
        return f"{self.take}_{slugged}"


def check_unit(field: str, value: object) -> None:
    """Refuse what cannot be a UCUM code.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    """
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        raise FeatureInputError(
            f"{field} must be a UCUM code, such as mg/dL or umol/L; got {type(value).__name__}. Write 1 for none."
        )


def check_missing_unit(value: object) -> None:
    """Refuse an answer to missing units that is none.

    Parameters
    ----------
    value : object
        What was given.
    """
    if isinstance(value, str) and value.startswith("assume:"):
        check_unit("the unit after 'assume:'", value.removeprefix("assume:"))
    elif value not in ("refuse", "drop"):
        raise FeatureInputError("missing_unit must be 'refuse', 'drop' or 'assume:CODE' with a UCUM code.")
