"""The TRIPOD+AI appendix: what a run's own objects know, item by item; the rest is left to the authors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis_lib.cohort import Cohort
from analysis_lib.errors import ModelInputError, OutputError
from analysis_lib.features.feature_set import Features
from analysis_lib.features.outcome import Outcomes
from analysis_lib.models.arguments import checked_kind
from analysis_lib.models.prediction.leakage import LeakageReport
from analysis_lib.models.prediction.performance import PerformanceResult
from analysis_lib.models.prediction.survival_performance import SurvivalPerformanceResult
from analysis_lib.models.prediction.trained_model import RiskModel
from analysis_lib.models.prediction.tripod_answers import TO_BE_WRITTEN, answers_of
from analysis_lib.models.prediction.tripod_items import ITEMS, SOURCE
from analysis_lib.tables import html_table
from analysis_lib.whole_files import replacing

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["TO_BE_WRITTEN", "TripodAppendix", "tripod_appendix"]

TITLE = "TRIPOD+AI appendix"
HEAD = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>'
NOTES = (
    f"Items: {SOURCE}. The titles are short forms; the statement says what each item asks for.",
    "What is filled in was taken from the objects of the run that made the model; nothing was added.",
)


@dataclass(frozen=True, repr=False, eq=False)
class TripodAppendix:
    """The checklist, filled in as far as the run knows.

    Attributes
    ----------
    answers : mapping of str to str
        Text by item number; an item that the run knows nothing of is not there.
    persons : mapping of str to int
        Distinct persons learned from.
    """

    answers: Mapping[str, str]
    persons: Mapping[str, int]

    @property
    def missing(self) -> tuple[str, ...]:
        """Numbers of the items that are left to the authors."""
        return tuple(item.number for item in ITEMS if item.number not in self.answers)

    def to_frame(self) -> pd.DataFrame:
        """Return the checklist as a table.

        Returns
        -------
        DataFrame
            One row per item: ``item``, ``section``, ``title``, ``text``, ``from_run`` (whether the run filled it in).
        """
        rows = [
            (
                item.number,
                item.section,
                item.title,
                self.answers.get(item.number, TO_BE_WRITTEN),
                item.number in self.answers,
            )
            for item in ITEMS
        ]
        return pd.DataFrame(rows, columns=["item", "section", "title", "text", "from_run"])

    def to_html(self) -> str:
        """Write the checklist in HTML.

        Returns
        -------
        str
            One ``<div>``; what is left to the authors is in italics.
        """
        table = html_table(["Item", "Section", "Title", "Text"], self._rows(), caption=TITLE, notes=NOTES, left=4)
        return table.replace(f">{escape(TO_BE_WRITTEN)}<", f"><em>{escape(TO_BE_WRITTEN)}</em><")

    def to_markdown(self) -> str:
        """Write the checklist in Markdown.

        Returns
        -------
        str
            A heading, a table, notes.
        """
        lines = [f"# {TITLE}", "", "| Item | Section | Title | Text |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(_in_markdown(cell) for cell in row)} |" for row in self._rows()]
        return "\n".join([*lines, "", *NOTES]) + "\n"

    def save(self, path: str | Path) -> Path:
        """Write the checklist as a file.

        Parameters
        ----------
        path : str or Path
            Where to; the suffix says the format: ``.docx``, ``.html``, ``.md`` or ``.csv``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            If the suffix is none of these.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind not in {".docx", ".html", ".md", ".csv"}:
            raise OutputError(
                f"an appendix is written as .docx, .html, .md or .csv; found '{target.suffix}'. Rename the file."
            )
        with replacing(target) as temporary:
            if kind == ".docx":
                self._document().save(str(temporary))
            elif kind == ".csv":
                self.to_frame().to_csv(temporary, index=False)
            else:
                page = f"{HEAD}{self.to_html()}</html>"
                Path(temporary).write_text(self.to_markdown() if kind == ".md" else page, encoding="utf-8")
        return target

    def _rows(self) -> list[list[str]]:
        return [[item.number, item.section, item.title, self.answers.get(item.number, TO_BE_WRITTEN)] for item in ITEMS]

    def _document(self) -> "Document":
        from docx import Document
        from docx.shared import Mm, Pt

        document = Document()
        style: Any = document.styles["Normal"]
        style.font.size = Pt(9)
        document.add_heading(TITLE, level=1)
        table: Any = document.add_table(rows=1, cols=3, style="Table Grid")
        for cell, words in zip(table.rows[0].cells, ("Item", "Title", "Text"), strict=True):
            cell.paragraphs[0].add_run(words).bold = True
        for number, section, title, text in self._rows():
            cells = table.add_row().cells
            cells[0].text = number
            cells[1].text = f"{section}: {title}" if section != title else title
            cells[2].paragraphs[0].add_run(text).italic = text == TO_BE_WRITTEN
        for row in table.rows:
            for cell, width in zip(row.cells, (14, 46, 100), strict=True):
                cell.width = Mm(width)
        for note in NOTES:
            document.add_paragraph().add_run(note).font.size = Pt(8)
        return document

    def __repr__(self) -> str:
        return f"{TITLE}: {len(self.answers)} of {len(ITEMS)} items filled in by the run, the rest left to the authors"

    def _repr_html_(self) -> str:
        return self.to_html()


def tripod_appendix(
    model: RiskModel,
    *,
    cohort: Cohort | None = None,
    outcome: Outcomes | None = None,
    features: Features | None = None,
    performance: PerformanceResult | SurvivalPerformanceResult | None = None,
    internal: PerformanceResult | SurvivalPerformanceResult | None = None,
    leakage: LeakageReport | None = None,
    characteristics: Any = None,
    answers: Mapping[str, str] | None = None,
) -> TripodAppendix:
    """Fill in the TRIPOD+AI checklist [1]_ from what a run knows of itself.

    An item is filled in only where the objects given say something about it, and only with that. All else is marked as
    to be written by the authors.

    Parameters
    ----------
    model : RiskModel
        The model.
    cohort : Cohort, optional
        Whom it is about: data release, eligibility, attrition.
    outcome : Outcomes, optional
        From `analysis_lib.features.outcome`: what was predicted, and who was at risk.
    features : Features, optional
        What the predictors were made by: their definitions and windows.
    performance : PerformanceResult or SurvivalPerformanceResult, optional
        From `RiskModel.evaluate`, on held-out rows.
    internal : PerformanceResult or SurvivalPerformanceResult, optional
        From `RiskModel.cross_validate`.
    leakage : LeakageReport, optional
        From `check_leakage`.
    characteristics : object, optional
        Table 1 of the participants, or anything with ``to_frame``; item 20b then names it.
    answers : mapping of str to str, optional
        The authors' own text by item number; it is put before what the run says.

    Returns
    -------
    TripodAppendix
        As a table, HTML, Markdown and Word.

    Raises
    ------
    ModelInputError
        If an answer is for an item that is not in the checklist, or is empty.

    References
    ----------
    .. [1] Collins G. S. et al. (2024). TRIPOD+AI statement: updated guidance for reporting clinical prediction models
       that use regression or machine learning methods. BMJ 385, e078378.
    """
    if not isinstance(model, RiskModel):
        raise ModelInputError(
            f"the appendix is about a model of `risk_model`; found {type(model).__name__}. Give the model itself."
        )
    judged = (PerformanceResult, SurvivalPerformanceResult)
    checked_kind(cohort, "cohort", kind=Cohort, hint="Give what build_cohort made")
    checked_kind(outcome, "outcome", kind=Outcomes, hint="Give what analysis_lib.features.outcome made")
    checked_kind(features, "features", kind=Features, hint="Give what baseline made")
    checked_kind(performance, "performance", kind=judged, hint="Give what model.evaluate made")
    checked_kind(internal, "internal", kind=judged, hint="Give what model.cross_validate made")
    checked_kind(leakage, "leakage", kind=LeakageReport, hint="Give what check_leakage made")
    found = answers_of(
        model,
        cohort=cohort,
        outcome=outcome,
        features=features,
        performance=performance,
        internal=internal,
        leakage=leakage,
        has_characteristics=characteristics is not None,
    )
    own = _checked(answers or {})
    joined = {
        item.number: "\n".join(part for part in (own.get(item.number), found.get(item.number)) if part)
        for item in ITEMS
    }
    return TripodAppendix({number: text for number, text in joined.items() if text}, model.persons)


def _checked(answers: Mapping[str, str]) -> Mapping[str, str]:
    known: Sequence[str] = [item.number for item in ITEMS]
    for number, text in answers.items():
        if number not in known:
            raise ModelInputError(
                f"there is no item '{number}' in TRIPOD+AI; found {', '.join(known)}. Name one of these."
            )
        if not isinstance(text, str) or not text.strip():
            raise ModelInputError(f"the answer to item {number} must be text; found none. Leave the item out instead.")
    return answers


def _in_markdown(cell: str) -> str:
    """Keep a cell one cell."""
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")
