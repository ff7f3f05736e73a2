r"""A table as a paper prints it, written for other programs: LaTeX and Word."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.errors import OutputError
from analysis_lib.whole_files import replacing

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["PrintedTable"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "∞": r"$\infty$",
    # A bracket right after a row's end would be read as that row's distance from the next.
    "[": "{[}",
    "]": "{]}",
}
_POINTS = 9


@dataclass(frozen=True)
class PrintedTable:
    """Cells of text with caption and notes.

    Attributes
    ----------
    title : str
        Caption.
    header : tuple of str
        Column names.
    rows : tuple of tuple of str
        Cells; two leading spaces of a first cell are an indent.
    notes : tuple of str
        Lines under the table.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_latex(self) -> str:
        """Write the table in LaTeX with the rules of the package booktabs.

        Returns
        -------
        str
            A ``table`` environment, everything escaped.
        """
        lines = [
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{_escaped(self.title)}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(self.header) - 1)}}}",
            r"\toprule",
            _latex_row(self.header),
            r"\midrule",
            *(_latex_row(row) for row in self.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\smallskip{{\footnotesize {_escaped(note)}\par}}" for note in self.notes),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def to_docx(self, path: str | Path) -> Path:
        """Write the table as a Word document.

        Parameters
        ----------
        path : str or Path
            Where to; ends in ``.docx``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            If the name ends otherwise.
        """
        target = Path(path)
        if target.suffix.lower() != ".docx":
            raise OutputError(
                f"a Word document's name ends in .docx; found '{target.suffix}'. Rename the file, or use to_latex()."
            )
        with replacing(target) as temporary:
            self._document().save(str(temporary))
        return target

    def _document(self) -> "Document":
        from docx import Document
        from docx.shared import Pt

        document = Document()
        style: Any = document.styles["Normal"]
        style.font.size = Pt(_POINTS)
        heading = document.add_paragraph()
        heading.add_run(_printable(self.title)).bold = True
        heading.paragraph_format.keep_with_next = True
        table: Any = document.add_table(rows=0, cols=len(self.header))
        for number, cells in enumerate([self.header, *self.rows]):
            _fill(table.add_row(), cells, bold=number == 0)
        _repeat_at_each_page(table.rows[0])
        for number, edges in ((0, ("top", "bottom")), (-1, ("bottom",))):
            for cell in table.rows[number].cells:
                _rule(cell, edges)
        for note in self.notes:
            document.add_paragraph().add_run(_printable(note)).font.size = Pt(_POINTS - 1)
        return document


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in _printable(" ".join(text.split())))


def _latex_row(cells: tuple[str, ...]) -> str:
    indent = r"\quad " if cells[0].startswith("  ") else ""
    return indent + " & ".join(_escaped(cell) for cell in cells) + r" \\"


def _fill(row: Any, cells: tuple[str, ...], *, bold: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for column, text in enumerate(cells):
        paragraph = row.cells[column].paragraphs[0]
        paragraph.add_run(_printable(text)).bold = bold
        paragraph.paragraph_format.space_after = Pt(1)
        if column:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        elif text.startswith("  "):
            paragraph.paragraph_format.left_indent = Pt(_POINTS)


def _printable(text: str) -> str:
    """Leave out signs that no XML document may hold: controls, halves of pairs, and what is no character."""
    return "".join(sign for sign in text.strip() if unicodedata.category(sign) not in {"Cc", "Cs", "Cn"})


def _repeat_at_each_page(row: Any) -> None:
    from docx.oxml import OxmlElement

    # python-docx has no name of its own for this.
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001


def _rule(cell: Any, edges: tuple[str, ...]) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    for edge in edges:
        line = OxmlElement(f"w:{edge}")
        for name, value in (("val", "single"), ("sz", "8"), ("space", "0"), ("color", "auto")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    cell._tc.get_or_add_tcPr().append(borders)  # noqa: SLF001
