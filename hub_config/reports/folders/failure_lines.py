"""Where a report failed, in lines that hold no value from the data.

An exception's text can quote a row, a name in a traceback can be made from one, and what was printed is data anyhow. So
nothing is shown because it stands in the traceback: a line is shown because it is the template's, a name because it
stands in the template or in the file of a library, a class because Python or a library has it.
"""

import builtins
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from hub_config.reports.templates.notebook_files import INJECTED_TAG, STAMP_TAG, code_cells, titles
from hub_config.reports.verdicts import Verdict

__all__ = ["failure_lines"]

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NAME = r"(?:<[a-z]+>|[A-Za-z_][\w.]*)"
# As IPython 8 and 9 write them, in the modes Context, Verbose and Plain; what follows the name is not looked at.
CELL = re.compile(rf"\s*(?:File )?Cell In\s?\[(\d{{1,6}})\], line (\d{{1,6}})(?:,? in ({NAME}))?", re.ASCII)
FILE = re.compile(
    rf"\s*File \"?([^\"\n]{{1,500}}?)\"?(?::|, line )(\d{{1,7}})(?:,? in ({NAME}))?(?=[\s(,]|$)", re.ASCII
)
CHAINED = {
    "During handling of the above exception, another exception occurred:": "While this was handled:",
    "The above exception was the direct cause of the following exception:": "This was the cause of:",
}
OUTSIDE = "code outside the report and its libraries"
INSTALLED = re.compile(r".*/(?:site-packages|dist-packages|lib/python3\.\d{1,2})/(.+)", re.ASCII)
PLACES = ("{}.py", "{}/__init__.py", "{}/errors.py", "{}/errors/__init__.py", "{}/exceptions.py",
          "{}/exceptions/__init__.py", "{}/_exceptions.py", "{}/__init__.pyi")  # fmt: skip
IMPORTED = re.compile(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", re.ASCII | re.MULTILINE)
LARGEST_FILE = 4 * 2**20
FIRST, LAST = 3, 6  # frames shown of a long way down
AROUND = (2, 1)  # lines of the template before and after the one that failed
LONGEST_LINE = 160


@dataclass(frozen=True)
class _Template:
    """What is known about the notebook without having been executed."""

    notebook: Any
    words: frozenset[str]
    imported: tuple[str, ...]

    @classmethod
    def of(cls, notebook: Any) -> "_Template":
        source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code" and not _added(cell))
        words = frozenset(re.findall(r"[A-Za-z_]\w*", source, re.ASCII))
        return cls(notebook, words, tuple(sorted(set(IMPORTED.findall(source)))))


def failure_lines(notebook: Any, verdict: Verdict) -> tuple[str, ...]:
    """Say where a report failed: cells and files, line numbers, functions, the template's lines, the kind of error.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As executed; the sources of its cells are the template's.
    verdict : Verdict
        How the run ended.

    Returns
    -------
    tuple of str
        Lines of plain text: never the exception's text, a local variable's value, or anything printed. A run that ended
        without an error in a cell gives the verdict's own words; a success gives nothing.
    """
    if verdict.code is None:
        return ()
    positions = code_cells(notebook)
    reached = verdict.cell is not None and 0 < verdict.cell <= len(positions)
    if verdict.ename is None or not reached:
        return (verdict.text,)
    position = positions[(verdict.cell or 1) - 1]
    template = _Template.of(notebook)
    found = _error_of(notebook.cells[position])
    frames, packages = _frames(template, found.get("traceback"))
    lines = frames or [_place(template, position)]
    return (*lines, _class_name(str(found.get("ename", verdict.ename)), template=template, packages=packages))


def _added(cell: Any) -> bool:
    return bool({INJECTED_TAG, STAMP_TAG} & set(cell.metadata.get("tags", [])))


def _error_of(cell: Any) -> Any:
    errors = [output for output in cell.get("outputs", []) if output.get("output_type") == "error"]
    return errors[-1] if errors else {}


def _frames(template: _Template, traceback: Any) -> tuple[list[str], set[str]]:
    """Give the lines of a traceback that may be shown, and the packages that its way led through."""
    blocks: list[list[str]] = []
    packages: set[str] = set()
    for element in traceback if isinstance(traceback, list) else []:
        # Each frame is an element of its own, which begins with its place; all below that is source, values or text.
        head = ANSI.sub("", str(element)).lstrip("\n").split("\n", 1)[0]
        if head.strip() in CHAINED:
            blocks.append([CHAINED[head.strip()]])
        elif (cell := CELL.match(head)) is not None:
            blocks.append(_cell_frame(template, cell))
        elif (file := FILE.match(head)) is not None:
            block, package = _file_frame(file)
            packages |= {package} - {""}
            if blocks[-1:] != [block]:
                blocks.append(block)
    if len(blocks) > FIRST + LAST:
        blocks = [*blocks[:FIRST], [f"… {len(blocks) - FIRST - LAST} more"], *blocks[-LAST:]]
    return [line for block in blocks for line in block], packages


def _cell_frame(template: _Template, found: re.Match[str]) -> list[str]:
    count, line, function = int(found[1]), int(found[2]), found[3]
    cells = template.notebook.cells
    position = next(
        (at for at, cell in enumerate(cells) if cell.cell_type == "code" and cell.get("execution_count") == count), None
    )
    if position is None:
        return [OUTSIDE]
    source = cells[position].source.splitlines()
    if not 0 < line <= len(source):
        return [_place(template, position)]
    named = bool(function) and _all_in(function, template.words)
    head = f"{_place(template, position)}, line {line}" + (f", in {function}" if named else "")
    if _added(cells[position]):  # it holds the values that were given
        return [head]
    first, last = max(1, line - AROUND[0]), min(len(source), line + AROUND[1])
    return [head, *(_numbered(n, source[n - 1], arrow=n == line) for n in range(first, last + 1))]


def _numbered(number: int, text: str, *, arrow: bool) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text.expandtabs(4))
    return f"{'>' if arrow else ' '} {number:>4}  {plain[:LONGEST_LINE]}".rstrip()


def _place(template: _Template, position: int) -> str:
    if _added(template.notebook.cells[position]):
        return "The cell with the values given for this run"
    number = code_cells(template.notebook).index(position) + 1
    title = titles(template.notebook)[position]
    return f"Cell {number}" + (f" ({title})" if title else "")


def _file_frame(found: re.Match[str]) -> tuple[list[str], str]:
    """Show a frame of a library, if its file has such a line and such a function; also name the package."""
    path, line, function = found[1], int(found[2]), found[3]
    for relative, file in _candidates(path):
        text = _text_of(file)
        if text is None or not 0 < line <= text.count("\n") + 1:
            continue
        named = bool(function) and _all_in(function, _functions_of(file))
        return [f"{relative}, line {line}" + (f", in {function}" if named else "")], relative.split("/")[0]
    return [OUTSIDE], ""


def _candidates(path: str) -> Iterator[tuple[str, Path]]:
    """Give the files of libraries that a path in a traceback can mean."""
    try:
        full = Path(path).expanduser()
    except RuntimeError:  # no home for this account
        full = Path(path)
    if not full.is_absolute() or ".." in full.parts or ".running" in path:
        return
    for root in _roots():
        if full.is_relative_to(root):
            yield _without_installed(full.relative_to(root).as_posix()), full
    installed = INSTALLED.fullmatch(full.as_posix())
    if installed is not None:
        relative = _without_installed(installed[1])
        yield relative, full
        yield from ((relative, root / relative) for root in _roots())


def _without_installed(relative: str) -> str:
    return re.sub(r"^(?:lib/python3\.\d+/)?(?:site|dist)-packages/", "", relative)


def _roots() -> list[Path]:
    return [Path(entry) for entry in sys.path if entry and Path(entry).is_absolute()]


@lru_cache(maxsize=64)
def _text_of(file: Path) -> str | None:
    try:
        if file.suffix not in {".py", ".pyi"} or not file.is_file() or file.stat().st_size > LARGEST_FILE:
            return None
        return file.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return None


def _functions_of(file: Path) -> frozenset[str]:
    return frozenset(re.findall(r"\b(?:def|class)\s+([A-Za-z_]\w*)", _text_of(file) or "", re.ASCII))


def _all_in(function: str, known: Iterable[str]) -> bool:
    if function.startswith("<"):
        return function in {"<module>", "<lambda>", "<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"}
    return set(function.split(".")) <= set(known)


def _class_name(name: str, *, template: _Template, packages: set[str]) -> str:
    """Give an exception's class name if it stands in Python, the template, or a library on the way."""
    if re.fullmatch(r"[A-Za-z_]\w{0,79}", name, re.ASCII) is None:
        return "an error"
    builtin = getattr(builtins, name, None)
    if name in template.words or (isinstance(builtin, type) and issubclass(builtin, BaseException)):
        return name
    known = re.compile(rf"\b{name}\b", re.ASCII)
    for package in sorted({PurePosixPath(part).stem for part in packages} | set(template.imported)):
        for root in _roots():
            texts = (_text_of(root / place.format(package)) for place in PLACES)
            if any(text is not None and known.search(text) for text in texts):
                return name
    return "an error"
