"""The block of a stage: its source without comments and layout, and the names that it reads from outside."""

import ast
import inspect
import linecache
from types import FrameType
from typing import Any

from analysis_lib.errors import OutputError
from analysis_lib.report.stages.code import Imported, Running
from analysis_lib.report.stages.content import ContentWriter

__all__ = ["block_of", "read_by"]


def block_of(frame: FrameType, *, stage: str) -> tuple[str, dict[str, Any]]:
    """Find the ``with`` block that a frame is about to enter.

    Parameters
    ----------
    frame : frame
        Which stands at the ``with``.
    stage : str
        The stage's name, for the message.

    Returns
    -------
    source : str
        The block as a syntax tree: comments, blank lines and layout are no part of it.
    read : dict of str to object
        The names it reads that were there before, with what they stand for.

    Raises
    ------
    OutputError
        If the source is not to be had.
    """
    found = _with_at(frame)
    if found is None:
        raise OutputError(
            f"the code of stage '{stage}' cannot be read; found no 'with' in the source where it was entered. Write "
            "'with report.stage(...) as stage:' in a cell or file, or pass code='...', a text that you change with it."
        )
    names = {name for item in found.items if item.optional_vars for name in _stored(item.optional_vars)}
    places: list[dict[str, Any]] = [frame.f_locals, frame.f_globals]
    read = {}
    for name in sorted(read_by(found.body, bound=names)):
        place = next((place for place in places if name in place), None)
        if place is not None:
            read[name] = place[name]
    read |= {f"import {name}": Imported(name) for name in _imported(found.body)}
    source = [ast.dump(statement) for statement in found.body]
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # a function: its file may have been edited since it was imported
        source.append(ContentWriter(f"the code of stage '{stage}'", kept=False).content(Running(frame.f_code)).sha256)
    return "\n".join(source), read


def _imported(statements: list[ast.stmt]) -> set[str]:
    inside = [node for statement in statements for node in ast.walk(statement)]
    names = {alias.name for node in inside if isinstance(node, ast.Import) for alias in node.names}
    return names | {
        node.module for node in inside if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }


def _with_at(frame: FrameType) -> ast.With | None:
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    line = frame.f_lineno
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.With)]
    around = [node for node in blocks if node.lineno <= line <= (node.items[-1].context_expr.end_lineno or 0)]
    return max(around, key=lambda node: node.lineno, default=None)


def read_by(statements: list[ast.stmt], *, bound: set[str]) -> set[str]:
    """List the names that statements read before they have set them themselves.

    Where that depends on a branch the name counts as read: one name too many makes a key that changes more often.

    Parameters
    ----------
    statements : list of ast.stmt
        In order.
    bound : set of str
        Names that are set already; those that these statements set for certain are added.

    Returns
    -------
    set of str
        The names.
    """
    found: set[str] = set()
    for statement in statements:
        found |= _read_by_one(statement, bound)
    return found


def _read_by_one(statement: ast.stmt, bound: set[str]) -> set[str]:
    if isinstance(statement, ast.If):
        branches = [read_by(branch, bound=set(bound)) for branch in (statement.body, statement.orelse)]
        return (_loaded(statement.test) - bound).union(*branches)
    if isinstance(statement, ast.For):
        inner = bound | _stored(statement.target)
        loops = read_by(statement.body, bound=inner) | read_by(statement.orelse, bound=set(bound))
        return (_loaded(statement.iter) - bound) | loops
    if isinstance(statement, ast.With):
        opened = set().union(*(_loaded(item.context_expr) for item in statement.items)) - bound
        for item in statement.items:
            bound |= _stored(item.optional_vars)
        return opened | read_by(statement.body, bound=bound)
    found = _loaded(statement) - bound
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Import | ast.ImportFrom):
        bound |= _stored(statement)
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        bound.add(statement.name)
    return found


def _loaded(tree: ast.AST) -> set[str]:
    """Names that are read anywhere in a tree, but for those that its functions and comprehensions set themselves."""
    scopes = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.Lambda,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
    )
    found: set[str] = set()
    for child in ast.iter_child_nodes(tree):
        found |= _loaded(child)
    if isinstance(tree, ast.Name) and isinstance(tree.ctx, ast.Load):
        found.add(tree.id)
    if isinstance(tree, ast.AugAssign) and isinstance(tree.target, ast.Name):
        found.add(tree.target.id)
    if isinstance(tree, scopes):
        # The first iterable and the defaults are read outside: they count.
        outside = [*_defaults(tree), *([tree.generators[0].iter] if hasattr(tree, "generators") else [])]
        return (found - _own(tree)).union(*(_loaded(each) for each in outside))
    return found


def _defaults(tree: ast.AST) -> list[ast.expr]:
    arguments = getattr(tree, "args", None)
    if not isinstance(arguments, ast.arguments):
        return []
    return [*arguments.defaults, *(each for each in arguments.kw_defaults if each is not None)]


def _own(tree: ast.AST) -> set[str]:
    declared = {name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return ({node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | _stored(tree)) - declared


def _stored(tree: ast.AST | None) -> set[str]:
    if tree is None:
        return set()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    aliases = [node for node in ast.walk(tree) if isinstance(node, ast.alias)]
    return names | {alias.asname or alias.name.partition(".")[0] for alias in aliases}
