"""Figures as a journal prints them: sized for a column, legible in grey and to the colour-blind, data attached.

Nothing here touches matplotlib's global settings, backends or `pyplot`: a figure is made inside `journal_style`, and
`StudyFigure` shows itself in a notebook.
"""

import io
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure

from analysis_lib.errors import OutputError

__all__ = [
    "COLUMN_WIDTH",
    "GREY",
    "INK",
    "LINE_STYLES",
    "PAGE_WIDTH",
    "PALETTE",
    "StudyFigure",
    "journal_style",
    "study_figure",
    "width_in_letters",
    "wrap_words",
]

#: Okabe and Ito's colours (2008), told apart with every common colour blindness; without its yellow, too faint.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: One style per colour, so that curves are told apart in a grey print too.
LINE_STYLES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1)), "-", "-")
INK = "#222222"
GREY = "#666666"

#: Width of a Hangul, kanji or hanzi glyph, in average Latin letters.
_WIDE = 1.75
SCREEN_DPI = 144
PRINT_DPI = 300
#: Widths in inches that most journals print: one column, and the page with its two columns.
COLUMN_WIDTH = 3.5
PAGE_WIDTH = 7.2
#: What a figure is written as when not told: vectors for print and for the screen, and a bitmap for slides.
FORMATS = (".svg", ".pdf", ".png")
#: What else may be asked for, with what makes the same figure give the same bytes: no date in the file.
_UNDATED: dict[str, dict[str, Any]] = {
    ".svg": {"metadata": {"Date": None}},
    ".pdf": {"metadata": {"CreationDate": None}},
    ".eps": {"metadata": {"CreationDate": None}},
    ".tiff": {"pil_kwargs": {"compression": "tiff_lzw"}},
    ".tif": {"pil_kwargs": {"compression": "tiff_lzw"}},
    ".png": {},
}
#: DejaVu ships with matplotlib; the others cover Korean, Chinese and Japanese labels where the machine has them.
_FONTS = ("DejaVu Sans", "NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Noto Sans CJK JP", "Noto Sans CJK SC")
_SETTINGS: dict[str, Any] = {
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,  # a label with two dollar signs is no formula
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.3,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.bbox": "standard",
    "pdf.fonttype": 42,  # TrueType: journals refuse the Type 3 fonts of the default
    "ps.fonttype": 42,
    "svg.fonttype": "path",  # the reader may not have our fonts
    "svg.hashsalt": "cohorthub",  # the same figure gives the same file
}


@contextmanager
def journal_style() -> Iterator[None]:
    """Apply the house style to figures made inside the block; the settings outside stay as they were."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    families = [name for name in _FONTS if name in installed]
    settings: Any = {"font.family": families, **_SETTINGS}
    with mpl.rc_context(settings):
        yield


class StudyFigure(Figure):
    """A matplotlib figure that shows itself in a notebook and carries the data behind it.

    Every figure of the library is one, so every figure is saved alike: `save`, or `Report.figure` in a report.

    Attributes
    ----------
    data : DataFrame
        What is drawn, one row per mark or step; `save` writes it beside the picture.
    alt_text : str
        What the figure shows, in words, for those who cannot see it.
    """

    data: pd.DataFrame
    alt_text: str

    def save(self, path: str | Path, *, with_data: bool = True, dpi: int = PRINT_DPI) -> list[Path]:
        """Write the figure, and the data behind it.

        Parameters
        ----------
        path : str or Path
            Where to. The suffix says the format (``.svg``, ``.pdf``, ``.eps``, ``.png``, ``.tiff``); without one the
            figure is written as ``.svg``, ``.pdf`` and ``.png``.
        with_data : bool, default True
            Whether to write `data` as ``.csv`` beside the picture.
        dpi : int, default 300
            Dots per inch of bitmaps; journals ask for 300, or 600 for drawings of lines.

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        OutputError
            If the format is unknown.
        """
        target = Path(path)
        if target.suffix and target.suffix.lower() not in _UNDATED:
            raise OutputError(
                f"a figure is written as one of {', '.join(_UNDATED)}; found '{target.suffix}'. Use one of these, or a "
                "name without a dot for all that a journal needs."
            )
        pictures = [target] if target.suffix else [target.with_suffix(suffix) for suffix in FORMATS]
        with journal_style():
            for picture in pictures:
                self.savefig(picture, dpi=dpi, **_UNDATED[picture.suffix.lower()])
        if with_data:
            table = target.with_suffix(".csv")
            self.data.to_csv(table, index=False)
            return [*pictures, table]
        return pictures

    def _repr_mimebundle_(self, **_wanted: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        buffer = io.BytesIO()
        with journal_style():
            self.savefig(buffer, format="png", dpi=SCREEN_DPI)
        width, height = (round(inches * 96) for inches in self.get_size_inches())
        data = {"image/png": buffer.getvalue(), "text/plain": self.alt_text or repr(self)}
        return data, {"image/png": {"width": width, "height": height, "alt": self.alt_text}}


def study_figure(*, width: float, height: float, data: pd.DataFrame, alt_text: str) -> StudyFigure:
    """Make an empty figure; call inside `journal_style`.

    Parameters
    ----------
    width, height : float
        Inches; `COLUMN_WIDTH` and `PAGE_WIDTH` are what most journals print.
    data : DataFrame
        The data behind the figure.
    alt_text : str
        What the figure shows, in words.

    Returns
    -------
    StudyFigure
        Without axes, laid out so that labels never overlap or leave the page.
    """
    figure = StudyFigure(figsize=(width, height), layout="constrained")
    figure.data = data
    figure.alt_text = alt_text
    return figure


def wrap_words(text: str, *, letters: int) -> list[str]:
    """Break a text into lines; Hangul, kanji and hanzi count for what they are wide.

    Parameters
    ----------
    text : str
        Words.
    letters : int
        Latin letters that fit into a line.

    Returns
    -------
    list of str
        At least one line; a word that is longer than a line is broken.
    """
    lines, line, room = [], "", float(letters)
    for word in text.split():
        for part in _fitting(word, letters):
            wide = width_in_letters(part)
            if line and wide + 1 > room:
                lines.append(line)
                line, room = "", float(letters)
            line, room = (f"{line} {part}" if line else part), room - wide - bool(line)
    return [*lines, line]


def width_in_letters(text: str) -> float:
    """Measure a text.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    float
        Its width in average Latin letters.
    """
    return sum(_WIDE if unicodedata.east_asian_width(letter) in {"W", "F"} else 1.0 for letter in text)


def _fitting(word: str, letters: int) -> Iterator[str]:
    """Cut a word that no line can hold."""
    part, wide = "", 0.0
    for letter in word:
        if part and wide + width_in_letters(letter) > letters:
            yield part
            part, wide = "", 0.0
        part, wide = part + letter, wide + width_in_letters(letter)
    yield part
